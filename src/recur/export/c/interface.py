"""The functions that a program calls: their declarations with what they do, and their definitions.

Item by item there are ``NAME_reset``, ``NAME_step`` and ``NAME_run``; of a network that reads whole sequences alone
there is ``NAME_run``. ITEM is the item at step t, KIND the type of what is read.
"""

from __future__ import annotations

from recur.export.c.network import Network
from recur.export.reference import EACH

_STEPWISE = """/* Begin a sequence. Each state is independent of all others: there is no other memory that changes. */
void NAME_reset(struct NAME_state *state);

/* Read one item and answer: y has UPPER_OUTPUTS numbers; it may be null where the answer is not needed.CHECKED */
STEPPED NAME_step(struct NAME_state *state, PARAMETER, float *y);

/* Read items one after another; y has the answer WHEN.
   Returns the number of answersREFUSED. */
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y);
"""

_WHOLE = """/* Read a whole sequence; y has the answer WHEN. The state is memory to work in: nothing is kept from one
   call to the next, and it may hold anything before. Returns the number of answers, or -1 for more steps than
   UPPER_MAX_STEPSREFUSED. */
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y);
"""

_STEP = """
void NAME_reset(struct NAME_state *state) {
RESET
}

STEPPED NAME_step(struct NAME_state *state, PARAMETER, float *y) {
CHECK_ONE  NAME_read(state, x);
  if (y != 0) NAME_answer(state, y);
DONE}
"""

_RUN = {
    (False, True): """
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y) {
  int t;
  if (steps < 0) return 0;
CHECK_ALL  for (t = 0; t < steps; ++t) NAME_step(state, ITEM, y + (long)t * UPPER_OUTPUTS);
  return steps;
}
""",
    (False, False): """
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y) {
  int t;
  if (steps < 0) return 0;
CHECK_ALL  for (t = 0; t < steps; ++t) NAME_read(state, ITEM);
  NAME_answer(state, y);
  return 1;
}
""",
    (True, True): """
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y) {
  int t;
  if (steps < 0 || steps > UPPER_MAX_STEPS) return -1;
CHECK_ALL  for (t = 0; t < steps; ++t) NAME_item(state, ITEM, t);
  NAME_layers(state, steps);
  for (t = 0; t < steps; ++t) NAME_answer(state, t, y + (long)t * UPPER_OUTPUTS);
  return steps;
}
""",
    (True, False): """
int NAME_run(struct NAME_state *state, const KIND *x, int steps, float *y) {
  int t;
  if (steps < 0 || steps > UPPER_MAX_STEPS) return -1;
CHECK_ALL  for (t = 0; t < steps; ++t) NAME_item(state, ITEM, t);
  NAME_layers(state, steps);
  NAME_summary(state, steps);
  NAME_answer(state, y);
  return 1;
}
""",
}

# of ids and of numbers: a program that computes a wrong id is told, instead of another symbol being read in its place
_CHECKS = {
    "CHECKED": ("\n   Returns 0, or -1 for an id that is not in 0 .. UPPER_SYMBOLS - 1, which is not read.", ""),
    "REFUSED": (", or -1 if an id is not in 0 .. UPPER_SYMBOLS - 1: then none is read", ""),
    "STEPPED": ("int", "void"),
    "CHECK_ONE": ("  if (x < 0 || x >= UPPER_SYMBOLS) return -1;\n", ""),
    "DONE": ("  return 0;\n", ""),
    "CHECK_ALL": ("  for (t = 0; t < steps; ++t) {\n    if (x[t] < 0 || x[t] >= UPPER_SYMBOLS) return -1;\n  }\n", ""),
}


def declarations(network: Network) -> str:
    """The prototypes of what a program calls."""
    text = _WHOLE if network.whole else _STEPWISE
    return with_types(text.replace("WHEN", "to each" if network.answers == EACH else "after the last"), network)


def definitions(network: Network) -> str:
    """The functions that a program calls."""
    run = with_types(_RUN[network.whole, network.answers == EACH], network)
    if network.whole:
        return run
    # the lines of a reset have names of the user's cell, in which no type is replaced
    return with_types(_STEP, network).replace("RESET", "\n".join(f"  {line}" for line in _reset(network))) + run


def with_types(text: str, network: Network) -> str:
    """Replace the marks of what a network reads."""
    item = "x[t]" if network.ids else "x + (long)t * UPPER_INPUTS"
    parameter = "int32_t x" if network.ids else f"const {network.number} *x"
    kind = "int32_t" if network.ids else network.number
    text = text.replace("float *y", f"{network.number} *y")
    for mark, (of_ids, of_numbers) in _CHECKS.items():
        text = text.replace(mark, of_ids if network.ids else of_numbers)
    return text.replace("ITEM", item).replace("KIND", kind).replace("PARAMETER", parameter)


def _reset(network: Network) -> list[str]:
    source = network.source
    lines = [*source.reset, *(f"s->{name} = {value};" for name, value in source.counters.items())]
    uses = any("u = 0" in line for line in lines)
    head = ["struct NAME_state *const s = state;", *(["int u;"] if uses else [])]
    return [*head, *lines] if lines else ["(void)state;"]
