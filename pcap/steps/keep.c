/* Steps left out, and what is behind them numbered again. */
#include "steps.h"

#define COUNTED_ANSWERS                                                                                      \
    (RIG_IN(SCSI_RESP) | RIG_IN(TMF_RESP) | RIG_IN(LOGIN_RESP) | RIG_IN(TEXT_RESP) | RIG_IN(LOGOUT_RESP) |   \
     RIG_IN(ASYNC) | RIG_IN(REJECT))
#define COUNTED_REQUESTS                                                                                     \
    (RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(TEXT_REQ) | RIG_IN(LOGOUT_REQ) | RIG_IN(NOP_OUT))

/* Whether a PDU takes a number of its own: a CmdSN unless it is immediate (RFC 7143 section 4.2.2.1). */
static bool takes_cmd_sn(const rig_step *step)
{
    rig_pdu_kind kind = stp_kind(step);
    return stp_in(COUNTED_REQUESTS, kind) && !rig_get(step->bhs, RIG_F_I);
}

static bool takes_stat_sn(const rig_step *step)
{
    rig_pdu_kind kind = stp_kind(step);
    if (kind == RIG_PDU_NOP_IN)
        return rig_get32(step->bhs, RIG_F_ITT) != RIG_TAG_NONE;
    return stp_in(COUNTED_ANSWERS, kind) || (kind == RIG_PDU_DATA_IN && rig_get(step->bhs, RIG_F_S));
}

/* ---- numbers that are left out ---- */

/* Numbers in order, as distances from the first one: they mostly come in order, too. */
typedef struct numbers {
    bool begun;
    uint32_t first;
    int32_t *ptr;
    size_t num, size;
} numbers;

/* Of a session or of a connection. */
typedef struct scope {
    numbers taken; /* by PDUs that stay or go */
    numbers gone;
} scope;

typedef struct renumbering {
    const rig_alloc *alloc;
    scope *sessions, *connections;
    uint32_t num_sessions, num_connections;
} renumbering;

/* How many are below the value. */
static size_t below(const numbers *n, uint32_t value)
{
    size_t low = 0, high = n->num;
    int32_t distance = (int32_t)(value - n->first);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (n->ptr[middle] < distance)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool holds(const numbers *n, uint32_t value)
{
    size_t at = below(n, value);
    return at < n->num && n->ptr[at] == (int32_t)(value - n->first);
}

static rig_status number_add(const rig_alloc *alloc, numbers *n, uint32_t value)
{
    if (!n->begun)
        n->first = value;
    n->begun = true;
    if (n->num == n->size) {
        size_t size = n->size ? n->size * 2 : 16;
        int32_t *ptr = rig_resize(alloc, n->ptr, n->size * sizeof *ptr, size * sizeof *ptr);
        if (!ptr)
            return RIG_E_NOMEM;
        n->ptr = ptr;
        n->size = size;
    }
    size_t at = below(n, value);
    memmove(n->ptr + at + 1, n->ptr + at, (n->num - at) * sizeof *n->ptr);
    n->ptr[at] = (int32_t)(value - n->first);
    n->num++;
    return RIG_OK;
}

static void numbers_free(const rig_alloc *alloc, numbers *n)
{
    rig_delete(alloc, n->ptr, n->size * sizeof *n->ptr);
}

/* ---- fields that count in them ---- */

static void lower(rig_step *step, rig_field_id field, const numbers *gone)
{
    uint32_t value = rig_get32(step->bhs, field);
    if (gone->num && stp_in(rig_fields[field].pdus, stp_kind(step)))
        rig_set(step->bhs, field, value - (uint32_t)below(gone, value));
}

static void lower_cmd_sn(rig_step *step, const numbers *gone)
{
    lower(step, RIG_F_CMD_SN, gone);
    lower(step, RIG_F_EXP_CMD_SN, gone);
    lower(step, RIG_F_MAX_CMD_SN, gone);
    if (stp_kind(step) == RIG_PDU_TMF_REQ && rig_get32(step->bhs, RIG_F_REF_CMD_SN))
        lower(step, RIG_F_REF_CMD_SN, gone);
}

static void lower_stat_sn(rig_step *step, const numbers *gone)
{
    bool has = stp_kind(step) != RIG_PDU_DATA_IN || rig_get(step->bhs, RIG_F_S);
    if (has)
        lower(step, RIG_F_STAT_SN, gone);
    lower(step, RIG_F_EXP_STAT_SN, gone);
    if (stp_kind(step) == RIG_PDU_SNACK && rig_get(step->bhs, RIG_F_SNACK_TYPE) == 1)
        lower(step, RIG_F_BEG_RUN, gone);
}

/* What goes takes its number with it, unless an earlier PDU had the same: it was sent again. */
static rig_status take(const rig_alloc *alloc, scope *of, uint32_t value, bool goes)
{
    if (holds(&of->taken, value))
        return RIG_OK;
    rig_status status = number_add(alloc, &of->taken, value);
    return status || !goes ? status : number_add(alloc, &of->gone, value);
}

static rig_status renumber_step(const renumbering *r, rig_step *step, bool goes)
{
    scope *session = &r->sessions[step->session], *connection = &r->connections[step->connection];
    uint32_t cmd_sn = rig_get32(step->bhs, RIG_F_CMD_SN), stat_sn = rig_get32(step->bhs, RIG_F_STAT_SN);
    rig_status status = RIG_OK;
    bool takes_cmd = takes_cmd_sn(step), takes_stat = takes_stat_sn(step);
    if (!goes) {
        lower_cmd_sn(step, &session->gone);
        lower_stat_sn(step, &connection->gone);
    }
    if (takes_cmd)
        status = take(r->alloc, session, cmd_sn, goes);
    if (takes_stat && !status)
        status = take(r->alloc, connection, stat_sn, goes);
    return status;
}

static void scopes_free(const rig_alloc *alloc, scope *scopes, uint32_t num)
{
    for (uint32_t i = 0; scopes && i < num; i++) {
        numbers_free(alloc, &scopes[i].taken);
        numbers_free(alloc, &scopes[i].gone);
    }
    rig_delete(alloc, scopes, scopes ? (num + 1) * sizeof *scopes : 0);
}

static rig_status renumber(rig_steps *steps, const bool *gone)
{
    renumbering r = {.alloc = steps->alloc,
                     .num_sessions = steps->num_sessions,
                     .num_connections = steps->num_connections};
    r.sessions = rig_new(r.alloc, (r.num_sessions + 1) * sizeof *r.sessions);
    r.connections = rig_new(r.alloc, (r.num_connections + 1) * sizeof *r.connections);
    rig_status status = r.sessions && r.connections ? RIG_OK : RIG_E_NOMEM;
    for (size_t i = 0; i < steps->num && !status; i++)
        if (steps->ptr[i].kind == RIG_STEP_PDU)
            status = renumber_step(&r, &steps->ptr[i], gone[i]);
    scopes_free(r.alloc, r.sessions, r.num_sessions);
    scopes_free(r.alloc, r.connections, r.num_connections);
    return status;
}

/* ---- what goes ---- */

/* A time that passed beside what is gone still passed. */
static void take_out(rig_steps *steps, const bool *gone)
{
    size_t num = 0;
    uint64_t passed = 0;
    for (size_t i = 0; i < steps->num; i++) {
        passed += steps->ptr[i].gap;
        if (gone[i])
            continue;
        steps->ptr[num] = steps->ptr[i];
        steps->ptr[num].gap = num ? passed : 0;
        passed = 0;
        num++;
    }
    steps->num = num;
}

/* The last step of the other side, in a list whose connections have been numbered. */
static rig_status find_causes(rig_steps *steps)
{
    size_t size = 2 * (size_t)steps->num_connections + 2;
    size_t *last = rig_new(steps->alloc, size * sizeof *last); /* by connection and side: index + 1 */
    if (!last)
        return RIG_E_NOMEM;
    for (size_t i = 0; i < steps->num; i++) {
        rig_step *step = &steps->ptr[i];
        size_t *of = &last[2 * (size_t)step->connection];
        step->cause = of[!step->to_target] ? of[!step->to_target] - 1 : RIG_STEP_NONE;
        of[step->to_target] = i + 1;
    }
    rig_delete(steps->alloc, last, size * sizeof *last);
    return RIG_OK;
}

/* Connections keep the order of their beginnings, and have no holes between their numbers. */
static rig_status number_connections(rig_steps *steps)
{
    uint32_t num = 0, size = steps->num_connections + 1;
    uint32_t *number = rig_new(steps->alloc, size * sizeof *number); /* 0: none */
    if (!number)
        return RIG_E_NOMEM;
    for (size_t i = 0; i < steps->num; i++) {
        rig_step *step = &steps->ptr[i];
        if (step->kind == RIG_STEP_CONNECT)
            number[step->connection] = ++num;
        step->connection = number[step->connection] - 1;
    }
    rig_delete(steps->alloc, number, size * sizeof *number);
    steps->num_connections = num;
    return RIG_OK;
}

/* What has to stay with a connection, and with a session. */
typedef struct roots {
    uint32_t *logins;  /* by connection: the exchange of its login */
    uint32_t *openers; /* by session: that of the connection that began it */
} roots;

static void roots_free(const rig_steps *steps, roots *r)
{
    rig_delete(steps->alloc, r->logins, r->logins ? (steps->num_connections + 1) * sizeof *r->logins : 0);
    rig_delete(steps->alloc, r->openers, r->openers ? (steps->num_sessions + 1) * sizeof *r->openers : 0);
}

static rig_status roots_find(const rig_steps *steps, roots *r)
{
    r->logins = rig_new(steps->alloc, (steps->num_connections + 1) * sizeof *r->logins);
    r->openers = rig_new(steps->alloc, (steps->num_sessions + 1) * sizeof *r->openers);
    if (!r->logins || !r->openers) {
        roots_free(steps, r);
        return RIG_E_NOMEM;
    }
    memset(r->openers, 0xff, (steps->num_sessions + 1) * sizeof *r->openers);
    for (size_t i = 0; i < steps->num; i++) {
        const rig_step *step = &steps->ptr[i];
        if (step->kind == RIG_STEP_CONNECT)
            r->logins[step->connection] = step->exchange;
        else if (step->kind == RIG_STEP_PDU && r->openers[step->session] == UINT32_MAX)
            r->openers[step->session] = r->logins[step->connection];
    }
    return RIG_OK;
}

static bool stays(const rig_steps *steps, const roots *r, const bool *keep, const rig_step *step)
{
    uint32_t login = r->logins[step->connection];
    bool whole = login < steps->num_exchanges && keep[login];
    return whole && (step->exchange >= steps->num_exchanges || keep[step->exchange]);
}

rig_status rig_steps_keep(rig_steps *steps, const bool *keep)
{
    const size_t size = steps->num + 1;
    roots r = {0};
    bool *gone = rig_new(steps->alloc, size);
    rig_status status = gone ? roots_find(steps, &r) : RIG_E_NOMEM;
    for (size_t i = 0; i < steps->num && !status; i++)
        gone[i] = !stays(steps, &r, keep, &steps->ptr[i]);
    if (!status) {
        roots_free(steps, &r);
        status = renumber(steps, gone);
    }
    if (!status)
        take_out(steps, gone);
    rig_delete(steps->alloc, gone, gone ? size : 0);
    if (status)
        return status;
    status = number_connections(steps);
    return status ? status : find_causes(steps);
}

rig_status rig_steps_needed(const rig_steps *steps, bool *keep)
{
    roots r = {0};
    rig_status status = roots_find(steps, &r);
    if (status)
        return status;
    for (size_t i = steps->num; i > 0; i--) {
        const rig_step *step = &steps->ptr[i - 1];
        if (step->kind != RIG_STEP_PDU || !keep[step->exchange])
            continue;
        keep[r.logins[step->connection]] = true;
        keep[r.openers[step->session]] = true;
    }
    roots_free(steps, &r);
    return RIG_OK;
}
