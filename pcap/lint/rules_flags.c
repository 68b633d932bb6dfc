/* What every header has: opcode, reserved bits, lengths, padding, digests (section 11.2). */
#include "lint.h"

void lint_opcode_initiator(lint_at *at)
{
    uint32_t opcode = LINT_GET(at, OPCODE);
    bool vendor = opcode >= 0x1c && opcode <= 0x1e;
    if (!at->item->pdu.bad_header_digest && opcode > 0x06 && opcode != 0x10 && !vendor)
        lint_field_text(at, RIG_F_OPCODE, "0x0 to 0x6, 0x10, 0x1c to 0x1e");
}

void lint_opcode_target(lint_at *at)
{
    uint32_t opcode = LINT_GET(at, OPCODE);
    bool known = (opcode >= 0x20 && opcode <= 0x26) || opcode == 0x31 || opcode == 0x32 || opcode == 0x3f;
    bool vendor = opcode >= 0x3c && opcode <= 0x3e;
    if (!at->item->pdu.bad_header_digest && !known && !vendor)
        lint_field_text(at, RIG_F_OPCODE, "0x20 to 0x26, 0x31, 0x32, 0x3c to 0x3f");
}

/* Fields that are reserved unless another one has a certain value. */
typedef struct reserved_row {
    rig_pdu_kind kind;
    rig_field_id field;
    bool (*counts)(const lint_at *at);
} reserved_row;

static bool names_task(const lint_at *at)
{
    uint32_t function = LINT_GET(at, FUNCTION);
    return function == 1 || function == 9; /* ABORT TASK; QUERY TASK (RFC 7144 section 6.3) */
}

static bool reassigns(const lint_at *at)
{
    return LINT_GET(at, FUNCTION) == 8;
}

static bool bidi_residual(const lint_at *at)
{
    return LINT_GET(at, BIDI_OVERFLOW) || LINT_GET(at, BIDI_UNDERFLOW);
}

static const reserved_row reserved_rows[] = {
    {RIG_PDU_TMF_REQ, RIG_F_REF_CMD_SN, names_task},         /* 11.5.5 */
    {RIG_PDU_TMF_REQ, RIG_F_EXP_DATA_SN, reassigns},         /* 11.5.6 */
    {RIG_PDU_SCSI_RESP, RIG_F_BIDI_RESIDUAL, bidi_residual}, /* 11.4.6 */
};

static void reserved_fields(lint_at *at)
{
    for (size_t i = 0; i < sizeof reserved_rows / sizeof reserved_rows[0]; i++) {
        const reserved_row *row = &reserved_rows[i];
        if (row->kind == at->kind && rig_get(at->bhs, row->field) && !row->counts(at))
            lint_field(at, row->field, 0);
    }
}

/* Byte 0 has its own rule. */
void lint_reserved(lint_at *at)
{
    char seen[16];
    rig_text text;
    const uint8_t *reserved = at->lint->reserved[at->kind];
    unsigned any = at->bhs[0] & reserved[0] & 0x3f, byte = 0;
    for (unsigned i = 1; i < RIG_BHS_LEN; i++)
        any |= at->bhs[i] & reserved[i];
    reserved_fields(at);
    if (!any)
        return;
    while (!(at->bhs[byte] & reserved[byte] & (byte ? 0xff : 0x3f)))
        byte++;
    rig_text_init(&text, seen, sizeof seen);
    rig_text_add(&text, "0x%02x", at->bhs[byte] & (byte ? 0xff : 0x3f));
    lint_part(at, "reserved bits", byte, "0", seen);
}

void lint_byte_0(lint_at *at)
{
    bool may_be_immediate = rig_fields[RIG_F_I].pdus >> at->kind & 1;
    if (at->bhs[0] & 0x80 || (at->bhs[0] & 0x40 && !may_be_immediate))
        lint_part(at, "byte 0", 0, may_be_immediate ? "bit 0x80 clear" : "bits 0xc0 clear",
                  at->bhs[0] & 0x80 ? "bit 0x80 set" : "bit 0x40 set");
}

void lint_fixed_bit(lint_at *at)
{
    if (!LINT_GET(at, F))
        lint_field(at, RIG_F_F, 1);
}

void lint_no_data(lint_at *at)
{
    if (at->item->data_len > 0)
        lint_field(at, RIG_F_DATA_LEN, 0);
}

void lint_no_ahs(lint_at *at)
{
    if (LINT_GET(at, AHS_WORDS) > 0)
        lint_field(at, RIG_F_AHS_WORDS, 0);
}

void lint_ahs_lengths(lint_at *at)
{
    rig_view rest = at->item->pdu.ahs;
    rig_ahs ahs;
    rig_status status;
    do
        status = rig_ahs_next(&rest, &ahs, NULL);
    while (status == RIG_OK);
    if (status == RIG_E_FORMAT)
        lint_part(at, "AHSLength", RIG_BHS_LEN, "segments that end with TotalAHSLength",
                  "one that goes on behind it");
}

void lint_ahs_types(lint_at *at)
{
    rig_view rest = at->item->pdu.ahs;
    rig_ahs ahs;
    while (rig_ahs_next(&rest, &ahs, NULL) == RIG_OK)
        if (ahs.type != RIG_AHS_CDB && ahs.type != RIG_AHS_BIDI)
            lint_part_number(at, "AHSType", ahs.type, "1 or 2");
}

void lint_receive_limit(lint_at *at)
{
    uint32_t limit = at->conn->limit[!at->side];
    if (lint_full(at) && at->conn->keys_known && at->item->data_len > limit)
        lint_field_text(at, RIG_F_DATA_LEN, "at most %u, the receiver's MaxRecvDataSegmentLength", limit);
}

void lint_login_limit(lint_at *at)
{
    if (at->item->data_len > RIG_LOGIN_DATA_MAX)
        lint_field_text(at, RIG_F_DATA_LEN, "at most 8192 during login");
}

void lint_padding(lint_at *at)
{
    if (at->item->pdu.bad_padding)
        lint_part(at, "padding", RIG_BHS_LEN, "zero", "another byte");
}

/* Where the login was not seen it is a guess whether there are any, and with it where PDUs begin, until one
 * fits. */
static bool digests_sure(const lint_at *at)
{
    return at->conn->keys_known || at->conn->digest_fits;
}

/* Somebody on the way may have done it, too: the finding says whose PDU it is. */
void lint_header_digest(lint_at *at)
{
    if (at->item->pdu.bad_header_digest && digests_sure(at))
        lint_part(at, "HeaderDigest", RIG_BHS_LEN, "the CRC32C of the header", "another value");
}

void lint_data_digest(lint_at *at)
{
    if (at->item->pdu.bad_data_digest && digests_sure(at))
        lint_part(at, "DataDigest", RIG_BHS_LEN, "the CRC32C of the data", "another value");
}

void lint_whole_words(lint_at *at)
{
    if (!LINT_GET(at, F) && at->item->data_len % 4)
        lint_field_text(at, RIG_F_DATA_LEN, "a multiple of 4 in all but the last PDU of a sequence");
}

/* Section 11.2.2.3: a CDB of 16 bytes or less is in the header alone. */
void lint_cdb_segment(lint_at *at)
{
    rig_view rest = at->item->pdu.ahs;
    rig_ahs ahs;
    while (rig_ahs_next(&rest, &ahs, NULL) == RIG_OK)
        if (ahs.type == RIG_AHS_CDB && ahs.data.len == 0)
            lint_part_number(at, "AHSLength", 1,
                             "more than 1, as the segment is for what is behind 16 bytes");
}

/* The reserved byte counts, padding does not (section 11.2.2.2). */
void lint_bidi_length(lint_at *at)
{
    rig_view rest = at->item->pdu.ahs;
    rig_ahs ahs;
    while (rig_ahs_next(&rest, &ahs, NULL) == RIG_OK)
        if (ahs.type == RIG_AHS_BIDI && ahs.data.len != 4)
            lint_part_number(at, "AHSLength", ahs.data.len + 1, "5, as a read length has 4 bytes");
}
