#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include "kernels/api/buffer.h"
#include "kernels/api/random.h"
#include "kernels/api/registry.h"

namespace roofgap {
namespace {

// Reads more than a last-level cache holds.
void EvictCaches() {
  static std::vector<char> memory(size_t{256} << 20, 1);
  const volatile char* const bytes = memory.data();
  for (size_t i = 0; i < memory.size(); i += 64) static_cast<void>(bytes[i]);
}

struct Asked {
  std::string_view variant;
  std::string_view problem;
};

// Such variants take another way through operands that lie in memory than through cached ones.
constexpr Asked kAsked[] = {
    {"resident", "dwconv2d:c144ih28kh3ph1"},
    {"resident", "dwconv2d:c128ih28kh3sh2ph1bia1act2"},
    {"resident", "dwconv2d:mb2c512ih14kh3ph1"},
    {"resident", "dwconv2d:c1024ih7kh3ph1bia1"},
    {"resident", "dwconv2d:c72ih29kh5sh2ph2"},
    {"resident", "dwconv2d:c40ih33iw21kh3kw5dh2ph3act3"},
    {"resident", "dwconv2d:mb2c64ih7kh5ph2bia1"},
    {"resident", "dwconv2d:c48ih56kh3ph1bia1"},
    {"resident_nhwc", "dwconv2d:c144ih28kh3ph1"},
    {"resident_nhwc", "dwconv2d:c128ih28kh3sh2ph1bia1act2"},
    {"resident_nhwc", "dwconv2d:mb2c512ih14kh3ph1"},
    {"resident_nhwc", "dwconv2d:c1024ih7kh3ph1bia1"},
    {"resident_nhwc", "dwconv2d:c72ih29kh5sh2ph2"},
    {"resident_nhwc", "dwconv2d:c40ih33iw21kh3kw5dh2ph3act3"},
    {"fused", "dwsep:ic64ih56oc128kh3sh2ph1bia1act1"},
    {"fused", "dwsep:ic512ih14oc512kh3ph1bia1act1"},
    {"fused", "dwsep:mb2ic1024ih7oc1024kh3ph1bia1act2"},
    {"fused", "dwsep:ic512ih14oc1024kh3sh2ph1"},
    {"fused", "dwsep:ic240ih14oc40kh5ph2act3"},
    {"fused", "dwsep:mb3ic520ih7oc648kh3ph1bia1"},
    {"fused", "dwsep:ic40ih33iw21oc135kh3kw5sh2ph1"},
    {"fused", "invres:c24mc144oc32ih56kh3sh2ph1"},
    {"fused", "invres:c160mc960oc160ih7kh3ph1res1"},
    {"fused", "invres:c40mc240oc40ih28kh5ph2res1se10act3"},
};

TEST(FarTest, OperandsInMemoryGiveTheSameBitsAsCachedOnes) {
  for (const Asked& asked : kAsked) {
    for (int threads : {1, 2, 3}) {
      SCOPED_TRACE(std::string(asked.problem) + " " + std::string(asked.variant) + " on " + std::to_string(threads));
      const Problem problem = ParseProblem(asked.problem);
      const Invocation invocation = FindVariant(OpOf(problem), asked.variant)->prepare(problem, {.threads = threads});
      std::vector<Buffer> memory;
      Args args;
      size_t dst = 0, bytes = 0;
      for (const Operand& operand : Operands(problem)) {
        bytes = operand.bytes(DType::kF32);
        dst = memory.size();
        args.operand[dst] = memory.emplace_back(bytes).data();
        FillRandom(args.operand[dst], DType::kF32, operand.elements(), dst + 1, 1);
      }
      args.packed = memory.emplace_back(invocation.packed_bytes).data();
      args.workspace = memory.emplace_back(invocation.workspace_bytes).data();
      if (invocation.pack) invocation.pack(args);
      const auto result = [&](bool far) {
        std::memset(args.operand[dst], 0xff, bytes);
        std::fill_n(args.workspace, invocation.workspace_bytes, std::byte{0xff});
        if (invocation.reorder_in) invocation.reorder_in(args);
        if (far) EvictCaches();
        invocation.run(args);
        if (invocation.reorder_out) invocation.reorder_out(args);
        const auto* const at = reinterpret_cast<const char*>(args.operand[dst]);
        return std::vector<char>(at, at + bytes);
      };
      result(false);
      EXPECT_EQ(result(false), result(true));
    }
  }
}

}  // namespace
}  // namespace roofgap
