/* Read sounds as frames of numbers from standard input, each after their count; print the word of each. */
#include <stdio.h>

#include "model.h"

int main(void) {
  static struct model_state state;
  static float frame[MODEL_INPUTS], y[MODEL_OUTPUTS];
  int32_t frames;
  int best, i;
  while (fread(&frames, sizeof frames, 1, stdin) == 1) {
    model_reset(&state);
    for (; frames > 0 && fread(frame, sizeof frame, 1, stdin) == 1; --frames) model_step(&state, frame, 0);
    model_run(&state, frame, 0, y); /* no further frame: the answer alone */
    for (best = 0, i = 1; i < MODEL_OUTPUTS; ++i) best = y[i] > y[best] ? i : best;
    printf("%s\n", model_labels[best]);
  }
  return 0;
}
