/* How a CSV file is written: what the caller knows of it, and what was found. */
#ifndef WINDROW_CSV_H
#define WINDROW_CSV_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum wr_csv_header {
    WR_HEADER_FIND, /* by the kinds of its cells, see wr_series_read_csv */
    WR_HEADER_YES,
    WR_HEADER_NO
};

/* {0}: what can be found is found. */
struct wr_csv_options {
    char delimiter; /* between cells: an ASCII character that no number and no quote has in it;
                       0: the one of , ; tab and | that cuts the first records alike */
    char decimal;   /* '.' or ','; 0: '.', since 1,234 may be meant either way */
    enum wr_csv_header header;
};

/* What a file was read by. */
struct wr_csv_found {
    char delimiter, decimal;
    bool header;         /* whether the first record is one */
    bool header_found;   /* nobody said so: it was found by the kinds of its cells */
    bool header_doubted; /* and they speak for both */
};

#ifdef __cplusplus
}
#endif
#endif
