"""The forward step of a cell as a WebAssembly module, which the package ziglang compiles where it is installed.

The C text has the statements of the step in JavaScript, which are of few forms, with float32 in place of float64: both
compute the same frame, so that the backward step and the pictures read from it are those of the page. Sizes and weights
are given, so that a module has a few KB.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from recur.engine.c_step import zig
from recur.export.c.functions import functions

SECONDS = 120
_FLAGS = (
    "-target", "wasm32-freestanding", "-msimd128", "-mbulk-memory", "-mnontrapping-fptoint", "-std=c11", "-O3", "-w",
    "-fno-builtin", "-ffreestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,--export=forward",
    "-Wl,--export=__heap_base", "-Wl,--strip-all", "-Wl,-z,stack-size=16384",
)  # fmt: skip
_OWN = ("exp", "tanh", "sigmoid", "abs", "maximum", "minimum")
_START, _ONCE, _END = "  let fSize = 0;", "  const c = new A(cSize);", "  let dSize = 0;"


@dataclass(frozen=True)
class Module:
    """A compiled step.

    Attributes
    ----------
    code : bytes
        The module.
    n, w, k : tuple of str
        The size symbols, parameters and noises that it is given, in order.
    """

    code: bytes
    n: tuple[str, ...]
    w: tuple[str, ...]
    k: tuple[str, ...]

    def javascript(self) -> str:
        """What ``wasm.js`` reads."""
        return json.dumps({"code": base64.b64encode(self.code).decode(), "n": self.n, "w": self.w, "k": self.k})


@cache
def module(step: str) -> Module | None:
    """Compile the forward step of a cell.

    Parameters
    ----------
    step : str
        The step in JavaScript.

    Returns
    -------
    Module or None
        None where ziglang is not installed, or does not compile it: the JavaScript is what runs then.
    """
    words = zig("cc")
    if words is None:
        return None
    text, (n, w, k) = c_text(step)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "step.c", Path(folder) / "step.wasm"
        source.write_text(text, encoding="utf-8")
        try:
            subprocess.run(
                [*words, *_FLAGS, str(source), "-o", str(target)], capture_output=True, timeout=SECONDS, check=True,
                cwd=folder, env={"ZIG_GLOBAL_CACHE_DIR": folder, **os.environ},
            )  # fmt: skip
            return Module(target.read_bytes(), n, w, k)
        except (OSError, subprocess.SubprocessError):
            return None


def c_text(step: str) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """Return the forward step of a cell in C, and the names of sizes, parameters and noises that it is given."""
    lines = step.split("\n")
    start, end = lines.index(_START), lines.index(_END)
    layout = lines[1 : lines.index(_ONCE)] if _ONCE in lines else lines[1:start]
    first = lines.index("    forward(f) {")
    body = lines[first + 1 : lines.index("    },", first)]
    given: dict[str, list[str]] = {"n": [], "w": [], "k": []}
    written = [_statement(line, given) for line in (*layout, *lines[start:end], *body)]
    named = [f"const int n{i} = n[{i}];" for i in range(len(given["n"]))]
    named += [f"const float *const w{i} = w[{i}];" for i in range(len(given["w"]))]
    named += [f"const float k{i} = k[{i}];" for i in range(len(given["k"]))]
    head = "void forward(const int *n, const float *const *w, const float *k, const float *c, float *f) {"
    text = "\n".join(
        ["#include <stdint.h>", functions(_OWN).replace("NAME", "own"), _FUNCTIONS, head, *named, *written]
    )
    return f"{text}\n}}\n", tuple(tuple(names) for names in given.values())


def _statement(line: str, given: dict[str, list[str]]) -> str:
    """A statement of the step in C."""
    line = re.sub(r'\b([nwk])\[("(?:[^"\\]|\\.)*")\]', partial(_place, given=given), line)
    line = re.sub(r"\b(?:arithmetic|Math)\.", "own_", line).replace("===", "==")
    line = re.sub(r"\bown_(max|min)\b", r"own_\1imum", line)
    line = line.replace("NaN", '__builtin_nanf("")').replace("Infinity", "__builtin_inff()")
    line = re.sub(r"^( *)(\w)\.fill\(", r"\1own_fill(\2, ", line)
    line = re.sub(r"\b(const|let) (?=[scf]\w+ = )", lambda kind: "const int " if kind[1] == "const" else "int ", line)
    # an iteration writes elements of vectors that no other one reads
    line = re.sub(r"^( *)for \(let i", "#pragma clang loop vectorize(assume_safety)\n\\1for (int i", line)
    line = line.replace("for (let ", "for (int ")
    value = re.match(r"^( *)const (v\d+) = (.*);$", line)
    if value is None:
        return line
    expression = (
        value[3] if "[" in value[3] else re.sub(r"(?<![\w.])(?:s\d+\b|\d[\w.]*(?:(?<=e)[-+]\d+)?)", _float, value[3])
    )
    return f"{value[1]}const float {value[2]} = {expression};"


def _place(name: re.Match[str], given: dict[str, list[str]]) -> str:
    names, one = given[name[1]], json.loads(name[2])
    if one not in names:
        names.append(one)
    return f"{name[1]}{names.index(one)}"


def _float(number: re.Match[str]) -> str:
    return f"(float){number[0]}"


_FUNCTIONS = """
#define own_sqrt __builtin_sqrtf
#define own_floor __builtin_floorf
#define GIVEN(name) __attribute__((import_module("own"), import_name(#name)))
GIVEN(log) float own_log(float);
GIVEN(sin) float own_sin(float);
GIVEN(cos) float own_cos(float);
GIVEN(atan) float own_atan(float);
GIVEN(erf) float own_erf(float);
GIVEN(softplus) float own_softplus(float);
GIVEN(pow) float own_pow(float, float);
typedef float v4 __attribute__((vector_size(16), aligned(4)));
static inline v4 at(const float *x) { return *(const v4 *)x; }
static inline float total(v4 x) { return (x[0] + x[2]) + (x[1] + x[3]); }
static void own_fill(float *x, float value, int first, int end) {
  for (int u = first; u < end; ++u) x[u] = value;
}
static void own_copy(const float *from, int i, float *to, int j, int count) {
  for (int u = 0; u < count; ++u) to[j + u] = from[i + u];
}
static float own_sum(const float *v, int i, int count) {
  v4 sums = {0};
  int u = 0;
  for (; u + 4 <= count; u += 4) sums += at(v + i + u);
  float rest = 0;
  for (; u < count; ++u) rest += v[i + u];
  return total(sums) + rest;
}
static float own_largest(const float *v, int i, int count) {
  float most = v[i];
  for (int u = 1; u < count; ++u) most = own_maximum(most, v[i + u]);
  return most;
}
/* four rows at a time, each in vectors along its columns */
static void own_product(const float *w, int first, int rows, int columns, const float *v, int i, float *y, int j) {
  int row = 0;
  for (; row + 4 <= rows; row += 4) {
    const float *const a = w + first + row * columns, *const b = a + columns;
    const float *const c = b + columns, *const d = c + columns;
    v4 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, t0 = {0}, t1 = {0}, t2 = {0}, t3 = {0};
    int u = 0;
    for (; u + 8 <= columns; u += 8) {
      const v4 x = at(v + i + u), z = at(v + i + u + 4);
      s0 += at(a + u) * x, s1 += at(b + u) * x, s2 += at(c + u) * x, s3 += at(d + u) * x;
      t0 += at(a + u + 4) * z, t1 += at(b + u + 4) * z, t2 += at(c + u + 4) * z, t3 += at(d + u + 4) * z;
    }
    float sums[4] = {total(s0 + t0), total(s1 + t1), total(s2 + t2), total(s3 + t3)};
    for (; u < columns; ++u) {
      const float x = v[i + u];
      sums[0] += a[u] * x, sums[1] += b[u] * x, sums[2] += c[u] * x, sums[3] += d[u] * x;
    }
    for (int r = 0; r < 4; ++r) y[j + row + r] = sums[r];
  }
  for (; row < rows; ++row) {
    const float *const a = w + first + row * columns;
    v4 sums = {0};
    int u = 0;
    for (; u + 4 <= columns; u += 4) sums += at(a + u) * at(v + i + u);
    float rest = total(sums);
    for (; u < columns; ++u) rest += a[u] * v[i + u];
    y[j + row] = rest;
  }
}
static void own_transposed(const float *w, int first, int rows, int columns, const float *v, int i, float *y, int j) {
  for (int u = 0; u < columns; ++u) y[j + u] = 0;
  for (int row = 0; row < rows; ++row) {
    const float one = v[i + row], *const a = w + first + row * columns;
    float *const to = y + j;
    #pragma clang loop vectorize(assume_safety)
    for (int u = 0; u < columns; ++u) to[u] += a[u] * one;
  }
}
static void own_outer(const float *a, int i, int rows, const float *b, int j, int columns, float *y, int first) {
  for (int row = 0; row < rows; ++row) {
    float *const to = y + first + row * columns;
    #pragma clang loop vectorize(assume_safety)
    for (int u = 0; u < columns; ++u) to[u] = a[i + row] * b[j + u];
  }
}
"""
"""What the statements call; the functions that are not the project's own in C are given by the page."""
