#include "kernels/api/fill.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <vector>

#include "kernels/api/random.h"

namespace roofgap {
namespace {

std::vector<double> Uniform(int64_t count, uint64_t seed) {
  std::vector<double> values(static_cast<size_t>(count));
  FillRandom(reinterpret_cast<std::byte*>(values.data()), DType::kF64, count, seed);
  return values;
}

std::vector<double> Pooling(int64_t n, int64_t t, uint64_t seed) {
  std::vector<double> values = Uniform(n * t, seed);
  for (double& value : values) value /= static_cast<double>(t);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t begin = i * t / n;
    const int64_t end = std::max((i + 1) * t / n, begin + 1);
    for (int64_t j = begin; j < end; ++j)
      values[static_cast<size_t>(i * t + j)] += 1 / static_cast<double>(end - begin);
  }
  return values;
}

// Box and Muller's transform; a uniform value is never 0.
std::vector<double> Gaussian(int64_t count, uint64_t seed) {
  const std::vector<double> uniform = Uniform(2 * count, seed);
  std::vector<double> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = std::sqrt(-2 * std::log(std::abs(uniform[2 * i]))) * std::cos(std::numbers::pi * uniform[2 * i + 1]);
  }
  return values;
}

double Dot(const double* a, const double* b, int64_t n) { return std::inner_product(a, a + n, b, 0.0); }

std::vector<double> Orthogonal(int64_t n, int64_t d, uint64_t seed) {
  std::vector<double> rows = Gaussian(n * d, seed);
  for (int64_t i = 0; i < n; ++i) {
    double* const row = rows.data() + i * d;
    const double length = std::sqrt(Dot(row, row, d));
    // Twice: what the first pass leaves is of the size of its roundings.
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t j = i / d * d; j < i; ++j) {
        const double* const before = rows.data() + j * d;
        const double factor = Dot(row, before, d) / Dot(before, before, d);
        for (int64_t c = 0; c < d; ++c) row[c] -= factor * before[c];
      }
    }
    const double left = std::sqrt(Dot(row, row, d));
    for (int64_t c = 0; c < d; ++c) row[c] *= length / left;
  }
  return rows;
}

template <class T>
void Store(const std::vector<double>& values, std::byte* data) {
  for (size_t i = 0; i < values.size(); ++i) {
    const T value = static_cast<T>(values[i]);
    std::memcpy(data + i * sizeof(T), &value, sizeof(T));
  }
}

}  // namespace

void FillOperand(const Operand& operand, std::byte* data, DType dtype, uint64_t seed, int threads) {
  if (operand.fill == Fill::kUniform || (dtype != DType::kF32 && dtype != DType::kF64)) {
    FillRandom(data, dtype, operand.elements(), seed, threads);
    return;
  }
  const auto make = operand.fill == Fill::kPooling ? &Pooling : &Orthogonal;
  const std::vector<double> values = make(operand.dims[0], operand.dims[1], seed);
  dtype == DType::kF64 ? Store<double>(values, data) : Store<float>(values, data);
}

}  // namespace roofgap
