#include "data/zone.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/environment.h"
#include "data/date.h"

enum {
    DAY = 86400,
    MOST_BYTES = 1 << 20, /* of a file; the longest have a few thousand */
    MOST_OFFSET = 26 * 3600
};

/* A yearly change of clocks. */
struct change {
    char kind; /* 'M': weekday d (0: Sunday) of week w (5: the last) of month m; 'J': day d of the
                  year from 1, without 29 February; 'n': day d from 0, with it */
    int m, w, d;
    int seconds; /* since midnight of that day, on the clock before the change; may be on another
                    day */
};

/* The rule for times after the last transition. */
struct rule {
    bool given, summer;
    int offset, summer_offset;
    struct change start, end;
};

struct wr_zone {
    size_t count;
    int64_t *at;  /* (count) transitions, ascending */
    int *offsets; /* (1 + count) before the first transition, then from each one on */
    struct rule rule;
};

void wr_zone_free(struct wr_zone *zone) {
    if (zone == NULL)
        return;
    free(zone->at);
    free(zone->offsets);
    free(zone);
}

/* ---- the rule, as POSIX writes TZ: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool read_name(const char **text) {
    const char *at = *text;
    if (*at == '<') {
        at += strcspn(at, ">");
        if (*at == '\0')
            return false;
        *text = at + 1;
        return true;
    }
    while (isalpha((unsigned char)*at))
        at++;
    bool found = at - *text >= 3;
    *text = at;
    return found;
}

/* Reads a number of at most three digits, at most `most`; -1 if there is none. */
static int read_count(const char **text, int most) {
    int value = 0;
    const char *start = *text;
    while (isdigit((unsigned char)**text) && *text - start < 3)
        value = 10 * value + (*(*text)++ - '0');
    return *text == start || value > most ? -1 : value;
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool read_time(const char **text, int *seconds) {
    int sign = **text == '-' ? -1 : 1, unit = 3600;
    *text += **text == '-' || **text == '+';
    int part = read_count(text, 167);
    *seconds = 0;
    for (;; unit /= 60) {
        if (part < 0)
            return false;
        *seconds += sign * unit * part;
        if (**text != ':' || unit == 1)
            return true;
        ++*text;
        part = read_count(text, 59);
    }
}

static bool read_offset(const char **text, int *offset) {
    if (!read_time(text, offset) || *offset > MOST_OFFSET || *offset < -MOST_OFFSET)
        return false;
    *offset = -*offset; /* in POSIX, offsets west of UTC are positive */
    return true;
}

static bool read_mark(const char **text, char mark) {
    bool found = **text == mark;
    *text += found;
    return found;
}

static bool read_change(const char **text, struct change *change) {
    *change = (struct change){.kind = 'n', .seconds = 7200};
    if (!read_mark(text, ','))
        return false;
    bool found;
    if (read_mark(text, 'M')) {
        change->kind = 'M';
        found = (change->m = read_count(text, 12)) >= 1 && read_mark(text, '.') &&
                (change->w = read_count(text, 5)) >= 1 && read_mark(text, '.') &&
                (change->d = read_count(text, 6)) >= 0;
    } else {
        if (read_mark(text, 'J'))
            change->kind = 'J';
        change->d = read_count(text, 365);
        found = change->d >= (change->kind == 'J');
    }
    return found && (!read_mark(text, '/') || read_time(text, &change->seconds));
}

static bool read_rule(const char *text, struct rule *rule) {
    *rule = (struct rule){.given = *text != '\0'};
    if (!rule->given)
        return true;
    if (!read_name(&text) || !read_offset(&text, &rule->offset))
        return false;
    if (*text == '\0')
        return true;
    rule->summer = true;
    rule->summer_offset = rule->offset + 3600;
    if (!read_name(&text) || (*text != ',' && !read_offset(&text, &rule->summer_offset)))
        return false;
    return read_change(&text, &rule->start) && read_change(&text, &rule->end) && *text == '\0';
}

/* The second of local time at which clocks change in a year. */
static int64_t change_in(const struct change *change, int64_t year) {
    int64_t day = wr_month_start(12 * year) + change->d;
    if (change->kind == 'J')
        day -= change->d < 60 || wr_month_days(12 * year + 1) < 29;
    if (change->kind == 'M') {
        int64_t month = 12 * year + change->m - 1;
        int64_t first = wr_month_start(month);
        int into = (change->d + 6 - wr_weekday(first)) % 7; /* 0 is Sunday in the rule */
        int number = into + 7 * (change->w - 1);
        day = first + (number < wr_month_days(month) ? number : number - 7);
    }
    return DAY * day + change->seconds;
}

static int rule_offset(const struct rule *rule, int64_t instant) {
    if (!rule->summer)
        return rule->offset;
    int number;
    int64_t year =
        wr_floor_div(wr_month_of(wr_floor_div(instant + rule->offset, DAY), &number), 12);
    int64_t start = change_in(&rule->start, year) - rule->offset;
    int64_t end = change_in(&rule->end, year) - rule->summer_offset;
    bool summer =
        start < end ? instant >= start && instant < end : instant >= start || instant < end;
    return summer ? rule->summer_offset : rule->offset;
}

/* ---- a file ---- */

/* Reads a big-endian number of `size` bytes, in two's complement. */
static int64_t number_at(const unsigned char *bytes, size_t size) {
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return (int64_t)value;
}

/* A block of the file: the counts of its header, and where its tables start. */
struct block {
    size_t utc, standard, leaps, times, types, letters; /* counts */
    const unsigned char *at, *indices, *infos, *end;
    size_t wide; /* bytes of a time */
};

enum { HEADER = 44, INFO = 6 };

static bool read_block(const unsigned char *bytes, size_t size, size_t wide, struct block *block) {
    if (size < HEADER || memcmp(bytes, "TZif", 4) != 0)
        return false;
    size_t *counts[] = {&block->utc,   &block->standard, &block->leaps,
                        &block->times, &block->types,    &block->letters};
    for (size_t i = 0; i < 6; i++) {
        int64_t count = number_at(bytes + 20 + 4 * i, 4);
        if (count < 0 || count > MOST_BYTES)
            return false;
        *counts[i] = (size_t)count;
    }
    size_t length = HEADER + block->times * (wide + 1) + block->types * INFO + block->letters +
                    block->leaps * (wide + 4) + block->standard + block->utc;
    if (length > size || block->types == 0) /* checked before a pointer could leave the bytes */
        return false;
    block->wide = wide;
    block->at = bytes + HEADER;
    block->indices = block->at + block->times * wide;
    block->infos = block->indices + block->times;
    block->end = bytes + length;
    return true;
}

/* The offset of a type; MOST_OFFSET + 1 if it is invalid. */
static int type_offset(const struct block *block, size_t type) {
    int64_t offset = type < block->types ? number_at(block->infos + INFO * type, 4) : INT32_MAX;
    return offset >= -MOST_OFFSET && offset <= MOST_OFFSET ? (int)offset : MOST_OFFSET + 1;
}

static bool take_transitions(const struct block *block, struct wr_zone *zone) {
    zone->count = block->times;
    zone->offsets[0] = type_offset(block, 0);
    if (zone->offsets[0] > MOST_OFFSET)
        return false;
    for (size_t i = 0; i < zone->count; i++) {
        zone->at[i] = number_at(block->at + block->wide * i, block->wide);
        zone->offsets[i + 1] = type_offset(block, block->indices[i]);
        if (zone->offsets[i + 1] > MOST_OFFSET || (i > 0 && zone->at[i] <= zone->at[i - 1]))
            return false;
    }
    return true;
}

/* Reads the line after the second block. */
static bool take_rule(const unsigned char *footer, size_t size, struct rule *rule) {
    char text[128];
    const unsigned char *end =
        size > 0 && *footer == '\n' ? memchr(footer + 1, '\n', size - 1) : NULL;
    size_t length = end != NULL ? (size_t)(end - footer - 1) : sizeof text;
    if (length >= sizeof text)
        return false;
    memcpy(text, footer + 1, length);
    text[length] = '\0';
    return strlen(text) == length && read_rule(text, rule);
}

wr_status wr_zone_read(const char *name, const unsigned char *bytes, size_t size,
                       struct wr_zone **zone, struct wr_error *error) {
    struct block block;
    bool good = read_block(bytes, size, 4, &block), second = good && bytes[4] >= '2';
    const unsigned char *start = bytes;
    *zone = NULL;
    if (second) {
        start = block.end;
        good = read_block(start, size - (size_t)(start - bytes), 8, &block);
    }
    if (good) {
        *zone = calloc(1, sizeof **zone);
        if (*zone != NULL) {
            (*zone)->at = calloc(block.times + 1, sizeof *(*zone)->at);
            (*zone)->offsets = calloc(block.times + 1, sizeof *(*zone)->offsets);
        }
        if (*zone == NULL || (*zone)->at == NULL || (*zone)->offsets == NULL) {
            wr_zone_free(*zone);
            *zone = NULL;
            return wr_fail(error, WR_ERR_MEMORY, "no memory for the time zone %s", name);
        }
        good =
            block.leaps == 0 && take_transitions(&block, *zone) &&
            (!second || take_rule(block.end, size - (size_t)(block.end - bytes), &(*zone)->rule));
    }
    if (good)
        return WR_OK;
    wr_zone_free(*zone);
    *zone = NULL;
    return wr_fail(
        error, WR_ERR_DATA,
        "time zone %s: its file is damaged, or counts leap seconds; install tzdata again", name);
}

/* ---- by name ---- */

/* Whether the name cannot be a path out of the folder. */
static bool is_name(const char *name) {
    return *name != '\0' && *name != '/' && strlen(name) < 64 && strstr(name, "..") == NULL &&
           name[strspn(
               name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")] == '\0';
}

static FILE *open_file(const char *name) {
    static const char *const usual[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                        "/usr/share/lib/zoneinfo", "/etc/zoneinfo"};
    const char *own = wr_variable("TZDIR");
    char path[4096];
    for (size_t i = 0; i < (own != NULL ? 1 : sizeof usual / sizeof *usual); i++) {
        int length = snprintf(path, sizeof path, "%s/%s", own != NULL ? own : usual[i], name);
        FILE *file = length > 0 && (size_t)length < sizeof path ? fopen(path, "re") : NULL;
        if (file != NULL)
            return file;
    }
    return NULL;
}

wr_status wr_zone_open(const char *name, struct wr_zone **zone, struct wr_error *error) {
    static const unsigned char utc[HEADER + INFO + 4] = {
        'T', 'Z', 'i', 'f', [39] = 1, [43] = 4, [HEADER + INFO] = 'U', 'T', 'C'};
    char shown[WR_EXCERPT];
    *zone = NULL;
    if (strcmp(name, "UTC") == 0)
        return wr_zone_read(name, utc, sizeof utc, zone, error);
    FILE *file = is_name(name) ? open_file(name) : NULL;
    unsigned char *bytes = file != NULL ? malloc(MOST_BYTES) : NULL;
    if (file != NULL && bytes == NULL) {
        fclose(file);
        return wr_fail(error, WR_ERR_MEMORY, "no memory for the time zone %s", name);
    }
    size_t size = file != NULL ? fread(bytes, 1, MOST_BYTES, file) : 0;
    wr_status status =
        size > 0
            ? wr_zone_read(name, bytes, size, zone, error)
            : wr_fail(error, WR_ERR_DATA,
                      "there is no time zone \"%s\" on this machine; write it as Europe/Berlin, "
                      "or install tzdata",
                      wr_excerpt(name, shown));
    free(bytes);
    if (file != NULL)
        fclose(file);
    return status;
}

/* ---- times ---- */

int wr_zone_offset(const struct wr_zone *zone, int64_t instant) {
    size_t low = 0, high = zone->count; /* transitions below low are not later than the instant,
                                           those from high on are */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->at[middle] <= instant)
            low = middle + 1;
        else
            high = middle;
    }
    return low == zone->count && zone->rule.given ? rule_offset(&zone->rule, instant)
                                                  : zone->offsets[low];
}

int wr_zone_instants(const struct wr_zone *zone, int64_t local, int64_t instants[2]) {
    int before = wr_zone_offset(zone, local - DAY), after = wr_zone_offset(zone, local + DAY);
    int offsets[] = {before > after ? before : after, before > after ? after : before}, count = 0;
    for (int i = 0; i < 2; i++) {
        int64_t instant = local - offsets[i];
        if (wr_zone_offset(zone, instant) == offsets[i] && (i == 0 || offsets[1] != offsets[0]))
            instants[count++] = instant;
    }
    if (count == 0)
        instants[0] = local - before;
    return count;
}
