"""What a study says: whether the best settings are better than the spread between seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.tuning.rows import Compared, best_of, counts, importance
from tests.tuning.studies import plan, stored


@pytest.mark.parametrize(
    ("higher", "first", "best", "outcome"),
    [
        (True, [0.80, 0.82, 0.81], [0.83, 0.84, 0.85], "better"),
        (True, [0.80, 0.84, 0.81], [0.83, 0.86, 0.85], "unclear"),
        (False, [110.0, 112.0], [100.0, 111.0], "unclear"),
        (False, [110.0, 112.0], [100.0, 101.0], "better"),
        (False, [100.0, 101.0], [110.0, 112.0], "unclear"),
        (True, [], [], "unknown"),
    ],
)
def test_settings_are_better_only_where_every_repeat_is(
    higher: bool, first: list[float], best: list[float], outcome: str
) -> None:
    compared = Compared(plan(higher=higher), first, best, same=False)
    assert compared.outcome == outcome
    assert ("within the spread between seeds" in compared.sentence) == (outcome == "unclear")
    assert Compared(plan(), first, best, same=True).outcome == "same"


def test_the_best_trial_the_counts_and_the_importance_follow_the_metric(tmp_path: Path) -> None:
    storage = stored(tmp_path)
    assert best_of(storage) is None
    assert importance(storage) == {}
    for _ in range(8):
        trial = storage.ask()
        rate = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
        trial.suggest_categorical("cell", ["lstm", "gru"])
        storage.study.tell(trial, rate)
    storage.study.tell(storage.ask(), state=storage.optuna.trial.TrialState.PRUNED)
    assert best_of(storage).value == max(one.value for one in storage.trials() if one.value is not None)
    assert (counts(storage)["complete"], counts(storage)["pruned"]) == (8, 1)
    shares = importance(storage)
    assert next(iter(shares)) == "lr"
    assert shares["lr"] > shares["cell"]
