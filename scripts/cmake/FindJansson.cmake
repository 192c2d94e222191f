# JSON: the target Jansson::Jansson.
include(${CMAKE_CURRENT_LIST_DIR}/find.cmake)
windrow_find(Jansson jansson jansson.h)
