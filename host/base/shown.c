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

/* The next character of the text as it is shown, at most 8 bytes, and how many of its own bytes
 * that takes up. */
static size_t show_next(const char *text, char unit[9]) {
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = sequence_length(bytes, SIZE_MAX);
    if (length > 0 && !is_control(bytes)) {
        memcpy(unit, text, length);
        unit[length] = '\0';
        return length;
    }
    length = length > 0 ? length : 1;
    for (size_t i = 0; i < length; i++)
        snprintf(unit + 4 * i, 5, "\\x%02x", (unsigned)bytes[i]);
    return length;
}

char *wr_shown(const char *text, char *shown, size_t size) {
    char unit[9], *to = shown;
    *to = '\0';
    while (*text != '\0') {
        text += show_next(text, unit);
        if (strlen(unit) >= size - (size_t)(to - shown))
            break;
        to = stpcpy(to, unit);
    }
    return shown;
}

void wr_print_shown(FILE *file, const char *text) {
    char unit[9];
    while (*text != '\0') {
        text += show_next(text, unit);
        fputs(unit, file);
    }
}
