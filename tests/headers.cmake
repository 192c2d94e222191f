# Compiles each public header alone, as C11 and, where there is a compiler, as C++11.
#   cmake -D FOLDER=include -D CC=cc [-D CXX=c++] -P headers.cmake
cmake_minimum_required(VERSION 3.25)

file(GLOB headers ${FOLDER}/windrow/*.h)
set(failed 0)
foreach(header IN LISTS headers)
  foreach(language c c++)
    set(compiler ${CC})
    set(standard c11)
    if(language STREQUAL "c++")
      set(compiler ${CXX})
      set(standard c++11)
    endif()
    if(compiler)
      execute_process(
        COMMAND ${compiler} -x ${language} -std=${standard} -Wall -Wextra -Wpedantic -Werror
                -I ${FOLDER} -fsyntax-only ${header}
        RESULT_VARIABLE code)
      if(NOT code EQUAL 0)
        set(failed 1)
      endif()
    endif()
  endforeach()
endforeach()
list(LENGTH headers count)
if(failed OR count EQUAL 0)
  message(FATAL_ERROR "A public header does not compile alone.")
endif()
message("${count} headers compile alone")
