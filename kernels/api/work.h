#ifndef ROOFGAP_KERNELS_API_WORK_H_
#define ROOFGAP_KERNELS_API_WORK_H_

namespace roofgap {

// What a problem costs, counted once from its shape (rule R4): padding, packing, recomputation and epilogues earn
// nothing. Counts are doubles because a suite may pass 2^63 in no unit that matters, and every use is a quotient.
struct Work {
  double flops = 0;          // 2 x the multiply-accumulates that must be done: no taps on padding, no masked pairs
  double flops_nominal = 0;  // the formula that papers print: taps on padding counted
  double bytes_read = 0;     // compulsory: each input and each weight that is used, once
  double bytes_written = 0;  // compulsory: each output element once

  double macs() const { return flops_nominal / 2; }
  double bytes() const { return bytes_read + bytes_written; }
  // Operational intensity, FLOP/byte.
  double intensity() const { return flops / bytes(); }
};

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_WORK_H_
