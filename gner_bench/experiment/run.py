"""An experiment from its configuration to scores: every system asked, every run scored."""

from __future__ import annotations

from pathlib import Path

from gner_bench.api import load_predictions, score
from gner_bench.documents.scores import Resampling
from gner_bench.errors import UsageError
from gner_bench.experiment.config import Experiment
from gner_bench.experiment.imported import load_imported
from gner_bench.files import make_folder, write_json
from gner_bench.messages import Say
from gner_bench.predict.backend import BACKENDS
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.inputs import provide_inputs
from gner_bench.predict.seeds import Waiting
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.scores import warnings_of
from gner_bench.scoring.seen import sets_known_of, with_training


def run_experiment(experiment: Experiment, predictions: Path, say: Say, offline: bool = False) -> dict[str, Path]:
    """Predict and score every run below ``predictions``, continuing what exists; returns their scores.json by name.

    Raises UsageError where there is no system, IncompleteError once all others are done where answers are still to come
    (those of a batch), and what predicting, reading and scoring raise.
    """
    jobs = list(experiment.jobs())
    if not jobs:
        raise UsageError("there is no system to run: --model names one, or [[systems]] in the configuration")
    asked = [job.system for job in jobs if not job.system.files]
    models = [name for system in asked for name in BACKENDS.get(system.backend).fetched(system)]
    # All checkpoints and data sets are fetched, and all files of predictions read, before the first run begins.
    datasets = provide_inputs(models, experiment.options(predictions), lambda _: None, offline)
    imported = {job.name: load_imported(job, experiment, datasets) for job in jobs if job.system.files}
    resampling = Resampling(experiment.resamples, experiment.resampling_seed)
    paths, waiting = dict[str, Path](), Waiting(say)
    for job in jobs:
        folder = predictions / job.name
        read = imported.get(job.name)
        if read is None:
            with waiting.run(job.name):
                path = run_prediction(job.system, experiment.options_of(job, folder), say, offline, name=job.name)
                read = load_predictions(path, answers=experiment.answers)
        if read is None:
            continue
        scores = score(read, experiment.metrics)
        for warning in warnings_of(scores):
            say(f"{job.name}: {warning}")
        scores = with_training(scores, None, resampling, read, known=sets_known_of(scores))
        paths[job.name] = make_folder(folder) / "scores.json"
        write_json(paths[job.name], scores_document(scores, resampling).json())
    waiting.require_none("no report yet")
    return paths
