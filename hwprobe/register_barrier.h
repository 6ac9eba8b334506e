#ifndef ROOFGAP_HWPROBE_REGISTER_BARRIER_H_
#define ROOFGAP_HWPROBE_REGISTER_BARRIER_H_

// ROOFGAP_IN_REGISTER(x): the compiler must have the vector `x` (of a built-in vector type) in a register here and
// forget what it knew of its value, so that operations on it are neither merged, hoisted nor dropped. Costs no
// instruction on x86 and ARM; elsewhere it goes through memory.
#if defined(__x86_64__) || defined(__i386__)
#define ROOFGAP_IN_REGISTER(x) asm volatile("" : "+v"(x))
#elif defined(__aarch64__) || defined(__arm__)
#define ROOFGAP_IN_REGISTER(x) asm volatile("" : "+w"(x))
#else
#define ROOFGAP_IN_REGISTER(x) asm volatile("" : "+m"(x))
#endif

#endif  // ROOFGAP_HWPROBE_REGISTER_BARRIER_H_
