#include "kernels/onednn/plan.h"

#include <omp.h>

#include <algorithm>
#include <cassert>

#include "kernels/api/buffer.h"
#include "kernels/onednn/session.h"

namespace roofgap::onednn {
namespace {

constexpr size_t kAlignment = 64;

size_t Aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

Step Reorder(const Tensor& from, const Tensor& to) {
  return Step(dnnl::reorder::primitive_desc(Engine(), from.layout, Engine(), to.layout),
              {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

// In two steps. What lies between them is freed after pack, so that it counts as nobody's workspace.
std::function<void(const Args&)> ReorderThrough(const Tensor& from, const memory::desc& layout, const Tensor& to) {
  const Tensor between{layout, {Place::In::kWorkspace, 0}};
  return [first = Reorder(from, between), second = Reorder(between, to), bytes = layout.get_size()](const Args& args) {
    const Buffer scratch(bytes);
    Args through = args;
    through.workspace = scratch.data();
    first(through);
    second(through);
  };
}

// All steps in order, or null when there are none.
template <class S>
std::function<void(const Args&)> Chain(std::vector<S> steps, int threads) {
  if (steps.empty()) return nullptr;
  return [steps = std::move(steps), threads](const Args& args) {
    omp_set_num_threads(threads);
    for (const S& step : steps) step(args);
  };
}

}  // namespace

std::byte* Place::Of(const Args& args) const {
  switch (in) {
    case In::kOperand: return args.operand[at];
    case In::kPacked: return args.packed + at;
    case In::kWorkspace: return args.workspace + at;
  }
  return nullptr;
}

Step::Step(const dnnl::primitive_desc_base& primitive, const std::vector<std::pair<int, Tensor>>& args)
    : primitive_(primitive.get()) {
  for (const auto& [arg, tensor] : args) {
    memories_.emplace_back(tensor.layout, Engine(), nullptr);
    places_.push_back(tensor.place);
    args_.push_back({arg, memories_.back().get()});
  }
}

// The C functions: the C++ ones take a hash map of arguments and copy it into a vector, call by call.
void Step::operator()(const Args& args) const {
  for (size_t i = 0; i < args_.size(); ++i) {
    if (dnnl_memory_set_data_handle(args_[i].memory, places_[i].Of(args)) != dnnl_success) return;
  }
  dnnl_primitive_execute(primitive_.get(), Stream().get(), static_cast<int>(args_.size()), args_.data());
}

Tensor Plan::Packed(const memory::desc& layout) {
  const Tensor tensor{layout, {Place::In::kPacked, packed_bytes_}};
  packed_bytes_ += Aligned(layout.get_size());
  return tensor;
}

Tensor Plan::Intermediate(const memory::desc& layout) {
  assert(run_.empty());
  const Tensor tensor{layout, {Place::In::kWorkspace, tensor_bytes_}};
  tensor_bytes_ += Aligned(layout.get_size());
  return tensor;
}

Tensor Plan::Weights(size_t index, const memory::desc& canonical, const memory::desc& wanted,
                     const memory::desc* between) {
  if (wanted == canonical) return Operand(index, canonical);
  const Tensor packed = Packed(wanted);
  const Tensor operand = Operand(index, canonical);
  try {
    pack_.emplace_back(Reorder(operand, packed));
  } catch (const dnnl::error&) {
    if (between == nullptr) throw;
    pack_.emplace_back(ReorderThrough(operand, *between, packed));
  }
  return packed;
}

Tensor Plan::Input(size_t index, const memory::desc& canonical, const memory::desc& wanted) {
  if (wanted == canonical) return Operand(index, canonical);
  const Tensor own = Intermediate(wanted);
  in_.push_back(Reorder(Operand(index, canonical), own));
  return own;
}

Tensor Plan::Output(size_t index, const memory::desc& canonical, const memory::desc& wanted) {
  if (wanted == canonical) return Operand(index, canonical);
  const Tensor own = Intermediate(wanted);
  out_.push_back(Reorder(own, Operand(index, canonical)));
  return own;
}

Tensor Plan::Constant(const memory::desc& layout, std::function<void(std::byte*)> fill) {
  const Tensor tensor = Packed(layout);
  pack_.emplace_back([place = tensor.place, fill = std::move(fill)](const Args& args) { fill(place.Of(args)); });
  return tensor;
}

void Plan::Add(const dnnl::primitive_desc_base& primitive, std::vector<std::pair<int, Tensor>> args) {
  const memory::desc scratchpad = primitive.scratchpad_desc();
  if (scratchpad.get_size() > 0) {
    args.push_back({DNNL_ARG_SCRATCHPAD, {scratchpad, {Place::In::kWorkspace, tensor_bytes_}}});
    scratchpad_bytes_ = std::max(scratchpad_bytes_, scratchpad.get_size());
  }
  run_.emplace_back(primitive, args);
  impl_ += (impl_.empty() ? LibraryName() + " " : " + ") + std::string(primitive.impl_info_str());
}

Invocation Plan::Finish(int threads, double executed_flops) && {
  return {
      .run = Chain(std::move(run_), threads),
      .pack = Chain(std::move(pack_), threads),
      .reorder_in = Chain(std::move(in_), threads),
      .reorder_out = Chain(std::move(out_), threads),
      .impl = std::move(impl_),
      .executed_flops = executed_flops,
      .packed_bytes = packed_bytes_,
      .workspace_bytes = tensor_bytes_ + scratchpad_bytes_,
  };
}

}  // namespace roofgap::onednn
