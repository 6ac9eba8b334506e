#include "harness/measure/group.h"

#include <algorithm>
#include <random>

#include "harness/measure/pinning.h"
#include "harness/measure/sampler.h"

namespace roofgap {
namespace {

// The team's state is given back however the measuring ends.
class Unpin {
 public:
  explicit Unpin(std::span<const Contender> contenders) {
    for (const Contender& contender : contenders) threads_ = std::max(threads_, contender.threads);
  }
  ~Unpin() { UnpinTeam(threads_, ProcessCpus()); }

 private:
  int threads_ = 1;
};

}  // namespace

std::vector<Measurement> MeasureGroup(std::span<const Contender> contenders, const MeasureOptions& options,
                                      const std::vector<int>& cpus) {
  const Unpin unpin(contenders);
  std::vector<Sampler> samplers;
  for (const Contender& contender : contenders) samplers.emplace_back(contender, options, cpus);

  bool interrupted = false;
  const auto stop = [&] {
    double fraction = 0;
    for (const Sampler& sampler : samplers) {
      fraction += sampler.done() ? 1 : std::min(1.0, sampler.spent_s() / options.budget_s);
    }
    fraction /= static_cast<double>(samplers.size());
    interrupted = interrupted || (options.interrupted && options.interrupted(fraction));
    return interrupted;
  };

  std::vector<Sampler*> active;
  for (Sampler& sampler : samplers) active.push_back(&sampler);
  for (Sampler* sampler : active) {
    if (!stop()) sampler->WarmUpCalls(stop);
  }
  std::vector<Measurement> results(samplers.size());
  const auto take = [&](const Sampler* sampler) {
    const auto index = static_cast<size_t>(sampler - samplers.data());
    results[index] = sampler->Result(!sampler->done());
    if (sampler->done() && options.finished) options.finished(index, results[index]);
    return sampler->done();
  };
  std::mt19937_64 random(options.seed);
  while (!active.empty() && !interrupted) {
    std::shuffle(active.begin(), active.end(), random);
    for (Sampler* sampler : active) {
      if (stop()) break;
      sampler->Block(stop);
    }
    std::erase_if(active, [&](const Sampler* sampler) { return sampler->done() && take(sampler); });
  }
  for (const Sampler* sampler : active) take(sampler);
  return results;
}

}  // namespace roofgap
