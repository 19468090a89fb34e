"""Trackio: a run on this machine, or where its own variables (TRACKIO_SPACE_ID, …) say."""

from __future__ import annotations

import os

from gner_bench.extras import required
from gner_bench.publish import PROJECT, Logged, Tracker
from gner_bench.publish.hub import slug


def log(logged: Logged) -> str:
    trackio = required("trackio")
    project = os.environ.get("TRACKIO_PROJECT") or PROJECT
    settings = {"auto_log_gpu": False, "auto_log_cpu": False, "embed": False}
    run = trackio.init(project=project, name=logged.name, config=dict(logged.config), **settings)
    try:
        table = trackio.Table(columns=list(logged.columns), data=[list(row) for row in logged.rows])
        trackio.log({**logged.metrics, "table": table})
        artifact = trackio.Artifact(slug(logged.name), type="evaluation")
        for path in logged.files:
            artifact.add_dir(path) if path.is_dir() else artifact.add_file(path)
        trackio.log_artifact(artifact)
    finally:
        trackio.finish()
    return f"the project {project} of trackio, as {run.name}"


TRACKIO = Tracker("trackio", log)
