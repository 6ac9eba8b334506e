#ifndef ROOFGAP_KERNELS_API_BUFFER_H_
#define ROOFGAP_KERNELS_API_BUFFER_H_

#include <cstddef>
#include <utility>

namespace roofgap {

// Memory for operands, packed weights and workspace: the one allocator of everything that is measured, so that all
// contenders get the same page kind and the same offset in the page, and so that peak bytes can be counted.
//
// Aligned to 64 bytes. A buffer of 2 MiB or more starts on a 2 MiB boundary, is advised to use huge pages, and is
// therefore subject to the system's policy (transparent_hugepage=never leaves it on small pages).
// The contents are not touched: the first thread that writes a page decides its NUMA node.
class Buffer {
 public:
  enum class Pages { kHuge, kSmall };

  Buffer() = default;
  // Throws Error when the system refuses the memory. `bytes` may be 0 (data() is then null).
  explicit Buffer(size_t bytes, Pages pages = Pages::kHuge);
  ~Buffer();
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
};

// Bytes held by all living Buffers of the process, and the most ever held since the last reset. Thread-safe.
size_t HeldBytes();
size_t PeakHeldBytes();
void ResetPeakHeldBytes();

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_BUFFER_H_
