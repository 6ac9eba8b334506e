#include "kernels/conv2d/winograd.h"

// Winograd's F(4x4, 3x3): 36 multiplications in place of 144 for each 4x4 outputs of a pair of channels.

namespace roofgap {
namespace {

[[maybe_unused]] const bool kRegistered = Register<Conv2d>({
    .name = "winograd_f43",
    .summary = "Winograd's F(4x4, 3x3): 36 multiplications where direct convolution does 144",
    .isa_control = IsaControl::kHighway,
    .supports = SupportsWinograd,
    .prepare = PrepareWinograd<4>,
});

}  // namespace
}  // namespace roofgap
