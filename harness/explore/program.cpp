#include "harness/explore/program.hpp"

#include <fmt/format.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "harness/engine/address_space.hpp"
#include "harness/engine/program_memory.hpp"
#include "harness/engine/real.hpp"
#include "harness/engine/system_objects.hpp"
#include "harness/explore/symbolize.hpp"

namespace harness {
namespace {

// More than this is cheaper copied by the kernel, page by page, as it is written to.
constexpr std::size_t most_to_restore = std::size_t{4} << 20;
constexpr std::uint64_t trial_executions = 4;
constexpr std::size_t most_output = std::size_t{64} << 10;

std::size_t bytes_to_restore(const Hosting& host) {
  std::size_t bytes = 0;
  for (const AddressRange& range : program_memory(host.caller)) bytes += range.bytes;
  return bytes;
}

// A few executions say whether the program changes what is not put back.
bool escapes(Hosting& host, const Scenario& scenario, const Options& options) {
  if (bytes_to_restore(host) > most_to_restore) return true;
  Options few = options;
  few.strategy = "random";
  few.executions = trial_executions;
  few.preemptions = -1;
  few.shrink_seconds = 0;
  few.schedule.clear();
  few.keep_going = true;
  few.progress = {};
  few.watchdog_seconds = std::min(2.0, options.watchdog_seconds);
  host.isolation = Isolation::restore;
  const reports::Verdict verdict = explore(scenario, scenario.variants.front(), few);
  // A crash may come of what was not put back.
  const bool crashes = verdict.violation && verdict.violation->rule == "crash";
  return crashes || host.notes->escaped[0] != 0;
}

// Whether a race is suppressed is a question to the debug information, and comes up in the midst of an execution.
// What is opened there would count as the program's doing, and be gone with the process of that execution.
void open_debug_information() {
  std::vector<std::uintptr_t> places;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* to) {
        const ObjectKind kind = kind_of(*info);
        const bool may_be_asked_for = kind != ObjectKind::tool && kind != ObjectKind::tools_needs;
        for (const ElfW(Phdr)& header : std::span(info->dlpi_phdr, info->dlpi_phnum))
          if (may_be_asked_for && header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0)
            static_cast<std::vector<std::uintptr_t>*>(to)->push_back(info->dlpi_addr + header.p_vaddr + 1);
        return 0;
      },
      &places);
  for (const std::uintptr_t place : places) frames_at(place);
}

std::string printed(int file) {
  if (file < 0) return {};
  std::string text(most_output, 0);
  const ssize_t got = pread(file, text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  const off_t all = lseek(file, 0, SEEK_END);
  if (all > static_cast<off_t>(text.size()))
    text += fmt::format("\n[{} bytes more]\n", all - static_cast<off_t>(text.size()));
  return text;
}

// What the workers tell of the host's state, for as long as this is there.
class Notes {
 public:
  explicit Notes(Hosting& host)
      : host_(host), notes_(static_cast<HostNotes*>(map_anonymous(sizeof(HostNotes), true))) {
    host_.notes = notes_;
  }
  ~Notes() {
    host_.notes = nullptr;
    real::munmap(notes_, sizeof *notes_);
  }
  Notes(const Notes&) = delete;
  Notes& operator=(const Notes&) = delete;
  const HostNotes* operator->() const { return notes_; }

 private:
  Hosting& host_;
  HostNotes* notes_;
};

}  // namespace

reports::Verdict explore_here(Hosting& host, const Scenario& scenario, const Options& options) {
  const Variant& variant = scenario.variants.front();
  const Notes notes(host);
  open_debug_information();
  const bool decides = host.isolation == Isolation::automatic;
  if (decides) host.isolation = escapes(host, scenario, options) ? Isolation::fork : Isolation::restore;
  reports::Verdict verdict = explore(scenario, variant, options);
  // What comes late makes all that was explored doubtful; so does what cannot be repeated.
  const bool doubtful = notes->escaped[0] != 0 || (verdict.violation && !verdict.reason.empty());
  if (decides && host.isolation == Isolation::restore && doubtful) {
    host.isolation = Isolation::fork;
    verdict = explore(scenario, variant, options);
  }
  if (host.isolation == Isolation::restore && notes->escaped[0] != 0)
    verdict.uncontrolled.push_back(
        fmt::format("the program's state between executions: {} (use --isolation fork)", notes->escaped));
  const bool is_recorded = verdict.violation || verdict.mode == "replay";
  if (is_recorded) verdict.output = printed(host.output);
  return verdict;
}

Standing stop_here(Hosting& host, const Scenario& scenario, const Options& options,
                   std::uint32_t step) {
  const Notes notes(host);
  open_debug_information();
  if (host.isolation == Isolation::automatic) host.isolation = Isolation::fork;
  return stop_before(scenario, scenario.variants.front(), options, step);
}

}  // namespace harness
