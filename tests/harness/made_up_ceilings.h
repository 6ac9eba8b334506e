#ifndef ROOFGAP_TESTS_HARNESS_MADE_UP_CEILINGS_H_
#define ROOFGAP_TESTS_HARNESS_MADE_UP_CEILINGS_H_

#include <string>

#include "harness/record/record.h"

// A machine whose roofs are round numbers, and rows to put under them.

namespace roofgap {

inline Ceiling MadeUpPeak(const std::string& isa, double best, double median) {
  Ceiling ceiling;
  ceiling.machine_id = "made-up";
  ceiling.kind = "compute";
  ceiling.isa = isa;
  ceiling.dtype = "f32";
  ceiling.op_mix = "fma";
  ceiling.core_kind = "uniform";
  ceiling.best = best;
  ceiling.median = median;
  ceiling.unit = "GFLOP/s";
  return ceiling;
}

inline Ceiling MadeUpBandwidth(const std::string& level, double best, double median, Number capacity_bytes) {
  Ceiling ceiling;
  ceiling.machine_id = "made-up";
  ceiling.kind = "memory";
  ceiling.isa = "AVX3";
  ceiling.level = level;
  ceiling.pattern = "load";
  ceiling.pages = "huge";
  ceiling.core_kind = "uniform";
  ceiling.capacity_bytes = capacity_bytes;
  ceiling.best = best;
  ceiling.median = median;
  ceiling.unit = "GB/s";
  return ceiling;
}

// One thread: AVX3 100 (median 90) GFLOP/s; L1 1 kB at 100 (80), L2 10 kB at 50 (40), L3 100 kB at 20 (16), DRAM at
// 10 (8) GB/s, loads.
inline Ceilings MadeUpCeilings() {
  return {.rows = {MadeUpPeak("AVX3", 100, 90), MadeUpBandwidth("L1", 100, 80, 1000.0),
                   MadeUpBandwidth("L2", 50, 40, 10000.0), MadeUpBandwidth("L3", 20, 16, 100000.0),
                   MadeUpBandwidth("DRAM", 10, 8, {})}};
}

inline Record MadeUpRow(double flops, double bytes_read, double bytes_written = 0) {
  Record row;
  row.machine_id = "made-up";
  row.op = "fc";
  row.problem = "fc:ic" + std::to_string(static_cast<int64_t>(flops)) + "oc1";
  row.variant = "gemm";
  row.dtype = "f32";
  row.isa = "AVX3";
  row.threads = 1;
  row.core_kind = "uniform";
  row.cache = "warm";
  row.status = kMeasured;
  row.flops = row.executed_flops = flops;
  row.bytes_read = bytes_read;
  row.bytes_written = bytes_written;
  return row;
}

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_HARNESS_MADE_UP_CEILINGS_H_
