# Windrow builds, installs and is found where there is neither MPI nor pkg-config: the PATH holds a
# compiler's tools alone, and CMake looks for programs nowhere else.
#   cmake -D SOURCE=folder -D FOLDER=folder to work in -D CC=compiler -D GENERATOR=CMake's
#     -D MAKE=its program -D LIBRARIES=folders -D OPENCL=ON or OFF -D LIBDIR=lib -P bare.cmake
cmake_minimum_required(VERSION 3.25)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER}/bin)
foreach(tool ld as ar ranlib nm strip objcopy objdump readelf)
  find_program(${tool} ${tool} REQUIRED)
  file(CREATE_LINK ${${tool}} ${FOLDER}/bin/${tool} SYMBOLIC)
endforeach()
set(ENV{PATH} ${FOLDER}/bin)
set(ENV{CMAKE_INCLUDE_PATH} /usr/include)
string(REPLACE ";" ":" libraries "${LIBRARIES}")
set(ENV{CMAKE_LIBRARY_PATH} ${libraries})

set(OPTIONS -D CMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF)
run(quiet ${CMAKE_COMMAND} -S ${SOURCE} -B ${FOLDER}/build ${OPTIONS} -G ${GENERATOR}
  -D CMAKE_MAKE_PROGRAM=${MAKE} -D CMAKE_BUILD_TYPE=Debug -D CMAKE_C_COMPILER=${CC}
  -D WINDROW_OPENCL=${OPENCL})
load_cache(${FOLDER}/build READ_WITH_PREFIX found_ PKG_CONFIG_EXECUTABLE MPI_C_COMPILER)
if(found_PKG_CONFIG_EXECUTABLE OR found_MPI_C_COMPILER)
  message(FATAL_ERROR "${found_PKG_CONFIG_EXECUTABLE} ${found_MPI_C_COMPILER}: this shows nothing")
endif()
run(quiet ${CMAKE_COMMAND} --build ${FOLDER}/build --target windrow windrow_cli windrow_man windrow_completions)

set(PREFIX ${FOLDER}/prefix)
run(quiet ${CMAKE_COMMAND} --install ${FOLDER}/build --prefix ${PREFIX})
set(FOLDER ${FOLDER}/examples)
include(${SOURCE}/tests/examples.cmake)
