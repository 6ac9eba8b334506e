#ifndef ROOFGAP_KERNELS_API_FNV_H_
#define ROOFGAP_KERNELS_API_FNV_H_

#include <cstdint>

namespace roofgap {

// The 64-bit hash FNV-1a (Fowler, Noll, Vo), byte by byte. For fingerprints; not against forgery.
class Fnv1a {
 public:
  void Add(char byte) { hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3; }
  uint64_t hash() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace roofgap

#endif  // ROOFGAP_KERNELS_API_FNV_H_
