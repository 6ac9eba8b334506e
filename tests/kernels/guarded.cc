#include "tests/kernels/guarded.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace roofgap {
namespace {

constexpr std::byte kUntouched{0xA5};
constexpr size_t kBefore = 256;  // bytes before the data that are checked: four vectors of the widest kind

}  // namespace

Guarded::Guarded(size_t bytes, size_t gap) : size_(bytes), gap_(gap) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t writable = (kBefore + bytes + gap + page - 1) / page * page;
  void* mapped = mmap(nullptr, writable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::runtime_error("mmap failed");
  mapping_ = static_cast<std::byte*>(mapped);
  mapped_ = writable + page;
  if (mprotect(mapping_ + writable, page, PROT_NONE) != 0) throw std::runtime_error("mprotect failed");
  data_ = mapping_ + writable - gap - bytes;
  std::memset(data_ - kBefore, static_cast<int>(kUntouched), kBefore);
  std::memset(data_, 0xFF, bytes);
  std::memset(data_ + bytes, static_cast<int>(kUntouched), gap);
}

Guarded::~Guarded() { munmap(mapping_, mapped_); }

bool Guarded::Intact() const {
  const auto untouched = [](std::byte byte) { return byte == kUntouched; };
  return std::all_of(data_ - kBefore, data_, untouched) && std::all_of(data_ + size_, data_ + size_ + gap_, untouched);
}

}  // namespace roofgap
