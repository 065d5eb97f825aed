"""Places of values: the step, the line and the column."""

from __future__ import annotations

from recur.data.examples.places import Place, placed
from recur.errors import DamagedError, DataError


def test_a_place_keeps_the_kind_of_an_error() -> None:
    place = Place("a.csv:3", lambda step: f"a.csv:{3 + step}")
    found = placed(DamagedError("cut short at step 5", hint="h").at_step(4), place, ["x"])
    assert isinstance(found, DamagedError)
    assert str(found) == 'a.csv:7: column "x": cut short\nhint: h'
    assert placed(DataError('in column "y"'), place, ["x"]).message == 'a.csv:3: in column "y"'
    assert placed(DataError("z"), place, ["x", "y"]).message == "a.csv:3: z"
    assert placed(DataError("z").at_step(1), "a.csv:3").message == "a.csv:3: at step 2: z"
