// The figures that others have published for the programs of the search benchmark, as means over 20
// seeds with a limit of 10 000 executions, recomputed from the raw data of SURW (Zhao et al., ASPLOS
// 2025) and RFF (Wolff et al., ASPLOS 2024). Their tools make every memory access of the whole binary a
// scheduling point, so that their programs have more of them than ours.
#pragma once

#include <string_view>

namespace harness::bench {

struct Published {
  std::string_view program;
  const char* random;
  const char* pos;
  const char* pct3;
  const char* surw;
  const char* rff;
  const char* period;
  double best;  // 0: none is known
};

inline constexpr Published published[] = {
    {"reorder-3", "-", "86", "185", "7", "7", "6", 6},
    {"reorder-4", "-", "533", "554", "7", "6", "9", 6},
    {"reorder-5", "-", "2169", "647", "10", "6", "12", 6},
    {"reorder-10", "-", "-", "3225", "17", "6", "27", 6},
    {"reorder-20", "-", "-", "3005", "6", "6", "39", 6},
    {"reorder-50", "-", "-", "3304", "13", "6", "129", 6},
    {"reorder-100", "-", "-", "-", "194", "6", "297", 6},
    {"twostage-2", "464", "15", "13", "8", "8", "4", 4},
    {"twostage-20", "-", "156", "159", "6", "22", "76", 6},
    {"twostage-50", "-", "1637", "1676", "20", "35", "286", 20},
    {"twostage-100", "-", "6674", "7466", "454", "56", "690", 56},
    {"wronglock", "36", "10", "51", "7", "1", "4", 1},
    {"wronglock-3", "36", "11", "58", "9", "1", "5", 1},
    {"account", "18", "4", "4", "6", "1", "2-10", 1},
    {"stack", "176", "2", "3", "5", "2", "2-8", 2},
    {"queue", "1", "1", "3", "2", "1", "4-25", 1},
    {"token-ring", "13", "9", "8", "8", "5", "2-4", 2},
    {"lazy01", "21", "5", "5", "2", "6", "3-7", 2},
    {"deadlock01", "3", "4", "13", "2", "5", "3", 2},
    {"circular-buffer", "4", "2", "9", "3", "2", "3-17", 2},
    {"bluetooth-driver", "215", "36", "112", "70", "45", "9", 9},
    {"stringbuffer", "2243", "23", "281", "8", "15", "12-27", 8},
    {"bounded-buffer", "7", "5", "20", "9", "8", "8-20", 5},
    {"work-stealing-queue", "26+", "5-14", "48-907", "6", "1-10", "57-1661", 1},
    {"safestack", "-", "-", "-", "368921", "-", "-", 368'921},
};

inline const Published* published_for(std::string_view program) {
  for (const Published& row : published)
    if (row.program == program) return &row;
  return nullptr;
}

}  // namespace harness::bench
