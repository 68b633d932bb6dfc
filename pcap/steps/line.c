/* A step as a line of a play. */
#include "rig/cdb.h"
#include "rig/trace.h"

#include "steps.h"

#define SECOND UINT64_C(1000000000)
#define PAUSE SECOND           /* of the side played that is kept when only the order counts */
#define PATIENCE (20 * SECOND) /* of the other side that has to be asked for */

void stp_spoil(rig_steps_printer *printer, const char *format, ...)
{
    rig_text text;
    va_list args;
    rig_text_init(&text, printer->said, sizeof printer->said);
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    printer->spoilt = true;
}

/* ---- times ---- */

static void put_time(rig_text *out, uint64_t time)
{
    static const struct {
        uint64_t ns;
        const char *unit;
    } units[] = {{SECOND, "s"}, {SECOND / 1000, "ms"}, {1000, "us"}, {1, "ns"}};
    size_t i = 0;
    while (time % units[i].ns)
        i++;
    rig_text_add(out, "%llu%s", (unsigned long long)(time / units[i].ns), units[i].unit);
}

/* What was asked for strictly may be a tenth off; a player adds its own slack for real time. */
static void put_gap(const rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    bool expected = stp_expected(printer, step);
    uint64_t gap = step->gap;
    if (printer->timing == RIG_STEP_STRICT && gap && !expected) {
        rig_text_add(out, "+");
        put_time(out, gap);
        rig_text_add(out, " ");
    } else if (printer->timing == RIG_STEP_STRICT && gap) {
        rig_text_add(out, "+");
        put_time(out, gap - gap / 10);
        rig_text_add(out, "..");
        put_time(out, gap + gap / 10);
        rig_text_add(out, " ");
    } else if (printer->timing == RIG_STEP_ORDER && !expected && gap >= PAUSE) {
        rig_text_add(out, "+");
        put_time(out, gap);
        rig_text_add(out, " ");
    }
}

static void put_patience(const rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    if (!stp_expected(printer, step) || step->gap < PATIENCE)
        return;
    rig_text_add(out, " within %llus", (unsigned long long)(2 * (step->gap / SECOND + 1)));
}

/* ---- fields ---- */

static bool is_always_said(rig_field_id field)
{
    static const rig_field_id fields[] = {
        RIG_F_T,           RIG_F_S,    RIG_F_DATA_SN, RIG_F_R2T_SN, RIG_F_BUFFER_OFFSET,
        RIG_F_DESIRED_LEN, RIG_F_TSIH, RIG_F_CDB,     RIG_F_ISID};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i] == field)
            return true;
    return false;
}

static bool is_length(rig_field_id field)
{
    return field == RIG_F_OPCODE || field == RIG_F_AHS_WORDS || field == RIG_F_DATA_LEN;
}

/* Numbers of the other side that another order of its answers changes. */
static bool is_serial(rig_field_id field)
{
    return rig_fields[field].form == RIG_FORM_SN && field != RIG_F_REF_CMD_SN;
}

static bool says_stat_sn(const rig_step *step)
{
    return stp_kind(step) != RIG_PDU_DATA_IN || rig_get(step->bhs, RIG_F_S);
}

static bool expected_serial(const rig_steps_printer *printer, const rig_step *step, rig_field_id field)
{
    if (field == RIG_F_STAT_SN)
        return says_stat_sn(step);
    /* before the first StatSN it says nothing (RFC 7143 section 11.12.9) */
    if (field == RIG_F_EXP_STAT_SN && stp_kind(step) == RIG_PDU_LOGIN_REQ && step->cause == RIG_STEP_NONE)
        return false;
    return printer->timing != RIG_STEP_LOOSE || field == RIG_F_CMD_SN;
}

static bool is_shown(const rig_steps_printer *printer, const rig_step *step, const uint8_t *standard,
                     rig_field_id field)
{
    const rig_field *row = &rig_fields[field];
    if (is_length(field) || !stp_in(row->pdus, stp_kind(step)))
        return false;
    if (step->at_fault && stp_expected(printer, step))
        return field == RIG_F_ITT || field == RIG_F_ISID;
    if (field == RIG_F_LUN && stp_in(RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ), stp_kind(step)))
        return true;
    bool same = field == RIG_F_CDB ? false : rig_get(step->bhs, field) == rig_get(standard, field);
    if (!stp_expected(printer, step))
        return !same;
    if (is_serial(field))
        return expected_serial(printer, step, field);
    if (field == RIG_F_F)
        return !same || rig_get(standard, field) == 0;
    if (row->form == RIG_FORM_NAMED && field != RIG_F_ATTR && field != RIG_F_SCSI_RESPONSE)
        return field != RIG_F_SCSI_STATUS || says_stat_sn(step);
    return !same || is_always_said(field);
}

static void put_field(rig_steps_printer *printer, rig_text *out, const rig_step *step, rig_field_id field)
{
    uint8_t cdb[RIG_CDB_MAX];
    const rig_item item = rig_step_item(step);
    rig_text_add(out, " %s=", rig_fields[field].name);
    if (field == RIG_F_CDB)
        rig_cdb_print(out, rig_view_of(cdb, rig_item_cdb(&item, cdb)));
    else if (!stp_symbol(printer, out, step, field))
        rig_field_print(out, step->bhs, field);
}

static void put_connection(const rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    if (printer->names->num_connections > 1)
        rig_text_add(out, " connection=%u", step->connection);
}

/* ---- PDUs as bytes ---- */

/* What no line can say: a header that means more than its fields. */
static const char *why_raw(const rig_step *step)
{
    if (stp_kind(step) == RIG_PDU_UNKNOWN)
        return "an opcode nobody knows";
    if (step->item.pdu.ahs.len)
        return "additional header segments";
    return rig_bhs_reserved(step->bhs, stp_kind(step)) < RIG_BHS_LEN ? "reserved bits" : NULL;
}

static void put_hex(rig_text *out, rig_view bytes, size_t *column)
{
    for (size_t i = 0; i < bytes.len; i++)
        rig_text_add(out, "%02x", bytes.ptr[i]);
    *column += 2 * bytes.len;
}

static void put_raw(rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    static const uint8_t pad[4];
    size_t column = 0;
    const rig_pdu *pdu = &step->item.pdu;
    rig_text_add(out, "%c raw ", step->to_target ? '>' : '<');
    put_hex(out, rig_view_of(step->bhs, RIG_BHS_LEN), &column);
    put_hex(out, pdu->ahs, &column);
    if (pdu->has_header_digest)
        put_hex(out, rig_view_of(pdu->header_digest, RIG_DIGEST_LEN), &column);
    put_hex(out, pdu->data, &column);
    put_hex(out, rig_view_of(pad, (4 - pdu->data.len % 4) % 4), &column);
    if (pdu->has_data_digest)
        put_hex(out, rig_view_of(pdu->data_digest, RIG_DIGEST_LEN), &column);
    put_connection(printer, out, step);
    if (pdu->data.len < step->item.data_len)
        stp_spoil(printer, "bytes that the capture lacks");
    if (column > STP_WORD_MAX)
        stp_spoil(printer, "more bytes than a line holds");
}

/* ---- lines ---- */

static void put_marks(rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    const rig_item item = rig_step_item(step);
    for (const rig_mark *mark = rig_marks; mark->name; mark++) {
        rig_item flawed = {.kind = RIG_ITEM_PDU};
        if (!mark->is(&item))
            continue;
        mark->make(&flawed);
        if (flawed.pdu.bad_padding)
            stp_spoil(printer, "pad bytes that are not zero: a play sends none, and asks for none");
        else
            rig_text_add(out, " !%s", mark->name);
    }
}

static void put_pdu(rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    uint8_t standard[RIG_BHS_LEN];
    rig_pdu_kind kind = stp_kind(step);
    bool unknown = kind == RIG_PDU_UNKNOWN;
    if (!unknown)
        rig_bhs_init(standard, kind);
    rig_text_add(out, "%c %-9s", step->to_target ? '>' : '<', rig_pdu_rows[kind].name);
    for (unsigned f = 0; f < RIG_FIELDS && !unknown; f++)
        if (is_shown(printer, step, standard, (rig_field_id)f))
            put_field(printer, out, step, (rig_field_id)f);
    put_connection(printer, out, step);
    put_marks(printer, out, step);
    if (!unknown && !(step->at_fault && stp_expected(printer, step)))
        stp_payload(printer, out, step);
    put_patience(printer, out, step);
    stp_ended(printer, step);
}

static void put_connect(const rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    rig_text_add(out, "! connect");
    if (!printer->addresses || printer->target || step->item.kind != RIG_ITEM_EVENT)
        return;
    rig_text_add(out, " ");
    rig_text_view(out, step->item.args);
}

static void put_close(const rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    rig_text_add(out, "! close%s by %s", step->reset ? " reason=reset" : "",
                 step->to_target ? "initiator" : "target");
    put_connection(printer, out, step);
    put_patience(printer, out, step);
}

rig_status rig_steps_line(rig_steps_printer *printer, rig_text *out, const rig_step *step)
{
    printer->spoilt = false;
    put_gap(printer, out, step);
    if (step->kind == RIG_STEP_CONNECT)
        put_connect(printer, out, step);
    else if (step->kind == RIG_STEP_CLOSE)
        put_close(printer, out, step);
    else if (!stp_expected(printer, step) && why_raw(step))
        put_raw(printer, out, step);
    else
        put_pdu(printer, out, step);
    if (step->kind == RIG_STEP_CONNECT && step->midstream)
        stp_spoil(printer, "the capture begins inside this connection");
    return out->cut ? RIG_E_LIMIT : RIG_OK;
}
