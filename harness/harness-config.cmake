# find_package(harness): the target harness::runtime, for programs and tests that are compiled with -fsanitize=thread
# and linked without it.
get_filename_component(harness_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET harness::runtime)
  add_library(harness::runtime INTERFACE IMPORTED)
  target_include_directories(harness::runtime INTERFACE "${harness_prefix}/include")
  # Before libstdc++ and libc, needed or not as far as the linker can tell.
  target_link_libraries(harness::runtime INTERFACE -Wl,--push-state,--no-as-needed
                        "${harness_prefix}/lib/libharness_runtime.so" -Wl,--pop-state)
endif()
