#ifndef ROOFGAP_HARNESS_ANALYSIS_COLUMNS_H_
#define ROOFGAP_HARNESS_ANALYSIS_COLUMNS_H_

#include <string>

namespace roofgap {

// results/README.md: the layout of the directory, and every column and key of its files, from the field lists that
// write and read them.
std::string RenderColumnsDoc();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_ANALYSIS_COLUMNS_H_
