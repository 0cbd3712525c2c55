// Which function of a symbol table a person means.
#include "harness/strategies/function_name.hpp"

#include <gtest/gtest.h>

namespace harness {
namespace {

TEST(FunctionName, TheEndOfItIsEnough) {
  const char* poll = "allocator::SlicePool::poll(unsigned long) const";
  EXPECT_TRUE(names_function("poll", poll));
  EXPECT_TRUE(names_function("SlicePool::poll", poll));
  EXPECT_TRUE(names_function("allocator::SlicePool::poll", poll));
  EXPECT_FALSE(names_function("Pool::poll", poll));
  EXPECT_FALSE(names_function("oll", poll));
  EXPECT_FALSE(names_function("SlicePool", poll));
  EXPECT_FALSE(names_function("x::allocator::SlicePool::poll", poll));
  EXPECT_FALSE(names_function("", poll));
  EXPECT_FALSE(names_function("poll", ""));
}

TEST(FunctionName, MayBeATemplateAnOperatorOrHidden) {
  EXPECT_TRUE(names_function("Pool::poll", "int ns::Pool<int, std::less<int> >::poll<4>(int)"));
  EXPECT_TRUE(names_function("Pool<4>::poll", "ns::Pool<4>::poll()"));
  EXPECT_FALSE(names_function("Pool<5>::poll", "ns::Pool<4>::poll()"));
  EXPECT_TRUE(names_function("grow", "allocator::(anonymous namespace)::grow(int)"));
  EXPECT_TRUE(names_function("~Pool", "ns::Pool::~Pool()"));
  EXPECT_TRUE(names_function("operator()", "ns::Less::operator()(int, int) const"));
  EXPECT_TRUE(names_function("operator<", "ns::operator<(ns::A, ns::A)"));
  EXPECT_TRUE(names_function("operator<<", "ns::operator<<(ns::A, int)"));
  EXPECT_TRUE(names_function("A::operator->", "ns::A::operator->() const"));
  EXPECT_TRUE(names_function("f", "ns::A* f<int>(int)"));
  EXPECT_TRUE(names_function("run", "run(std::function<void ()>)"));
}

}  // namespace
}  // namespace harness
