"""MLflow: a run at MLFLOW_TRACKING_URI, by default in a folder or file here, in MLFLOW_EXPERIMENT_NAME."""

from __future__ import annotations

import os

from gner_bench.extras import required
from gner_bench.publish import PROJECT, Logged, Tracker


def log(logged: Logged) -> str:
    mlflow = required("mlflow")
    experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME") or PROJECT
    mlflow.set_experiment(experiment)
    with mlflow.start_run(run_name=logged.name) as run:
        mlflow.log_params(dict(logged.config))
        mlflow.log_metrics(dict(logged.metrics))
        columns = {name: [row[at] for row in logged.rows] for at, name in enumerate(logged.columns)}
        mlflow.log_table(columns, "table.json")
        for path in logged.files:
            if path.is_dir():
                mlflow.log_artifacts(path, path.name)
            else:
                mlflow.log_artifact(path)
    return f"the experiment {experiment} of {mlflow.get_tracking_uri()}, as {run.info.run_id}"


MLFLOW = Tracker("mlflow", log)
