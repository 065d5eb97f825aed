"""MLflow: a run of the experiment "recur", in the store that MLFLOW_TRACKING_URI names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recur.errors import require

_EXPERIMENT = "recur"
_LONGEST_VALUE = 250


class MLflow:
    """One run.

    Parameters
    ----------
    client : MlflowClient
    identity : str
    """

    def __init__(self, client: Any, identity: str) -> None:
        self._client, self._identity = client, identity

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._client.log_metric(self._identity, name, value, step=step)

    def close(self) -> None:
        self._client.set_terminated(self._identity)


def start(known: dict[str, Any], folder: Path, settings: Mapping[str, Any]) -> MLflow:
    """Begin a run, or continue the one in ``known["run"]``."""
    del folder
    client = require("mlflow", "mlflow").MlflowClient()
    if "run" not in known:
        experiment = client.get_experiment_by_name(_EXPERIMENT)
        number = client.create_experiment(_EXPERIMENT) if experiment is None else experiment.experiment_id
        known["run"] = client.create_run(number, run_name=known["id"]).info.run_id
        for name, value in settings.items():
            client.log_param(known["run"], name, str(value)[:_LONGEST_VALUE])
    client.update_run(known["run"], status="RUNNING")
    return MLflow(client, known["run"])
