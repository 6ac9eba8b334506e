#include "kernels/api/error.h"
#include "kernels/api/registry.h"
#include "kernels/attention/attention.h"
#include "kernels/onednn/compat.h"
#include "kernels/onednn/session.h"

#ifdef ROOFGAP_ONEDNN_GRAPH

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/api/buffer.h"
#include "kernels/attention/visible.h"

#endif

// Attention as one partition of oneDNN's graph API, which picks the algorithm itself. In 3.14 on CPUs it is the three
// steps of `onednn`; with more than two heads for each thread, each thread takes one head after the other.
//
// The h / kvh query heads of a group share their keys, so a group is one head with h / kvh * s queries. Causal: the
// mask is added to the scores, and everything behind it is computed all the same.

namespace roofgap {
namespace {

#ifdef ROOFGAP_ONEDNN_GRAPH

using dnnl::graph::logical_tensor;
using dnnl::graph::op;
using dnnl::graph::tensor;

// The library takes what it needs in a call from an allocator: while a call runs, that is its workspace. Not freed
// piece by piece, as a call takes few.
struct Arena {
  std::byte* data = nullptr;
  size_t size = 0;
  size_t used = 0;  // or what would have been, were it large enough
};

thread_local Arena* arena = nullptr;

void* Allocate(size_t bytes, size_t alignment) {
  alignment = std::max<size_t>(alignment, 64);
  bytes = (bytes + alignment - 1) / alignment * alignment;
  if (arena != nullptr) {
    const size_t begin = (arena->used + alignment - 1) / alignment * alignment;
    arena->used = begin + bytes;
    if (arena->used <= arena->size) return arena->data + begin;
  }
  return std::aligned_alloc(alignment, bytes);
}

void Free(void* memory) {
  auto* const at = static_cast<std::byte*>(memory);
  if (arena != nullptr && arena->data <= at && at < arena->data + arena->size) return;
  std::free(memory);
}

const dnnl::engine& GraphEngine() {
  static const dnnl::engine engine =
      dnnl::graph::make_engine_with_allocator(dnnl::engine::kind::cpu, 0, dnnl::graph::allocator(Allocate, Free));
  return engine;
}

const dnnl::stream& GraphStream() {
  static const dnnl::stream stream(GraphEngine());
  return stream;
}

// Ids of the tensors that come from outside.
enum Id : size_t { kQ, kK, kV, kDst, kScale, kMask, kInner };

struct Described {
  std::vector<logical_tensor> in;
  logical_tensor dst;
  std::vector<dnnl::graph::partition> partitions;
};

Described Describe(const Attention& p) {
  const int64_t queries = p.h / p.kvh * p.s;
  size_t id = kInner;
  const auto outer = [](size_t which, const logical_tensor::dims& dims) {
    return logical_tensor(which, logical_tensor::data_type::f32, dims, logical_tensor::layout_type::strided);
  };
  const auto scores = [&] { return outer(id++, {p.b, p.kvh, queries, p.t}); };
  Described described;
  const logical_tensor q = outer(kQ, {p.b, p.kvh, queries, p.d}), k = outer(kK, {p.b, p.kvh, p.t, p.d});
  const logical_tensor v = outer(kV, {p.b, p.kvh, p.t, p.d}), scale = outer(kScale, {1});
  described.in = {q, k, v, scale};
  described.dst = outer(kDst, {p.b, p.kvh, queries, p.d});

  dnnl::graph::graph graph(dnnl::engine::kind::cpu);
  logical_tensor at = scores();
  op qk(id++, op::kind::MatMul, {q, k}, {at}, "qk");
  qk.set_attr<bool>(op::attr::transpose_b, true);
  graph.add_op(qk);
  const auto then = [&](op::kind kind, const std::vector<logical_tensor>& with, const char* name) {
    const logical_tensor next = scores();
    std::vector<logical_tensor> from = {at};
    from.insert(from.end(), with.begin(), with.end());
    op one(id++, kind, from, {next}, name);
    if (kind == op::kind::SoftMax) one.set_attr<int64_t>(op::attr::axis, -1);
    graph.add_op(one);
    at = next;
  };
  then(op::kind::Divide, {scale}, "scale");
  if (p.causal != 0) {
    described.in.push_back(outer(kMask, {1, 1, queries, p.t}));
    then(op::kind::Add, {described.in.back()}, "mask");
  }
  then(op::kind::SoftMax, {}, "softmax");
  graph.add_op(op(id++, op::kind::MatMul, {at, v}, {described.dst}, "pv"));
  graph.finalize();
  described.partitions = graph.get_partitions();
  return described;
}

// A compiled partition with its tensors, which a call only points at its Args. So one call at a time.
class Call {
 public:
  explicit Call(const Described& described)
      : compiled_(described.partitions[0].compile(described.in, {described.dst}, GraphEngine())) {
    for (const logical_tensor& one : described.in) in_.emplace_back(one, GraphEngine(), nullptr);
    for (const logical_tensor& one : described.in) ids_.push_back(one.get_id());
    dst_ = tensor(described.dst, GraphEngine(), nullptr);
  }

  // A failure leaves the destination as it was, for verification to find; nothing is thrown.
  void operator()(const Args& args, const std::byte* scale, const std::byte* mask, Arena* memory) const {
    std::vector<const_dnnl_graph_tensor_t> in;
    for (size_t i = 0; i < in_.size(); ++i) {
      const std::byte* const at = ids_[i] == kScale ? scale : ids_[i] == kMask ? mask : args.operand[ids_[i]];
      if (dnnl_graph_tensor_set_data_handle(in_[i].get(), const_cast<std::byte*>(at)) != dnnl_success) return;
      in.push_back(in_[i].get());
    }
    if (dnnl_graph_tensor_set_data_handle(dst_.get(), args.operand[kDst]) != dnnl_success) return;
    const_dnnl_graph_tensor_t out[] = {dst_.get()};
    arena = memory;
    dnnl_graph_compiled_partition_execute(compiled_.get(), GraphStream().get(), in.size(), in.data(), 1, out);
    arena = nullptr;
  }

 private:
  dnnl::graph::compiled_partition compiled_;
  std::vector<tensor> in_;
  std::vector<size_t> ids_;
  tensor dst_;
};

static_assert(kQ == Id(Attention::kQ) && kK == Id(Attention::kK) && kV == Id(Attention::kV) &&
              kDst == Id(Attention::kDst));

// The memory that a call takes, found by making one, on zeros.
size_t WorkspaceOf(const Attention& p, const Call& call, const std::byte* scale) {
  Args args;
  std::vector<Buffer> operands;
  for (const Operand& operand : Operands(p)) operands.emplace_back(operand.bytes(DType::kF32));
  for (size_t i = 0; i < operands.size(); ++i) args.operand[i] = operands[i].data();
  const Buffer mask(p.causal != 0 ? static_cast<size_t>(p.h / p.kvh * p.s * p.t) * sizeof(float) : 0);
  Arena needs;
  call(args, scale, mask.data(), &needs);
  return needs.used;
}

Support Supports(const Attention& problem, const Context& context) {
  Support support;
  const Support library = onednn::Supported(problem, context, [&](const Attention& p) {
    const Described described = Describe(p);
    if (described.partitions.size() != 1 || !described.partitions[0].is_supported()) {
      support = {false, onednn::LibraryName() + " has no single partition for attention"};
    }
  });
  return library.ok ? support : library;
}

Invocation Prepare(const Attention& p, const Context& context) {
  const onednn::ThreadScope threads(context.threads);
  const auto call = std::make_shared<const Call>(Describe(p));
  const size_t queries = static_cast<size_t>(p.h / p.kvh * p.s);
  const auto scale = std::make_shared<const float>(std::sqrt(static_cast<float>(p.d)));
  const auto* const scale_at = reinterpret_cast<const std::byte*>(scale.get());

  Invocation invocation;
  invocation.impl = onednn::LibraryName() + " graph partition";
  invocation.executed_flops = 4.0 * static_cast<double>(p.b * p.h) * static_cast<double>(p.s) *
                              static_cast<double>(p.t) * static_cast<double>(p.d);
  invocation.workspace_bytes = WorkspaceOf(p, *call, scale_at);
  if (p.causal != 0) {
    invocation.packed_bytes = queries * static_cast<size_t>(p.t) * sizeof(float);
    invocation.pack = [p](const Args& args) { FillMask(p, reinterpret_cast<float*>(args.packed)); };
  }
  invocation.run = [call, scale, scale_at, bytes = invocation.workspace_bytes, n = context.threads](const Args& args) {
    omp_set_num_threads(n);
    Arena memory{.data = args.workspace, .size = bytes};
    (*call)(args, scale_at, args.packed, &memory);
  };
  return invocation;
}

#else

Support Supports(const Attention&, const Context&) {
  return {false, onednn::LibraryName() + " comes without the graph API, which is a part of 3.x"};
}

Invocation Prepare(const Attention& problem, const Context& context) { throw Error(Supports(problem, context).reason); }

#endif

[[maybe_unused]] const bool kRegistered = Register<Attention>({
    .name = "onednn_graph",
    .summary = "oneDNN's graph API, attention as one partition",
    .isa_control = IsaControl::kProcess,
    .supports = Supports,
    .prepare = Prepare,
});

}  // namespace
}  // namespace roofgap
