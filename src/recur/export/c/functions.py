"""The functions of an exported C file: products, exponential, tanh, sigmoid and the rest of what cells call.

Nothing of the C library is needed for exp, tanh, sigmoid and what is exact. The code is free of branches that depend on
values, so that compilers turn the loops that call it into vector instructions, and right under -ffast-math as well,
apart from numbers that are not finite.

The exponential is that of the native core (Cody and Waite's reduction, a polynomial found by Remez's exchange): the
errors below are measured by the tests.
"""

from __future__ import annotations

from collections.abc import Iterable

from recur.engine.c_step import LIBRARY

ERRORS = {"exp": 2.0, "tanh": 3.0, "sigmoid": 3.0}
"""Largest errors of float results in units in the last place, where the exact result is at least 1e-37."""

_BITS = """
static inline int32_t NAME_bits(float x) {
  union { float number; int32_t bits; } both;
  both.number = x;
  return both.bits;
}
static inline float NAME_number(int32_t bits) {
  union { float number; int32_t bits; } both;
  both.bits = bits;
  return both.number;
}
/* all bits set where x < 0, else none */
static inline int32_t NAME_below_zero(int32_t x) { return -(int32_t)((uint32_t)x >> 31); }
static inline int32_t NAME_select(int32_t mask, int32_t a, int32_t b) { return (a & mask) | (b & ~mask); }
"""

_EXPM1 = """
/* exp(r) - 1 for r = x - n log 2 and |r| <= log(2) / 2, relative error 2^-24 */
static inline float NAME_expm1_reduced(float x, float n) {
  const float r = x - n * 0.693145752f - n * 1.42860677e-06f;
  const float r2 = r * r;
  const float low = r * 0.166665405f + 0.49999997f;
  const float high = r2 * 0.00138352578f + (r * 0.00836710166f + 0.0416675657f);
  return r + r2 * (low + r2 * high);
}
"""

_EXP = """
/* e^x: at most 2 units in the last place; infinite above 88.7, 0 below -103.9 */
static inline float NAME_exp(float x) {
  const int32_t bits = NAME_bits(x);
  const int32_t size = bits & 0x7fffffff;
  const int32_t least = size < 0x42d00000 ? size : 0x42d00000; /* 104 */
  const float y = NAME_number(least | (bits & (-0x7fffffff - 1)));
  const int32_t n = (int32_t)(y * 1.44269502f + NAME_number(0x3f000000 | (bits & (-0x7fffffff - 1))));
  const int32_t half = (n + 256) / 2 - 128;
  const float first = NAME_number((half + 127) * 8388608);
  const float second = NAME_number((n - half + 127) * 8388608);
  const float result = (NAME_expm1_reduced(y, (float)n) + 1.0f) * first * second;
  return NAME_number(NAME_select(NAME_below_zero(0x7f800000 - size), bits, NAME_bits(result)));
}
"""

_SIGMOID = """
/* 1 / (1 + e^-x): at most 3 units in the last place */
static inline float NAME_sigmoid(float x) {
  const int32_t bits = NAME_bits(x);
  const int32_t size = bits & 0x7fffffff;
  const float y = -NAME_number(size < 0x42ac0000 ? size : 0x42ac0000); /* 86 */
  const int32_t n = (int32_t)(y * 1.44269502f - 0.5f);
  const float e = NAME_number((n + 127) * 8388608) * (NAME_expm1_reduced(y, (float)n) + 1.0f);
  const float top = NAME_number(NAME_select(NAME_below_zero(bits), NAME_bits(e), 0x3f800000));
  const float result = top / (1.0f + e);
  return NAME_number(NAME_select(NAME_below_zero(0x7f800000 - size), bits, NAME_bits(result)));
}
"""

_TANH = """
/* tanh x: at most 3 units in the last place */
static inline float NAME_tanh(float x) {
  const int32_t bits = NAME_bits(x);
  const int32_t size = bits & 0x7fffffff;
  const float y = 2.0f * NAME_number(size < 0x41200000 ? size : 0x41200000); /* 10 */
  const int32_t n = (int32_t)(y * 1.44269502f + 0.5f);
  const float power = NAME_number((n + 127) * 8388608);
  const float m = power * NAME_expm1_reduced(y, (float)n) + (power - 1.0f);
  const int32_t result = NAME_bits(m / (m + 2.0f)) | (bits & (-0x7fffffff - 1));
  return NAME_number(NAME_select(NAME_below_zero(0x7f800000 - size), bits, result));
}
"""

_SIMPLE = {
    "relu": "static inline float NAME_relu(float x) { return x < 0.0f ? 0.0f : x; }\n",
    "abs": "static inline float NAME_abs(float x) { return NAME_number(NAME_bits(x) & 0x7fffffff); }\n",
    "sign": "static inline float NAME_sign(float x) { return (float)((x > 0.0f) - (x < 0.0f)); }\n",
    "greater": "static inline float NAME_greater(float a, float b) { return (float)(a > b); }\n",
    "maximum": "static inline float NAME_maximum(float a, float b) { return a != a ? a : (a > b ? a : b); }\n",
    "minimum": "static inline float NAME_minimum(float a, float b) { return a != a ? a : (a < b ? a : b); }\n",
    "softplus": "static inline float NAME_softplus(float x) { return x > 40.0f ? x : log1pf(expf(x)); }\n",
}

_PRODUCT = """
/* y += W x with WIDTH rows, stored column by column */
static void NAME_productWIDTH(const float *NAME_RESTRICT w, const float *NAME_RESTRICT x, int columns,
                              float *NAME_RESTRICT y) {
  float even[WIDTH];
  float odd[WIDTH];
  int j, k;
  NAME_VECTOR for (j = 0; j < WIDTH; ++j) even[j] = y[j];
  NAME_VECTOR for (j = 0; j < WIDTH; ++j) odd[j] = 0.0f;
  for (k = 0; k + 1 < columns; k += 2) {
    NAME_VECTOR for (j = 0; j < WIDTH; ++j) even[j] += w[k * WIDTH + j] * x[k];
    NAME_VECTOR for (j = 0; j < WIDTH; ++j) odd[j] += w[(k + 1) * WIDTH + j] * x[k + 1];
  }
  if (k < columns) {
    NAME_VECTOR for (j = 0; j < WIDTH; ++j) even[j] += w[k * WIDTH + j] * x[k];
  }
  NAME_VECTOR for (j = 0; j < WIDTH; ++j) y[j] = even[j] + odd[j];
}
"""

_MOST = """
/* the largest size of numbers, or the one before; a number that is not finite is larger than all that are */
static float NAME_most(const float *NAME_RESTRICT x, int count, float before) {
  int32_t most = NAME_bits(before);
  int j;
  for (j = 0; j < count; ++j) {
    const int32_t size = NAME_bits(x[j]) & 0x7fffffff;
    most = size > most ? size : most;
  }
  return NAME_number(most);
}
"""

_ROUND = """
/* x in whole numbers from -127 to 127, of which 127 is the largest; half to even. Where one is not finite all are 0:
   the scale of the product is not finite then, and its result not a number */
static void NAME_round(const float *NAME_RESTRICT x, int count, float most, int8_t *NAME_RESTRICT q) {
  const int32_t finite = NAME_bits(most) < 0x7f800000;
  const float inverse = most < 7.8886091e-31f ? 0.0f : 127.0f / most;
  int j;
  for (j = 0; j < count; ++j) {
    const float number = finite ? x[j] * inverse : 0.0f;
    const float size = number < 0.0f ? -number : number;
    int whole = (int)(size + 0.5f);
    if ((float)whole - size == 0.5f) whole &= ~1;
    q[j] = (int8_t)(number < 0.0f ? -whole : whole);
  }
}
"""

_INT8 = """
/* y += scale W q with WIDTH rows of 8 bits, stored column by column; sums are exact */
static void NAME_int8_WIDTH(const int8_t *NAME_RESTRICT w, const float *NAME_RESTRICT scales,
                            const int8_t *NAME_RESTRICT q, int columns, float most, float *NAME_RESTRICT y) {
  const float scale = most < 7.8886091e-31f ? 0.0f : most / 127.0f;
  int32_t total[WIDTH];
  int j, k;
  NAME_VECTOR for (j = 0; j < WIDTH; ++j) total[j] = 0;
  for (k = 0; k < columns; ++k) {
    const int16_t factor = q[k];
    NAME_VECTOR for (j = 0; j < WIDTH; ++j) total[j] += (int16_t)(w[k * WIDTH + j] * factor);
  }
  NAME_VECTOR for (j = 0; j < WIDTH; ++j) y[j] += (float)total[j] * scale * scales[j];
}
"""

_INT8_ROWS = """
/* the same for few rows, stored row by row */
static void NAME_int8_rows(const int8_t *NAME_RESTRICT w, const float *NAME_RESTRICT scales,
                           const int8_t *NAME_RESTRICT q, int columns, float most, float *NAME_RESTRICT y, int rows) {
  const float scale = most < 7.8886091e-31f ? 0.0f : most / 127.0f;
  int j, k;
  for (j = 0; j < rows; ++j) {
    int32_t total = 0;
    for (k = 0; k < columns; ++k) total += (int32_t)w[(long)j * columns + k] * q[k];
    y[j] += (float)total * scale * scales[j];
  }
}
"""

_COPY = """
static void NAME_copy(const float *NAME_RESTRICT from, float *NAME_RESTRICT to, int count) {
  int j;
  for (j = 0; j < count; ++j) to[j] = from[j];
}
"""

_START = """
/* y = b + w x with one number x */
static void NAME_start(const float *NAME_RESTRICT b, const float *NAME_RESTRICT w, const float *x,
                       float *NAME_RESTRICT y, int count) {
  const float number = *x;
  int j;
  for (j = 0; j < count; ++j) y[j] = b[j] + w[j] * number;
}
"""

_DOT = """
static float NAME_dot(const float *NAME_RESTRICT w, const float *NAME_RESTRICT x, int count) {
  float parts[16];
  float total = 0.0f;
  int j, k;
  NAME_VECTOR for (j = 0; j < 16; ++j) parts[j] = 0.0f;
  for (k = 0; k + 16 <= count; k += 16) {
    NAME_VECTOR for (j = 0; j < 16; ++j) parts[j] += w[k + j] * x[k + j];
  }
  for (; k < count; ++k) total += w[k] * x[k];
  for (j = 0; j < 8; ++j) parts[j] += parts[j + 8];
  for (j = 0; j < 4; ++j) parts[j] += parts[j + 4];
  return total + ((parts[0] + parts[2]) + (parts[1] + parts[3]));
}
"""

_COLUMNS = """
/* y = W^T x with a matrix stored row by row, width numbers from row to row */
static void NAME_columns(const float *NAME_RESTRICT w, int width, const float *NAME_RESTRICT x, int rows,
                         float *NAME_RESTRICT y, int count) {
  int j, k;
  for (j = 0; j < count; ++j) y[j] = 0.0f;
  for (k = 0; k < rows; ++k) {
    NAME_VECTOR for (j = 0; j < count; ++j) y[j] += w[k * width + j] * x[k];
  }
}
"""

_SUM = """
static float NAME_sum(const float *x, int count) {
  float parts[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  int j, k;
  for (k = 0; k + 8 <= count; k += 8) {
    NAME_VECTOR for (j = 0; j < 8; ++j) parts[j] += x[k + j];
  }
  for (j = 0; k + j < count; ++j) parts[j] += x[k + j];
  return ((parts[0] + parts[4]) + (parts[1] + parts[5])) + ((parts[2] + parts[6]) + (parts[3] + parts[7]));
}
"""

_LARGEST = """
static float NAME_largest(const float *x, int count) {
  float most = x[0];
  int j;
  for (j = 1; j < count; ++j) most = x[j] > most || x[j] != x[j] ? x[j] : most;
  return most;
}
"""

_SOFTMAX = """
static void NAME_softmax(float *z, int count) {
  const float most = NAME_largest(z, count);
  float total, scale;
  int j;
  for (j = 0; j < count; ++j) z[j] = NAME_exp(z[j] - most);
  total = NAME_sum(z, count);
  scale = 1.0f / total;
  for (j = 0; j < count; ++j) z[j] *= scale;
}
"""

_WEIGHT = """
/* share^(1 / temperature) for 0 <= share <= 1: log by its series in (m - 1) / (m + 1), relative error 1e-6 */
static float NAME_weight(float share, float temperature) {
  const int32_t bits = NAME_bits(share);
  const int32_t exponent = (bits + 0x004afb0d) / 8388608 - 127;
  const float m = NAME_number(bits - exponent * 8388608);
  const float t = (m - 1.0f) / (m + 1.0f);
  const float t2 = t * t;
  const float log_m = 2.0f * t * (1.0f + t2 * (0.333333333f + t2 * (0.2f + t2 * (0.142857143f + t2 * 0.111111111f))));
  if (bits < 0x00800000) return 0.0f;
  return NAME_exp((log_m + (float)exponent * 0.693147181f) / temperature);
}
"""

_SORT = """
static void NAME_sort(float *x, int count) {
  int i, j;
  for (i = 1; i < count; ++i) {
    const float value = x[i];
    for (j = i; j > 0 && x[j - 1] > value; --j) x[j] = x[j - 1];
    x[j] = value;
  }
}
"""

_TEXTS = {
    "bits": _BITS, "expm1": _EXPM1, "exp": _EXP, "sigmoid": _SIGMOID, "tanh": _TANH, **_SIMPLE, "copy": _COPY,
    "start": _START, "dot": _DOT, "columns": _COLUMNS, "sum": _SUM, "largest": _LARGEST, "softmax": _SOFTMAX,
    "sort": _SORT, "weight": _WEIGHT,
    "most": _MOST, "round": _ROUND, "int8_rows": _INT8_ROWS,
    **{f"int8_{width}": _INT8.replace("WIDTH", str(width)) for width in (8, 16, 24, 32)},
    **{f"product{width}": _PRODUCT.replace("WIDTH", str(width)) for width in (8, 16, 24, 32)},
}  # fmt: skip
_NEEDS = {
    "exp": ("bits", "expm1"), "sigmoid": ("bits", "expm1"), "tanh": ("bits", "expm1"), "abs": ("bits",),
    "softmax": ("exp", "sum", "largest"), "weight": ("exp",), "most": ("bits",), "round": ("bits",),
}  # fmt: skip


def functions(called: Iterable[str]) -> str:
    """The text of the functions that are called, and of those that they call."""
    wanted: set[str] = set()
    stack = [name for name in called if name in _TEXTS]
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack.extend(_NEEDS.get(name, ()))
    return "".join(text if text.startswith("\n") else f"\n{text}" for name, text in _TEXTS.items() if name in wanted)


def needs_library(called: Iterable[str]) -> list[str]:
    """The functions of the C library among those that are called."""
    names = {LIBRARY[name] for name in called if name in LIBRARY}
    if "softplus" in called:
        names |= {"expf", "log1pf"}
    return sorted(names)
