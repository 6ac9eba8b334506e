#include "harness/analysis/fastest.h"

#include <cmath>

namespace roofgap {

void Fastest::Add(const Record& row, const Gap& of_row) {
  if (row.median_ns.value_or(0) > 0) {
    if (record != nullptr && *record->median_ns <= *row.median_ns) return;
    record = &row;
    gap = &of_row;
    return;
  }
  AppendClause(untimed, Explain(row));
  wrong = wrong || row.status == kWrong;
}

std::string Explain(const Record& record) {
  return record.variant + ' ' + record.status + (record.reason.empty() ? "" : ": " + record.reason);
}

void AppendClause(std::string& list, std::string_view clause) {
  if (!list.empty() && !clause.empty()) list += "; ";
  list += clause;
}

Number Quotient(const Number& a, const Number& b) {
  if (!a || !b || !(*a > 0) || !(*b > 0)) return {};
  return *a / *b;
}

void GeometricMean::Add(const Number& value) {
  if (!value || !(*value > 0)) return;
  logs_ += std::log(*value);
  ++count_;
}

Number GeometricMean::value() const { return count_ == 0 ? Number() : std::exp(logs_ / static_cast<double>(count_)); }

}  // namespace roofgap
