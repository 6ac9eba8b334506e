#include "harness/measure/interrupt.h"

#include <csignal>

namespace roofgap {
namespace {

volatile std::sig_atomic_t received = 0;

extern "C" void Remember(int signal) { received = signal; }

}  // namespace

void CatchInterrupts() {
  received = 0;
  struct sigaction action = {};
  action.sa_handler = Remember;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second signal meets the default action
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int InterruptSignal() { return received; }

}  // namespace roofgap
