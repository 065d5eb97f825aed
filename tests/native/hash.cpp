// The hashes of frozen_weights.h: no change of a number is missed, wherever it is.
#include <algorithm>
#include <set>
#include <vector>

#include "check.h"
#include "frozen_weights.h"

namespace {

using Hash = uint64_t (*)(const void*, size_t);

std::vector<Hash> hashes() {
  std::vector<Hash> all{recur::hash_of, recur::hash_by_products};
#if defined(__AVX512F__)
  if (__builtin_cpu_supports("vaes")) all.push_back(recur::hash_by_rounds);
#endif
  return all;
}

std::vector<unsigned char> some(size_t bytes) {
  std::vector<unsigned char> memory(bytes);
  uint32_t state = 1;
  for (unsigned char& one : memory) one = static_cast<unsigned char>((state = state * 1664525u + 1013904223u) >> 24);
  return memory;
}

void every_changed_bit_changes_the_hash() {
  for (Hash hash : hashes()) {
    for (size_t bytes : {size_t{4}, size_t{60}, size_t{64}, size_t{516}, size_t{1028}}) {
      std::vector<unsigned char> memory = some(bytes);
      std::set<uint64_t> seen{hash(memory.data(), bytes)};
      for (size_t bit = 0; bit < 8 * bytes; ++bit) {
        memory[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
        seen.insert(hash(memory.data(), bytes));
        memory[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
      }
      CHECK(seen.size() == 8 * bytes + 1);
    }
  }
}

void words_that_change_places_change_the_hash() {
  for (Hash hash : hashes()) {
    std::vector<unsigned char> memory = some(1024);
    std::set<uint64_t> seen{hash(memory.data(), 1024)};
    for (size_t word = 1; word < 256; ++word) {
      std::swap_ranges(memory.begin(), memory.begin() + 4, memory.begin() + static_cast<long>(4 * word));
      seen.insert(hash(memory.data(), 1024));
      std::swap_ranges(memory.begin(), memory.begin() + 4, memory.begin() + static_cast<long>(4 * word));
    }
    CHECK(seen.size() == 256);
  }
}

void zeros_of_other_lengths_have_other_hashes() {
  for (Hash hash : hashes()) {
    const std::vector<unsigned char> memory(2048, 0);
    std::set<uint64_t> seen;
    for (size_t bytes = 0; bytes <= 2048; ++bytes) seen.insert(hash(memory.data(), bytes));
    CHECK(seen.size() == 2049);
  }
}

}  // namespace

int main() {
  run_test("bits", every_changed_bit_changes_the_hash);
  run_test("places", words_that_change_places_change_the_hash);
  run_test("lengths", zeros_of_other_lengths_have_other_hashes);
}
