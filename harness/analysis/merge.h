#ifndef ROOFGAP_HARNESS_ANALYSIS_MERGE_H_
#define ROOFGAP_HARNESS_ANALYSIS_MERGE_H_

#include <span>
#include <string>
#include <vector>

#include "harness/record/fields.h"
#include "harness/record/record.h"

// Runs of many machines as one table.

namespace roofgap {

// What a row of measurements.csv needs to stand without other files: its machine, and how near to its roofs it is.
struct MergedColumns {
  std::string cpu_model, cpu_vendor, arch;
  int cores = 0;
  Number memory_bytes;
  std::string os, compiler, roofgap_version;
  Number t_attainable_ns, attainable_fraction, roof_fraction;
};

struct Merged {
  Record record;
  MergedColumns own;
};

template <MaybeConst<MergedColumns> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  visit(Field{"cpu_model", "", "as in machine.json"}, row.cpu_model);
  visit(Field{"cpu_vendor", "", "as in machine.json"}, row.cpu_vendor);
  visit(Field{"arch", "", "as in machine.json"}, row.arch);
  visit(Field{"cores", "", "as in machine.json"}, row.cores);
  visit(Field{"memory_bytes", "byte", "as in machine.json"}, row.memory_bytes);
  visit(Field{"os", "", "as in machine.json"}, row.os);
  visit(Field{"compiler", "", "as in run.json; empty without one"}, row.compiler);
  visit(Field{"roofgap_version", "", "as in run.json; empty without one"}, row.roofgap_version);
  visit(Field{"t_attainable_ns", "ns", "as in gap.csv; empty without ceilings"}, row.t_attainable_ns);
  visit(Field{"attainable_fraction", "", "as in gap.csv"}, row.attainable_fraction);
  visit(Field{"roof_fraction", "", "as in gap.csv"}, row.roof_fraction);
}

template <MaybeConst<Merged> Row, class Visit>
void VisitFields(Row& row, Visit&& visit) {
  VisitFields(row.record, visit);
  VisitFields(row.own, visit);
}

// The rows of one run, in their order. Throws Error when the ceilings are of another machine.
std::vector<Merged> MergeRows(std::span<const Record> records, const Machine& machine, const RunInfo& info,
                              const Ceilings& ceilings);

// A line for each machine, in the order of their first rows, at most kTableWidth wide (table.h): how many runs and rows
// it has, what became of them, and its highest speed.
std::string RenderMachines(std::span<const Merged> rows);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_MERGE_H_
