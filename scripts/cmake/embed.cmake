# Writes a C file that holds OpenCL kernels as byte arrays, every `#include "x.h"` replaced by that
# file of the kernels' folder, once per kernel.
#
#   cmake -D OUTPUT=kernels.c -D FOLDER=kernels -D KERNELS=forward.cl,bptt.cl -P embed.cmake
#
# For tests of the tests, -D BREAK=bptt.cl -D FROM=text -D TO=text damages one kernel; text that is
# not there is an error, since the damage would go unnoticed.
cmake_minimum_required(VERSION 3.25)

function(count_lines text result)
  string(REGEX MATCHALL "\n" newlines "${text}")
  list(LENGTH newlines count)
  math(EXPR count "${count} + 1")
  set(${result} ${count} PARENT_SCOPE)
endfunction()

# Sets ${result} to the file's text with its includes resolved. #line keeps the compiler's messages
# pointing at the files that people edit. Uses and extends `seen` of the caller.
function(flatten name result)
  list(APPEND seen ${name})
  file(READ "${FOLDER}/${name}" rest)
  set(flat "#line 1 \"${name}\"\n")
  set(line 1)
  while(rest MATCHES "#include \"([^\"\n]+)\"[^\n]*\n")
    set(directive "${CMAKE_MATCH_0}")
    set(included "${CMAKE_MATCH_1}")
    string(FIND "${rest}" "${directive}" start)
    string(LENGTH "${directive}" length)
    math(EXPR end "${start} + ${length}")
    string(SUBSTRING "${rest}" 0 ${start} before)
    string(SUBSTRING "${rest}" 0 ${end} taken)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    count_lines("${taken}" lines)
    math(EXPR line "${line} + ${lines} - 1")
    string(APPEND flat "${before}")
    if(NOT included IN_LIST seen)
      flatten(${included} text)
      string(APPEND flat "${text}")
    endif()
    string(APPEND flat "#line ${line} \"${name}\"\n")
  endwhile()
  set(seen ${seen} PARENT_SCOPE)
  set(${result} "${flat}${rest}" PARENT_SCOPE)
endfunction()

string(REPLACE "," ";" kernels "${KERNELS}")
set(arrays "")
set(table "")
foreach(kernel IN LISTS kernels)
  set(seen "")
  flatten(${kernel} text)
  if(kernel STREQUAL "${BREAK}")
    string(REPLACE "${FROM}" "${TO}" broken "${text}")
    if(broken STREQUAL text)
      message(FATAL_ERROR "${kernel} does not contain the text to break: ${FROM}")
    endif()
    set(text "${broken}")
  endif()
  get_filename_component(symbol ${kernel} NAME_WE)
  string(HEX "${text}" bytes)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const unsigned char ${symbol}[] = {\n${bytes}0};\n")
  string(APPEND table "    {\"${kernel}\", ${symbol}, sizeof ${symbol} - 1},\n")
endforeach()

file(WRITE "${OUTPUT}" "/* Made from the kernels by embed.cmake: edit those. */
#include \"backend/opencl/sources.h\"

${arrays}
const struct wr_kernel_source wr_kernel_sources[] = {
${table}};
const size_t wr_kernel_source_count = sizeof wr_kernel_sources / sizeof *wr_kernel_sources;
")
