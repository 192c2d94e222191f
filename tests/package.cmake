# Tests of what is installed. `install` and `parent` each make a package, which other tests use.
set(tools -D CC=${CMAKE_C_COMPILER} -D GENERATOR=${CMAKE_GENERATOR} -D MAKE=${CMAKE_MAKE_PROGRAM})
set(with_cpp ${tools} -D CXX=$<$<BOOL:${CMAKE_CXX_COMPILER}>:${CMAKE_CXX_COMPILER}>)
set(installed ${CMAKE_CURRENT_BINARY_DIR}/installed)
windrow_check(install LABELS unit COMMAND sh -c
  "rm -rf '${installed}' && '${CMAKE_COMMAND}' --install '${PROJECT_BINARY_DIR}' --prefix '${installed}'")
windrow_check(examples LABELS unit COMMAND
  ${CMAKE_COMMAND} ${with_cpp} -D PREFIX=${installed} -D LIBDIR=${CMAKE_INSTALL_LIBDIR}
  -D FOLDER=${CMAKE_CURRENT_BINARY_DIR}/examples -D FLAGS=${CMAKE_C_FLAGS}
  -P ${CMAKE_CURRENT_SOURCE_DIR}/examples.cmake)
set_tests_properties(install PROPERTIES FIXTURES_SETUP installed)
set_tests_properties(examples PROPERTIES FIXTURES_REQUIRED installed)

if(CMAKE_C_FLAGS MATCHES "fsanitize") # the others are about what is found and what is linked
  return()
endif()
windrow_check(bare LABELS unit COMMAND
  ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR} -D FOLDER=${CMAKE_CURRENT_BINARY_DIR}/bare
  ${tools} "-DLIBRARIES=${CMAKE_C_IMPLICIT_LINK_DIRECTORIES}" -D OPENCL=$<IF:$<BOOL:${WINDROW_OPENCL}>,ON,OFF>
  -D LIBDIR=${CMAKE_INSTALL_LIBDIR} -P ${CMAKE_CURRENT_SOURCE_DIR}/bare.cmake)

windrow_check(deb LABELS unit COMMAND
  sh ${CMAKE_CURRENT_SOURCE_DIR}/deb.sh ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR}
  ${CMAKE_CURRENT_BINARY_DIR}/deb ${CMAKE_C_COMPILER})

set(shared ${CMAKE_CURRENT_BINARY_DIR}/shared)
windrow_check(parent LABELS unit COMMAND
  ${CMAKE_COMMAND} -D SOURCE=${PROJECT_SOURCE_DIR} -D FOLDER=${CMAKE_CURRENT_BINARY_DIR}/parent
  -D PREFIX=${shared} ${tools} -D OPENCL=$<IF:$<BOOL:${WINDROW_OPENCL}>,ON,OFF>
  -P ${CMAKE_CURRENT_SOURCE_DIR}/parent.cmake)
windrow_check(examples_shared LABELS unit COMMAND
  ${CMAKE_COMMAND} ${with_cpp} -D PREFIX=${shared} -D LIBDIR=${CMAKE_INSTALL_LIBDIR}
  -D FOLDER=${CMAKE_CURRENT_BINARY_DIR}/examples_shared -P ${CMAKE_CURRENT_SOURCE_DIR}/examples.cmake)
windrow_check(abi LABELS unit COMMAND
  sh ${CMAKE_CURRENT_SOURCE_DIR}/abi.sh ${shared}/${CMAKE_INSTALL_LIBDIR}/libwindrow.so)
set_tests_properties(parent PROPERTIES FIXTURES_SETUP shared)
set_tests_properties(examples_shared abi PROPERTIES FIXTURES_REQUIRED shared)
