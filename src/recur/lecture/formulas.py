"""The small markup of the lecture's texts: formulas between dollar signs, code, and what is printed bold."""

from __future__ import annotations

import html
import re

_TOKEN = re.compile(r"\\?[A-Za-z]+|[_^](?:\{[^}]*\}|.)|.", re.DOTALL)
SHORT = 12  # characters of a formula that stay on one line
_UPRIGHT = frozenset({"tanh", "log", "ln", "exp", "loss", "softmax"})


def formatted(text: str) -> str:
    """Text as HTML.

    >>> formatted("the state $h_{t-1}$ is **kept** in `h`")
    'the state <span class="math"><i>h</i><sub>t−1</sub></span> is <strong>kept</strong> in <code>h</code>'

    A formula between two dollar signs on each side is on a line of its own.
    """
    parts = re.split(r"(\$\$[^$]*\$\$|\$[^$]*\$|`[^`]*`|\*\*.*?\*\*)", text)
    return "".join(_part(part) for part in parts)


def _part(text: str) -> str:
    if len(text) > 4 and text.startswith("$$"):
        return f'<span class="display">{_part(text[1:-1])}</span>'
    if len(text) > 2 and text[0] == text[-1] == "$":
        return " ".join(f'<span class="math">{formula(one)}</span>' for one in _lines(text[1:-1]))
    if len(text) > 2 and text[0] == text[-1] == "`":
        return f"<code>{html.escape(text[1:-1])}</code>"
    if len(text) > 4 and text.startswith("**"):
        return f"<strong>{formatted(text[2:-2])}</strong>"
    return html.escape(text)


def _lines(text: str) -> list[str]:
    """A long formula in pieces that begin with "=": a line of a narrow page ends between two of them."""
    return re.split(rf"(?<=.{{{SHORT}}}) (?==)", text)


def formula(text: str) -> str:
    r"""A formula as HTML: single letters in italics, words upright, `_` and `^` below and above.

    >>> formula(r"h_t = \tanh(W_{xh} x_t)")
    '<i>h</i><sub>t</sub> = tanh(<i>W</i><sub>xh</sub> <i>x</i><sub>t</sub>)'
    """
    found = []
    for token in _TOKEN.findall(text):
        word = token.removeprefix("\\")
        if token[0] in "_^" and len(token) > 1:
            tag = "sub" if token[0] == "_" else "sup"
            found.append(f"<{tag}>{html.escape(token[1:].strip('{}').replace('-', '−'))}</{tag}>")
        elif len(word) == 1 and word.isalpha() and word.isascii():
            found.append(f"<i>{word}</i>")
        elif word in _UPRIGHT or token == " ":
            found.append(word)
        elif word.isalpha() and word.isascii():
            found.append("".join(f"<i>{letter}</i>" for letter in word))
        else:
            found.append(html.escape(token).replace("-", "−"))
    return "".join(found)
