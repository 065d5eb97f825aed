"""The program of an exported folder that compares its answers with those of the network."""

from __future__ import annotations

import numpy as np

from recur.export.c.interface import with_types
from recur.export.c.network import Network
from recur.export.c.rows import Rows
from recur.export.c.source import declared
from recur.export.reference import EACH

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

_TAGS = """
/* other tags than the network's are right if their score is the same */
static void compare_tags(struct NAME_state *state, const float *y, int steps, const int32_t *expected) {
  static int32_t tags[MOST];
  float found, known;
  int t;
  for (t = 0; t < steps; ++t) tags[t] = -1;
  if (NAME_tags(state, y, steps, tags) != steps) largest_difference = 1e30;
  for (t = 0; t < steps; ++t) {
    if (tags[t] < 0 || tags[t] >= UPPER_OUTPUTS) {
      largest_difference = 1e30;
      return;
    }
  }
  found = NAME_score(y, steps, tags);
  known = NAME_score(y, steps, expected);
  compare(&found, &known, 1);
}
"""

_MAIN = """
/* whole sequencesALSO */
int main(void) {
DECLARED
  const KIND *x = NAME_test_x;
  int row;
  for (row = 0; row < ROWS; ++row) {
    const int steps = NAME_test_steps[row];
BODY
    x += (long)steps * UPPER_INPUTS;
  }
  return report();
}
"""

_STEPWISE = {
    True: """    NAME_reset(&one);
    NAME_run(&one, x, steps, y);
    compare(y, expected, steps * UPPER_OUTPUTS);
TAGS
    NAME_reset(&one);
    NAME_reset(&other);
    for (t = 0; t < steps; ++t) {
      NAME_step(&one, ITEM, again);
      compare(again, expected + (long)t * UPPER_OUTPUTS, UPPER_OUTPUTS);
      NAME_step(&other, ITEM, again);
      compare(again, expected + (long)t * UPPER_OUTPUTS, UPPER_OUTPUTS);
    }
    expected += (long)steps * UPPER_OUTPUTS;""",
    False: """    NAME_reset(&one);
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
    expected += UPPER_OUTPUTS;""",
}

_WHOLE = {
    True: """    if (NAME_run(&one, x, steps, y) != steps) largest_difference = 1e30;
    compare(y, expected, steps * UPPER_OUTPUTS);
TAGS
    expected += (long)steps * UPPER_OUTPUTS;""",
    False: """    if (NAME_run(&one, x, steps, y) != 1) largest_difference = 1e30;
    compare(y, expected, UPPER_OUTPUTS);
    expected += UPPER_OUTPUTS;""",
}


def trial(network: Network, rows: Rows, allowed: float) -> str:
    """The constants and functions of the program; NAME, UPPER and marks of names are replaced later."""
    each = network.answers == EACH
    tags = rows.tags is not None
    kind = np.int16 if network.number == "int16_t" else np.float32
    arrays = {
        "x": rows.x.astype(np.int32) if network.ids else rows.x.astype(kind),
        "steps": rows.steps.astype(np.int32),
        "y": rows.y.astype(kind),
    }
    if rows.tags is not None:
        arrays["tags"] = rows.tags
    declared_names = ["static struct NAME_state one" + ("" if network.whole else ", other") + ";"]
    declared_names.append("static float y[MOST * UPPER_OUTPUTS];" if each else "float y[UPPER_OUTPUTS];")
    if not network.whole:
        declared_names += ["float again[UPPER_OUTPUTS];", "int t;"] if each else ["int t;"]
    declared_names.append("const float *expected = NAME_test_y;")
    if tags:
        declared_names.append("const int32_t *expected_tags = NAME_test_tags;")
    body = (_WHOLE if network.whole else _STEPWISE)[each]
    search = ["    compare_tags(&one, y, steps, expected_tags);", "    expected_tags += steps;"] if tags else []
    text = _COMPARE + (_TAGS if tags else "") + _MAIN
    text = text.replace("DECLARED", "\n".join(f"  {line}" for line in declared_names))
    text = text.replace("BODY", body.replace("TAGS\n", "".join(f"{line}\n" for line in search)))
    text = text.replace("ALSO", "" if network.whole else ", and two of them step by step at once")
    text = text.replace("ROWS", str(len(rows.steps))).replace("MOST", str(max(1, int(rows.steps.max(initial=1)))))
    text = text.replace("ALLOWED", f"{allowed:g}").replace("float ", f"{network.number} ")
    return "".join(declared(f"test_{key}", values) for key, values in arrays.items()) + with_types(text, network)
