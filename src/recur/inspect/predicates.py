"""Simple properties of a text, symbol by symbol, that a hidden unit may follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Predicate = Callable[[Sequence[str]], Sequence[float]]


def inside_quotes(tokens: Sequence[str]) -> list[float]:
    """1 between two quotation marks, 0 outside; the mark that opens is outside, the one that closes inside."""
    values, inside = [], False
    for token in tokens:
        values.append(float(inside))
        for mark in token:
            if mark == '"':
                inside = not inside
            elif mark in "“«”»":
                inside = mark in "“«"
    return values


def inside_brackets(tokens: Sequence[str]) -> list[float]:
    """How many brackets are open, at most 1."""
    values, depth = [], 0
    for token in tokens:
        values.append(float(depth > 0))
        depth = max(0, depth + sum(token.count(one) for one in "([{") - sum(token.count(one) for one in ")]}"))
    return values


def place_in_line(tokens: Sequence[str]) -> list[float]:
    """Steps since the last line end."""
    return _steps_since(tokens, lambda token: token in ("\n", "⟨end⟩", "<eos>"))


def place_in_sentence(tokens: Sequence[str]) -> list[float]:
    """Steps since the last full stop, question or exclamation mark."""
    return _steps_since(tokens, lambda token: token.strip() in (".", "?", "!"))


def _steps_since(tokens: Sequence[str], ends: Callable[[str], bool]) -> list[float]:
    """Steps since the last token that ends a part, before each token."""
    steps, place = [], 0
    for token in tokens:
        steps.append(float(place))
        place = 0 if ends(token) else place + 1
    return steps


def _each(test: Callable[[str], bool]) -> Predicate:
    return lambda tokens: [float(test(token)) for token in tokens]


PREDICATES: dict[str, Predicate] = {
    "inside quotes": inside_quotes,
    "inside brackets": inside_brackets,
    "position in the line": place_in_line,
    "position in the sentence": place_in_sentence,
    "capital letter": _each(lambda token: token.strip()[:1].isupper()),
    "digit": _each(lambda token: any(map(str.isdigit, token))),
    "punctuation": _each(lambda token: bool(token.strip()) and not any(map(str.isalnum, token))),
    "space": _each(str.isspace),
}
