"""Names that columns usually have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recur.data.cells import names


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        (names.is_known, ["Label", " text ", "date"], ["price", "", "labels of it"]),
        (names.is_target, ["Label", "species", "NER"], ["text", "price"]),
        (names.is_input, ["Text", "review", "x"], ["label", "y"]),
        (names.is_usual_target, ["class", "Y"], ["species", "rating"]),
        (names.is_weak_input, ["Name", "title"], ["text"]),
        (names.is_series, ["store", "store_id", "sensor_name", "SKU"], ["id", "city", "price"]),
        (names.is_usual_series, ["stores", "City", "order_id", "plant_nr", "shop_name", "id"], ["price", "label"]),
        (names.is_time, ["ds", "utc_timestamp", "OrderDate", "MESS_DATUM", "uptime"], ["birth_date", "timer", "DOB"]),
        (names.is_weakly_timed, ["prep_time", "elapsed_s"], ["time", "timestamp", "OrderDate"]),
        (names.is_fact, ["birth_date", "dateOfBirth", "dob"], ["date", "birthday_party"]),
        (names.is_dated, ["MESS_DATUM", "OrderDate", "timestamp"], ["period", "time"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_names_say_what_a_column_usually_holds(rule: Callable[[str], bool], yes: list[str], no: list[str]) -> None:
    assert [name for name in yes if not rule(name)] == []
    assert [name for name in no if rule(name)] == []
