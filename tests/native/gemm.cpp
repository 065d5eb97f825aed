// Tiles and packing of gemm.h against sums written out, for every height and width of a tile and odd depths.
#include "gemm.h"

#include <random>
#include <vector>

#include "check.h"

namespace {

using recur::kMostRows;
using recur::Lane;
using recur::padded_k;
using recur::Plain;
using recur::Rounded;

std::mt19937 generator(0);

template <class P>
std::vector<typename P::T> numbers(size_t count) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<typename P::T> made(count);
  for (auto& one : made) one = static_cast<typename P::T>(uniform(generator));
  return made;
}

template <class P>
std::vector<typename P::E> factors(const std::vector<typename P::T>& from, long rows, long columns, long stride) {
  std::vector<typename P::E> made(static_cast<size_t>(rows * stride) + 64);
  for (long r = 0; r < rows; ++r) recur::convert_row<P>(&made[r * stride], &from[r * columns], columns);
  return made;
}

// the number that a factor stands for
template <class P>
double value(typename P::T number) {
  if constexpr (P::copies) {
    return static_cast<double>(recur::from_bfloat16(recur::to_bfloat16(number)));
  } else {
    return static_cast<double>(number);
  }
}

template <class P>
constexpr double epsilon() {
  return sizeof(typename P::T) == 8 ? 1e-15 : 1e-6;
}

// C (+)= A B with B (K x columns) packed from W^T or W, for one panel of NV vectors
template <class P>
void one_product(long rows, long K, int NV, bool transposed, bool add) {
  using T = typename P::T;
  using E = typename P::E;
  constexpr long L = Lane<T>::count;
  const long columns = NV * L - 1, stride = padded_k<P>(K) + 4, c_stride = NV * L + 3;  // the last vector is not full
  const std::vector<T> a = numbers<P>(rows * K), w = numbers<P>(columns * K);
  const std::vector<E> A = factors<P>(a, rows, K, stride);
  std::vector<E> B(static_cast<size_t>(padded_k<P>(K) * NV * L) + 64);
  for (int v = 0; v < NV; ++v) {
    const T* from = transposed ? &w[v * L] : &w[v * L * K];
    recur::pack_vector<P>(&B[v * L * P::pair], NV * L * P::pair, from, transposed ? columns : K, transposed, K,
                          std::min(L, columns - v * L));
  }
  const std::vector<T> before = numbers<P>(rows * c_stride);
  std::vector<T> C = before;
  recur::multiply_panel<P>(rows, K, A.data(), stride, B.data(), NV, C.data(), c_stride, add);
  for (long i = 0; i < rows; ++i) {
    for (long j = 0; j < columns; ++j) {
      double sum = add ? static_cast<double>(before[i * c_stride + j]) : 0, scale = 0;
      for (long k = 0; k < K; ++k) {
        const double product = value<P>(a[i * K + k]) * value<P>(transposed ? w[k * columns + j] : w[j * K + k]);
        sum += product;
        scale += std::fabs(product);
      }
      check_near(static_cast<double>(C[i * c_stride + j]), sum, scale, epsilon<P>(), "multiply_panel");
    }
    CHECK(C[i * c_stride + columns] == (add ? before[i * c_stride + columns] : T(0)));  // the lane that is padding
    for (long j = columns + 1; j < c_stride; ++j) CHECK(C[i * c_stride + j] == before[i * c_stride + j]);
  }
}

template <class P>
void products() {
  for (int NV = 1; NV <= 4; ++NV) {
    for (long rows = 1; rows <= kMostRows[NV] + 2; ++rows) one_product<P>(rows, 5, NV, false, rows % 2 == 0);
    for (long K : {1L, 2L, 3L, 17L, 40L, 300L}) one_product<P>(kMostRows[NV] + 1, K, NV, K % 2 == 0, K > 20);
  }
}

// a left factor whose elements of one k follow each other, as the gradients of matrices have it
template <class P>
void tiles_across() {
  using T = typename P::T;
  constexpr long L = Lane<T>::count, K = 9;
  for (int NV : {1, 2}) {
    for (long rows = 1; rows <= kMostRows[2]; ++rows) {
      const long stride = rows + NV;
      const std::vector<T> a = numbers<P>(rows * K), b = numbers<P>(NV * L * K);
      std::vector<T> A(stride * K), C(rows * NV * L);
      for (long k = 0; k < K; ++k) {
        for (long i = 0; i < rows; ++i) A[k * stride + i] = a[i * K + k];
      }
      const auto& tiles = NV == 2 ? recur::kTiles<P>.across : recur::kTiles<P>.across_narrow;
      tiles[rows](K, A.data(), stride, b.data(), C.data(), NV * L, false);
      for (long i = 0; i < rows; ++i) {
        for (long j = 0; j < NV * L; ++j) {
          double sum = 0;
          for (long k = 0; k < K; ++k) sum += double(a[i * K + k]) * double(b[k * NV * L + j]);
          check_near(static_cast<double>(C[i * NV * L + j]), sum, K, epsilon<P>(), "tile across");
        }
      }
    }
  }
}

void rounding_is_to_nearest_even() {
  const auto round = [](float x) { return recur::from_bfloat16(recur::to_bfloat16(x)); };
  CHECK(round(1.0f) == 1.0f);
  CHECK(round(0x1.01p0f) == 1.0f);         // halfway, to the even one below
  CHECK(round(0x1.03p0f) == 0x1.04p0f);    // halfway, to the even one above
  CHECK(round(0x1.0101p0f) == 0x1.02p0f);  // above halfway
  CHECK(std::isinf(round(0x1.fffffep127f)));
  CHECK(round(-0.0f) == 0.0f && std::signbit(round(-0.0f)));
  CHECK(std::isnan(round(std::nanf(""))));
}

}  // namespace

int main() {
  run_test("products float", products<Plain<float>>);
  run_test("products double", products<Plain<double>>);
  run_test("products rounded", products<Rounded>);
#if defined(__AVX512BF16__)
  run_test("products paired", products<recur::Paired>);
#endif
  run_test("tiles across float", tiles_across<Plain<float>>);
  run_test("tiles across double", tiles_across<Plain<double>>);
  run_test("bfloat16", rounding_is_to_nearest_even);
}
