// The GRU layer of rl_tools as a library: a forward and a backward pass. The compiler is told its sizes (GRU_T, GRU_B,
// GRU_X, GRU_H). Gates are r z n, and the reset gate is after the product: the matrices are those of torch.nn.GRU.
#include <rl_tools/operations/cpu_mux.h>
//
#include <rl_tools/nn/layers/gru/operations_generic.h>
#include <rl_tools/nn/operations_cpu_mux.h>

#include <algorithm>

namespace rlt = rl_tools;

namespace {

using Device = rlt::devices::DEVICE_FACTORY<>;
using Index = Device::index_t;
using Config = rlt::nn::layers::gru::Configuration<rlt::numeric_types::Policy<float>, Index, GRU_H>;
using Capability = rlt::nn::capability::Gradient<rlt::nn::parameters::Gradient>;
using Shape = rlt::tensor::Shape<Index, GRU_T, GRU_B, GRU_X>;
using Layer = rlt::nn::layers::gru::Layer<Config, Capability, Shape>;
using Inputs = rlt::Tensor<rlt::tensor::Specification<float, Index, Shape>>;
using Outputs = rlt::Tensor<rlt::tensor::Specification<float, Index, Layer::OUTPUT_SHAPE>>;

Device device;
Device::SPEC::RANDOM::ENGINE<> random_engine;  // an argument of forward, which draws nothing
Layer layer;
Layer::Buffer<true> buffer;
Inputs x, d_x;
Outputs d_output;

bool allocate() {
  rlt::malloc(device, layer);
  rlt::malloc(device, buffer);
  rlt::malloc(device, x);
  rlt::malloc(device, d_x);
  rlt::malloc(device, d_output);
  return true;
}

template <typename TENSOR>
void read(const float* from, TENSOR& to) {
  std::copy(from, from + TENSOR::SPEC::SIZE, rlt::data(to));
}

template <typename TENSOR>
void write(TENSOR& from, float* to) {
  std::copy(rlt::data(from), rlt::data(from) + TENSOR::SPEC::SIZE, to);
}

}  // namespace

extern "C" void load(const float* inputs, const float* W_x, const float* W_h, const float* b_x, const float* b_h) {
  static const bool allocated = allocate();
  static_cast<void>(allocated);
  read(inputs, x);
  read(W_x, layer.weights_input.parameters);
  read(W_h, layer.weights_hidden.parameters);
  read(b_x, layer.biases_input.parameters);
  read(b_h, layer.biases_hidden.parameters);
  rlt::set_all(device, layer.initial_hidden_state.parameters, 0);
}

// a forward pass, and a backward pass from dE/d(outputs), of which it is given a copy to overwrite
extern "C" void training(const float* seed) {
  rlt::forward(device, layer, x, buffer, random_engine);
  rlt::zero_gradient(device, layer);
  read(seed, d_output);
  rlt::backward_full(device, layer, x, d_output, d_x, buffer);
}

extern "C" void results(float* output, float* inputs, float* W_x, float* W_h, float* b_x, float* b_h) {
  write(layer.output, output);
  write(d_x, inputs);
  write(layer.weights_input.gradient, W_x);
  write(layer.weights_hidden.gradient, W_h);
  write(layer.biases_input.gradient, b_x);
  write(layer.biases_hidden.gradient, b_h);
}
