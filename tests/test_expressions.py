"""Every regular expression of the package takes time in proportion to the text, whatever the text is.

The expressions are found in the source, with the methods they are used by, so that a new one is looked at too.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "recur"
METHODS = ("match", "fullmatch", "search", "sub", "split", "findall", "finditer")
LENGTH = 6_000
MOST_SECONDS = 0.15  # a square of 6,000 takes a second and more, its product with a constant a millisecond
SIGNS = "a1 !.-'([]<\"\\\n*/_:="


class Expression(NamedTuple):
    """An expression, how it is used, and where it stands."""

    pattern: str
    flags: int
    method: str
    where: str


def expressions(path: Path) -> Iterator[Expression]:
    """Yield the expressions of a file that are written out in it."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    names = {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if not isinstance(node, ast.Call) or not isinstance(called, ast.Attribute):
            continue
        if not (isinstance(called.value, ast.Name) and called.value.id == "re" and node.args):
            continue
        try:
            pattern = ast.literal_eval(node.args[0])
            # an expression on bytes takes as long as the same one on text
            pattern = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
        except ValueError:
            continue  # made of other texts while it runs
        flags = re.NOFLAG
        for flag in ast.walk(node):
            if isinstance(flag, ast.Attribute) and flag.attr in ("DOTALL", "IGNORECASE", "MULTILINE", "VERBOSE"):
                flags |= getattr(re, flag.attr)
        name = names.get(id(node), "")
        if called.attr != "compile":
            used = [called.attr]
        elif name:
            used = re.findall(rf"\b{name}\.(\w+)\(", source)
        else:  # one of several in a table, used by another name; sub and split are methods of texts too
            used = [found for found in re.findall(r"\.(\w+)\(", source) if found not in ("sub", "split")]
        for method in sorted(set(used) & set(METHODS)):
            yield Expression(pattern, int(flags), method, f"{path.relative_to(PACKAGE)}:{node.lineno}")


def hostile(pattern: str) -> Iterator[str]:
    """Yield long texts: one sign, one within another, two in turn, each with an end that fits nothing."""
    signs = dict.fromkeys([*SIGNS, *(each for each in pattern if each.isprintable() and each not in "\\^$?+{}|")])
    few = list(signs)[:32]
    for one in few:
        yield one * LENGTH + "\0"
        for other in few:
            if one != other:
                yield one + other * LENGTH + one
                yield (one + other) * (LENGTH // 2) + "\0"


FOUND = [each for path in sorted(PACKAGE.rglob("*.py")) for each in expressions(path)]


def slowest(expression: Expression) -> tuple[float, str]:
    """The longest time of an expression over the hostile texts, and the beginning of that text."""
    compiled = re.compile(expression.pattern, expression.flags)
    worst = (0.0, "")
    for text in hostile(expression.pattern):
        began = time.process_time()
        match expression.method:
            case "sub":
                compiled.sub("", text)
            case "finditer":
                list(compiled.finditer(text))
            case method:
                getattr(compiled, method)(text)
        worst = max(worst, (time.process_time() - began, text[:8]))
        if worst[0] > 1.0:
            break
    return worst


def test_the_expressions_are_found() -> None:
    assert len(FOUND) > 20


@pytest.mark.parametrize("expression", FOUND, ids=lambda each: f"{each.where} {each.method}")
def test_an_expression_takes_time_in_proportion_to_the_text(expression: Expression) -> None:
    seconds, text = slowest(expression)
    assert seconds < MOST_SECONDS, f"{expression.where}: {seconds:.2f} s for {LENGTH} of {text!r}"


def test_an_expression_that_takes_the_square_is_caught() -> None:
    seconds, _ = slowest(Expression(r"(\W*)(.*?)(\W*)", int(re.DOTALL), "fullmatch", "here"))
    assert seconds > MOST_SECONDS
