"""The options by name: unique, described, bounded, and put into their tables."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from recur.config import Config, nested, options, section_at, walk
from recur.config.base import about, inner


def test_no_two_options_have_one_name() -> None:
    counts = Counter(one.name for one in walk(Config))
    assert [name for name, count in counts.items() if count > 1] == []
    assert len(options()) == sum(counts.values()) > 100


def test_every_option_and_every_table_is_described() -> None:
    for one in options().values():
        assert one.field.description
        assert one.about.unit in one.description
        section = section_at(one.path[:-1])
        assert section is not None
        assert section.__doc__
        assert not section.__doc__.startswith("A table of the configuration file")


def test_a_whole_number_is_bounded_and_says_what_it_counts() -> None:
    for one in options().values():
        kinds = str(one.field.annotation)
        if "int" in kinds.replace("int'", "int") and "list" not in kinds and "bool" not in kinds:
            bounds = {type(each).__name__ for each in one.field.metadata}
            assert {"Ge", "Le"} <= bounds, one.name
            assert one.about.unit or one.name in ("seed", "embedding_size"), one.name


def test_no_table_has_the_key_of_one_of_its_options() -> None:
    for one in options().values():
        section = section_at(one.path[:-1])
        assert section is not None
        assert inner(section.model_fields[one.path[-1]]) is None
        assert about(section.model_fields[one.path[-1]]) is one.about


def test_tables_are_no_deeper_than_two() -> None:
    assert {len(one.path) for one in options().values()} <= {2, 3}


@pytest.mark.parametrize("given", [5, [5], (5,)])
def test_one_size_or_several_is_a_list_from_the_beginning(given: Any) -> None:
    config = Config.of(hidden_size=given, image_size=given, convolutions=given)
    assert config.model.hidden_size == config.data.images.size == config.model.pictures.convolutions == [5]
    config.model.hidden_size = given
    assert config.model.hidden_size == [5]


def test_the_sizes_of_layers_follow_from_either_form() -> None:
    assert Config.of(hidden_size=8, num_layers=3).model.layer_sizes == [8, 8, 8]
    assert Config.of(hidden_size=[8, 4]).model.layer_sizes == [8, 4]


def test_a_copy_with_other_values_shares_no_table_that_changed() -> None:
    first = Config.of(lower=True, group="a")
    second = first.replaced(lower=False, group="b", source="x.csv")
    assert (first.data.text.lower, first.data.table.group, first.data.source) == (True, "a", None)
    assert (second.data.text.lower, second.data.table.group, second.data.source) == (False, "b", "x.csv")
    assert second.data.replaced(time=["t"]).table.group == "b"
    assert second.model is first.model
    with pytest.raises(KeyError):
        first.replaced(lr_=1)


def test_flat_names_go_into_their_tables() -> None:
    found = nested({"dropout": 0.2, "forecast": "direct", "epochs": 3}, {"training": {"seed": 1}})
    assert found == {
        "training": {"seed": 1, "epochs": 3},
        "model": {"dropout": {"rate": 0.2}},
        "forecast": {"strategy": "direct"},
    }
