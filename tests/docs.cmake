# Tests of the documents: the tutorial's commands print what it shows, and every link leads somewhere.
windrow_check(links LABELS unit COMMAND
  python3 ${CMAKE_CURRENT_LIST_DIR}/links.py ${PROJECT_SOURCE_DIR})
if(NOT CMAKE_C_FLAGS MATCHES "fsanitize") # which trains 20 times slower
  windrow_check(tutorial LABELS cli COMMAND
    python3 ${CMAKE_CURRENT_LIST_DIR}/tutorial.py ${PROJECT_SOURCE_DIR}/docs/tutorial.md
    $<TARGET_FILE:windrow_cli> ${CMAKE_CURRENT_LIST_DIR}/data ${CMAKE_CURRENT_BINARY_DIR}/tutorial)
endif()
