# Builds and runs the examples with nothing but what was installed: by find_package, and by pkg-config if
# there is one. The C++ example is built by a project without C.
#   cmake -D PREFIX=where Windrow is installed -D LIBDIR=lib -D FOLDER=folder to work in -D CC=compiler
#     [-D CXX=compiler] [-D FLAGS=flags] -D GENERATOR=CMake's -D MAKE=its program [-D OPTIONS=of cmake]
#     -P examples.cmake
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
set(examples ${CMAKE_CURRENT_LIST_DIR}/../examples)
set(data ${CMAKE_CURRENT_LIST_DIR}/data/seattle-weather.csv)
set(programs train forecast memory sweep)
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER}/pc)

# expect(text pattern count): so many lines of the text match.
function(expect text pattern count)
  string(REGEX MATCHALL "(^|\n)${pattern}" lines "${text}")
  list(LENGTH lines found)
  if(NOT found EQUAL count)
    message(FATAL_ERROR "${count} lines \"${pattern}\" expected, not ${found}:\n${text}")
  endif()
endfunction()

# Runs the programs of a folder; what they print is what those of the first folder print.
function(try folder)
  run(train ${folder}/train ${folder}/ensemble)
  expect("${train}" "model [0-3]: loss [0-9]+[.][0-9]+" 4)
  run(forecast ${folder}/forecast ${data} date temp_max yearly 14) # the recipe that learns the least
  expect("${forecast}" "temp_max,2016-01-[0-1][0-9](,-?[0-9]+[.][0-9]+)+" 14)
  run(memory ${folder}/memory)
  expect("${memory}" "(north|south) 2024-03-[0-9]+ [0-9]+[.][0-9]+ [(][0-9.]+ to [0-9.]+[)]" 14)
  run(sweep ${folder}/sweep ${folder}/study)
  expect("${sweep}" "32 trials, 32 of them trained now" 1)
  expect("${sweep}" " +(2|4|8|16)  +8  0[.][0-9]+  0[.][0-9]+" 4)
  run(again ${folder}/sweep ${folder}/study)
  string(REPLACE "32 of them trained now" "0 of them trained now" sweep "${sweep}")
  if(NOT again STREQUAL sweep)
    message(FATAL_ERROR "The same trials expected the second time:\n${again}")
  endif()
  set(said "${train}${forecast}${memory}${sweep}")
  if(DEFINED before AND NOT said STREQUAL before)
    message(FATAL_ERROR "The same output expected from both builds:\n${before}${said}")
  endif()
  set(before "${said}" PARENT_SCOPE)
endfunction()

# The C++ program of a folder: it prints and saves what the C program does.
function(try_cpp folder)
  run(train ${folder}/train ${folder}/ensemble)
  string(FIND "${before}" "${train}" place)
  if(NOT place EQUAL 0)
    message(FATAL_ERROR "The losses of the C program expected:\n${before}${train}")
  endif()
  run(quiet ${CMAKE_COMMAND} -E compare_files ${folder}/ensemble ${FOLDER}/c/ensemble)
endfunction()

list(APPEND OPTIONS -G ${GENERATOR} -D CMAKE_MAKE_PROGRAM=${MAKE} -D CMAKE_PREFIX_PATH=${PREFIX})
run(quiet ${CMAKE_COMMAND} -S ${examples} -B ${FOLDER}/c -D CMAKE_C_COMPILER=${CC}
    -D CMAKE_C_FLAGS=${FLAGS} ${OPTIONS})
run(quiet ${CMAKE_COMMAND} --build ${FOLDER}/c)
try(${FOLDER}/c)
if(CXX)
  run(quiet ${CMAKE_COMMAND} -S ${examples}/cpp -B ${FOLDER}/cpp -D CMAKE_CXX_COMPILER=${CXX}
      -D CMAKE_CXX_FLAGS=${FLAGS} ${OPTIONS})
  run(quiet ${CMAKE_COMMAND} --build ${FOLDER}/cpp)
  try_cpp(${FOLDER}/cpp)
endif()
message("by find_package:\n${before}")

# pkg-config names what a static library needs with --static alone; a shared one links without it.
find_program(PKG_CONFIG pkg-config)
if(NOT PKG_CONFIG)
  message("without pkg-config: not built by it")
  return()
endif()
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
set(static --static)
file(GLOB shared ${PREFIX}/${LIBDIR}/libwindrow.so)
if(shared)
  set(static "")
endif()
run(options ${PKG_CONFIG} ${static} --cflags --libs windrow)
message("by pkg-config: ${options}")
separate_arguments(options UNIX_COMMAND "${options} -Wl,-rpath,${PREFIX}/${LIBDIR}")
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")
foreach(program IN LISTS programs)
  run(quiet ${CC} ${FLAGS} -std=c11 ${examples}/${program}.c -o ${FOLDER}/pc/${program} ${options})
endforeach()
try(${FOLDER}/pc)
if(CXX)
  file(MAKE_DIRECTORY ${FOLDER}/pc/cpp)
  run(quiet ${CXX} ${FLAGS} -std=c++17 ${examples}/cpp/train.cpp -o ${FOLDER}/pc/cpp/train ${options})
  try_cpp(${FOLDER}/pc/cpp)
endif()
