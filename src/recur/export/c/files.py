"""The files of an exported network: header, source, test, Makefile and README."""

from __future__ import annotations

import re

from recur._version import __version__
from recur.export.c.fixed import EXP_ERROR, TANH_ERROR
from recur.export.c.functions import ERRORS, needs_library
from recur.export.c.interface import declarations, definitions
from recur.export.c.network import Network
from recur.export.c.rows import Rows
from recur.export.c.trial import trial

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
        n = self.network
        constants = {
            "INPUTS": (n.inputs, "of a step: " + self.x), "OUTPUTS": (n.outputs, "numbers of an answer: " + self.y),
            **n.constants, "RAM_BYTES": (self.source.ram, "of struct NAME_state"),
            "FLASH_BYTES": (self.source.flash, "of constant arrays"),
        }  # fmt: skip
        defines = "\n".join(f"/* {what} */\n#define UPPER_{key} {value}" for key, (value, what) in constants.items())
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
{declarations(n)}{"".join(chr(10) + text for text in self.source.public)}
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
        library = "\n#include <math.h>\n" if self.library else ""
        check = "typedef char NAME_size[sizeof(struct NAME_state) == UPPER_RAM_BYTES ? 1 : -1];\n\n"
        body = self.source.body() + definitions(self.network)
        return self._named(_STANDARD + library + "\n" + check + body)

    def test(self, rows: Rows, allowed: float) -> str:
        """A program that compares the answers with those of the network."""
        head = "#define UPPER_IMPLEMENTATION\n" if self.single else ""
        text = (
            f'/* Written by {MARK}. */\n{head}#include "NAME.h"\n\n#include <stdio.h>\n\n'
            + ("" if self.single else _STANDARD) + "\n" + trial(self.network, rows, allowed)
        )  # fmt: skip
        return self._named(text)

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
        x = "int32_t x = 0;" if n.ids else f"{n.number} x[UPPER_INPUTS] = {{0}};"
        math = ", ".join(f"`{name}`" for name in ERRORS)
        errors = f"Errors of {math}: at most {max(ERRORS.values()):g} units in the last place."
        if n.number == "int16_t":
            errors = (
                "Whole numbers of 16 bits, no float: `..FRACTION` in the header says how many bits follow the point.\n"
                "  Sums have 64 bits; what does not fit into 16 bits is limited. Largest errors of the tables: "
                f"tanh {TANH_ERROR:g}, exp {EXP_ERROR:g}."
            )
        needs = (
            f"It calls {', '.join(f'`{name}`' for name in self.library)} of the C library, and nothing else."
            if self.library
            else "It needs no library."
        )
        if n.ids:
            checked = "* An id that is not in 0 .. UPPER_SYMBOLS - 1 is refused: -1 is returned, nothing is read.\n"
        elif n.number == "float":
            checked = "* Numbers are not checked: after one that is infinite or not a number, reset the state.\n"
        else:
            checked = ""
        define = "#define UPPER_IMPLEMENTATION\n" if self.single else ""
        files = "`NAME.h`" if self.single else "`NAME.c` and `NAME.h`"
        if n.whole:
            x = x.replace(" = 0", "[2] = {0}") if n.ids else x.replace("[", "[2 * ")
            use = (
                f"  {x}  /* a sequence of two items */\n  {n.number} y[2 * UPPER_OUTPUTS];\n"
                f"  NAME_run(&state, x, 2, y);  /* of at most {n.most} */"
            )
        else:
            use = (
                f"  {x}\n  {n.number} y[UPPER_OUTPUTS];\n"
                "  NAME_reset(&state);         /* a new sequence */\n"
                "  NAME_step(&state, x, y);    /* one item in, one answer out */"
            )
        text = f"""<!-- Written by {MARK}, recur {__version__}. -->
# NAME

{self.sentence}.

```c
{define}#include "NAME.h"

static struct NAME_state state;

int main(void) {{
{use}
  return 0;
}}
```

* x: {self.x}. y: {self.y}.
{checked}* {files}: C99 and C++. {needs} No memory is allocated, nothing global changes,
  nothing recurses, and every loop is bounded. Any number of states may be used at once, also by several threads.
* RAM: {self.source.ram:,} bytes for each state. Flash: {self.source.flash:,} bytes of constants.
* {compared}. `make test` repeats it.
* {errors}
"""
        return self._named(text)
