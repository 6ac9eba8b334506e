#ifndef ROOFGAP_TESTS_HWPROBE_TINY_PROBE_H_
#define ROOFGAP_TESTS_HWPROBE_TINY_PROBE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "hwprobe/probe.h"
#include "kernels/api/error.h"

// A probe that takes a moment, of a machine that has made-up caches.

namespace roofgap {

// Sizes and times so small that the figures mean nothing and the shape of the result is all there.
inline Effort TinyEffort() {
  Effort effort;
  effort.compute = {.vector_operations = 512, .explore_s = 1e-5, .refine_s = 1e-5};
  effort.memory = {.explore_bytes = 1 << 14,
                   .refine_bytes = 1 << 14,
                   .points_per_octave = 2,
                   .sizes_per_level = 1,
                   .curve_s = 1e-5,
                   .explore_s = 1e-5,
                   .refine_s = 1e-5};
  effort.latency_s = 1e-5;
  effort.most_bytes = 8 << 20;
  return effort;
}

// Two caches that are not this machine's, small enough for TinyEffort.
inline Topology TinyTopology() {
  Topology topology = ReadTopology();
  topology.caches = {{"L1", 16 << 10, 1, topology.cores}, {"L2", 128 << 10, 1, topology.cores}};
  return topology;
}

inline const ProbeResult& TinyProbe() {
  static const ProbeResult result = [] {
    const Host host = ReadHost();
    return RunProbe(host, TinyTopology(), CheckedThreads({}, host), TinyEffort(), {});
  }();
  return result;
}

inline std::filesystem::path NewDir(const std::string& name) {
  const std::filesystem::path dir = std::filesystem::path(testing::TempDir()) / ("hwprobe_" + name);
  std::filesystem::remove_all(dir);
  return dir;
}

inline std::string MessageOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// This machine as if CPU 0 were a performance core and CPU 1 an efficiency core.
inline Topology HybridTopology() {
  Topology topology = TinyTopology();
  topology.core_kinds = {{"performance", {0}}, {"efficiency", {1}}};
  topology.caches_of_kind = {topology.caches, {topology.caches.front()}};
  return topology;
}

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_HWPROBE_TINY_PROBE_H_
