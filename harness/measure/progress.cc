#include "harness/measure/progress.h"

#include <unistd.h>

#include <cstdio>

namespace roofgap {

using std::chrono::duration;
using std::chrono::steady_clock;

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1), begin_(steady_clock::now()), shown_(begin_) {}

void Progress::Clear() const {
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::Update(double done, const std::string& what) {
  if (!terminal_) return;
  const auto now = steady_clock::now();
  if (shown_ != begin_ && duration<double>(now - shown_).count() < 0.2) return;
  shown_ = now;
  const double elapsed = duration<double>(now - begin_).count();
  std::string line = std::to_string(static_cast<int>(100 * done)) + " %";
  if (done > 0.02) line += ", " + std::to_string(static_cast<int>(elapsed * (1 - done) / done + 0.5)) + " s left";
  line += ": " + what;
  std::fprintf(stderr, "\r\033[K%.*s", 100, line.c_str());
  std::fflush(stderr);
}

}  // namespace roofgap
