/* Time zones: files, the rule after their last transition, and conversion of local times in both
 * directions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/calendar.h"
#include "data/zone.h"

/* Makes a file of one type, `offset`, and a rule; returns its number of bytes. */
static size_t make_file(unsigned char bytes[256], int offset, const char *rule) {
    size_t size = 0;
    for (int version = 1; version <= 2; version++) {
        unsigned char *at = bytes + size;
        memset(at, 0, 44 + 6 + 4);
        memcpy(at, "TZif2", 5);
        at[39] = 1; /* types */
        at[43] = 4; /* letters */
        for (int i = 0; i < 4; i++)
            at[44 + i] = (unsigned char)((uint32_t)offset >> (24 - 8 * i));
        memcpy(at + 50, "XXX", 4);
        size += 44 + 6 + 4;
    }
    int length = snprintf((char *)bytes + size, 256 - size, "\n%s\n", rule);
    assert_true(length > 0 && (size_t)length < 256 - size);
    return size + (size_t)length;
}

static wr_status read_rule(int offset, const char *rule, struct wr_zone **zone) {
    unsigned char bytes[256];
    size_t size = make_file(bytes, offset, rule);
    return wr_zone_read("Test/Zone", bytes, size, zone, NULL);
}

static int64_t instant_of(const char *text) {
    struct wr_stamp_form form;
    int64_t time;
    int nanosecond;
    if (!wr_stamp_read(text, &form, &time, &nanosecond))
        fail_msg("%s", text);
    return time;
}

static void test_rules(void **state) {
    (void)state;
    static const struct {
        const char *rule, *instant; /* the first second of the offset */
        int offset;
    } cases[] = {
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2024-03-31T00:59:59Z", 3600},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2024-03-31T01:00:00Z", 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2024-10-27T00:59:59Z", 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2024-10-27T01:00:00Z", 3600},
        {"EST5EDT,M3.2.0,M11.1.0", "2050-03-13T06:59:59Z", -18000},
        {"EST5EDT,M3.2.0,M11.1.0", "2050-03-13T07:00:00Z", -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2050-11-06T06:00:00Z", -18000},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2024-01-15T00:00:00Z", 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2024-04-06T15:59:59Z", 39600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2024-04-06T16:00:00Z", 36000},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2024-12-31T23:59:59Z", 39600},
        {"<+0330>-3:30", "2024-07-01T00:00:00Z", 12600},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2024-03-31T00:59:59Z", -10800},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2024-03-31T01:00:00Z", -7200},
        {"XXX-2XXY,J60,J300", "2024-02-29T23:59:59Z", 7200}, /* J60 is always 1 March */
        {"XXX-2XXY,J60,J300", "2024-03-01T00:00:00Z", 10800},
        {"XXX-2XXY,59,J300", "2024-02-29T00:00:00Z", 10800}, /* day 59 from 0: 29 February */
        {"UTC0", "1900-01-01T00:00:00Z", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wr_zone *zone;
        assert_int_equal(read_rule(0, cases[i].rule, &zone), WR_OK);
        int offset = wr_zone_offset(zone, instant_of(cases[i].instant));
        if (offset != cases[i].offset)
            fail_msg("%s at %s: %d", cases[i].rule, cases[i].instant, offset);
        wr_zone_free(zone);
    }
}

static void test_no_rules(void **state) {
    (void)state;
    static const char *const rules[] = {"C",
                                        "CET",
                                        "CET-1CEST",
                                        "CET-1CEST,",
                                        "CET-1CEST,M3",
                                        "CET-1CEST,M3.5.0",
                                        "CET-1CEST,M13.5.0,M10.5.0",
                                        "CET-1CEST,M3.6.0,M10.5.0",
                                        "CET-1CEST,M3.5.7,M10.5.0",
                                        "CET-1CEST,J0,J9",
                                        "CET-1CEST,J366,J9",
                                        "CET-1CEST,M3.5.0,M10.5.0x",
                                        "CET-99",
                                        "<+03-3",
                                        "CET-1:60"};
    struct wr_zone *zone;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        assert_int_equal(read_rule(0, rules[i], &zone), WR_ERR_DATA);
        assert_null(zone);
    }
    assert_int_equal(read_rule(5400, "", &zone), WR_OK); /* the offset of the type */
    assert_int_equal(wr_zone_offset(zone, 0), 5400);
    wr_zone_free(zone);
    unsigned char bytes[256];
    size_t size = make_file(bytes, 0, "UTC0");
    for (size_t i = 0; i < size; i++)
        assert_int_equal(wr_zone_read("x", bytes, i, &zone, NULL), WR_ERR_DATA);
}

/* Makes a block of three transitions between two types; returns where it ends. */
static unsigned char *make_block(unsigned char *at, int wide) {
    memset(at, 0, 44);
    memcpy(at, "TZif2", 5);
    at[35] = 3; /* transitions */
    at[39] = 2; /* types */
    at[43] = 8; /* letters */
    at += 44;
    for (int i = 1; i <= 3; i++, at += wide) {
        memset(at, 0, (size_t)wide);
        at[wide - 2] = (unsigned char)i;
    }
    memcpy(at, "\1\0\1", 3);
    memcpy(at + 3, "\0\0\0\0\0\0\0\0\x0e\x10\1\4", 12); /* 0 s, 3600 s */
    memcpy(at + 15, "XXX\0YYY", 8);
    return at + 23;
}

/* Every file that ends early, in memory that ends with it; and counts larger than any file. */
static void test_cut_off(void **state) {
    (void)state;
    unsigned char whole[256], *end = make_block(make_block(whole, 4), 8);
    memcpy(end, "\nXXX0\n", 6);
    size_t size = (size_t)(end + 6 - whole);
    struct wr_zone *zone;
    assert_int_equal(wr_zone_read("x", whole, size, &zone, NULL), WR_OK);
    assert_int_equal(wr_zone_offset(zone, 255), 0);
    assert_int_equal(wr_zone_offset(zone, 256), 3600);
    assert_int_equal(wr_zone_offset(zone, 512), 0);
    wr_zone_free(zone);
    for (size_t length = 0; length < size; length++) {
        unsigned char *cut = malloc(length > 0 ? length : 1);
        assert_non_null(cut);
        memcpy(cut, whole, length);
        assert_int_equal(wr_zone_read("x", cut, length, &zone, NULL), WR_ERR_DATA);
        assert_null(zone);
        free(cut);
    }
    for (size_t i = 20; i < 44; i++) {
        unsigned char *large = malloc(size);
        assert_non_null(large);
        memcpy(large, whole, size);
        large[i] = 0x0f;
        assert_int_equal(wr_zone_read("x", large, size, &zone, NULL), WR_ERR_DATA);
        free(large);
    }
}

static void test_local(void **state) {
    (void)state;
    struct wr_zone *zone;
    int64_t instants[2];
    assert_int_equal(read_rule(3600, "CET-1CEST,M3.5.0,M10.5.0/3", &zone), WR_OK);
    assert_int_equal(wr_zone_instants(zone, instant_of("2024-10-27T02:30:00"), instants), 2);
    assert_int_equal(instants[0], instant_of("2024-10-27T00:30:00Z"));
    assert_int_equal(instants[1], instant_of("2024-10-27T01:30:00Z"));
    assert_int_equal(wr_zone_instants(zone, instant_of("2024-10-27T01:59:59"), instants), 1);
    assert_int_equal(wr_zone_instants(zone, instant_of("2024-10-27T03:00:00"), instants), 1);
    assert_int_equal(instants[0], instant_of("2024-10-27T02:00:00Z"));
    assert_int_equal(wr_zone_instants(zone, instant_of("2024-03-31T02:00:00"), instants), 0);
    assert_int_equal(instants[0], instant_of("2024-03-31T01:00:00Z")); /* shown as 03:00 */
    assert_int_equal(wr_zone_instants(zone, instant_of("2024-03-31T03:00:00"), instants), 1);
    assert_int_equal(instants[0], instant_of("2024-03-31T01:00:00Z"));
    wr_zone_free(zone);
}

static void test_names(void **state) {
    (void)state;
    static const char *const names[] = {"",          "/etc/passwd", "../passwd", "Europe/../Test",
                                        "Test/None", "a b",         "Test",      "Test/Empty"};
    char folder[] = "zones.XXXXXX", path[64];
    unsigned char bytes[256];
    struct wr_zone *zone;
    struct wr_error error = {0};
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("TZDIR", folder, 1), 0);
    snprintf(path, sizeof path, "%s/Test", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/Test/Zone", folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    size_t size = make_file(bytes, 3600, "CET-1");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    snprintf(path, sizeof path, "%s/Test/Empty", folder);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(wr_zone_open("Test/Zone", &zone, &error), WR_OK);
    assert_int_equal(wr_zone_offset(zone, 0), 3600);
    wr_zone_free(zone);
    assert_int_equal(wr_zone_open("UTC", &zone, &error), WR_OK); /* needs no file */
    assert_int_equal(wr_zone_offset(zone, 1700000000), 0);
    wr_zone_free(zone);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "\"%s\"", names[i]);
        assert_int_equal(wr_zone_open(names[i], &zone, &error), WR_ERR_DATA);
        assert_null(zone);
        assert_non_null(strstr(error.text, quoted));
    }
    unlink(path);
    snprintf(path, sizeof path, "%s/Test/Zone", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/Test", folder);
    rmdir(path);
    rmdir(folder);
    unsetenv("TZDIR");
}

/* The zones of the system agree with the C library. */
static void test_system(void **state) {
    (void)state;
    static const char *const names[] = {
        "Europe/Berlin", "America/New_York", "America/Sao_Paulo",   "America/Santiago",
        "Asia/Kolkata",  "Asia/Tehran",      "Australia/Lord_Howe", "Africa/Casablanca",
        "Asia/Gaza",     "Pacific/Apia",     "America/Nuuk",        "Europe/Dublin"};
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) != 0)
        skip();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct wr_zone *zone;
        assert_int_equal(wr_zone_open(names[i], &zone, NULL), WR_OK);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t t = -3000000000; t < 5000000000; t += 123457) {
            time_t time = (time_t)t;
            struct tm tm;
            int64_t instants[2];
            assert_non_null(localtime_r(&time, &tm));
            int offset = wr_zone_offset(zone, t);
            if (offset != tm.tm_gmtoff)
                fail_msg("%s at %lld: %d, not %ld", names[i], (long long)t, offset, tm.tm_gmtoff);
            int count = wr_zone_instants(zone, t + offset, instants);
            assert_true(count >= 1 && (instants[0] == t || (count == 2 && instants[1] == t)));
        }
        wr_zone_free(zone);
    }
    unsetenv("TZ");
    tzset();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),   cmocka_unit_test(test_no_rules),
        cmocka_unit_test(test_cut_off), cmocka_unit_test(test_local),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
