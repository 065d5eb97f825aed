// One recurrent layer of RTNeural as a library. The compiler is told its sizes (INPUTS, HIDDEN) and its cell (LSTM or
// GRU).
#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <vector>

namespace {

constexpr auto kNone = RTNeural::SampleRateCorrectionMode::None;
#ifdef LSTM
constexpr int kGates = 4;
using Layer = RTNeural::LSTMLayerT<float, INPUTS, HIDDEN, kNone>;
#else
constexpr int kGates = 3;
using Layer = RTNeural::GRULayerT<float, INPUTS, HIDDEN, kNone>;
#endif
RTNeural::ModelT<float, INPUTS, HIDDEN, Layer> model;

std::vector<std::vector<float>> matrix(const float*& from, int rows) {
  std::vector<std::vector<float>> result;
  for (int row = 0; row < rows; ++row, from += kGates * HIDDEN) result.emplace_back(from, from + kGates * HIDDEN);
  return result;
}

}  // namespace

extern "C" void load(const float* numbers) {
  auto& layer = model.get<0>();
  layer.setWVals(matrix(numbers, INPUTS));
  layer.setUVals(matrix(numbers, HIDDEN));
#ifdef LSTM
  layer.setBVals(matrix(numbers, 1)[0]);
#else
  layer.setBVals(matrix(numbers, 2));
#endif
  model.reset();
}

extern "C" void run(const float* x, float* y, long steps, int first) {
  if (first) model.reset();
  alignas(64) float in[INPUTS];
  for (long t = 0; t < steps; ++t) {
    std::copy(x + t * INPUTS, x + (t + 1) * INPUTS, in);
    model.forward(in);
    std::copy(model.getOutputs(), model.getOutputs() + HIDDEN, y + t * HIDDEN);
  }
}
