"""Simple properties of a text, symbol by symbol, that a hidden unit may follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Predicate = Callable[[Sequence[str]], Sequence[float]]


def inside_quotes(tokens: Sequence[str]) -> list[float]:
    """1 while a quotation is open after the symbol: from the mark that opens to before the one that closes."""
    values, inside = [], False
    for token in tokens:
        for mark in token:
            if mark == '"':
                inside = not inside
            elif mark in "“«「『”»」』":
                inside = mark in "“«「『"
        values.append(float(inside))
    return values


def inside_brackets(tokens: Sequence[str]) -> list[float]:
    """1 while a bracket is open after the symbol: from the one that opens to before the one that closes."""
    values, depth = [], 0
    for token in tokens:
        depth = max(0, depth + sum(token.count(one) for one in "([{") - sum(token.count(one) for one in ")]}"))
        values.append(float(depth > 0))
    return values


def place_in_line(tokens: Sequence[str]) -> list[float]:
    """Steps since the last line end."""
    return _steps_since(tokens, lambda token: token in ("\n", "⟨end⟩", "<eos>"))


def place_in_sentence(tokens: Sequence[str]) -> list[float]:
    """Steps since the last full stop, question or exclamation mark."""
    return _steps_since(tokens, lambda token: token.strip() in (".", "?", "!"))


def end_of_word(tokens: Sequence[str]) -> list[float]:
    """1 at the last letter or digit of a word, where the symbols are single characters."""
    letters = [len(token) == 1 and token.isalnum() for token in tokens]
    return [float(one and not after) for one, after in zip(letters, [*letters[1:], False], strict=True)]


def place_in_word(tokens: Sequence[str]) -> list[float]:
    """How many letters or digits of a word were read, this one included, where the symbols are single characters."""
    values, place = [], 0
    for token in tokens:
        place = place + 1 if len(token) == 1 and token.isalnum() else 0
        values.append(float(place))
    return values


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
    "position in the word": place_in_word,
    "end of a word": end_of_word,
    "capital letter": _each(lambda token: token.strip()[:1].isupper()),
    "digit": _each(lambda token: any(map(str.isdigit, token))),
    "punctuation": _each(lambda token: bool(token.strip()) and not any(map(str.isalnum, token))),
    "space": _each(str.isspace),
}
