#include "harness/explore/describe_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "reports/text.hpp"

namespace harness {
namespace {

using reports::bytes_text;

std::string order_text(const Event& event) {
  static constexpr const char* names[] = {"relaxed", "consume", "acquire",
                                          "release", "acq_rel", ""};
  const int order = event.order & 0xf;  // above are hints to the processor
  return (is_atomic(event.op) || event.op == Op::fence) && order < 5 ? names[order] : "";
}

std::string duration_text(std::uint64_t ns) {
  if (ns % 1'000'000'000 == 0) return fmt::format("{} s", ns / 1'000'000'000);
  if (ns % 1'000'000 == 0) return fmt::format("{} ms", ns / 1'000'000);
  if (ns % 1'000 == 0) return fmt::format("{} us", ns / 1'000);
  return fmt::format("{} ns", ns);
}

std::string memory_detail(const Event& event) {
  std::string text = bytes_text(event.bytes);
  if (event.op == Op::map && event.value == 0) text += ", reserved";
  if (event.op == Op::map && event.alternative != 0) text += ", at a used address";
  if (event.op == Op::protect) text += event.value == 0 ? ", no access" : ", accessible";
  return event.failed ? text + ", failed" : text;
}

std::string stuck_text(const Event& event) {
  switch (event.value) {
    case 1:
      return "waits for it for ever";
    case 2:
      return "waits to be woken for ever";
    case 3:
      return "waits for a task that does not end";
    case 4:
      return "spins for ever";
    case 5:
      return fmt::format("waits on descriptor {} for ever", event.object);
    default:
      return "waits for ever";
  }
}

// The verb of a clause, third person; the object follows.
std::string verb_of(const Event& event) {
  switch (event.op) {
    case Op::start:
      return "starts";
    case Op::end:
      return "ends";
    case Op::spawn:
      return "starts";
    case Op::join:
      return "joins";
    case Op::yield:
      return "yields";
    case Op::sleep:
      return "sleeps";
    case Op::load:
      return "loads";
    case Op::store:
      return "stores to";
    case Op::rmw:
      return "changes";
    case Op::cas:
      return event.failed ? "fails to change" : "changes";
    case Op::fence:
      return "passes a fence";
    case Op::read_point:
      return "reads";
    case Op::write_point:
      return "writes";
    case Op::lock:
      return "locks";
    case Op::try_lock:
      return event.failed ? "fails to lock" : "locks";
    case Op::unlock:
      return "unlocks";
    case Op::lock_shared:
      return "locks (shared)";
    case Op::try_lock_shared:
      return event.failed ? "fails to lock (shared)" : "locks (shared)";
    case Op::unlock_shared:
      return "unlocks (shared)";
    case Op::wait:
    case Op::futex_wait:
    case Op::semaphore_wait:
    case Op::barrier:
      return "waits on";
    case Op::wake:
      return "wakes on";
    case Op::notify:
    case Op::futex_wake:
      return "wakes waiters of";
    case Op::once:
      return "goes through";
    case Op::guard:
      return "initialises under";
    case Op::semaphore_post:
      return "posts";
    case Op::map:
      return event.value == 0 ? "reserves" : "maps";
    case Op::unmap:
      return "unmaps";
    case Op::discard:
      return "discards the content of";
    case Op::protect:
      return event.value == 0 ? "makes inaccessible" : "makes accessible";
    case Op::allocate:
      return "allocates";
    case Op::point:
      return "reaches";
    case Op::enter:
      return "enters";
    case Op::leave:
      return "leaves";
    case Op::clock:
      return "reads the clock";
    case Op::signal:
      return event.before == 0 ? "interrupts" : fmt::format("sends signal {} to", event.before);
    case Op::descriptor:
      return fmt::format("calls {}() on descriptor {}", event.label == nullptr ? "" : event.label,
                         event.object);
    case Op::asked:
      return "asks";
    case Op::given:
      return "is given";
    case Op::returning:
      return "is about to give back";
    case Op::returned:
      return event.value == 0 ? "gives back, in vain," : "gives back";
    case Op::closed:
      return "closes";
    case Op::budget:
      return "limits";
    case Op::counted:
      return "counts";
    case Op::lost:
      return "finds other data in";
    case Op::violated:
      return "objects:";
    case Op::read:
      return "reads " + bytes_text(event.bytes) + " of";
    case Op::write:
      return event.label != nullptr ? "frees" : "writes " + bytes_text(event.bytes) + " to";
    case Op::destroy:
      return "destroys";
    case Op::stuck:
      return stuck_text(event);
    case Op::aborted:
      return "aborts:";
    case Op::crashed:
      return "crashes:";
    case Op::count_:
      break;
  }
  return "acts on";
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// "(64 KiB)" behind a mention of an address tells a region from its first slice. 0: nothing of the
// kind.
std::uint64_t size_behind(std::string_view rest) {
  if (!rest.starts_with(" (")) return 0;
  rest.remove_prefix(2);
  const std::size_t space = rest.find(' ');
  const std::size_t close = rest.find(')');
  if (space == std::string_view::npos || close == std::string_view::npos || close < space) return 0;
  const std::string_view unit = rest.substr(space + 1, close - space - 1);
  int shift = -1;
  if (unit == "byte" || unit == "bytes") shift = 0;
  if (unit == "KiB") shift = 10;
  if (unit == "MiB") shift = 20;
  if (unit == "GiB") shift = 30;
  const auto amount = number(rest.substr(0, space), 10);
  return shift < 0 || !amount || *amount > (UINT64_MAX >> shift) ? 0 : *amount << shift;
}

std::string mentioned(std::string_view kind, std::string_view id, std::string_view rest,
                      const Words& words, std::size_t at) {
  if (kind == "task") {
    const auto task = number(id, 10);
    return task ? task_name(words.tasks, *task) : "";
  }
  const auto address = kind == "object" ? number(id, 16) : std::nullopt;
  if (!address) return "";
  const std::uint64_t bytes = size_behind(rest);
  return bytes > 0 ? words.objects.of_range(*address, bytes, at)
                   : words.objects.of_address(*address, at);
}

}  // namespace

std::string task_name(const std::vector<std::string>& names, std::uint64_t task) {
  if (task < names.size() && !names[task].empty()) return names[task];
  return task == no_task ? "no task" : fmt::format("task {}", task);
}

std::string Words::object(const Event& event, std::size_t at) const {
  if (event.op == Op::spawn || event.op == Op::join || event.op == Op::signal) {
    return event.value == no_task ? "" : task_name(tasks, event.value);  // no_task: joins all
  }
  return objects.of_event(event, at);
}

std::string Words::detail(const Event& event, std::size_t at) const {
  const auto value = [&](std::uint64_t which) { return objects.of_value(which, event.bytes, at); };
  std::string text;
  switch (event.op) {
    case Op::load:
      text = "= " + value(event.before);
      break;
    case Op::store:
      text = value(event.value);
      break;
    case Op::rmw:
      text = value(event.before) + " -> " + value(event.value);
      break;
    case Op::cas:
      text = event.failed
                 ? fmt::format("= {}, failed to set {}", value(event.before), value(event.value))
                 : value(event.before) + " -> " + value(event.value);
      break;
    case Op::futex_wait:
      text = event.failed
                 ? fmt::format("= {}, not {}: goes on", value(event.before), value(event.value))
                 : "while " + value(event.value);
      break;
    case Op::sleep:
      return "until " + duration_text(event.value);
    case Op::wake:
      return event.alternative != 0 ? "timed out" : "";
    case Op::notify:
      return event.value != 0 ? "all" : "one";
    case Op::map:
    case Op::unmap:
    case Op::discard:
    case Op::protect:
      return memory_detail(event);
    case Op::allocate:
      return bytes_text(event.bytes) + (event.failed ? "" : event.alternative == 0 ? ", at a freed address" : ", at a fresh address");
    case Op::given:
    case Op::read:
    case Op::write:
      return bytes_text(event.bytes);
    case Op::returned:
      return event.value != 0 ? "accepted" : "refused";
    case Op::closed:
      return event.bytes > 0 ? bytes_text(event.bytes) : "";
    case Op::budget:
      return bytes_text(event.value);
    case Op::counted:
      return fmt::format("says {}, counted anew {}", event.value, event.before);
    case Op::lost:
      return fmt::format("holds {}, written was {}", event.value, event.before);
    case Op::stuck:
      return stuck_text(event);
    default:
      return event.failed ? "failed" : "";
  }
  const std::string order = order_text(event);
  return order.empty() ? text : text + " (" + order + ")";
}

std::string Words::clause(const Event& event, std::size_t at) const {
  std::string text = verb_of(event);
  const std::string on = object(event, at);
  const std::string label = event.label ? event.label : "";
  if (event.op == Op::stuck) return on.empty() ? text : text + " (" + on + ")";
  const bool crashed = event.op == Op::crashed;
  if (crashed && !label.empty()) text += " " + label;
  if (!on.empty()) text += (crashed ? " at " : " ") + on;
  if (!crashed && !label.empty() && event.op != Op::write) text += " " + label;
  const bool told = event.op == Op::read || event.op == Op::write || event.op == Op::returned;
  const std::string more = told ? "" : detail(event, at);
  return more.empty() ? text : text + " (" + more + ")";
}

std::string fill_in(const std::string& message, const Words& words, std::size_t at) {
  std::string out;
  for (std::size_t i = 0; i < message.size();) {
    const std::size_t open = std::min(message.find('{', i), message.size());
    out += message.substr(i, open - i);
    const std::size_t colon = message.find(':', open);
    const std::size_t close = message.find('}', open);
    if (open == message.size() || close == std::string::npos || colon > close) {
      out += message.substr(open, 1);
      i = open + 1;
      continue;
    }
    const std::string_view all = message;
    std::string name =
        mentioned(all.substr(open + 1, colon - open - 1), all.substr(colon + 1, close - colon - 1),
                  all.substr(close + 1), words, at);
    if (name.empty()) name = message.substr(open, close + 1 - open);
    // Not "the slice slice 3 of region 1".
    for (const std::string_view word : {"slice ", "region ", "pool "}) {
      if (!name.starts_with(word) || !out.ends_with(word)) continue;
      out.erase(out.size() - word.size());
      if (out.ends_with("the ")) out.erase(out.size() - 4);
    }
    out += name;
    i = close + 1;
  }
  return out;
}

}  // namespace harness
