"""Weights & Biases: a run as its own variables (WANDB_PROJECT, WANDB_MODE=offline, …) say."""

from __future__ import annotations

import os

from gner_bench.extras import required
from gner_bench.publish import PROJECT, Logged, Tracker
from gner_bench.publish.hub import slug


def log(logged: Logged) -> str:
    wandb = required("wandb")
    project = os.environ.get("WANDB_PROJECT") or PROJECT
    with wandb.init(project=project, name=logged.name, config=dict(logged.config), job_type="evaluation") as run:
        # A column holds values of one type or none.
        run.log({"table": wandb.Table(columns=list(logged.columns), data=[list(row) for row in logged.rows])})
        run.summary.update(dict(logged.metrics))
        artifact = wandb.Artifact(slug(logged.name), type="evaluation")
        for path in logged.files:
            artifact.add_dir(str(path)) if path.is_dir() else artifact.add_file(str(path))
        run.log_artifact(artifact)
        return f"the project {project}, as {run.id}: {run.url or run.dir}"


WANDB = Tracker("wandb", log)
