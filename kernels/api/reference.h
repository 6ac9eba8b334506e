#ifndef ROOFGAP_KERNELS_API_REFERENCE_H_
#define ROOFGAP_KERNELS_API_REFERENCE_H_

#include <omp.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/api/activation.h"
#include "kernels/api/compare.h"
#include "kernels/api/parallel.h"
#include "kernels/api/registry.h"

namespace roofgap {

// What the references of the ops share: sums of products in double, and the variant `reference` around them.

// A sum of products, and the sum of their magnitudes, which its error is measured in.
struct Sum {
  double value = 0;
  double magnitude = 0;
  int64_t terms = 0;

  void Add(double term) {
    value += term;
    magnitude += std::abs(term);
    ++terms;
  }
  void Add(const Sum& other) {
    value += other.value;
    magnitude += other.magnitude;
    terms += other.terms;
  }
};

// Sum of a[i] * b[i]. Eight partial sums, so that compilers may use vectors: about 2 products per ns at SSE2.
template <class T>
Sum Dot(const T* a, const T* b, int64_t n) {
  constexpr int64_t kLanes = 8;
  double value[kLanes] = {};
  double magnitude[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      const double product = static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
      value[lane] += product;
      magnitude[lane] += std::abs(product);
    }
  }
  Sum sum;
  for (; i < n; ++i) sum.Add(static_cast<double>(a[i]) * static_cast<double>(b[i]));
  for (int64_t lane = 0; lane < kLanes; ++lane) {
    sum.value += value[lane];
    sum.magnitude += magnitude[lane];
  }
  sum.terms = n;
  return sum;
}

// The unit roundoff that bounds are made of: the kernel's, and the reference's own, which matters for f64 alone.
// Bounds are linear or convex in it, so the bound of the sum covers the sum of both errors.
inline double ErrorUnit(DType dtype) { return UnitRoundoff(dtype) + UnitRoundoff(DType::kF64); }

// The result of a sum of n products and a bias, `bias` null where there is none, through the activation:
// (n + 1) u of the magnitudes (kernels/api/compare.h).
template <class T>
Expected WithBiasAndActivation(const Sum& products, const T* bias, int64_t act, double unit) {
  Sum sum = products;
  if (bias != nullptr) sum.Add(static_cast<double>(*bias));
  const auto terms = static_cast<double>(products.terms);
  return Activate(act, {sum.value, (terms + 1) * unit * sum.magnitude}, unit);
}

// Calls fn(T()) with the element type of `dtype`.
template <class Fn>
auto WithElementType(DType dtype, const Fn& fn) {
  if (dtype == DType::kF64) return fn(double{});
  assert(dtype == DType::kF32);
  return fn(float{});
}

// Calls fn(i) for all i < count, on all threads.
template <class Fn>
void ForAll(int64_t count, const Fn& fn) {
  const int threads = omp_get_max_threads();
  Parallel(threads, [&](int thread) {
    const Range share = Share(count, threads, thread);
    for (int64_t i = share.begin; i < share.end; ++i) fn(i);
  });
}

// What is expected of `outputs`, ascending indices into a dst that has parts of `size` elements: of_part(part, own)
// says it of the outputs of one part.
template <class OfPart>
std::vector<Expected> ForParts(std::span<const int64_t> outputs, int64_t size, const OfPart& of_part) {
  std::vector<Expected> expected;
  while (expected.size() < outputs.size()) {
    const auto rest = outputs.subspan(expected.size());
    const int64_t part = rest.front() / size;
    const auto end = std::lower_bound(rest.begin(), rest.end(), (part + 1) * size);
    const std::vector<Expected> own = of_part(part, rest.first(static_cast<size_t>(end - rest.begin())));
    expected.insert(expected.end(), own.begin(), own.end());
  }
  return expected;
}

// What is expected of `outputs`, ascending indices into a dst whose rows (the last dimension) have `columns` elements.
// at_row(row) does what is common to a row and returns a function from the column to Expected.
template <class AtRow>
std::vector<Expected> ForRows(std::span<const int64_t> outputs, int64_t columns, const AtRow& at_row) {
  std::vector<Expected> expected(outputs.size());
  const int threads = omp_get_max_threads();
  Parallel(threads, [&](int thread) {
    const Range share = Share(static_cast<int64_t>(outputs.size()), threads, thread);
    for (auto i = static_cast<size_t>(share.begin); i < static_cast<size_t>(share.end);) {
      const int64_t row = outputs[i] / columns;
      const auto at_column = at_row(row);
      for (; i < static_cast<size_t>(share.end) && outputs[i] / columns == row; ++i) {
        expected[i] = at_column(outputs[i] % columns);
      }
    }
  });
  return expected;
}

// Stores in the element type what the reference says of all elements of dst.
template <class P>
void RunReference(const P& problem, DType dtype, const Args& args) {
  constexpr int64_t kChunk = 1 << 16;  // 2.5 MB of indices and results at a time
  const int64_t count = Operands(problem)[P::kDst].elements();
  for (int64_t begin = 0; begin < count; begin += kChunk) {
    std::vector<int64_t> outputs(static_cast<size_t>(std::min(kChunk, count - begin)));
    std::iota(outputs.begin(), outputs.end(), begin);
    const std::vector<Expected> expected = Reference(problem, dtype, args, outputs);
    WithElementType(dtype, [&]<class T>(T) {
      T* at = args.at<T>(P::kDst) + begin;
      for (const Expected& element : expected) *at++ = static_cast<T>(element.value);
    });
  }
}

inline constexpr std::string_view kReferenceSummary = "the definition of the op, in double; only run when named";

template <class P>
Support SupportsReference(const P&, const Context& context) {
  if (context.dtype == DType::kF32 || context.dtype == DType::kF64) return {};
  return {false, "f32 and f64 only"};
}

template <class P>
Invocation PrepareReference(const P& problem, const Context& context) {
  Invocation invocation;
  invocation.run = [problem, context](const Args& args) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(context.threads);
    RunReference(problem, context.dtype, args);
    omp_set_num_threads(before);
  };
  invocation.impl = "plain loops in double";
  invocation.executed_flops = Count(problem, context.dtype).flops;
  return invocation;
}

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_REFERENCE_H_
