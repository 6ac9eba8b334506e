#include "hwprobe/compute_roof.h"

#include <algorithm>
#include <atomic>
#include <string_view>

#include "harness/measure/isa_scope.h"
#include "hwprobe/dot_kernels.h"
#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

struct Constants {
  double multiplier, addend;
};

// For as many steps as a call has, x = 0.9999 x + 0.0001 goes to 1, x + 0.0001 stays small and 0.9999^n normal; sums of
// 4 x 3 x 2 stay below 2^31.
Constants ConstantsOf(const ComputeLoop& loop) {
  if (loop.op_mix == "dot") return {3, 2};
  return {0.9999, 0.0001};
}

std::atomic<double> checksum_sink;

int64_t StepsPerCall(const ComputeLoop& loop, const ComputeEffort& effort) {
  const int64_t steps = effort.vector_operations / loop.chains();
  return std::max<int64_t>(1, steps / kComputeUnroll) * kComputeUnroll;
}

Contender ContenderOf(const ComputeLoop& loop, int threads, const ComputeEffort& effort) {
  const int64_t steps = StepsPerCall(loop, effort);
  const Constants with = ConstantsOf(loop);
  const auto run = loop.run;
  return {.label = std::string(loop.isa) + ' ' + std::string(loop.dtype) + ' ' + std::string(loop.op_mix) + ' ' +
                   std::to_string(loop.chains()),
          .threads = threads,
          .call = [=](int) {
            Parallel(threads, [=](int) {
              checksum_sink.store(run(steps, with.multiplier, with.addend), std::memory_order_relaxed);
            });
          }};
}

bool SameType(const ComputeLoop& a, const ComputeLoop& b) { return a.isa == b.isa && a.dtype == b.dtype; }

}  // namespace

double FlopsPerCall(const ComputeLoop& loop, int threads, const ComputeEffort& effort) {
  return static_cast<double>(StepsPerCall(loop, effort)) * loop.flops_per_step() * threads;
}

std::vector<const ComputeLoop*> ComputeLoopsOf(std::span<const std::string> isas) {
  std::vector<const ComputeLoop*> loops;
  for (const std::string& isa : isas) {
    const IsaScope scope(isa);
    for (const ComputeLoop& loop : ComputeLoops()) loops.push_back(&loop);
    for (const ComputeLoop& loop : DotLoops()) {
      if (loop.isa == isa) loops.push_back(&loop);
    }
  }
  return loops;
}

std::vector<std::string> MissingDotNotes(std::span<const ComputeLoop* const> loops, const DotFeatures& features) {
  struct Needs {
    std::string_view dtype, instruction;
  };
  std::vector<std::string> notes;
  for (const Needs& needs :
       {Needs{"bf16", "AVX512_BF16, or bfdot on ARM"}, Needs{"s8", "AVX512_VNNI or AVX-VNNI, or sdot on ARM"}}) {
    const bool has =
        std::any_of(loops.begin(), loops.end(), [&](const ComputeLoop* loop) { return loop->dtype == needs.dtype; });
    if (has) continue;
    const bool processor_has = needs.dtype == "s8" ? features.avx512_vnni || features.avx_vnni || features.neon_dot
                                                   : features.avx512_bf16 || features.neon_bf16;
    const std::string why =
        processor_has ? "this build, whose compiler lacks it, has no loop for " : "the processor has no ";
    notes.push_back("no dot roof for " + std::string(needs.dtype) + ": " + why + std::string(needs.instruction));
  }
  return notes;
}

std::vector<ComputeCandidate> ExploreCompute(Bench& bench, std::span<const ComputeLoop* const> loops,
                                             std::span<const int> threads, const ComputeEffort& effort) {
  std::vector<ComputeCandidate> candidates;
  for (const int team : threads) {
    for (size_t begin = 0, end = 0; begin < loops.size(); begin = end) {
      std::vector<Contender> contenders;
      for (; end < loops.size() && SameType(*loops[begin], *loops[end]); ++end) {
        contenders.push_back(ContenderOf(*loops[end], team, effort));
      }
      const std::vector<Measurement> measured = bench.Run("compute", contenders, effort.explore_s);
      const size_t first = candidates.size();
      for (size_t i = begin; i < end; ++i) {
        const double gflops = FlopsPerCall(*loops[i], team, effort) / measured[i - begin].statistics.min;
        const auto known = std::find_if(candidates.begin() + static_cast<std::ptrdiff_t>(first), candidates.end(),
                                        [&](const auto& c) { return c.loop->op_mix == loops[i]->op_mix; });
        if (known == candidates.end()) {
          candidates.push_back({loops[i], team, gflops});
        } else if (gflops > known->best_gflops) {
          *known = {loops[i], team, gflops};
        }
      }
    }
  }
  return candidates;
}

std::vector<Ceiling> RefineCompute(Bench& bench, std::span<const ComputeCandidate> candidates,
                                   const ComputeEffort& effort) {
  std::vector<Contender> contenders;
  for (const ComputeCandidate& c : candidates) contenders.push_back(ContenderOf(*c.loop, c.threads, effort));
  const std::vector<Measurement> measured = bench.Run("compute, again", contenders, effort.refine_s);
  std::vector<Ceiling> rows;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const ComputeCandidate& c = candidates[i];
    Ceiling row = RateOf(measured[i], FlopsPerCall(*c.loop, c.threads, effort));
    TakeBest(row, c.best_gflops);
    row.kind = "compute";
    row.isa = c.loop->isa;
    row.dtype = c.loop->dtype;
    row.op_mix = c.loop->op_mix;
    row.threads = c.threads;
    row.unit = "GFLOP/s";
    rows.push_back(row);
  }
  return rows;
}

}  // namespace roofgap
