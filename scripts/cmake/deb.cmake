# `cpack -G DEB` in a build folder makes a package for Debian and its relatives.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
if(WINDROW_CLI)
  set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/deb_zsh.cmake)
endif()
if(NOT CPACK_PACKAGE_CONTACT) # whoever gives the package away says: -D CPACK_PACKAGE_CONTACT="Name <address>"
  set(CPACK_PACKAGE_CONTACT "The Windrow authors <windrow@example.invalid>")
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Windrow fits small recurrent networks to time series: an ensemble of seeds,
a model for each series, a grid of hidden sizes. It trains them on any OpenCL
device or on the CPU. The package holds the command, the library and what is
needed to build programs with it.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(BUILD_SHARED_LIBS)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
else() # programs link these beside the static library
  set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libjansson-dev, libsqlite3-dev")
  if(WINDROW_OPENCL)
    string(APPEND CPACK_DEBIAN_PACKAGE_SUGGESTS ", ocl-icd-opencl-dev")
  endif()
endif()
include(CPack)
