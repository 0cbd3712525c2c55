// A whole program whose status depends on who is first.
#include <atomic>
#include <thread>

int main() {
  std::atomic<int> first{0};
  std::thread other([&] {
    int nobody = 0;
    first.compare_exchange_strong(nobody, 2);
  });
  int nobody = 0;
  first.compare_exchange_strong(nobody, 1);
  other.join();
  return first == 2;
}
