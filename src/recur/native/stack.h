// Stack of streams: the layers of a stack stepped together, for one step or a block of steps.
#pragma once

#include <cstring>
#include <vector>

#include "stream.h"

namespace recur {

class StreamStack {
 public:
  StreamStack(AnyStream* const* streams, int64_t count, bool residual, int64_t threads)
      : streams_(streams, streams + count), residual_(residual), threads_(threads) {
    for (AnyStream* stream : streams_) {
      shapes_.push_back(stream->shape());
      work_ += shapes_.back().work;
      // outputs that the next stream reads; every step writes all of them before, so NaN would show
      between_.emplace_back(bytes(shapes_.back().output), static_cast<char>(0xff));
    }
  }

  bool fits() const {
    for (size_t n = 1; n < shapes_.size(); ++n) {
      const StreamShape &a = shapes_[n - 1], &b = shapes_[n];
      if (a.type != b.type || a.rows != b.rows || a.output != b.input) return false;
    }
    return true;
  }

  int64_t type() const { return shapes_.front().type; }
  int64_t rows() const { return shapes_.front().rows; }
  int64_t input() const { return shapes_.front().input; }
  int64_t output() const { return shapes_.back().output; }
  int64_t work() const { return work_; }  // multiplications per step

  // Neither allocates nor throws
  void run(const void* x, void* y, int64_t steps) {
    const size_t in = bytes(input()), out = bytes(output());
    int64_t threads = threads_ > 1 && seconds() - last_ > kAwake ? 1 : threads_;
    for (int64_t t = 0; t < steps; ++t) {
      step(static_cast<const char*>(x) + static_cast<size_t>(t) * in,
           static_cast<char*>(y) + static_cast<size_t>(t) * out, threads);
      threads = threads_;
    }
    if (threads_ > 1) last_ = seconds();
  }

 private:
  // after a pause of so many seconds one thread steps alone: waking the others takes longer than a step
  static constexpr double kAwake = 2e-3;

  size_t bytes(int64_t width) const {
    return static_cast<size_t>(rows() * width) * (type() == 1 ? sizeof(double) : sizeof(float));
  }

  void step(const void* x, void* y, int64_t threads) {
    for (size_t n = 0; n < streams_.size(); ++n) {
      void* out = n + 1 == streams_.size() ? y : between_[n].data();
      streams_[n]->step(x, out, threads);
      if (residual_ && shapes_[n].input == shapes_[n].output) {
        type() == 1 ? add<double>(out, x, n) : add<float>(out, x, n);
      }
      x = out;
    }
  }

  template <class T>
  void add(void* to, const void* from, size_t n) const {
    T* sum = static_cast<T*>(to);
    const T* other = static_cast<const T*>(from);
    for (int64_t i = 0; i < rows() * shapes_[n].output; ++i) sum[i] += other[i];
  }

  std::vector<AnyStream*> streams_;
  std::vector<StreamShape> shapes_;
  std::vector<std::vector<char>> between_;
  bool residual_;
  int64_t threads_, work_ = 0;
  double last_ = -1;
};

}  // namespace recur
