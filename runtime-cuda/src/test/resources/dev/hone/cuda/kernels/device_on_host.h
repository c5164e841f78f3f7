// Lets CUDA C++ run on a host: the threads of a block are fibers that take turns, in an order that
// changes from one barrier to the next, so that a barrier that is missing shows.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <ucontext.h>
#include <vector>

#define __global__
#define __device__
#define __shared__ static

struct Index {
  unsigned int x;
};

static Index threadIdx, blockIdx, blockDim, gridDim;

static inline float __uint_as_float(unsigned int bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline unsigned int __float_as_uint(float value) {
  unsigned int bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

struct Fiber {
  ucontext_t context;
  std::vector<char> stack;
  bool finished;
};

static ucontext_t scheduler;
static std::vector<Fiber> fibers;
static unsigned int current;
typedef void (*Call)(const std::vector<long long>&);
static Call body;
static const std::vector<long long>* parameters;

static void __syncthreads() { swapcontext(&fibers[current].context, &scheduler); }

static void run_fiber() {
  body(*parameters);
  fibers[current].finished = true;
  swapcontext(&fibers[current].context, &scheduler);
}

static void fail(const char* why) {
  fprintf(stderr, "%s\n", why);
  exit(1);
}

static void run_block(unsigned int threads, std::mt19937& random) {
  fibers.resize(threads);
  std::vector<unsigned int> order(threads);
  for (unsigned int i = 0; i < threads; i++) {
    order[i] = i;
    Fiber& fiber = fibers[i];
    fiber.finished = false;
    fiber.stack.resize(64 * 1024);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.data();
    fiber.context.uc_stack.ss_size = fiber.stack.size();
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, run_fiber, 0);
  }
  while (true) {
    for (unsigned int i = threads; i > 1; i--) {
      std::swap(order[i - 1], order[random() % i]);
    }
    unsigned int finished = 0;
    for (unsigned int i : order) {
      current = i;
      threadIdx.x = i;
      swapcontext(&scheduler, &fibers[i].context);
      finished += fibers[i].finished;
    }
    if (finished == threads) {
      return;
    }
    if (finished != 0) {
      fail("some threads of a block ended while others wait at a barrier");
    }
  }
}

template <typename T>
static T read_value() {
  T value;
  if (fread(&value, sizeof value, 1, stdin) != 1) {
    fail("the input ends too early");
  }
  return value;
}

struct Parameter {
  bool buffer;
  std::vector<unsigned char> bytes;
};

static const size_t GUARD = 256;

// One call of a kernel, as the input has it; false at the end of the input.
static bool serve(Call (*find)(const std::string&)) {
  int name_length;
  if (fread(&name_length, sizeof name_length, 1, stdin) != 1) {
    return false;
  }
  std::string name(name_length, ' ');
  if (fread(&name[0], 1, name_length, stdin) != (size_t)name_length) {
    fail("the input ends in a name");
  }
  body = find(name);
  gridDim.x = read_value<int>();
  blockDim.x = read_value<int>();
  std::mt19937 random(read_value<int>());
  std::vector<Parameter> given(read_value<int>());
  std::vector<long long> values;
  for (Parameter& parameter : given) {
    parameter.buffer = read_value<int>() != 0;
    long long value = read_value<long long>();
    if (parameter.buffer) {
      parameter.bytes.assign(value + 2 * GUARD, 0xFF);  // not a number, where it is a float
      if (fread(parameter.bytes.data() + GUARD, 1, value, stdin) != (size_t)value) {
        fail("the input ends in a buffer");
      }
      value = (long long)(parameter.bytes.data() + GUARD);
    }
    values.push_back(value);
  }
  parameters = &values;
  for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++) {
    run_block(blockDim.x, random);
  }
  for (Parameter& parameter : given) {
    if (parameter.buffer) {
      size_t size = parameter.bytes.size();
      for (size_t i = 0; i < GUARD; i++) {
        if (parameter.bytes[i] != 0xFF || parameter.bytes[size - 1 - i] != 0xFF) {
          fail("a kernel wrote beside a buffer");
        }
      }
      fwrite(parameter.bytes.data() + GUARD, 1, size - 2 * GUARD, stdout);
    }
  }
  fflush(stdout);
  return true;
}
