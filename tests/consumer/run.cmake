# Installs Windrow into a folder of its own, then builds and runs the example with nothing but what
# was installed: once by find_package, once by pkg-config if there is one.
#   cmake -D BUILD=build folder -D PREFIX=folder -D CC=compiler -D FLAGS=flags -D LIBDIR=lib
#     [-D OPTIONS=of cmake] -P run.cmake
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/../run.cmake)

file(REMOVE_RECURSE ${PREFIX})
run(quiet ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX})

run(quiet ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${PREFIX}/example
    -D CMAKE_PREFIX_PATH=${PREFIX} -D CMAKE_C_COMPILER=${CC} -D CMAKE_C_FLAGS=${FLAGS}
    ${OPTIONS})
run(quiet ${CMAKE_COMMAND} --build ${PREFIX}/example)
run(by_cmake ${PREFIX}/example/example)
message("${by_cmake}")
string(REGEX MATCHALL "model [0-3]: loss [0-9]+[.][0-9]+\n" lines "${by_cmake}")
list(LENGTH lines count)
if(NOT count EQUAL 4)
  message(FATAL_ERROR "Four losses expected.")
endif()

find_program(PKG_CONFIG pkg-config)
if(NOT PKG_CONFIG)
  message("without pkg-config: not built by it")
  return()
endif()
set(ENV{PKG_CONFIG_PATH} ${PREFIX}/${LIBDIR}/pkgconfig)
run(options ${PKG_CONFIG} --static --cflags --libs windrow)
separate_arguments(options UNIX_COMMAND "${options}")
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")
run(quiet ${CC} ${FLAGS} -std=c11 ${CMAKE_CURRENT_LIST_DIR}/example.c -o ${PREFIX}/example-pc
    ${options} -Wl,-rpath,${PREFIX}/${LIBDIR})
run(by_pkg_config ${PREFIX}/example-pc)

if(NOT by_cmake STREQUAL by_pkg_config)
  message(FATAL_ERROR "The same losses expected from both builds; pkg-config's said:\n"
          "${by_pkg_config}")
endif()
