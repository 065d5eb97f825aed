"""``Source``: the parts of a C file while they are collected: constants, members of the state, functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recur.engine.c_step import affine, room_for
from recur.errors import ConfigError
from recur.export.c.functions import functions

__all__ = ["Source", "room_for"]

_PER_LINE = 8
_BYTES = {"uint8_t": 1, "int8_t": 1, "uint16_t": 2, "int16_t": 2, "int32_t": 4}


@dataclass
class Source:
    """The parts of a C file. ``NAME`` begins every name, and is replaced when the file is written.

    Attributes
    ----------
    members : dict of str to int
        The float arrays of ``struct NAME_state``, and how many numbers they have.
    counters : dict of str to int
        Its whole numbers, and what they are after a reset.
    whole : dict of str to (str, int)
        Its arrays of whole numbers: their type, and how many there are.
    arrays : dict of str to ndarray
        Constant arrays, of float32 or of whole numbers.
    functions : list of str
        Static functions, each after those that it calls.
    reset : list of str
        Statements that set the state before the first step.
    calls : set of str
        Functions of `recur.export.c.functions`, and operations of the C library, that are called.
    scratch : int
        Numbers of scratch memory.
    tables : list of str
        Public tables of texts, and in ``table_bytes`` their size.
    public : list of str
        Further declarations of the header.
    int8 : bool
        Whether matrices and embeddings are whole numbers of 8 bits with scales.
    """

    members: dict[str, int] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    whole: dict[str, tuple[str, int]] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    reset: list[str] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    scratch: int = 0
    tables: list[str] = field(default_factory=list)
    table_bytes: int = 0
    public: list[str] = field(default_factory=list)
    int8: bool = False

    def array(self, name: str, values: np.ndarray) -> str:
        """Add a constant array; return its name in C.

        Raises
        ------
        ConfigError
            When one of its numbers is not finite.
        """
        values = np.asarray(values)
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
            if not np.isfinite(values).all():
                raise ConfigError(
                    f"a weight of this network is not finite: {name}", hint="train again, with a lower learning rate"
                )
        self.arrays[name] = values.ravel()
        return f"NAME_{name}"

    def member(self, name: str, count: int) -> str:
        """Add numbers to the state; return the expression of the first."""
        self.members[name] = count
        return f"s->{name}"

    def whole_member(self, name: str, largest: int, count: int) -> str:
        """Add whole numbers from 0 to the largest to the state; return the expression of the first."""
        kind = next(kind for kind, bits in (("uint8_t", 8), ("uint16_t", 16), ("int32_t", 31)) if largest < 1 << bits)
        self.whole[name] = kind, count + -count % 4  # what follows is aligned without gaps
        return f"s->{name}"

    def working(self, count: int) -> str:
        """Return scratch memory of this many numbers, which the parts of a step share one after the other."""
        self.scratch = max(self.scratch, count)
        return "s->scratch"

    def affine(self, name: str, weight: np.ndarray, bias: np.ndarray | None, x: str, z: str) -> list[str]:
        """Add a matrix; return the statements for z = W x + b, where z has room for `room_for` numbers."""
        written = affine(name, weight, bias, x, z, int8=self.int8)
        self.rounded(written.widest)
        for key, values in written.arrays.items():
            self.array(key, values)
        self.calls |= written.calls
        return [*(["float most;"] if self.int8 else []), *written.code.splitlines()]

    def rounded(self, count: int) -> None:
        """Make room for so many whole numbers of 8 bits, which the products of a step share one after the other."""
        known = self.whole.get("q", ("int8_t", 0))[1]
        if count > known:
            self.whole["q"] = "int8_t", count + -count % 4

    @property
    def flash(self) -> int:
        """Bytes of the constant arrays."""
        return self.table_bytes + sum(array.nbytes for array in self.arrays.values())

    @property
    def ram(self) -> int:
        """Bytes of the state with its scratch memory."""
        whole = sum(_BYTES[kind] * count for kind, count in self.whole.values())
        return whole + 4 * (sum(self.members.values()) + self.scratch + len(self.counters))

    def struct(self) -> str:
        """The declaration of the state."""
        rows = [f"  float {name}[{count}];" for name, count in self.members.items()]
        rows += [f"  int32_t {name};" for name in self.counters]
        rows += [f"  {kind} {name}[{count}];" for name, (kind, count) in self.whole.items()]
        if self.scratch:
            rows.append(f"  float scratch[{self.scratch}];")
        return "struct NAME_state {\n" + "\n".join(rows) + "\n};\n"

    def body(self) -> str:
        """The constants and functions."""
        constants = "\n".join(declared(name, values) for name, values in self.arrays.items())
        constants += "".join(f"\n{text}" for text in self.tables)
        return constants + functions(self.calls) + "".join(f"\n{text}" for text in self.functions)


def declared(name: str, values: np.ndarray) -> str:
    """A constant array in C."""
    kinds = {"f": "float", "i1": "int8_t", "i2": "int16_t", "i4": "int32_t", "u1": "uint8_t", "u4": "uint32_t"}
    kind = kinds["f"] if values.dtype.kind == "f" else kinds[f"{values.dtype.kind}{values.dtype.itemsize}"]
    words = numbers(values.ravel())
    rows = [", ".join(words[at : at + _PER_LINE]) for at in range(0, len(words), _PER_LINE)]
    return f"static NAME_ALIGNED(const {kind} NAME_{name}[{len(words)}]) = {{\n  " + ",\n  ".join(rows) + "};\n"


def numbers(values: np.ndarray) -> Sequence[str]:
    """The elements of an array as C writes them, with all digits."""
    if values.dtype.kind != "f":
        return [str(value) for value in values.tolist()]
    return [_literal(text) for text in (f"{value:.9g}" for value in values.tolist())]


def _literal(text: str) -> str:
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
