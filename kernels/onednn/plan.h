#ifndef ROOFGAP_KERNELS_ONEDNN_PLAN_H_
#define ROOFGAP_KERNELS_ONEDNN_PLAN_H_

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/api/operands.h"
#include "kernels/api/variant.h"
#include "kernels/onednn/compat.h"

namespace roofgap::onednn {

// Where a tensor starts, told in terms of the Args of a call that is still to come.
struct Place {
  enum class In { kOperand, kPacked, kWorkspace };

  In in = In::kOperand;
  size_t at = 0;  // operand index; byte offset for the others

  std::byte* Of(const Args& args) const;
};

struct Tensor {
  memory::desc layout;
  Place place;
};

// A primitive with a place for each of its arguments. Calling it allocates nothing of ours: the memory objects are made
// here, and a call only points them at its Args. So one call at a time.
class Step {
 public:
  Step(const dnnl::primitive_desc_base& primitive, const std::vector<std::pair<int, Tensor>>& args);

  // A failure leaves the destination as it was, for verification to find; nothing is thrown.
  void operator()(const Args& args) const;

 private:
  dnnl::primitive primitive_;
  std::vector<memory> memories_;
  std::vector<Place> places_;
  std::vector<dnnl_exec_arg_t> args_;
};

// Collects the steps of an Invocation and lays out its packed constants and its workspace. The tensors that it hands
// out are the arguments of Add. To be used under a ThreadScope of the thread count that the Invocation is to run with:
// the library generates code for it.
class Plan {
 public:
  // An operand as it is.
  Tensor Operand(size_t index, const memory::desc& layout) const { return {layout, {Place::In::kOperand, index}}; }

  // An operand for a primitive that wants it as `wanted`: in place where `canonical` is that already, else rearranged
  // by pack into the packed constants, or by reorder_in and reorder_out, through the workspace. Weights that the
  // library cannot rearrange in one step go through the layout `between`, where that is given.
  Tensor Weights(size_t index, const memory::desc& canonical, const memory::desc& wanted,
                 const memory::desc* between = nullptr);
  Tensor Input(size_t index, const memory::desc& canonical, const memory::desc& wanted);
  Tensor Output(size_t index, const memory::desc& canonical, const memory::desc& wanted);

  // A constant that pack computes: `fill` gets its address.
  Tensor Constant(const memory::desc& layout, std::function<void(std::byte*)> fill);

  // What one primitive hands to the next, in the workspace.
  Tensor Intermediate(const memory::desc& layout);

  // Appends a primitive to run; its name is appended to impl. Scratchpads share the end of the workspace, so this comes
  // after all tensors.
  void Add(const dnnl::primitive_desc_base& primitive, std::vector<std::pair<int, Tensor>> args);

  // An Invocation that runs the primitives added so far on `threads` threads.
  Invocation Finish(int threads, double executed_flops) &&;

 private:
  Tensor Packed(const memory::desc& layout);

  std::vector<Step> run_, in_, out_;
  std::vector<std::function<void(const Args&)>> pack_;
  std::string impl_;
  size_t packed_bytes_ = 0;
  size_t tensor_bytes_ = 0;  // of the workspace
  size_t scratchpad_bytes_ = 0;
};

}  // namespace roofgap::onednn

#endif  // ROOFGAP_KERNELS_ONEDNN_PLAN_H_
