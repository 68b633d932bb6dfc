/** @file
 * Where the service keeps what outlives it: rows of JSON, by kind and number.
 */
#ifndef RIG_STORE_H
#define RIG_STORE_H

#include "rig/alloc.h"
#include "rig/status.h"

#define RIG_STORE_VERSION 1      /**< schema that this program writes */
#define RIG_STORE_KIND_MAX 32    /**< most bytes of a kind */
#define RIG_STORE_BODY_MAX 65536 /**< most bytes of a row */

/** rig_store keeps rows. One owner at a time. Its first member points to its calls. */
typedef struct rig_store {
    const struct rig_store_ops *ops; /**< its calls */
} rig_store;

/** rig_store_row is called with one row; what it gets is borrowed. Another status than RIG_OK ends the walk.
 * It must not change the store. */
typedef rig_status rig_store_row(void *ctx, rig_view kind, uint64_t id, rig_view body, rig_error *err);

/** rig_store_ops are the calls of a store. Changes stand between begin and commit; the others do not see them
 * before. A store that could not commit is as it was before begin. */
typedef struct rig_store_ops {
    /** Gives every row, by kind, then by id. RIG_E_IO, RIG_E_FORMAT, or what row said, with err. */
    rig_status (*each)(rig_store *store, rig_store_row *row, void *ctx, rig_error *err);
    rig_status (*begin)(rig_store *store, rig_error *err); /**< starts a change. RIG_E_STATE, RIG_E_IO */
    /** Writes a row, or writes it anew. RIG_E_LIMIT (ids beyond INT64_MAX, too), RIG_E_NOMEM, RIG_E_IO. */
    rig_status (*put)(rig_store *store, const char *kind, uint64_t id, rig_view body, rig_error *err);
    /** Removes a row; one that is not there is no error. RIG_E_NOMEM, RIG_E_IO. */
    rig_status (*remove)(rig_store *store, const char *kind, uint64_t id, rig_error *err);
    /** Ends a change: when it returns, no crash undoes it. RIG_E_IO, RIG_E_NOMEM. */
    rig_status (*commit)(rig_store *store, rig_error *err);
    void (*rollback)(rig_store *store); /**< gives a change up */
    void (*free)(rig_store *store);     /**< ends it */
} rig_store_ops;

/** rig_store_memory_new makes a store that lives as long as the process. RIG_E_NOMEM. */
rig_status rig_store_memory_new(const rig_alloc *alloc, rig_store **out_store);

/**
 * rig_store_sqlite_open opens the store in the file at path, mode 0600, or makes it where there is none. A
 * file that is damaged or no store (RIG_E_FORMAT), of a later version (RIG_E_UNSUPPORTED), not regular, not
 * ours alone or in a directory that anybody may write to (RIG_E_REFUSED) or in use by another owner
 * (RIG_E_BUSY) is left untouched. RIG_E_ARGUMENT, RIG_E_IO, RIG_E_NOMEM; err says what to do.
 */
rig_status rig_store_sqlite_open(const rig_alloc *alloc, const char *path, rig_store **out_store,
                                 rig_error *err);

/** rig_store_free ends a store. NULL is fine. */
void rig_store_free(rig_store *store);

#endif
