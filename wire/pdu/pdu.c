#include "rig/pdu.h"

#include "rig/cdb.h"

const rig_pdu_row rig_pdu_rows[RIG_PDU_KINDS] = {
#define X(id, name, opcode, from_initiator, fixed, section) {name, section, opcode, fixed, from_initiator},
    RIG_PDU_ROWS(X)
#undef X
        {"Unknown", "11.2.1.2", 0x3f, 0, false},
};

/* Kind + 1 by opcode, so that the zero of unlisted opcodes means unknown. */
static const uint8_t kind_by_opcode[64] = {
#define X(id, name, opcode, from_initiator, fixed, section) [opcode] = RIG_PDU_##id + 1,
    RIG_PDU_ROWS(X)
#undef X
};

rig_pdu_kind rig_pdu_kind_of(const uint8_t bhs[RIG_BHS_LEN])
{
    uint8_t kind = kind_by_opcode[bhs[0] & 0x3f];
    return kind ? (rig_pdu_kind)(kind - 1) : RIG_PDU_UNKNOWN;
}

rig_pdu_kind rig_pdu_find(rig_view name)
{
    for (unsigned kind = 0; kind < RIG_PDU_UNKNOWN; kind++)
        if (rig_view_is(name, rig_pdu_rows[kind].name))
            return (rig_pdu_kind)kind;
    return RIG_PDU_UNKNOWN;
}

static bool has_field(rig_pdu_kind kind, rig_field_id field)
{
    return (rig_fields[field].pdus >> kind & 1) != 0;
}

void rig_bhs_init(uint8_t bhs[RIG_BHS_LEN], rig_pdu_kind kind)
{
    static const rig_field_id tags[] = {RIG_F_ITT, RIG_F_TTT, RIG_F_REF_TAG};
    memset(bhs, 0, RIG_BHS_LEN);
    bhs[0] = rig_pdu_rows[kind].opcode;
    bhs[1] = rig_pdu_rows[kind].fixed;
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (has_field(kind, tags[i]))
            rig_set(bhs, tags[i], RIG_TAG_NONE);
    if (kind == RIG_PDU_SNACK)
        rig_set(bhs, RIG_F_SNACK_TAG, RIG_TAG_NONE);
    if (kind == RIG_PDU_LOGIN_REQ)
        rig_set(bhs, RIG_F_I, 1);
}

static void clear_bits(uint8_t left[RIG_BHS_LEN], const rig_field *field)
{
    uint64_t mask = field->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1;
    mask <<= field->low;
    for (unsigned i = field->bytes; i-- > 0; mask >>= 8)
        left[field->byte + i] &= (uint8_t)~mask;
}

void rig_bhs_reserved_bits(rig_pdu_kind kind, uint8_t out_bits[RIG_BHS_LEN])
{
    memset(out_bits, kind < RIG_PDU_UNKNOWN ? 0xff : 0, RIG_BHS_LEN);
    if (kind >= RIG_PDU_UNKNOWN)
        return;
    out_bits[1] &= (uint8_t)~rig_pdu_rows[kind].fixed;
    for (unsigned f = 0; f < RIG_FIELDS; f++) {
        const rig_field *field = &rig_fields[f];
        if (!has_field(kind, (rig_field_id)f))
            continue;
        if (field->form == RIG_FORM_CDB)
            memset(out_bits + field->byte, 0, field->bytes);
        else
            clear_bits(out_bits, field);
    }
}

unsigned rig_bhs_reserved(const uint8_t bhs[RIG_BHS_LEN], rig_pdu_kind kind)
{
    uint8_t bits[RIG_BHS_LEN];
    unsigned at = 0;
    rig_bhs_reserved_bits(kind, bits);
    while (at < RIG_BHS_LEN && (bhs[at] & bits[at]) == 0)
        at++;
    return at;
}
