/* The list of backends. Other code finds a backend here, by a selector or by its properties, and
 * names none of them but "cpu", where the reference is meant. */
#ifndef WR_REGISTRY_H
#define WR_REGISTRY_H

#include "backend/backend.h"

enum { WR_BACKENDS = 2 };
/* In the order in which devices are listed and `auto` looks for a GPU. */
extern const struct wr_backend *const wr_backends[WR_BACKENDS];

/* The backend whose bits are the definition. */
const struct wr_backend *wr_backend_reference(void);
/* Opens its device. */
wr_status wr_reference_open(struct wr_device **device, struct wr_error *error);
/* The backend that the selector begins with, up to a colon: "opencl:0.0" gives opencl. The rest may
 * be wrong (wr_is_selector). NULL if there is none. */
const struct wr_backend *wr_backend_find(const char *selector);
/* Whether the selector is the backend's name or the id of a device of it that may exist. */
bool wr_is_selector(const struct wr_backend *backend, const char *selector);
/* Whether the selector leaves the choice of a device to us: "auto", or the name of a backend that
 * may have several. */
bool wr_is_choice(const char *selector);
/* WR_ERR_USAGE: tells which selectors there are. */
wr_status wr_refuse_selector(const char *selector, struct wr_error *error);
/* Refuses environment variables whose values have no meaning to any backend. */
wr_status wr_check_environment(struct wr_error *error);

/* The tables. Only registry.c and the backend's own folder name one. */
extern const struct wr_backend wr_backend_cpu, wr_backend_opencl;

#endif
