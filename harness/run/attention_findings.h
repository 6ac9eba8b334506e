#ifndef ROOFGAP_HARNESS_RUN_ATTENTION_FINDINGS_H_
#define ROOFGAP_HARNESS_RUN_ATTENTION_FINDINGS_H_

#include <filesystem>
#include <span>
#include <string>

#include "harness/record/record.h"

namespace roofgap {

// What a run shows of attention and its approximations over the sequence length, as text: "" where it has none of them.
// Writes attention.csv, complexity.csv and crossovers.csv into the run directory, or removes them where they would have
// no row. Throws Error before it writes anything where a problem is none.
std::string AttentionFindings(std::span<const Record> records, const std::filesystem::path& run_dir);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_ATTENTION_FINDINGS_H_
