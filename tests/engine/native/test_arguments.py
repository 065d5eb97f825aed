"""What Python lays out in memory for the core is what native/recur.h says: every member's name, place and type."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from recur.compiler import toolchain
from recur.engine.native import arguments, library, passes, prepared_call, readout, tensor_addresses

WORDS = {"int64_t": "q", "int32_t": "i", "double": "d"}  # the type of a member as ctypes' code; "P" for an address


@dataclass(frozen=True)
class Member:
    """One member of a structure of the header."""

    name: str
    code: str


def members(header: str, structure: str) -> list[Member]:
    """Name and type of every member of a structure, in order."""
    text = re.sub(r"/\*.*?\*/", "", (toolchain.HEADERS / header).read_text(encoding="utf-8"), flags=re.DOTALL)
    body = re.search(rf"typedef struct \{{([^{{}}]*)\}} {structure};", text)
    assert body is not None
    found = []
    for declaration in filter(None, (one.strip() for one in body[1].split(";"))):
        function = re.fullmatch(r"\w+ \(\*(\w+)\)\(.*\)", declaration)
        if function is not None:
            found.append(Member(function[1], "P"))
            continue
        base, *rest = declaration.removeprefix("const ").split(" ", 1)
        for one in f"{base} {rest[0]}".removeprefix(base).replace("const", "").split(","):
            pointer = "*" in one or "*" in base
            found.append(Member(one.replace("*", " ").split()[-1], "P" if pointer else WORDS.get(base, base)))
    return found


def offsets(header: str, structure: str, names: list[str], folder: Path) -> list[tuple[int, int]]:
    """Where a C compiler puts each member, and how many bytes it has."""
    compiler = shutil.which("gcc") or shutil.which("g++")
    if compiler is None:
        pytest.skip("there is no C compiler here")
    lines = [f'printf("%zu %zu\\n", offsetof({structure}, {n}), sizeof((({structure}*)0)->{n}));' for n in names]
    program = folder / "offsets.c"
    body = f'#include <stddef.h>\n#include <stdio.h>\n#include "{header}"\nint main(void) {{ {" ".join(lines)} }}\n'
    program.write_text(body, encoding="utf-8")
    command = [compiler, "-iquote", toolchain.HEADERS, program, "-o", folder / "offsets"]
    subprocess.run(command, check=True, timeout=60)
    printed = subprocess.run([folder / "offsets"], check=True, capture_output=True, text=True, timeout=60).stdout
    return [(int(line.split()[0]), int(line.split()[1])) for line in printed.splitlines()]


def test_a_call_has_the_members_of_the_header_in_its_order_and_places(tmp_path: Path) -> None:
    expected = members("recur.h", "RecurCall")
    assert tuple(one.name for one in expected) == arguments.MEMBERS
    assert {one.code for one in expected} == {"q", "P"}
    places = offsets("recur.h", "RecurCall", list(arguments.MEMBERS), tmp_path)
    assert places == [(8 * n, 8) for n in range(len(arguments.MEMBERS))]


@pytest.mark.parametrize(
    ("header", "structure", "mirror"),
    [("recur.h", "RecurReadout", readout._Arguments), ("cell.h", "RecurCell", library._Head)],
)
def test_a_structure_has_the_members_of_the_header_in_its_places(
    header: str, structure: str, mirror: type[ctypes.Structure], tmp_path: Path
) -> None:
    fields = [(name, kind) for name, kind, *_ in mirror._fields_]
    expected = members(header, structure)
    if structure == "RecurReadout":  # the other is the head of a longer one
        assert len(fields) == len(expected)
    for (name, kind), one in zip(fields, expected, strict=False):
        code = getattr(kind, "_type_", None)
        is_address = code in {"P", "z"} or issubclass(kind, ctypes._Pointer)
        assert (name, "P" if is_address else "q" if code == "l" else code) == (one.name, one.code)
    places = offsets(header, structure, [name for name, _ in fields], tmp_path)
    assert places == [(getattr(mirror, name).offset, getattr(mirror, name).size) for name, _ in fields]


def test_what_is_looked_at_has_the_members_of_the_header(tmp_path: Path) -> None:
    functions = members("recur.h", "RecurTorch")
    names = {"storage_offset": "offset", "storage_size": "storage", "data_ptr": "address", "device_type": "device"}
    assert [one.name for one in functions] == [
        *(names.get(n, n) for n in tensor_addresses._FUNCTIONS),
        "cpu",
        "strided",
    ]
    assert [one.code for one in functions] == ["P"] * len(tensor_addresses._FUNCTIONS) + ["q", "q"]
    asked = [one.name for one in members("recur.h", "RecurTensorQuery")]
    assert asked == ["torch", "count", "T", "B", "dtype", "element", "specs", "tensors"]
    for structure, found in (("RecurTorch", [one.name for one in functions]), ("RecurTensorQuery", asked)):
        assert offsets("recur.h", structure, found, tmp_path) == [(8 * n, 8) for n in range(len(found))]


def test_constants_of_the_header_are_those_of_python() -> None:
    text = (toolchain.HEADERS / "recur.h").read_text(encoding="utf-8")
    values = {name: int(value) for name, value in re.findall(r"(RECUR_[A-Z_]+) = (-?\d+)", text)}
    assert (values["RECUR_STEPS"], values["RECUR_ROWS"]) == (tensor_addresses.STEPS, tensor_addresses.ROWS)
    assert values["RECUR_SPEC_SIZE"] == 2 + tensor_addresses._AXES
    statuses = ("OK", "BAD_CALL", "NO_MEMORY", "INTERRUPTED", "STALE", "UNFIT")
    assert [values[f"RECUR_{name}"] for name in statuses] == [*range(6)]
    assert (values["RECUR_STALE"], values["RECUR_UNFIT"]) == (passes.STALE, prepared_call.UNFIT)


def test_a_prepared_call_has_the_members_of_the_header(tmp_path: Path) -> None:
    found = [one.name for one in members("recur.h", "RecurPrepared")]
    assert found == [
        "cell", "torch", "type", "precision", "dtype", "element", "sizes", "specs", "interrupted"
    ]  # fmt: skip
    assert offsets("recur.h", "RecurPrepared", found, tmp_path) == [(8 * n, 8) for n in range(len(found))]


# they call nothing that throws; those of Python call functions of its C interface alone
_PLAIN = {
    "recur_message",
    "recur_abi",
    "recur_vector_bytes",
    "recur_tensor_addresses",
    "recur_python_step",
    "recur_python_forward",
    "recur_frozen_uses",
    "recur_whole_kernel",
}  # fmt: skip


def test_every_exported_function_is_declared_in_the_header_and_catches_what_is_thrown() -> None:
    header = (toolchain.HEADERS / "recur.h").read_text(encoding="utf-8")
    declared = set(re.findall(r"^[a-z]\w*[\w* ]* \*?(recur_\w+)\(", header, re.MULTILINE))
    _, *functions = (toolchain.HEADERS / "core.cpp").read_text(encoding="utf-8").split("\nRECUR_EXPORT ")
    bodies = {re.findall(r"recur_\w+", one)[0]: one for one in functions}
    assert set(bodies) == declared
    caught = {name for name, body in bodies.items() if re.search(r"\b(?:guarded|with_stream)\(", body)}
    assert caught == declared - _PLAIN
