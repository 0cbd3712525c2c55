// Mapping the board, and the one-way street from running to a finding.
#include "harness/stress/board.hpp"

#include <sys/mman.h>

#include <cstring>
#include <system_error>

#include "harness/stress/invisible.hpp"

namespace harness::stress_mode {

Board& new_board() {
  // A raw call: the board is the tool's own memory, and not to be recorded.
  const long address = syscall(SYS_mmap, nullptr, sizeof(Board), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0L);
  if (address == -1)
    throw std::system_error(errno, std::generic_category(),
                            "cannot map memory shared with a worker");
  return *reinterpret_cast<Board*>(address);
}

void drop_board(Board& board) { syscall(SYS_munmap, &board, sizeof(Board)); }

void claim_finding(Board& board) {
  Stage stage = Stage::running;
  if (board.stage.compare_exchange_strong(stage, Stage::writing)) return;
  while (true) sleep_ns(1'000'000'000);
}

void add_to_figure(Board& board, const char* label, std::uint64_t value) {
  static std::atomic_flag busy;
  while (busy.test_and_set(std::memory_order_acquire)) {
  }
  const std::uint32_t used = board.figures_used;
  std::uint32_t at = 0;
  while (at < used && std::strncmp(board.figures[at].label.data(), label, 47) != 0) ++at;
  if (at == used && used < board.figures.size()) {
    copy_text(board.figures[at].label, label);
    board.figures_used = used + 1;
  }
  if (at < board.figures.size()) board.figures[at].sum += value;
  busy.clear(std::memory_order_release);
}

void end_worker(Board& board, Stage stage) {
  board.stage.store(stage);
  exit_now(0);
}

}  // namespace harness::stress_mode
