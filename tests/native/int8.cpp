// Rounding, packing and tiles of int8.h against sums of whole numbers written out, for every instruction set that this
// processor has.
#include "int8.h"

#include <random>
#include <vector>

#include "check.h"

namespace {

using recur::kMostWholeRows;
using recur::Lane;
using recur::padded_k;
using recur::Whole;
using recur::WholeKernels;
using recur::WholePart;

constexpr long L = Lane<float>::count;
std::mt19937 generator(0);

std::vector<float> numbers(long count) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> made(static_cast<size_t>(count));
  for (float& one : made) one = uniform(generator);
  return made;
}

std::vector<const WholeKernels*> all_kernels() {
  std::vector<const WholeKernels*> all = {&recur::whole::kernels};
#if defined(RECUR_VNNI)
  if (recur::has_vnni()) all.push_back(&recur::whole_vnni::kernels);
#endif
  CHECK(&recur::whole_kernels() == all.back());
  return all;
}

struct Row {
  float scale;
  std::vector<int> whole;
};

// a row by the definition, element by element
Row rounded(const std::vector<float>& from) {
  float largest = 0;
  for (float one : from) largest = std::fmax(largest, std::fabs(one));
  Row row{largest / 127, {}};
  for (float one : from) row.whole.push_back(static_cast<int>(std::nearbyint(one * (127 / largest))));
  return row;
}

// C = A B, the row of A and the columns of B each in two parts
void one_product(const WholeKernels& kernels, int rows, int NV, long K, bool transposed, bool extreme) {
  const long first = K / 3, columns = NV * L - 1, deep = padded_k<Whole>(first) + padded_k<Whole>(K - first);
  const long stride = deep + recur::kWholeScale + 5, c_stride = NV * L + 3;
  std::vector<float> a = numbers(rows * K), w = numbers(columns * K);
  if (extreme) {
    for (float& one : a) one = one < 0 ? -1.0f : 1.0f;
    for (long n = 0; n < columns * K; ++n) w[n] = n % 2 == 0 ? a[(transposed ? n / columns : n % K)] : -1.0f;
  }
  const auto weight = [&](long j, long k) { return transposed ? w[k * columns + j] : w[j * K + k]; };
  std::vector<int8_t> A(rows * stride, int8_t{77}), B(NV * L * (deep + Whole::head), int8_t{77});
  for (int i = 0; i < rows; ++i) {
    recur::quantize_row(
        &A[i * stride], 2,
        [&](long m) -> WholePart { return {&a[i * K + (m == 0 ? 0 : first)], m == 0 ? first : K - first, 1}; },
        kernels.offset);
  }
  for (long j = 0; j < NV * L; ++j) {
    recur::pack_whole(
        B.data(), NV, j, deep, j < columns ? 2 : 0,
        [&](long m) -> WholePart {
          const long k = m == 0 ? 0 : first;
          return {&w[transposed ? k * columns + j : j * K + k], m == 0 ? first : K - first, transposed ? columns : 1};
        },
        kernels.offset);
  }
  std::vector<float> C(rows * c_stride, 7.0f);
  kernels.tiles[NV][rows](deep / 4, A.data(), stride, B.data(), C.data(), c_stride);
  for (int i = 0; i < rows; ++i) {
    const Row left = rounded({&a[i * K], &a[i * K] + K});
    for (long j = 0; j < columns; ++j) {
      std::vector<float> column;
      for (long k = 0; k < K; ++k) column.push_back(weight(j, k));
      const Row right = rounded(column);
      int64_t sum = 0;
      for (long k = 0; k < K; ++k) sum += left.whole[k] * right.whole[k];
      CHECK(C[i * c_stride + j] == static_cast<float>(sum) * left.scale * right.scale);
    }
    CHECK(C[i * c_stride + columns] == 0);  // the lane that is padding
    for (long j = columns + 1; j < c_stride; ++j) CHECK(C[i * c_stride + j] == 7.0f);
  }
}

void products() {
  for (const WholeKernels* kernels : all_kernels()) {
    for (int NV = 1; NV <= 4; ++NV) {
      for (int rows = 1; rows <= kMostWholeRows[NV]; ++rows) one_product(*kernels, rows, NV, 9, rows % 2 == 0, false);
      for (long K : {1L, 2L, 3L, 4L, 17L, 40L, 300L}) one_product(*kernels, 2, NV, K, K % 2 == 0, K > 20);
    }
  }
}

// the largest sums that a row can have: no instruction may cut them off
void deepest() {
  for (const WholeKernels* kernels : all_kernels()) {
    for (float sign : {1.0f, -1.0f}) {
      const long K = recur::kMostWhole;
      const std::vector<float> a(K, 3.0f), w(K, sign);
      std::vector<int8_t> A(K + 4), B(L * (K + Whole::head));
      recur::quantize_row(A.data(), 1, [&](long) -> WholePart { return {a.data(), K, 1}; }, kernels->offset);
      for (long j = 0; j < L; ++j) {
        recur::pack_whole(B.data(), 1, j, K, 1, [&](long) -> WholePart { return {w.data(), K, 1}; }, kernels->offset);
      }
      float C[L];
      kernels->tiles[1][1](K / 4, A.data(), K + 4, B.data(), C, L);
      for (float one : C) CHECK(one == sign * static_cast<float>(127L * 127 * K) * (3.0f / 127) * (1.0f / 127));
    }
  }
}

void rounding() {
  const auto row_of = [](const std::vector<float>& from, int offset) {
    std::vector<int8_t> row(padded_k<Whole>(static_cast<long>(from.size())) + recur::kWholeScale, int8_t{77});
    recur::quantize_row(
        row.data(), 1, [&](long) -> WholePart { return {from.data(), static_cast<long>(from.size()), 1}; }, offset);
    Row found;
    std::memcpy(&found.scale, row.data(), 4);
    for (size_t k = 4; k < row.size(); ++k) {
      found.whole.push_back(offset == 0 ? row[k] : static_cast<uint8_t>(row[k]) - offset);
    }
    return found;
  };
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  for (int offset : {0, 128}) {
    const Row halves = row_of({127.0f, 0.5f, 1.5f, -2.5f, -127.0f}, offset);
    CHECK(halves.scale == 1.0f);
    CHECK((halves.whole == std::vector<int>{127, 0, 2, -2, -127, 0, 0, 0}));
    for (const auto& zeros : {std::vector<float>{0.0f, -0.0f, 0.0f}, {1e-45f, -0x1p-101f, 0.0f}}) {
      const Row row = row_of(zeros, offset);
      CHECK(row.scale == 0.0f);
      CHECK((row.whole == std::vector<int>{0, 0, 0, 0}));
    }
    for (float bad : {nan, -nan, infinity, -infinity}) {
      for (long place : {0L, 20L, 36L}) {
        std::vector<float> from = numbers(37);
        from[place] = bad;
        const Row row = row_of(from, offset);
        CHECK(std::isnan(row.scale));
        CHECK(row.whole == std::vector<int>(40, 0));
      }
    }
    for (long n = 1; n < 70; ++n) {
      const std::vector<float> from = numbers(n);
      const Row found = row_of(from, offset);
      Row expected = rounded(from);
      expected.whole.resize(found.whole.size());
      CHECK(found.scale == expected.scale);
      CHECK(found.whole == expected.whole);
    }
    CHECK(row_of({}, offset).scale == 0.0f);
    CHECK(row_of({3e38f, -3e38f}, offset).whole[1] == -127);
  }
}

}  // namespace

int main() {
  for (const WholeKernels* kernels : all_kernels()) std::printf("%s 1\n", kernels->name);
  run_test("products", products);
  run_test("deepest", deepest);
  run_test("rounding", rounding);
}
