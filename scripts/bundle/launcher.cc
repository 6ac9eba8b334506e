// What bin/roofgap and bin/hwprobe of the bundle are: starts lib/<ROOFGAP_PROGRAM> with the C library and the loader
// that lie beside it. Linked statically, it needs neither the system's C library nor a shell, and runs where there is
// nothing else.
#include <sys/auxv.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  // The path that the kernel was given: unlike argv[0] it is no choice of the caller, unlike /proc it is always there.
  const char* const started = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  char* const resolved = realpath(started, nullptr);
  if (resolved == nullptr) {
    std::fprintf(stderr, ROOFGAP_PROGRAM ": cannot find the folder of %s: %s\n", started, std::strerror(errno));
    return 2;
  }
  std::string root = resolved;
  for (int up = 0; up < 2; ++up) root.erase(root.rfind('/'));
  const std::string lib = root + "/lib", loader = lib + "/ld.so", program = lib + "/" ROOFGAP_PROGRAM;

  // Libraries of the system, which may ask for another C library, stay out: those preloaded, and hwloc's plugins.
  unsetenv("LD_PRELOAD");
  setenv("HWLOC_PLUGINS_PATH", (lib + "/hwloc").c_str(), 1);
  setenv("ROOFGAP_HOME", root.c_str(), 1);

  // $ORIGIN, which the loader replaces after it has split the list, lets folders have ':' in their names.
  std::vector<const char*> words = {loader.c_str(), "--inhibit-cache", "--library-path",
                                    "$ORIGIN",      "--argv0",         argc > 0 ? argv[0] : ROOFGAP_PROGRAM,
                                    program.c_str()};
  for (int i = 1; i < argc; ++i) words.push_back(argv[i]);
  words.push_back(nullptr);
  execv(loader.c_str(), const_cast<char* const*>(words.data()));
  std::fprintf(stderr, ROOFGAP_PROGRAM ": cannot start %s: %s\n", loader.c_str(), std::strerror(errno));
  return 2;
}
