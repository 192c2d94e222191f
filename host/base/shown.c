/* Text from outside: checks that it is UTF-8, and makes it safe for a terminal. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"

/* The length of the UTF-8 sequence at the start of the text, which has `most` bytes or ends with
 * '\0'. 0 if there is none: overlong sequences and surrogates are invalid. */
static size_t sequence_length(const unsigned char *text, size_t most) {
    unsigned char first = text[0];
    size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first > 0xf4 || length > most)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) /* true at the end of the text too */
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

/* C0, DEL and C1 control characters; C1 are two bytes in UTF-8. */
static bool is_control(const unsigned char *text) {
    return text[0] < 0x20 || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

/* U+061C, U+200E, U+200F, U+2028 to U+202E and U+2066 to U+2069: line ends, and characters that
 * change the direction of text. */
static bool is_turn(const unsigned char *text) {
    if (text[0] == 0xd8)
        return text[1] == 0x9c;
    return text[0] == 0xe2 && ((text[1] == 0x80 && (text[2] == 0x8e || text[2] == 0x8f ||
                                                    (text[2] >= 0xa8 && text[2] <= 0xae))) ||
                               (text[1] == 0x81 && text[2] >= 0xa6 && text[2] <= 0xa9));
}

enum { UNIT = 13 }; /* three bytes written as \xe2\x80\xae, and '\0' */

/* Writes the next character of the text as it is shown into unit. Returns the number of its bytes
 * in the text. */
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

/* wr_shown, but returns the rest of the text that did not fit. */
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
