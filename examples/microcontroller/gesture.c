/* Read series of samples from standard input, each after their count; print the phase of the gesture at each sample. */
#include <stdio.h>

#include "model.h"

int main(void) {
  static struct model_state state;
  static float sample[MODEL_INPUTS], y[MODEL_OUTPUTS];
  int32_t samples;
  int best, i;
  while (fread(&samples, sizeof samples, 1, stdin) == 1) {
    model_reset(&state);
    for (; samples > 0 && fread(sample, sizeof sample, 1, stdin) == 1; --samples) {
      model_step(&state, sample, y);
      for (best = 0, i = 1; i < MODEL_OUTPUTS; ++i) best = y[i] > y[best] ? i : best;
      printf("%s\n", model_labels[best]);
    }
  }
  return 0;
}
