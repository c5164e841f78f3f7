// The mean of the token vectors of each text, over the tokens that its mask names, scaled to
// length 1: what turns a text model's output into an embedding.
//
//   out[row] = m / max(|m|, 1e-12),  m = sum over t of mask[row][t] != 0 of hidden[row][t]
//                                        / max(number of such t, 1e-9)
//
// One block for each row; its threads share the width. A row without tokens gives zeros.
// All parameters are 8 bytes wide. blockDim.x must be a power of two, at most 1024.

template <typename T>
struct Element;

template <>
struct Element<float> {
  static __device__ inline float load(const float* from) { return *from; }
};

template <>
struct Element<unsigned short> {
  static __device__ inline float load(const unsigned short* from) { return half_to_float(*from); }
};

template <typename T>
static __device__ inline void mean_pool(
    const T* hidden, const long long* mask, float* out, long long length, long long width) {
  __shared__ float squares[1024];
  long long row = blockIdx.x;
  const T* tokens = hidden + row * length * width;
  const long long* wanted = mask + row * length;
  float* target = out + row * width;

  float count = 0;
  for (long long t = 0; t < length; t++) {
    count += wanted[t] != 0 ? 1.0f : 0.0f;
  }
  float scale = 1.0f / fmaxf(count, 1e-9f);
  float square = 0;
  for (long long i = threadIdx.x; i < width; i += blockDim.x) {
    float sum = 0;
    for (long long t = 0; t < length; t++) {
      if (wanted[t] != 0) {  // the same for all threads of a block
        sum += Element<T>::load(tokens + t * width + i);
      }
    }
    float mean = sum * scale;
    target[i] = mean;
    square = fmaf(mean, mean, square);
  }

  squares[threadIdx.x] = square;
  __syncthreads();
  for (unsigned int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      squares[threadIdx.x] += squares[threadIdx.x + half];
    }
    __syncthreads();
  }
  float norm = 1.0f / fmaxf(sqrtf(squares[0]), 1e-12f);
  for (long long i = threadIdx.x; i < width; i += blockDim.x) {
    target[i] *= norm;  // written by this same thread before
  }
}

extern "C" __global__ void mean_pool_float(
    const float* hidden, const long long* mask, float* out, long long length, long long width) {
  mean_pool(hidden, mask, out, length, width);
}

extern "C" __global__ void mean_pool_half(
    const unsigned short* hidden,
    const long long* mask,
    float* out,
    long long length,
    long long width) {
  mean_pool(hidden, mask, out, length, width);
}
