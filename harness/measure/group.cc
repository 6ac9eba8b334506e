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

// A contender is judged by its own turns, so that one whose turns all fell into a slow phase of the machine would not
// know: the others of the group tell.
void CompareCanaries(std::span<const Contender> contenders, std::vector<Measurement>* results) {
  for (size_t i = 0; i < results->size(); ++i) {
    for (size_t k = 0; k < results->size(); ++k) {
      Measurement& one = (*results)[i];
      const Measurement& other = (*results)[k];
      const bool same =
          contenders[i].threads == contenders[k].threads && contenders[i].memory_bound == contenders[k].memory_bound;
      if (same && other.canary_ns > 0) one.slower = std::max(one.slower, one.canary_ns / other.canary_ns - 1);
    }
  }
}

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
  const auto leaves = [&](const Sampler* sampler) {
    if (!sampler->done()) return false;
    const auto index = static_cast<size_t>(sampler - samplers.data());
    results[index] = sampler->Result(false);
    if (options.finished) options.finished(index, results[index]);
    return true;
  };
  std::mt19937_64 random(options.seed);
  for (int64_t round = 0; !active.empty() && !interrupted; ++round) {
    std::shuffle(active.begin(), active.end(), random);
    for (Sampler* sampler : active) {
      if (stop()) break;
      sampler->Turn(round, stop);
    }
    std::erase_if(active, leaves);
  }

  for (const Sampler* sampler : active) results[static_cast<size_t>(sampler - samplers.data())] = sampler->Result(true);
  CompareCanaries(contenders, &results);
  return results;
}

}  // namespace roofgap
