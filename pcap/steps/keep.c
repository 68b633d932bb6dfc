/* Steps left out, and what is behind them numbered again. */
#include "steps.h"

#define COUNTED_ANSWERS                                                                                      \
    (RIG_IN(SCSI_RESP) | RIG_IN(TMF_RESP) | RIG_IN(LOGIN_RESP) | RIG_IN(TEXT_RESP) | RIG_IN(LOGOUT_RESP) |   \
     RIG_IN(ASYNC) | RIG_IN(REJECT))
#define COUNTED_REQUESTS                                                                                     \
    (RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(TEXT_REQ) | RIG_IN(LOGOUT_REQ) | RIG_IN(NOP_OUT))

static bool before(uint32_t a, uint32_t b)
{
    return a != b && b - a < UINT32_C(0x80000000);
}

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

static void lower(rig_step *step, rig_field_id field, uint32_t than)
{
    uint32_t value = rig_get32(step->bhs, field);
    if (stp_in(rig_fields[field].pdus, stp_kind(step)) && before(than, value))
        rig_set(step->bhs, field, value - 1);
}

static void lower_cmd_sn(rig_step *step, uint32_t than)
{
    lower(step, RIG_F_CMD_SN, than);
    lower(step, RIG_F_EXP_CMD_SN, than);
    lower(step, RIG_F_MAX_CMD_SN, than);
    if (stp_kind(step) == RIG_PDU_TMF_REQ && rig_get32(step->bhs, RIG_F_REF_CMD_SN))
        lower(step, RIG_F_REF_CMD_SN, than);
}

static void lower_stat_sn(rig_step *step, uint32_t than)
{
    bool has = stp_kind(step) != RIG_PDU_DATA_IN || rig_get(step->bhs, RIG_F_S);
    if (has)
        lower(step, RIG_F_STAT_SN, than);
    lower(step, RIG_F_EXP_STAT_SN, than);
    if (stp_kind(step) == RIG_PDU_SNACK && rig_get(step->bhs, RIG_F_SNACK_TYPE) == 1)
        lower(step, RIG_F_BEG_RUN, than);
}

/* Whether an earlier PDU had the same number: it was sent again. */
static bool said_before(const rig_steps *steps, size_t at, rig_field_id field)
{
    const rig_step *step = &steps->ptr[at];
    uint32_t value = rig_get32(step->bhs, field);
    for (size_t i = at; i > 0; i--) {
        const rig_step *other = &steps->ptr[i - 1];
        bool takes = field == RIG_F_CMD_SN ? takes_cmd_sn(other) && other->session == step->session
                                           : takes_stat_sn(other) && other->connection == step->connection;
        if (takes && rig_get32(other->bhs, field) == value)
            return true;
    }
    return false;
}

static void renumber_behind(rig_steps *steps, size_t at)
{
    const rig_step gone = steps->ptr[at];
    bool cmd_sn = takes_cmd_sn(&gone) && !said_before(steps, at, RIG_F_CMD_SN);
    bool stat_sn = takes_stat_sn(&gone) && !said_before(steps, at, RIG_F_STAT_SN);
    for (size_t i = at + 1; i < steps->num && (cmd_sn || stat_sn); i++) {
        rig_step *step = &steps->ptr[i];
        if (step->kind != RIG_STEP_PDU)
            continue;
        if (cmd_sn && step->session == gone.session)
            lower_cmd_sn(step, rig_get32(gone.bhs, RIG_F_CMD_SN));
        if (stat_sn && step->connection == gone.connection)
            lower_stat_sn(step, rig_get32(gone.bhs, RIG_F_STAT_SN));
    }
}

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

static void find_causes(rig_steps *steps)
{
    for (size_t i = 0; i < steps->num; i++) {
        rig_step *step = &steps->ptr[i];
        step->cause = RIG_STEP_NONE;
        for (size_t j = i; j > 0 && step->cause == RIG_STEP_NONE; j--) {
            const rig_step *other = &steps->ptr[j - 1];
            if (other->connection == step->connection && other->to_target != step->to_target)
                step->cause = j - 1;
        }
    }
}

/* Connections keep the order of their beginnings, and have no holes between their numbers. */
static void number_connections(rig_steps *steps)
{
    uint32_t num = 0;
    for (size_t i = 0; i < steps->num; i++) {
        if (steps->ptr[i].kind != RIG_STEP_CONNECT)
            continue;
        uint32_t old = steps->ptr[i].connection;
        for (size_t j = i; j < steps->num; j++)
            if (steps->ptr[j].connection == old)
                steps->ptr[j].connection = num;
        num++;
    }
    steps->num_connections = num;
}

static uint32_t login_of(const rig_steps *steps, uint32_t connection)
{
    for (size_t i = 0; i < steps->num; i++)
        if (steps->ptr[i].kind == RIG_STEP_CONNECT && steps->ptr[i].connection == connection)
            return steps->ptr[i].exchange;
    return UINT32_MAX;
}

static bool stays(const rig_steps *steps, const bool *keep, const rig_step *step)
{
    uint32_t login = login_of(steps, step->connection);
    bool whole = login < steps->num_exchanges && keep[login];
    return whole && (step->exchange >= steps->num_exchanges || keep[step->exchange]);
}

rig_status rig_steps_keep(rig_steps *steps, const bool *keep)
{
    const size_t size = steps->num + 1;
    bool *gone = rig_new(steps->alloc, size);
    if (!gone)
        return RIG_E_NOMEM;
    for (size_t i = 0; i < steps->num; i++)
        gone[i] = !stays(steps, keep, &steps->ptr[i]);
    for (size_t i = 0; i < steps->num; i++)
        if (gone[i] && steps->ptr[i].kind == RIG_STEP_PDU)
            renumber_behind(steps, i);
    take_out(steps, gone);
    rig_delete(steps->alloc, gone, size);
    find_causes(steps);
    number_connections(steps);
    return RIG_OK;
}

void rig_steps_needed(const rig_steps *steps, bool *keep)
{
    for (size_t i = steps->num; i > 0; i--) {
        const rig_step *step = &steps->ptr[i - 1];
        if (step->kind != RIG_STEP_PDU || !keep[step->exchange])
            continue;
        uint32_t login = login_of(steps, step->connection);
        if (login < steps->num_exchanges)
            keep[login] = true;
        for (size_t j = 0; j < i; j++) /* who opened the session */
            if (steps->ptr[j].kind == RIG_STEP_PDU && steps->ptr[j].session == step->session) {
                keep[login_of(steps, steps->ptr[j].connection)] = true;
                break;
            }
    }
}
