#include "kernels/api/buffer.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/api/error.h"

#if defined(__SANITIZE_ADDRESS__)  // gcc
#define ROOFGAP_ADDRESS_SANITIZER
#elif defined(__has_feature)  // clang
#if __has_feature(address_sanitizer)
#define ROOFGAP_ADDRESS_SANITIZER
#endif
#endif

namespace roofgap {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kSmallPage = 4096;

std::atomic<size_t> held{0};
std::atomic<size_t> peak{0};

void Count(size_t bytes) {
  const size_t now = held.fetch_add(bytes) + bytes;
  size_t seen = peak.load();
  while (seen < now && !peak.compare_exchange_weak(seen, now)) {
  }
}

[[noreturn]] void ThrowRefused(size_t bytes, int error) {
  throw Error("out of memory: " + std::to_string(bytes) + " bytes were refused (" + std::strerror(error) + ")");
}

#if defined(ROOFGAP_ADDRESS_SANITIZER)
// The sanitizer sees the bounds of heap blocks, not of mappings.
std::byte* Allocate(size_t bytes, Buffer::Pages) {
  void* block = nullptr;
  if (posix_memalign(&block, bytes >= kHugePage ? kHugePage : kSmallPage, bytes) != 0) ThrowRefused(bytes, ENOMEM);
  return static_cast<std::byte*>(block);
}

void Release(std::byte* data, size_t) { std::free(data); }
#else
size_t RoundUp(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

size_t MappedBytes(size_t bytes) { return RoundUp(bytes, bytes >= kHugePage ? kHugePage : kSmallPage); }

// Maps `bytes` at a multiple of `align`, unmapping what lies around it.
void* MapAligned(size_t bytes, size_t align) {
  const size_t span = bytes + align;
  void* mapped = mmap(nullptr, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) ThrowRefused(bytes, errno);
  const auto begin = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t start = RoundUp(begin, align);
  if (start > begin) munmap(mapped, start - begin);
  const uintptr_t end = begin + span;
  if (end > start + bytes) munmap(reinterpret_cast<void*>(start + bytes), end - start - bytes);
  return reinterpret_cast<void*>(start);
}

std::byte* Allocate(size_t bytes, Buffer::Pages pages) {
  const size_t mapped = MappedBytes(bytes);
  const bool huge = bytes >= kHugePage;
  void* data = MapAligned(mapped, huge ? kHugePage : kSmallPage);
  // Advice only: a kernel without transparent huge pages answers EINVAL, and small pages are what there is.
  madvise(data, mapped, pages == Buffer::Pages::kHuge && huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  return static_cast<std::byte*>(data);
}

void Release(std::byte* data, size_t bytes) { munmap(data, MappedBytes(bytes)); }
#endif

}  // namespace

Buffer::Buffer(size_t bytes, Pages pages) {
  if (bytes == 0) return;
  data_ = Allocate(bytes, pages);
  size_ = bytes;
  Count(size_);
}

Buffer::~Buffer() {
  if (data_ == nullptr) return;
  Release(data_, size_);
  held.fetch_sub(size_);
}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

size_t HeldBytes() { return held.load(); }
size_t PeakHeldBytes() { return peak.load(); }
void ResetPeakHeldBytes() { peak.store(held.load()); }

}  // namespace roofgap
