# Finds D3 (https://d3js.org), of which version 5 is tested and has the licence that we keep: its file
# d3.min.js, in the variable WINDROW_D3.
find_file(WINDROW_D3 d3.min.js PATHS /usr/share/nodejs/d3/dist
  DOC "d3.min.js of D3 5, which windrow report puts into its pages")
set(D3_VERSION "")
if(EXISTS "${WINDROW_D3}")
  file(STRINGS "${WINDROW_D3}" head LIMIT_INPUT 200 LIMIT_COUNT 1)
  if(head MATCHES "d3js.org v(5\\.[0-9.]+)")
    set(D3_VERSION ${CMAKE_MATCH_1})
  endif()
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(D3 REQUIRED_VARS D3_VERSION VERSION_VAR D3_VERSION)
mark_as_advanced(WINDROW_D3)
