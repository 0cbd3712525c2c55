// Recording to verdict: rows with names, places and marks, and the story of the violation.
#include "harness/explore/describe.hpp"

#include <algorithm>
#include <optional>

#include "harness/explore/describe_names.hpp"
#include "harness/explore/describe_words.hpp"
#include "harness/explore/symbolize.hpp"

namespace harness {
namespace {

// A trace of thousands of rows would be mostly stacks: guilty rows have all of theirs, the others
// what tells where one is.
constexpr std::size_t frames_of_a_row = 4;
constexpr std::size_t long_trace = 5000;

std::vector<reports::Frame> stack_of(const Recorded& recorded, std::size_t most) {
  const std::size_t depth = std::min<std::size_t>(recorded.depth, recorded.stack.size());
  std::vector<std::uintptr_t> addresses(recorded.stack.begin(), recorded.stack.begin() + depth);
  if (depth == 0) addresses.push_back(recorded.event.where);
  std::erase(addresses, 0);  // the start and the end of a task are nowhere in the code
  return user_stack(addresses, most);
}

bool is_same(const Event& a, const Event& b) {
  return a.step == b.step && a.task == b.task && a.op == b.op && a.object == b.object;
}

// The rows of the trace: the recorded events, and the guilty ones that were not recorded.
struct Rows {
  explicit Rows(const Recording& recording) {
    for (const Recorded& recorded : recording.events) rows.push_back(&recorded);
    extra.reserve(recording.violation.accesses.size());
    for (const Event& access : recording.violation.accesses) guilty.push_back(row_of(access));
    // Insertions move the rows behind them; find the places again.
    for (std::size_t i = 0; i < guilty.size(); ++i) {
      const auto at = std::find(rows.begin(), rows.end(), guilty_rows[i]);
      guilty[i] = static_cast<std::size_t>(at - rows.begin());
    }
  }

  std::vector<const Recorded*> rows;
  std::vector<std::size_t> guilty;  // indices into rows, one per access of the violation

 private:
  std::size_t row_of(const Event& access) {
    // The last one that fits: a task may read the same address twice in one step.
    const auto fits = [&](const Recorded* row) {
      return is_same(row->event, access) &&
             std::find(guilty_rows.begin(), guilty_rows.end(), row) == guilty_rows.end();
    };
    const auto found = std::find_if(rows.rbegin(), rows.rend(), fits);
    if (found != rows.rend()) {
      guilty_rows.push_back(*found);
      return 0;
    }
    extra.push_back(Recorded{.event = access, .depth = 0, .stack = {}});
    const auto place = std::upper_bound(
        rows.begin(), rows.end(), access.step,
        [](std::uint32_t step, const Recorded* row) { return step < row->event.step; });
    rows.insert(place, &extra.back());
    guilty_rows.push_back(&extra.back());
    return 0;
  }

  std::vector<Recorded> extra;  // never grows beyond what was reserved: rows point into it
  std::vector<const Recorded*> guilty_rows;
};

class Description {
 public:
  Description(const Recording& recording, reports::Verdict& verdict)
      : recording_(recording),
        verdict_(verdict),
        rows_(recording),
        objects_(rows_.rows),
        words_{objects_, recording.task_names} {}

  void write() {
    verdict_.tasks = recording_.task_names;
    write_trace();
    if (recording_.violation.rule) write_violation();
  }

 private:
  void write_trace() {
    verdict_.trace.clear();
    verdict_.trace.reserve(rows_.rows.size());
    const std::size_t frames = rows_.rows.size() > long_trace ? 1 : frames_of_a_row;
    for (std::size_t i = 0; i < rows_.rows.size(); ++i) {
      const Recorded& row = *rows_.rows[i];
      const Event& event = row.event;
      reports::Step step;
      step.number = event.step;
      step.task = task_name(recording_.task_names, event.task);
      const bool frees = event.op == Op::write && event.label != nullptr;
      step.op = frees ? "free" : name_of(event.op);
      step.object = words_.object(event, i);
      step.label = event.label && !frees ? event.label : "";
      step.detail = words_.detail(event, i);
      step.guilty = std::count(rows_.guilty.begin(), rows_.guilty.end(), i) > 0;
      step.stack = stack_of(row, step.guilty ? row.stack.size() : frames);
      verdict_.trace.push_back(std::move(step));
    }
  }

  void write_violation() {
    const Violation& found = recording_.violation;
    if (!verdict_.violation) verdict_.violation.emplace();
    reports::Violation& violation = *verdict_.violation;
    const std::size_t last = rows_.rows.empty() ? 0 : rows_.rows.size() - 1;
    violation.rule = found.rule;
    violation.message = fill_in(found.message, words_, last);
    violation.step = found.accesses.empty() ? last_step() : found.accesses.back().step;
    violation.accesses.clear();
    for (const std::size_t at : rows_.guilty) {
      const Recorded& row = *rows_.rows[at];
      violation.accesses.push_back({row.event.step,
                                    task_name(recording_.task_names, row.event.task),
                                    words_.clause(row.event, at), stack_of(row, row.stack.size())});
    }
    violation.region = region();
    verdict_.freed_region_in_use = found.freed_region;
  }

  std::uint32_t last_step() const { return rows_.rows.empty() ? 0 : rows_.rows.back()->event.step; }

  // That of the last access that lies in one.
  std::optional<reports::Region> region() const {
    for (auto at = rows_.guilty.rbegin(); at != rows_.guilty.rend(); ++at) {
      const Event& event = rows_.rows[*at]->event;
      if (event.object == 0) continue;
      if (const RegionRecord* found = objects_.region_at(event.object, *at))
        return describe(*found);
    }
    return {};
  }

  reports::Region describe(const RegionRecord& record) const {
    const Recorded& mapped = *rows_.rows[record.mapped_at];
    reports::Region region;
    region.name = "region " + std::to_string(record.number);
    region.bytes = record.bytes;
    region.mapped_by = task_name(recording_.task_names, mapped.event.task);
    region.mapped_at = mapped.event.step;
    region.mapped_stack = stack_of(mapped, mapped.stack.size());
    const RegionRecord::Ended* ended = end_of(record);
    if (!ended) return region;
    const Recorded& by = *rows_.rows[ended->at];
    region.ended = ended->how == RegionRecord::End::unmapped    ? "unmapped"
                   : ended->how == RegionRecord::End::discarded ? "discarded"
                                                                : "protected";
    region.unmapped_by = task_name(recording_.task_names, by.event.task);
    region.unmapped_at = by.event.step;
    region.unmapped_stack = stack_of(by, by.stack.size());
    return region;
  }

  // The guilty one of the ends, if one is; else the last.
  const RegionRecord::Ended* end_of(const RegionRecord& record) const {
    for (const RegionRecord::Ended& ended : record.ends) {
      if (std::count(rows_.guilty.begin(), rows_.guilty.end(), ended.at) > 0) return &ended;
    }
    return record.ends.empty() ? nullptr : &record.ends.back();
  }

  const Recording& recording_;
  reports::Verdict& verdict_;
  Rows rows_;
  ObjectNames objects_;
  Words words_;
};

}  // namespace

void describe(const Recording& recording, reports::Verdict& verdict) {
  Description(recording, verdict).write();
}

}  // namespace harness
