// The kernels by name, called as a driver calls them: with parameters of 8 bytes each.

typedef long long P;

template <typename F>
static void call5(F* kernel, const std::vector<P>& p) {
  reinterpret_cast<void (*)(P, P, P, P, P)>(kernel)(p.at(0), p.at(1), p.at(2), p.at(3), p.at(4));
}

template <typename F>
static void call6(F* kernel, const std::vector<P>& p) {
  reinterpret_cast<void (*)(P, P, P, P, P, P)>(kernel)(
      p.at(0), p.at(1), p.at(2), p.at(3), p.at(4), p.at(5));
}

static Call find_kernel(const std::string& name) {
  if (name == "mean_pool_float") return [](const std::vector<P>& p) { call5(mean_pool_float, p); };
  if (name == "mean_pool_half") return [](const std::vector<P>& p) { call5(mean_pool_half, p); };
  if (name == "image_to_float") return [](const std::vector<P>& p) { call6(image_to_float, p); };
  if (name == "image_to_half") return [](const std::vector<P>& p) { call6(image_to_half, p); };
  fail("no such kernel");
  return nullptr;
}

int main() {
  while (serve(find_kernel)) {
  }
  return 0;
}
