#include <string>
#include <utility>

#include "harness/record/csv.h"
#include "tests/fuzz/fuzz_target.h"

namespace roofgap::fuzz {
namespace {

constexpr const char* kFile = "table.csv";

// Rows that were read are written as a file that reads as the same rows.
template <class Row>
void CheckRows(const csv::Table& table) {
  const auto rows = Reading(kFile, [&] { return ReadRows<Row>(table); });
  if (!rows) return;
  const std::string text = CsvText<Row>(*rows);
  Require(CsvText<Row>(ParseCsv<Row>(text, kFile)) == text, "rows that change when they are read again", text);
}

void CheckTorn(std::string_view input) {
  try {
    csv::Parse(input, kFile);
    Require(csv::WholeRows(input) == input, "a file of whole rows that ends in a torn one", input);
  } catch (const csv::TornRow&) {
    const std::string_view whole = csv::WholeRows(input);
    Require(whole.size() < input.size(), "a torn row that counts as whole", input);
    try {
      if (!whole.empty()) csv::Parse(whole, kFile);
    } catch (const csv::TornRow&) {
      Require(false, "a row that is still torn without its torn end", input);
    } catch (const Error&) {
    }
  } catch (const Error&) {
  }
}

void Check(std::string_view input) {
  CheckTorn(input);
  const auto table = Reading(kFile, [&] { return csv::Parse(input, kFile); });
  if (!table) return;
  for (const csv::Line& line : table->lines) {
    Require(line.fields.size() == table->header.size(), "a row of another length than the header", input);
  }
  CheckRows<Record>(*table);
  CheckRows<Ceiling>(*table);
  CheckRows<CurveRow>(*table);
  const auto records = Reading(kFile, [&] { return ParseMeasurements(input, kFile); });
  if (records) Require(ParseMeasurements(CsvText<Record>(*records), kFile).size() == records->size(), "rows", input);
  Reading(kFile, [&] { return ParseCeilings(input, kFile).rows.size(); });
}

[[maybe_unused]] const bool kRegistered = Register({.name = "csv", .check = Check});

}  // namespace
}  // namespace roofgap::fuzz
