/* What the two stores agree on: which rows there can be. */
#ifndef RIG_SERVICE_STORE_ROW_H
#define RIG_SERVICE_STORE_ROW_H

#include "rig/store.h"

/* svc_store_row_check refuses a row that not every store could keep: RIG_E_LIMIT. Numbers end where SQLite's
 * do. */
rig_status svc_store_row_check(const char *kind, uint64_t id, rig_view body, rig_error *err);

#endif
