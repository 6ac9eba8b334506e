#include "hwprobe/arena.h"

#include "harness/measure/pinning.h"
#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

constexpr int64_t kHugePage = int64_t{2} << 20;

int64_t RoundUp(int64_t bytes) { return (bytes + kHugePage - 1) / kHugePage * kHugePage; }

}  // namespace

Arena::Arena(int64_t slice_bytes, int threads, Buffer::Pages pages, const std::vector<int>& cpus)
    : slice_bytes_(RoundUp(slice_bytes)),
      threads_(threads),
      pages_(pages),
      buffer_(static_cast<size_t>(slice_bytes_ * threads), pages) {
  PinTeam(threads, cpus);
  Parallel(threads, [&](int thread) {
    float* const x = slice(thread);
    const int64_t count = slice_bytes_ / static_cast<int64_t>(sizeof(float));
    for (int64_t i = 0; i < count; ++i) x[i] = 1.0f + static_cast<float>(i & 1023) / 1024;
  });
  UnpinTeam(threads, cpus);
}

void Arena::Flush() const {
  constexpr int64_t kLine = 64 / sizeof(float);
  Parallel(threads_, [&](int thread) {
    const volatile float* const x = slice(thread);
    for (int64_t i = 0; i < slice_bytes_ / static_cast<int64_t>(sizeof(float)); i += kLine) static_cast<void>(x[i]);
  });
}

int64_t Arena::NextChunk() {
  const int64_t offset = next_bytes_;
  next_bytes_ += kChunkBytes;
  if (next_bytes_ + kChunkBytes > slice_bytes_) next_bytes_ = 0;
  return offset / static_cast<int64_t>(sizeof(float));
}

}  // namespace roofgap
