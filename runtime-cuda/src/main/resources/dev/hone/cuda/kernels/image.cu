// Images of bytes, pixel after pixel, become numbers, plane after plane:
//
//   out[n][c][p] = in[n][p][c] * factors[c] + factors[channels + c]
//
// with p counting the pixels of an image. For the usual (x / 255 - mean) / deviation the factors are
// 1 / (255 deviation) and -mean / deviation. Rounded once, so a host gives the same bits.
// All parameters are 8 bytes wide. Any number of blocks and threads will do.

static __device__ inline void store(float* to, float value) { *to = value; }

static __device__ inline void store(unsigned short* to, float value) { *to = float_to_half(value); }

template <typename T>
static __device__ inline void planes(
    const unsigned char* in,
    T* out,
    const float* factors,
    long long images,
    long long pixels,
    long long channels) {
  long long step = (long long)gridDim.x * blockDim.x;
  long long first = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  for (long long i = first; i < images * pixels; i += step) {
    long long image = i / pixels;
    long long pixel = i % pixels;
    const unsigned char* from = in + i * channels;
    T* to = out + image * channels * pixels + pixel;
    for (long long c = 0; c < channels; c++) {
      store(to + c * pixels, fmaf((float)from[c], factors[c], factors[channels + c]));
    }
  }
}

extern "C" __global__ void image_to_float(
    const unsigned char* in,
    float* out,
    const float* factors,
    long long images,
    long long pixels,
    long long channels) {
  planes(in, out, factors, images, pixels, channels);
}

extern "C" __global__ void image_to_half(
    const unsigned char* in,
    unsigned short* out,
    const float* factors,
    long long images,
    long long pixels,
    long long channels) {
  planes(in, out, factors, images, pixels, channels);
}
