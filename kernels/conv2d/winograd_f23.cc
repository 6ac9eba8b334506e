#include "kernels/conv2d/winograd.h"

// Winograd's F(2x2, 3x3): 16 multiplications in place of 36 for each 2x2 outputs of a pair of channels.

namespace roofgap {
namespace {

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "winograd_f23",
    .summary = "Winograd's F(2x2, 3x3): 16 multiplications where direct convolution does 36",
    .isa_control = IsaControl::kHighway,
    .supports = SupportsWinograd,
    .prepare = PrepareWinograd<2>,
});

}  // namespace
}  // namespace roofgap
