/* Torn trials of a study of schema 1 have ended, but lack their loss curve or the parameters that
 * should have been kept. Windrow 0.1 could leave such trials when a commit met a full disk. */
#include <stdlib.h>

#include "sweep/store.h"

static wr_status add(struct wr_study *study, int64_t id, size_t *room, struct wr_error *error) {
    if (study->torn_count == *room) {
        *room = *room * 2 + 64;
        int64_t *grown = realloc(study->torn, *room * sizeof *grown);
        if (grown == NULL)
            return wr_fail(error, WR_ERR_MEMORY, "%s: no memory for a list of trials", study->path);
        study->torn = grown;
    }
    study->torn[study->torn_count++] = id;
    return WR_OK;
}

static wr_status add_all(struct wr_query *query, size_t *room, struct wr_error *error) {
    wr_status status = WR_OK;
    while (status == WR_OK && wr_query_row(query))
        status = add(query->study, sqlite3_column_int64(query->statement, 0), room, error);
    return wr_query_end(query, status, "be read", error);
}

/* All losses of a trial that is done are finite, so all points of its curve must be there. A trial
 * that diverged must have points from before that. */
static wr_status find_without_curve(struct wr_study *study, const struct wr_study_facts *facts,
                                    size_t *room, struct wr_error *error) {
    struct wr_query query = wr_query(
        study, "SELECT id FROM trial WHERE (status = 'done' AND ?2 <> (SELECT count(*) FROM curve"
               " WHERE trial = id AND epoch BETWEEN 0 AND ?1 AND abs(loss) < 9e999)) OR"
               " (status = 'diverged' AND diverged_at > 0 AND ?2 > 1 AND"
               " NOT EXISTS (SELECT 1 FROM curve WHERE trial = id))");
    wr_bind_size(&query, facts->epochs - 1);
    wr_bind_size(&query, facts->points);
    return add_all(&query, room, error);
}

static wr_status find_without_parameters(struct wr_study *study, size_t keep, size_t *room,
                                         struct wr_error *error) {
    struct wr_query query =
        wr_query(study, "SELECT id FROM (SELECT id FROM best LIMIT ?) WHERE"
                        " NOT EXISTS (SELECT 1 FROM parameters WHERE trial = id)");
    wr_bind_size(&query, keep);
    return add_all(&query, room, error);
}

static int compare_ids(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void sort(struct wr_study *study) {
    size_t count = 0;
    if (study->torn_count == 0)
        return;
    qsort(study->torn, study->torn_count, sizeof *study->torn, compare_ids);
    for (size_t i = 0; i < study->torn_count; i++)
        if (count == 0 || study->torn[i] != study->torn[count - 1])
            study->torn[count++] = study->torn[i];
    study->torn_count = count;
}

wr_status wr_study_find_torn(struct wr_study *study, const struct wr_study_facts *facts,
                             struct wr_error *error) {
    size_t room = 0;
    wr_status status = WR_OK;
    if (study->schema != 1)
        return WR_OK;
    if (facts->epochs > 0 && facts->points > 0 && facts->points <= facts->epochs)
        status = find_without_curve(study, facts, &room, error);
    if (status == WR_OK && facts->keep > 0)
        status = find_without_parameters(study, facts->keep, &room, error);
    sort(study);
    return status;
}

bool wr_study_is_torn(const struct wr_study *study, int64_t id) {
    return study->torn_count > 0 && !study->mended &&
           bsearch(&id, study->torn, study->torn_count, sizeof id, compare_ids) != NULL;
}

size_t wr_study_torn(const struct wr_study *study) {
    return study->torn_count;
}

wr_status wr_study_mend(struct wr_study *study, struct wr_error *error) {
    static const char *const statements[] = {
        "UPDATE trial SET status = 'pending', why = NULL, loss = NULL, validation_loss = NULL,"
        " score = NULL, diverged_at = NULL, epochs = NULL, hash = NULL, device = NULL,"
        " seconds = NULL, version = NULL WHERE id = ?",
        "DELETE FROM curves WHERE trial = ?", "DELETE FROM parameters WHERE trial = ?",
        "DELETE FROM checkpoint WHERE trial = ?"};
    wr_status status = WR_OK;
    for (size_t s = 0; s < sizeof statements / sizeof *statements && status == WR_OK; s++) {
        struct wr_query query = wr_query(study, statements[s]);
        bool ok = true;
        for (size_t i = 0; i < study->torn_count && ok; i++) {
            wr_bind_int(&query, study->torn[i]);
            ok = wr_query_run(&query);
        }
        status = wr_query_end(&query, status, "be mended", error);
    }
    study->mended = status == WR_OK;
    return status;
}
