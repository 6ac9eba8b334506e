#include "hwprobe/compute_roof.h"

#include <algorithm>
#include <atomic>

#include "harness/measure/isa_scope.h"
#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

// For as many steps as a call has, x = 0.9999 x + 0.0001 goes to 1, x + 0.0001 stays small and 0.9999^n normal.
constexpr float kMultiplier = 0.9999f;
constexpr float kAddend = 0.0001f;

std::atomic<float> checksum_sink;

int64_t StepsPerCall(const ComputeLoop& loop, const ComputeEffort& effort) {
  const int64_t steps = effort.vector_operations / loop.chains();
  return std::max<int64_t>(1, steps / kComputeUnroll) * kComputeUnroll;
}

Contender ContenderOf(const ComputeLoop& loop, int threads, const ComputeEffort& effort) {
  const int64_t steps = StepsPerCall(loop, effort);
  const auto run = loop.run;
  return {.label = std::string(loop.isa) + ' ' + std::string(loop.op_mix) + ' ' + std::to_string(loop.chains()),
          .threads = threads,
          .call = [=](int) {
            Parallel(threads,
                     [=](int) { checksum_sink.store(run(steps, kMultiplier, kAddend), std::memory_order_relaxed); });
          }};
}

}  // namespace

double FlopsPerCall(const ComputeLoop& loop, int threads, const ComputeEffort& effort) {
  return static_cast<double>(StepsPerCall(loop, effort)) * loop.flops_per_step() * threads;
}

std::vector<ComputeCandidate> ExploreCompute(Bench& bench, std::span<const std::string> isas,
                                             std::span<const int> threads, std::span<const std::string_view> op_mixes,
                                             const ComputeEffort& effort) {
  std::vector<ComputeCandidate> candidates;
  for (const std::string& isa : isas) {
    const IsaScope scope(isa);
    const std::span<const ComputeLoop> loops = ComputeLoops();
    for (const int team : threads) {
      std::vector<const ComputeLoop*> tried;
      std::vector<Contender> contenders;
      for (const ComputeLoop& loop : loops) {
        if (!op_mixes.empty() && std::find(op_mixes.begin(), op_mixes.end(), loop.op_mix) == op_mixes.end()) continue;
        tried.push_back(&loop);
        contenders.push_back(ContenderOf(loop, team, effort));
      }
      const std::vector<Measurement> measured = bench.Run("compute", contenders, effort.explore_s);
      const size_t first = candidates.size();
      for (size_t i = 0; i < tried.size(); ++i) {
        const double gflops = FlopsPerCall(*tried[i], team, effort) / measured[i].statistics.min;
        const auto known = std::find_if(candidates.begin() + static_cast<std::ptrdiff_t>(first), candidates.end(),
                                        [&](const auto& c) { return c.loop->op_mix == tried[i]->op_mix; });
        if (known == candidates.end()) {
          candidates.push_back({tried[i], team, gflops});
        } else if (gflops > known->best_gflops) {
          *known = {tried[i], team, gflops};
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
    row.dtype = "f32";
    row.op_mix = c.loop->op_mix;
    row.threads = c.threads;
    row.unit = "GFLOP/s";
    rows.push_back(row);
  }
  return rows;
}

}  // namespace roofgap
