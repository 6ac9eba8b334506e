#ifndef ROOFGAP_HARNESS_MEASURE_PROGRESS_H_
#define ROOFGAP_HARNESS_MEASURE_PROGRESS_H_

#include <chrono>
#include <string>

namespace roofgap {

// One line on stderr that says how far a run is and when it will be done; nothing when stderr is not a terminal.
class Progress {
 public:
  Progress();
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` of the whole, 0 to 1, and what is being worked on.
  void Update(double done, const std::string& what);

  // Takes the line away, for what is printed next.
  void Clear() const;

 private:
  const bool terminal_;
  const std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_MEASURE_PROGRESS_H_
