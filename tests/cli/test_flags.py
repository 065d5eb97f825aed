"""The configuration as flags: a flag for every option, over the values of a file."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from recur.cli.flags import configure, with_config_flags
from recur.config import options
from recur.errors import RecurError


def test_every_option_is_a_keyword_that_is_unset_by_default() -> None:
    @with_config_flags
    def command(file: Path | None = None, **flags: Any) -> int | None:
        del file, flags
        return None

    parameters = inspect.signature(command).parameters
    assert list(parameters) == ["file", *(one.name for one in options().values())]
    assert all(parameters[one.name].default is None for one in options().values())


def test_flags_are_over_the_values_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('[data]\nsource = "a.csv"\n[training]\nepochs = 7\n[training.optimizer]\nlr = 0.5\n')
    config = configure(file, None, {"lr": 0.25, "epochs": None})
    assert (config.training.optimizer.lr, config.training.epochs, config.data.source) == (0.25, 7, "a.csv")
    assert configure(file, Path("b.csv"), {}).data.source == "b.csv"


@pytest.mark.parametrize(
    ("source", "flags", "message"),
    [
        (None, {}, "no data to work on"),
        ("a.csv", {"source": "b.csv"}, "the data is named twice"),
        ("a.csv", {"batch_size": 0}, "--batch-size: "),
        ("a.csv", {"cell": "lstn"}, "lstn"),
    ],
)
def test_a_wrong_flag_is_named_as_it_was_typed(source: str | None, flags: dict[str, Any], message: str) -> None:
    with pytest.raises(RecurError, match=message):
        configure(None, None if source is None else Path(source), flags)
