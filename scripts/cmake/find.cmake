# windrow_find(NAME library header [VERSION regex]): what Find<NAME>.cmake does. Sets NAME_FOUND and
# makes the target NAME::NAME of a library that pkg-config calls as its file is called. pkg-config
# says where to look first, where there is one. regex: its first group is the version in the header.
include(FindPackageHandleStandardArgs)

macro(windrow_find name library header)
  cmake_parse_arguments(${name}_arg "" VERSION "" ${ARGN})
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(${name}_PC QUIET ${library})
  endif()
  find_path(${name}_INCLUDE_DIR ${header} HINTS ${${name}_PC_INCLUDE_DIRS} ${${name}_PC_INCLUDEDIR})
  find_library(${name}_LIBRARY ${library} HINTS ${${name}_PC_LIBRARY_DIRS} ${${name}_PC_LIBDIR})
  mark_as_advanced(${name}_INCLUDE_DIR ${name}_LIBRARY)
  if(${name}_arg_VERSION AND ${name}_INCLUDE_DIR)
    file(STRINGS ${${name}_INCLUDE_DIR}/${header} ${name}_line REGEX "${${name}_arg_VERSION}" LIMIT_COUNT 1)
    string(REGEX REPLACE ".*${${name}_arg_VERSION}.*" "\\1" ${name}_VERSION "${${name}_line}")
  endif()
  find_package_handle_standard_args(${name}
    REQUIRED_VARS ${name}_LIBRARY ${name}_INCLUDE_DIR VERSION_VAR ${name}_VERSION)
  if(${name}_FOUND AND NOT TARGET ${name}::${name})
    add_library(${name}::${name} UNKNOWN IMPORTED)
    set_target_properties(${name}::${name} PROPERTIES IMPORTED_LOCATION ${${name}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE_DIR})
  endif()
endmacro()
