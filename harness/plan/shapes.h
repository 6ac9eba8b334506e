#ifndef ROOFGAP_HARNESS_PLAN_SHAPES_H_
#define ROOFGAP_HARNESS_PLAN_SHAPES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace roofgap {

// One of the distinct layers of a model.
struct Layer {
  std::string label;
  std::string problem;  // in the grammar; not parsed yet
  int64_t count = 1;    // how often the model has it
  std::string where;    // "shapes.json /layers/3", for messages
};

// Reads a shapes file (configs/README.md gives the format). Throws Error that names the file and the JSON pointer, what
// was got and what is allowed.
std::vector<Layer> ReadShapes(const std::filesystem::path& path);

// The same for text; `file` is the name to use in messages.
std::vector<Layer> ParseShapes(std::string_view text, const std::filesystem::path& file);

}  // namespace roofgap

#endif  // ROOFGAP_HARNESS_PLAN_SHAPES_H_
