/* The service's tables: rows in the order they were added, found by key, written to the store before they
 * count. */
#include "internal.h"

#include <inttypes.h>

#define FIRST_ROWS 16

typedef void key_fn(const void *record, rig_text *out);

typedef struct table_type {
    uint32_t max;
    key_fn *key;
    key_fn *place; /* what rows are found by, a part of their key; NULL: all of it */
} table_type;

/* ---- keys: what makes two records the same row ---- */

static void portal_part(rig_text *out, const rig_target_portal *portal)
{
    rig_text_add(out, "|%s|%u", portal->address, portal->socket);
}

static void portal_key(const void *record, rig_text *out)
{
    const rig_send_targets_portal *portal = record;
    rig_text_add(out, "%s|%u", portal->initiator, portal->port);
    portal_part(out, &portal->portal);
}

static void static_key(const void *record, rig_text *out)
{
    rig_text_add(out, "%s", ((const rig_static_target *)record)->target);
}

/* Logins are asked for by target, instance and portal, whatever their port: an instance has few. */
static void login_place(const void *record, rig_text *out)
{
    const rig_login *login = record;
    rig_text_add(out, "%s|%s", login->target, login->initiator);
    if (login->has_portal)
        portal_part(out, &login->portal);
}

/* Informational logins are others than data logins: a target may be kept as both. */
static void login_key(const void *record, rig_text *out)
{
    const rig_login *login = record;
    login_place(record, out);
    rig_text_add(out, "|%u|%d", login->port, login->informational);
}

static void name_key(const void *record, rig_text *out)
{
    rig_text_add(out, "%s", ((const rig_label *)record)->text);
}

static void ike_key(const void *record, rig_text *out)
{
    const rig_ike_info *info = record;
    rig_text_add(out, "%s|%u|%u|", info->initiator, info->port, info->id_type);
    rig_text_hex(out, rig_octets_view(&info->id), 0);
}

static void tunnel_key(const void *record, rig_text *out)
{
    const rig_tunnel_address *tunnel = record;
    rig_text_add(out, "%s|%u|%s", tunnel->initiator, tunnel->port, tunnel->destination);
}

static void setting_key(const void *record, rig_text *out)
{
    rig_text_add(out, "%s", ((const rig_setting *)record)->setting);
}

static const table_type types[SVC_TABLES] = {
    [SVC_PORTALS] = {RIG_SERVICE_PORTALS_MAX, portal_key, NULL},
    [SVC_STATICS] = {RIG_SERVICE_TARGETS_MAX, static_key, NULL},
    [SVC_LOGINS] = {RIG_SERVICE_LOGINS_MAX, login_key, login_place},
    [SVC_ISNS] = {RIG_SERVICE_SERVERS_MAX, name_key, NULL},
    [SVC_RADIUS] = {RIG_SERVICE_SERVERS_MAX, name_key, NULL},
    [SVC_DEVICES] = {RIG_SERVICE_LOGINS_MAX, name_key, NULL},
    [SVC_IKE] = {RIG_SERVICE_PORTALS_MAX, ike_key, NULL},
    [SVC_TUNNELS] = {RIG_SERVICE_PORTALS_MAX, tunnel_key, NULL},
    [SVC_SETTINGS] = {RIG_SERVICE_SERVERS_MAX, setting_key, NULL},
};

static const struct {
    const char *word;
    rig_record_id record;
} kinds[SVC_TABLES] = {
#define RIG_KIND(id, word, record) {word, RIG_RECORD_##record},
#include "rig/kinds.def"
#undef RIG_KIND
};

static const rig_shape *shape_of(svc_table_id table)
{
    return rig_shape_of(kinds[table].record);
}

static size_t key_of(svc_table_id table, const void *record, char key[SVC_KEY_MAX])
{
    rig_text text;
    rig_text_init(&text, key, SVC_KEY_MAX);
    types[table].key(record, &text);
    return text.len;
}

static uint64_t hash_of(svc_table_id table, const void *record)
{
    char place[SVC_KEY_MAX];
    rig_text text;
    rig_text_init(&text, place, sizeof place);
    (types[table].place ? types[table].place : types[table].key)(record, &text);
    return rig_hash64(place, text.len, 0);
}

/* ---- rows in memory ---- */

static svc_row **bucket_of(const svc_table *table, uint64_t hash)
{
    return &table->buckets[hash & (table->num_buckets - 1)];
}

static svc_row *bucket_first(const svc_table *table, uint64_t hash)
{
    return table->num_buckets ? *bucket_of(table, hash) : NULL;
}

static svc_row *with_hash(svc_row *row, uint64_t hash)
{
    while (row && row->hash != hash)
        row = row->next;
    return row;
}

svc_row *svc_find(const rig_service *service, svc_table_id id, const void *record)
{
    char key[SVC_KEY_MAX], other[SVC_KEY_MAX];
    size_t len = key_of(id, record, key);
    uint64_t hash = hash_of(id, record);
    svc_row *row = with_hash(bucket_first(&service->tables[id], hash), hash);
    while (row && (key_of(id, row->record, other) != len || memcmp(key, other, len) != 0))
        row = with_hash(row->next, hash);
    return row;
}

svc_row *svc_find_near(const rig_service *service, svc_table_id id, const void *record, const svc_row *after)
{
    uint64_t hash = hash_of(id, record);
    return with_hash(after ? after->next : bucket_first(&service->tables[id], hash), hash);
}

static void row_free(rig_service *service, svc_table_id id, svc_row *row)
{
    const rig_alloc *alloc = service->config.alloc;
    if (row && row->record)
        rig_record_clear(alloc, shape_of(id), row->record);
    if (row)
        rig_delete(alloc, row->record, row->record ? shape_of(id)->size : 0);
    rig_delete(alloc, row, row ? sizeof *row : 0);
}

/* A copy of a record that is in no table yet. */
static svc_row *row_new(rig_service *service, svc_table_id id, const void *record, bool kept)
{
    const rig_alloc *alloc = service->config.alloc;
    svc_row *row = rig_new(alloc, sizeof *row);
    if (!row)
        return NULL;
    row->kept = kept;
    row->hash = hash_of(id, record);
    row->record = rig_new(alloc, shape_of(id)->size);
    if (row->record && rig_record_copy(alloc, shape_of(id), record, row->record) == RIG_OK)
        return row;
    rig_delete(alloc, row->record, row->record ? shape_of(id)->size : 0);
    rig_delete(alloc, row, sizeof *row);
    return NULL;
}

static void link_row(svc_table *table, svc_row *row)
{
    svc_row **bucket = bucket_of(table, row->hash);
    row->next = *bucket;
    *bucket = row;
}

static void unlink_row(svc_table *table, svc_row *row)
{
    svc_row **link = bucket_of(table, row->hash);
    while (*link != row)
        link = &(*link)->next;
    *link = row->next;
}

/* Room for so many more rows: rows and buckets grow together. */
static bool table_grow(const rig_alloc *alloc, svc_table *table, uint32_t more)
{
    uint32_t size = table->size ? table->size : FIRST_ROWS;
    if (table->num + more <= table->size)
        return true;
    while (size < table->num + more)
        size *= 2;
    svc_row **rows = rig_new(alloc, size * sizeof(svc_row *)),
            **buckets = rig_new(alloc, size * sizeof(svc_row *));
    if (!rows || !buckets) {
        rig_delete(alloc, rows, rows ? size * sizeof(svc_row *) : 0);
        rig_delete(alloc, buckets, buckets ? size * sizeof(svc_row *) : 0);
        return false;
    }
    if (table->num)
        memcpy(rows, table->rows, table->num * sizeof(svc_row *));
    rig_delete(alloc, table->rows, table->size * sizeof(svc_row *));
    rig_delete(alloc, table->buckets, table->num_buckets * sizeof(svc_row *));
    table->rows = rows;
    table->buckets = buckets;
    table->size = table->num_buckets = size;
    for (uint32_t i = 0; i < table->num; i++)
        link_row(table, table->rows[i]);
    return true;
}

static void table_add(svc_table *table, svc_row *row)
{
    table->rows[table->num++] = row;
    link_row(table, row);
}

static uint32_t row_index(const svc_table *table, const svc_row *row)
{
    uint32_t low = 0, high = table->num;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->rows[middle]->id < row->id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void table_remove(svc_table *table, svc_row *row)
{
    uint32_t index = row_index(table, row);
    unlink_row(table, row);
    memmove(&table->rows[index], &table->rows[index + 1], (--table->num - index) * sizeof(svc_row *));
}

/* ---- changes ---- */

/* What a change does: a new row of which the old one is replaced, or a row that goes. */
typedef struct step {
    svc_table_id table;
    svc_row *old, *row;
} step;

static bool in_store(const step *s)
{
    return s->row ? s->row->kept : s->old->kept;
}

static rig_status store_step(rig_service *service, const step *s, rig_error *err)
{
    const rig_alloc *alloc = service->config.alloc;
    rig_store *store = service->config.store;
    const char *kind = kinds[s->table].word;
    if (!s->row || !s->row->kept)
        return s->old && s->old->kept ? store->ops->remove(store, kind, s->old->id, err) : RIG_OK;
    char *body = NULL;
    size_t len = 0;
    rig_status status =
        rig_record_to_json(alloc, shape_of(s->table), s->row->record, RIG_JSON_KEEP, &body, &len);
    if (!status)
        status = store->ops->put(store, kind, s->row->id, rig_view_of(body, len), err);
    rig_secret_wipe(body, body ? len : 0);
    rig_delete(alloc, body, body ? len + 1 : 0);
    return status;
}

static rig_status store_all(rig_service *service, const step *steps, uint32_t num, rig_error *err)
{
    rig_store *store = service->config.store;
    bool any = false;
    for (uint32_t i = 0; i < num; i++)
        any = any || in_store(&steps[i]) || (steps[i].old && steps[i].old->kept);
    if (!any)
        return RIG_OK;
    rig_status status = store->ops->begin(store, err);
    if (status)
        return status;
    for (uint32_t i = 0; i < num && !status; i++)
        status = store_step(service, &steps[i], err);
    if (!status)
        return store->ops->commit(store, err);
    store->ops->rollback(store);
    return status;
}

/* A row that is replaced keeps its place and its address: it gets the new record. */
static void memory_step(rig_service *service, const step *s)
{
    svc_table *table = &service->tables[s->table];
    if (s->old && s->row) {
        void *record = s->old->record;
        s->old->record = s->row->record;
        s->old->kept = s->row->kept;
        s->row->record = record;
        row_free(service, s->table, s->row);
    } else if (s->row) {
        table_add(table, s->row);
    } else {
        table_remove(table, s->old);
        row_free(service, s->table, s->old);
    }
}

/* added: rows of each table that the changes before this one add. */
static rig_code prepare(rig_service *service, const svc_change *change, uint32_t added[SVC_TABLES], step *out)
{
    svc_table *table = &service->tables[change->table];
    *out = (step){change->table, change->row, NULL};
    if (!change->record)
        return RIG_CODE_SUCCESS;
    out->old = svc_find(service, change->table, change->record);
    added[change->table] += out->old == NULL;
    if (table->num + added[change->table] > types[change->table].max)
        return RIG_CODE_OUT_OF_RESOURCES;
    out->row = row_new(service, change->table, change->record, change->kept);
    if (!out->row || !table_grow(service->config.alloc, table, added[change->table]))
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    out->row->id = out->old ? out->old->id : service->next_row++;
    return RIG_CODE_SUCCESS;
}

rig_code svc_apply(rig_service *service, const svc_change *changes, uint32_t num, rig_code failure)
{
    const rig_alloc *alloc = service->config.alloc;
    step *steps = rig_new(alloc, (num + 1) * sizeof *steps);
    rig_code code = steps ? RIG_CODE_SUCCESS : RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    uint32_t ready = 0, added[SVC_TABLES] = {0};
    while (code == RIG_CODE_SUCCESS && ready < num) {
        code = prepare(service, &changes[ready], added, &steps[ready]);
        ready++;
    }
    if (code == RIG_CODE_SUCCESS) {
        rig_status status = store_all(service, steps, num, &service->store_error);
        code = status == RIG_E_NOMEM ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY : status ? failure : RIG_CODE_SUCCESS;
    }
    for (uint32_t i = 0; i < ready; i++)
        if (code == RIG_CODE_SUCCESS)
            memory_step(service, &steps[i]);
        else
            row_free(service, steps[i].table, steps[i].row);
    rig_delete(alloc, steps, steps ? (num + 1) * sizeof *steps : 0);
    return code;
}

rig_code svc_put(rig_service *service, svc_table_id table, const void *record, bool kept)
{
    const svc_change change = {.table = table, .record = record, .kept = kept};
    return svc_apply(service, &change, 1, RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA);
}

rig_code svc_drop(rig_service *service, svc_table_id table, svc_row *row)
{
    const svc_change change = {.table = table, .row = row};
    return svc_apply(service, &change, 1, RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA);
}

/* ---- settings ---- */

static void setting_of(rig_setting *setting, const char *name)
{
    rig_text text;
    *setting = (rig_setting){0};
    rig_text_init(&text, setting->setting, sizeof setting->setting);
    rig_text_add(&text, "%s", name);
}

const rig_octets *svc_setting(const rig_service *service, const char *name)
{
    rig_setting setting;
    setting_of(&setting, name);
    const svc_row *row = svc_find(service, SVC_SETTINGS, &setting);
    return row ? &((const rig_setting *)row->record)->value : NULL;
}

rig_code svc_setting_put(rig_service *service, const char *name, const rig_octets *value, bool kept)
{
    rig_setting setting;
    setting_of(&setting, name);
    svc_row *row = svc_find(service, SVC_SETTINGS, &setting);
    if (!value || value->len == 0)
        return row ? svc_drop(service, SVC_SETTINGS, row) : RIG_CODE_SUCCESS;
    setting.value = *value;
    rig_code code = svc_put(service, SVC_SETTINGS, &setting, kept);
    rig_secret_wipe(&setting, sizeof setting);
    return code;
}

/* ---- from the store, and the end ---- */

static rig_status load_record(rig_service *service, svc_table_id id, uint64_t row_id, const void *record,
                              rig_error *err)
{
    svc_table *table = &service->tables[id];
    if (svc_find(service, id, record))
        return rig_fail(err, RIG_E_FORMAT, "two rows of the store are the same %s", kinds[id].word);
    svc_row *row = table->num < types[id].max ? row_new(service, id, record, true) : NULL;
    if (!row || !table_grow(service->config.alloc, table, 1)) {
        row_free(service, id, row);
        return rig_fail(err, RIG_E_NOMEM, "no memory, or no room, for what the store holds");
    }
    row->id = row_id;
    if (row_id >= service->next_row)
        service->next_row = row_id + 1;
    table_add(table, row);
    return RIG_OK;
}

static rig_status load_row(void *ctx, rig_view kind, uint64_t id, rig_view body, rig_error *err)
{
    rig_service *service = ctx;
    const rig_alloc *alloc = service->config.alloc;
    svc_table_id table = SVC_PORTALS;
    while (table < SVC_TABLES && !rig_view_is(kind, kinds[table].word))
        table++;
    if (table == SVC_TABLES)
        return rig_fail(err, RIG_E_FORMAT, "the store has rows of kind \"%.*s\", which is not known here",
                        RIG_VIEW_ARG(kind));
    void *record = rig_new(alloc, shape_of(table)->size);
    if (!record)
        return rig_fail(err, RIG_E_NOMEM, "no memory for what the store holds");
    rig_error why = {0};
    rig_status status = rig_record_from_json(alloc, shape_of(table), body, record, &why);
    if (!status)
        status = load_record(service, table, id, record, &why);
    if (status)
        rig_fail_at(err, status, why.offset, why.field, "row %" PRIu64 " of kind %s: %s", id,
                    kinds[table].word, why.text);
    rig_record_clear(alloc, shape_of(table), record);
    rig_delete(alloc, record, shape_of(table)->size);
    return status;
}

rig_status svc_tables_load(rig_service *service, rig_error *err)
{
    service->next_row = 1;
    return service->config.store->ops->each(service->config.store, load_row, service, err);
}

void svc_tables_free(rig_service *service)
{
    const rig_alloc *alloc = service->config.alloc;
    for (svc_table_id id = SVC_PORTALS; id < SVC_TABLES; id++) {
        svc_table *table = &service->tables[id];
        for (uint32_t i = 0; i < table->num; i++)
            row_free(service, id, table->rows[i]);
        rig_delete(alloc, table->rows, table->size * sizeof(svc_row *));
        rig_delete(alloc, table->buckets, table->num_buckets * sizeof(svc_row *));
    }
}
