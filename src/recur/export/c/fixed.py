"""Whole numbers of 16 bits with a fixed point: what a step does with them, in NumPy and in C, bit for bit the same.

A value v with the fraction f is the whole number round(v 2^f), from -32768 to 32767; what does not fit is limited to
these. A shift rounds halves up. The rules, for operands of fractions a and b and a result of fraction f:

    sum          (x 2^(c-a) + y 2^(c-b)) >> (c - f)           c: the larger of a and b
    product      (x y) >> (a + b - f)
    W v          (sum_k W_k v_k) >> (a + b - f)                  summed in 64 bits
    tanh         a table of 513 values from -8 to 8, linear between them; sigmoid(x) = (1 + tanh(x / 2)) / 2
    e^-t         a table of 513 values from 0 to 16, linear between them
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from recur.errors import ConfigError

LEAST, MOST = -32768, 32767
HINT = "--int8, or neither"
_BITS = 62  # of a sum of 64 bits with a sign, halves added
TANH_ERROR, EXP_ERROR = 2.0e-4, 1.6e-4
"""Largest errors of the tables, as absolute values: measured by the tests."""

_STEPS = np.arange(513) / 32
TABLES = {
    "tanh": np.clip(np.rint(np.tanh(_STEPS - 8) * 32768), LEAST, MOST).astype(np.int16),
    "exp": np.clip(np.rint(np.exp(-_STEPS) * 32768), LEAST, MOST).astype(np.int16),
}

FUNCTIONS = {
    "shifted": """
/* v 2^-shift, halves rounded up, limited to 16 bits; no shift of a negative number */
static int16_t NAME_shifted(int64_t v, int shift) {
  if (shift > 0) {
    const int64_t half = v + ((int64_t)1 << (shift - 1));
    v = half >= 0 ? half >> shift : -(int64_t)(((uint64_t)(-(half + 1)) >> shift) + 1u);
  } else {
    v *= (int64_t)1 << -shift;
  }
  return (int16_t)(v > 32767 ? 32767 : v < -32768 ? -32768 : v);
}
""",
    "tanh": """
/* tanh of a number of fraction 12, with the fraction 15 */
static int16_t NAME_tanh(int16_t x) {
  const int32_t at = (int32_t)x + 32768;
  const int32_t low = NAME_table_tanh[at / 128], high = NAME_table_tanh[at / 128 + 1];
  return (int16_t)NAME_shifted((int64_t)low * 128 + (high - low) * (at % 128), 7);
}
""",
    "exp": """
/* e^-t of t >= 0 of fraction 11, with the fraction 15 */
static int16_t NAME_exp(int32_t t) {
  int32_t low, high;
  if (t > 32767) t = 32767;
  low = NAME_table_exp[t / 64];
  high = NAME_table_exp[t / 64 + 1];
  return (int16_t)NAME_shifted((int64_t)low * 64 + (high - low) * (t % 64), 6);
}
""",
}


@dataclass
class Tally:
    """How many numbers were limited, of how many."""

    limited: int = 0
    counted: int = 0


def shifted(v: np.ndarray, shift: np.ndarray | int, tally: Tally | None = None) -> np.ndarray:
    """Return v 2^-shift, halves rounded up, limited to 16 bits."""
    shifts = np.broadcast_to(np.asarray(shift, np.int64), v.shape)
    down, up = np.maximum(shifts, 0), np.maximum(-shifts, 0)
    half = np.where(down > 0, np.int64(1) << np.maximum(down - 1, 0), 0)
    whole = np.where(shifts > 0, (v + half) >> down, v << up)
    limited: np.ndarray = np.clip(whole, LEAST, MOST)
    if tally is not None:
        tally.limited += int((whole != limited).sum())
        tally.counted += whole.size
    return limited


def tanh(x: np.ndarray) -> np.ndarray:
    """Return tanh of numbers of fraction 12, with the fraction 15."""
    table, at = TABLES["tanh"].astype(np.int64), x + 32768
    low, high = table[at // 128], table[at // 128 + 1]
    return shifted(low * 128 + (high - low) * (at % 128), 7)


def exp(t: np.ndarray) -> np.ndarray:
    """Return e^-t of numbers of fraction 11, with the fraction 15."""
    table, t = TABLES["exp"].astype(np.int64), np.minimum(t, MOST)
    low, high = table[t // 64], table[t // 64 + 1]
    return shifted(low * 64 + (high - low) * (t % 64), 6)


def fraction_of(largest: float, room: float = 1.0, *, least: float = 2.0**-12) -> int:
    """Return the largest fraction with which numbers up to ``room`` times the largest fit into 16 bits."""
    return math.floor(math.log2(MOST / max(largest * room, least)))


def fitting(shift: int, bits: int) -> int:
    """Return the shift of a number of so many bits, which stays within 64 bits on the way.

    Raises
    ------
    ConfigError
        When it does not.
    """
    if shift > _BITS or bits > _BITS or bits - shift > _BITS:
        raise ConfigError(
            "very large and very small numbers meet in this network, which cannot be written in 16 bits", hint=HINT
        )
    return shift


def whole(values: np.ndarray, fraction: int) -> np.ndarray:
    """Return numbers as whole numbers of 16 bits."""
    return np.clip(np.rint(np.asarray(values, np.float64) * 2.0**fraction), LEAST, MOST).astype(np.int16)


@dataclass(frozen=True)
class Place:
    """Numbers in memory: an array, the first of them, how many, and their fraction."""

    array: str
    first: int
    size: int
    fraction: int

    def at(self, unit: str = "u") -> str:
        """The expression of one of them; a single number is that of every unit."""
        if self.size == 1:
            return f"{self.array}[{self.first}]"
        return f"{self.array}[{self.first} + {unit}]" if self.first else f"{self.array}[{unit}]"

    def of(self, memory: dict[str, np.ndarray]) -> np.ndarray:
        """The numbers in NumPy."""
        return memory[self.array][self.first : self.first + self.size].astype(np.int64)


Run = Callable[[dict[str, np.ndarray], Tally], None]


@dataclass
class Steps:
    """Statements in C and the same in NumPy, with the arrays that they read and write.

    Attributes
    ----------
    constants : dict of str to ndarray
        Arrays of whole numbers, by their names in C.
    scratch : int
        Numbers of scratch memory.
    lines : list of str
        Statements of C.
    runs : list of callable
        Functions of a memory, by the names of its arrays in C.
    """

    constants: dict[str, np.ndarray] = field(default_factory=dict)
    scratch: int = 0
    lines: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def room(self, size: int, fraction: int) -> Place:
        """Scratch memory."""
        self.scratch += size
        return Place("s->work", self.scratch - size, size, fraction)

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add an array of whole numbers."""
        self.constants[name] = values
        return f"NAME_{name}"

    def number(self, name: str, values: np.ndarray) -> Place:
        """Add numbers with the best fraction for them."""
        flat = np.ravel(values)
        fraction = fraction_of(float(np.abs(flat).max(initial=0.0)))
        return Place(self.constant(name, whole(flat, fraction)), 0, len(flat), fraction)

    def element_wise(
        self, to: Place, text: str, run: Callable[[dict[str, np.ndarray]], tuple[np.ndarray, int]]
    ) -> None:
        """Write to each unit what the text says, and shift it by what the function returns beside the numbers."""

        def step(memory: dict[str, np.ndarray], tally: Tally) -> None:
            numbers, shift = run(memory)
            memory[to.array][to.first : to.first + to.size] = shifted(numbers, shift, tally)

        self.lines.append(f"for (u = 0; u < {to.size}; ++u) {to.at()} = {text};")
        self.runs.append(step)

    def add(self, a: Place, b: Place, to: Place, sign: int = 1) -> None:
        """Add the sum, or the difference."""
        common = max(a.fraction, b.fraction)
        x, y = common - a.fraction, common - b.fraction
        operator = "+" if sign > 0 else "-"
        left, right = _scaled(a, x), _scaled(b, y)
        shift = fitting(common - to.fraction, 16 + max(x, y))
        text = f"NAME_shifted({left} {operator} {right}, {shift})"
        self.element_wise(to, text, lambda m: ((a.of(m) << x) + sign * (b.of(m) << y), shift))

    def multiply(self, a: Place, b: Place, to: Place) -> None:
        """Add the product, unit by unit."""
        shift = fitting(a.fraction + b.fraction - to.fraction, 30)
        self.element_wise(
            to, f"NAME_shifted((int64_t){a.at()} * {b.at()}, {shift})", lambda m: (a.of(m) * b.of(m), shift)
        )

    def convert(self, a: Place, to: Place, least: int = LEAST) -> None:
        """Copy with another fraction; with ``least`` 0, what is negative becomes 0."""
        shift = fitting(a.fraction - to.fraction, 15)
        text = a.at() if least == LEAST else f"({a.at()} > 0 ? {a.at()} : 0)"
        self.element_wise(to, f"NAME_shifted({text}, {shift})", lambda m: (np.maximum(a.of(m), least), shift))

    def tanh(self, a: Place, to: Place, *, sigmoid: bool = False) -> None:
        """Add tanh, or sigmoid."""
        shift = fitting(a.fraction - 12 + sigmoid, 15)
        inner = f"NAME_tanh(NAME_shifted({a.at()}, {shift}))"
        text = f"NAME_shifted((int64_t){inner} + 32768, 1)" if sigmoid else inner

        def run(memory: dict[str, np.ndarray]) -> tuple[np.ndarray, int]:
            # beyond 8 tanh is 1, so that a limited argument is no loss
            y = tanh(shifted(a.of(memory), shift))
            return (y + 32768, 1) if sigmoid else (y, 0)

        self.element_wise(to, text, run)

    def product(self, name: str, weight: np.ndarray, v: Place, to: Place) -> None:
        """Add W v."""
        w = self.number(name, weight)
        rows, columns = weight.shape
        shift = fitting(w.fraction + v.fraction - to.fraction, 30 + columns.bit_length())
        self.lines += [
            f"for (u = 0; u < {rows}; ++u) {{",
            "  int64_t sum = 0;",
            f"  for (k = 0; k < {columns}; ++k) sum += (int32_t){w.array}[u * {columns} + k] * {v.at('k')};",
            f"  {to.at()} = NAME_shifted(sum, {shift});",
            "}",
        ]
        matrix = self.constants[name].astype(np.int64).reshape(rows, columns)

        def run(memory: dict[str, np.ndarray], tally: Tally) -> None:
            sums = matrix @ v.of(memory)
            memory[to.array][to.first : to.first + to.size] = shifted(sums, shift, tally)

        self.runs.append(run)


def _scaled(a: Place, shift: int) -> str:
    return f"(int64_t){a.at()} * {1 << shift}" if shift else f"(int64_t){a.at()}"


def joined(parts: Sequence[str]) -> str:
    """Lines in a function."""
    return "\n".join(f"  {line}" for line in parts)
