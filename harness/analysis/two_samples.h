#ifndef ROOFGAP_HARNESS_ANALYSIS_TWO_SAMPLES_H_
#define ROOFGAP_HARNESS_ANALYSIS_TWO_SAMPLES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "harness/record/record.h"

// Whether two samples differ, and by how much. Pure; equal input gives equal output.

namespace roofgap {

// The least two-sided p-value of RankTest for so many values without ties, 2 / C(n + m, n): of samples that are wholly
// apart.
double LeastRankP(int64_t n, int64_t m);

// Two-sided Wilcoxon-Mann-Whitney test that neither sample tends to greater values: exact where both have 20 values or
// fewer and none is tied, else by the normal approximation with corrections for ties and continuity.
//   (Mann and Whitney, Annals of Mathematical Statistics 18, 1947)
double RankTest(std::span<const double> a, std::span<const double> b);

// Two-sided test that the means of the logarithms are equal, of values above 0 and samples of two or more, whose
// variances may differ (Welch, Biometrika 34, 1947) and whose neighbours may be correlated (SerialInflation): simulated
// for a correlation of 0.25 to 0.5 it keeps what it promises within half of it, down to p = 0.0001 and for six values.
double WelchTest(std::span<const double> a, std::span<const double> b, double correlation = 0);

// P(|T| > t) for Student's t with `freedom` degrees of freedom, a positive real number.
double StudentTail(double t, double freedom);

// P(|Z| > z) of the standard normal distribution.
double NormalTail(double z);

// How strongly the turns of a row resemble the one before: the correlation of neighbours' logarithms, one for all
// samples together, for those of six turns are too short to tell their own. Corrected for what the sample's own mean
// takes off, (1 + 3 rho) / n (Marriott and Pope, Biometrika 41, 1954). Where there are few, 0.3 decides, which the runs
// in results/ show: it has the weight of 30 turns. At least 0, at most 0.9.
double SerialCorrelation(std::span<const std::vector<double>* const> samples);

// By how much the variance of the mean of n values that follow each other with that correlation (an AR(1) process)
// exceeds what their own spread promises: n Var(mean) / E(s^2), 1 for independent ones.
double SerialInflation(double correlation, double n);

// The p-value of a test whose statistic, a normal one, spreads sqrt(inflation) times as far as it takes for granted.
double Deflated(double p_value, double inflation);

struct RatioInterval {
  double low = 0, high = 0;
};

// The 95 % percentile-bootstrap interval of median(a) / median(b): 2000 times both samples are drawn anew, with
// replacement, by a generator of fixed seed. Simulated for normal and for heavy-tailed samples (t with 3 degrees of
// freedom) it holds the true ratio in 95 to 98 % of cases from six values each on, in 90 % for three.
RatioInterval BootstrapRatio(std::span<const double> a, std::span<const double> b);

// p-values corrected for their number: reject those up to 0.05, and of the rejected at most 5 % are expected to be
// false (Benjamini and Hochberg, JRSS B 57, 1995). In the order of the input.
std::vector<double> FalseDiscoveryRates(std::span<const double> p_values);

double Median(std::span<const double> values);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_TWO_SAMPLES_H_
