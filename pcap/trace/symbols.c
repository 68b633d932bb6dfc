#include "print.h"

#define STARTS                                                                                               \
    (RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(LOGIN_REQ) | RIG_IN(TEXT_REQ) | RIG_IN(LOGOUT_REQ) |        \
     RIG_IN(NOP_OUT))

static bool in(uint32_t kinds, rig_pdu_kind kind)
{
    return kinds >> kind & 1;
}

static bool print_itt(trc_context *context, rig_text *out, uint32_t value, rig_status *out_status)
{
    uint32_t session = context->session->number;
    trc_tag *tag = trc_tag_find(context->trace, session, TRC_ITT, value);
    if (!tag || (tag->ended && in(STARTS, context->kind)))
        tag = trc_tag_name(context->trace, session, TRC_ITT, value);
    if (!tag) {
        *out_status = RIG_E_NOMEM;
        return false;
    }
    context->task = tag->name;
    rig_text_add(out, "$t%u", tag->name);
    return true;
}

static bool print_known_tag(const trc_context *context, rig_text *out, trc_tag_kind kind, uint32_t value)
{
    const trc_tag *tag = trc_tag_find(context->trace, context->session->number, kind, value);
    if (tag)
        rig_text_add(out, kind == TRC_ITT ? "$t%u" : "$r%u", tag->name);
    return tag != NULL;
}

/* The target may use a tag again as soon as its transfer is over, so an R2T of another task or number names
 * it anew. */
static bool names_anew(const trc_context *context, const trc_tag *tag)
{
    const uint8_t *bhs = context->item->pdu.bhs;
    if (!tag)
        return true;
    if (!in(RIG_IN(R2T) | RIG_IN(NOP_IN) | RIG_IN(TEXT_RESP) | RIG_IN(DATA_IN), context->kind))
        return false;
    if (context->kind == RIG_PDU_R2T)
        return tag->task != context->task || tag->order != rig_get32(bhs, RIG_F_R2T_SN);
    return context->kind == RIG_PDU_NOP_IN ? tag->ended : tag->task != context->task;
}

static bool print_ttt(trc_context *context, rig_text *out, uint32_t value, rig_status *out_status)
{
    uint32_t session = context->session->number;
    trc_tag *tag = trc_tag_find(context->trace, session, TRC_TTT, value);
    if (names_anew(context, tag)) {
        tag = trc_tag_name(context->trace, session, TRC_TTT, value);
        if (!tag) {
            *out_status = RIG_E_NOMEM;
            return false;
        }
        tag->task = context->task;
        tag->order = context->kind == RIG_PDU_R2T ? rig_get32(context->item->pdu.bhs, RIG_F_R2T_SN) : 0;
    }
    rig_text_add(out, "$r%u", tag->name);
    return true;
}

static bool print_number(rig_text *out, trc_base *base, uint32_t *next, char letter, uint32_t value)
{
    if (!base->known)
        *base = (trc_base){true, value, ++*next};
    uint32_t behind = value - base->value, before = base->value - value;
    if (behind > TRC_NEAR && before > TRC_NEAR)
        return false;
    rig_text_add(out, "$%c%u", letter, base->name);
    if (behind)
        rig_text_add(out, "%c%u", behind <= before ? '+' : '-', behind <= before ? behind : before);
    return true;
}

static bool print_tsih(trc_context *context, rig_text *out, uint32_t value)
{
    trc_session *session = context->session;
    if (value == 0 || session->tsih != value)
        return false;
    if (!session->tsih_name)
        session->tsih_name = ++context->trace->names->next_tsih;
    rig_text_add(out, "$h%u", session->tsih_name);
    return true;
}

static bool status_run(const trc_context *context)
{
    return context->kind == RIG_PDU_SNACK && rig_get(context->item->pdu.bhs, RIG_F_SNACK_TYPE) == 1;
}

static bool data_acknowledged(const trc_context *context)
{
    return context->kind == RIG_PDU_SNACK && rig_get(context->item->pdu.bhs, RIG_F_SNACK_TYPE) == 2;
}

static bool print_stat_sn(trc_context *context, rig_text *out, uint32_t value)
{
    return print_number(out, &context->connection->stat_sn, &context->trace->names->next_stat_sn, 's', value);
}

bool trc_unbound(const trc_context *context, rig_field_id field)
{
    return field == RIG_F_EXP_STAT_SN && context->kind == RIG_PDU_LOGIN_REQ &&
           !context->connection->stat_sn.known;
}

static bool print_tag(trc_context *context, rig_text *out, rig_field_id field, uint32_t value,
                      rig_status *out_status)
{
    if (value == RIG_TAG_NONE)
        return false;
    switch (field) {
    case RIG_F_ITT:
        return print_itt(context, out, value, out_status);
    case RIG_F_TTT:
        return print_ttt(context, out, value, out_status);
    case RIG_F_REF_TAG:
        return print_known_tag(context, out, TRC_ITT, value);
    default:
        return data_acknowledged(context) && print_known_tag(context, out, TRC_TTT, value);
    }
}

bool trc_symbol(trc_context *context, rig_text *out, rig_field_id field, rig_status *out_status)
{
    if (context->trace->style != RIG_TRACE_SYMBOLIC || field == RIG_F_CDB)
        return false;
    uint32_t value = rig_get32(context->item->pdu.bhs, field);
    if (rig_fields[field].form == RIG_FORM_TAG)
        return print_tag(context, out, field, value, out_status);
    switch (field) {
    case RIG_F_TSIH:
        return print_tsih(context, out, value);
    case RIG_F_CMD_SN:
    case RIG_F_EXP_CMD_SN:
    case RIG_F_MAX_CMD_SN:
    case RIG_F_REF_CMD_SN:
        return print_number(out, &context->session->cmd_sn, &context->trace->names->next_cmd_sn, 'c', value);
    case RIG_F_STAT_SN:
        return print_stat_sn(context, out, value);
    case RIG_F_EXP_STAT_SN:
        return !trc_unbound(context, field) && print_stat_sn(context, out, value);
    case RIG_F_BEG_RUN:
        return status_run(context) && value && print_stat_sn(context, out, value);
    default:
        return false;
    }
}

static bool ends_task(const trc_context *context)
{
    const uint8_t *bhs = context->item->pdu.bhs;
    switch (context->kind) {
    case RIG_PDU_LOGIN_RESP:
        return (rig_get(bhs, RIG_F_T) && rig_get(bhs, RIG_F_NSG) == 3) ||
               rig_get(bhs, RIG_F_LOGIN_STATUS) >> 8;
    case RIG_PDU_TEXT_RESP:
        return rig_get(bhs, RIG_F_F);
    case RIG_PDU_DATA_IN:
        return rig_get(bhs, RIG_F_S);
    default:
        return in(RIG_IN(SCSI_RESP) | RIG_IN(TMF_RESP) | RIG_IN(LOGOUT_RESP) | RIG_IN(NOP_IN), context->kind);
    }
}

static void end_tag(const trc_context *context, trc_tag_kind kind, rig_field_id field)
{
    uint32_t value = rig_get32(context->item->pdu.bhs, field);
    trc_tag *tag =
        value == RIG_TAG_NONE ? NULL : trc_tag_find(context->trace, context->session->number, kind, value);
    if (tag)
        tag->ended = true;
}

void trc_symbols_ended(trc_context *context)
{
    if (ends_task(context))
        end_tag(context, TRC_ITT, RIG_F_ITT);
    if (context->kind == RIG_PDU_NOP_OUT)
        end_tag(context, TRC_TTT, RIG_F_TTT);
}
