#ifndef ROOFGAP_HWPROBE_ARENA_H_
#define ROOFGAP_HWPROBE_ARENA_H_

#include <cstdint>
#include <vector>

#include "kernels/api/buffer.h"

namespace roofgap {

// The memory that loops walk: one slice per thread of a pinned team, first touched by that thread, of values near 1
// that no loop of memory_kernels.h drives out of the range of normal numbers.
class Arena {
 public:
  static constexpr int64_t kChunkBytes = int64_t{8} << 20;

  Arena(int64_t slice_bytes, int threads, Buffer::Pages pages, const std::vector<int>& cpus);

  float* slice(int thread) const { return buffer_.as<float>() + thread * slice_bytes_ / 4; }
  // Where the next chunk of each slice begins, in elements: round and round, whoever asks, so that a chunk comes back
  // only when as much has been walked as all slices hold.
  int64_t NextChunk();
  // Walks all slices once, so that of what was in the caches before as little as can be is left.
  void Flush() const;
  int64_t slice_bytes() const { return slice_bytes_; }
  int threads() const { return threads_; }
  Buffer::Pages pages() const { return pages_; }

 private:
  int64_t slice_bytes_;  // a multiple of 2 MiB
  int threads_;
  Buffer::Pages pages_;
  Buffer buffer_;
  int64_t next_bytes_ = 0;
};

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_ARENA_H_
