/* From items to steps: whose connection, which session, which exchange. */
#include "steps.h"

#define STARTS                                                                                               \
    (RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(LOGIN_REQ) | RIG_IN(TEXT_REQ) | RIG_IN(LOGOUT_REQ) |        \
     RIG_IN(NOP_OUT))
#define ALONE UINT32_MAX

/* A task whose PDUs belong together. */
typedef struct open_exchange {
    uint32_t connection, exchange;
    uint32_t tag;
    bool by_target; /* tag is a TTT: a ping of the target */
} open_exchange;

typedef struct maker {
    rig_steps *steps;
    uint32_t *connections; /* of the items: number + 1 here, 0 none, or CLOSED */
    size_t num_connections;
    size_t *said; /* by number of the connection and side: its last step + 1 */
    open_exchange *open;
    size_t num_open, oldest;
    uint64_t last; /* time of the step before */
} maker;

#define CLOSED UINT32_MAX

void rig_steps_cleanup(rig_steps *steps)
{
    rig_delete(steps->alloc, steps->ptr, steps->size * sizeof *steps->ptr);
    *steps = (rig_steps){.alloc = steps->alloc};
}

rig_item rig_step_item(const rig_step *step)
{
    rig_item item = step->item;
    if (step->kind == RIG_STEP_PDU)
        item.pdu.bhs = step->bhs;
    return item;
}

rig_pdu_kind stp_kind(const rig_step *step)
{
    return step->kind == RIG_STEP_PDU ? rig_pdu_kind_of(step->bhs) : RIG_PDU_KINDS;
}

static rig_status add_step(rig_steps *steps, rig_step **out_step)
{
    if (steps->num == RIG_STEPS_MAX)
        return RIG_E_LIMIT;
    if (steps->num == steps->size) {
        size_t size = steps->size ? steps->size * 2 : 64;
        rig_step *ptr = rig_resize(steps->alloc, steps->ptr, steps->size * sizeof *ptr, size * sizeof *ptr);
        if (!ptr)
            return RIG_E_NOMEM;
        steps->ptr = ptr;
        steps->size = size;
    }
    *out_step = &steps->ptr[steps->num++];
    **out_step = (rig_step){.cause = RIG_STEP_NONE, .session = ALONE};
    return RIG_OK;
}

rig_status rig_steps_copy(const rig_steps *from, rig_steps *out_steps)
{
    *out_steps = *from;
    out_steps->ptr = rig_new(from->alloc, from->size * sizeof *from->ptr);
    if (!out_steps->ptr) {
        *out_steps = (rig_steps){.alloc = from->alloc};
        return from->size ? RIG_E_NOMEM : RIG_OK;
    }
    memcpy(out_steps->ptr, from->ptr, from->num * sizeof *from->ptr);
    return RIG_OK;
}

/* ---- connections ---- */

static uint32_t *number_of(const maker *m, const rig_item *item)
{
    return item->connection < m->num_connections ? &m->connections[item->connection] : NULL;
}

static rig_status begin_connection(maker *m, const rig_item *item, bool midstream)
{
    rig_step *step;
    uint32_t *number = number_of(m, item);
    rig_status status = *number ? RIG_OK : add_step(m->steps, &step);
    if (status || *number)
        return status;
    *number = ++m->steps->num_connections;
    step->kind = RIG_STEP_CONNECT;
    step->to_target = true;
    step->midstream = midstream;
    step->connection = *number - 1;
    step->exchange = m->steps->num_exchanges++;
    step->item = *item;
    return RIG_OK;
}

static rig_status end_connection(maker *m, const rig_item *item)
{
    rig_step *step;
    uint32_t *number = number_of(m, item);
    rig_status status = add_step(m->steps, &step);
    if (status)
        return status;
    step->kind = RIG_STEP_CLOSE;
    step->connection = *number - 1;
    step->exchange = ALONE;
    step->to_target = item->args.len && memmem(item->args.ptr, item->args.len, "by initiator", 12);
    step->reset = item->args.len && memmem(item->args.ptr, item->args.len, "reason=reset", 12);
    step->item = *item;
    *number = CLOSED;
    return RIG_OK;
}

/* ---- exchanges ---- */

static open_exchange *exchange_find(const maker *m, uint32_t connection, uint32_t tag, bool by_target)
{
    for (size_t i = m->num_open; i > 0; i--) {
        open_exchange *open = &m->open[i - 1];
        if (open->connection == connection && open->tag == tag && open->by_target == by_target)
            return open;
    }
    return NULL;
}

/* The oldest one makes room: what still comes of it is an exchange of its own. */
static uint32_t exchange_new(maker *m, uint32_t connection, uint32_t tag, bool by_target)
{
    open_exchange *open = exchange_find(m, connection, tag, by_target);
    if (!open && m->num_open < STP_TAGS_MAX)
        open = &m->open[m->num_open++];
    else if (!open)
        open = &m->open[m->oldest++ % STP_TAGS_MAX];
    *open = (open_exchange){connection, m->steps->num_exchanges++, tag, by_target};
    return open->exchange;
}

/* The exchange of a connection's login is that of its beginning. */
static uint32_t login_of(const rig_steps *steps, uint32_t connection)
{
    for (size_t i = 0; i < steps->num; i++)
        if (steps->ptr[i].kind == RIG_STEP_CONNECT && steps->ptr[i].connection == connection)
            return steps->ptr[i].exchange;
    return ALONE;
}

/* An answer that names no task, or one that is not there, is to what the initiator said last. */
static uint32_t exchange_answered(maker *m, const rig_step *step)
{
    for (size_t i = m->steps->num - 1; i > 0 && !step->to_target; i--) {
        const rig_step *before = &m->steps->ptr[i - 1];
        if (before->connection == step->connection && before->to_target && before->kind == RIG_STEP_PDU)
            return before->exchange;
    }
    return m->steps->num_exchanges++;
}

static uint32_t exchange_of(maker *m, const rig_step *step)
{
    rig_pdu_kind kind = stp_kind(step);
    uint32_t itt = rig_get32(step->bhs, RIG_F_ITT);
    bool has_ttt = rig_fields[RIG_F_TTT].pdus >> kind & 1;
    uint32_t ttt = has_ttt ? rig_get32(step->bhs, RIG_F_TTT) : RIG_TAG_NONE;
    if (kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP)
        return login_of(m->steps, step->connection);
    if (itt == RIG_TAG_NONE && kind == RIG_PDU_NOP_IN && ttt != RIG_TAG_NONE)
        return exchange_new(m, step->connection, ttt, true);
    bool ping = itt == RIG_TAG_NONE && kind == RIG_PDU_NOP_OUT;
    const open_exchange *open = exchange_find(m, step->connection, ping ? ttt : itt, ping);
    bool again = stp_in(STARTS, kind) && !(kind == RIG_PDU_TEXT_REQ && ttt != RIG_TAG_NONE);
    if (open && (ping || itt != RIG_TAG_NONE) && !again)
        return open->exchange;
    if (kind == RIG_PDU_ASYNC || (kind == RIG_PDU_NOP_IN && itt == RIG_TAG_NONE))
        return m->steps->num_exchanges++;
    if (itt == RIG_TAG_NONE || !stp_in(STARTS, kind))
        return exchange_answered(m, step);
    return exchange_new(m, step->connection, itt, false);
}

/* ---- sessions ---- */

/* A login with a TSIH joins the session that was given it (RFC 7143 section 6.3.1). */
static uint32_t session_joined(const rig_steps *steps, const uint8_t *bhs)
{
    uint32_t tsih = rig_get32(bhs, RIG_F_TSIH);
    for (size_t i = steps->num; i > 0 && tsih; i--) {
        const rig_step *step = &steps->ptr[i - 1];
        if (stp_kind(step) == RIG_PDU_LOGIN_RESP && rig_get32(step->bhs, RIG_F_TSIH) == tsih &&
            rig_get(step->bhs, RIG_F_ISID) == rig_get(bhs, RIG_F_ISID) && step->session != ALONE)
            return step->session;
    }
    return ALONE;
}

static uint32_t session_of(rig_steps *steps, uint32_t connection, const rig_step *of)
{
    for (size_t i = steps->num; i > 0; i--) {
        const rig_step *step = &steps->ptr[i - 1];
        if (step != of && step->connection == connection && step->session != ALONE)
            return step->session;
        if (step->connection == connection && step->kind == RIG_STEP_CONNECT)
            break;
    }
    uint32_t joined = stp_kind(of) == RIG_PDU_LOGIN_REQ ? session_joined(steps, of->bhs) : ALONE;
    return joined != ALONE ? joined : steps->num_sessions++;
}

static rig_status add_pdu(maker *m, const rig_item *item)
{
    rig_step *step;
    rig_status status = add_step(m->steps, &step);
    if (status)
        return status;
    step->kind = RIG_STEP_PDU;
    step->to_target = item->to_target;
    step->connection = *number_of(m, item) - 1;
    step->item = *item;
    memcpy(step->bhs, item->pdu.bhs, RIG_BHS_LEN);
    step->session = session_of(m->steps, step->connection, step);
    step->exchange = exchange_of(m, step);
    return RIG_OK;
}

static void set_time(maker *m, rig_step *step)
{
    uint64_t time = step->item.time;
    step->gap = m->steps->num > 1 && time > m->last ? time - m->last : 0;
    m->last = time;
    size_t *said = &m->said[2 * (size_t)step->connection];
    step->cause = said[!step->to_target] ? said[!step->to_target] - 1 : RIG_STEP_NONE;
    said[step->to_target] = m->steps->num;
}

static rig_status take(maker *m, const rig_item *item)
{
    uint32_t *number = number_of(m, item);
    size_t before = m->steps->num;
    rig_status status = RIG_OK;
    bool event = item->kind == RIG_ITEM_EVENT;
    bool midstream = event && rig_view_is(item->event, "midstream");
    if (!number || *number == CLOSED)
        return RIG_OK;
    if (!event || midstream || rig_view_is(item->event, "connect"))
        status = begin_connection(m, item, !event || midstream);
    if (!status && !event)
        status = add_pdu(m, item);
    else if (!status && *number && rig_view_is(item->event, "close"))
        status = end_connection(m, item);
    if (!status && m->steps->num > before)
        set_time(m, &m->steps->ptr[m->steps->num - 1]);
    return status;
}

static size_t connections_of(const rig_items *items)
{
    size_t num = 0;
    for (size_t i = 0; i < items->num; i++)
        if (items->ptr[i].connection != UINT32_MAX && items->ptr[i].connection >= num)
            num = (size_t)items->ptr[i].connection + 1;
    return num;
}

rig_status rig_steps_make(rig_steps *steps, const rig_items *items)
{
    maker m = {.steps = steps, .num_connections = connections_of(items)};
    m.connections = rig_new(steps->alloc, (m.num_connections + 1) * sizeof *m.connections);
    m.open = rig_new(steps->alloc, STP_TAGS_MAX * sizeof *m.open);
    m.said = rig_new(steps->alloc, (m.num_connections + 1) * 2 * sizeof *m.said);
    rig_status status = m.connections && m.open && m.said ? RIG_OK : RIG_E_NOMEM;
    for (size_t i = 0; i < items->num && !status; i++)
        status = take(&m, &items->ptr[i]);
    rig_delete(steps->alloc, m.connections,
               m.connections ? (m.num_connections + 1) * sizeof *m.connections : 0);
    rig_delete(steps->alloc, m.said, m.said ? (m.num_connections + 1) * 2 * sizeof *m.said : 0);
    rig_delete(steps->alloc, m.open, m.open ? STP_TAGS_MAX * sizeof *m.open : 0);
    return status;
}
