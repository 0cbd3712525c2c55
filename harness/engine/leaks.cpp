#include "harness/engine/leaks.hpp"

#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "harness/engine/engine.hpp"
#include "harness/engine/hosting.hpp"
#include "harness/engine/program_memory.hpp"

namespace harness {
namespace {

struct Live {
  std::uintptr_t base;
  std::size_t bytes;
  bool is_reached;
};

class Reaching {
 public:
  explicit Reaching(std::vector<Live>& blocks) : blocks_(blocks) {}

  void from(std::uintptr_t begin, std::uintptr_t end) {
    constexpr std::uintptr_t word = sizeof(std::uintptr_t);
    for (std::uintptr_t at = (begin + word - 1) & ~(word - 1); at + word <= end; at += word)
      if (const auto value = *reinterpret_cast<const std::uintptr_t*>(at);
          UserHeap::contains(reinterpret_cast<void*>(value)))
        reach(value);
    while (!open_.empty()) {
      const Live block = blocks_[open_.back()];
      open_.pop_back();
      from_block(block);
    }
  }

 private:
  void from_block(const Live& block) {
    for (std::uintptr_t at = block.base; at < block.base + block.bytes;
         at += sizeof(std::uintptr_t))
      if (const auto value = *reinterpret_cast<const std::uintptr_t*>(at);
          UserHeap::contains(reinterpret_cast<void*>(value)))
        reach(value);
  }
  void reach(std::uintptr_t value) {
    const auto behind = std::upper_bound(
        blocks_.begin(), blocks_.end(), value,
        [](std::uintptr_t address, const Live& block) { return address < block.base; });
    if (behind == blocks_.begin()) return;
    Live& block = *std::prev(behind);
    if (block.is_reached || value - block.base >= block.bytes) return;
    block.is_reached = true;
    open_.push_back(static_cast<std::size_t>(&block - blocks_.data()));
  }

  std::vector<Live>& blocks_;
  std::vector<std::size_t> open_;
};

// A lost list is told by its head: what other lost blocks point to comes second.
void note_pointed_to(std::vector<Live>& blocks) {
  for (Live& block : blocks) {
    Reaching others(blocks);
    const bool before = block.is_reached;
    block.is_reached = true;  // pointing to itself does not count
    others.from(block.base, block.base + block.bytes);
    block.is_reached = before;
  }
}

}  // namespace

Allocations::Lost Allocations::lost(const UserHeap& heap,
                                    const std::vector<AddressRange>& roots) const {
  std::vector<Live> blocks;
  heap.each_live([&](std::uintptr_t base, std::size_t bytes) {
    blocks.push_back({base, bytes, false});
  });
  if (blocks.empty()) return {};
  Reaching reaching(blocks);
  heap.each_sealed(
      [&](std::uintptr_t base, std::size_t bytes) { reaching.from(base, base + bytes); });
  for (const AddressRange& root : roots) reaching.from(root.base, root.end());
  std::erase_if(blocks, [](const Live& block) { return block.is_reached; });
  const std::vector<Live> left = blocks;
  note_pointed_to(blocks);
  Lost result;
  const Allocation* any = nullptr;
  std::vector<bool> is_told(left.size());
  for (auto allocation = all_.rbegin(); allocation != all_.rend(); ++allocation) {
    const auto block =
        std::lower_bound(left.begin(), left.end(), allocation->address,
                         [](const Live& one, std::uintptr_t base) { return one.base < base; });
    const auto at = static_cast<std::size_t>(block - left.begin());
    if (block == left.end() || block->base != allocation->address || is_told[at]) continue;
    is_told[at] = true;
    any = &*allocation;
    if (!blocks[at].is_reached) result.first = any;
    result.bytes += allocation->bytes;
    ++result.count;
  }
  if (result.first == nullptr) result.first = any;
  return result;
}

// Writable memory of the loaded objects; the runtime's own has nothing of the program but what is
// asked for.
std::vector<AddressRange> writable_objects() {
  std::vector<AddressRange> ranges;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* argument) {
        if (std::string_view(info->dlpi_name).find("libharness_") != std::string_view::npos)
          return 0;
        std::uintptr_t relocated = 0;
        for (const ElfW(Phdr) & header : std::span(info->dlpi_phdr, info->dlpi_phnum))
          if (header.p_type == PT_GNU_RELRO)
            relocated = info->dlpi_addr + header.p_vaddr + header.p_memsz;
        for (const ElfW(Phdr) & header : std::span(info->dlpi_phdr, info->dlpi_phnum)) {
          if (header.p_type != PT_LOAD || (header.p_flags & PF_W) == 0) continue;
          const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
          const std::uintptr_t end = begin + header.p_memsz;
          const std::uintptr_t from = relocated > begin && relocated < end ? relocated : begin;
          static_cast<std::vector<AddressRange>*>(argument)->push_back({from, end - from});
        }
        return 0;
      },
      &ranges);
  return ranges;
}

void Engine::note_allocation(std::uintptr_t address, std::size_t bytes, std::uintptr_t where) {
  const Event event{.step = steps_,
                    .task = current_->id,
                    .op = Op::allocate,
                    .failed = true,
                    .object = address,
                    .bytes = bytes,
                    .where = where};
  allocations_.note(
      {address, bytes, shared_.recorded.load(std::memory_order_relaxed), recorded(event)});
}

// After the last task, or exit().
void Engine::look_for_leaks() {
  std::vector<AddressRange> roots =
      hosting() != nullptr ? program_memory(hosting()->caller) : writable_objects();
  std::vector<const void*> values;
  for (std::size_t i = 0; i < task_count_; ++i) {
    const Task& task = *tasks_[i];
    if (!task.joined) values.push_back(task.result);
    if (task.done) continue;
    roots.push_back(task.fiber->stack_in_use());
    values.insert(values.end(), task.specific.begin(), task.specific.end());
  }
  roots.push_back({reinterpret_cast<std::uintptr_t>(values.data()), values.size() * sizeof(void*)});
  const std::uintptr_t end = memory_.fresh_from();
  for (std::uintptr_t at = mapping_range.base; (at = memory_.next_touched(at, end)) < end;
       at += page_bytes)
    if (const PageState state = memory_.state(at);
        state == PageState::mapped || state == PageState::watched)
      roots.push_back({at, page_bytes});
  const Allocations::Lost lost = allocations_.lost(heap_, roots);
  if (lost.first == nullptr) return;
  const Allocation& first = *lost.first;
  if (settings_.records) insert_into_history(first.by, first.position);
  std::string text =
      fmt::format("{} bytes that {} allocated are left at the end, and nothing points to them",
                  first.bytes, mention(first.by.event.task));
  if (lost.count > 1) text += fmt::format("; {} blocks, {} bytes in all", lost.count, lost.bytes);
  shared_.set_violation({"leak", std::move(text), {first.by.event}, false});
  shared_.violating_execution = execution_;
  shared_.violating_steps = steps_;
  outcome_ = Outcome::violated;
}

}  // namespace harness
