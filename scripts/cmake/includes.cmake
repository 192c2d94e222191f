# Checks that data flows one way: a folder of host/ includes only what stands to its left in
#   base <- data, model <- backend <- train <- (sweep, forecast) <- cli
# that kernels/ includes nothing of host/, and that the host includes none of the kernels' own
# mathematics, so that the cpu backend can catch a mistake in it.
#   cmake -P scripts/cmake/includes.cmake
cmake_minimum_required(VERSION 3.25)

set(may_base base)
set(may_data base data)
set(may_model base model)
set(may_backend base data model backend)
set(may_train base data model backend train)
set(may_sweep base data model backend train sweep)
set(may_forecast base data model backend train forecast)
set(may_cli base data model backend train sweep forecast cli)
set(may_kernels "")

set(root ${CMAKE_CURRENT_LIST_DIR}/../..)
file(GLOB_RECURSE files RELATIVE ${root} ${root}/host/*.[ch] ${root}/kernels/*.h ${root}/kernels/*.cl)
set(wrong 0)
foreach(file IN LISTS files)
  string(REGEX REPLACE "^(host/)?([a-z]+)/.*" "\\2" folder ${file})
  file(STRINGS ${root}/${file} lines REGEX "^ *# *include \"recurrence")
  if(lines AND NOT folder STREQUAL "kernels")
    message("${file}: ${lines}: the host may include numerics.h, the layouts and rule/ alone of kernels/")
    set(wrong 1)
  endif()
  file(STRINGS ${root}/${file} lines REGEX "^ *# *include \"[a-z]+/")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*\"([a-z]+)/.*" "\\1" included "${line}")
    if(NOT included MATCHES "^(windrow|rule)$" AND NOT included IN_LIST may_${folder})
      message("${file}: ${line}: ${folder} may include no more than: windrow rule ${may_${folder}}")
      set(wrong 1)
    endif()
  endforeach()
endforeach()
if(wrong)
  message(FATAL_ERROR "Includes against the direction of data.")
endif()
