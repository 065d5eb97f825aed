"""The order of the rooms: nothing imports from a room above its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.tree import MODULES, PACKAGE, imported_names, relative, room

# nothing imports from a room to its right
ORDER = (
    "_version", "errors", "context", "cancellation", "figures", "printable", "markup", "atomic", "bounded", "config",
    "config_file", "equations", "compiler", "codecs", "data", "engine", "nn", "decoding", "heads", "network",
    "processes", "modes", "continuation", "evaluation", "run", "hub", "tracking", "training", "views", "lecture",
    "inspect", "predictions", "export", "model", "tuning", "serve", "demos", "cli", "__main__",
)  # fmt: skip


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nothing_imports_upwards(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return  # the table of public names; it imports each when it is asked for
    assert room(path) in ORDER, f"{room(path)} is a new room: give it a place in ORDER"
    for line, name in imported_names(path):
        package, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if package == "recur" and other in ORDER:
            assert ORDER.index(other) <= ORDER.index(room(path)), f"{path}:{line} imports {other}, which is above it"


# the rooms of a room, and the files beside them
WITHIN = {
    "data": (
        "cells", "stamps", "sources", "readers", "columns", "times", "read", "roles", "examples", "load",
        "situation", "queries", "counts", "__init__",
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", [path for path in MODULES if room(path) in WITHIN], ids=relative)
def test_rooms_within_a_room_import_one_way(path: Path) -> None:
    order, own = WITHIN[room(path)], path.relative_to(PACKAGE).parts[1].removesuffix(".py")
    assert own in order, f"{own} is a new room of {room(path)}: give it a place in WITHIN"
    for line, name in imported_names(path):
        package, inner, other = (*name.split("."), "", "")[:3]
        if (package, inner) == ("recur", room(path)) and other in order:
            assert order.index(other) <= order.index(own), f"{path}:{line} imports {name}, which is above it"


# files outside compiler/ and engine/ that may import from the compiler: all others ask the engine
ASKS_THE_COMPILER = {
    "lecture/cells.py": "the cells of a page as JavaScript, which needs no engine and no torch",
    "inspect/record.py": "BPTT is explained node by node, on the gradient graph itself",
}


@pytest.mark.parametrize("path", [path for path in MODULES if room(path) not in {"compiler", "engine"}], ids=relative)
def test_rooms_above_the_engine_ask_it_and_not_the_compiler(path: Path) -> None:
    imports = {name for _, name in imported_names(path) if name.startswith("recur.compiler")}
    assert bool(imports) == (relative(path) in ASKS_THE_COMPILER), f"ask the engine: {sorted(imports)}"
