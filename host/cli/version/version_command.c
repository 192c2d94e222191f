/* windrow version: what this windrow is, for reports of faults. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "backend/cpu/cpu.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/io/json_write.h"
#include "cli/version/version_options.h"
#include "sweep/store.h"
#include "windrow/version.h"

#ifdef WINDROW_OPENCL
#define HAS_OPENCL true
#else
#define HAS_OPENCL false
#endif
#ifdef WINDROW_MPI
#define HAS_MPI true
#else
#define HAS_MPI false
#endif
#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "GCC " __VERSION__
#endif

/* The engines that were built, with blanks between. */
static const char engines[] = WINDROW_BUILT_ENGINES;

void version_print(void) {
    printf("windrow %s (numerics %d)\n", wr_version(), WR_NUMERICS_VERSION);
}

/* engine: the name of the one in use; NULL: there is none, and why says why. */
static void print_lines(const char *engine, const char *why) {
    version_print();
    if (engine != NULL)
        printf("engines   %s; in use: %s\n", engines, engine);
    else
        printf("engines   %s; in use: none (%s)\n", engines, why);
    printf("OpenCL    %s\n", HAS_OPENCL ? "built in" : "not built in");
    printf("MPI       %s\n", HAS_MPI ? "built in" : "not built in");
    printf("SQLite    %s\n", sqlite3_libversion());
    printf("studies   schema %d\n", WR_STUDY_SCHEMA);
    printf("compiler  %s\n", COMPILER);
}

static json_t *engine_array(void) {
    json_t *array = json_array();
    for (const char *name = engines; *name != '\0'; name += strspn(name, " ")) {
        size_t length = strcspn(name, " ");
        array = wr_json_push(array, json_stringn(name, length));
        name += length;
    }
    return array;
}

/* engine: NULL if there is none. */
static wr_status print_json(const char *engine, struct wr_error *error) {
    json_t *object = json_pack(
        "{s:i, s:o, s:s?, s:b, s:b, s:s, s:i, s:s}", "numerics", WR_NUMERICS_VERSION, "engines",
        engine_array(), "engine", engine, "opencl", (int)HAS_OPENCL, "mpi", (int)HAS_MPI, "sqlite",
        sqlite3_libversion(), "study_schema", WR_STUDY_SCHEMA, "compiler", COMPILER);
    return json_print(object, "windrow.version/1", error);
}

wr_status version_command(const struct version_options *options, struct wr_error *error) {
    const char *engine = NULL;
    struct wr_error why = {0};
    wr_cpu_engine_name(&engine, &why); /* a wrong WINDROW_CPU is a fact to report, not a failure */
    wr_status status = WR_OK;
    if (options->json.given)
        status = print_json(engine, error);
    else
        print_lines(engine, why.text);
    wr_error_release(&why);
    return status;
}
