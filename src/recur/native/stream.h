// Stream: a recurrence one step per call, with weights packed once and states kept here.
#pragma once

#include "forward.h"

namespace recur {

// What a stream reads and writes in a step, and the multiplications of one
struct StreamShape {
  int64_t type, rows, input, output, work;
};

class AnyStream {
 public:
  virtual ~AnyStream() = default;
  virtual StreamShape shape() const = 0;
  virtual void step(const void* x, void* y, int64_t threads) = 0;
  virtual void get(void* const* states) const = 0;
  virtual void set(const void* const* states) = 0;
};
// expected zoneout), copied here because every step reads it.
struct StreamCall {
  RecurCall call;
  std::vector<int64_t> sizes;
  std::vector<std::vector<char>> kept;
  const void* noises[64] = {};
  int64_t zeros[64] = {};
  void* series[64] = {};
  StreamCall(const RecurCell& cell, const RecurCall& from)
      : call(from), sizes(from.sizes, from.sizes + cell.size_count) {
    call.sizes = sizes.data();
    call.T = 2;
    call.training = call.reverse = 0;
    call.offsets = call.lengths = nullptr;
    call.resets = nullptr;
    call.interrupted = nullptr;
    call.series = series;
    call.series_time = call.series_row = zeros;
    const size_t element = from.type == 1 ? sizeof(double) : sizeof(float);
    for (int32_t n = 0; n < cell.noise_count; ++n) {
      const char* vector = static_cast<const char*>(from.noises[n]);
      kept.emplace_back(vector,
                        vector + element * static_cast<size_t>(sizes[static_cast<size_t>(cell.noise_sizes[n])]));
      noises[n] = kept.back().data();
    }
    call.noises = noises;
    call.noise_time = call.noise_row = zeros;
  }
};

template <class P>
class Stream : private StreamCall, public Forward<P>, public AnyStream {
  using Base = Forward<P>;
  using T = typename P::T;

 public:
  Stream(const RecurCell& cell, const RecurCall& from)
      : StreamCall(cell, from), Base(cell, StreamCall::call), frozen_(static_cast<const FrozenWeights*>(from.frozen)) {
    if (frozen_ != nullptr) frozen_->keep();
  }
  ~Stream() override {
    if (frozen_ != nullptr) frozen_->release();
  }

  int64_t open() { return Base::open(); }

  StreamShape shape() const override {
    const RecurCell& cell = this->cell_;
    const int64_t rows = this->rows_.count();
    int64_t work = 0;
    for (int32_t m = 0; m < cell.matrix_count; ++m)
      work += rows * this->size(cell.matrix_rows[m]) * this->size(cell.matrix_columns[m]);
    return {this->call_.type, rows, this->size(cell.input_size), this->size(cell.state_sizes[0]), work};
  }

  void step(const void* x, void* y, int64_t threads) override {
    const int64_t X = this->size(this->cell_.input_size), O = this->size(this->cell_.state_sizes[0]);
    RecurCall& mine = StreamCall::call;
    // both steps of the pair read and write the same arrays
    mine.x = x, mine.x_time = 0, mine.x_row = X;
    series[0] = y;
    row_[0] = O;
    mine.series_row = row_;
    this->one_step(parity_, static_cast<int>(threads));
    parity_ ^= 1;
  }

  void get(void* const* states) const override { copy(states, nullptr); }
  void set(const void* const* states) override { copy(nullptr, states); }

 private:
  void copy(void* const* out, const void* const* in) const {
    T* base = this->state_base_ + parity_ * this->rows_.count() * this->state_.stride;
    for (int64_t i = 0; i < this->rows_.count(); ++i) {
      for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
        const RecurPart& part = this->cell_.state_parts[k];
        const int64_t at = i * this->size(this->cell_.state_sizes[part.owner]) + this->size(part.start);
        T* row = base + i * this->state_.stride + this->state_.at[static_cast<size_t>(k)];
        const size_t bytes = sizeof(T) * static_cast<size_t>(this->size(part.size));
        if (out != nullptr) std::memcpy(static_cast<T*>(out[part.owner]) + at, row, bytes);
        if (in != nullptr) std::memcpy(row, static_cast<const T*>(in[part.owner]) + at, bytes);
      }
    }
    if (in != nullptr) const_cast<Stream*>(this)->renew_copies(parity_);
  }

  const FrozenWeights* frozen_;
  int64_t parity_ = 0;
  int64_t row_[64] = {};
};

}  // namespace recur
