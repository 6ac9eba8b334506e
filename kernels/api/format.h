#ifndef ROOFGAP_KERNELS_API_FORMAT_H_
#define ROOFGAP_KERNELS_API_FORMAT_H_

#include <string>

namespace roofgap {

// printf into a string, however long it becomes.
[[gnu::format(printf, 1, 2)]] std::string Format(const char* format, ...);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_FORMAT_H_
