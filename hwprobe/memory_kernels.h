#ifndef ROOFGAP_HWPROBE_MEMORY_KERNELS_H_
#define ROOFGAP_HWPROBE_MEMORY_KERNELS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace roofgap {

// A loop that walks a thread's slice of memory with full vectors. With x, y, z the equal parts of the slice:
//   load          reads x                               read2_write1  every third vector of x = max of the two before
//   store         x = scale                             nt_store      the same, past the caches
//   copy          y = x                                 nt_copy       the same, past the caches
//   update        x = x + scale                         triad         z = x + scale * y
// Bytes are the program's own loads and stores: no write-allocate, no prefetch.
struct MemoryLoop {
  std::string_view isa;      // what it was compiled for
  std::string_view pattern;  // the vocabulary of ceilings.csv
  int arrays;                // parts that the slice is divided into
  int unroll;                // vectors (of read2_write1: triples) per stream and iteration
  int streams;               // places of each array that are walked at the same time
  int granule_bytes;         // the footprint is a multiple of this
  // Walks `footprint` bytes, a multiple of granule_bytes, from `slice` (64-byte aligned) on, `passes` times.
  void (*run)(float* slice, int64_t footprint, int64_t passes, float scale);

  // The most that fits into `bytes`.
  constexpr int64_t Footprint(int64_t bytes) const { return bytes / granule_bytes * granule_bytes; }
  constexpr double BytesPerPass(int64_t footprint) const {
    return (pattern == "update" ? 2.0 : 1.0) * static_cast<double>(footprint);
  }
  // Non-temporal stores go to memory whatever the size of the set: a figure for DRAM only.
  constexpr bool past_caches() const { return pattern == "nt_copy" || pattern == "nt_store"; }
};

// The loops of the instruction set that Highway dispatches to now (IsaScope, harness/measure/isa_scope.h): every
// pattern with several shapes (unrolling, concurrent streams), because none is the fastest at every level.
std::span<const MemoryLoop> MemoryLoops();

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_MEMORY_KERNELS_H_
