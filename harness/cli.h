#ifndef ROOFGAP_HARNESS_CLI_H_
#define ROOFGAP_HARNESS_CLI_H_

namespace roofgap {

// The command line of `roofgap`. Returns the exit code: 0 done, 1 a wrong result or a broken roof, 2 usage or input
// error, or output that cannot be written (one line on stderr), 128 + signal when interrupted.
int RunCli(int argc, char** argv);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_CLI_H_
