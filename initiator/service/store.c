/* What holds for any store. */
#include <inttypes.h>

#include "store_row.h"

rig_status svc_store_row_check(const char *kind, uint64_t id, rig_view body, rig_error *err)
{
    const size_t len = strlen(kind);
    if (len == 0 || len > RIG_STORE_KIND_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a kind of rows has 1 to %d bytes", RIG_STORE_KIND_MAX);
    if (id > INT64_MAX)
        return rig_fail(err, RIG_E_LIMIT, "rows are numbered up to %" PRIi64, INT64_MAX);
    if (body.len > RIG_STORE_BODY_MAX)
        return rig_fail(err, RIG_E_LIMIT, "%s %" PRIu64 " is too large for the store: %zu bytes, at most %d",
                        kind, id, body.len, RIG_STORE_BODY_MAX);
    return RIG_OK;
}

void rig_store_free(rig_store *store)
{
    if (store)
        store->ops->free(store);
}
