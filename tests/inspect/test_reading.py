"""States over many inputs at once are those over each alone."""

from __future__ import annotations

import pytest

from recur import equations
from recur import inspect as inspector
from recur.errors import RecurError
from recur.inspect import reading
from tests.inspect.helpers import learned
from tests.modes.helpers import VALUES
from tests.tolerances import SINGLE, agree


@pytest.mark.parametrize(
    ("name", "source", "target", "options"),
    [
        ("synced", "words", None, {}), ("synced", "characters", None, {"cell": "gru", "num_layers": 2}),
        ("synced", "series", None, {"cell": "elman"}), ("many-to-one", "words", "class", {"bidirectional": True}),
        ("many-to-many", "words", "words", {}),
    ],
)  # fmt: skip
def test_rows_of_a_batch_have_the_states_of_each_alone(
    name: str, source: str, target: str | None, options: dict[str, object]
) -> None:
    mode = learned(name, source, target, options)
    together = list(reading.read(mode, VALUES[source]))
    assert [one.number for one in together] == list(range(len(VALUES[source])))
    for one, value in zip(together, VALUES[source], strict=True):
        labels, states = reading.states_of(mode, value)
        assert one.labels == labels
        assert one.states.keys() == states.keys()
        for place, series in states.items():
            assert len(series) == len(labels)
            agree(one.states[place], series, SINGLE)


def test_states_are_those_that_the_pictures_show() -> None:
    mode = learned("synced", "words", None, {})
    labels, states = reading.states_of(mode, "the dog ran to")
    [shown] = inspector.states(mode, "the dog ran to")
    assert labels == ["⟨start⟩", "the", "dog", "ran", "to"]
    for (_, name), series in states.items():
        agree(series, shown.states[name][: len(series)], SINGLE)


def test_the_memory_is_the_state_that_runs_straight_through() -> None:
    sizes = {"X": 4, "H": 8}
    expected = {"lstm": "c", "gru": "h", "elman": "h", "lstm_peephole": "c"}
    for cell, state in expected.items():
        assert reading.memory_of(equations.get(cell), sizes) == state
    assert reading.memory_of(equations.get("lstm"), sizes, most=4) == "h"


def test_a_network_that_reads_no_sequence_is_refused() -> None:
    with pytest.raises(RecurError, match="require a network that reads one"):
        list(reading.read(learned("one-to-one", "numbers", "class", {}), [(1.0, 2.0)]))
