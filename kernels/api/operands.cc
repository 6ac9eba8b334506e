#include "kernels/api/operands.h"

#include <functional>
#include <numeric>

namespace roofgap {

int64_t Operand::elements() const { return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>()); }

}  // namespace roofgap
