# The library that ships has nothing of the planted defects: cmake -DSHIPPED=... -DUNDER_TEST=... -P
# Their names are strings in whatever can make them.
foreach(library SHIPPED UNDER_TEST)
  file(STRINGS "${${library}}" found_${library} REGEX "roll-back-by-store|owner-mark-after-taking")
endforeach()
if(found_SHIPPED)
  message(FATAL_ERROR "${SHIPPED} has planted defects in it")
endif()
if(NOT found_UNDER_TEST)
  message(FATAL_ERROR "${UNDER_TEST} should have planted defects in it: does this test still look right?")
endif()
