#ifndef ROOFGAP_KERNELS_API_WINDOW_H_
#define ROOFGAP_KERNELS_API_WINDOW_H_

#include <cstdint>
#include <string>

#include "kernels/api/parallel.h"

namespace roofgap {

// One spatial dimension of a convolution: output o reads through tap k the input o * stride - pad + k * dilation,
// where that lies in [0, in).
struct Window {
  int64_t in = 0;
  int64_t taps = 0;
  int64_t stride = 1;
  int64_t pad = 0;
  int64_t dilation = 1;

  int64_t padded() const { return in + 2 * pad; }
  int64_t span() const { return dilation * (taps - 1) + 1; }
  // Needs span() <= padded().
  int64_t outputs() const { return (padded() - span()) / stride + 1; }

  // The taps of output o that fall inside the input; they are adjacent. Empty as {k, k}.
  Range TapsAt(int64_t o) const;
  // The outputs for which tap k falls inside the input.
  Range OutputsOf(int64_t k) const;

  // The inputs from the first to the last that the outputs `of` read; may be empty.
  Range InputsOf(Range of) const;

  // Pairs (output, tap) that fall inside the input.
  int64_t ValidPairs() const;
  // Inputs that some tap of some output reads: fewer than `in` where the stride outruns the taps.
  int64_t TouchedInputs() const;
  // Taps that some output uses: fewer than `taps` where padding makes up for a small input.
  int64_t UsedTaps() const;
};

// "" when the kernel fits into the padded input and has at most 65536 taps in a row, else that it does not, in one
// clause.
std::string ValidateFit(const Window& rows, const Window& columns);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_WINDOW_H_
