#ifndef ROOFGAP_TESTS_KERNELS_SHAPES_H_
#define ROOFGAP_TESTS_KERNELS_SHAPES_H_

#include <string_view>
#include <vector>

namespace roofgap {

// Problems of one op whose sizes lie around vector widths, tiles and blocks; small enough for an emulator. Every op
// has some: the table in shapes.cc is where a new op adds its own.
std::vector<std::string_view> ShapesOf(std::string_view op);

}  // namespace roofgap

#endif  // ROOFGAP_TESTS_KERNELS_SHAPES_H_
