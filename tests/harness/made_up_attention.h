#ifndef ROOFGAP_TESTS_HARNESS_MADE_UP_ATTENTION_H_
#define ROOFGAP_TESTS_HARNESS_MADE_UP_ATTENTION_H_

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "harness/analysis/attention.h"
#include "tests/harness/made_up_ceilings.h"

// Rows of attention and its approximations whose growth is known.

namespace roofgap {

struct MadeUpAttention {
  std::vector<Record> rows;
  std::map<std::string, AttentionShape> shapes;

  // A median with an interval of 2 % to each side.
  Record& Add(const std::string& op, const std::string& variant, const AttentionShape& shape, double median_ns,
              double workspace_bytes = 0) {
    const std::string problem = op + ":h" + std::to_string(shape.h) + "kvh" + std::to_string(shape.kvh) + "s" +
                                std::to_string(shape.s) + "t" + std::to_string(shape.t) + "d" +
                                std::to_string(shape.d) + (shape.causal != 0 ? "causal1" : "");
    shapes[problem] = shape;
    Record& row = rows.emplace_back(MadeUpRow(4e3 * static_cast<double>(shape.s * shape.t), 100));
    row.run_id = "made up";
    row.op = op;
    row.variant = variant;
    row.problem = problem;
    row.median_ns = median_ns;
    row.ci_low_ns = median_ns * 0.98;
    row.ci_high_ns = median_ns * 1.02;
    row.workspace_bytes = workspace_bytes;
    return row;
  }

  std::vector<AttentionPoint> points() const { return FindAttention(rows, shapes); }
};

inline AttentionShape SelfAttention(int64_t n) { return {.h = 8, .kvh = 8, .s = n, .t = n, .d = 64, .k = {}, .m = {}}; }

inline AttentionShape DecodeAttention(int64_t n) {
  return {.h = 8, .kvh = 8, .s = 1, .t = n, .d = 64, .k = {}, .m = {}};
}

inline AttentionShape Projected(int64_t n) {
  AttentionShape shape = SelfAttention(n);
  shape.k = 256;
  return shape;
}

// 256 ... 8192: standard n^2 time and bytes, flash three quarters of that time and packed keys, Linformer n time, which
// is flash's at 1500, and no bytes.
inline MadeUpAttention TextbookRun() {
  MadeUpAttention run;
  for (int64_t n = 256; n <= 8192; n *= 2) {
    const auto length = static_cast<double>(n);
    run.Add("attention", "materialised", SelfAttention(n), 4 * length * length, 4 * length * length);
    run.Add("attention", "flash", SelfAttention(n), 3 * length * length, 1e5 + 100 * length);
    run.Add("linformer", "fused", Projected(n), 4500 * length).distance_from_exact = 0.25;
  }
  return run;
}

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_HARNESS_MADE_UP_ATTENTION_H_
