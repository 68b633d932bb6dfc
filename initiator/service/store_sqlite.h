/* The store in a file, with another history of its schema than the program's own. */
#ifndef RIG_SERVICE_STORE_SQLITE_H
#define RIG_SERVICE_STORE_SQLITE_H

#include "rig/store.h"

/* svc_sqlite_open is rig_store_sqlite_open for a program whose version is num_steps: steps[n] is the SQL that
 * makes version n + 1 of version n. A store of an earlier version goes through the steps it lacks, all of
 * them or none. */
rig_status svc_sqlite_open(const rig_alloc *alloc, const char *path, const char *const *steps,
                           uint32_t num_steps, rig_store **out_store, rig_error *err);

#endif
