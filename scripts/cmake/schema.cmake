# Writes a C file that holds the schema of studies as a string; what follows the line "Once for each
# OPTION of a, b, ..." of the SQL stands in it once per option.
#
#   cmake -D OUTPUT=schema.c -D INPUT=host/sweep/schema.sql -P schema.cmake
cmake_minimum_required(VERSION 3.25)

file(READ "${INPUT}" text)
if(NOT text MATCHES "-- Once for each OPTION of ([a-z, ]+):\n(.*)$")
  message(FATAL_ERROR "${INPUT}: no line \"-- Once for each OPTION of ...:\"")
endif()
set(options "${CMAKE_MATCH_1}")
set(template "${CMAKE_MATCH_2}")
string(REPLACE "${CMAKE_MATCH_0}" "" schema "${text}")
string(REPLACE ", " ";" options "${options}")
foreach(option IN LISTS options)
  string(REPLACE "OPTION" ${option} views "${template}")
  string(APPEND schema "${views}")
endforeach()

string(HEX "${schema}" bytes)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)"
       "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "/* Made from schema.sql by schema.cmake: edit those. */
#include \"sweep/store.h\"

const char wr_study_schema[] = {
${bytes}0};
")
