// The largest error of each function of elementwise.h, in units in the last place of the exact result, and where it is.
//
//   accuracy STRIDE   every STRIDE-th of the 2^32 floats (1: all of them) for exp, tanh and sigmoid; the other
//                     functions, and those of doubles, at fixed points
//
// It prints lines `error TYPE FUNCTION ULP WHERE` and then, for the values that are special, `value TYPE FUNCTION
// ARGUMENT... RESULT`.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include "elementwise.h"

using recur::F32;
using recur::F64;
using recur::Lane;
using recur::Vec;

namespace {

// the type that is exact enough to stand for the truth
template <class T>
struct Exact;
template <>
struct Exact<float> {
  using type = double;
  static constexpr const char* name = "float";
};
template <>
struct Exact<double> {
  using type = long double;
  static constexpr const char* name = "double";
};

namespace function {

#define FUNCTION(NAME, TRUTH)                  \
  struct NAME {                                \
    static constexpr const char* name = #NAME; \
    template <class V>                         \
    static V of(V x) {                         \
      return recur::v_##NAME(x);               \
    }                                          \
    template <class E>                         \
    static E truth(E x) {                      \
      return TRUTH;                            \
    }                                          \
  };
FUNCTION(exp, std::exp(x))
FUNCTION(tanh, std::tanh(x))
FUNCTION(sigmoid, 1 / (1 + std::exp(-x)))
FUNCTION(softplus, x > 50 ? x : std::log1p(std::exp(x)))
FUNCTION(log, std::log(x))
FUNCTION(sqrt, std::sqrt(x))
FUNCTION(sin, std::sin(x))
FUNCTION(cos, std::cos(x))
FUNCTION(abs, std::fabs(x))
FUNCTION(neg, -x)
FUNCTION(relu, x < 0 ? 0 : x)
FUNCTION(sign, E(x > 0) - E(x < 0))

#define COMPARISON(NAME)                       \
  struct NAME {                                \
    static constexpr const char* name = #NAME; \
    template <class V>                         \
    static V of(V a, V b) {                    \
      return recur::v_##NAME(a, b);            \
    }                                          \
  };
COMPARISON(maximum)
COMPARISON(minimum)
COMPARISON(greater)

}  // namespace function

// |y - truth| in units of the last place that T has at the truth; infinity stands for the first power of two too large
template <class T, class E>
double ulps(T y, E truth) {
  using limits = std::numeric_limits<T>;
  if (std::isnan(truth) || std::isnan(y)) return std::isnan(truth) && std::isnan(y) ? 0 : HUGE_VAL;
  const E overflow = std::ldexp(E(1), limits::max_exponent);
  auto finite = [&](E x) { return std::fabs(x) < overflow ? x : std::copysign(overflow, x); };
  E difference = std::fabs(finite(y) - finite(truth));
  if (difference == 0) return 0;
  int exponent = limits::min_exponent - 1;
  if (std::fabs(truth) >= limits::min()) exponent = std::ilogb(finite(truth));
  return static_cast<double>(std::ldexp(difference, limits::digits - 1 - exponent));
}

template <class F, class T>
class Worst {
 public:
  void meet(const T* x) {
    Vec<T> y = F::of(recur::load(x));
    for (int i = 0; i < Lane<T>::count; ++i) {
      auto truth = F::truth(static_cast<typename Exact<T>::type>(x[i]));
      if (y[i] == truth) continue;
      double error = ulps<T>(y[i], truth);
      if (error > error_) {
        error_ = error;
        where_ = x[i];
      }
    }
  }
  void print() const {
    std::printf("error %s %s %.3f %a\n", Exact<T>::name, F::name, error_, static_cast<double>(where_));
  }

 private:
  double error_ = 0;
  T where_ = 0;
};

template <class T>
std::vector<T> special_points() {
  using limits = std::numeric_limits<T>;
  std::vector<T> points;
  for (T x : {T(0), limits::denorm_min(), limits::min() / 2, limits::min(), T(1e-30), T(1e-4), T(0.5), T(1), T(10),
              T(20), std::nextafter(T(20), T(21)), T(88), T(200), T(1000), T(1e30), limits::max(), limits::infinity()})
    points.insert(points.end(), {x, -x});
  points.push_back(limits::quiet_NaN());
  return points;
}

// Both sides of what the methods turn on, where an error would hide from numbers drawn at random.
template <class T>
std::vector<T> fixed_points() {
  std::vector<T> points = special_points<T>();
  std::mt19937_64 random(1);
  auto between = [&](double low, double high) {
    return T(low + (high - low) * std::ldexp(static_cast<double>(random() >> 11), -53));
  };
  for (int n = -1080; n <= 1030; ++n)  // where exp changes its power of two
    for (T x : {T((n + 0.5) * 0.6931471805599453), T((n + 0.5) * 0.34657359027997264)})
      points.insert(points.end(), {std::nextafter(x, T(-2000)), x, std::nextafter(x, T(2000))});
  for (T x : {T(-745.13321910194122), T(709.78271289338397), T(-103.97208), T(88.722839), T(9.0109), T(19.0616)})
    for (T y = x - 8 * std::numeric_limits<T>::epsilon() * std::fabs(x), end = 2 * x - y; y <= end;
         y = std::nextafter(y, T(2000)))
      points.push_back(y);
  for (int i = 0; i < 40000; ++i) {
    points.insert(points.end(), {between(-1, 1), between(-10, 10), between(-750, 720)});
    uint64_t bits = random();
    T any;
    std::memcpy(&any, &bits, sizeof any);
    points.push_back(any);
  }
  points.resize(points.size() / Lane<T>::count * Lane<T>::count);
  return points;
}

template <class T, class... F>
void measure_points() {
  const std::vector<T> points = fixed_points<T>();
  auto measure = [&](auto worst) {
    for (size_t i = 0; i < points.size(); i += Lane<T>::count) worst.meet(&points[i]);
    worst.print();
  };
  (measure(Worst<F, T>()), ...);
}

template <class... F>
void sweep(uint64_t stride) {
  auto measure = [&](auto worst) {
    for (uint64_t bits = 0; bits < uint64_t(1) << 32;) {
      float x[Lane<float>::count] = {};
      for (int i = 0; i < Lane<float>::count && bits < uint64_t(1) << 32; ++i, bits += stride) {
        uint32_t pattern = static_cast<uint32_t>(bits);
        std::memcpy(&x[i], &pattern, sizeof pattern);
      }
      worst.meet(x);
    }
    worst.print();
  };
  (measure(Worst<F, float>()), ...);
}

template <class T, class... F>
void print_values() {
  auto print = [](auto f, T x) {
    std::printf("value %s %s %a %a\n", Exact<T>::name, f.name, double(x), double(f.of(recur::splat(x))[0]));
  };
  for (T x : special_points<T>()) (print(F(), x), ...);
}

template <class T, class... F>
void print_comparisons() {
  auto print = [](auto f, T a, T b) {
    Vec<T> y = f.of(recur::splat(a), recur::splat(b));
    std::printf("value %s %s %a %a %a\n", Exact<T>::name, f.name, double(a), double(b), double(y[0]));
  };
  for (T a : special_points<T>())
    for (T b : special_points<T>()) (print(F(), a, b), ...);
}

template <class T>
void report() {
  namespace f = function;
  measure_points<T, f::exp, f::tanh, f::sigmoid, f::softplus, f::log, f::sqrt, f::sin, f::cos, f::abs, f::neg, f::relu,
                 f::sign>();
  print_values<T, f::exp, f::tanh, f::sigmoid, f::softplus, f::log, f::sqrt, f::sin, f::cos, f::abs, f::neg, f::relu,
               f::sign>();
  print_comparisons<T, f::maximum, f::minimum, f::greater>();
}

}  // namespace

int main(int count, char** arguments) {
  uint64_t stride = count == 2 ? std::strtoull(arguments[1], nullptr, 10) : 0;
  if (stride == 0) {
    std::fprintf(stderr, "usage: accuracy STRIDE\n");
    return 2;
  }
  sweep<function::exp, function::tanh, function::sigmoid>(stride);
  report<float>();
  report<double>();
}
