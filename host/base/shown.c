/* Text that came from outside: whether it is UTF-8, and as a terminal may be given it. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"

/* The bytes of the UTF-8 sequence that the text, of `most` bytes or up to its '\0', begins with, at
 * its shortest and no half of a surrogate pair; 0 where it begins with none. */
static size_t sequence_length(const unsigned char *text, size_t most) {
    unsigned char first = text[0];
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first > 0xf4 || length > most)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) /* the end of the text too */
            return 0;
    bool bad = (first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
               (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f);
    return bad ? 0 : length;
}

bool wr_is_utf8(const char *text, size_t length) {
    while (length > 0) {
        size_t next = sequence_length((const unsigned char *)text, length);
        if (next == 0)
            return false;
        text += next;
        length -= next;
    }
    return true;
}

/* C0, DEL, and C1, which UTF-8 writes in two bytes. */
static bool is_control(const unsigned char *text) {
    return text[0] < 0x20 || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

/* U+061C, U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069: ends of lines, and what turns the
 * direction of the text around it. */
static bool is_turn(const unsigned char *text) {
    if (text[0] == 0xd8)
        return text[1] == 0x9c;
    return text[0] == 0xe2 && ((text[1] == 0x80 && (text[2] == 0x8e || text[2] == 0x8f ||
                                                    (text[2] >= 0xa8 && text[2] <= 0xae))) ||
                               (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9));
}

enum { UNIT = 13 }; /* three bytes as \xe2\x80\xae, and the end */

/* The next character of the text as it is shown, and how many of its own bytes that takes up. */
static size_t show_next(const char *text, char unit[UNIT]) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = sequence_length(bytes, SIZE_MAX);
    if (length > 0 && !is_control(bytes) && !is_turn(bytes)) {
        memcpy(unit, text, length);
        unit[length] = '\0';
        return length;
    }
    length = length > 0 ? length : 1;
    for (size_t i = 0; i < length; i++)
        snprintf(unit + 4 * i, 5, "\\x%02x", (unsigned)bytes[i]);
    return length;
}

/* wr_shown; returns what did not fit. */
static const char *show(const char *text, char *shown, size_t size) {
    char unit[UNIT], *to = shown;
    *to = '\0';
    while (*text != '\0') {
        size_t taken = show_next(text, unit);
        if (strlen(unit) >= size - (size_t)(to - shown))
            break;
        to = stpcpy(to, unit);
        text += taken;
    }
    return text;
}

char *wr_shown(const char *text, char *shown, size_t size) {
    show(text, shown, size);
    return shown;
}

const char *wr_excerpt(const char *text, char to[WR_EXCERPT]) {
    static const char dots[] = "...";
    if (*show(text, to, WR_EXCERPT) != '\0') {
        show(text, to, WR_EXCERPT - strlen(dots));
        strcat(to, dots);
    }
    return to;
}

void wr_print_shown(FILE *file, const char *text) {
    char unit[UNIT];
    while (*text != '\0') {
        text += show_next(text, unit);
        fputs(unit, file);
    }
}

void wr_print_lines(FILE *file, const char *text) {
    char unit[UNIT];
    while (*text != '\0') {
        if (*text == '\n' || *text == '\t') {
            fputc(*text++, file);
            continue;
        }
        text += show_next(text, unit);
        fputs(unit, file);
    }
}
