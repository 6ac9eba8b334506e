#ifndef ROOFGAP_TESTS_HARNESS_MADE_UP_TREE_H_
#define ROOFGAP_TESTS_HARNESS_MADE_UP_TREE_H_

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace roofgap {

// A made-up root of the system's files, removed at the end of the test.
class MadeUpTree {
 public:
  MadeUpTree() {
    static int count = 0;
    root_ = std::filesystem::temp_directory_path() /
            ("roofgap-tree-" + std::to_string(getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(root_);
  }
  ~MadeUpTree() { std::filesystem::remove_all(root_); }
  MadeUpTree(const MadeUpTree&) = delete;
  MadeUpTree& operator=(const MadeUpTree&) = delete;

  const std::filesystem::path& root() const { return root_; }

  // In one step: who reads meanwhile sees the old text or the new one.
  MadeUpTree& Set(const std::string& path, const std::string& text) {
    const std::filesystem::path whole = root_ / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(root_ / "new") << text << '\n';
    std::filesystem::rename(root_ / "new", whole);
    return *this;
  }

 private:
  std::filesystem::path root_;
};

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_HARNESS_MADE_UP_TREE_H_
