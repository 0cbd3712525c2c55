# Installs everything and uses it as a stranger would:
# cmake -DBUILD=<build tree> -DWORK=<scratch folder> -DCOMPILER=... -P
function(run expected)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out
                  WORKING_DIRECTORY ${WORK})
  if(NOT status STREQUAL expected)
    message(FATAL_ERROR "${ARGN}: ${status}, not ${expected}\n${out}")
  endif()
  set(out "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
run(0 ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(0 ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -DCMAKE_PREFIX_PATH=${WORK}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER})
run(0 ${CMAKE_COMMAND} --build ${WORK}/build)
run(0 ${WORK}/build/library)
set(harness ${WORK}/prefix/bin/harness)
run(1 ${harness} run --quiet --json program.json -- ${WORK}/build/program)
run(0 ${harness} run --replay program.json --expect exit-status -- ${WORK}/build/program)
run(0 ${harness} --scenario free-vs-alloc --variant documented-fix --json -)
if(NOT out MATCHES "freed-region-in-use")
  message(FATAL_ERROR "the installed tool does not say what it found:\n${out}")
endif()
foreach(file bin/harness lib/libharness_runtime.so share/harness/verdict.schema.json
        share/harness/tasks.gdb include/harness/explore.hpp include/allocator/segment_pool.hpp)
  if(NOT EXISTS ${WORK}/prefix/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()
