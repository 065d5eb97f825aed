"""No file asks what class a codec, head, mode or layer is: it asks the object, through a trait or a method."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from tests.house.tree import MODULES, relative, room, syntax

DEFINING = ("codecs", "heads", "modes", "nn")
_OBJECTS = re.compile(r"(?:^|[._])(?:codec|mode|head|output|readout|layer|decoder)\w*$")
# looks at the kind of a codec, head, mode or layer that a file may still have, outside the room that defines it
LOOKS: dict[str, int] = {}


@functools.cache
def known_classes() -> dict[str, str]:
    """The codecs, heads, modes and layers by name, and the room that defines each."""
    bases: dict[str, tuple[str, set[str]]] = {}
    for path in MODULES:
        if room(path) in DEFINING:
            for node in ast.walk(syntax(path)):
                if isinstance(node, ast.ClassDef):
                    bases[node.name] = room(path), {ast.unparse(base).split(".")[-1] for base in node.bases}
    found = {"Codec", "Head", "Mode", "Module"}
    while more := {name for name, (_, over) in bases.items() if over & found} - found:
        found |= more
    return {name: bases[name][0] for name in found if name in bases}


def _names_a_kind(one: ast.Attribute, own: str) -> bool:
    """Whether an attribute is the kind of a codec, or the name of a mode above the rooms that infer it."""
    of = ast.unparse(one.value)
    if one.attr == "kind":
        return "codec" in of
    return own not in {"config", "data", "modes"} and (one.attr, of.split(".")[-1]) in {
        ("mode", "roles"),
        ("name", "mode"),
    }


def looks(text: str, own: str, classes: dict[str, str]) -> list[tuple[int, str]]:
    """Line and code of every question about what a codec, head, mode or layer of another room is."""
    found = []
    for node in ast.walk(ast.parse(text)):
        asked = False
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "isinstance":
                names = {ast.unparse(one).split(".")[-1] for one in ast.walk(node.args[1]) if isinstance(one, ast.expr)}
                asked = any(classes.get(name, own) != own for name in names)
            elif node.func.id == "getattr" and len(node.args) == 3:
                asked = bool(_OBJECTS.search(ast.unparse(node.args[0]))) and own not in {"nn"}
        elif isinstance(node, ast.Compare) and own != "codecs":
            sides = [node.left, *node.comparators]
            asked = any(isinstance(one, ast.Attribute) and _names_a_kind(one, own) for one in sides)
        if asked:
            found.append((node.lineno, ast.unparse(node)))
    return found


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_file_looks_at_what_a_codec_head_mode_or_layer_is(path: Path) -> None:
    found = looks(path.read_text(encoding="utf-8"), room(path), known_classes())
    allowed = LOOKS.get(relative(path), 0)
    assert len(found) <= allowed, f"ask it instead (a trait or a method): {found}"
    assert len(found) == allowed, f"{len(found)} are left: lower the number in LOOKS"


def test_a_look_at_what_a_codec_is_is_found() -> None:
    classes = {"TagsCodec": "codecs", "Synced": "modes"}
    assert looks("isinstance(x, codecs.TagsCodec | int)", "data", classes)
    assert looks("isinstance(x, (Synced, int))", "serve", classes)
    assert looks("mode.target_codec.kind in TEXTS", "cli", classes)
    assert looks("getattr(self.mode.output, 'crf', None)", "serve", classes)
    assert looks("self.mode.name == 'synced' or model.roles.mode != 'synced'", "cli", classes)
    assert not looks("isinstance(x, Synced)", "modes", classes)
    assert not looks("table.kind == 'text' or getattr(error, 'msg', None)", "data", classes)
