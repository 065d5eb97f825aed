// Times RTNeural's layers with weights from a file: one line of figures for each network of a list.
#include <RTNeural/RTNeural.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

constexpr int kBlock = 64;

using Matrix = std::vector<std::vector<float>>;

std::vector<float> read(std::FILE* file, size_t count) {
  std::vector<float> values(count);
  if (std::fread(values.data(), sizeof(float), count, file) != count) std::exit(1);
  return values;
}

Matrix matrix(std::FILE* file, size_t rows, size_t columns) {
  Matrix result;
  for (size_t row = 0; row < rows; ++row) result.push_back(read(file, columns));
  return result;
}

// W (X, G H), U (H, G H) and biases in RTNeural's order, then W_hy (1, H) and b_y
template <class Layer>
void load(Layer& layer, std::FILE* file, int inputs, int hidden, int gates, int biases) {
  layer.setWVals(matrix(file, inputs, gates * hidden));
  layer.setUVals(matrix(file, hidden, gates * hidden));
  if constexpr (requires { layer.setBVals(std::vector<float>{}); }) {
    layer.setBVals(read(file, gates * hidden));
  } else {
    layer.setBVals(matrix(file, biases, gates * hidden));
  }
}

template <template <class, int, int, RTNeural::SampleRateCorrectionMode, class> class Layer, int X, int H>
void measure(const std::string& folder, const std::string& name, int gates, int biases, int steps, int rounds) {
  using None = std::integral_constant<RTNeural::SampleRateCorrectionMode, RTNeural::SampleRateCorrectionMode::None>;
  static RTNeural::ModelT<float, X, 1, Layer<float, X, H, None::value, RTNeural::DefaultMathsProvider>,
                          RTNeural::DenseT<float, H, 1>>
      model;
  std::FILE* file = std::fopen((folder + "/" + name + ".weights").c_str(), "rb");
  if (file == nullptr) std::exit(1);
  load(model.template get<0>(), file, X, H, gates, biases);
  model.template get<1>().setWeights(matrix(file, 1, H));
  const std::vector<float> bias = read(file, 1);
  model.template get<1>().setBias(bias.data());
  std::fclose(file);
  file = std::fopen((folder + "/" + name + ".inputs").c_str(), "rb");
  const std::vector<float> x = read(file, static_cast<size_t>(steps) * X);
  std::fclose(file);
  std::vector<float> y(steps);
  std::vector<double> times;
  alignas(64) float in[X];
  for (int round = 0; round < rounds; ++round) {
    model.reset();
    for (int first = 0; first + kBlock <= steps; first += kBlock) {
      const auto begin = std::chrono::steady_clock::now();
      for (int t = first; t < first + kBlock; ++t) {
        std::copy(x.data() + static_cast<size_t>(t) * X, x.data() + static_cast<size_t>(t + 1) * X, in);
        y[t] = model.forward(in);
      }
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
      times.push_back(taken.count() / kBlock);
    }
  }
  std::sort(times.begin(), times.end());
  std::printf("%s %g %g", name.c_str(), times[times.size() / 2], times[times.size() * 999 / 1000]);
  for (int t = 0; t < 32; ++t) std::printf(" %.9g", y[t]);
  std::printf("\n");
}

template <class T, int X, int H, RTNeural::SampleRateCorrectionMode mode, class Maths>
using Lstm = RTNeural::LSTMLayerT<T, X, H, mode, Maths>;
template <class T, int X, int H, RTNeural::SampleRateCorrectionMode mode, class Maths>
using Gru = RTNeural::GRULayerT<T, X, H, mode, Maths>;

template <int X, int H>
void both(const std::string& folder, int steps, int rounds) {
  const std::string shape = std::to_string(X) + "_" + std::to_string(H);
  measure<Lstm, X, H>(folder, "lstm_" + shape, 4, 1, steps, rounds);
  measure<Gru, X, H>(folder, "gru_" + shape, 3, 2, steps, rounds);
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) return 2;
  const std::string folder = words[1];
  const int steps = std::stoi(words[2]), rounds = std::stoi(words[3]);
  both<1, 8>(folder, steps, rounds);
  both<1, 16>(folder, steps, rounds);
  both<1, 24>(folder, steps, rounds);
  both<1, 40>(folder, steps, rounds);
  both<1, 64>(folder, steps, rounds);
  both<1, 128>(folder, steps, rounds);
  both<128, 128>(folder, steps, rounds);
  return 0;
}
