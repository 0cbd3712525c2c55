# For find_package(allocator): the target allocator::allocator.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/allocator-targets.cmake")
