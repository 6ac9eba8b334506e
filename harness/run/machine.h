#ifndef ROOFGAP_HARNESS_RUN_MACHINE_H_
#define ROOFGAP_HARNESS_RUN_MACHINE_H_

#include "harness/measure/host.h"
#include "harness/record/record.h"

namespace roofgap {

// machine.json of a run without a probe: what the system's own files tell. Core kinds and the topology beyond the
// usable cores are hwprobe's to find, and a note says so.
Machine MachineWithoutProbe(const Host& host);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_RUN_MACHINE_H_
