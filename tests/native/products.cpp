// Products of products.h and batched_products.h: packed groups of the loop, and the large products over all steps,
// against sums.
#include "products.h"

#include <random>
#include <vector>

#include "batched_products.h"
#include "check.h"

namespace {

using recur::Lane;
using recur::padded_k;
using recur::Panels;
using recur::Plain;

std::mt19937 generator(0);

template <class T>
std::vector<T> numbers(size_t count) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> made(count);
  for (T& one : made) one = static_cast<T>(uniform(generator));
  return made;
}

template <class T>
constexpr double epsilon() {
  return sizeof(T) == 8 ? 1e-15 : 1e-6;
}

// A step with one stage: three products, each of W_n (units x K0) with one operand and of U_n (units x K1), read
// transposed, with another.
struct Step {
  static constexpr int32_t kProducts = 3;
  int64_t sizes[4];  // 0, units, K0, K1
  int32_t rows[6] = {1, 1, 1, 3, 3, 3}, columns[6] = {2, 2, 2, 1, 1, 1};
  RecurOperand operands[2] = {{RECUR_STATE, 0, 2, 0}, {RECUR_STATE, 1, 3, 0}};
  RecurBlock blocks[6];
  RecurGroup group;
  RecurStage stage = {};
  RecurProgram program = {};
  RecurCell cell = {};
  RecurCall call = {};

  Step(int64_t units, int64_t K0, int64_t K1, int32_t panel_vectors) : sizes{0, units, K0, K1} {
    for (int32_t n = 0; n < kProducts; ++n) {
      blocks[2 * n] = {n, 0, 0, 1, 0, 2};
      blocks[2 * n + 1] = {kProducts + n, 1, 0, 1, 0, 3};
    }
    group = {kProducts, 2, 0, operands, blocks};
    stage.units_size = 1, stage.slots = kProducts, stage.panel_vectors = panel_vectors;
    stage.group_count = 1, stage.groups = &group;
    program.stage_count = 1, program.stages = &stage;
    cell.matrix_count = 6, cell.matrix_rows = rows, cell.matrix_columns = columns;
    call.sizes = sizes, call.T = 1, call.B = 1, call.threads = 1;
  }
};

template <class P>
struct Packed : recur::Products<P> {
  using Base = recur::Products<P>;
  using Base::chunk_products, Base::multiply, Base::pack_groups;
  using Base::direct_, Base::groups_, Base::packed_elements_;
  Packed(Step& step) : Base(step.cell, step.call, step.program) {}
};

template <class T>
void a_group(int64_t units, int64_t K0, int64_t K1, int32_t panel_vectors) {
  using P = Plain<T>;
  constexpr int64_t L = Lane<T>::count;
  Step step(units, K0, K1, panel_vectors);
  std::vector<std::vector<T>> matrices;
  std::vector<const void*> pointers;
  for (int n = 0; n < 6; ++n) matrices.push_back(numbers<T>(static_cast<size_t>(units * (n < 3 ? K0 : K1))));
  for (const auto& one : matrices) pointers.push_back(one.data());
  step.call.matrices = pointers.data();
  Packed<P> products(step);
  std::vector<T> packed(static_cast<size_t>(products.packed_elements_));
  products.pack_groups(packed.data(), 0, 1, true);
  const auto& plan = products.groups_[0][0];
  CHECK(plan.K == K0 + K1 && plan.operand_k[1] == K0);
  const std::vector<T> a = numbers<T>(static_cast<size_t>(K0)), b = numbers<T>(static_cast<size_t>(K1));
  const int64_t width = panel_vectors * L, whole = recur::rounded_up(units, L);
  for (int64_t u = 0; u < whole; u += width) {
    const int64_t wide = std::min(width, whole - u);
    const T* B = packed.data() + plan.offset + u * plan.K * Step::kProducts;
    for (int n = 0; n < Step::kProducts;) {
      const int count = std::min(Packed<P>::chunk_products(Step::kProducts - n, panel_vectors), Step::kProducts - n);
      const int vectors = count * static_cast<int>(wide / L);
      std::vector<T> C(static_cast<size_t>(vectors * L));
      recur::multiply_panel<P>(1, K0, a.data(), K0, B, vectors, C.data(), vectors * L, false);
      recur::multiply_panel<P>(1, K1, b.data(), K1, B + K0 * vectors * L, vectors, C.data(), vectors * L, true);
      for (int64_t j = 0; j < vectors * L; ++j) {
        const auto product = static_cast<size_t>(n + j / wide);
        const int64_t unit = u + j % wide;
        double sum = 0;
        for (int64_t k = 0; k < K0 && unit < units; ++k) sum += double(matrices[product][unit * K0 + k]) * double(a[k]);
        for (int64_t k = 0; k < K1 && unit < units; ++k) {
          sum += double(matrices[product + 3][k * units + unit]) * double(b[k]);
        }
        check_near(static_cast<double>(C[j]), sum, double(K0 + K1), epsilon<T>(), "a group of products");
      }
      B += vectors * L * plan.K;
      n += count;
    }
  }
}

template <class T>
void groups() {
  constexpr int64_t L = Lane<T>::count;
  for (int32_t panel_vectors : {1, 2}) {
    for (int64_t units : {int64_t{1}, L, L + 1, 3 * L - 1}) a_group<T>(units, 5, 7, panel_vectors);
    a_group<T>(2 * L, 1, 40, panel_vectors);
  }
}

// Rows times matrices as they are, in panels of NV vectors: the bits of the packed ones
void a_direct_tile(long rows, int NV, long K, long lanes, bool transposed, bool add) {
  using P = Plain<float>;
  constexpr long L = Lane<float>::count;
  const std::vector<float> a = numbers<float>(static_cast<size_t>(rows * (K + 5)));
  const std::vector<float> w = numbers<float>(static_cast<size_t>(NV * L * K));
  const long stride = transposed ? NV * L : K;
  std::vector<float> packed(static_cast<size_t>(NV * L * K) + 64);
  const std::vector<float> before = numbers<float>(static_cast<size_t>(rows * NV * L));
  std::vector<float> expected = before, found = before;
  for (int v = 0; v < NV; ++v) {
    const float* from = w.data() + v * L * (transposed ? 1 : K);
    recur::pack_vector<P>(packed.data() + v * L, NV * L, from, stride, transposed, K, v == NV - 1 ? lanes : L);
  }
  recur::multiply_panel<P>(rows, K, a.data(), K + 5, packed.data(), NV, expected.data(), NV * L, add);
  for (int v = 0; v < NV; ++v) {
    const float* from = w.data() + v * L * (transposed ? 1 : K);
    // one matrix, or its first columns and the others: operands that are multiplied as one
    for (long first : {K, K / 2 / recur::kTurned * recur::kTurned}) {
      std::vector<float> C = before;
      const recur::DirectPart<float> parts[2] = {
          {from, stride, transposed, first},
          {from + first * (transposed ? stride : 1), stride, transposed, K - first},
      };
      recur::multiply_direct<P>(rows, parts, first == K ? 1 : 2, v == NV - 1 ? lanes : L, a.data(), K + 5, NV,
                                C.data() + v * L, NV * L, add);
      for (long i = 0; i < rows; ++i) {
        for (long j = 0; j < L; ++j) CHECK(C[i * NV * L + v * L + j] == expected[i * NV * L + v * L + j]);
      }
    }
  }
}

void direct_tiles() {
  constexpr long L = Lane<float>::count;
  for (long rows = 1; rows <= recur::most_direct_rows<Plain<float>>(); ++rows) {
    for (int NV : {1, 2, 3}) {
      for (long K : {1L, 2L, 3L, 4L, 9L, 30L, 131L}) {
        for (bool transposed : {false, true}) a_direct_tile(rows, NV, K, K % 2 == 0 ? L : L - 3, transposed, K > 3);
      }
      a_direct_tile(rows, NV, 8, 1, false, false);
    }
  }
}

// a group of products, with packed panels and with the matrices as they are
void direct_groups() {
  using P = Plain<float>;
  constexpr int64_t L = Lane<float>::count;
  for (int32_t panel_vectors : {1, 2}) {
    for (int64_t units : {int64_t{1}, 2 * L, 3 * L - 1}) {
      Step step(units, 5, 7, panel_vectors);
      std::vector<std::vector<float>> matrices;
      std::vector<const void*> pointers;
      for (int n = 0; n < 6; ++n) matrices.push_back(numbers<float>(static_cast<size_t>(units * (n < 3 ? 5 : 7))));
      for (const auto& one : matrices) pointers.push_back(one.data());
      step.call.matrices = pointers.data();
      Packed<P> products(step);
      std::vector<float> packed(static_cast<size_t>(products.packed_elements_));
      products.pack_groups(packed.data(), 0, 1, true);
      const auto& plan = products.groups_[0][0];
      const long rows = recur::most_direct_rows<P>();
      const std::vector<float> a = numbers<float>(static_cast<size_t>(7 * std::max(1L, rows)));
      const int64_t width = panel_vectors * L, whole = recur::rounded_up(units, L);
      for (int64_t u = 0; u < whole && rows > 0; u += width) {
        const int64_t wide = std::min(width, whole - u);
        const float* B = packed.data() + plan.offset + u * plan.K * Step::kProducts;
        for (int32_t n = 0; n < Step::kProducts;) {
          const int32_t count = std::min(Packed<P>::chunk_products(Step::kProducts - n, panel_vectors), 3 - n);
          const int vectors = count * static_cast<int>(wide / L);
          std::vector<float> both[2];
          for (bool direct : {false, true}) {
            std::vector<float>& C = both[direct];
            C.resize(static_cast<size_t>(rows * vectors * L));
            products.direct_ = direct;
            for (int32_t m : {0, 1}) {
              products.multiply({step.stage, step.group, n, count, u, wide}, m, m + 1, rows, m == 0 ? 5 : 7, a.data(),
                                7, B + plan.operand_k[static_cast<size_t>(m)] * vectors * L, C.data(), vectors * L);
            }
          }
          CHECK(both[0] == both[1]);
          B += vectors * L * plan.K;
          n += count;
        }
      }
    }
  }
}

// packed by two threads, each its part, a matrix is the same
void shares_of_packing_make_the_whole() {
  Step step(40, 6, 3, 1);
  std::vector<std::vector<float>> matrices;
  std::vector<const void*> pointers;
  for (int n = 0; n < 6; ++n) matrices.push_back(numbers<float>(40 * 6));
  for (const auto& one : matrices) pointers.push_back(one.data());
  step.call.matrices = pointers.data();
  Packed<Plain<float>> products(step);
  std::vector<float> whole(static_cast<size_t>(products.packed_elements_)), parts = whole;
  products.pack_groups(whole.data(), 0, 1, true);
  for (int thread = 0; thread < 3; ++thread) products.pack_groups(parts.data(), thread, 3, true);
  CHECK(whole == parts);
}

template <class T>
void a_sweep(long rows, long K, long columns, bool add, bool by_block) {
  using P = Plain<T>;
  constexpr long L = Lane<T>::count;
  Panels<P> panels(K, columns);
  std::vector<T> memory(static_cast<size_t>(panels.elements())), block(static_cast<size_t>(recur::block_elements<P>()));
  panels.data = memory.data();
  const std::vector<T> a = numbers<T>(static_cast<size_t>(rows * K)), w = numbers<T>(static_cast<size_t>(columns * K));
  for (long v = 0; v < panels.vectors; ++v) {
    recur::pack_vector<P>(panels.at(v, 0), panels.stride(v), &w[v * L * K], K, false, K, std::min(L, columns - v * L));
  }
  const long stride = panels.vectors * L;
  const std::vector<T> before = numbers<T>(static_cast<size_t>(rows * stride));
  std::vector<T> C = before, found = before;
  auto copy = [&](T* to, long to_stride, long r, long n, long k, long depth) {
    for (long i = 0; i < n; ++i) std::copy_n(&a[(r + i) * K + k], depth, to + i * to_stride);
  };
  long finished = 0;
  auto done = [&](long r, long n) {
    CHECK(r == finished);
    finished += n;
    if (by_block) std::copy_n(C.data(), n * stride, &found[r * stride]);
  };
  recur::batched_product<P>(0, rows, panels, 0, panels.count(), block.data(), C.data(), stride, by_block, add, copy,
                            done);
  if (!by_block) found = C;
  CHECK(finished == rows);
  for (long i = 0; i < rows; ++i) {
    for (long j = 0; j < columns; ++j) {
      double sum = add ? double(before[i * stride + j]) : 0;
      for (long k = 0; k < K; ++k) sum += double(a[i * K + k]) * double(w[j * K + k]);
      check_near(double(found[i * stride + j]), sum, double(K), epsilon<T>(), "batched product");
    }
  }
}

template <class T>
void sweeps() {
  constexpr long L = Lane<T>::count;
  a_sweep<T>(1, 1, 1, false, false);
  a_sweep<T>(57, 6, 2 * L + 3, true, false);
  a_sweep<T>(130, 3, L, false, true);
  a_sweep<T>(5, 1030, 3 * L, false, false);  // deeper than a block
  a_sweep<T>(3, 1030, 2 * L - 1, true, false);
}

// every row and panel belongs to one thread
void shares_cover_everything_once() {
  for (long rows : {1L, 7L, 100L}) {
    for (long panels : {1L, 4L, 9L}) {
      for (int threads : {1, 2, 3, 8}) {
        std::vector<int> taken(static_cast<size_t>(rows * panels));
        for (int thread = 0; thread < threads; ++thread) {
          const recur::ThreadTile mine = recur::tile_of_thread(rows, panels, thread, threads);
          for (long r = mine.row0; r < mine.row1; ++r) {
            for (long p = mine.panel0; p < mine.panel1; ++p) ++taken[static_cast<size_t>(r * panels + p)];
          }
        }
        for (int count : taken) CHECK(count == 1);
      }
    }
  }
}

}  // namespace

int main() {
  run_test("groups float", groups<float>);
  run_test("groups double", groups<double>);
  run_test("direct tiles", direct_tiles);
  run_test("direct groups", direct_groups);
  run_test("packing in parts", shares_of_packing_make_the_whole);
  run_test("sweeps float", sweeps<float>);
  run_test("sweeps double", sweeps<double>);
  run_test("shares", shares_cover_everything_once);
}
