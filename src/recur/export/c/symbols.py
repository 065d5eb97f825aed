"""Symbols in C: their texts, the id of a text by binary search, and the next symbol drawn from its probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recur.errors import ConfigError
from recur.export.c.source import Source

_FIND = """
int32_t NAME_find(const char *text, int32_t bytes) {
  int32_t low = 0, high = COUNT;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    const char *const word = NAME_symbols[NAME_sorted[middle]];
    int32_t i = 0;
    int order = 0;
    while (order == 0 && i < bytes && word[i] != 0) {
      order = (int)(unsigned char)text[i] - (int)(unsigned char)word[i];
      ++i;
    }
    if (order == 0) order = (i < bytes) - (word[i] != 0);
    if (order == 0) return NAME_sorted[middle];
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return UNKNOWN;
}
"""

_SAMPLE = """
static int NAME_may_follow(int32_t id) { return NEVER; }

int32_t NAME_sample(const float *y, float temperature, int32_t top_k, uint32_t *seed) {
  int32_t i, best = -1, kept = 0;
  float least = 2.0f, total = 0.0f, point;
  for (i = 0; i < COUNT; ++i) {
    if (NAME_may_follow(i) && (best < 0 || y[i] > y[best])) best = i;
  }
  if (!(temperature > 0.0f)) return best;
  /* the probability of the last of the top_k; all that are equal to it are kept */
  while (top_k > 0 && kept < top_k && least > 0.0f) {
    float next = 0.0f;
    for (i = 0; i < COUNT; ++i) {
      if (NAME_may_follow(i) && y[i] < least && y[i] > next) next = y[i];
    }
    least = next;
    for (i = 0; i < COUNT; ++i) kept += NAME_may_follow(i) && y[i] == least;
  }
  if (top_k <= 0) least = 0.0f;
  for (i = 0; i < COUNT; ++i) {
    if (NAME_may_follow(i) && y[i] >= least) total += NAME_weight(y[i] / y[best], temperature);
  }
  *seed = *seed == 0 ? 2463534242u : *seed;
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  point = (float)(*seed >> 8) * 5.9604645e-08f * total;
  for (i = 0; i < COUNT; ++i) {
    if (NAME_may_follow(i) && y[i] >= least) {
      const float weight = NAME_weight(y[i] / y[best], temperature);
      if (weight > 0.0f && point < weight) return i;
      point -= weight;
    }
  }
  return best;
}
"""


def write_texts(source: Source, name: str, texts: Sequence[str], what: str) -> None:
    """Add a public table with the text of each id."""
    broken = next((text for text in texts if "\0" in text), None)
    if broken is not None:
        raise ConfigError(
            f"the symbol {broken!r} has the character NUL in it, which ends a text in C; subwords always include it, "
            "since they cover every byte",
            hint="recur export RUN --python model.py; or train on words or characters without it",
        )
    rows = [f"  {quoted(text)}" for text in texts]
    count = len(texts)
    source.tables.append(f"const char *const NAME_{name}[{count}] = {{\n" + ",\n".join(rows) + "};\n")
    source.table_bytes += sum(len(text.encode()) + 1 for text in texts)
    source.public.append(f"/* {what} */\nextern const char *const NAME_{name}[{count}];\n")


def write_find(source: Source, texts: Sequence[str], unknown: int) -> None:
    """Add the function that returns the id of a text."""
    order = sorted(range(len(texts)), key=lambda index: texts[index].encode())
    source.array("sorted", np.array(order, np.int32))
    source.functions.append(_FIND.replace("COUNT", str(len(texts))).replace("UNKNOWN", str(unknown)).lstrip())
    source.public.append(
        f"/* The id of one symbol of so many bytes of UTF-8, or {unknown} where the vocabulary lacks it.\n"
        "   Bytes are compared: divide a sentence into symbols before, as for training, mostly with signs\n"
        "   apart from words. Lower case and contractions are not tried, as `recur predict` does. */\n"
        "int32_t NAME_find(const char *text, int32_t bytes);\n"
    )


def write_sample(source: Source, count: int, never: Sequence[int]) -> None:
    """Add the function that draws the next symbol."""
    allowed = " && ".join(f"id != {index}" for index in sorted(set(never))) or "id >= 0"
    source.calls.add("weight")
    source.functions.append(_SAMPLE.replace("COUNT", str(count)).replace("NEVER", allowed).lstrip())
    source.public.append(
        "/* Draw the next id from the probabilities y: the likeliest for temperature 0, else among the top_k\n"
        "   likeliest (0 for all). The seed is changed; the same seed draws the same ids. */\n"
        "int32_t NAME_sample(const float *y, float temperature, int32_t top_k, uint32_t *seed);\n"
    )


def quoted(text: str) -> str:
    """A text as a C string of bytes of UTF-8."""
    parts = []
    for byte in text.encode("utf-8", "replace"):
        # three octal digits never run into the character that follows; ? could begin a trigraph
        plain = 32 <= byte < 127 and chr(byte) not in '"\\?'
        parts.append(chr(byte) if plain else f"\\{byte:03o}")
    # what begins a name of the file is replaced when the file is written
    return '"' + "".join(parts).replace("NAME", r"\116AME").replace("UPPER", r"\125PPER") + '"'
