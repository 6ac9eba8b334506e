#ifndef ROOFGAP_HWPROBE_REPORT_H_
#define ROOFGAP_HWPROBE_REPORT_H_

#include <string>

#include "harness/record/record.h"

namespace roofgap {

// What a person wants to read of a probe: the machine in a line or two, a table of the compute roofs with FLOPs per
// cycle and core, one of the memory roofs (of each level the fastest pattern), the latencies, the notes.
std::string Summary(const Machine& machine, const Ceilings& ceilings);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_REPORT_H_
