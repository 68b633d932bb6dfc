#include "rig/pdu.h"

#include "suite.h"
#include "tests/pdu_vectors.h"

static const char *printed(const uint8_t *bhs, rig_field_id field)
{
    static char buffer[256];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_field_print(&text, bhs, field);
    return buffer;
}

static void vectors_read(void)
{
    CU_ASSERT_EQUAL(NUM_PDU_VECTORS, RIG_PDU_UNKNOWN);
    for (size_t v = 0; v < NUM_PDU_VECTORS; v++) {
        const pdu_vector *vector = &pdu_vectors[v];
        CU_ASSERT_EQUAL(rig_pdu_kind_of(vector->bhs), vector->kind);
        for (size_t i = 0; i < VECTOR_FIELDS_MAX && vector->fields[i][0]; i++) {
            rig_field_id field = rig_field_find(vector->kind, rig_view_str(vector->fields[i][0]));
            CU_ASSERT_NOT_EQUAL_FATAL(field, RIG_FIELDS);
            CU_ASSERT_STRING_EQUAL(printed(vector->bhs, field), vector->fields[i][1]);
        }
    }
}

static void vectors_write(void)
{
    for (size_t v = 0; v < NUM_PDU_VECTORS; v++) {
        const pdu_vector *vector = &pdu_vectors[v];
        uint8_t bhs[RIG_BHS_LEN];
        rig_bhs_init(bhs, vector->kind);
        for (size_t i = 0; i < VECTOR_FIELDS_MAX && vector->fields[i][0]; i++) {
            rig_field_id field = rig_field_find(vector->kind, rig_view_str(vector->fields[i][0]));
            CU_ASSERT_EQUAL(rig_field_parse(bhs, field, rig_view_str(vector->fields[i][1]), NULL), RIG_OK);
        }
        CU_ASSERT_EQUAL(memcmp(bhs, vector->bhs, RIG_BHS_LEN), 0);
    }
}

static uint8_t reserved_mask(const pdu_vector *vector, unsigned byte)
{
    if (byte < 2)
        return byte ? vector->reserved1 : vector->reserved0;
    char letter = vector->reserved_from_2[byte - 2];
    return letter == 'r' ? 0xff : letter == 'l' ? 0x0f : 0;
}

/* Each bit alone: reserved exactly where the figure of the PDU says so. */
static void reserved_bits(void)
{
    for (size_t v = 0; v < NUM_PDU_VECTORS; v++) {
        const pdu_vector *vector = &pdu_vectors[v];
        CU_ASSERT_EQUAL_FATAL(strlen(vector->reserved_from_2), RIG_BHS_LEN - 2);
        CU_ASSERT_EQUAL(rig_bhs_reserved(vector->bhs, vector->kind), RIG_BHS_LEN);
        for (unsigned bit = 0; bit < RIG_BHS_LEN * 8; bit++) {
            uint8_t bhs[RIG_BHS_LEN] = {0};
            bool reserved = reserved_mask(vector, bit / 8) >> bit % 8 & 1;
            bhs[bit / 8] = (uint8_t)(1u << bit % 8);
            CU_ASSERT_EQUAL(rig_bhs_reserved(bhs, vector->kind), reserved ? bit / 8 : RIG_BHS_LEN);
        }
    }
    uint8_t full[RIG_BHS_LEN];
    memset(full, 0xff, sizeof full);
    CU_ASSERT_EQUAL(rig_bhs_reserved(full, RIG_PDU_UNKNOWN), RIG_BHS_LEN);
}

static void init_sets_tags(void)
{
    for (unsigned kind = 0; kind < RIG_PDU_UNKNOWN; kind++) {
        uint8_t bhs[RIG_BHS_LEN];
        memset(bhs, 0x5a, sizeof bhs);
        rig_bhs_init(bhs, (rig_pdu_kind)kind);
        CU_ASSERT_EQUAL(rig_pdu_kind_of(bhs), kind);
        CU_ASSERT_EQUAL(bhs[1], rig_pdu_rows[kind].fixed);
        CU_ASSERT_EQUAL(rig_get32(bhs, RIG_F_ITT), RIG_TAG_NONE);
        CU_ASSERT_EQUAL(rig_bhs_reserved(bhs, (rig_pdu_kind)kind), RIG_BHS_LEN);
        CU_ASSERT_EQUAL(bhs[0] >> 6, kind == RIG_PDU_LOGIN_REQ ? 1 : 0);
    }
}

static void kinds(void)
{
    unsigned known = 0;
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        uint8_t bhs[RIG_BHS_LEN] = {(uint8_t)opcode};
        rig_pdu_kind kind = rig_pdu_kind_of(bhs);
        known += kind != RIG_PDU_UNKNOWN;
        CU_ASSERT(kind == RIG_PDU_UNKNOWN || rig_pdu_rows[kind].opcode == (opcode & 0x3f));
    }
    CU_ASSERT_EQUAL(known, 4 * RIG_PDU_UNKNOWN);
    for (unsigned kind = 0; kind < RIG_PDU_UNKNOWN; kind++)
        CU_ASSERT_EQUAL(rig_pdu_find(rig_view_str(rig_pdu_rows[kind].name)), kind);
    CU_ASSERT_EQUAL(rig_pdu_find(rig_view_str("Unknown")), RIG_PDU_UNKNOWN);
    CU_ASSERT_EQUAL(rig_pdu_find(rig_view_str("nopout")), RIG_PDU_UNKNOWN);
    CU_ASSERT_STRING_EQUAL(rig_pdu_rows[RIG_PDU_UNKNOWN].name, "Unknown");
}

static bool in_kind(unsigned field, unsigned kind)
{
    return rig_fields[field].pdus >> kind & 1;
}

static bool overlap(const rig_field *a, const rig_field *b)
{
    if (a->byte >= b->byte + b->bytes || b->byte >= a->byte + a->bytes)
        return false;
    return a->bytes > 1 || b->bytes > 1 || (a->low < b->low + b->bits && b->low < a->low + a->bits);
}

static void fields_do_not_overlap(void)
{
    for (unsigned kind = 0; kind < RIG_PDU_KINDS; kind++)
        for (unsigned a = 0; a < RIG_FIELDS; a++)
            for (unsigned b = 0; b < a; b++) {
                if (!in_kind(a, kind) || !in_kind(b, kind))
                    continue;
                CU_ASSERT_FALSE(overlap(&rig_fields[a], &rig_fields[b]));
                CU_ASSERT_STRING_NOT_EQUAL(rig_fields[a].name, rig_fields[b].name);
            }
}

static void check_round_trip(rig_field_id id, uint64_t value, uint8_t background)
{
    const rig_field *field = &rig_fields[id];
    uint64_t mask = field->bits == 64 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1;
    uint8_t bhs[RIG_BHS_LEN], again[RIG_BHS_LEN], cleared[RIG_BHS_LEN];
    memset(bhs, background, sizeof bhs);
    memset(again, background, sizeof again);
    rig_set(bhs, id, value);
    CU_ASSERT_EQUAL(rig_get(bhs, id), value & mask);
    CU_ASSERT_EQUAL(rig_field_parse(again, id, rig_view_str(printed(bhs, id)), NULL), RIG_OK);
    CU_ASSERT_EQUAL(memcmp(bhs, again, sizeof bhs), 0);
    memset(cleared, background, sizeof cleared);
    rig_set(bhs, id, rig_get(cleared, id));
    CU_ASSERT_EQUAL(memcmp(bhs, cleared, sizeof bhs), 0);
}

static void every_field_round_trips(void)
{
    for (unsigned f = 0; f < RIG_FIELDS; f++) {
        if (rig_fields[f].form == RIG_FORM_CDB)
            continue;
        for (unsigned bit = 0; bit <= rig_fields[f].bits; bit++) {
            uint64_t value = bit < 64 ? UINT64_C(1) << bit : 0;
            check_round_trip((rig_field_id)f, value, 0x00);
            check_round_trip((rig_field_id)f, value - 1, 0xff);
            check_round_trip((rig_field_id)f, value + 5, 0xa5);
        }
        for (unsigned i = 0; rig_fields[f].names && i < rig_fields[f].names->num_rows; i++)
            check_round_trip((rig_field_id)f, rig_fields[f].names->rows[i].value, 0x00);
    }
}

static rig_status parse(rig_field_id field, const char *text, rig_error *err)
{
    uint8_t bhs[RIG_BHS_LEN] = {0};
    *err = (rig_error){0};
    rig_status status = rig_field_parse(bhs, field, rig_view_str(text), err);
    CU_ASSERT_EQUAL(err->status, status);
    return status;
}

static void field_values_refused(void)
{
    rig_error err;
    CU_ASSERT_EQUAL(parse(RIG_F_F, "1", &err), RIG_OK);
    CU_ASSERT_EQUAL(parse(RIG_F_F, "2", &err), RIG_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.field, "F");
    CU_ASSERT_EQUAL(parse(RIG_F_CSG, "3", &err), RIG_OK);
    CU_ASSERT_EQUAL(parse(RIG_F_CSG, "4", &err), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(parse(RIG_F_DATA_LEN, "16777215", &err), RIG_OK);
    CU_ASSERT_EQUAL(parse(RIG_F_DATA_LEN, "16777216", &err), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(parse(RIG_F_CMD_SN, "4294967295", &err), RIG_OK);
    CU_ASSERT_EQUAL(parse(RIG_F_CMD_SN, "4294967296", &err), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(parse(RIG_F_CMD_SN, "", &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(parse(RIG_F_CMD_SN, "-1", &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(parse(RIG_F_ITT, "none", &err), RIG_OK);
    CU_ASSERT_EQUAL(parse(RIG_F_ITT, "nonesuch", &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(parse(RIG_F_LUN, "16383", &err), RIG_OK);
    CU_ASSERT_EQUAL(parse(RIG_F_LUN, "16384", &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(parse(RIG_F_LUN, "0xc001000000000000", &err), RIG_OK);
    CU_ASSERT_EQUAL(parse(RIG_F_ISID, "80:00:00:01:00", &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(parse(RIG_F_ISID, "80:00:00:01:00:2a:00", &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(parse(RIG_F_REJECT_REASON, "protocol-eror", &err), RIG_E_SYNTAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "did you mean protocol-error?"));
    CU_ASSERT_EQUAL(parse(RIG_F_REJECT_REASON, "0x100", &err), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(parse(RIG_F_CDB, "read-32(lba=1)", &err), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(parse(RIG_F_CDB, "raed-10", &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(rig_field_find(RIG_PDU_NOP_OUT, rig_view_str("StatSN")), RIG_FIELDS);
    CU_ASSERT_EQUAL(rig_field_find(RIG_PDU_UNKNOWN, rig_view_str("ITT")), RIG_F_ITT);
}

static void luns(void)
{
    uint32_t lun;
    CU_ASSERT_EQUAL(rig_lun_encode(0), 0);
    CU_ASSERT_EQUAL(rig_lun_encode(255), UINT64_C(0x00ff000000000000));
    CU_ASSERT_EQUAL(rig_lun_encode(256), UINT64_C(0x4100000000000000));
    CU_ASSERT_EQUAL(rig_lun_encode(16383), UINT64_C(0x7fff000000000000));
    for (uint32_t i = 0; i <= RIG_LUN_MAX; i++)
        CU_ASSERT(rig_lun_decode(rig_lun_encode(i), &lun) && lun == i);
    CU_ASSERT(rig_lun_decode(UINT64_C(0x4005000000000000), &lun) && lun == 5);
    CU_ASSERT_FALSE(rig_lun_decode(UINT64_C(0x0105000000000000), &lun));
    CU_ASSERT_FALSE(rig_lun_decode(UINT64_C(0x8001000000000000), &lun));
    CU_ASSERT_FALSE(rig_lun_decode(UINT64_C(0xc101000000000000), &lun));
    CU_ASSERT_FALSE(rig_lun_decode(UINT64_C(0x0005000000000001), &lun));
}

/* Sections 11.2.2.3 and 11.2.2.4: AHSLength counts the reserved byte, so a 32-byte CDB gives 17, a read
 * length 5. */
static void ahs_figures(void)
{
    uint8_t out[64], cdb[16] = {1, 2, 3};
    CU_ASSERT_EQUAL(rig_ahs_put(out, sizeof out, RIG_AHS_CDB, rig_view_of(cdb, 16)), 20);
    CU_ASSERT_EQUAL(memcmp(out, "\0\x11\1\0\1\2\3\0", 8), 0);
    CU_ASSERT_EQUAL(rig_ahs_put(out + 20, 8, RIG_AHS_BIDI, rig_view_of("\0\0\2\0", 4)), 8);
    CU_ASSERT_EQUAL(memcmp(out + 20, "\0\5\2\0\0\0\2\0", 8), 0);
    rig_view rest = rig_view_of(out, 28);
    rig_ahs ahs;
    CU_ASSERT_EQUAL(rig_ahs_next(&rest, &ahs, NULL), RIG_OK);
    CU_ASSERT_EQUAL(ahs.type, RIG_AHS_CDB);
    CU_ASSERT(rig_view_eq(ahs.data, rig_view_of(cdb, 16)));
    CU_ASSERT_EQUAL(rig_ahs_next(&rest, &ahs, NULL), RIG_OK);
    CU_ASSERT_EQUAL(ahs.type, RIG_AHS_BIDI);
    CU_ASSERT_EQUAL(rig_be_get(ahs.data.ptr, 4), 512);
    CU_ASSERT_EQUAL(rig_ahs_next(&rest, &ahs, NULL), RIG_E_NOT_FOUND);
}

static void ahs_padding_and_room(void)
{
    uint8_t out[RIG_AHS_MAX + 4], data[RIG_AHS_MAX] = {0};
    for (size_t len = 0; len <= RIG_AHS_MAX - 4; len++) {
        size_t put = rig_ahs_put(out, sizeof out, 7, rig_view_of(data, len));
        rig_view rest = rig_view_of(out, put);
        rig_ahs ahs;
        CU_ASSERT(put % 4 == 0 && put >= len + 4 && put < len + 8);
        CU_ASSERT_EQUAL(rig_ahs_next(&rest, &ahs, NULL), RIG_OK);
        CU_ASSERT_EQUAL(ahs.data.len, len);
        CU_ASSERT_EQUAL(rest.len, 0);
        CU_ASSERT_EQUAL(rig_ahs_put(out, put - 1, 7, rig_view_of(data, len)), 0);
    }
    CU_ASSERT_EQUAL(rig_ahs_put(out, sizeof out, 7, rig_view_of(data, RIG_AHS_MAX - 3)), 0);
}

static void ahs_overrun(void)
{
    static const struct {
        uint8_t bytes[8];
        size_t len;
        rig_status status;
    } cases[] = {
        {{0xff, 0xff, 1, 0}, 4, RIG_E_FORMAT}, {{0, 2, 1, 0, 9}, 4, RIG_E_FORMAT},
        {{0, 6, 1, 0}, 8, RIG_E_FORMAT},       {{0, 5, 1, 0}, 8, RIG_OK},
        {{0, 1, 1, 0}, 3, RIG_E_FORMAT},       {{0, 0, 1, 0}, 4, RIG_OK},
        {{0, 1, 0xc1, 0}, 4, RIG_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig_error err = {0};
        rig_ahs ahs = {0};
        rig_view rest = rig_view_of(cases[i].bytes, cases[i].len);
        CU_ASSERT_EQUAL(rig_ahs_next(&rest, &ahs, &err), cases[i].status);
        CU_ASSERT(cases[i].status != RIG_OK || ahs.type == 1);
        CU_ASSERT_EQUAL(err.status, cases[i].status);
    }
}

RIG_SUITE("pdu", {"a hand-typed header of every PDU reads as the figures say", vectors_read},
          {"and is written from its fields", vectors_write},
          {"every reserved bit of every PDU", reserved_bits}, {"a new header", init_sets_tags},
          {"opcodes and names", kinds}, {"fields of a PDU do not overlap", fields_do_not_overlap},
          {"every field of every PDU: set, get, print, parse", every_field_round_trips},
          {"field values that are refused", field_values_refused}, {"LUN forms", luns},
          {"extended CDB and read length segments", ahs_figures},
          {"header segments of every length", ahs_padding_and_room},
          {"header segments that overrun", ahs_overrun})
