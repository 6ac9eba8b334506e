#include "kernels/api/window.h"

#include <algorithm>
#include <vector>

namespace roofgap {
namespace {

int64_t FloorDiv(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
int64_t CeilDiv(int64_t a, int64_t b) { return -FloorDiv(-a, b); }

// The part of [begin, end) that lies in [0, count).
Range Clip(int64_t begin, int64_t end, int64_t count) {
  begin = std::clamp<int64_t>(begin, 0, count);
  return {begin, std::clamp(end, begin, count)};
}

std::string Size(int64_t rows, int64_t columns) { return std::to_string(rows) + "x" + std::to_string(columns); }

}  // namespace

Range Window::TapsAt(int64_t o) const {
  const int64_t first = o * stride - pad;
  return Clip(CeilDiv(-first, dilation), CeilDiv(in - first, dilation), taps);
}

Range Window::OutputsOf(int64_t k) const {
  const int64_t shift = pad - k * dilation;
  return Clip(CeilDiv(shift, stride), CeilDiv(in + shift, stride), outputs());
}

Range Window::InputsOf(Range of) const {
  return Clip(of.begin * stride - pad, (of.end - 1) * stride - pad + span(), in);
}

int64_t Window::ValidPairs() const {
  int64_t pairs = 0;
  for (int64_t k = 0; k < taps; ++k) {
    const Range of_tap = OutputsOf(k);
    pairs += of_tap.end - of_tap.begin;
  }
  return pairs;
}

int64_t Window::UsedTaps() const {
  int64_t used = 0;
  for (int64_t k = 0; k < taps; ++k) {
    const Range of_tap = OutputsOf(k);
    used += of_tap.begin != of_tap.end;
  }
  return used;
}

int64_t Window::TouchedInputs() const {
  // Tap k reads every stride-th input, so it meets only the taps of its own residue class k * dilation mod stride;
  // within a class, counted in strides, each tap reads an interval, and the union of intervals is what is touched.
  struct Interval {
    int64_t residue, begin, end;
  };
  std::vector<Interval> intervals;
  for (int64_t k = 0; k < taps; ++k) {
    const Range of_tap = OutputsOf(k);
    if (of_tap.begin == of_tap.end) continue;
    const int64_t strides = k * dilation / stride;
    intervals.push_back({k * dilation % stride, strides + of_tap.begin, strides + of_tap.end});
  }
  std::ranges::sort(intervals, [](const Interval& a, const Interval& b) {
    return a.residue != b.residue ? a.residue < b.residue : a.begin < b.begin;
  });
  int64_t touched = 0;
  int64_t residue = -1;
  int64_t end = 0;
  for (const Interval& next : intervals) {
    if (next.residue != residue) {
      residue = next.residue;
      end = next.begin;
    }
    touched += std::max<int64_t>(0, next.end - std::max(end, next.begin));
    end = std::max(end, next.end);
  }
  return touched;
}

std::string ValidateFit(const Window& rows, const Window& columns) {
  constexpr int64_t kMostTaps = 65536;  // counting takes a step for each
  if (std::max(rows.taps, columns.taps) > kMostTaps) {
    return "the kernel has " + Size(rows.taps, columns.taps) + " taps; allowed is up to " + Size(kMostTaps, kMostTaps);
  }
  if (rows.span() <= rows.padded() && columns.span() <= columns.padded()) return "";
  return "the kernel spans " + Size(rows.span(), columns.span()) + " inputs; allowed is up to the padded input, " +
         Size(rows.padded(), columns.padded());
}

}  // namespace roofgap
