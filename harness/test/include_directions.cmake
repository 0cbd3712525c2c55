# Checks who includes whom: cmake -DROOT=<source tree> -P include_directions.cmake
#
#   cli -> explore -> engine -> event     strategies, oracles -> event, schedule
#   runtime -> engine     reports -> nothing     scenarios -> harness/include, allocator
#   allocator -> point.hpp only
#
# Each rule is a folder and what its files may include of the project, besides the folder itself.
set(plain "harness/engine/(event|oracle|schedule|strategy|errors|nearest|recorded)\\.hpp")
set(public "harness/(include/harness/)?[a-z_]+\\.hpp")
set(described "harness/(oracles/make|explore/(describe|symbolize))\\.hpp")
set(below "harness/(engine|strategies|oracles|explore)/.*|harness/stress/stress\\.hpp")
set(rules
    "reports|nothing"
    "allocator|harness/point\\.hpp"
    "scenarios|${public}|allocator/.*"
    "harness/include|${public}"
    "harness/strategies|${plain}"
    "harness/oracles|${plain}|harness/observe\\.hpp"
    "harness/engine|${public}|harness/oracles/make\\.hpp"
    "harness/runtime|${public}|harness/engine/.*|harness/stress/hooks\\.hpp"
    "harness/explore|${public}|harness/(engine|strategies|oracles)/.*|reports/.*"
    "harness/stress|${public}|${plain}|${described}|reports/.*"
    "harness/cli|${public}|${below}|reports/.*")

set(wrong "")
set(looked_at 0)
foreach(rule IN LISTS rules)
  string(FIND "${rule}" "|" bar)
  string(SUBSTRING "${rule}" 0 ${bar} folder)
  math(EXPR after "${bar} + 1")
  string(SUBSTRING "${rule}" ${after} -1 allowed)
  file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/${folder}/*.hpp" "${ROOT}/${folder}/*.cpp"
       "${ROOT}/${folder}/*.S")
  # Tests and benchmarks may look at what they test.
  list(FILTER files EXCLUDE REGEX "/(test|bench)/|_test\\.cpp$")
  foreach(file IN LISTS files)
    math(EXPR looked_at "${looked_at} + 1")
    file(STRINGS "${ROOT}/${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*\"([^\"]*)\".*" "\\1" included "${line}")
      if(NOT included MATCHES "^${folder}/" AND NOT included MATCHES "^(${allowed})$")
        string(APPEND wrong "  ${file} includes ${included}\n")
      endif()
    endforeach()
  endforeach()
endforeach()

if(looked_at EQUAL 0)
  message(FATAL_ERROR "no source file found below '${ROOT}'")
endif()
if(wrong)
  message(FATAL_ERROR "these includes go the wrong way:\n${wrong}")
endif()
message("${looked_at} files, all includes go the right way")
