/* Reads JSON (RFC 8259) from text that may be made to break its reader. Jansson's own reader drops
 * bytes of strings, or ends the process, if memory runs out. */
#include <errno.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/json.h"

enum { DEPTH_MOST = 2048, NUMBER_MOST = 127 };

struct reader {
    const char *text, *at, *end;
    unsigned depth;
    struct wr_json_flaw *flaw;
};

/* Returns NULL and notes what is wrong at this byte. */
static json_t *fail(struct reader *r, const char *what) {
    *r->flaw = (struct wr_json_flaw){.what = what, .at = (size_t)(r->at - r->text)};
    return NULL;
}

static json_t *exhausted(struct reader *r) {
    *r->flaw = (struct wr_json_flaw){.what = "memory is exhausted", .exhausted = true};
    return NULL;
}

static json_t *or_exhausted(struct reader *r, json_t *value) {
    return value != NULL ? value : exhausted(r);
}

/* The position of the byte in a list of bytes; NULL if it is not there. */
static const char *find(const char *list, char byte) {
    return byte != '\0' ? strchr(list, byte) : NULL;
}

static char peek(const struct reader *r) {
    return r->at < r->end ? *r->at : '\0';
}

static void skip_blanks(struct reader *r) {
    while (r->at < r->end && find(" \t\n\r", *r->at) != NULL)
        r->at++;
}

static bool take(struct reader *r, char c) {
    skip_blanks(r);
    if (peek(r) != c)
        return false;
    r->at++;
    return true;
}

/* ---- strings ---- */

/* Reads four hexadecimal digits; UINT32_MAX if they are not there. */
static uint32_t read_hex(const char *from, const char *end) {
    static const char digits[] = "0123456789abcdefABCDEF";
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = end - from > i ? find(digits, from[i]) : NULL;
        if (digit == NULL)
            return UINT32_MAX;
        uint32_t place = (uint32_t)(digit - digits);
        value = value << 4 | (place < 16 ? place : place - 6);
    }
    return value;
}

static char *put_utf8(char *to, uint32_t code) {
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    *to++ = (char)(lead[more] | code >> (6 * more));
    while (more-- > 0)
        *to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
    return to;
}

/* Reads what follows a backslash, and moves *from behind it; NULL if it is no valid escape. */
static char *read_escape(const char **from, const char *end, char *to) {
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter = *from < end ? find(letters, **from) : NULL;
    if (letter != NULL) {
        ++*from;
        *to++ = meant[letter - letters];
        return to;
    }
    if (*from == end || **from != 'u')
        return NULL;
    uint32_t code = read_hex(*from + 1, end);
    *from += 5;
    if (code >= 0xd800 && code < 0xdc00) { /* the first of two surrogates */
        bool two = end - *from >= 6 && (*from)[0] == '\\' && (*from)[1] == 'u';
        uint32_t second = two ? read_hex(*from + 2, end) : 0;
        if (second < 0xdc00 || second >= 0xe000)
            return NULL;
        *from += 6;
        return put_utf8(to, 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00));
    }
    bool usable = code != 0 && code < 0x10000 && !(code >= 0xdc00 && code < 0xe000);
    return usable ? put_utf8(to, code) : NULL;
}

/* Starts behind the opening quote. The caller frees *string, which contains no '\0'. False after a
 * failure. */
static bool read_string(struct reader *r, char **string, size_t *length) {
    const char *close = r->at;
    while (close < r->end && *close != '"' && (unsigned char)*close >= ' ')
        close += *close == '\\' && r->end - close > 1 ? 2 : 1;
    if (close == r->end || *close != '"' || !wr_is_utf8(r->at, (size_t)(close - r->at))) {
        fail(r, "a string that is not closed, or no UTF-8");
        return false;
    }
    char *to = *string =
        malloc((size_t)(close - r->at) + 1); /* an escape is longer than its meaning */
    if (to == NULL) {
        exhausted(r);
        return false;
    }
    while (r->at < close && to != NULL)
        if (*r->at == '\\') {
            r->at++;
            to = read_escape(&r->at, close, to);
        } else {
            *to++ = *r->at++;
        }
    if (to == NULL) {
        free(*string);
        fail(r, "a backslash in a string that means nothing");
        return false;
    }
    *to = '\0';
    *length = (size_t)(to - *string);
    r->at = close + 1;
    return true;
}

/* ---- numbers and words ---- */

static size_t count_digits(const char *text) {
    return strspn(text, "0123456789");
}

/* The length of the number that text starts with; 0 if it starts with none. */
static size_t measure_number(const char *text, bool *whole) {
    const char *at = text + (*text == '-');
    size_t digits = count_digits(at);
    if (digits == 0 || (digits > 1 && *at == '0'))
        return 0;
    at += digits;
    *whole = true;
    if (*at == '.') {
        digits = count_digits(at + 1);
        *whole = false;
        if (digits == 0)
            return 0;
        at += 1 + digits;
    }
    if (*at == 'e' || *at == 'E') {
        const char *power = at + 1 + (at[1] == '+' || at[1] == '-');
        digits = count_digits(power);
        *whole = false;
        if (digits == 0)
            return 0;
        at = power + digits;
    }
    return (size_t)(at - text);
}

static json_t *read_number(struct reader *r) {
    char text[NUMBER_MOST + 1] = "";
    size_t left = (size_t)(r->end - r->at), room = left < NUMBER_MOST ? left : NUMBER_MOST;
    bool whole;
    memcpy(text, r->at, room);
    text[room] = '\0';
    size_t length = measure_number(text, &whole);
    if (length == 0 || (length == room && room < left))
        return fail(r, "neither a value nor a number of at most 126 characters");
    text[length] = '\0';
    json_t *value;
    errno = 0;
    if (whole) {
        long long number = strtoll(text, NULL, 10);
        if (errno == ERANGE)
            return fail(r, "a whole number that does not fit 64 bits");
        value = json_integer(number);
    } else {
        locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (c == (locale_t)0)
            return exhausted(r);
        double number = strtod_l(text, NULL, c);
        freelocale(c);
        value = json_real(number);
        if (number - number != 0)
            return fail(r, "a number that does not fit a double");
    }
    r->at += length;
    return or_exhausted(r, value);
}

static bool take_word(struct reader *r, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
        return false;
    r->at += length;
    return true;
}

/* ---- values ---- */

static json_t *read_value(struct reader *r);

/* Reads a member and adds it to the object; takes over the object. NULL after a failure. */
static json_t *read_member(struct reader *r, json_t *object) {
    char *key;
    size_t length;
    json_t *value = NULL;
    if (!take(r, '"'))
        fail(r, "a member without a name in quotes");
    else if (read_string(r, &key, &length)) {
        if (json_object_get(object, key) != NULL)
            fail(r, "a duplicate name");
        else if (!take(r, ':'))
            fail(r, "a name without a colon behind it");
        else
            value = read_value(r);
        if (value != NULL) {
            json_t *grown = wr_json_put(object, key, value);
            free(key);
            return or_exhausted(r, grown);
        }
        free(key);
    }
    json_decref(object);
    return NULL;
}

static json_t *read_element(struct reader *r, json_t *array) {
    json_t *value = read_value(r);
    if (value != NULL)
        return or_exhausted(r, wr_json_push(array, value));
    json_decref(array);
    return NULL;
}

/* Starts behind the opening bracket. */
static json_t *read_many(struct reader *r, json_t *many, char close,
                         json_t *(*read)(struct reader *r, json_t *many)) {
    if (many == NULL || take(r, close))
        return or_exhausted(r, many);
    do
        many = read(r, many);
    while (many != NULL && take(r, ','));
    if (many == NULL || take(r, close))
        return many;
    json_decref(many);
    return fail(r, "neither a comma nor the closing bracket");
}

static json_t *read_value(struct reader *r) {
    char *string;
    size_t length;
    json_t *value = NULL;
    if (r->depth == DEPTH_MOST)
        return fail(r, "brackets that are too deep");
    r->depth++;
    if (take(r, '{')) {
        value = read_many(r, json_object(), '}', read_member);
    } else if (take(r, '[')) {
        value = read_many(r, json_array(), ']', read_element);
    } else if (take(r, '"')) {
        if (read_string(r, &string, &length)) {
            value = or_exhausted(r, json_stringn_nocheck(string, length));
            free(string);
        }
    } else if (take_word(r, "true")) {
        value = json_true();
    } else if (take_word(r, "false")) {
        value = json_false();
    } else if (take_word(r, "null")) {
        value = json_null();
    } else {
        value = read_number(r);
    }
    r->depth--;
    return value;
}

json_t *wr_json_read(const char *text, size_t length, struct wr_json_flaw *flaw) {
    struct reader r = {.text = text, .at = text, .end = text + length, .flaw = flaw};
    *flaw = (struct wr_json_flaw){0};
    skip_blanks(&r);
    if (peek(&r) != '{' && peek(&r) != '[')
        return fail(&r, "neither an object nor an array");
    json_t *value = read_value(&r);
    skip_blanks(&r);
    if (value == NULL || r.at == r.end)
        return value;
    json_decref(value);
    return fail(&r, "text behind the end");
}
