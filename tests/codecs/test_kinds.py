"""Kinds of value by their names: their classes are known before there is a codec, and state their traits."""

from __future__ import annotations

import pytest

from recur.codecs import Codec, class_of, codec_class
from recur.codecs.kinds import check_kind
from recur.errors import ConfigError


@pytest.mark.parametrize(
    ("kind", "traits"),
    [
        ("words", {"text"}), ("characters", {"text"}), ("subwords", {"text"}), ("class", {"labelled"}),
        ("tags", {"labelled", "per_step"}), ("numbers", {"numeric", "per_step"}), ("notes", {"file"}),
        ("images", {"file"}),
        ("dates", set()), (None, set()), ("", set()),
    ],
)  # fmt: skip
def test_a_kind_states_its_traits_before_there_is_a_codec(kind: str | None, traits: set[str]) -> None:
    found = class_of(kind)
    assert {name for name in ("text", "labelled", "per_step", "numeric", "file") if getattr(found, name)} == traits
    assert issubclass(found, Codec)


@pytest.mark.parametrize("find", [class_of, codec_class, check_kind])
def test_an_unknown_kind_is_refused_with_the_nearest(find: object) -> None:
    with pytest.raises(ConfigError, match='Did you mean "words"') as caught:
        find("word")
    assert "characters" in str(caught.value.hint)


def test_a_kind_that_is_made_of_another_cannot_be_asked_for() -> None:
    assert codec_class("spelled").kind == "spelled"
    with pytest.raises(ConfigError):
        check_kind("spelled")


@pytest.mark.parametrize(("kind", "names"), [("class", ("class", "classes")), ("tags", ("tag", "tags"))])
def test_labels_have_a_noun(kind: str, names: tuple[str, str]) -> None:
    assert (class_of(kind).noun, class_of(kind).plural) == names
