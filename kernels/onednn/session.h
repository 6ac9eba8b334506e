#ifndef ROOFGAP_KERNELS_ONEDNN_SESSION_H_
#define ROOFGAP_KERNELS_ONEDNN_SESSION_H_

#include <cstdint>
#include <string>

#include "kernels/api/variant.h"
#include "kernels/onednn/compat.h"

// What all oneDNN variants share: the engine, the thread count and the attributes. How a chain of primitives becomes an
// Invocation is kernels/onednn/plan.h.

namespace roofgap::onednn {

const dnnl::engine& Engine();
const dnnl::stream& Stream();

// "oneDNN 2.6.3": of the library that is loaded.
std::string LibraryName();

// While it lives, oneDNN plans and runs on `threads` threads: it asks omp_get_max_threads(), of the calling thread.
//
// Its binary brings libgomp. In a build by clang that stands beside libomp, whose omp_set_num_threads this then is;
// libomp answers for both because it defines libgomp's symbols too and is loaded first.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

inline memory::desc F32(const memory::dims& dims, memory::format_tag tag = memory::format_tag::any) {
  return {dims, memory::data_type::f32, tag};
}

// Attributes with the scratchpad in the caller's hands and the post-ops given.
dnnl::primitive_attr Attributes(const dnnl::post_ops& ops = {});

// The `act` of the grammar as a post-op (kernels/api/activation.h), after those that are there already, or alone.
void AppendActivation(dnnl::post_ops& ops, int64_t act);
dnnl::post_ops ActivationOps(int64_t act);

// A variant's supports(): f32, and `make(problem)` finds an implementation under the context's thread count. `make`
// creates the primitive descriptors, which generates no code yet.
template <class P, class Make>
Support Supported(const P& problem, const Context& context, const Make& make) {
  if (context.dtype != DType::kF32) return {false, "f32 only"};
  const ThreadScope threads(context.threads);
  try {
    make(problem);
    return {};
  } catch (const dnnl::error& error) {
    return {false, LibraryName() + " declines: " + error.what()};
  }
}

}  // namespace roofgap::onednn

#endif  // ROOFGAP_KERNELS_ONEDNN_SESSION_H_
