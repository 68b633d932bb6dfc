/* The policies in force between ports and portals: what is there stays. */
#include <string.h>

#include "rig/hba.h"

#define FIRST_ROWS 16

typedef struct rig_policy_row {
    char instance[RIG_HOST_MAX + 1];
    uint32_t port;
    rig_portal portal;
    rig_security_policy policy;
} rig_policy_row;

/* A portal is its address and TCP port; its group tag names no other place. */
static rig_policy_row *row_of(const rig_policy_db *db, const char *instance, uint32_t port,
                              const rig_portal *portal)
{
    for (uint32_t i = 0; i < db->num; i++) {
        rig_policy_row *row = &db->rows[i];
        if (row->port == port && strcmp(row->instance, instance) == 0 &&
            rig_portal_same(&row->portal, portal))
            return row;
    }
    return NULL;
}

static rig_status grow(rig_policy_db *db, const rig_alloc *alloc)
{
    if (db->num == RIG_SECURITY_POLICIES_MAX)
        return RIG_E_LIMIT;
    if (db->num < db->size)
        return RIG_OK;
    uint32_t size = db->size ? db->size * 2 : FIRST_ROWS;
    rig_policy_row *rows = rig_new(alloc, size * sizeof *rows);
    if (!rows)
        return RIG_E_NOMEM;
    if (db->num)
        memcpy(rows, db->rows, db->num * sizeof *rows);
    rig_delete(alloc, db->rows, db->size * sizeof *rows);
    db->rows = rows;
    db->size = size;
    return RIG_OK;
}

rig_status rig_policy_db_put(rig_policy_db *db, const rig_alloc *alloc, const char *instance, uint32_t port,
                             const rig_portal *portal, const rig_security_policy *policy)
{
    rig_text name;
    rig_policy_row *row = row_of(db, instance, port, portal);
    if (row) {
        if (policy->administered)
            row->policy = *policy;
        return RIG_OK;
    }
    rig_status status = grow(db, alloc);
    if (status)
        return status;
    row = &db->rows[db->num];
    *row = (rig_policy_row){.port = port, .portal = *portal, .policy = *policy};
    rig_text_init(&name, row->instance, sizeof row->instance);
    rig_text_add(&name, "%s", instance);
    if (name.cut)
        return RIG_E_LIMIT;
    db->num++;
    return RIG_OK;
}

const rig_security_policy *rig_policy_db_find(const rig_policy_db *db, const char *instance, uint32_t port,
                                              const rig_portal *portal)
{
    const rig_policy_row *row = row_of(db, instance, port, portal);
    return row ? &row->policy : NULL;
}

bool rig_policy_db_remove(rig_policy_db *db, const char *instance, uint32_t port, const rig_portal *portal)
{
    rig_policy_row *row = row_of(db, instance, port, portal);
    if (!row)
        return false;
    size_t behind = (size_t)(db->rows + db->num - row) - 1;
    memmove(row, row + 1, behind * sizeof *row);
    db->num--;
    return true;
}

void rig_policy_db_clear(rig_policy_db *db, const rig_alloc *alloc)
{
    rig_delete(alloc, db->rows, db->size * sizeof *db->rows);
    *db = (rig_policy_db){0};
}
