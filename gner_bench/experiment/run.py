"""An experiment from its configuration to scores: every system asked, every run scored."""

from __future__ import annotations

from pathlib import Path

from gner_bench.api import load_predictions, score
from gner_bench.documents.scores import Resampling
from gner_bench.experiment.config import Experiment
from gner_bench.files import write_json
from gner_bench.messages import Say
from gner_bench.predict.backend import BACKENDS
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.inputs import provide_inputs
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.scores import warnings_of


def run_experiment(experiment: Experiment, predictions: Path, say: Say, offline: bool = False) -> list[Path]:
    """Predict and score every run below ``predictions``, continuing what exists; returns their scores.json."""
    jobs = list(experiment.jobs())
    models = [job.system.model for job in jobs if BACKENDS.get(job.system.backend).fetches]
    # All checkpoints and data sets are fetched before the first run begins.
    provide_inputs(models, experiment.options(jobs[0], predictions), lambda _: None, offline)
    resampling = Resampling(experiment.resamples, experiment.resampling_seed)
    paths = []
    for job in jobs:
        path = run_prediction(job.system, experiment.options(job, predictions / job.name), say, offline)
        scores = score(load_predictions(path, name=job.name, answers=experiment.answers), experiment.metrics)
        for warning in warnings_of(scores):
            say(f"{job.name}: {warning}")
        paths.append(path.with_name("scores.json"))
        write_json(paths[-1], scores_document(scores, resampling).json())
    return paths
