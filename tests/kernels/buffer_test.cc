#include "kernels/api/buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

uintptr_t AddressOf(const Buffer& buffer) { return reinterpret_cast<uintptr_t>(buffer.data()); }

TEST(BufferTest, IsAlignedAndWritableToItsEnd) {
  for (size_t bytes : {size_t{1}, size_t{63}, size_t{4096}, size_t{4097}, (size_t{2} << 20) + 1}) {
    for (Buffer::Pages pages : {Buffer::Pages::kHuge, Buffer::Pages::kSmall}) {
      const Buffer buffer(bytes, pages);
      EXPECT_EQ(buffer.size(), bytes);
      EXPECT_EQ(AddressOf(buffer) % 64, 0u);
      std::memset(buffer.data(), 1, bytes);
      EXPECT_EQ(buffer.as<uint8_t>()[bytes - 1], 1);
    }
  }
}

TEST(BufferTest, LargeBuffersStartOnAHugePage) {
  const Buffer buffer(size_t{5} << 20);
  EXPECT_EQ(AddressOf(buffer) % (size_t{2} << 20), 0u);
}

TEST(BufferTest, OfNoBytesIsNull) {
  EXPECT_EQ(Buffer(0).data(), nullptr);
  EXPECT_EQ(Buffer().data(), nullptr);
}

TEST(BufferTest, IsCountedWhileItLives) {
  const size_t before = HeldBytes();
  ResetPeakHeldBytes();
  {
    const Buffer first(1000);
    EXPECT_EQ(HeldBytes(), before + 1000);
    { const Buffer second(500); }
    EXPECT_EQ(HeldBytes(), before + 1000);
  }
  EXPECT_EQ(HeldBytes(), before);
  EXPECT_EQ(PeakHeldBytes(), before + 1500);
  ResetPeakHeldBytes();
  EXPECT_EQ(PeakHeldBytes(), before);
}

TEST(BufferTest, MovesItsMemory) {
  const size_t before = HeldBytes();
  Buffer from(100);
  std::byte* const data = from.data();
  Buffer to(std::move(from));
  EXPECT_EQ(to.data(), data);
  to = Buffer(300);
  EXPECT_EQ(to.size(), 300u);
  EXPECT_EQ(HeldBytes(), before + 300);
}

TEST(BufferTest, RefusedMemoryIsAnErrorThatSaysHowMuch) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer ends the process instead";
#endif
  try {
    const Buffer buffer(size_t{1} << 60);
    FAIL() << "was granted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("1152921504606846976 bytes were refused"), std::string::npos);
  }
  EXPECT_EQ(HeldBytes(), 0u);
}

}  // namespace
}  // namespace roofgap
