#include "harness/plan/expand.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "kernels/api/error.h"

namespace roofgap {
namespace {

// What a build without oneDNN lacks; any other name that no op has is an error there too.
constexpr std::array<std::string_view, 5> kOfOnednn = {"onednn", "onednn_best", "onednn_flash", "onednn_graph",
                                                       "onednn_winograd"};

template <class List>
bool Contains(const List& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

template <class List>
std::string Joined(const List& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ", ") + std::string(item);
  return text;
}

// In the place of a variant that this build lacks: its rows are skipped, and say so.
const Variant* StandIn(std::string_view op, const std::string& name) {
  static std::map<std::pair<std::string, std::string>, Variant> stand_ins;
  const auto [found, is_new] = stand_ins.try_emplace({std::string(op), name});
  if (is_new) {
    const auto& [op_name, variant_name] = found->first;
    found->second = {.op = op_name,
                     .name = variant_name,
                     .summary = "",
                     .isa_control = IsaControl::kHighway,
                     .supports =
                         [](const Problem&, const Context&) {
                           return Support{false, "built without oneDNN"};
                         },
                     .prepare = {},
                     .where = {}};
  }
  return &found->second;
}

// Expands one problem of the request.
class Expander {
 public:
  Expander(const RequestedProblem& asked, const Offer& offer)
      : asked_(asked), offer_(offer), axes_(Filled(asked.axes)), problem_(Parsed()) {}

  void AppendTo(std::vector<Case>* cases) const {
    for (DType dtype : DTypes()) {
      for (bool cold : Caches()) {
        for (const Variant* variant : Contenders()) {
          for (const std::string& isa : axes_.isas) {
            for (int threads : axes_.threads) {
              const int actual = threads == kAllThreads ? offer_.max_threads : threads;
              Case one{.label = asked_.label,
                       .problem = problem_,
                       .variant = variant,
                       .dtype = dtype,
                       .isa = isa,
                       .threads = actual,
                       .cold = cold,
                       .budget_s = *axes_.budget_s};
              one.support = SupportOf(one);
              cases->push_back(one);
            }
          }
        }
      }
    }
  }

 private:
  Axes Filled(const Axes& given) const {
    Axes defaults;
    defaults.threads = {1, kAllThreads};
    defaults.isas = {offer_.isas.front()};
    defaults.dtypes = {"f32"};
    defaults.caches = {"warm"};
    defaults.budget_s = 1.0;
    Axes axes = Override(defaults, given);
    for (const std::string& isa : axes.isas) {
      if (!IsIsa(isa)) Fail("unknown isa '" + Shown(isa) + "'; allowed are " + Joined(IsaVocabulary()));
    }
    return axes;
  }

  [[noreturn]] void Fail(const std::string& what) const {
    throw Error((asked_.where.empty() ? "" : asked_.where + ": ") + what);
  }

  Problem Parsed() const {
    try {
      return ParseProblem(asked_.problem);
    } catch (const Error& error) {
      Fail(error.what());
    }
  }

  std::vector<DType> DTypes() const {
    std::vector<DType> dtypes;
    for (const std::string& name : axes_.dtypes) {
      try {
        dtypes.push_back(ParseDType(name));
      } catch (const Error& error) {
        Fail(error.what());
      }
    }
    return dtypes;
  }

  std::vector<bool> Caches() const {
    std::vector<bool> colds;
    for (const std::string& name : axes_.caches) {
      if (!IsCache(name)) Fail("unknown cache '" + Shown(name) + "'; allowed are warm, cold");
      colds.push_back(name == "cold");
    }
    return colds;
  }

  bool IsAbsent(std::string_view name) const { return !offer_.onednn && Contains(kOfOnednn, name); }

  // The variants of the problem's op that were asked for. A name that no op has is an error; one that only other ops
  // have is theirs.
  std::vector<const Variant*> Contenders() const {
    std::vector<const Variant*> contenders;
    for (const std::string& name : axes_.variants) {
      if (IsAbsent(name)) {
        contenders.push_back(StandIn(OpOf(problem_), name));
        continue;
      }
      const auto& all = AllVariants();
      if (std::any_of(all.begin(), all.end(), [&](const Variant& v) { return v.name == name; })) continue;
      std::set<std::string_view> names;
      for (const Variant* variant : VariantsOf(OpOf(problem_))) names.insert(variant->name);
      Fail("unknown variant '" + Shown(name) + "'; " + std::string(OpOf(problem_)) + " has " + Joined(names));
    }
    for (const Variant* variant : VariantsOf(OpOf(problem_))) {
      if (IsAbsent(variant->name)) continue;
      if (axes_.variants.empty() ? variant->name != "reference" : Contains(axes_.variants, variant->name)) {
        contenders.push_back(variant);
      }
    }
    return contenders;
  }

  Support SupportOf(const Case& one) const {
    if (!Contains(offer_.isas, one.isa)) return {false, "isa " + one.isa + " does not run on this machine"};
    if (one.threads > offer_.max_threads) {
      return {false, std::to_string(one.threads) + " threads asked for, " + std::to_string(offer_.max_threads) +
                         " usable here"};
    }
    if (one.variant->isa_control == IsaControl::kProcess && one.isa != offer_.process_isa) {
      return {false,
              "held to " + offer_.process_isa + " in this process; a run with --isa " + one.isa + " alone measures it"};
    }
    if (one.variant->isa_control == IsaControl::kNone && one.isa != axes_.isas.front()) {
      return {false, "does not depend on the isa; see its row for " + axes_.isas.front()};
    }
    return one.variant->supports(one.problem, {.dtype = one.dtype, .threads = one.threads});
  }

  const RequestedProblem& asked_;
  const Offer& offer_;
  const Axes axes_;
  const Problem problem_;
};

auto Key(const Case& c) { return std::make_tuple(Describe(c.problem), c.variant, c.dtype, c.isa, c.threads, c.cold); }

}  // namespace

const std::vector<std::string_view>& IsaVocabulary() {
  static const std::vector<std::string_view> names = {
      "AVX3_SPR", "AVX3_ZEN4", "AVX3_DL", "AVX3",     "AVX2",
      "SSE4",     "SSSE3",     "SSE2",    "NEON",     "NEON_BF16",
      "SVE",      "SVE2",      "SVE_256", "SVE2_128", "NEON_WITHOUT_AES",
      "EMU128",   "SCALAR"};
  return names;
}

bool IsIsa(std::string_view name) { return Contains(IsaVocabulary(), name); }

bool IsCache(std::string_view name) { return name == "warm" || name == "cold"; }

bool IsDType(std::string_view name) {
  return std::any_of(kDTypes.begin(), kDTypes.end(), [&](DType dtype) { return Name(dtype) == name; });
}

std::string OnlyIsa(const Request& request, const std::vector<std::string>& isas) {
  std::set<std::string> asked;
  for (const RequestedProblem& problem : request.problems) {
    if (problem.axes.isas.empty()) asked.insert(isas.front());
    asked.insert(problem.axes.isas.begin(), problem.axes.isas.end());
  }
  return asked.size() == 1 ? *asked.begin() : "";
}

std::vector<int> ParseThreads(std::span<const std::string> words) {
  std::vector<int> threads;
  for (const std::string& word : words) {
    int number = kAllThreads;
    const char* const end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data(), end, number);
    if (word != "all" && (error != std::errc() || rest != end || number < 1)) {
      throw Error("--threads: got '" + Shown(word) + "'; allowed are whole numbers from 1 on, or all");
    }
    threads.push_back(number);
  }
  return threads;
}

void CheckOffered(const Axes& axes, const Offer& offer) {
  for (const std::string& dtype : axes.dtypes) {
    if (!IsDType(dtype)) throw Error("--dtype: '" + Shown(dtype) + "' is unknown; allowed are f32, f64, bf16, s8");
  }
  for (const std::string& cache : axes.caches) {
    if (!IsCache(cache)) throw Error("--cache: '" + Shown(cache) + "' is unknown; allowed are warm, cold");
  }
  for (const std::string& isa : axes.isas) {
    if (Contains(offer.isas, isa)) continue;
    const char* what = Contains(IsaVocabulary(), isa) ? "' does not run here" : "' is unknown";
    throw Error("--isa: '" + Shown(isa) + what + "; allowed are " + Joined(offer.isas));
  }
  for (int threads : axes.threads) {
    if (threads <= offer.max_threads) continue;
    throw Error("--threads: " + std::to_string(threads) + " are more than there are; allowed is 1 to " +
                std::to_string(offer.max_threads) + ", or all");
  }
}

std::vector<Case> Expand(const Request& request, const Offer& offer) {
  std::vector<Case> all;
  for (const RequestedProblem& asked : request.problems) Expander(asked, offer).AppendTo(&all);
  std::vector<Case> cases;
  std::set<decltype(Key(all.front()))> seen;
  for (Case& one : all) {
    if (seen.insert(Key(one)).second) cases.push_back(std::move(one));
  }
  if (cases.empty()) throw Error("nothing to run: no op among the problems has a variant that was asked for");
  return cases;
}

}  // namespace roofgap
