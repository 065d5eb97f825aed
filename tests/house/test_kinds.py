"""No file outside codecs/ compares with the name of a kind of value: it asks the codec, or its class."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.house.tree import MODULES, PACKAGE, relative, room, syntax

# comparisons with the names of kinds of value that a file outside codecs/ may have, each with its reason; all others
# ask the codec, or its class (codecs.class_of)
NAMED: dict[str, int] = {}


@functools.cache
def kinds() -> frozenset[str]:
    """The names of all kinds of value: what the classes of codecs have as ``kind``."""
    named = re.compile(r'^    kind\b[^"\n]*= "(\w+)"', re.MULTILINE)
    texts = [path.read_text(encoding="utf-8") for path in MODULES if room(path) == "codecs"]
    return frozenset(name for text in texts for name in named.findall(text))


def holds_kinds(node: ast.expr, known: frozenset[str], constants: set[str]) -> bool:
    """Whether a collection holds names of kinds and nothing else: ``("class", "tags")``, ``(*LABELLED, "words")``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    if isinstance(node, ast.Starred):
        node = node.value
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(
            each.value in known
            if isinstance(each, ast.Constant)
            else ast.unparse(each).endswith("Codec.kind") or holds_kinds(each, known, constants)
            for each in node.elts
        )
    return ast.unparse(node).split(".")[-1] in constants


def collections_of_kinds(path: Path, *, imported: bool = True) -> set[str]:
    """The constants of a file that hold names of kinds, and those that it imports from where they are made."""
    found: set[str] = set()
    for node in syntax(path).body:
        if isinstance(node, ast.Assign) and holds_kinds(node.value, kinds(), found):
            found |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.ImportFrom) and node.module is not None and imported:
            folder = PACKAGE.parent.joinpath(*node.module.split("."))
            for other in {folder.with_suffix(".py"), folder / "__init__.py"} & set(MODULES) - {path}:
                found |= {alias.name for alias in node.names} & collections_of_kinds(other, imported=False)
    return found


def comparisons_with_kinds(tree: ast.AST, known: frozenset[str], constants: set[str]) -> list[tuple[int, str]]:
    """Line and code of every comparison of a name with that of a kind, or with a collection of such names."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            # what a column holds, what a head answers with and groups of options have names of their own
            own_names = r"\bholds\b(?!.*codec)|^\(first|\b(answers_with|option_groups)$"
            kept = any(re.search(own_names, ast.unparse(side)) for side in (left, right))
            named = [isinstance(side, ast.Constant) and side.value in known and not kept for side in (left, right)]
            if isinstance(operator, ast.In | ast.NotIn):
                asked = named[0] or holds_kinds(right, known, constants)
            else:
                asked = any(named)
            if asked:
                found.append((node.lineno, ast.unparse(node)))
    return found


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_file_compares_with_the_name_of_a_kind(path: Path) -> None:
    if room(path) == "codecs":
        return
    found = comparisons_with_kinds(syntax(path), kinds(), collections_of_kinds(path))
    allowed = NAMED.get(relative(path), 0)
    assert len(found) <= allowed, f"ask the codec, or its class: {found}"
    assert len(found) == allowed, f"{len(found)} are left: lower the number in NAMED"


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("codec in ('class', 'tags')", 1), ("codec not in TEXTS", 1), ("codec in (*TEXTS, 'tags')", 1),
        ("roles.target_codec == 'numbers'", 1), ("'numbers' != kind", 1), ("codec in frozenset({'words'})", 1),
        ("column.holds in ('class', 'text')", 0), ("given == 'numbers'", 1), ("'tags' in kinds", 1),
        ("head.answers_with == 'numbers'", 0), ("codec == 'none'", 0), ("x in names", 0),
    ],
)  # fmt: skip
def test_a_comparison_with_the_name_of_a_kind_is_found(code: str, count: int) -> None:
    known = frozenset({"class", "tags", "words", "numbers"})
    assert len(comparisons_with_kinds(ast.parse(code), known, {"TEXTS"})) == count
