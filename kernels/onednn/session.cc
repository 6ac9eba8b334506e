#include "kernels/onednn/session.h"

#include <omp.h>

#include "kernels/api/activation.h"

namespace roofgap::onednn {

const dnnl::engine& Engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

const dnnl::stream& Stream() {
  static const dnnl::stream stream(Engine());
  return stream;
}

std::string LibraryName() {
  const dnnl::version_t* version = dnnl::version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

ThreadScope::ThreadScope(int threads) : before_(omp_get_max_threads()) { omp_set_num_threads(threads); }
ThreadScope::~ThreadScope() { omp_set_num_threads(before_); }

dnnl::primitive_attr Attributes(const dnnl::post_ops& ops) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attr.set_post_ops(ops);
  return attr;
}

void AppendActivation(dnnl::post_ops& ops, int64_t act) {
  switch (static_cast<Activation>(act)) {
    case Activation::kNone: break;
    case Activation::kRelu: AppendEltwise(ops, dnnl::algorithm::eltwise_relu, 0, 0); break;
    case Activation::kRelu6: AppendEltwise(ops, dnnl::algorithm::eltwise_clip, 0, 6); break;
    case Activation::kHSwish: AppendHSwish(ops); break;
  }
}

dnnl::post_ops ActivationOps(int64_t act) {
  dnnl::post_ops ops;
  AppendActivation(ops, act);
  return ops;
}

}  // namespace roofgap::onednn
