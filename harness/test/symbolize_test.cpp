#include "harness/explore/symbolize.hpp"
#include "harness/explore/symbolize_elf.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>

#include "harness/explore/symbolize_module.hpp"

// The program whose frames are looked up. Outside of namespace harness, which is the tool's.
namespace symbolized {

volatile int sink;
std::uintptr_t here;
int line_of_call;

struct Board {
  int first = 0;
  int second = 0;
};
Board board;
static int hidden[4];

struct Base {
  long first = 0;
};
struct Pools : Base {
  std::mutex mutex;
  struct {
    int size = 0;
    std::atomic<int> used{0};
  } regions[3];
};
Pools pools;

[[gnu::noinline]] void record() {
  here = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
}

[[gnu::always_inline]] inline void innermost() {
  line_of_call = __LINE__ + 1;
  record();
  sink = 1;
}

[[gnu::always_inline]] inline void middle() {
  innermost();
  sink = 2;
}

template <class T>
struct Pool {
  [[gnu::noinline]] T take(T value) {
    middle();
    sink = 3;
    return value;
  }
};

[[gnu::noinline]] void run(const std::function<void()>& body) {
  body();
  sink = 4;
}

[[gnu::noinline]] void run_lambda() {
  run([] {
    line_of_call = __LINE__ + 1;
    record();
    sink = 5;
  });
}

int& counter_of_function() {
  static int counter = sink;
  return counter;
}

}  // namespace symbolized

namespace {

using harness::data_symbol;
using harness::frames_at;
using harness::is_plumbing;
using harness::short_function;
using reports::Frame;

// libc's own, not that of a sanitizer in front of it.
std::uintptr_t function_of_libc() {
  void* libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  return libc ? reinterpret_cast<std::uintptr_t>(dlsym(libc, "qsort")) : 0;
}

bool is_this_file(const std::string& file) { return file.ends_with("symbolize_test.cpp"); }

TEST(Symbolize, InlinedFramesInnermostFirst) {
  symbolized::Pool<long>().take(1);
  const std::vector<Frame> frames = frames_at(symbolized::here);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].function, "symbolized::innermost");
  EXPECT_EQ(frames[1].function, "symbolized::middle");
  EXPECT_EQ(frames[2].function, "symbolized::Pool<long>::take");
  for (const Frame& frame : frames) {
    EXPECT_TRUE(is_this_file(frame.file)) << frame.file;
    EXPECT_FALSE(frame.module.empty());
    EXPECT_FALSE(is_plumbing(frame));
  }
  EXPECT_EQ(frames[0].line, symbolized::line_of_call);
  EXPECT_LT(frames[0].line, frames[1].line);
  EXPECT_LT(frames[1].line, frames[2].line);
}

TEST(Symbolize, FilesAreRelative) {
  symbolized::Pool<long>().take(1);
  EXPECT_NE(frames_at(symbolized::here)[0].file.front(), '/')
      << frames_at(symbolized::here)[0].file;
}

TEST(Symbolize, LambdasAreCalledAfterTheirFunction) {
  symbolized::run_lambda();
  const std::vector<Frame> frames = frames_at(symbolized::here);
  EXPECT_EQ(frames[0].function, "symbolized::run_lambda::lambda");
  EXPECT_EQ(frames[0].line, symbolized::line_of_call);
}

TEST(Symbolize, UserStackLeavesPlumbingOut) {
  symbolized::Pool<long>().take(1);
  const std::uintptr_t user = symbolized::here;
  const std::uintptr_t libc = function_of_libc() + 4;
  const std::vector<std::uintptr_t> stack = {libc, user, libc};
  const std::vector<Frame> frames = harness::user_stack(stack);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].function, "symbolized::innermost");
  EXPECT_EQ(harness::user_stack(stack, 2).size(), 2U);
  // Where nothing is the user's, all of it.
  const std::vector<Frame> foreign = harness::user_stack({&libc, 1});
  ASSERT_EQ(foreign.size(), 1U);
  EXPECT_TRUE(is_plumbing(foreign[0])) << foreign[0].module;
  EXPECT_TRUE(harness::user_stack({}).empty());
}

TEST(Symbolize, ModulesWithoutDebugInformationHaveTheirSymbols) {
  const std::uintptr_t libc = function_of_libc();
  const std::vector<Frame> frames = frames_at(libc + 4);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].function, "qsort");
  EXPECT_EQ(frames[0].module, "libc.so.6");
  EXPECT_EQ(frames[0].line, 0);
}

TEST(Symbolize, AddressesOutsideOfEveryModule) {
  int local = 0;
  for (const std::uintptr_t address : {std::uintptr_t{0}, std::uintptr_t{1}, ~std::uintptr_t{0},
                                       reinterpret_cast<std::uintptr_t>(&local)}) {
    const std::vector<Frame> frames = frames_at(address);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].function, "");
    EXPECT_EQ(frames[0].module, "(no module)");
    EXPECT_EQ(data_symbol(address), "");
  }
}

TEST(Symbolize, ModulesLoadedLaterAreFound) {
  const char* name = "libthread_db.so.1";
  frames_at(1);
  void* module = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
  if (!module) GTEST_SKIP() << name << " is not installed";
  const auto function = reinterpret_cast<std::uintptr_t>(dlsym(module, "td_ta_new"));
  ASSERT_NE(function, 0U);
  EXPECT_EQ(frames_at(function + 4)[0].module, name);
  EXPECT_EQ(frames_at(function + 4)[0].function, "td_ta_new");
  dlclose(module);
  EXPECT_EQ(frames_at(function + 4)[0].module, "(no module)");
}

TEST(Symbolize, Data) {
  const auto address = [](const auto& object) { return reinterpret_cast<std::uintptr_t>(&object); };
  symbolized::hidden[2] = symbolized::sink;
  EXPECT_EQ(data_symbol(address(symbolized::board)), "symbolized::board");
  EXPECT_EQ(data_symbol(address(symbolized::board.second)), "symbolized::board.second");
  EXPECT_EQ(data_symbol(address(symbolized::hidden[2])), "symbolized::hidden[2]");
  EXPECT_EQ(data_symbol(address(symbolized::pools.mutex)), "symbolized::pools.mutex");
  EXPECT_EQ(data_symbol(address(symbolized::pools.mutex) + 4), "symbolized::pools.mutex")
      << "what is inside is the library's business";
  EXPECT_EQ(data_symbol(address(symbolized::pools.regions[1].used)),
            "symbolized::pools.regions[1].used");
  EXPECT_EQ(data_symbol(address(symbolized::pools.regions[2].size) + 1),
            fmt::format("symbolized::pools+{}", address(symbolized::pools.regions[2].size) + 1 -
                                                    address(symbolized::pools)))
      << "in the midst of a number";
  EXPECT_EQ(data_symbol(address(symbolized::counter_of_function())),
            "symbolized::counter_of_function::counter");
  EXPECT_EQ(data_symbol(reinterpret_cast<std::uintptr_t>(&symbolized::run)), "");
}

TEST(Symbolize, AnswersAreQuick) {
  using Clock = std::chrono::steady_clock;
  symbolized::Pool<long>().take(1);
  const auto milliseconds = [](auto work) {
    const auto start = Clock::now();
    work();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  };
  frames_at(symbolized::here);
  // A thousand answers that are known already; generous, because the machine may be busy.
  EXPECT_LT(milliseconds([] {
              for (int i = 0; i < 1000; ++i) frames_at(symbolized::here);
            }),
            200);
}

TEST(ShortFunction, DropsWhatSaysNothing) {
  const std::pair<const char*, const char*> cases[] = {
      {"main", "main"},
      {"allocator::Pool::poll(unsigned long)", "allocator::Pool::poll"},
      {"allocator::Pool::poll(unsigned long) const", "allocator::Pool::poll"},
      {"allocator::Pool::poll() const &", "allocator::Pool::poll"},
      {"(anonymous namespace)::Pool::poll()", "Pool::poll"},
      {"a::(anonymous namespace)::f(int)", "a::f"},
      {"std::atomic<int>::load(std::memory_order) const", "std::atomic<int>::load"},
      {"std::vector<std::pair<int, long>, std::allocator<int> >::push_back(int&&)",
       "std::vector::push_back"},
      {"std::unique_ptr<A, std::default_delete<A> > make<A, int>(int&&)", "make<A, int>"},
      {"void run<std::function<void ()> >(std::function<void ()> const&)", "run"},
      {"char const* name_of(Op)", "name_of"},
      {"bool operator< <int>(A<int> const&, A<int> const&)", "operator<<int>"},
      {"std::ostream& operator<< <char>(std::ostream&, char)", "operator<<<char>"},
      {"a::A::operator->() const", "a::A::operator->"},
      {"a::A::operator()(int) const", "a::A::operator()"},
      {"a::A::operator[](unsigned long)", "a::A::operator[]"},
      {"a::A::operator bool() const", "a::A::operator bool"},
      {"a::A::operator std::vector<int, std::allocator<int> >() const",
       "a::A::operator std::vector<int, std::allocator<int> >"},
      {"operator new[](unsigned long)", "operator new[]"},
      {"operator\"\" _kib(unsigned long long)", "operator\"\" _kib"},
      {"a::operators::f()", "a::operators::f"},
      {"a::my_operator<1>()", "a::my_operator<1>"},
      {"f(int)::{lambda(int, char)#2}::operator()(int, char) const", "f::lambda"},
      {"f() const::{lambda()#1}::operator()() const::{lambda()#3}::operator()() const",
       "f::lambda::lambda"},
      {"{lambda(harness::Execution&)#1}::_FUN(harness::Execution&)", "lambda::_FUN"},
      {"$_0::operator()(harness::Execution&) const", "lambda"},
      {"$_12::operator()() const::{lambda()#1}::operator()() const", "lambda::lambda"},
      {"f()::{unnamed type#1}::g()", "f::unnamed::g"},
      {"f[abi:cxx11](int)", "f"},
      {"f(int) [clone .part.0]", "f"},
      {"f(int) [clone .isra.0] [clone .cold]", "f"},
      {"decltype (g(1)) f<int>(int)", "f<int>"},
      {"guard variable for f(int)::x", "guard of f::x"},
      {"vtable for a::A", "vtable of a::A"},
      {"non-virtual thunk to a::A::f()", "a::A::f"},
      {"a::A::~A()", "a::A::~A"},
      {"void a::f<(a::Kind)2>()", "a::f"},
      {"a::f(void (*)(int))", "a::f"},
      {"", ""},
      {"(", "("},
      {"f(<{[", "f"},
      {"f)>}]", "f)>}]"},
      {"{", "{"},
      {"operator", "operator"},
      {"operator ", "operator "},
      {"$_", "lambda"},
  };
  for (const auto& [demangled, wanted] : cases)
    EXPECT_EQ(short_function(demangled), wanted) << demangled;
}

TEST(Plumbing, IsWhatLiesBetweenTheUsersFunctions) {
  const auto frame = [](const char* function, const char* file = "",
                        const char* module = "plugin.so") {
    return Frame{function, file, 1, module};
  };
  EXPECT_FALSE(is_plumbing(frame("allocator::Pool::poll", "allocator/pool.cpp")));
  EXPECT_FALSE(is_plumbing(frame("lambda::lambda", "scenarios/poll_vs_free.cpp")));
  EXPECT_FALSE(is_plumbing(frame("main")));
  EXPECT_FALSE(is_plumbing(frame("", "", "plugin.so")));
  EXPECT_FALSE(is_plumbing(frame("stdlike::f")));
  EXPECT_TRUE(is_plumbing(frame("std::__invoke_impl")));
  EXPECT_TRUE(is_plumbing(frame("std::function::operator()")));
  EXPECT_TRUE(is_plumbing(frame("operator==", "/usr/include/c++/12/bits/unique_ptr.h")));
  EXPECT_TRUE(is_plumbing(frame("harness::point", "harness/include/harness/point.hpp")));
  EXPECT_TRUE(is_plumbing(frame("__tsan_atomic32_load")));
  EXPECT_TRUE(is_plumbing(frame("pthread_mutex_lock", "", "libharness_runtime.so")));
  EXPECT_TRUE(is_plumbing(frame("start_thread", "", "libc.so.6")));
}

TEST(RelativeSource, IsTheSameWhereverTheProjectStands) {
  using harness::relative_source;
  EXPECT_EQ(relative_source("allocator/pool.cpp", ""), "allocator/pool.cpp");
  EXPECT_EQ(relative_source("allocator/pool.cpp", "build/release"), "allocator/pool.cpp");
  EXPECT_EQ(relative_source("build/release/allocator/pool.cpp", "build/release"),
            "allocator/pool.cpp");
  EXPECT_EQ(relative_source("/home/a/p/src/x.cpp", "/home/a/p/build"), "src/x.cpp");
  EXPECT_EQ(relative_source("/home/a/p/x.cpp", "/home/a/p"), "x.cpp");
  EXPECT_EQ(relative_source("/home/a/p/build/../src/x.cpp", "/home/a/p/build"), "src/x.cpp");
  EXPECT_EQ(relative_source("/usr/include/c++/12/atomic", "/home/a/p/build"),
            "/usr/include/c++/12/atomic");
  EXPECT_EQ(relative_source("/home/b/x.cpp", "/home/a/p"), "/home/b/x.cpp");
  EXPECT_EQ(relative_source("/x.cpp", "/build"), "/x.cpp");
  EXPECT_EQ(relative_source("", "/build"), "");
}

TEST(Symbolize, PartsOfASplitVariable) {
  EXPECT_EQ(harness::readable_symbol("_ZZN12_GLOBAL__N_112race_of_exitEvE5ready.0"), "race_of_exit::ready");
  EXPECT_EQ(harness::readable_symbol("_Zwhat.0"), "_Zwhat.0");
  EXPECT_EQ(harness::readable_symbol("ready.0"), "ready.0");
}

}  // namespace
