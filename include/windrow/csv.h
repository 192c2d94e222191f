/* How a CSV file is written: what the caller says about it, and what the reader found. */
#ifndef WINDROW_CSV_H
#define WINDROW_CSV_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum wr_csv_header {
    WR_HEADER_FIND, /* found from the kinds of the cells, see wr_series_read_csv */
    WR_HEADER_YES,
    WR_HEADER_NO
};

/* {0}: the reader finds everything itself. */
struct wr_csv_options {
    char delimiter; /* between cells: an ASCII character that occurs in no number and is no quote;
                       0: the one of , ; tab and | that splits the first records most evenly */
    char decimal;   /* '.' or ','; 0: '.', because 1,234 may be either number */
    enum wr_csv_header header;
};

/* How a file was read. */
struct wr_csv_found {
    char delimiter, decimal;
    bool header;         /* the first record is a header */
    bool header_found;   /* the caller did not say so: it was found from the kinds of the cells */
    bool header_doubted; /* and these would allow either */
};

#ifdef __cplusplus
}
#endif
#endif
