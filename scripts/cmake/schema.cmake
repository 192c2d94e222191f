# Writes a C file that holds SQL files as strings: host/sweep/schema1_views.sql is wr_sql_schema1_views.
# What follows the line "Once for each OPTION of a, b, ..." of a file stands in it once per option.
#
#   cmake -D OUTPUT=schema.c -D FOLDER=host/sweep -D FILES=schema,schema1 -P schema.cmake
cmake_minimum_required(VERSION 3.25)

file(WRITE "${OUTPUT}" "/* Made from the SQL files by schema.cmake: edit those. */
#include \"sweep/store.h\"
")
string(REPLACE "," ";" files "${FILES}")
foreach(name IN LISTS files)
  file(READ "${FOLDER}/${name}.sql" sql)
  if(sql MATCHES "-- Once for each OPTION of ([a-z0-9_, ]+):\n(.*)$")
    set(options "${CMAKE_MATCH_1}")
    set(template "${CMAKE_MATCH_2}")
    string(REPLACE "${CMAKE_MATCH_0}" "" sql "${sql}")
    string(REPLACE ", " ";" options "${options}")
    foreach(option IN LISTS options)
      string(REPLACE "OPTION" ${option} views "${template}")
      string(APPEND sql "${views}")
    endforeach()
  endif()
  string(HEX "${sql}" bytes)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n" bytes "${bytes}")
  file(APPEND "${OUTPUT}" "
const char wr_sql_${name}[] = {
${bytes}0};
")
endforeach()
