#include "trace_filter.h"

#include "rig/draws.h"

#include <string.h>

/* ---- what is asked for ---- */

static bool parse_field(rig_field_id field, rig_view text, uint64_t *out)
{
    uint8_t bhs[RIG_BHS_LEN] = {0};
    rig_error error = {0};
    rig_status status = rig_field_parse(bhs, field, text, &error);
    *out = rig_get(bhs, field);
    return status == RIG_OK;
}

static bool parse_number(rig_view text, uint64_t *out)
{
    return rig_view_u64(text, out);
}

/* The name of a PDU, or six bits. */
static bool parse_opcode(rig_view text, uint64_t *out)
{
    for (unsigned kind = 0; kind < RIG_PDU_UNKNOWN; kind++)
        if (rig_view_is(text, rig_pdu_rows[kind].name)) {
            *out = rig_pdu_rows[kind].opcode;
            return true;
        }
    return rig_view_u64(text, out) && *out < 64;
}

static bool parse_itt(rig_view text, uint64_t *out)
{
    return parse_field(RIG_F_ITT, text, out);
}

static bool parse_lun(rig_view text, uint64_t *out)
{
    return parse_field(RIG_F_LUN, text, out);
}

static const struct {
    const char *name, *wanted;
    bool (*parse)(rig_view text, uint64_t *out);
} rows[TRACE_ABOUTS] = {
    [TRACE_SESSION] = {"session", "the number of a session, from 1", parse_number},
    [TRACE_CONNECTION] = {"connection", "the number of a connection, from 0", parse_number},
    [TRACE_OPCODE] = {"opcode", "the name of a PDU as in the trace, or a number below 0x40", parse_opcode},
    [TRACE_ITT] = {"itt", "a task tag as with --plain, or none", parse_itt},
    [TRACE_LUN] = {"lun", "a logical unit as in the trace", parse_lun},
};

static int take_value(trace_filter *filter, trace_about about, rig_view value)
{
    uint64_t number;
    if (!rows[about].parse(value, &number))
        return cli_complain("--filter %s: wanted %s, came \"%.*s\"", rows[about].name, rows[about].wanted,
                            RIG_VIEW_ARG(value));
    if (filter->num[about] == TRACE_FILTER_VALUES)
        return cli_complain("--filter %s: more than %d values", rows[about].name, TRACE_FILTER_VALUES);
    filter->values[about][filter->num[about]++] = number;
    return CLI_OK;
}

int trace_filter_add(trace_filter *filter, const char *argument)
{
    rig_view rest = rig_view_str(argument), name = rig_view_split(&rest, '=');
    unsigned about = 0;
    while (about < TRACE_ABOUTS && !rig_view_is(name, rows[about].name))
        about++;
    if (about == TRACE_ABOUTS || !rest.ptr)
        return cli_complain("--filter: wanted session=, connection=, opcode=, itt= or lun=, came \"%s\"",
                            argument);
    int bad = CLI_OK;
    while (rest.ptr && !bad)
        bad = take_value(filter, (trace_about)about, rig_view_split(&rest, ','));
    return bad;
}

bool trace_filter_any(const trace_filter *filter)
{
    for (unsigned about = 0; about < TRACE_ABOUTS; about++)
        if (filter->num[about])
            return true;
    return false;
}

/* ---- whether it is ---- */

static trace_task *task_at(trace_filter *filter, uint32_t session, uint32_t itt)
{
    const uint32_t key[2] = {session, itt};
    return &filter->tasks[rig_hash64(key, sizeof key, 0) % TRACE_FILTER_TASKS];
}

/* Where the LUN of an answer counts: elsewhere it is reserved, or need not be right (RFC 7143
 * section 11.7.4). */
#define TELLS_LUN (RIG_IN(R2T) | RIG_IN(ASYNC) | RIG_IN(NOP_IN))

/* The logical unit of a PDU, which answers have from their command. */
static bool lun_of(trace_filter *filter, const rig_item *item, uint32_t session, uint64_t *out)
{
    const uint8_t *bhs = item->pdu.bhs;
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    trace_task *task = task_at(filter, session, itt);
    bool has = rig_fields[RIG_F_LUN].pdus >> kind & 1 && (item->to_target || TELLS_LUN >> kind & 1);
    if (has && (kind == RIG_PDU_SCSI_CMD || kind == RIG_PDU_TMF_REQ))
        *task = (trace_task){session, itt, rig_get(bhs, RIG_F_LUN)};
    bool known = itt != RIG_TAG_NONE && task->session == session && task->itt == itt;
    *out = has ? rig_get(bhs, RIG_F_LUN) : task->lun;
    return has || known;
}

static bool is_in(const trace_filter *filter, trace_about about, uint64_t value)
{
    for (uint32_t i = 0; i < filter->num[about]; i++)
        if (filter->values[about][i] == value)
            return true;
    return filter->num[about] == 0;
}

static bool pdu_passes(trace_filter *filter, const rig_item *item, uint32_t session)
{
    uint64_t lun;
    bool has_lun = lun_of(filter, item, session, &lun);
    return is_in(filter, TRACE_OPCODE, rig_get(item->pdu.bhs, RIG_F_OPCODE)) &&
           is_in(filter, TRACE_ITT, rig_get(item->pdu.bhs, RIG_F_ITT)) &&
           (filter->num[TRACE_LUN] == 0 || (has_lun && is_in(filter, TRACE_LUN, lun)));
}

bool trace_filter_passes(trace_filter *filter, const rig_item *item, uint32_t session)
{
    bool pdus_alone = filter->num[TRACE_OPCODE] || filter->num[TRACE_ITT] || filter->num[TRACE_LUN];
    bool passes = item->kind == RIG_ITEM_PDU ? pdu_passes(filter, item, session) : !pdus_alone;
    return passes && is_in(filter, TRACE_SESSION, session) &&
           is_in(filter, TRACE_CONNECTION, item->connection);
}
