"""The values that a description states for a search."""

from __future__ import annotations

from recur.config import options
from recur.config.search import Search


def test_values_of_a_search_are_in_the_schema_and_read_back() -> None:
    for one in options().values():
        if one.about.search:
            schema: dict[str, object] = {}
            one.about(schema)
            back = Search.of(dict(schema["search"]))  # type: ignore[call-overload]  # JSON has no types
            assert (back.low, back.high, back.log, back.choices) == (
                one.about.search.low, one.about.search.high, one.about.search.log, one.about.search.choices,
            )  # fmt: skip


def test_options_that_would_change_the_metric_have_no_values_for_a_search() -> None:
    fixed = (
        "min_count",
        "lower",
        "max_vocab",
        "input_codec",
        "horizon",
        "dev_fraction",
        "max_length",
        "epochs",
        "seed",
        "loss",
    )
    assert [name for name in fixed if options()[name].about.search] == []
