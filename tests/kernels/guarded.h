#ifndef ROOFGAP_TESTS_KERNELS_GUARDED_H_
#define ROOFGAP_TESTS_KERNELS_GUARDED_H_

#include <cstddef>

namespace roofgap {

// Memory for an operand of a kernel under test. Before it and behind it lie bytes that must not change, and after
// those a page that must not be touched: reading or writing it ends the process.
class Guarded {
 public:
  // `bytes` bytes, of which the last lies `gap` bytes before the page that must not be touched. All bytes are 0xFF: NaN
  // in every floating-point type.
  Guarded(size_t bytes, size_t gap);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  // Whether all bytes around are as they were.
  bool Intact() const;

 private:
  std::byte* mapping_ = nullptr;
  size_t mapped_ = 0;
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t gap_ = 0;
};

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_KERNELS_GUARDED_H_
