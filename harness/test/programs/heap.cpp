// What becomes of freed blocks, and of those that nobody frees. A variant called `fine-...` must
// pass.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#undef NDEBUG
#include <cassert>

#include "harness/test/programs/table.hpp"

namespace {

struct Node {
  int value;
  Node* next;
};

// Two heads of a stack in the manner of Treiber: a pointer, and a pointer with a count beside it.
struct Plain {
  std::atomic<Node*> head{nullptr};
  Node* look() { return head.load(); }
  static Node* node_of(Node* seen) { return seen; }
  bool replace(Node* seen, Node* with) { return head.compare_exchange_strong(seen, with); }
};

struct Counted {
  struct alignas(16) Head {
    Node* node;
    std::uint64_t count;
  };
  std::atomic<Head> head{Head{nullptr, 0}};
  Head look() { return head.load(); }
  static Node* node_of(Head seen) { return seen.node; }
  bool replace(Head seen, Node* with) {
    return head.compare_exchange_strong(seen, Head{with, seen.count + 1});
  }
};

// One task is about to pop the top. Meanwhile the other pops all, frees the top and pushes a new
// node: where that has the address of the old one, the first does not notice.
template <class Stack>
void comes_back() {
  Stack stack;
  auto* const bottom = new Node{1, nullptr};
  auto* const top = new Node{2, bottom};
  stack.replace(stack.look(), top);
  std::atomic<bool> looked{false};
  bool popped = false;
  std::thread other([&] {
    const auto head = stack.look();
    looked = true;
    popped = Stack::node_of(head) == top && stack.replace(head, bottom);
  });
  const auto seen = stack.look();
  const bool has_top = looked && Stack::node_of(seen) == top && stack.replace(seen, bottom);
  const bool has_all = has_top && stack.replace(stack.look(), nullptr);
  if (has_all) {
    delete top;
    stack.replace(stack.look(), new Node{3, nullptr});
  }
  other.join();
  assert(!(has_all && popped));
}

// A pointer that outlives its block, which somebody else gets meanwhile.
void used_after_free_and_again(harness::Execution&) {
  std::atomic<int> stage{0};
  auto* block = static_cast<int*>(std::malloc(40));
  std::thread other([&] {
    while (stage.load() != 1) std::this_thread::yield();
    block[0] = 1;
  });
  std::free(block);
  std::unique_ptr<void, decltype(&std::free)> another(std::malloc(40), &std::free);
  stage.store(1);
  other.join();
}

// More than fits: freed blocks are used again, and nothing runs out of memory.
void fine_churn(harness::Execution&) {
  for (int i = 0; i < 3000; ++i) {
    std::vector<char> some(20'000);
    some[static_cast<std::size_t>(i) % some.size()] = 1;
  }
  std::thread([] {
    std::atomic<int*> shown{nullptr};
    for (int i = 0; i < 1000; ++i) {
      shown = new int(i);
      delete shown.load();
    }
    for (int i = 0; i < 20; ++i) std::vector<char>(3 << 20)[5] = 1;
  }).join();
}

// --- leaks
// Volatile, or the compiler sees that nobody reads them, and leaves them out.
std::vector<int>* volatile kept;

void fine_reachable(harness::Execution&) {
  kept = new std::vector<int>(100);
  static thread_local std::string* mine;
  mine = new std::string(100, 'x');
  delete mine;
  std::thread([] { std::list<int> numbers{1, 2, 3}; }).join();
}

void lost(harness::Execution&) {
  std::thread([] {
    std::vector<int>* volatile numbers = new std::vector<int>(100);
    numbers->front() = 1;
    numbers = nullptr;
  }).join();
}

// Only where the other one comes between is something forgotten.
void lost_in_one_order(harness::Execution&) {
  static std::atomic<std::string*> slot;
  slot = nullptr;
  std::thread other([] { slot.store(new std::string("other")); });
  if (slot.load() == nullptr) slot.store(new std::string("main"));
  other.join();
  delete slot.load();
}

void fine_exchanged(harness::Execution&) {
  static std::atomic<std::string*> slot;
  slot = nullptr;
  std::thread other([] { delete slot.exchange(new std::string("other")); });
  delete slot.exchange(new std::string("main"));
  other.join();
  delete slot.load();
}

// A ring that points to itself is lost all the same; a block that only an inner pointer is left of
// is not.
void lost_ring(harness::Execution&) {
  Node* volatile one = new Node{1, nullptr};
  one->next = new Node{2, one};
  one = nullptr;
}

char* volatile inner;
void fine_inner_pointer(harness::Execution&) { inner = static_cast<char*>(std::malloc(100)) + 50; }

const harness::test::Programs programs = {
    {"comes-back", {[](harness::Execution&) { comes_back<Plain>(); }, "assertion"}},
    {"fine-counted", {[](harness::Execution&) { comes_back<Counted>(); }, "pass"}},
    {"used-after-free-and-again", {used_after_free_and_again, "heap-use-after-free"}},
    {"fine-churn", {fine_churn, "pass"}},
    {"fine-reachable", {fine_reachable, "pass"}},
    {"lost", {lost, "leak"}},
    {"lost-in-one-order", {lost_in_one_order, "leak"}},
    {"lost-ring", {lost_ring, "leak"}},
    {"fine-exchanged", {fine_exchanged, "pass"}},
    {"fine-inner-pointer", {fine_inner_pointer, "pass"}},
};

}  // namespace

HARNESS_SCENARIO({
    .name = "heap",
    .about = "freed blocks, and blocks that nobody frees",
    .variants = variants_of(programs),
    .play = [](harness::Execution& run,
               std::string_view variant) { programs.at(variant).play(run); },
});
