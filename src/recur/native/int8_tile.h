// Tile of products of 8 bits, included once for each instruction set that multiplies them: after `dot`, in a namespace
// of its own, with RECUR_DOT as the attributes of its functions.

template <int MR, int NV>
RECUR_DOT RECUR_INLINE void step(I32 (&sum)[MR][NV], const int8_t* A, long stride, const int8_t* B) {
  constexpr int L = Lane<float>::count;
  I32 b[NV];
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) std::memcpy(&b[v], B + v * L * 4, sizeof b[v]);
  if (MR <= 3) __builtin_prefetch(B + 4096);
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
    int32_t four;
    std::memcpy(&four, A + i * stride, 4);
    const I32 a = four - I32{};
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) sum[i][v] = dot(sum[i][v], a, b[v]);
  }
}

// MR rows of C = A B for one panel of NV vectors, 4 n elements deep
template <int MR, int NV>
RECUR_DOT void tile(long n, const int8_t* A, long stride, const int8_t* B, float* C, long c_stride) {
  constexpr int L = Lane<float>::count;
  // few rows give too few independent sums to keep the multipliers busy: compute several k side by side
  constexpr int U = MR * NV >= 8 ? 1 : MR * NV >= 4 ? 2 : 4;
  I32 sum[U][MR][NV];
  std::memset(sum, 0, sizeof sum);
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) std::memcpy(&sum[0][i][v], B + (NV + v) * L * 4, sizeof(I32));
  }
  const int8_t *weights = B + 2 * NV * L * 4, *a = A + kWholeScale;
  long k = 0;
  for (; k + U <= n; k += U) {
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) step<MR, NV>(sum[u], a + 4 * u, stride, weights + u * NV * L * 4);
    a += 4 * U, weights += U * NV * L * 4;
  }
  for (; k < n; ++k) {
    step<MR, NV>(sum[0], a, stride, weights);
    a += 4, weights += NV * L * 4;
  }
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
    float scale;
    std::memcpy(&scale, A + i * stride, sizeof scale);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      I32 total = sum[0][i][v];
#pragma GCC unroll 4
      for (int u = 1; u < U; ++u) total += sum[u][i][v];
      F32 scales;
      std::memcpy(&scales, B + v * L * 4, sizeof scales);
      store<float>(C + i * c_stride + v * L, __builtin_convertvector(total, F32) * splat<float>(scale) * scales);
    }
  }
}

template <int NV, int MR = 1>
constexpr void fill(WholeKernels& kernels) {
  kernels.tiles[NV][MR] = tile<MR, NV>;
  if constexpr (MR < kMostWholeRows[NV]) fill<NV, MR + 1>(kernels);
}

constexpr WholeKernels made() {
  WholeKernels kernels{kName, kOffset, {}};
  fill<1>(kernels), fill<2>(kernels), fill<3>(kernels), fill<4>(kernels);
  return kernels;
}

inline constexpr WholeKernels kernels = made();
