"""The kinds of value by their names: the class of each, and the refusal of an unknown name."""

from __future__ import annotations

from recur.codecs.codec import KINDS, Codec
from recur.errors import ConfigError, did_you_mean


def check_kind(kind: str | None) -> None:
    """Refuse the name of a kind that a configuration cannot ask for; None asks for nothing.

    Raises
    ------
    ConfigError
        With the kinds that there are.
    """
    known = [name for name, each in KINDS.items() if each.selectable]
    if kind is not None and kind not in known:
        raise ConfigError(f'there is no codec "{kind}".{did_you_mean(kind, known)}', hint=", ".join(known))


def codec_class(kind: str) -> type[Codec]:
    """Return the class of a kind.

    Raises
    ------
    ConfigError
        When there is no such kind.
    """
    if kind not in KINDS:
        check_kind(kind)
    return KINDS[kind]


def class_of(kind: str | None) -> type[Codec]:
    """Return the class of a kind, whose traits can be asked before there is a codec; `Codec` itself of none.

    >>> class_of("tags").labelled, class_of("words").splits_into("word"), class_of(None).numeric
    (True, True, False)
    """
    return codec_class(kind) if kind else Codec
