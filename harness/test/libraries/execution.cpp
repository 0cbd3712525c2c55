// Parallel algorithms of libstdc++, which run on oneTBB's threads.
#include <algorithm>
#include <atomic>
#include <cassert>
#include <execution>
#include <numeric>
#include <string_view>
#include <vector>

int main(int, char** arguments) {
  std::vector<int> numbers(64);
  std::iota(numbers.begin(), numbers.end(), 1);
  if (std::string_view(arguments[1]) == "sequential") {
    assert(std::reduce(std::execution::unseq, numbers.begin(), numbers.end()) == 2080);
    return 0;
  }
  std::atomic<int> sum{0};
  std::for_each(std::execution::par, numbers.begin(), numbers.end(),
                [&](int number) { sum += number; });
  assert(sum == 2080);
  assert(std::reduce(std::execution::par, numbers.begin(), numbers.end()) == 2080);
}
