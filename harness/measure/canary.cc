#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/measure/canary.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// What follows is compiled once for each target.
#include "harness/measure/canary.h"

HWY_BEFORE_NAMESPACE();
namespace roofgap {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 12 chains hide a latency of up to 6 cycles at two a cycle. The values tend to 2: never infinite, never denormal.
float FmaChains(int64_t rounds) {
  const hn::ScalableTag<float> d;
  const auto half = hn::Set(d, 0.5f), one = hn::Set(d, 1.0f);
  auto a = hn::Set(d, 0.1f), b = hn::Set(d, 0.2f), c = hn::Set(d, 0.3f), e = hn::Set(d, 0.4f);
  auto f = hn::Set(d, 0.5f), g = hn::Set(d, 0.6f), h = hn::Set(d, 0.7f), i = hn::Set(d, 0.8f);
  auto j = hn::Set(d, 0.9f), k = hn::Set(d, 1.0f), l = hn::Set(d, 1.1f), m = hn::Set(d, 1.2f);
  for (int64_t round = 0; round < rounds; ++round) {
    a = hn::MulAdd(a, half, one);
    b = hn::MulAdd(b, half, one);
    c = hn::MulAdd(c, half, one);
    e = hn::MulAdd(e, half, one);
    f = hn::MulAdd(f, half, one);
    g = hn::MulAdd(g, half, one);
    h = hn::MulAdd(h, half, one);
    i = hn::MulAdd(i, half, one);
    j = hn::MulAdd(j, half, one);
    k = hn::MulAdd(k, half, one);
    l = hn::MulAdd(l, half, one);
    m = hn::MulAdd(m, half, one);
  }
  const auto left = hn::Add(hn::Add(hn::Add(a, b), hn::Add(c, e)), hn::Add(f, g));
  const auto right = hn::Add(hn::Add(hn::Add(h, i), hn::Add(j, k)), hn::Add(l, m));
  return hn::GetLane(hn::Add(left, right));
}

float Loads(const float* from, int64_t count) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto a = hn::Zero(d), b = a, c = a, e = a;
  for (int64_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    a = hn::Add(a, hn::Load(d, from + i));
    b = hn::Add(b, hn::Load(d, from + i + lanes));
    c = hn::Add(c, hn::Load(d, from + i + 2 * lanes));
    e = hn::Add(e, hn::Load(d, from + i + 3 * lanes));
  }
  return hn::GetLane(hn::Add(hn::Add(a, b), hn::Add(c, e)));
}

}  // namespace HWY_NAMESPACE
}  // namespace roofgap
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <memory>
#include <vector>

#include "harness/measure/clock.h"
#include "harness/measure/cold.h"
#include "harness/measure/host.h"
#include "harness/measure/isa_scope.h"
#include "kernels/api/parallel.h"

namespace roofgap {

HWY_EXPORT(FmaChains);
HWY_EXPORT(Loads);

namespace {

// The best of a few parts counts, so that an interrupt during the canary is not taken for a slower machine.
constexpr int kParts = 3;
constexpr int64_t kRounds = 20'000;      // 6 cycles each with two units: 30 us at 4 GHz
constexpr int64_t kLoadBytes = 1 << 20;  // of one thread: 50 us at 20 GB/s

struct Functions {
  float (*fma)(int64_t);
  float (*load)(const float*, int64_t);
};

const Functions& Chosen() {
  static const Functions functions = [] {
    const std::vector<std::string> isas = SupportedIsas();
    const bool avx2 = std::find(isas.begin(), isas.end(), "AVX2") != isas.end();
    const IsaScope scope(avx2 ? "AVX2" : isas.front());
    return Functions{&HWY_DYNAMIC_DISPATCH(FmaChains), &HWY_DYNAMIC_DISPATCH(Loads)};
  }();
  return functions;
}

// Read piece by piece in a ring. Not a Buffer: those count as memory of what is measured.
class Ring {
 public:
  Ring() {
    const int64_t least = 64 << 20, most = 256 << 20;
    const Host host = ReadHost();
    const int64_t caches = host.last_level_cache_bytes(host.max_threads());
    pieces_ = std::clamp(kColdFactor * caches, least, most) / kLoadBytes;
    exceeds_caches_ = pieces_ * kLoadBytes > 2 * caches;
    const auto bytes = static_cast<size_t>(pieces_ * kLoadBytes);
    memory_.reset(static_cast<float*>(std::aligned_alloc(kLoadBytes, bytes)));
    if (memory_ == nullptr) throw std::bad_alloc();
    madvise(memory_.get(), bytes, MADV_HUGEPAGE);
    std::fill_n(memory_.get(), bytes / sizeof(float), 1.0f);
  }
  bool exceeds_caches() const { return exceeds_caches_; }
  const float* Next() { return memory_.get() + (next_++ % pieces_) * (kLoadBytes / int64_t{sizeof(float)}); }

 private:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  int64_t pieces_ = 0;
  bool exceeds_caches_ = false;
  std::atomic<int64_t> next_ = 0;
  std::unique_ptr<float, Free> memory_;
};

Ring& LoadRing() {
  static Ring ring;
  return ring;
}

}  // namespace

double RunCanary(Canary canary, int threads) {
  const Functions& functions = Chosen();
  Ring* const ring = canary == Canary::kLoad ? &LoadRing() : nullptr;
  std::vector<int64_t> times(static_cast<size_t>(threads));
  Parallel(threads, [&](int thread) {
    int64_t best = std::numeric_limits<int64_t>::max();
    for (int part = 0; part < kParts; ++part) {
      const int64_t start = NowNs();
      volatile float sink =
          ring != nullptr ? functions.load(ring->Next(), kLoadBytes / int64_t{sizeof(float)}) : functions.fma(kRounds);
      static_cast<void>(sink);
      best = std::min(best, NowNs() - start);
    }
    times[static_cast<size_t>(thread)] = best;
  });
  return static_cast<double>(*std::max_element(times.begin(), times.end()));
}

double CanaryBytes(Canary canary, int threads) {
  return canary == Canary::kLoad && LoadRing().exceeds_caches() ? static_cast<double>(kLoadBytes) * threads : 0;
}

double CanaryTolerance(Canary canary) { return canary == Canary::kFma ? 0.03 : 0.10; }

}  // namespace roofgap
#endif  // HWY_ONCE
