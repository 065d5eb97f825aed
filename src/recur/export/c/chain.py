"""The best tags of a row in C: Viterbi's search over the scores of a chain (CRF), and the score of given tags."""

from __future__ import annotations

from recur.export.c.source import Source
from recur.nn import CRF
from recur.nn.graph_writer import array_of

_TAGS = """
int NAME_tags(struct NAME_state *state, const float *y, int steps, int32_t *tags) {
  float *const best = state->chain;
  float *const next = state->chain + COUNT;
  int t, j, k, from;
  if (steps < 0 || steps > UPPER_MAX_STEPS) return -1;
  if (steps == 0) return 0;
  for (k = 0; k < COUNT; ++k) best[k] = NAME_chain_first[k] + y[k];
  for (t = 1; t < steps; ++t) {
    for (k = 0; k < COUNT; ++k) {
      float most = best[0] + NAME_chain_pairs[k];
      from = 0;
      for (j = 1; j < COUNT; ++j) {
        const float value = best[j] + NAME_chain_pairs[j * COUNT + k];
        if (value > most) {
          most = value;
          from = j;
        }
      }
      next[k] = most + y[(long)t * COUNT + k];
      state->origins[(long)t * COUNT + k] = (KIND)from;
    }
    for (k = 0; k < COUNT; ++k) best[k] = next[k];
  }
  from = 0;
  for (k = 1; k < COUNT; ++k) {
    if (best[k] + NAME_chain_last[k] > best[from] + NAME_chain_last[from]) from = k;
  }
  for (t = steps - 1; t > 0; --t) {
    tags[t] = from;
    from = (int)state->origins[(long)t * COUNT + from];
  }
  tags[0] = from;
  return steps;
}
"""

_SCORE = """
float NAME_score(const float *y, int steps, const int32_t *tags) {
  float total = 0.0f;
  int t;
  if (steps <= 0) return 0.0f;
  for (t = 0; t < steps; ++t) {
    total += y[(long)t * COUNT + tags[t]];
    total += t == 0 ? NAME_chain_first[tags[0]] : NAME_chain_pairs[tags[t - 1] * COUNT + tags[t]];
  }
  return total + NAME_chain_last[tags[steps - 1]];
}
"""


def write_chain(source: Source, crf: CRF, most: int) -> None:
    """Add ``NAME_tags`` and ``NAME_score`` over rows of at most so many steps."""
    for name, parameter in (("first", crf.first), ("pairs", crf.transitions), ("last", crf.last)):
        source.array(f"chain_{name}", array_of(parameter))
    source.member("chain", 2 * crf.size)
    source.whole_member("origins", crf.size - 1, most * crf.size)
    kind, _ = source.whole["origins"]
    for text in (_TAGS, _SCORE):
        source.functions.append(text.replace("COUNT", str(crf.size)).replace("KIND", kind).lstrip())
    source.public += [
        "/* The best tags of a row, as a whole, from the scores y of all its steps.\n"
        "   Returns how many they are, or -1 for more steps than UPPER_MAX_STEPS. */\n"
        "int NAME_tags(struct NAME_state *state, const float *y, int steps, int32_t *tags);\n",
        "/* The score of tags, from 0 to UPPER_OUTPUTS - 1, of which NAME_tags finds the largest. */\n"
        "float NAME_score(const float *y, int steps, const int32_t *tags);\n",
    ]
