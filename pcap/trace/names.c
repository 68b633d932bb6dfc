#include "names.h"

#include "rig/draws.h"

void rig_trace_init(rig_trace *trace, const rig_alloc *alloc, rig_trace_style style)
{
    *trace = (rig_trace){.alloc = alloc, .style = style};
}

/* ---- connections, by last use ---- */

static void age_remove(struct rig_trace_names *names, trc_connection *connection)
{
    if (connection->newer)
        connection->newer->older = connection->older;
    else
        names->newest = connection->older;
    if (connection->older)
        connection->older->newer = connection->newer;
    else
        names->oldest_used = connection->newer;
}

static void age_add(struct rig_trace_names *names, trc_connection *connection)
{
    connection->newer = NULL;
    connection->older = names->newest;
    if (names->newest)
        names->newest->newer = connection;
    else
        names->oldest_used = connection;
    names->newest = connection;
}

static uint64_t hash_of(uint64_t number)
{
    return rig_hash64(&number, sizeof number, 0);
}

static trc_connection *connection_find(struct rig_trace_names *names, uint32_t index)
{
    for (rig_map_link *link = rig_map_first(&names->connections, hash_of(index)); link;
         link = rig_map_next(link)) {
        trc_connection *connection = RIG_MAP_ITEM(link, trc_connection, link);
        if (connection->index == index)
            return connection;
    }
    return NULL;
}

static void session_leave(rig_trace *trace, trc_session *session)
{
    if (!session || --session->connections)
        return;
    if (session->linked)
        rig_map_remove(&trace->names->sessions, &session->link);
    rig_delete(trace->alloc, session, sizeof *session);
}

static void connection_forget(rig_trace *trace, trc_connection *connection)
{
    rig_map_remove(&trace->names->connections, &connection->link);
    age_remove(trace->names, connection);
    session_leave(trace, connection->session);
    trc_said_forget(trace, connection);
    rig_delete(trace->alloc, connection, sizeof *connection);
}

void rig_trace_cleanup(rig_trace *trace)
{
    struct rig_trace_names *names = trace->names;
    if (!names)
        return;
    while (names->newest)
        connection_forget(trace, names->newest);
    rig_map_cleanup(&names->connections);
    rig_map_cleanup(&names->sessions);
    rig_delete(trace->alloc, names->tags, names->size_tags * sizeof *names->tags);
    rig_delete(trace->alloc, names->buckets, names->size_tags * sizeof *names->buckets);
    rig_delete(trace->alloc, names, sizeof *names);
    trace->names = NULL;
}

static bool own_names(rig_trace *trace)
{
    if (trace->names)
        return true;
    trace->names = rig_new(trace->alloc, sizeof *trace->names);
    if (!trace->names)
        return false;
    if (rig_map_init(&trace->names->connections, trace->alloc) == RIG_OK &&
        rig_map_init(&trace->names->sessions, trace->alloc) == RIG_OK)
        return true;
    rig_trace_cleanup(trace);
    return false;
}

static trc_connection *connection_at(rig_trace *trace, uint32_t index)
{
    struct rig_trace_names *names = trace->names;
    if (names->newest && names->newest->index == index)
        return names->newest;
    trc_connection *connection = connection_find(names, index);
    if (connection) {
        age_remove(names, connection);
        age_add(names, connection);
        return connection;
    }
    if (names->connections.num >= RIG_TRACE_CONNECTIONS_MAX)
        connection_forget(trace, names->oldest_used);
    connection = rig_new(trace->alloc, sizeof *connection);
    if (!connection)
        return NULL;
    connection->index = index;
    rig_map_add(&names->connections, &connection->link, hash_of(index));
    age_add(names, connection);
    return connection;
}

/* ---- sessions ---- */

/* A login with a TSIH joins the session that was given it (RFC 7143 section 6.3.1). */
static trc_session *session_joined(const struct rig_trace_names *names, const uint8_t *bhs)
{
    uint64_t tsih = rig_get(bhs, RIG_F_TSIH), isid = rig_get(bhs, RIG_F_ISID);
    rig_map_link *link = tsih ? rig_map_first(&names->sessions, hash_of(isid << 16 | tsih)) : NULL;
    for (; link; link = rig_map_next(link)) {
        trc_session *session = RIG_MAP_ITEM(link, trc_session, link);
        if (session->tsih == tsih && session->isid == isid)
            return session;
    }
    return NULL;
}

static trc_session *session_new(rig_trace *trace, uint64_t isid)
{
    trc_session *session = rig_new(trace->alloc, sizeof *session);
    if (!session)
        return NULL;
    session->isid = isid;
    session->number = ++trace->names->num_sessions;
    return session;
}

static bool find_session(rig_trace *trace, const rig_item *item, trc_connection *connection)
{
    bool login = rig_pdu_kind_of(item->pdu.bhs) == RIG_PDU_LOGIN_REQ;
    if (connection->session)
        return true;
    trc_session *session = login ? session_joined(trace->names, item->pdu.bhs) : NULL;
    if (!session)
        session = session_new(trace, login ? rig_get(item->pdu.bhs, RIG_F_ISID) : 0);
    if (!session)
        return false;
    session->connections++;
    connection->session = session;
    return true;
}

/* The first TSIH that is said in a session's logins is its. */
static void learn_tsih(rig_trace *trace, const rig_item *item, trc_session *session)
{
    rig_pdu_kind kind = rig_pdu_kind_of(item->pdu.bhs);
    uint64_t tsih = rig_fields[RIG_F_TSIH].pdus >> kind & 1 ? rig_get(item->pdu.bhs, RIG_F_TSIH) : 0;
    if (session->linked || tsih == 0)
        return;
    session->tsih = (uint16_t)tsih;
    session->linked = true;
    rig_map_add(&trace->names->sessions, &session->link, hash_of(session->isid << 16 | tsih));
}

rig_status trc_place(rig_trace *trace, const rig_item *item, trc_connection **out_connection,
                     trc_session **out_session)
{
    trc_connection *connection = own_names(trace) ? connection_at(trace, item->connection) : NULL;
    if (!connection || !find_session(trace, item, connection))
        return RIG_E_NOMEM;
    learn_tsih(trace, item, connection->session);
    *out_connection = connection;
    *out_session = connection->session;
    return RIG_OK;
}

uint32_t rig_trace_session(const rig_trace *trace, uint32_t index)
{
    const trc_connection *connection = trace->names ? connection_find(trace->names, index) : NULL;
    return connection && connection->session ? connection->session->number : 0;
}

/* ---- tags ---- */

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
