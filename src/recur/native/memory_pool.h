// Memory pool: memory that is kept between calls. Memory that the allocator returns to the system causes page faults
// when it is used again, which cost more than the arithmetic of a small layer.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace recur {

class MemoryPool {
 public:
  static MemoryPool& instance() {
    static MemoryPool* pool = new MemoryPool;  // never destroyed: tapes may be released while the process ends
    return *pool;
  }

  // at least this many bytes, aligned to 128, with undefined contents; null if memory runs out
  void* acquire(size_t bytes) {
    const size_t wanted = rounded(bytes);
    {
      std::lock_guard<std::mutex> hold(lock_);
      // the smallest that is large enough, and not so large that a call of another size would miss it
      size_t best = free_.size();
      for (size_t n = 0; n < free_.size(); ++n) {
        if (free_[n].bytes < wanted || free_[n].bytes > wanted + wanted / 2) continue;
        if (best == free_.size() || free_[n].bytes < free_[best].bytes) best = n;
      }
      if (best < free_.size()) {
        const Free found = free_[best];
        free_[best] = free_.back();
        free_.pop_back();
        kept_ -= found.bytes;
        used_ += found.bytes;
        if (used_ > most_) most_ = used_;
        return found.block + 1;
      }
    }
    void* memory = nullptr;
    const size_t whole = wanted + sizeof(Block);
    if (posix_memalign(&memory, whole >= kLarge ? kHugePage : alignof(Block), whole) != 0) return nullptr;
#ifdef MADV_HUGEPAGE
    if (whole >= kLarge) madvise(memory, whole, MADV_HUGEPAGE);
#endif
    Block* block = static_cast<Block*>(memory);
    block->bytes = wanted;
    std::lock_guard<std::mutex> hold(lock_);
    used_ += wanted;
    if (used_ > most_) most_ = used_;
    return block + 1;
  }

  void release(void* memory) {
    if (memory == nullptr) return;
    Block* block = static_cast<Block*>(memory) - 1;
    Block* surplus = nullptr;
    {
      std::lock_guard<std::mutex> hold(lock_);
      used_ -= block->bytes;
      try {
        free_.push_back({block->bytes, block});
        kept_ += block->bytes;
      } catch (const std::bad_alloc&) {  // no memory for the entry of the list: return the block to the system
        block->next = nullptr;
        surplus = block;
      }
      // blocks that have been free longest are returned first: their sizes are no longer requested. There is room for
      // two calls of different sizes that alternate, such as those of two networks
      const size_t limit = 2 * (most_ > kAlwaysKept ? most_ : kAlwaysKept);
      while (kept_ + used_ > limit && !free_.empty()) {
        Block* oldest = free_.front().block;
        oldest->next = surplus;
        surplus = oldest;
        kept_ -= free_.front().bytes;
        free_.erase(free_.begin());
      }
      most_ -= most_ / 4096;  // the peak decays, so that an old one is forgotten
    }
    while (surplus != nullptr) {
      Block* next = surplus->next;
      std::free(surplus);
      surplus = next;
    }
  }

  // held around a fork, so that the child gets a consistent and unlocked pool
  void lock() { lock_.lock(); }
  void unlock() { lock_.unlock(); }

  // return all free memory to the system
  void trim() {
    std::lock_guard<std::mutex> hold(lock_);
    for (const Free& one : free_) std::free(one.block);
    free_.clear();
    kept_ = 0;
    most_ = used_;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
  }

 private:
  struct alignas(128) Block {
    size_t bytes;
    Block* next;  // in the list of blocks to return
  };
  struct Free {
    size_t bytes;
    Block* block;
  };
  static constexpr size_t kLarge = size_t{4} << 20, kHugePage = size_t{2} << 20, kAlwaysKept = size_t{64} << 20;

  // four sizes for each power of two, so that batches of nearly one length share memory
  static size_t rounded(size_t bytes) {
    size_t step = 256;
    while (step * 8 < bytes) step *= 2;
    return (bytes + step - 1) / step * step;
  }

  std::mutex lock_;
  std::vector<Free> free_;
  size_t kept_ = 0, used_ = 0, most_ = 0;
};

// Memory for the duration of a scope
class Lease {
 public:
  explicit Lease(size_t bytes) : memory_(MemoryPool::instance().acquire(bytes)) {}
  ~Lease() { MemoryPool::instance().release(memory_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  void* get() const { return memory_; }

 private:
  void* memory_;
};

}  // namespace recur
