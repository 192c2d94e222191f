# The store of studies: the target SQLite::SQLite.
include(${CMAKE_CURRENT_LIST_DIR}/find.cmake)
windrow_find(SQLite sqlite3 sqlite3.h VERSION "#define SQLITE_VERSION +\"([0-9.]+)\"")
