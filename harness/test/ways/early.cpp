// A whole program that does something before main(), by the variable EARLY of its environment.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<bool> go{false};

int do_it() {
  const char* const what = std::getenv("EARLY");
  const auto is = [&](const char* name) { return what != nullptr && std::strcmp(what, name) == 0; };
  if (is("exit")) std::exit(3);
  if (is("crash")) *reinterpret_cast<volatile int*>(8) = 1;
  if (is("say")) std::fprintf(stderr, "something is missing\n"), _exit(4);
  if (is("thread")) std::thread([] { while (!go) usleep(1000); }).detach();
  if (is("allocate")) return static_cast<int>(std::vector<std::string>(100, std::string(1000, 'x')).size());
  return 0;
}

const int done = do_it();
std::vector<std::string> kept(50, std::string(100, 'k'));

}  // namespace

int main() {
  if (kept.size() != 50 || kept[0] != std::string(100, 'k')) return 1;
  if (std::getenv("HARNESS_JOB") != nullptr || std::getenv("LD_PRELOAD") != nullptr) return 2;
  std::thread other([] { go = true; });
  const bool early = !go;
  other.join();
  kept[0] = "changed";
  kept.resize(early ? 20 : 10);
  kept.shrink_to_fit();
  return 0;
}
