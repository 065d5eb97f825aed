// Frozen weights: the packed matrices of a recurrence, kept between calls in memory that is only read.
//
// They are valid as long as the caller's matrices hold the same numbers, which every call compares by a hash of all of
// them: at the rate of reading memory, where packing also transposes and writes. So it does not matter how a number was
// changed, and threads and forked processes share one copy.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <vector>

#include "recur.h"
#include "vec.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace recur {

typedef uint64_t U64 __attribute__((vector_size(RECUR_VECTOR_BYTES)));
constexpr int kHashLanes = RECUR_VECTOR_BYTES / 8;
constexpr int kHashKeys = 16;  // vectors that are multiplied with keys of their own before the sums are mixed

struct HashKeys {
  alignas(64) uint64_t word[kHashKeys * kHashLanes] = {};
  constexpr HashKeys() {
    uint64_t state = 0;
    for (uint64_t& one : word) {  // splitmix64
      state += 0x9e3779b97f4a7c15u;
      uint64_t z = state;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
      one = z ^ (z >> 31);
    }
  }
};
inline constexpr HashKeys kKeys{};

// the product of the lower and the higher half of each lane
RECUR_INLINE U64 multiplied_halves(U64 v) {
#if defined(__AVX512F__)
  return (U64)_mm512_mul_epu32((__m512i)v, _mm512_srli_epi64((__m512i)v, 32));
#elif defined(__AVX2__)
  return (U64)_mm256_mul_epu32((__m256i)v, _mm256_srli_epi64((__m256i)v, 32));
#else
  return (v & 0xffffffffu) * (v >> 32);
#endif
}

#if defined(__AVX512F__)
// A hash of numbers in memory, with the processor's instructions for AES: a round of the cipher for each 16 bytes, at
// the rate of the second-level cache. A round is a bijection of what came before, to which the next bytes are added, so
// that no single change is lost, and a second one cancels it only as a random word would.
__attribute__((target("vaes,avx512f"))) inline uint64_t hash_by_rounds(const void* memory, size_t bytes) {
  constexpr size_t kVector = 64, kChains = 8;
  const char* p = static_cast<const char*>(memory);
  __m512i chain[kChains];
  for (size_t n = 0; n < kChains; ++n) chain[n] = _mm512_loadu_si512(kKeys.word + n * kHashLanes);
  size_t left = bytes;
  for (; left >= kChains * kVector; left -= kChains * kVector, p += kChains * kVector) {
#pragma GCC unroll 8
    for (size_t n = 0; n < kChains; ++n) chain[n] = _mm512_aesenc_epi128(chain[n], _mm512_loadu_si512(p + n * kVector));
  }
  for (size_t n = 0; left > 0; ++n) {
    char last[kVector] = {};
    const size_t take = left < kVector ? left : kVector;
    std::memcpy(last, p, take);
    chain[n] = _mm512_aesenc_epi128(chain[n], _mm512_loadu_si512(last));
    p += take, left -= take;
  }
  // rounds of each chain alone, so that changes in two of them cannot cancel; then every bit reaches all 16 bytes
  __m512i all = _mm512_set1_epi64(static_cast<long long>(bytes));
  for (size_t n = 0; n < kChains; ++n) {
    for (size_t round = 0; round < 3; ++round) {
      const size_t key = (n + kChains + 3 * round) % kHashKeys;
      chain[n] = _mm512_aesenc_epi128(chain[n], _mm512_loadu_si512(kKeys.word + key * kHashLanes));
    }
    all = _mm512_xor_si512(all, chain[n]);
  }
  for (size_t n = 0; n < 2; ++n) all = _mm512_aesenc_epi128(all, _mm512_loadu_si512(kKeys.word + n * kHashLanes));
  uint64_t words[8], hash = bytes;
  std::memcpy(words, &all, sizeof words);
  for (uint64_t word : words) {
    hash = (hash ^ word) * 0x9fb21c651e98df25u;
    hash ^= hash >> 35;
  }
  return hash;
}
#endif

// A hash of numbers in memory. Sums of products of halves, with a key for each position, as in UMAC and XXH3: for one
// changed word, or for two that have changed places, equal sums are as unlikely as for random words.
inline uint64_t hash_by_products(const void* memory, size_t bytes) {
  constexpr size_t kVector = sizeof(U64);
  const char* p = static_cast<const char*>(memory);
  U64 sum[4] = {};
  auto add = [&](const char* from, int n) {
    U64 word, key;
    std::memcpy(&word, from, kVector);
    std::memcpy(&key, kKeys.word + n * kHashLanes, kVector);
    sum[n & 3] += multiplied_halves(word ^ key) + ((word >> 32) | (word << 32));
  };
  auto mix = [&] {
    for (U64& one : sum) one = (one ^ (one >> 47) ^ 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
  };
  size_t left = bytes;
  for (; left >= kHashKeys * kVector; left -= kHashKeys * kVector, p += kHashKeys * kVector) {
#pragma GCC unroll 16
    for (int n = 0; n < kHashKeys; ++n) add(p + static_cast<size_t>(n) * kVector, n);
    mix();
  }
  for (int n = 0; left > 0; ++n) {
    char last[kVector] = {};
    const size_t take = left < kVector ? left : kVector;
    std::memcpy(last, p, take);
    add(last, n);
    p += take, left -= take;
  }
  mix();
  uint64_t hash = bytes;
  for (const U64& one : sum) {
    for (int lane = 0; lane < kHashLanes; ++lane) {
      hash = (hash ^ one[lane]) * 0x9fb21c651e98df25u;
      hash ^= hash >> 35;
    }
  }
  return hash;
}

inline uint64_t hash_of(const void* memory, size_t bytes) {
#if defined(__AVX512F__)
  static const bool rounds = __builtin_cpu_supports("vaes");
  if (rounds) return hash_by_rounds(memory, bytes);
#endif
  return hash_by_products(memory, bytes);
}

// The matrices of a call in pieces, which the threads of a call divide
class MatrixPieces {
 public:
  MatrixPieces(const RecurCell& cell, const RecurCall& call) : call_(call) {
    const int64_t element = call.type == 1 ? 8 : 4;
    for (int32_t m = 0; m < cell.matrix_count; ++m) {
      const int64_t bytes = call.sizes[cell.matrix_rows[m]] * call.sizes[cell.matrix_columns[m]] * element;
      for (int64_t at = 0; at < bytes; at += kBytes) {
        pieces_.push_back({m, at, static_cast<size_t>(bytes - at < kBytes ? bytes - at : kBytes)});
      }
    }
  }
  size_t count() const { return pieces_.size(); }
  uint64_t hash(size_t n) const {
    const Piece& piece = pieces_[n];
    return hash_of(static_cast<const char*>(call_.matrices[piece.matrix]) + piece.at, piece.bytes);
  }

 private:
  static constexpr int64_t kBytes = 16 * 1024;
  struct Piece {
    int32_t matrix;
    int64_t at;
    size_t bytes;
  };
  const RecurCall& call_;
  std::vector<Piece> pieces_;
};

// A copy of a call's matrices. What is hashed and what is packed must be the same numbers, also while another thread
// writes to the caller's: else the hash would approve of matrices that were never packed.
class MatrixSnapshot {
 public:
  MatrixSnapshot(const RecurCell& cell, const RecurCall& call) {
    const size_t element = call.type == 1 ? 8 : 4;
    for (int32_t m = 0; m < cell.matrix_count; ++m) {
      const size_t numbers = static_cast<size_t>(call.sizes[cell.matrix_rows[m]] * call.sizes[cell.matrix_columns[m]]);
      const char* from = static_cast<const char*>(call.matrices[m]);
      copies_.emplace_back(from, from + numbers * element);
    }
    for (const std::vector<char>& copy : copies_) matrices_.push_back(copy.data());
  }
  const void* const* matrices() const { return matrices_.data(); }

 private:
  std::vector<std::vector<char>> copies_;
  std::vector<const void*> matrices_;
};

class FrozenWeights {
 public:
  FrozenWeights(const RecurCell& cell, const RecurCall& call)
      : cell_(&cell), type_(call.type), precision_(call.precision), sizes_(call.sizes, call.sizes + cell.size_count) {
    const MatrixPieces pieces(cell, call);
    for (size_t n = 0; n < pieces.count(); ++n) hashes_.push_back(pieces.hash(n));
  }
  ~FrozenWeights() {
    if (memory_ != nullptr) munmap(memory_, bytes_);
  }
  FrozenWeights(const FrozenWeights&) = delete;
  FrozenWeights& operator=(const FrozenWeights&) = delete;

  // memory of this size, zeros; null if there is none
  void* allocate(size_t bytes) {
    bytes_ = (bytes + kPage) / kPage * kPage;
    void* memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
    if (bytes_ >= kLarge) madvise(memory, bytes_, MADV_HUGEPAGE);
#endif
    return memory_ = memory;
  }
  void protect() { mprotect(memory_, bytes_, PROT_READ); }
  void* memory() const { return memory_; }

  // whether they are packed for such a call, whatever its matrices hold
  bool fits(const RecurCell& cell, const RecurCall& call) const {
    if (cell_ != &cell || type_ != call.type || precision_ != call.precision) return false;
    return std::memcmp(sizes_.data(), call.sizes, sizes_.size() * sizeof(int64_t)) == 0;
  }
  // whether one thread's share of the matrices is unchanged
  bool unchanged(const MatrixPieces& pieces, int thread, int threads) const {
    const size_t count = pieces.count(), share = static_cast<size_t>(threads);
    const size_t from = count * static_cast<size_t>(thread) / share,
                 to = count * (static_cast<size_t>(thread) + 1) / share;
    for (size_t n = from; n < to; ++n) {
      if (pieces.hash(n) != hashes_[n]) return false;
    }
    return true;
  }

  void use() const { uses_.fetch_add(1, std::memory_order_relaxed); }
  int64_t uses() const { return uses_.load(std::memory_order_relaxed); }
  // a stream keeps them for as long as it is open
  void keep() const { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  static constexpr size_t kPage = 4096, kLarge = size_t{4} << 20;
  const RecurCell* cell_;
  int64_t type_, precision_;
  std::vector<int64_t> sizes_;
  std::vector<uint64_t> hashes_;
  void* memory_ = nullptr;
  size_t bytes_ = 0;
  mutable std::atomic<int64_t> references_{1}, uses_{0};
};

}  // namespace recur
