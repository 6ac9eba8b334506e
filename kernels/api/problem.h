#ifndef ROOFGAP_KERNELS_API_PROBLEM_H_
#define ROOFGAP_KERNELS_API_PROBLEM_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kernels/api/compare.h"
#include "kernels/api/dtype.h"
#include "kernels/api/operands.h"
#include "kernels/api/work.h"
#include "kernels/attention/attention.h"
#include "kernels/conv2d/conv2d.h"
#include "kernels/dwconv2d/dwconv2d.h"
#include "kernels/dwsep/dwsep.h"
#include "kernels/fc/fc.h"
#include "kernels/invres/invres.h"
#include "kernels/linformer/linformer.h"
#include "kernels/performer/performer.h"

namespace roofgap {

// The shape of one operation: what is to be computed, not how, in which type or where. To add an op, write its folder
// (kernels/README.md) and add its type here; everything below and the command line follow.
using Problem = std::variant<Conv2d, DwConv2d, DwSep, InvRes, Fc, Attention, Linformer, Performer>;

// "conv2d", "dwconv2d", ...: the names before the colon, in the order above.
std::vector<std::string_view> OpNames();

// The keys of an op's grammar with their defaults, "mb=1 ic ih iw=ih ...". Throws Error for an unknown op.
std::string GrammarOf(std::string_view op);

// Parses "conv2d:mb1ic64ih56oc64kh3ph1" and checks that it can be computed. Throws Error that names the text, what is
// wrong and what is allowed. Appends the defaults taken, "mb1 iw56 kw3 ...", to `assumed` where that is not null.
Problem ParseProblem(std::string_view text, std::string* assumed = nullptr);

// The canonical text; ParseProblem(Describe(p)) equals p.
std::string Describe(const Problem& problem);

std::string_view OpOf(const Problem& problem);
// Inferences per call: mb, or b.
int64_t Batch(const Problem& problem);
Work Count(const Problem& problem, DType dtype);
std::vector<Operand> Operands(const Problem& problem);
std::vector<Expected> Reference(const Problem& problem, DType dtype, const Args& args,
                                std::span<const int64_t> outputs);

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_PROBLEM_H_
