#ifndef ROOFGAP_HARNESS_MEASURE_INTERRUPT_H_
#define ROOFGAP_HARNESS_MEASURE_INTERRUPT_H_

namespace roofgap {

// From now on Ctrl-C and SIGTERM set a flag instead of ending the process; a second one ends it at once.
void CatchInterrupts();

// The signal that arrived, 0 for none. The exit code of an interrupted program is 128 + this.
int InterruptSignal();

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_INTERRUPT_H_
