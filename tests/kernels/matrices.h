#ifndef ROOFGAP_TESTS_KERNELS_MATRICES_H_
#define ROOFGAP_TESTS_KERNELS_MATRICES_H_

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/api/activation.h"
#include "kernels/api/compare.h"
#include "kernels/api/dtype.h"
#include "kernels/api/random.h"
#include "kernels/simd/gemm.h"
#include "tests/kernels/guarded.h"

namespace roofgap {

// Floats that end where the next page must not be touched.
class Floats {
 public:
  Floats(int64_t count, uint64_t seed) : memory_(static_cast<size_t>(count) * sizeof(float), 0) {
    FillRandom(memory_.data(), DType::kF32, count, seed);
  }
  float* data() const { return reinterpret_cast<float*>(memory_.data()); }
  bool Intact() const { return memory_.Intact(); }

 private:
  Guarded memory_;
};

// A [m][k] with pitch k + 1, weights [n][k], C [m][n] with pitch n + 3, as random numbers.
struct Matrices {
  Matrices(int64_t m_, int64_t n_, int64_t k_)
      : m(m_),
        n(n_),
        k(k_),
        a((m_ - 1) * (k_ + 1) + k_, 1),
        w(n_ * k_, 2),
        bias(n_, 3),
        c((m_ - 1) * (n_ + 3) + n_, 4),
        before(c.data(), c.data() + (m_ - 1) * (n_ + 3) + n_) {}

  GemmIn A() const { return {a.data(), k + 1}; }
  GemmOut C() const { return {c.data(), n + 3}; }

  void ExpectResult(const GemmEpilogue& epilogue) const {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n + 3 && i * (n + 3) + j < static_cast<int64_t>(before.size()); ++j) {
        const float got = c.data()[i * (n + 3) + j];
        const float was = before[i * (n + 3) + j];
        if (j >= n) {
          ASSERT_EQ(got, was) << "written behind row " << i;
          continue;
        }
        const Expected expected = Element(i, j, was, epilogue);
        ASSERT_LE(std::abs(got - expected.value), expected.bound) << "row " << i << " column " << j;
      }
    }
    EXPECT_TRUE(c.Intact());
  }

  // k products, the bias and the old C in one sum.
  Expected Element(int64_t i, int64_t j, double was, const GemmEpilogue& epilogue) const {
    double sum = (epilogue.accumulate ? was : 0) + (epilogue.bias != nullptr ? epilogue.bias[j] : 0);
    double magnitude = std::abs(was) + (epilogue.bias != nullptr ? std::abs(epilogue.bias[j]) : 0);
    for (int64_t q = 0; q < k; ++q) {
      const double product = static_cast<double>(a.data()[i * (k + 1) + q]) * w.data()[j * k + q];
      sum += product;
      magnitude += std::abs(product);
    }
    const double unit = UnitRoundoff(DType::kF32);
    return Activate(epilogue.act, {sum, static_cast<double>(k + 2) * unit * magnitude}, unit);
  }

  int64_t m, n, k;
  Floats a, w, bias, c;
  std::vector<float> before;
};

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_KERNELS_MATRICES_H_
