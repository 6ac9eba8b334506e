#ifndef ROOFGAP_HARNESS_ANALYSIS_ATTENTION_H_
#define ROOFGAP_HARNESS_ANALYSIS_ATTENTION_H_

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/fields.h"
#include "harness/record/record.h"

// The rows of attention and of what approximates it (linformer, performer), by the sequence length n, within one run.
// complexity.h fits how they grow with n, crossover.h finds where one overtakes another.

namespace roofgap {

// What the letters of these ops say; k of linformer, m of performer.
struct AttentionShape {
  int64_t b = 1, h = 1, kvh = 1, s = 1, t = 1, d = 1, causal = 0;
  Number k, m;
};

// The vocabulary of `sweep`: what n is. Empty for other lengths, which are in no sweep.
inline constexpr std::string_view kSelf = "self";      // n = s = t
inline constexpr std::string_view kDecode = "decode";  // s = 1, n = t

// What rows have in common that differ by nothing but n and method.
struct AttentionFamily {
  std::string run_id, machine_id, sweep;
  int64_t b = 1, h = 1, kvh = 1, d = 1, causal = 0;
  std::string dtype, isa;
  int threads = 0;
  std::string core_kind, cache;
  friend auto operator<=>(const AttentionFamily&, const AttentionFamily&) = default;
};

template <MaybeConst<AttentionFamily> Family, class Visit>
void VisitFamily(Family& family, Visit&& visit) {
  visit(Field{"run_id", "", "as in measurements.csv"}, family.run_id);
  visit(Field{"machine_id", "", "as in measurements.csv"}, family.machine_id);
  visit(Field{"sweep", "", "self: n = s = t; decode: s = 1, n = t; empty: other lengths", "self decode"}, family.sweep);
  visit(Field{"b", "", "batch"}, family.b);
  visit(Field{"h", "", "heads"}, family.h);
  visit(Field{"kvh", "", "heads of keys and values"}, family.kvh);
  visit(Field{"d", "", "length of a head's vectors"}, family.d);
  visit(Field{"causal", "", "1: a query sees no later keys"}, family.causal);
  visit(Field{"dtype", "", "as in measurements.csv", vocabulary::kDType}, family.dtype);
  visit(Field{"isa", "", "as in measurements.csv"}, family.isa);
  visit(Field{"threads", "", "as in measurements.csv"}, family.threads);
  visit(Field{"core_kind", "", "as in measurements.csv"}, family.core_kind);
  visit(Field{"cache", "", "as in measurements.csv", vocabulary::kCache}, family.cache);
}

// "b2 h8 kvh1 d64 causal": what is not as usual.
std::string FamilyName(const AttentionFamily& family);

// "h8 d64, n = s = t: f32 AVX3 warm, 2 threads", and the kind of cores where there are several. Of one in a sweep.
std::string SweepName(const AttentionFamily& family);

// How attention is computed or approximated.
struct AttentionMethod {
  std::string op, variant;
  Number k, m;
  friend auto operator<=>(const AttentionMethod&, const AttentionMethod&) = default;
};

// "flash", "linformer fused k256", "performer fused m128".
std::string MethodName(const AttentionMethod& method);

inline bool Approximates(const AttentionMethod& method) { return method.op != "attention"; }

// One row of attention.csv: a measurement of these ops, in file order, whether it has a time or not. With D = h d,
//
//   chapter_flops    = b (2 n^2 D + 2 n D^2)           the textbook's formula of self-attention, as it is printed
//   flops            scores and weighted sums alone: 4 b h d for each pair that counts, of attention
//   projection_flops = 4 b n D (D + kvh d)             of q, k, v and the output, which are fully connected layers
//
// An approximation is compared with the fastest exact attention of the same b, h, kvh, s, t, d, causal and setting,
// `reference` left out.
struct AttentionPoint {
  int schema_version = kSchemaVersion;
  AttentionFamily family;
  AttentionMethod method;
  std::string problem, label;
  int64_t s = 1, t = 1;
  Number n;
  std::string status, reason;
  Number median_ns, ci_low_ns, ci_high_ns, workspace_bytes, bytes;
  Number flops, chapter_flops, projection_flops;
  std::string exact_variant;
  Number exact_median_ns, speedup, speedup_low, speedup_high, distance_from_exact;
};

template <MaybeConst<AttentionPoint> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"schema_version", "", "version of the columns; a reader refuses any other than its own"},
        row.schema_version);
  VisitFamily(row.family, visit);
  visit(Field{"op", "", "as in measurements.csv"}, row.method.op);
  visit(Field{"variant", "", "as in measurements.csv"}, row.method.variant);
  visit(Field{"k", "", "projected length, of linformer"}, row.method.k);
  visit(Field{"m", "", "features, of performer"}, row.method.m);
  visit(Field{"problem", "", "as in measurements.csv"}, row.problem);
  visit(Field{"label", "", "as in measurements.csv"}, row.label);
  visit(Field{"s", "", "queries"}, row.s);
  visit(Field{"t", "", "keys"}, row.t);
  visit(Field{"n", "", "sequence length, as `sweep` says"}, row.n);
  visit(Field{"status", "", "as in measurements.csv", vocabulary::kStatus}, row.status);
  visit(Field{"reason", "", "as in measurements.csv"}, row.reason);
  visit(Field{"median_ns", "ns", "as in measurements.csv"}, row.median_ns);
  visit(Field{"ci_low_ns", "ns", "as in measurements.csv"}, row.ci_low_ns);
  visit(Field{"ci_high_ns", "ns", "as in measurements.csv"}, row.ci_high_ns);
  visit(Field{"workspace_bytes", "byte", "as in measurements.csv"}, row.workspace_bytes);
  visit(Field{"bytes", "byte", "bytes_read + bytes_written of measurements.csv: compulsory"}, row.bytes);
  visit(Field{"flops", "FLOP", "as in measurements.csv: of attention scores and weighted sums, without projections"},
        row.flops);
  visit(Field{"chapter_flops", "FLOP",
              "the textbook's formula of self-attention, b (2 n^2 D + 2 n D^2) with D = h d; of attention over n = s = "
              "t alone"},
        row.chapter_flops);
  visit(Field{"projection_flops", "FLOP",
              "of q, k, v and the output, 4 b n D (D + kvh d); they are fully connected layers, part of no row here"},
        row.projection_flops);
  visit(Field{"exact_variant", "", "of linformer and performer: the fastest exact attention of the same shape"},
        row.exact_variant);
  visit(Field{"exact_median_ns", "ns", "its median"}, row.exact_median_ns);
  visit(Field{"speedup", "", "exact_median_ns / median_ns"}, row.speedup);
  visit(Field{"speedup_low", "", "its ci_low_ns / ci_high_ns of this row"}, row.speedup_low);
  visit(Field{"speedup_high", "", "its ci_high_ns / ci_low_ns of this row"}, row.speedup_high);
  visit(Field{"distance_from_exact", "", "as in measurements.csv"}, row.distance_from_exact);
}

// `shapes`: of the problems of these ops, as the records name them; rows of others are left out.
std::vector<AttentionPoint> FindAttention(std::span<const Record> records,
                                          const std::map<std::string, AttentionShape>& shapes);

// All points of a family and method, in the order of n: those that differ by nothing else. Families and methods in the
// order of first mention; a method of which all points have one n has no series.
struct AttentionSeries {
  const AttentionFamily* family;
  const AttentionMethod* method;
  std::vector<const AttentionPoint*> points;  // into what was given
};

std::vector<AttentionSeries> FindSeries(std::span<const AttentionPoint> points);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_ATTENTION_H_
