# Writes a C file that holds the page of `windrow report` before and after its data: the template
# with our style and script, and D3, in place of @STYLE@, @SCRIPT@, @D3@ and @D3_LICENSE@. The
# page's policy allows only these, by their hashes.
#
#   cmake -D OUTPUT=page.c -D FOLDER=host/cli/report/page -D SCRIPTS=a.js,b.js -D D3=d3.min.js -P page.cmake
cmake_minimum_required(VERSION 3.25)

# Sets ${result} to the source of the policy that names the text: its hash in base 64.
function(hash_source text result)
  set(letters ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(SHA256 hex "${text}")
  set(coded "")
  foreach(at RANGE 0 63 3) # 3 digits are 2 letters; the last digit stands alone
    string(SUBSTRING "${hex}00" ${at} 3 digits)
    math(EXPR high "0x${digits} >> 6")
    math(EXPR low "0x${digits} & 63")
    string(SUBSTRING ${letters} ${high} 1 first)
    string(SUBSTRING ${letters} ${low} 1 second)
    string(APPEND coded ${first}${second})
  endforeach()
  string(SUBSTRING "${coded}" 0 43 coded)
  set(${result} "'sha256-${coded}='" PARENT_SCOPE)
endfunction()

# Fails if the text would end the element in which it stands, or start what HTML reads otherwise.
function(check_element name text)
  string(TOLOWER "${text}" lower)
  if(lower MATCHES "</script|</style|<!--|<script")
    message(FATAL_ERROR "${name} contains ${CMAKE_MATCH_0}, with which it cannot stand in a page")
  endif()
endfunction()

function(c_array name text result)
  string(HEX "${text}" bytes)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)"
         "\\1\n" bytes "${bytes}")
  set(${result} "const unsigned char ${name}[] = {\n${bytes}0};\n" PARENT_SCOPE)
endfunction()

file(READ "${FOLDER}/page.html" page)
file(READ "${FOLDER}/page.css" style)
file(READ "${FOLDER}/d3-license.txt" license)
file(READ "${D3}" d3)
set(script "(() => {\n\"use strict\";\n")
string(REPLACE "," ";" scripts "${SCRIPTS}")
foreach(name IN LISTS scripts)
  file(READ "${FOLDER}/${name}" text)
  string(APPEND script "${text}")
endforeach()
string(APPEND script "})();\n")
check_element(page.css "${style}")
check_element("${SCRIPTS}" "${script}")
check_element("${D3}" "${d3}")
hash_source("${style}" style_hash)
hash_source("${script}" script_hash)
hash_source("${d3}" d3_hash)
foreach(part IN ITEMS STYLE_HASH SCRIPT_HASH D3_HASH STYLE D3_LICENSE D3 SCRIPT)
  string(TOLOWER ${part} variable)
  string(REPLACE d3_license license variable ${variable})
  string(REPLACE "@${part}@" "${${variable}}" page "${page}")
endforeach()
string(FIND "${page}" "@DATA@" at)
string(SUBSTRING "${page}" 0 ${at} before)
math(EXPR at "${at} + 6")
string(SUBSTRING "${page}" ${at} -1 after)
c_array(page_before "${before}" before)
c_array(page_after "${after}" after)
file(WRITE "${OUTPUT}" "/* Made from ${FOLDER} and D3 by page.cmake: edit those. */
extern const unsigned char page_before[], page_after[];
${before}${after}")
