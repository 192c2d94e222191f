#include "windrow/version.h"

const char *wr_version(void) {
    return WR_VERSION;
}
