/* What the other side drew, and the variables that stand for it. */
#include "steps.h"

#define NEAR (1 << 20) /* furthest a number is written relative to the one that was named */
#define STARTS                                                                                               \
    (RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(LOGIN_REQ) | RIG_IN(TEXT_REQ) | RIG_IN(LOGOUT_REQ) |        \
     RIG_IN(NOP_OUT))
#define ENDS (RIG_IN(SCSI_RESP) | RIG_IN(TMF_RESP) | RIG_IN(LOGOUT_RESP) | RIG_IN(NOP_IN) | RIG_IN(TEXT_RESP))

static const char letters[STP_NAME_KINDS] = {[STP_ITT] = 't',  [STP_TTT] = 'r',    [STP_ISID] = 'n',
                                             [STP_TSIH] = 'h', [STP_CMD_SN] = 'c', [STP_STAT_SN] = 's'};

rig_status rig_steps_printer_init(rig_steps_printer *printer, const rig_steps *steps)
{
    printer->names = rig_new(printer->alloc, sizeof *printer->names);
    if (!printer->names)
        return RIG_E_NOMEM;
    printer->names->num_connections = steps->num_connections;
    printer->names->chaps =
        rig_new(printer->alloc, (steps->num_connections + 1) * sizeof *printer->names->chaps);
    if (printer->names->chaps)
        return RIG_OK;
    rig_steps_printer_cleanup(printer);
    return RIG_E_NOMEM;
}

void rig_steps_printer_cleanup(rig_steps_printer *printer)
{
    struct rig_steps_names *names = printer->names;
    if (!names)
        return;
    rig_delete(printer->alloc, names->chaps,
               names->chaps ? (names->num_connections + 1) * sizeof *names->chaps : 0);
    rig_delete(printer->alloc, names, sizeof *names);
    printer->names = NULL;
}

static stp_name *name_of(struct rig_steps_names *names, stp_name_kind kind, uint32_t scope, bool any,
                         uint64_t value)
{
    stp_name *found = NULL;
    for (size_t i = 0; i < names->num; i++) {
        stp_name *name = &names->names[i];
        bool fits = name->kind == kind && name->scope == scope && (any || name->value == value);
        if (fits && (!found || name->number > found->number))
            found = name;
    }
    return found;
}

stp_name *stp_name_find(struct rig_steps_names *names, stp_name_kind kind, uint32_t scope, uint64_t value)
{
    return name_of(names, kind, scope, false, value);
}

stp_name *stp_name_last(struct rig_steps_names *names, stp_name_kind kind, uint32_t scope)
{
    return name_of(names, kind, scope, true, 0);
}

stp_name *stp_name_add(struct rig_steps_names *names, stp_name_kind kind, uint32_t scope, uint64_t value)
{
    stp_name *name = stp_name_find(names, kind, scope, value);
    if (!name)
        name = names->num < STP_TAGS_MAX ? &names->names[names->num++]
                                         : &names->names[names->oldest++ % STP_TAGS_MAX];
    *name = (stp_name){value, scope, ++names->next[kind], (uint8_t)kind, false};
    return name;
}

/* ---- one kind each ---- */

static bool put(rig_text *out, const stp_name *name)
{
    if (name)
        rig_text_add(out, "$%c%u", letters[name->kind], name->number);
    return name != NULL;
}

static bool tag_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step, stp_name_kind kind,
                       uint32_t value)
{
    rig_pdu_kind pdu = stp_kind(step);
    stp_name *name = stp_name_find(printer->names, kind, step->session, value);
    bool begins = kind == STP_ITT
                      ? stp_in(STARTS, pdu)
                      : stp_in(RIG_IN(R2T) | RIG_IN(NOP_IN) | RIG_IN(TEXT_RESP) | RIG_IN(DATA_IN), pdu);
    bool fresh = !name || (name->ended && begins) || pdu == RIG_PDU_R2T;
    if (!stp_expected(printer, step))
        return put(out, name);
    if (fresh && (begins || !name))
        name = stp_name_add(printer->names, kind, step->session, value);
    return put(out, name);
}

static bool plain_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step, stp_name_kind kind,
                         uint32_t scope, uint64_t value)
{
    stp_name *name = stp_name_find(printer->names, kind, scope, value);
    if (!name && stp_expected(printer, step))
        name = stp_name_add(printer->names, kind, scope, value);
    return put(out, name);
}

/* A serial number, relative to the one that was named. */
static bool number_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step, stp_name_kind kind,
                          uint32_t scope, uint32_t value)
{
    stp_name *base = stp_name_last(printer->names, kind, scope);
    bool anew = printer->timing == RIG_STEP_LOOSE && stp_expected(printer, step) && kind == STP_STAT_SN;
    if ((!base || anew) && stp_expected(printer, step))
        base = stp_name_add(printer->names, kind, scope, value);
    if (!base)
        return false;
    uint32_t behind = value - (uint32_t)base->value, before = (uint32_t)base->value - value;
    if (behind > NEAR && before > NEAR)
        return false;
    put(out, base);
    if (behind)
        rig_text_add(out, "%c%u", behind <= before ? '+' : '-', behind <= before ? behind : before);
    return true;
}

/* ---- whose the field is ---- */

static bool initiators_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step,
                              rig_field_id field)
{
    uint32_t value = rig_get32(step->bhs, field);
    switch (field) {
    case RIG_F_ITT:
    case RIG_F_REF_TAG:
        return value != RIG_TAG_NONE && tag_symbol(printer, out, step, STP_ITT, value);
    case RIG_F_ISID:
        return plain_symbol(printer, out, step, STP_ISID, 0, rig_get(step->bhs, field));
    case RIG_F_REF_CMD_SN:
        return value && number_symbol(printer, out, step, STP_CMD_SN, step->session, value);
    case RIG_F_CMD_SN:
    case RIG_F_EXP_CMD_SN:
    case RIG_F_MAX_CMD_SN:
        return number_symbol(printer, out, step, STP_CMD_SN, step->session, value);
    default:
        return false;
    }
}

/* What a SNACK asks for is a tag or a StatSN, as its type says (RFC 7143 section 11.16). */
static bool snack_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step, rig_field_id field)
{
    uint64_t type = rig_get(step->bhs, RIG_F_SNACK_TYPE);
    uint32_t value = rig_get32(step->bhs, field);
    if (stp_kind(step) != RIG_PDU_SNACK)
        return false;
    if (field == RIG_F_BEG_RUN)
        return type == 1 && value && number_symbol(printer, out, step, STP_STAT_SN, step->connection, value);
    return type == 2 && value != RIG_TAG_NONE && tag_symbol(printer, out, step, STP_TTT, value);
}

static bool targets_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step,
                           rig_field_id field)
{
    uint32_t value = rig_get32(step->bhs, field);
    switch (field) {
    case RIG_F_TTT:
        return value != RIG_TAG_NONE && tag_symbol(printer, out, step, STP_TTT, value);
    case RIG_F_TSIH:
        return value && plain_symbol(printer, out, step, STP_TSIH, step->session, value);
    case RIG_F_STAT_SN:
    case RIG_F_EXP_STAT_SN:
        return number_symbol(printer, out, step, STP_STAT_SN, step->connection, value);
    case RIG_F_BEG_RUN:
    case RIG_F_SNACK_TAG:
        return snack_symbol(printer, out, step, field);
    default:
        return false;
    }
}

bool stp_symbol(rig_steps_printer *printer, rig_text *out, const rig_step *step, rig_field_id field)
{
    return printer->target ? initiators_symbol(printer, out, step, field)
                           : targets_symbol(printer, out, step, field);
}

/* ---- the end of a task ---- */

static bool ends_task(const rig_step *step)
{
    switch (stp_kind(step)) {
    case RIG_PDU_DATA_IN:
        return rig_get(step->bhs, RIG_F_S);
    case RIG_PDU_TEXT_RESP:
        return rig_get(step->bhs, RIG_F_F);
    case RIG_PDU_LOGIN_RESP:
        return (rig_get(step->bhs, RIG_F_T) && rig_get(step->bhs, RIG_F_NSG) == 3) ||
               rig_get(step->bhs, RIG_F_LOGIN_STATUS) >> 8;
    default:
        return stp_in(ENDS, stp_kind(step));
    }
}

static void end_name(rig_steps_printer *printer, const rig_step *step, stp_name_kind kind, rig_field_id field)
{
    stp_name *name = stp_name_find(printer->names, kind, step->session, rig_get32(step->bhs, field));
    if (name)
        name->ended = true;
}

void stp_ended(rig_steps_printer *printer, const rig_step *step)
{
    if (ends_task(step))
        end_name(printer, step, STP_ITT, RIG_F_ITT);
    if (stp_kind(step) == RIG_PDU_NOP_OUT)
        end_name(printer, step, STP_TTT, RIG_F_TTT);
}
