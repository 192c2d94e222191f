#include "backend/registry.h"

#include "backend/optional.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct wr_backend *const wr_backends[WR_BACKENDS] = {&wr_backend_cpu, &wr_backend_opencl};

enum { MOST_DIGITS = 9 }; /* of a number in an id */

const struct wr_backend *wr_backend_reference(void) {
    const struct wr_backend *reference = wr_backends[0];
    for (size_t b = 0; b < WR_BACKENDS; b++)
        if (wr_backends[b]->reference)
            reference = wr_backends[b];
    return reference;
}

wr_status wr_reference_open(struct wr_device **device, struct wr_error *error) {
    return wr_backend_reference()->open_device(0, NULL, device, error);
}

const struct wr_backend *wr_backend_find(const char *selector) {
    size_t length = strcspn(selector, ":");
    for (size_t b = 0; b < WR_BACKENDS; b++)
        if (strlen(wr_backends[b]->name) == length &&
            memcmp(wr_backends[b]->name, selector, length) == 0)
            return wr_backends[b];
    return NULL;
}

/* Whether the text has the form: a capital of the form stands for a decimal number. */
static bool has_form(const char *text, const char *form) {
    for (; *form != '\0'; form++) {
        size_t digits = strspn(text, "0123456789");
        bool number = isupper((unsigned char)*form);
        if (number ? digits == 0 || digits > MOST_DIGITS : *text != *form)
            return false;
        text += number ? digits : 1;
    }
    return *text == '\0';
}

bool wr_is_selector(const struct wr_backend *backend, const char *selector) {
    return strcmp(selector, backend->name) == 0 ||
           (backend->ids != NULL && has_form(selector, backend->ids));
}

bool wr_is_choice(const char *selector) {
    const struct wr_backend *backend = wr_backend_find(selector);
    return strcmp(selector, "auto") == 0 ||
           (backend != NULL && backend->ids != NULL && strcmp(selector, backend->name) == 0);
}

/* Appends to text[256], as far as there is room. */
static void add(char *text, const char *before, const char *word) {
    size_t length = strlen(text);
    snprintf(text + length, 256 - length, "%s%s", before, word);
}

wr_status wr_refuse_selector(const char *selector, struct wr_error *error) {
    const char *words[2 * WR_BACKENDS];
    char expected[256] = "auto", examples[256] = "", example[32];
    size_t count = 0;
    for (size_t b = 0; b < WR_BACKENDS; b++) {
        const struct wr_backend *backend = wr_backends[b];
        words[count++] = backend->name;
        if (backend->ids == NULL)
            continue;
        words[count++] = backend->ids;
        snprintf(example, sizeof example, "%s", backend->ids);
        for (char *c = example; *c != '\0'; c++)
            *c = isupper((unsigned char)*c) ? '0' : *c;
        add(examples, examples[0] == '\0' ? " (such as " : ", ", example);
    }
    for (size_t i = 0; i < count; i++)
        add(expected, i + 1 < count ? ", " : " or ", words[i]);
    return wr_fail(error, WR_ERR_USAGE, "\1selector=%s\1: expected %s%s%s", selector, expected,
                   examples, examples[0] == '\0' ? "" : ")");
}

wr_status wr_check_environment(struct wr_error *error) {
    wr_status status = WR_OK;
    for (size_t b = 0; b < WR_BACKENDS && status == WR_OK; b++)
        status = wr_backend_check_environment(wr_backends[b], error);
    return status;
}
