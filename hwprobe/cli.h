#ifndef ROOFGAP_HWPROBE_CLI_H_
#define ROOFGAP_HWPROBE_CLI_H_

namespace roofgap {

// The command hwprobe. Returns its exit code: 0 done, 2 usage or input error (one line on stderr), 130 or 143 when a
// signal stopped it; then nothing was written.
int HwprobeMain(int argc, const char* const* argv);

}  // namespace roofgap

#endif  // ROOFGAP_HWPROBE_CLI_H_
