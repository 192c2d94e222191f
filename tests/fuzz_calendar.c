/* libFuzzer: any bytes as a list of time stamps. The first line names a step; then comes the file
 * of a zone up to a line of "--"; each other line is a time stamp. A time that is read is written
 * so that it reads the same. Times that a step gives lie on its grid. A written name of a step
 * reads as that step. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/date.h"
#include "data/step.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds) {
    if (!holds)
        abort();
}

/* A time that is written and read again is the same. Its text is the same from the second time
 * on. */
static void use_stamp(const struct wr_stamp_form *form, int64_t time) {
    struct wr_stamp_form again;
    char stamp[WR_STAMP_SIZE], twice[WR_STAMP_SIZE];
    int64_t read;
    int nanosecond;
    wr_stamp_write(form, time, stamp);
    require(memchr(stamp, '\0', sizeof stamp) != NULL && *stamp != '\0');
    if (form->kind != WR_STAMP_NUMBER && form->mark == '\0' && form->kind != WR_STAMP_QUARTER)
        return; /* text of digits alone reads as a number */
    if (!wr_stamp_read(stamp, &again, &read, &nanosecond)) {
        require(stamp[4] != '-' && stamp[4] != '/' && stamp[4] != 'Q' && stamp[4] != ' ');
        return; /* a year of five digits */
    }
    require(again.kind == form->kind && again.detail == form->detail && again.second == 1);
    wr_stamp_write(&again, read, twice);
    if (again.detail <= WR_DETAIL_SECOND)
        require(strcmp(stamp, twice) == 0);
    int64_t second = form->kind == WR_STAMP_TIME ? form->second : 1;
    int whole =
        form->rules == NULL || wr_zone_offset(form->rules, wr_floor_div(time, second)) % 60 == 0;
    if (whole && (form->rules == NULL || *form->zone != '\0') && form->detail >= WR_DETAIL_SECOND &&
        form->kind == WR_STAMP_TIME)
        require(read == wr_floor_div(time, second));
    if (form->kind != WR_STAMP_TIME)
        require(read == time);
}

static void use_steps(const struct wr_stamp_form *form, const int64_t *times, size_t count) {
    struct wr_step step, named;
    bool regular;
    char name[WR_STAMP_SIZE], text[WR_STAMP_SIZE];
    require(wr_step_find(form, times, count, &step, &regular, NULL) == WR_OK);
    require(step.by > 0);
    wr_step_text(form, &step, text);
    require(wr_step_read(wr_step_name(form, &step, name), &named) || step.by > 999999999);
    int64_t last = times[count - 1];
    for (uint64_t k = 1; k <= 40 && wr_step_includes(form, &step, last); k++) {
        uint64_t steps;
        int64_t time = wr_step_add(form, &step, last, k);
        if (time >= WR_LATEST / 2)
            break;
        require(time > last && wr_step_includes(form, &step, time));
        require(wr_step_count(form, &step, last, time, &steps) && steps == k);
        use_stamp(form, time);
    }
    for (uint64_t k = 1; k != 0; k *= 2)
        use_stamp(form, wr_step_add(form, &step, last, k));
}

/* The next line, without its end. */
static char *cut(char **rest) {
    char *line = *rest, *end = line == NULL ? NULL : strchr(line, '\n');
    *rest = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    return line;
}

static void use_lines(char *rest, const struct wr_zone *zone) {
    enum { MOST = 64 };
    struct wr_stamp_form form = {0}, own;
    int64_t times[MOST], time;
    size_t count = 0;
    int nanosecond;
    for (char *line; count < MOST && (line = cut(&rest)) != NULL;) {
        if (!wr_stamp_read(line, &own, &time, &nanosecond)) {
            wr_stamp_is_reversed(line);
            wr_stamp_wrong_part(line);
            continue;
        }
        struct wr_stamp_form digits;
        int64_t date;
        if (own.kind == WR_STAMP_NUMBER && wr_stamp_from_digits(time, &digits, &date))
            use_stamp(&digits, date);
        use_stamp(&own, time);
        own.rules = own.kind == WR_STAMP_TIME ? zone : NULL;
        if (zone != NULL && own.kind == WR_STAMP_TIME) {
            int64_t local = wr_stamp_local(&own, time);
            int64_t instants[2];
            require(wr_stamp_at_local(&own, local) == time ||
                    (wr_zone_instants(zone, local, instants) == 2 && instants[1] == time) ||
                    time == instants[0]);
            use_stamp(&own, time);
        }
        if (count == 0)
            form = own;
        if (wr_stamp_alike(&form, &own) && (count == 0 || time > times[count - 1]))
            times[count++] = time;
    }
    if (count > 0)
        use_steps(&form, times, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1), *rest = text;
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct wr_zone *zone = NULL;
    const char *file = memmem(data, size, "\n--\n", 4);
    if (file != NULL &&
        wr_zone_read("fuzz", (const unsigned char *)file + 4,
                     size - (size_t)(file + 4 - (const char *)data), &zone, NULL) == WR_OK)
        for (int64_t t = -WR_LATEST; t < WR_LATEST / 2; t += WR_LATEST / 50)
            require(abs(wr_zone_offset(zone, t)) <= 26 * 3600);
    const char *name = cut(&rest);
    struct wr_step step, again;
    const struct wr_stamp_form nanoseconds = {.kind = WR_STAMP_TIME, .second = 1000000000};
    char written[WR_STAMP_SIZE];
    if (wr_step_read(name, &step)) {
        wr_step_name(&nanoseconds, &step, written);
        require(step.by > 0 && wr_step_read(written, &again));
        require(again.by == step.by && again.unit == step.unit && again.day == step.day);
    }
    if (rest != NULL)
        use_lines(rest, zone);
    wr_zone_free(zone);
    free(text);
    return 0;
}
