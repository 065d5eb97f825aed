// Readout, error and their gradients in one pass, without the logits of all rows ever standing in memory.
//
//   z = W h + b,  p = softmax(z),  e = -(1 - a) w_y log p_y - a / V sum_c w_c log p_c
//   dE/dz_c = u (p_c ((1 - a) w_y + a / V sum w) - (1 - a) w_y [c = y] - a / V w_c)
//
// with a the label smoothing, w the weights of classes and u what the row's error counts. Rows are taken in blocks; a
// block's logits lie in panels of two vectors of columns, [row][2 * lanes], which is the form that the product with
// dE/dz as right factor reads: dE/dW^T = h^T dE/dz needs no packing. Columns are taken in groups, whose exponentials
// are taken relative to the largest logit of row and group while the group is in the cache; what is missing to p is
// then one factor a row and group, known when all groups are done, and multiplied in on the second visit, which also
// forms dE/dh += dE/dz W and dE/dW.
//
// Threads form a grid: parts share the columns of one block of rows, and so the packing of W; where there are few
// columns, teams of them share the rows. All sums have an order that depends on the number of threads alone.
#pragma once

#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "elementwise.h"
#include "pool.h"
#include "recurrence.h"
#include "sweep.h"
#include "team.h"

namespace recur {

template <class T>
class Readout {
  using P = Plain<T>;
  using V = Vec<T>;
  static constexpr int64_t L = Lane<T>::count, kWide = 2 * L;
  static constexpr int64_t kAcross = 56;                     // rows that are multiplied, softened and scaled together
  static constexpr int64_t kGroup = 256, kLeastGroup = 128;  // columns of a group
  static constexpr int64_t kPackedBytes = 640 << 10;         // of a group of W, which stays in the second-level cache
  static constexpr int64_t kLogitBytes = 16 << 20;           // of a block of rows
  static constexpr int64_t kLeastBlock = 256, kMostBlock = 1024;  // its rows
  static constexpr int64_t kSumBytes = 64 << 20;             // of the sums of dE/dW that teams hold apart
  static constexpr int64_t kWorth = 1 << 19;                 // products that a further thread is worth
  static constexpr T kInfinity = std::numeric_limits<T>::infinity();

 public:
  explicit Readout(RecurReadout& call) : call_(call), H_(call.H), V_(call.V) {
    vectors_ = (V_ + L - 1) / L;
    gradients_ = call.d_h != nullptr || call.d_weight != nullptr || call.d_bias != nullptr;
    smoothing_ = call.smoothing;
  }

  int64_t run() {
    if (!look_at_targets()) return RECUR_BAD_CALL;
    clear();
    if (count_ == 0) return RECUR_OK;
    const double row = static_cast<double>(H_) * static_cast<double>(V_) * (gradients_ ? 3 : 1);
    const auto worth = static_cast<int64_t>(static_cast<double>(count_) * row / kWorth);
    int64_t threads = std::min<int64_t>({call_.threads, kMostThreads, 1 + worth});
    for (threads = std::max<int64_t>(threads, 1);;) {
      plan(threads);
      if (!allocate()) return RECUR_NO_MEMORY;
      std::atomic<int64_t> got{threads};
      together(static_cast<int>(threads), [&](int thread, int there) {
        if (there == threads) {
          if (thread < teams_ * parts_) work(thread);
        } else if (thread == 0) {
          got = there;  // inside another parallel region there may be fewer: plan for these
        }
      });
      if (got == threads) break;
      threads = got;
    }
    if (stop_) return RECUR_INTERRUPTED;
    finish();
    return RECUR_OK;
  }

 private:
  struct Thread {
    T *z, *packed, *h_copy, *h_t, *d_h_copy, *d_z, *sums, *d_bias;
    const T* h;  // this block's rows, where they stand if that does as well as a copy
    int64_t h_stride;
    T* d_h;
    int64_t d_h_stride;
    T *group_max, *group_sum, *group_smooth;  // (groups, rows)
    T *most, *sum, *smooth;                   // (rows), over this part's columns
    T *all_most, *all_sum;                    // (rows), over all columns
    T *factor, *hit, *scale;                  // (rows): u, and u times what counts p and [c = y] in dE/dz
  };
  struct Team {
    T *sums, *at_target;
    bool stop;
  };
  struct Range {
    int64_t first, last;
    int64_t count() const { return last - first; }
  };
  static Range share(int64_t n, int64_t k, int64_t of) { return {n * k / of, n * (k + 1) / of}; }
  static int64_t pieces(int64_t n, int64_t most) { return (n + most - 1) / most; }

  // ---- what there is to do

  bool look_at_targets() {
    double total = 0;
    const T* w = static_cast<const T*>(call_.class_weight);
    rows_.clear();
    count_ = 0;
    for (int64_t n = 0; n < call_.N; ++n) {
      const int64_t y = call_.target[n];
      if (y == call_.ignore_index) continue;
      if (y < 0 || y >= V_) return false;
      if (count_ < n && rows_.empty()) {
        for (int64_t r = 0; r < count_; ++r) rows_.push_back(r);  // the first row that stands elsewhere
      }
      if (count_ < n) rows_.push_back(n);
      total += w == nullptr ? 1.0 : static_cast<double>(w[y]);
      ++count_;
    }
    share_ = call_.mean ? 1 / total : 1;
    return true;
  }
  int64_t row(int64_t r) const { return rows_.empty() ? r : rows_[static_cast<size_t>(r)]; }

  // rows that do not count, and everything where none does
  void clear() {
    const size_t width = sizeof(T) * static_cast<size_t>(H_);
    if (count_ < call_.N) {
      for (int64_t n = 0; n < call_.N; ++n) {
        if (call_.target[n] != call_.ignore_index) continue;
        if (call_.d_h != nullptr) std::memset(static_cast<T*>(call_.d_h) + n * H_, 0, width);
        if (call_.errors != nullptr) static_cast<T*>(call_.errors)[n] = 0;
      }
    }
    if (count_ > 0) return;
    if (call_.error != nullptr) *static_cast<T*>(call_.error) = 0;
    if (call_.d_weight != nullptr) std::memset(call_.d_weight, 0, width * static_cast<size_t>(V_));
    if (call_.d_bias != nullptr) std::memset(call_.d_bias, 0, sizeof(T) * static_cast<size_t>(V_));
  }

  void plan(int64_t threads) {
    panels_ = (vectors_ + 1) / 2;
    const int64_t sum_bytes = panels_ * kWide * H_ * static_cast<int64_t>(sizeof(T));
    const int64_t most_teams = call_.d_weight == nullptr ? threads : std::max<int64_t>(1, kSumBytes / sum_bytes);
    // as many parts as columns keep busy, unless fewer leave fewer threads over
    teams_ = 1, parts_ = 1;
    for (int64_t parts = std::min(threads, std::max<int64_t>(1, panels_ * kWide / kLeastGroup)); parts >= 1; --parts) {
      const int64_t teams = std::min({threads / parts, most_teams, pieces(count_, kAcross)});
      if (teams * parts > teams_ * parts_) teams_ = teams, parts_ = parts;
    }
    part_panels_ = pieces(panels_, parts_);
    const int64_t fitting = kPackedBytes / (kWide * H_ * static_cast<int64_t>(sizeof(T)));
    group_panels_ = std::max(kLeastGroup / kWide, std::min(kGroup / kWide, fitting));
    group_panels_ = std::min(group_panels_, part_panels_);
    groups_ = pieces(part_panels_, group_panels_);
    const int64_t team_rows = pieces(count_, teams_);
    const int64_t row_bytes = teams_ * vectors_ * L * static_cast<int64_t>(sizeof(T));
    const int64_t most = gradients_ ? std::min(kMostBlock, std::max(kLeastBlock, kLogitBytes / row_bytes)) : kMostBlock;
    blocks_ = pieces(team_rows, most);
    block_rows_ = rounded_up(pieces(team_rows, blocks_), L);
    h_stride_ = rounded_up(H_, L) + pad<T>();
    h_t_stride_ = block_rows_ + pad<T>();
    d_z_stride_ = group_panels_ * kWide + pad<T>();
    apart_ = teams_ > 1 || blocks_ > 1;
  }

  bool allocate() {
    const int64_t whole = panels_ * kWide;
    const Panels<P> hidden(group_panels_ * kWide, H_);
    for (int pass = 0; pass < 2; ++pass) {
      Carver own(static_cast<char*>(pass == 0 ? nullptr : lease_->get()));
      threads_.assign(static_cast<size_t>(teams_ * parts_), {});
      team_.assign(static_cast<size_t>(teams_), {});
      for (Thread& one : threads_) {
        one.z = own.take<T>(gradients_ ? part_panels_ * kWide * block_rows_ : group_panels_ * kWide * kAcross);
        one.packed = own.take<T>(std::max(group_panels_ * kWide * H_, hidden.elements()));
        one.h_copy = own.take<T>(block_rows_ * h_stride_);
        one.h_t = own.take<T>(call_.d_weight == nullptr ? 0 : H_ * h_t_stride_);
        one.d_h_copy = own.take<T>(call_.d_h == nullptr ? 0 : block_rows_ * h_stride_);
        one.d_z = own.take<T>(call_.d_h == nullptr ? 0 : kAcross * d_z_stride_);
        one.sums = own.take<T>(call_.d_weight == nullptr || apart_ ? 0 : group_panels_ * kWide * H_);
        one.d_bias = own.take<T>(part_panels_ * kWide);
        for (T** of_groups : {&one.group_max, &one.group_sum, &one.group_smooth}) {
          *of_groups = own.take<T>(groups_ * block_rows_);
        }
        for (T** of_rows : {&one.most, &one.sum, &one.smooth, &one.all_most, &one.all_sum, &one.factor, &one.hit,
                            &one.scale}) {
          *of_rows = own.take<T>(block_rows_);
        }
      }
      for (Team& team : team_) {
        team.sums = own.take<T>(call_.d_weight != nullptr && apart_ ? whole * H_ : 0);
        team.at_target = own.take<T>(block_rows_);
        team.stop = false;
      }
      bias_ = own.take<T>(whole);
      weights_ = own.take<T>(whole);
      errors_ = own.take<T>(call_.errors == nullptr ? count_ : 0);
      if (pass == 0) {
        lease_.reset();
        lease_.reset(new Lease(own.used()));
        if (lease_->get() == nullptr) return false;
        if (call_.fill_nan) fill_with_nan<T>(lease_->get(), own.used());
      }
    }
    barriers_.reset(new Barrier[static_cast<size_t>(teams_)]);
    // a column that is not there has probability 0 and no weight
    weight_sum_ = 0;
    const T *b = static_cast<const T*>(call_.bias), *w = static_cast<const T*>(call_.class_weight);
    for (int64_t c = 0; c < whole; ++c) {
      bias_[c] = c >= V_ ? -kInfinity : b == nullptr ? 0 : b[c];
      weights_[c] = c >= V_ ? 0 : w == nullptr ? 1 : w[c];
      weight_sum_ += static_cast<double>(weights_[c]);
    }
    return true;
  }

  // ---- where things are

  int64_t width(int64_t p) const { return std::min<int64_t>(2, vectors_ - 2 * p) * L; }
  // the panels of a group, of those of a part
  Range group(Range part, int64_t g) const {
    return {part.first + g * group_panels_, std::min(part.last, part.first + (g + 1) * group_panels_)};
  }
  // logits of a panel from row r of the block on; without gradients only one group and few rows are kept
  T* logits(const Thread& one, Range part, Range group, int64_t p, int64_t r) const {
    if (gradients_) return one.z + (p - part.first) * panel_stride() + r * width(p);
    return one.z + (p - group.first) * panel_stride();
  }
  int64_t panel_stride() const { return kWide * (gradients_ ? block_rows_ : kAcross); }

  // ---- a thread

  void work(int thread) {
    const int64_t team = thread / parts_, part = thread % parts_;
    Thread& one = threads_[static_cast<size_t>(thread)];
    Team& mine = team_[static_cast<size_t>(team)];
    Barrier& barrier = barriers_[static_cast<size_t>(team)];
    const Range rows = share(count_, team, teams_), columns = share(panels_, part, parts_);
    std::memset(one.d_bias, 0, sizeof(T) * static_cast<size_t>(part_panels_ * kWide));
    for (int64_t block = 0; block < blocks_; ++block) {
      const Range here = share(rows.count(), block, blocks_);
      const int64_t first = rows.first + here.first, n = here.count();
      if (part == 0) {
        if (thread == 0 && call_.interrupted != nullptr && call_.interrupted() != 0) stop_ = true;
        mine.stop = stop_;
      }
      take_rows(one, first, n);
      exponentials(one, mine, columns, first, n);
      barrier.wait(static_cast<int>(part), static_cast<int>(parts_));
      if (mine.stop) break;
      errors(one, mine, team, part, first, n);
      if (!gradients_) {
        barrier.wait(static_cast<int>(part), static_cast<int>(parts_));
        continue;
      }
      for (int64_t g = 0; columns.first + g * group_panels_ < columns.last; ++g) {
        gradients(one, mine, columns, g, first, n, block);
      }
      barrier.wait(static_cast<int>(part), static_cast<int>(parts_));
      if (call_.d_h != nullptr && !in_place()) give_rows(team, part, first, n);
    }
    if (call_.d_bias != nullptr && teams_ == 1) give_bias(thread);
  }

  // rows that far apart fall on each other in the first-level cache
  static bool collide(int64_t stride) { return stride * static_cast<int64_t>(sizeof(T)) % 2048 == 0; }

  // the rows that count, side by side, and their transpose; and where their gradients go
  void take_rows(Thread& one, int64_t first, int64_t n) const {
    const T* h = static_cast<const T*>(call_.h);
    one.h = one.h_copy, one.h_stride = h_stride_;
    one.d_h = one.d_h_copy, one.d_h_stride = h_stride_;
    if (rows_.empty() && !collide(call_.h_row)) {
      one.h = h + first * call_.h_row, one.h_stride = call_.h_row;
    } else {
      for (int64_t i = 0; i < n; ++i) {
        std::memcpy(one.h_copy + i * h_stride_, h + row(first + i) * call_.h_row, sizeof(T) * static_cast<size_t>(H_));
      }
    }
    if (call_.d_h != nullptr && in_place()) {
      one.d_h = static_cast<T*>(call_.d_h) + first * H_, one.d_h_stride = H_;
    }
    if (call_.d_weight != nullptr) transpose(one.h, one.h_stride, one.h_t, h_t_stride_, n, H_);
  }
  // whether dE/dh is summed up where the caller wants it
  bool in_place() const { return parts_ == 1 && rows_.empty() && H_ % L == 0 && !collide(H_); }

  // to[k * to_stride + j] = from[j * from_stride + k] for J rows of K columns
  static void transpose(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t J, int64_t K) {
    for (int64_t j = 0; j < J; j += 16) {
      for (int64_t k = 0; k < K; k += 16) {
#if defined(__AVX512F__)
        if constexpr (sizeof(T) == 4) {
          if (j + 16 <= J && k + 16 <= K) {
            transpose16(from + j * from_stride + k, from_stride, to + k * to_stride + j, to_stride);
            continue;
          }
        }
#endif
        for (int64_t b = k; b < std::min(k + 16, K); ++b) {
          for (int64_t a = j; a < std::min(j + 16, J); ++a) to[b * to_stride + a] = from[a * from_stride + b];
        }
      }
    }
  }

  // exp(z - the largest z of row and group), and for each row the largest z and the sum, by group and over the part
  void exponentials(Thread& one, Team& mine, Range part, int64_t first, int64_t n) {
    const T* W = static_cast<const T*>(call_.weight);
    int64_t g = 0;
    for (; part.first + g * group_panels_ < part.last; ++g) {
      const Range panels = group(part, g);
      for (int64_t v = 2 * panels.first; v < std::min(2 * panels.last, vectors_); ++v) {
        T* to = one.packed + (v / 2 - panels.first) * kWide * H_ + v % 2 * L;
        pack_vector<P>(to, width(v / 2), W + v * L * H_, H_, false, H_, std::min(L, V_ - v * L));
      }
      for (int64_t r = 0, k = 0, of = pieces(n, kAcross); k < of; ++k) {
        const int64_t rows = share(n, k, of).count();
        for (int64_t p = panels.first; p < panels.last; ++p) {
          const T* packed = one.packed + (p - panels.first) * kWide * H_;
          multiply_panel<P>(rows, H_, one.h + r * one.h_stride, one.h_stride, packed, static_cast<int>(width(p) / L),
                            logits(one, part, panels, p, r), width(p), false);
        }
        soften(one, mine, part, panels, g, first, r, rows);
        r += rows;
      }
    }
    merge(one, part, g, n);
  }

  void soften(Thread& one, Team& mine, Range part, Range panels, int64_t g, int64_t first, int64_t r0, int64_t rows) {
    const int64_t start = panels.first * kWide;
    T* z = logits(one, part, panels, panels.first, 0);
    for (int64_t r = r0; r < r0 + rows; ++r) {
      const int64_t i = gradients_ ? r : r - r0;  // where the row is
      V highest = splat<T>(-kInfinity);
      walk(z, i, panels, [&](T* at, int64_t c) {
        const V logit = load<T>(at) + load<T>(bias_ + c);
        store<T>(at, logit);
        highest = logit > highest ? logit : highest;
      });
      T most = highest[0];
      for (int k = 1; k < L; ++k) most = std::max<T>(most, highest[k]);
      const int64_t y = call_.target[row(first + r)];
      if (y >= start && y < panels.last * kWide) {
        const int64_t p = y / kWide;
        mine.at_target[r] = z[(p - panels.first) * panel_stride() + i * width(p) + y % kWide];
      }
      const T base = from_here(most);
      V sum{}, smooth{};
      if (smoothing_ > 0) {
        walk(z, i, panels, [&](const T* at, int64_t c) {
          smooth += recur::first<T>(load<T>(at) - base, std::min(L, V_ - c)) * load<T>(weights_ + c);
        });
      }
      walk(z, i, panels, [&](T* at, int64_t) {
        const V e = v_exp(load<T>(at) - base);
        sum += e;
        store<T>(at, e);
      });
      const int64_t place = g * block_rows_ + r;
      one.group_max[place] = most;
      one.group_sum[place] = lane_sum<T>(sum);
      if (smoothing_ > 0) one.group_smooth[place] = lane_sum<T>(smooth);
    }
  }
  // body(where, column) for the vectors of row i, where z is row 0 of the first panel
  template <class Body>
  RECUR_INLINE void walk(T* z, int64_t i, Range panels, const Body& body) const {
    const int64_t whole = std::min(panels.last, vectors_ / 2);
    for (int64_t p = panels.first; p < whole; ++p, z += panel_stride()) {
      body(z + i * kWide, p * kWide);
      body(z + i * kWide + L, p * kWide + L);
    }
    if (whole < panels.last) body(z + i * L, whole * kWide);
  }
  // what logits are taken relative to: -infinity is no difference to anything
  static T from_here(T most) { return most == -kInfinity ? T(0) : most; }
  static V from_here(V most) { return most == -kInfinity ? V{} : most; }

  // of a part's groups, to the part
  void merge(Thread& one, Range part, int64_t groups, int64_t n) {
    std::vector<T> weights;
    for (int64_t g = 0; g < groups && smoothing_ > 0; ++g) weights.push_back(weight_of(group(part, g)));
    for (int64_t r = 0; r < n; r += L) {
      V most = splat<T>(-kInfinity), sum{}, smooth{};
      for (int64_t g = 0; g < groups; ++g) {
        const V m = load<T>(one.group_max + g * block_rows_ + r);
        most = m > most ? m : most;
      }
      const V base = from_here(most);
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t place = g * block_rows_ + r;
        const V m = load<T>(one.group_max + place);
        sum += load<T>(one.group_sum + place) * v_exp(m - base);
        if (smoothing_ > 0) {
          smooth += load<T>(one.group_smooth + place) + weights[static_cast<size_t>(g)] * (from_here(m) - base);
        }
      }
      store<T>(one.most + r, most);
      store<T>(one.sum + r, sum);
      store<T>(one.smooth + r, smooth);
    }
  }
  T weight_of(Range panels) const {
    double sum = 0;
    for (int64_t c = panels.first * kWide; c < panels.last * kWide; ++c) sum += static_cast<double>(weights_[c]);
    return static_cast<T>(sum);
  }

  // over all parts: log sum exp(z), the errors, and the factors of the gradient
  void errors(Thread& one, const Team& mine, int64_t team, int64_t part, int64_t first, int64_t n) {
    const Thread* parts = threads_.data() + team * parts_;
    const T* classes = static_cast<const T*>(call_.class_weight);
    const T kept = static_cast<T>(1 - smoothing_), spread = static_cast<T>(smoothing_ / static_cast<double>(V_));
    const T weight = static_cast<T>(weight_sum_);
    for (int64_t r = 0; r < n; r += L) {
      V most = splat<T>(-kInfinity), sum{};
      for (int64_t c = 0; c < parts_; ++c) {
        const V m = load<T>(parts[c].most + r);
        most = m > most ? m : most;
      }
      // a row of -infinity alone has no probabilities: not-a-number, from here on
      for (int64_t c = 0; c < parts_; ++c) sum += load<T>(parts[c].sum + r) * v_exp(load<T>(parts[c].most + r) - most);
      store<T>(one.all_most + r, most);
      store<T>(one.all_sum + r, sum);
    }
    const Range own = share(n, part, parts_);
    std::vector<T> weight_of_part;
    if (smoothing_ > 0) {
      for (int64_t c = 0; c < parts_; ++c) weight_of_part.push_back(weight_of(share(panels_, c, parts_)));
    }
    for (int64_t r = 0; r < n; ++r) {
      const int64_t at = row(first + r);
      const T w = classes == nullptr ? T(1) : classes[call_.target[at]];
      const T most = one.all_most[r], sum = one.all_sum[r];
      if (r >= own.first && r < own.last) {
        const T log_sum = std::log(sum);
        T error = kept * w * (log_sum - (mine.at_target[r] - most));
        if (smoothing_ > 0) {
          T smooth = weight * log_sum;
          for (int64_t c = 0; c < parts_; ++c) {
            const T lower = from_here(parts[c].most[r]) - most;
            smooth -= parts[c].smooth[r] + weight_of_part[static_cast<size_t>(c)] * lower;
          }
          error += spread * smooth;
        }
        error_at(first + r) = error;
      }
      const T u = call_.row_scale == nullptr ? static_cast<T>(share_) : static_cast<const T*>(call_.row_scale)[at];
      one.scale[r] = u;
      one.hit[r] = u * kept * w;
      one.factor[r] = u * (kept * w + spread * weight) / sum;
    }
  }
  T& error_at(int64_t r) { return call_.errors == nullptr ? errors_[r] : static_cast<T*>(call_.errors)[row(r)]; }

  // dE/dz of a group of columns in place of the exponentials, and the two products with it
  void gradients(Thread& one, Team& mine, Range part, int64_t g, int64_t first, int64_t n, int64_t block) {
    const Range panels = group(part, g);
    const int64_t start = panels.first * kWide, depth = std::min(panels.last * kWide, V_) - start;
    const T* W = static_cast<const T*>(call_.weight);
    T* factor = one.group_max + g * block_rows_;
    for (int64_t r = 0; r < n; r += L) {
      store<T>(factor + r, v_exp(load<T>(factor + r) - load<T>(one.all_most + r)) * load<T>(one.factor + r));
    }
    Panels<P> hidden(depth, H_);
    hidden.data = one.packed;
    if (call_.d_h != nullptr) {
      for (int64_t v = 0; v < hidden.vectors; ++v) {
        pack_vector<P>(hidden.at(v, 0), hidden.stride(v), W + start * H_ + v * L, H_, true, depth,
                       std::min(L, H_ - v * L));
      }
    }
    for (int64_t r = 0, k = 0, of = pieces(n, kAcross); k < of; ++k) {
      const int64_t rows = share(n, k, of).count();
      differences(one, part, panels, factor, first, r, rows);
      if (call_.d_h != nullptr) {
        for (int64_t p = 0; p < hidden.count(); ++p) {
          multiply_panel<P>(rows, depth, one.d_z, d_z_stride_, hidden.panel(p), static_cast<int>(hidden.width(p)),
                            one.d_h + r * one.d_h_stride + p * kWide, one.d_h_stride, g > 0);
        }
      }
      r += rows;
    }
    if (call_.d_weight == nullptr) return;
    auto sums = [&](int64_t p) {
      return apart_ ? mine.sums + p * kWide * H_ : one.sums + (p - panels.first) * kWide * H_;
    };
    for (int64_t j = 0, k = 0, of = pieces(H_, kAcross); k < of; ++k) {
      const int64_t rows = share(H_, k, of).count();
      for (int64_t p = panels.first; p < panels.last; ++p) {
        multiply_panel<P>(rows, n, one.h_t + j * h_t_stride_, h_t_stride_, logits(one, part, panels, p, 0),
                          static_cast<int>(width(p) / L), sums(p) + j * width(p), width(p), block > 0);
      }
      j += rows;
    }
    if (teams_ == 1 && block + 1 == blocks_) {
      for (int64_t p = panels.first; p < panels.last; ++p) give_weight(sums(p), p);
    }
  }

  void differences(Thread& one, Range part, Range panels, const T* factor, int64_t first, int64_t r0, int64_t rows) {
    const int64_t start = panels.first * kWide, own = part.first * kWide;
    const T spread = static_cast<T>(smoothing_ / static_cast<double>(V_));
    for (int64_t v = 2 * panels.first; v < std::min(2 * panels.last, vectors_); ++v) {
      const int64_t p = v / 2, apart = width(p);
      T* z = logits(one, part, panels, p, r0) + v % 2 * L;
      T* copy = one.d_z + v * L - start;
      const V smooth = load<T>(weights_ + v * L) * spread;
      V sum{};
      for (int64_t i = 0; i < rows; ++i) {
        V d = load<T>(z + i * apart) * factor[r0 + i];
        if (smoothing_ > 0) d -= smooth * one.scale[r0 + i];
        store<T>(z + i * apart, d);
        if (call_.d_h != nullptr) store<T>(copy + i * d_z_stride_, d);
        sum += d;
      }
      T* bias = one.d_bias + v * L - own;
      store<T>(bias, load<T>(bias) + sum);
    }
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t y = call_.target[row(first + r0 + i)];
      if (y < start || y >= panels.last * kWide) continue;
      const int64_t p = y / kWide;
      const T hit = one.hit[r0 + i];
      T& d = logits(one, part, panels, p, r0)[i * width(p) + y % kWide];
      d -= hit;
      if (call_.d_h != nullptr) one.d_z[i * d_z_stride_ + y - start] = d;
      one.d_bias[y - own] -= hit;
    }
  }

  // ---- results

  void give_rows(int64_t team, int64_t part, int64_t first, int64_t n) const {
    const Thread* parts = threads_.data() + team * parts_;
    const Range own = share(n, part, parts_);
    for (int64_t r = own.first; r < own.last; ++r) {
      T* to = static_cast<T*>(call_.d_h) + row(first + r) * H_;
      for (int64_t k = 0; k < H_; k += L) {
        V sum = load<T>(parts[0].d_h + r * h_stride_ + k);
        for (int64_t c = 1; c < parts_; ++c) sum += load<T>(parts[c].d_h + r * h_stride_ + k);
        store_first<T>(to + k, sum, std::min(L, H_ - k));
      }
    }
  }

  void give_weight(const T* sums, int64_t p) const {
    T* to = static_cast<T*>(call_.d_weight) + p * kWide * H_;
    transpose(sums, width(p), to, H_, H_, std::min(kWide, V_ - p * kWide));
  }

  // of a part's columns, over the teams
  void give_bias(int64_t part) const {
    const Range columns = share(panels_, part, parts_);
    for (int64_t c = columns.first * kWide; c < std::min(columns.last * kWide, V_); ++c) {
      T sum = 0;
      for (int64_t t = 0; t < teams_; ++t) {
        sum += threads_[static_cast<size_t>(t * parts_ + part)].d_bias[c - columns.first * kWide];
      }
      static_cast<T*>(call_.d_bias)[c] = sum;
    }
  }

  void finish() {
    if (teams_ > 1 && call_.d_weight != nullptr) {
      together(static_cast<int>(teams_ * parts_), [&](int thread, int threads) {
        const Range own = share(vectors_ * H_, thread, threads);
        for (int64_t k = own.first * L; k < own.last * L; k += L) {
          V sum = load<T>(team_[0].sums + k);
          for (int64_t t = 1; t < teams_; ++t) sum += load<T>(team_[static_cast<size_t>(t)].sums + k);
          store<T>(team_[0].sums + k, sum);
        }
      });
      for (int64_t p = 0; p < panels_; ++p) give_weight(team_[0].sums + p * kWide * H_, p);
    }
    if (teams_ > 1 && call_.d_bias != nullptr) {
      for (int64_t c = 0; c < parts_; ++c) give_bias(c);
    }
    if (call_.error == nullptr) return;
    double sum = 0;
    for (int64_t r = 0; r < count_; ++r) sum += static_cast<double>(error_at(r));
    *static_cast<T*>(call_.error) = static_cast<T>(sum * share_);
  }

  RecurReadout& call_;
  int64_t H_, V_, vectors_, panels_ = 0;
  bool gradients_, apart_ = false;
  double smoothing_, share_ = 1, weight_sum_ = 0;
  std::vector<int64_t> rows_;  // those that count; empty if all do
  int64_t count_ = 0;
  int64_t teams_ = 1, parts_ = 1, part_panels_ = 0, group_panels_ = 0, groups_ = 0, blocks_ = 0, block_rows_ = 0;
  int64_t h_stride_ = 0, h_t_stride_ = 0, d_z_stride_ = 0;
  std::vector<Thread> threads_;
  std::vector<Team> team_;
  std::unique_ptr<Barrier[]> barriers_;
  std::unique_ptr<Lease> lease_;
  T *bias_ = nullptr, *weights_ = nullptr, *errors_ = nullptr;
  std::atomic<bool> stop_{false};
};

}  // namespace recur
