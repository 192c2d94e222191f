# What `cmake --install` copies: library, headers, CMake package, pkg-config file, command,
# manual, completion for shells, licence.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/windrow)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/windrow-config.cmake.in ${PROJECT_BINARY_DIR}/windrow-config.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/windrow-config-version.cmake COMPATIBILITY SameMinorVersion)

file(RELATIVE_PATH WINDROW_PC_PREFIX
     ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
if(NOT BUILD_SHARED_LIBS) # a shared library names what it needs itself
  set(WINDROW_PC_REQUIRES jansson sqlite3)
  if(WINDROW_OPENCL)
    list(APPEND WINDROW_PC_REQUIRES OpenCL)
  endif()
  list(JOIN WINDROW_PC_REQUIRES " " WINDROW_PC_REQUIRES)
  set(WINDROW_PC_LIBS "-pthread -lm")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/windrow.pc.in ${PROJECT_BINARY_DIR}/windrow.pc @ONLY)

install(TARGETS windrow EXPORT windrow-targets)
if(WINDROW_CLI)
  install(TARGETS windrow_cli)
  install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  set(completions ${PROJECT_BINARY_DIR}/completions)
  install(FILES ${completions}/windrow DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${completions}/_windrow DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${completions}/windrow.fish
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
install(DIRECTORY include/windrow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT windrow-targets NAMESPACE windrow:: DESTINATION ${package_folder})
install(FILES ${PROJECT_BINARY_DIR}/windrow-config.cmake
              ${PROJECT_BINARY_DIR}/windrow-config-version.cmake DESTINATION ${package_folder})
if(NOT BUILD_SHARED_LIBS) # what windrow-config.cmake finds the dependencies of a static library by
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/find.cmake ${CMAKE_CURRENT_LIST_DIR}/FindJansson.cmake
                ${CMAKE_CURRENT_LIST_DIR}/FindSQLite.cmake DESTINATION ${package_folder})
endif()
install(FILES ${PROJECT_BINARY_DIR}/windrow.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(WINDROW_CLI AND D3_FOUND) # which the command holds
  install(FILES host/cli/report/page/d3-license.txt DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright) # Debian's name of it

if(PROJECT_IS_TOP_LEVEL)
  include(${CMAKE_CURRENT_LIST_DIR}/deb.cmake)
endif()
