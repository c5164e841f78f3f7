// 16-bit floating-point numbers by their bits: needs no header of CUDA's, and is the same on a host.
#ifndef HONE_HALF
#define HONE_HALF

static __device__ inline float half_to_float(unsigned short bits) {
  unsigned int sign = (bits & 0x8000u) << 16;
  unsigned int rest = bits & 0x7FFFu;
  if (rest >= 0x7C00u) {  // infinite, or not a number
    return __uint_as_float(sign | 0x7F800000u | (rest << 13 & 0x7FFFFFu));
  }
  if (rest >= 0x0400u) {  // normal: only the bias of the exponent differs
    return __uint_as_float(sign | ((rest << 13) + (112u << 23)));
  }
  float value = (float)rest * 5.9604644775390625e-8f;  // subnormal: units of 2^-24, exact
  return sign ? -value : value;
}

static __device__ inline unsigned short float_to_half(float value) {
  unsigned int bits = __float_as_uint(value);
  unsigned int sign = bits >> 16 & 0x8000u;
  unsigned int rest = bits & 0x7FFFFFFFu;
  if (rest > 0x7F800000u) {
    return (unsigned short)(sign | 0x7E00u);  // not a number
  }
  if (rest >= 0x47800000u) {
    return (unsigned short)(sign | 0x7C00u);  // 2^16 and above, and infinity
  }
  if (rest < 0x38800000u) {
    // Below 2^-14: adding 0.5 leaves just the units of 2^-24 in the fraction, rounded to even.
    return (unsigned short)(sign | (__float_as_uint(__uint_as_float(rest) + 0.5f) - 0x3F000000u));
  }
  unsigned int odd = rest >> 13 & 1u;  // to nearest, a tie to even; may carry up to infinity
  return (unsigned short)(sign | ((rest - (112u << 23) + 0xFFFu + odd) >> 13));
}

#endif
