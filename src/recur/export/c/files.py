"""The files of an exported network: header, source, test, Makefile and README."""

from __future__ import annotations

import re

import numpy as np

from recur._version import __version__
from recur.export.c.functions import ERRORS, needs_library
from recur.export.c.network import EACH, LAST, Network
from recur.export.c.rows import Rows
from recur.export.c.source import declared

MARK = "recur export --c"
"""In the first lines of every file: a folder whose files all have it is replaced by the next export."""

_STANDARD = """#if defined(__cplusplus)
#define NAME_RESTRICT __restrict
#else
#define NAME_RESTRICT restrict
#endif
#if defined(__GNUC__)
#define NAME_ALIGNED(declaration) declaration __attribute__((aligned(64)))
#else
#define NAME_ALIGNED(declaration) declaration
#endif
/* gcc unrolls short loops before it makes vectors of them, and then makes none */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 8
#define NAME_VECTOR _Pragma("GCC unroll 1")
#else
#define NAME_VECTOR
#endif
"""

_PUBLIC = {
    EACH: """
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y) {
  int t;
  if (steps < 0) return 0;
  for (t = 0; t < steps; ++t) NAME_step(state, ITEM, y + (long)t * UPPER_OUTPUTS);
  return steps;
}
""",
    LAST: """
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y) {
  int t;
  if (steps < 0) return 0;
  for (t = 0; t < steps; ++t) NAME_read(state, ITEM);
  NAME_answer(state, y);
  return 1;
}
""",
}


class Files:
    """The texts of an export.

    Parameters
    ----------
    network : Network
        What is written.
    name : str
        The start of every name, and the names of the files.
    sentence : str
        What is predicted from what.
    single : bool
        Whether header and source are one file.
    """

    def __init__(self, network: Network, name: str, sentence: str, *, single: bool) -> None:
        self.network, self.name, self.single = network, name, single
        self.upper = name.upper()
        self._words: list[str] = []
        self.sentence = self._word(sentence)
        self.x, self.y = self._word(network.x), self._word(network.y)
        self.source = network.source
        self.library = needs_library(self.source.calls)

    def texts(self, rows: Rows, allowed: float) -> dict[str, str]:
        """Return file name to text, of all files but the README."""
        files = {f"{self.name}.h": self.header(), f"{self.name}.c": self.code()}
        if self.single:
            files = {f"{self.name}.h": self.header() + self.implementation()}
        return files | {f"{self.name}_test.c": self.test(rows, allowed), "Makefile": self.makefile()}

    def _word(self, text: str) -> str:
        """Return a mark in place of a text of the user, which may hold anything: column names, labels."""
        shown = "".join(one if one.isprintable() else " " for one in text)
        self._words.append(shown.replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?"))
        return f"\x00{len(self._words) - 1}\x00"

    def _named(self, text: str) -> str:
        names = {"NAME": self.name, "UPPER": self.upper}
        text = re.sub("NAME|UPPER", lambda found: names[found[0]], text)
        for number, word in enumerate(self._words):
            text = text.replace(f"\x00{number}\x00", word)
        return text

    def header(self) -> str:
        """The declarations."""
        n, upper = self.network, self.upper
        constants = {
            "INPUTS": (n.inputs, "of a step: " + self.x), "OUTPUTS": (n.outputs, "numbers of an answer: " + self.y),
            **n.constants, "RAM_BYTES": (self.source.ram, "of struct NAME_state"),
            "FLASH_BYTES": (self.source.flash, "of constant arrays"),
        }  # fmt: skip
        defines = "\n".join(
            f"/* {what} */\n#define {upper}_{key} {value}" for key, (value, what) in constants.items()
        ).replace("NAME", self.name)
        kind = "int32_t x" if n.ids else "const float *x"
        kinds = "const int32_t *x" if n.ids else "const float *x"
        each = n.answers == EACH
        text = f"""/* {self.sentence}

   Written by {MARK}, recur {__version__}: the numbers are those of a trained network. */
#ifndef UPPER_H
#define UPPER_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

{defines}

{self.source.struct()}
/* Begin a sequence. Each state is independent of all others: there is no other memory that changes. */
void NAME_reset(struct NAME_state *state);

/* Read one item and answer: y has UPPER_OUTPUTS numbers; it may be null where the answer is not needed. */
void NAME_step(struct NAME_state *state, {kind}, float *y);

/* Read items one after another; y has the answer {"to each" if each else "after the last"}.
   Returns the number of answers. */
int NAME_run(struct NAME_state *state, {kinds}, int steps, float *y);
{"".join(chr(10) + text for text in self.source.public)}
#ifdef __cplusplus
}}
#endif

#endif
"""
        return self._named(text)

    def code(self) -> str:
        """The definitions."""
        return self._named(f'/* Written by {MARK}. */\n#include "NAME.h"\n\n') + self.definitions()

    def implementation(self) -> str:
        """The definitions for a header that holds everything."""
        return (
            f"\n/* In one file of the program: #define {self.upper}_IMPLEMENTATION before the #include. */\n"
            f"#ifdef {self.upper}_IMPLEMENTATION\n\n{self.definitions()}\n#endif\n"
        )

    def definitions(self) -> str:
        """Constants and functions."""
        n = self.network
        library = "\n#include <math.h>\n" if self.library else ""
        item = "x[t]" if n.ids else f"x + (long)t * {self.upper}_INPUTS"
        kind = "int32_t x" if n.ids else "const float *x"
        reset = "\n".join(f"  {line}" for line in self._reset())
        run = _PUBLIC[n.answers].replace("KIND", "int32_t" if n.ids else "float").replace("ITEM", item)
        check = "typedef char NAME_size[sizeof(struct NAME_state) == UPPER_RAM_BYTES ? 1 : -1];\n\n"
        public = f"""
void NAME_reset(struct NAME_state *state) {{
{reset}
}}

void NAME_step(struct NAME_state *state, {kind}, float *y) {{
  NAME_read(state, x);
  if (y != 0) NAME_answer(state, y);
}}
{run}"""
        return self._named(_STANDARD + library + "\n" + check + self.source.body() + public)

    def _reset(self) -> list[str]:
        lines = [*self.source.reset, *(f"s->{name} = {value};" for name, value in self.source.counters.items())]
        uses = any("u = 0" in line for line in lines)
        head = ["struct NAME_state *const s = state;", *(["int u;"] if uses else [])]
        return [*head, *lines] if lines else ["(void)state;"]

    def test(self, rows: Rows, allowed: float) -> str:
        """A program that compares the answers with those of the network."""
        n = self.network
        x = rows.x.astype(np.int32) if n.ids else rows.x.astype(np.float32)
        arrays = "".join(
            declared(f"test_{key}", values)
            for key, values in (("x", x), ("steps", rows.steps.astype(np.int32)), ("y", rows.y.astype(np.float32)))
        )
        head = f"#define {self.upper}_IMPLEMENTATION\n" if self.single else ""
        text = (
            f'/* Written by {MARK}. */\n{head}#include "NAME.h"\n\n#include <stdio.h>\n\n'
            + ("" if self.single else _STANDARD) + "\n" + arrays + _TEST[n.answers]
        )  # fmt: skip
        text = text.replace("KIND", "int32_t" if n.ids else "float").replace("ROWS", str(len(rows.steps)))
        text = text.replace("MOST", str(max(1, int(rows.steps.max(initial=1))))).replace("ALLOWED", f"{allowed:g}")
        item = "x[t]" if n.ids else "x + (long)t * UPPER_INPUTS"
        return self._named(text.replace("ITEM", item))

    def makefile(self) -> str:
        """How the test is built."""
        objects = "NAME_test.c NAME.h" if self.single else "NAME_test.c NAME.c NAME.h"
        sources = "NAME_test.c" if self.single else "NAME_test.c NAME.c"
        text = f"""# Written by {MARK}.
#   make test                                        on this machine
#   make test CC=arm-none-eabi-gcc CFLAGS="-O2 ..."  for another
# Without -ffp-contract=fast, strict C99 has no multiply-add instructions, and takes about twice the time.
CC ?= cc
CFLAGS ?= -O3 -march=native -ffp-contract=fast
LDLIBS ?= {"-lm" if self.library else ""}

test: NAME_test
\t./NAME_test

NAME_test: {objects}
\t$(CC) -std=c99 $(CFLAGS) -o $@ {sources} $(LDLIBS)

clean:
\trm -f NAME_test

.PHONY: test clean
"""
        return self._named(text)

    def readme(self, compared: str) -> str:
        """What the folder is, and its use in ten lines."""
        n = self.network
        x = "int32_t x = 0;" if n.ids else f"float x[{self.upper}_INPUTS] = {{0}};"
        math = ", ".join(f"`{name}`" for name in ERRORS)
        needs = (
            f"It calls {', '.join(f'`{name}`' for name in self.library)} of the C library, and nothing else."
            if self.library
            else "It needs no library."
        )
        define = f"#define {self.upper}_IMPLEMENTATION\n" if self.single else ""
        files = f"`{self.name}.h`" if self.single else f"`{self.name}.c` and `{self.name}.h`"
        text = f"""<!-- Written by {MARK}, recur {__version__}. -->
# {self.name}

{self.sentence}.

```c
{define}#include "NAME.h"

static struct NAME_state state;

int main(void) {{
  {x}
  float y[{self.upper}_OUTPUTS];
  NAME_reset(&state);         /* a new sequence */
  NAME_step(&state, x, y);    /* one item in, one answer out */
  return 0;
}}
```

* x: {self.x}. y: {self.y}.
* {files}: C99 and C++. {needs} No memory is allocated, nothing global changes,
  nothing recurses, and every loop is bounded. Any number of states may be used at once, also by several threads.
* RAM: {self.source.ram:,} bytes for each state. Flash: {self.source.flash:,} bytes of constants.
* {compared}. `make test` repeats it.
* Errors of {math}: at most {max(ERRORS.values()):g} units in the last place.
"""
        return self._named(text)


_COMPARE = """
static double largest_difference = 0.0, largest_value = 0.0;

static void compare(const float *y, const float *expected, int count) {
  int i;
  for (i = 0; i < count; ++i) {
    double gap = (double)y[i] - (double)expected[i], size = expected[i];
    if (gap < 0) gap = -gap;
    if (size < 0) size = -size;
    if (!(gap <= largest_difference)) largest_difference = gap;
    if (size > largest_value) largest_value = size;
  }
}

static int report(void) {
  const double share = largest_value > 0 ? largest_difference / largest_value : largest_difference;
  const int passed = share <= ALLOWED;
  printf("%s: the largest difference is %.3g of the largest value, allowed is ALLOWED\\n", passed ? "passed" : "FAILED",
         share);
  return passed ? 0 : 1;
}
"""

_TEST = {
    EACH: _COMPARE
    + """
/* whole sequences, and two of them step by step at once */
int main(void) {
  static struct NAME_state one, other;
  static float y[MOST * UPPER_OUTPUTS];
  float again[UPPER_OUTPUTS];
  const KIND *x = NAME_test_x;
  const float *expected = NAME_test_y;
  int row, t;
  for (row = 0; row < ROWS; ++row) {
    const int steps = NAME_test_steps[row];
    NAME_reset(&one);
    NAME_run(&one, x, steps, y);
    compare(y, expected, steps * UPPER_OUTPUTS);
    NAME_reset(&one);
    NAME_reset(&other);
    for (t = 0; t < steps; ++t) {
      NAME_step(&one, ITEM, again);
      compare(again, expected + (long)t * UPPER_OUTPUTS, UPPER_OUTPUTS);
      NAME_step(&other, ITEM, again);
      compare(again, expected + (long)t * UPPER_OUTPUTS, UPPER_OUTPUTS);
    }
    x += (long)steps * UPPER_INPUTS;
    expected += (long)steps * UPPER_OUTPUTS;
  }
  return report();
}
""",
    LAST: _COMPARE
    + """
/* whole sequences, and two of them step by step at once */
int main(void) {
  static struct NAME_state one, other;
  float y[UPPER_OUTPUTS];
  const KIND *x = NAME_test_x;
  int row, t;
  for (row = 0; row < ROWS; ++row) {
    const int steps = NAME_test_steps[row];
    const float *expected = NAME_test_y + (long)row * UPPER_OUTPUTS;
    NAME_reset(&one);
    NAME_run(&one, x, steps, y);
    compare(y, expected, UPPER_OUTPUTS);
    NAME_reset(&one);
    NAME_reset(&other);
    for (t = 0; t < steps; ++t) {
      NAME_step(&one, ITEM, t + 1 < steps ? 0 : y);
      NAME_step(&other, ITEM, 0);
    }
    if (steps > 0) compare(y, expected, UPPER_OUTPUTS);
    NAME_run(&other, x, 0, y);
    compare(y, expected, UPPER_OUTPUTS);
    x += (long)steps * UPPER_INPUTS;
  }
  return report();
}
""",
}
