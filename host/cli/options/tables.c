/* Tables of options, as all that walk over options see them. */
#include <stdlib.h>
#include <string.h>

#include "cli/options/options.h"

static void add_group(const struct option_group *group, size_t at, bool bare,
                      struct option_table *table) {
    for (size_t i = 0; i < group->count; i++) {
        const struct option_spec *row = &group->rows[i];
        if (row->group != NULL) {
            add_group(row->group, at + row->at, bare || row->bare, table);
            continue;
        }
        if (table->count == OPTIONS_MOST)
            abort(); /* the build fails: windrow_manpage reads every table */
        struct option_spec *spec = &table->specs[table->count++];
        *spec = *row;
        spec->at += at;
        if (bare)
            spec->fallback = spec->otherwise = NULL;
    }
}

void option_table_make(const struct option_group *group, struct option_table *table) {
    table->count = 0;
    add_group(group, 0, false, table);
}

const struct option_spec *option_table_kind(const struct option_table *table,
                                            enum option_kind kind) {
    for (size_t i = 0; i < table->count; i++)
        if (table->specs[i].kind == kind)
            return &table->specs[i];
    return NULL;
}

const struct option_spec *option_table_named(const struct option_table *table, const char *name,
                                             size_t length) {
    for (size_t i = 0; i < table->count; i++) {
        const struct option_spec *spec = &table->specs[i];
        if (option_is_named(spec) && strlen(spec->name) == length &&
            strncmp(spec->name, name, length) == 0)
            return spec;
    }
    return NULL;
}

bool option_table_has_lists(const struct option_table *table) {
    return option_table_kind(table, OPTION_SIZES) != NULL ||
           option_table_kind(table, OPTION_REALS) != NULL;
}

struct option_spec option_spec_at(const struct option_group *group, size_t at) {
    struct option_table table;
    option_table_make(group, &table);
    for (size_t i = 0; i < table.count; i++)
        if (table.specs[i].at == at)
            return table.specs[i];
    abort();
}

bool option_is_named(const struct option_spec *spec) {
    return spec->kind != OPTION_OPERAND && spec->kind != OPTION_OPERANDS;
}

const union option_value *option_at(const void *options, size_t at) {
    const void *place = (const char *)options + at;
    return place;
}

union option_value *option_in(void *options, size_t at) {
    void *place = (char *)options + at;
    return place;
}

const char *options_given(const struct option_group *group, const void *options) {
    struct option_table table;
    option_table_make(group, &table);
    for (size_t i = 0; i < table.count; i++)
        if (option_at(options, table.specs[i].at)->head.given)
            return table.specs[i].name;
    return NULL;
}
