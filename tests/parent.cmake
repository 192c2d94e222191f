# Windrow as a part of another project: with add_subdirectory it changes nothing there and installs
# nothing; with FetchContent, shared and asked to install, it makes a package in PREFIX.
#   cmake -D SOURCE=folder -D FOLDER=folder to work in -D PREFIX=folder -D CC=compiler
#     -D GENERATOR=CMake's -D MAKE=its program -D OPENCL=ON or OFF -P parent.cmake
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${FOLDER} ${PREFIX})
set(configure ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/parent -B ${FOLDER})
run(quiet ${configure} -G ${GENERATOR} -D CMAKE_MAKE_PROGRAM=${MAKE} -D CMAKE_C_COMPILER=${CC}
  -D WINDROW_OPENCL=${OPENCL} -D WINDROW_SOURCE=${SOURCE} -D PROGRAM=${SOURCE}/examples/train.c)
run(quiet ${CMAKE_COMMAND} --build ${FOLDER})
run(as_static ${FOLDER}/parent ${FOLDER}/ensemble)
run(quiet ${CMAKE_COMMAND} --install ${FOLDER} --prefix ${PREFIX})
file(GLOB installed ${PREFIX}/*)
if(installed)
  message(FATAL_ERROR "Nobody asked Windrow to install ${installed}")
endif()

run(quiet ${configure} -D FETCH=ON -D BUILD_SHARED_LIBS=ON -D WINDROW_INSTALL=ON)
run(quiet ${CMAKE_COMMAND} --build ${FOLDER})
run(as_shared ${FOLDER}/parent ${FOLDER}/ensemble)
run(quiet ${CMAKE_COMMAND} --install ${FOLDER} --prefix ${PREFIX})
if(NOT as_static MATCHES "loss" OR NOT as_static STREQUAL as_shared)
  message(FATAL_ERROR "The same losses expected of both; they said:\n${as_static}${as_shared}")
endif()
