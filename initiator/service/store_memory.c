/* A store that lives as long as the process: rows in order, and a list of what to undo. */
#include <inttypes.h>

#include "store_row.h"

#define FIRST_ROWS 16

typedef struct row {
    char kind[RIG_STORE_KIND_MAX + 1];
    uint64_t id;
    char *body;
    size_t len;
} row;

/* One step of the change under way. */
typedef struct undo {
    struct undo *next;   /* the step before */
    row *before, *after; /* NULL: there was none, there is none */
} undo;

typedef struct memory_store {
    rig_store store; /* first */
    const rig_alloc *alloc;
    row **rows; /* by kind, then by id */
    size_t num, size;
    bool changing;
    undo *undo; /* latest first */
} memory_store;

static memory_store *of(rig_store *store)
{
    return (memory_store *)(void *)store;
}

/* ---- rows ---- */

/* Bodies hold secrets. */
static void row_free(const rig_alloc *alloc, row *r)
{
    if (!r)
        return;
    rig_secret_wipe(r->body, r->len);
    rig_delete(alloc, r->body, r->len + 1);
    rig_delete(alloc, r, sizeof *r);
}

static row *row_new(const rig_alloc *alloc, const char *kind, uint64_t id, rig_view body)
{
    row *r = rig_new(alloc, sizeof *r);
    char *text = rig_copy_text(alloc, body.ptr, body.len);
    if (!r || !text) {
        rig_delete(alloc, r, r ? sizeof *r : 0);
        rig_delete(alloc, text, text ? body.len + 1 : 0);
        return NULL;
    }
    memcpy(r->kind, kind, strlen(kind));
    r->id = id;
    r->body = text;
    r->len = body.len;
    return r;
}

static int row_order(const row *r, const char *kind, uint64_t id)
{
    int order = strcmp(r->kind, kind);
    return order ? order : (r->id > id) - (r->id < id);
}

/* Where a row stands, or would stand. */
static size_t place_of(const memory_store *s, const char *kind, uint64_t id)
{
    size_t low = 0, high = s->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (row_order(s->rows[middle], kind, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static row *row_at(const memory_store *s, size_t place, const char *kind, uint64_t id)
{
    return place < s->num && row_order(s->rows[place], kind, id) == 0 ? s->rows[place] : NULL;
}

static void row_insert(memory_store *s, size_t place, row *r)
{
    memmove(&s->rows[place + 1], &s->rows[place], (s->num++ - place) * sizeof(row *));
    s->rows[place] = r;
}

static void row_take(memory_store *s, size_t place)
{
    memmove(&s->rows[place], &s->rows[place + 1], (--s->num - place) * sizeof(row *));
}

static bool grow(memory_store *s)
{
    if (s->num < s->size)
        return true;
    size_t size = s->size ? s->size * 2 : FIRST_ROWS;
    row **rows = rig_resize(s->alloc, s->rows, s->size * sizeof(row *), size * sizeof(row *));
    if (!rows)
        return false;
    s->rows = rows;
    s->size = size;
    return true;
}

/* ---- changes ---- */

static rig_status out_of_memory(rig_error *err)
{
    return rig_fail(err, RIG_E_NOMEM, "no memory for a change of the store");
}

/* Puts after in the place of before, and remembers the step. No row moves in memory. */
static void step(memory_store *s, undo *u, size_t place, row *before, row *after)
{
    *u = (undo){s->undo, before, after};
    s->undo = u;
    if (before && after)
        s->rows[place] = after;
    else if (after)
        row_insert(s, place, after);
    else
        row_take(s, place);
}

static rig_status memory_begin(rig_store *store, rig_error *err)
{
    memory_store *s = of(store);
    if (s->changing)
        return rig_fail(err, RIG_E_STATE, "a change of the store is under way");
    s->changing = true;
    return RIG_OK;
}

static rig_status not_changing(rig_error *err)
{
    return rig_fail(err, RIG_E_STATE, "no change of the store is under way");
}

static rig_status memory_put(rig_store *store, const char *kind, uint64_t id, rig_view body, rig_error *err)
{
    memory_store *s = of(store);
    rig_status status = s->changing ? svc_store_row_check(kind, id, body, err) : not_changing(err);
    if (status)
        return status;
    undo *u = rig_new(s->alloc, sizeof *u);
    row *after = row_new(s->alloc, kind, id, body);
    if (!u || !after || !grow(s)) {
        rig_delete(s->alloc, u, u ? sizeof *u : 0);
        row_free(s->alloc, after);
        return out_of_memory(err);
    }
    const size_t place = place_of(s, kind, id);
    step(s, u, place, row_at(s, place, kind, id), after);
    return RIG_OK;
}

static rig_status memory_remove(rig_store *store, const char *kind, uint64_t id, rig_error *err)
{
    memory_store *s = of(store);
    if (!s->changing)
        return not_changing(err);
    const size_t place = place_of(s, kind, id);
    row *before = row_at(s, place, kind, id);
    if (!before)
        return RIG_OK;
    undo *u = rig_new(s->alloc, sizeof *u);
    if (!u)
        return out_of_memory(err);
    step(s, u, place, before, NULL);
    return RIG_OK;
}

static undo *undo_pop(memory_store *s)
{
    undo *u = s->undo;
    if (u)
        s->undo = u->next;
    return u;
}

static rig_status memory_commit(rig_store *store, rig_error *err)
{
    memory_store *s = of(store);
    if (!s->changing)
        return not_changing(err);
    for (undo *u = undo_pop(s); u; u = undo_pop(s)) {
        row_free(s->alloc, u->before);
        rig_delete(s->alloc, u, sizeof *u);
    }
    s->changing = false;
    return RIG_OK;
}

/* Needs no memory: the rows there were before the change had room. */
static void memory_rollback(rig_store *store)
{
    memory_store *s = of(store);
    for (undo *u = undo_pop(s); u; u = undo_pop(s)) {
        const row *key = u->after ? u->after : u->before;
        const size_t place = place_of(s, key->kind, key->id);
        if (u->before && u->after)
            s->rows[place] = u->before;
        else if (u->before)
            row_insert(s, place, u->before);
        else
            row_take(s, place);
        row_free(s->alloc, u->after);
        rig_delete(s->alloc, u, sizeof *u);
    }
    s->changing = false;
}

/* ---- from beginning to end ---- */

static rig_status memory_each(rig_store *store, rig_store_row *told, void *ctx, rig_error *err)
{
    const memory_store *s = of(store);
    rig_status status = RIG_OK;
    for (size_t i = 0; i < s->num && !status; i++)
        status = told(ctx, rig_view_str(s->rows[i]->kind), s->rows[i]->id,
                      rig_view_of(s->rows[i]->body, s->rows[i]->len), err);
    return status;
}

static void memory_free(rig_store *store)
{
    memory_store *s = of(store);
    memory_rollback(store);
    for (size_t i = 0; i < s->num; i++)
        row_free(s->alloc, s->rows[i]);
    rig_delete(s->alloc, s->rows, s->size * sizeof(row *));
    rig_delete(s->alloc, s, sizeof *s);
}

static const rig_store_ops memory_ops = {memory_each,   memory_begin,    memory_put, memory_remove,
                                         memory_commit, memory_rollback, memory_free};

rig_status rig_store_memory_new(const rig_alloc *alloc, rig_store **out_store)
{
    memory_store *s = rig_new(alloc, sizeof *s);
    if (!s)
        return RIG_E_NOMEM;
    *s = (memory_store){.store = {&memory_ops}, .alloc = alloc};
    *out_store = &s->store;
    return RIG_OK;
}
