/* A store in memory: what a restart of the service leaves in place, but not the end of the process. */
#include "rig/service.h"

#define FIRST_LOGINS 4

typedef struct memory_store {
    rig_store base;
    const rig_alloc *alloc;
    rig_persistent_login *logins;
    uint32_t num, size;
} memory_store;

static bool same(const rig_persistent_login *a, const rig_persistent_login *b)
{
    return strcmp(a->target, b->target) == 0 && strcmp(a->portal.host, b->portal.host) == 0 &&
           a->portal.port == b->portal.port && a->flags == b->flags;
}

/* Secrets stand in the records: what is left behind is wiped. */
static void records_delete(const rig_alloc *alloc, rig_persistent_login *logins, uint32_t size)
{
    rig_secret_wipe(logins, size * sizeof *logins);
    rig_delete(alloc, logins, size * sizeof *logins);
}

static rig_status grow(memory_store *store)
{
    uint32_t more = store->size ? store->size * 2 : FIRST_LOGINS;
    rig_persistent_login *logins = rig_new(store->alloc, more * sizeof *logins);
    if (!logins)
        return RIG_E_NOMEM;
    if (store->num)
        memcpy(logins, store->logins, store->num * sizeof *logins);
    records_delete(store->alloc, store->logins, store->size);
    store->logins = logins;
    store->size = more;
    return RIG_OK;
}

static rig_status memory_add(rig_store *base, const rig_persistent_login *login)
{
    memory_store *store = (memory_store *)base;
    if (store->num >= RIG_PERSISTENT_MAX)
        return RIG_E_LIMIT;
    for (uint32_t i = 0; i < store->num; i++)
        if (same(&store->logins[i], login))
            return RIG_E_EXISTS;
    rig_status status = store->num == store->size ? grow(store) : RIG_OK;
    if (!status)
        store->logins[store->num++] = *login;
    return status;
}

static rig_status memory_remove(rig_store *base, uint32_t index)
{
    memory_store *store = (memory_store *)base;
    if (index >= store->num)
        return RIG_E_NOT_FOUND;
    store->num--;
    memmove(&store->logins[index], &store->logins[index + 1], (store->num - index) * sizeof *store->logins);
    rig_secret_wipe(&store->logins[store->num], sizeof *store->logins);
    return RIG_OK;
}

static rig_status memory_get(rig_store *base, uint32_t index, rig_persistent_login *out_login)
{
    const memory_store *store = (const memory_store *)base;
    if (index >= store->num)
        return RIG_E_NOT_FOUND;
    *out_login = store->logins[index];
    return RIG_OK;
}

static void memory_free(rig_store *base)
{
    memory_store *store = (memory_store *)base;
    records_delete(store->alloc, store->logins, store->size);
    rig_delete(store->alloc, store, sizeof *store);
}

static const rig_store_ops memory_ops = {memory_add, memory_remove, memory_get, memory_free};

rig_status rig_store_memory_new(const rig_alloc *alloc, rig_store **out_store)
{
    memory_store *store = rig_new(alloc, sizeof *store);
    if (!store)
        return RIG_E_NOMEM;
    store->base.ops = &memory_ops;
    store->alloc = alloc;
    *out_store = &store->base;
    return RIG_OK;
}

void rig_store_free(rig_store *store)
{
    if (store)
        store->ops->free(store);
}
