#include "names.h"

#include "rig/draws.h"

void rig_trace_init(rig_trace *trace, const rig_alloc *alloc, rig_trace_style style)
{
    *trace = (rig_trace){.alloc = alloc, .style = style};
}

void rig_trace_cleanup(rig_trace *trace)
{
    struct rig_trace_names *names = trace->names;
    if (!names)
        return;
    rig_delete(trace->alloc, names->connections, names->num_connections * sizeof *names->connections);
    rig_delete(trace->alloc, names->sessions, names->size_sessions * sizeof *names->sessions);
    rig_delete(trace->alloc, names->tags, names->size_tags * sizeof *names->tags);
    rig_delete(trace->alloc, names->buckets, names->size_tags * sizeof *names->buckets);
    rig_delete(trace->alloc, names, sizeof *names);
    trace->names = NULL;
}

static bool own_names(rig_trace *trace)
{
    if (!trace->names)
        trace->names = rig_new(trace->alloc, sizeof *trace->names);
    return trace->names != NULL;
}

static trc_connection *connection_at(rig_trace *trace, size_t index)
{
    struct rig_trace_names *names = trace->names;
    if (index < names->num_connections)
        return &names->connections[index];
    size_t num = names->num_connections ? names->num_connections * 2 : 8;
    if (num <= index)
        num = index + 1;
    trc_connection *grown = rig_resize(trace->alloc, names->connections,
                                       names->num_connections * sizeof *grown, num * sizeof *grown);
    if (!grown)
        return NULL;
    names->connections = grown;
    names->num_connections = num;
    return &grown[index];
}

static bool add_session(rig_trace *trace)
{
    struct rig_trace_names *names = trace->names;
    size_t size = names->size_sessions ? names->size_sessions * 2 : 8;
    if (names->num_sessions == names->size_sessions) {
        trc_session *grown = rig_resize(trace->alloc, names->sessions, names->size_sessions * sizeof *grown,
                                        size * sizeof *grown);
        if (!grown)
            return false;
        names->sessions = grown;
        names->size_sessions = size;
    }
    names->num_sessions++;
    return true;
}

/* A login with a TSIH joins the session that was given it (RFC 7143 section 6.3.1); index + 1, 0 = none. */
static uint32_t session_joined(const struct rig_trace_names *names, const uint8_t *bhs)
{
    uint32_t tsih = rig_get32(bhs, RIG_F_TSIH);
    uint64_t isid = rig_get(bhs, RIG_F_ISID);
    if (tsih == 0)
        return 0;
    for (size_t i = names->num_sessions; i > 0; i--)
        if (names->sessions[i - 1].tsih == tsih && names->sessions[i - 1].isid == isid)
            return (uint32_t)i;
    return 0;
}

static bool find_session(rig_trace *trace, const rig_item *item, trc_connection *connection)
{
    struct rig_trace_names *names = trace->names;
    bool login = rig_pdu_kind_of(item->pdu.bhs) == RIG_PDU_LOGIN_REQ;
    if (connection->session)
        return true;
    connection->session = login ? session_joined(names, item->pdu.bhs) : 0;
    if (connection->session)
        return true;
    if (!add_session(trace))
        return false;
    connection->session = (uint32_t)names->num_sessions;
    if (login)
        names->sessions[names->num_sessions - 1].isid = rig_get(item->pdu.bhs, RIG_F_ISID);
    return true;
}

rig_status trc_place(rig_trace *trace, const rig_item *item, trc_connection **out_connection,
                     trc_session **out_session)
{
    size_t index = item->connection < TRC_CONNECTIONS_MAX ? item->connection + 1u : 0;
    trc_connection *connection = own_names(trace) ? connection_at(trace, index) : NULL;
    if (!connection || !find_session(trace, item, connection))
        return RIG_E_NOMEM;
    *out_connection = connection;
    *out_session = &trace->names->sessions[connection->session - 1];
    return RIG_OK;
}

static uint32_t *bucket_of(struct rig_trace_names *names, uint32_t session, unsigned kind, uint32_t value)
{
    const uint32_t key[3] = {session, kind, value};
    return &names->buckets[rig_hash64(key, sizeof key, 0) & (names->size_tags - 1)];
}

trc_tag *trc_tag_find(rig_trace *trace, uint32_t session, trc_tag_kind kind, uint32_t value)
{
    struct rig_trace_names *names = trace->names;
    if (names->size_tags == 0)
        return NULL;
    for (uint32_t at = *bucket_of(names, session, kind, value); at; at = names->tags[at - 1].next) {
        trc_tag *tag = &names->tags[at - 1];
        if (tag->value == value && tag->session == session && tag->kind == kind)
            return tag;
    }
    return NULL;
}

static void link_tag(struct rig_trace_names *names, size_t index)
{
    trc_tag *tag = &names->tags[index];
    uint32_t *bucket = bucket_of(names, tag->session, tag->kind, tag->value);
    tag->next = *bucket;
    *bucket = (uint32_t)index + 1;
}

static void unlink_tag(struct rig_trace_names *names, size_t index)
{
    const trc_tag *tag = &names->tags[index];
    uint32_t *link = bucket_of(names, tag->session, tag->kind, tag->value);
    while (*link != index + 1)
        link = &names->tags[*link - 1].next;
    *link = tag->next;
}

static bool grow_tags(rig_trace *trace)
{
    struct rig_trace_names *names = trace->names;
    size_t size = names->size_tags ? names->size_tags * 2 : 64;
    uint32_t *buckets = rig_new(trace->alloc, size * sizeof *buckets);
    trc_tag *tags =
        buckets ? rig_resize(trace->alloc, names->tags, names->size_tags * sizeof *tags, size * sizeof *tags)
                : NULL;
    if (!tags) {
        rig_delete(trace->alloc, buckets, size * sizeof *buckets);
        return false;
    }
    rig_delete(trace->alloc, names->buckets, names->size_tags * sizeof *buckets);
    names->tags = tags;
    names->buckets = buckets;
    names->size_tags = size;
    for (size_t i = 0; i < names->num_tags; i++)
        link_tag(names, i);
    return true;
}

/* A free entry, or the oldest one at the limit. */
static trc_tag *fresh_tag(rig_trace *trace, size_t *out_index)
{
    struct rig_trace_names *names = trace->names;
    if (names->num_tags == names->size_tags && names->size_tags < TRC_TAGS_MAX && !grow_tags(trace))
        return NULL;
    if (names->num_tags < names->size_tags) {
        *out_index = names->num_tags++;
    } else {
        *out_index = names->oldest;
        names->oldest = (names->oldest + 1) % names->size_tags;
        unlink_tag(names, *out_index);
    }
    return &names->tags[*out_index];
}

trc_tag *trc_tag_name(rig_trace *trace, uint32_t session, trc_tag_kind kind, uint32_t value)
{
    struct rig_trace_names *names = trace->names;
    trc_tag *tag = trc_tag_find(trace, session, kind, value);
    if (!tag) {
        size_t index;
        tag = fresh_tag(trace, &index);
        if (!tag)
            return NULL;
        *tag = (trc_tag){.session = session, .kind = (uint8_t)kind, .value = value};
        link_tag(names, index);
    }
    tag->ended = false;
    tag->name = kind == TRC_ITT ? ++names->next_itt : ++names->next_ttt;
    return tag;
}
