"""Tuning: a search over settings by Optuna, each trial a training run that may be pruned, resumed or repeated.

::

    STUDY/
      study.json         what every process of the study agrees on
      journal.log        the trials, as Optuna's journal storage writes them, unless a database has them
      trials/0007/       the lock of a trial; its run folder while it runs
      repeats/           the first and the best settings, trained with other seeds
      locks/             who trains them
      best/              the run folder of the best settings
      best.toml          their configuration, with what was tried
      importance.png     the share of the variance that each option explains
"""

from __future__ import annotations

from recur.tuning.api import tune
from recur.tuning.study import Search, Tuned, search

__all__ = ["Search", "Tuned", "search", "tune"]
