#include "kernels/api/random.h"

#include <cstring>

#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): a hash of the counter, so any element can be made on its own.
uint64_t Hash(uint64_t seed, uint64_t i) {
  uint64_t z = (seed * 0x9E3779B97F4A7C15u) ^ (i + 1) * 0xBF58476D1CE4E5B9u;
  z += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// (2 m + 1) / 2^23 - 1 for a 23-bit m: exact in f32, symmetric around 0 and never 0.
float Uniform(uint64_t hash) { return static_cast<float>(2 * (hash >> 41) + 1) * 0x1p-23f - 1.0f; }

template <class T>
void Store(std::byte* data, int64_t i, T value) {
  std::memcpy(data + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
}

}  // namespace

void FillRandom(std::byte* data, DType dtype, int64_t count, uint64_t seed, int threads) {
  Parallel(threads, [&](int thread) {
    const Range share = Share(count, threads, thread);
    for (int64_t i = share.begin; i < share.end; ++i) {
      const uint64_t hash = Hash(seed, static_cast<uint64_t>(i));
      const float value = Uniform(hash);
      switch (dtype) {
        case DType::kF32: Store(data, i, value); break;
        case DType::kF64: Store(data, i, static_cast<double>(value)); break;
        case DType::kBF16: {
          // Truncation keeps the value in the interval; the lowest kept bit is set so that it cannot become 0.
          uint32_t bits;
          std::memcpy(&bits, &value, sizeof bits);
          Store(data, i, static_cast<uint16_t>((bits >> 16) | 1));
          break;
        }
        case DType::kS8: {
          const auto magnitude = static_cast<int8_t>(1 + (hash >> 32) % 127);
          Store(data, i, static_cast<int8_t>(hash & 1 ? magnitude : -magnitude));
          break;
        }
      }
    }
  });
}

}  // namespace roofgap
