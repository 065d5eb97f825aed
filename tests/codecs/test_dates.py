"""Dates as cyclic columns: what is read of each form, refusals, what is kept, and a network that learns from them."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recur
from recur import codecs
from recur.codecs.dates import DatesCodec, read
from recur.errors import DataError, RecurError
from tests.tolerances import SINGLE


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("06:30", {"hour": 6.5}),
        (time(6, 30), {"hour": 6.5}),
        ("2024-01-01", {"weekday": 0.0, "day of year": 0.0}),
        (date(2024, 1, 1), {"weekday": 0.0, "day of year": 0.0}),
        ("2024-12-31T12:00", {"hour": 12.0, "weekday": 1.0, "day of year": 365.0}),
        (datetime(2024, 12, 31, 12), {"hour": 12.0, "weekday": 1.0, "day of year": 365.0}),
        (np.datetime64("2024-01-01T06:30"), {"hour": 6.5, "weekday": 0.0, "day of year": 0.0}),
    ],
)
def test_a_date_has_the_parts_that_are_written(value: Any, parts: dict[str, float]) -> None:
    assert read(value) == parts


@pytest.mark.parametrize("value", ["", "2024", "soon", "25:00", "2024-02-30", None, 3.5, np.datetime64("NaT")])
def test_what_is_no_date_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match="expected a date or a time"):
        read(value)


def test_the_end_of_a_period_is_next_to_its_beginning() -> None:
    codec = DatesCodec().fit(["2024-01-01 00:00"])
    last, first = codec.encode("2023-12-31 23:59"), codec.encode("2024-01-01 00:00")
    hour, year = [0, 1], [4, 5]
    # years have 365 or 366 days, so the circle may close up to a day early: two days of distance at most
    assert np.abs(last - first)[hour + year].max() < 2 * math.tau / 365
    assert np.abs(codec.encode("2024-07-01 12:00") - first)[[1, 5]].min() > 1.9


def test_only_parts_that_all_training_values_have_are_read() -> None:
    codec = DatesCodec().fit(["2024-01-01 06:30", "2024-01-02"])
    assert codec.parts == ["weekday", "day of year"]
    assert codec.encode("2024-01-01").shape == (4,)
    with pytest.raises(DataError, match='"06:30" has no weekday'):
        codec.encode("06:30")
    with pytest.raises(DataError, match="only dates"):
        DatesCodec().fit(["2024-01-01", "06:30"])


def test_decoding_gives_the_parts_back() -> None:
    codec = DatesCodec(sequence=True).fit([["2024-05-17 14:30"]])
    [found] = codec.decode(codec.encode(["2024-05-17 14:30"]))
    assert found == pytest.approx({"hour": 14.5, "weekday": 4.0, "day of year": 137.0}, rel=SINGLE)


@pytest.mark.parametrize("sequence", [False, True])
def test_a_loaded_codec_encodes_as_the_saved_one(tmp_path: Path, sequence: bool) -> None:
    value: Any = ["06:30", "12:00"] if sequence else "06:30"
    codec = codecs.make("dates", sequence=sequence).fit([value])
    codec.save(tmp_path, "input")
    assert np.array_equal(codecs.load(tmp_path, "input").encode(value), codec.encode(value))


def test_a_step_that_is_no_date_is_named() -> None:
    codec = DatesCodec(sequence=True).fit([["06:30"]])
    with pytest.raises(DataError) as refused:
        codec.encode(["06:30", "2024-01-01"])
    assert refused.value.step == 1


def test_a_network_learns_the_hours_between_which_a_shop_is_open() -> None:
    rows = [
        {"when": f"{h:02}:{m:02}", "open": "yes" if 8 <= h < 18 else "no"} for h in range(24) for m in range(0, 60, 5)
    ]
    model = recur.fit(rows, input="when", target="open", input_codec="dates", epochs=20, seed=0)
    assert model.roles.mode == "one-to-one"
    assert [answer.value for answer in model.predict(["12:00", "23:59", "00:01"])] == ["yes", "no", "no"]


def test_an_unknown_kind_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(RecurError, match='Did you mean "dates"'):
        recur.fit([{"when": "06:00", "open": "yes"}] * 9, input="when", target="open", input_codec="datse")
