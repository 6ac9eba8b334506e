#include "harness/run/attention_findings.h"

#include <map>
#include <optional>
#include <variant>
#include <vector>

#include "harness/analysis/attention.h"
#include "harness/analysis/attention_table.h"
#include "harness/analysis/complexity.h"
#include "harness/analysis/crossover.h"
#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "harness/run/problem_of.h"

namespace roofgap {
namespace {

// Of ops with the letters of attention; nothing for others.
template <class P>
std::optional<AttentionShape> ShapeOf(const P& p) {
  if constexpr (requires { p.h, p.kvh, p.s, p.t, p.d; }) {
    AttentionShape shape = {.b = p.b, .h = p.h, .kvh = p.kvh, .s = p.s, .t = p.t, .d = p.d, .k = {}, .m = {}};
    if constexpr (requires { p.causal; }) shape.causal = p.causal;
    if constexpr (requires { p.k; }) shape.k = static_cast<double>(p.k);
    if constexpr (requires { p.m; }) shape.m = static_cast<double>(p.m);
    return shape;
  } else {
    return {};
  }
}

std::map<std::string, AttentionShape> ShapesOf(std::span<const Record> records, const std::filesystem::path& run_dir) {
  std::map<std::string, AttentionShape> shapes;
  for (size_t i = 0; i < records.size(); ++i) {
    if (shapes.contains(records[i].problem)) continue;
    const std::optional<Problem> problem = ProblemOf(records, i, run_dir);
    if (!problem) continue;
    const std::optional<AttentionShape> shape = std::visit([](const auto& p) { return ShapeOf(p); }, *problem);
    if (shape) shapes[records[i].problem] = *shape;
  }
  return shapes;
}

template <class Row>
void Store(const std::filesystem::path& path, const std::vector<Row>& rows) {
  if (rows.empty()) {
    std::filesystem::remove(path);
  } else {
    ReplaceFile(path, CsvText<Row>(rows));
  }
}

}  // namespace

std::string AttentionFindings(std::span<const Record> records, const std::filesystem::path& run_dir) {
  const std::vector<AttentionPoint> points = FindAttention(records, ShapesOf(records, run_dir));
  const std::vector<AttentionSeries> series = FindSeries(points);
  const std::vector<GrowthFit> fits = FitGrowth(series);
  const std::vector<Crossover> crossovers = FindCrossovers(series);
  Store(run_dir / files::kAttention, points);
  Store(run_dir / files::kComplexity, fits);
  Store(run_dir / files::kCrossovers, crossovers);
  std::string text;
  for (const std::string& part : {RenderGrowth(fits, crossovers), RenderComplexityTable(fits),
                                  RenderChapterFlops(points), RenderAttentionClaims(points)}) {
    text += (part.empty() ? "" : "\n") + part;
  }
  return text;
}

}  // namespace roofgap
