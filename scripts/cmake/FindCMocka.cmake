# The frame of the tests: the target CMocka::CMocka.
include(${CMAKE_CURRENT_LIST_DIR}/find.cmake)
windrow_find(CMocka cmocka cmocka.h)
