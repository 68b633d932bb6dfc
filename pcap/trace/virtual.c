#include "rig/text.h"
#include "rig/trace.h"

static rig_pdu_kind kind_of(const rig_item *item)
{
    return rig_pdu_kind_of(item->pdu.bhs);
}

bool rig_trace_reads(rig_pdu_kind kind)
{
    return RIG_VIRTUAL_TEXT >> kind & 1;
}

rig_view rig_item_text(const rig_item *item)
{
    const rig_view none = {NULL, 0};
    if (item->kind != RIG_ITEM_PDU || !rig_trace_reads(kind_of(item)))
        return none;
    if (item->text.ptr)
        return item->text;
    bool here = !rig_get(item->pdu.bhs, RIG_F_C) && item->pdu.data.ptr;
    return here ? item->pdu.data : none;
}

/* ---- bytes of data ---- */

static bool data_len(const rig_item *item, uint64_t *out_number)
{
    *out_number = item->data_len;
    return true;
}

/* A draft that already has more has another length. */
static bool make_data_len(const rig_draft *draft, uint64_t number)
{
    static const uint8_t zeros[64];
    while (draft->data->len < number && !draft->data->cut)
        rig_text_view(draft->data, rig_view_of(zeros, number - draft->data->len < sizeof zeros
                                                          ? (size_t)number - draft->data->len
                                                          : sizeof zeros));
    return draft->data->len == number;
}

/* ---- sense: key, code and qualifier as one number ---- */

#define SENSE_LEN 18 /* bytes of fixed format sense data (SPC-4 section 4.5.3) */

/* SenseLength and sense data (RFC 7143 section 11.4.7), fixed or descriptor format (SPC-4 section 4.5). */
static bool sense(const rig_item *item, uint64_t *out_number)
{
    rig_view data = item->pdu.data;
    if (!data.ptr || data.len < 2)
        return false;
    rig_view bytes = rig_view_sub(data, 2, (size_t)rig_be_get(data.ptr, 2));
    if (bytes.len < 8)
        return false;
    const uint8_t *b = bytes.ptr;
    uint8_t format = b[0] & 0x7f;
    bool more = bytes.len >= 14;
    if (format == 0x70 || format == 0x71)
        *out_number = (b[2] & 15u) << 16 | (more ? (unsigned)b[12] << 8 | b[13] : 0);
    else if (format == 0x72 || format == 0x73)
        *out_number = (b[1] & 15u) << 16 | (unsigned)b[2] << 8 | b[3];
    else
        return false;
    return true;
}

static void print_sense(rig_text *out, uint64_t number)
{
    rig_name_print(out, &rig_names_sense_key, (uint32_t)(number >> 16));
    rig_text_add(out, "/%02x/%02x", (unsigned)(number >> 8 & 0xff), (unsigned)(number & 0xff));
}

static bool parse_sense(rig_view text, uint64_t *out_number)
{
    uint32_t key;
    uint8_t codes[2];
    rig_view rest = text;
    rig_view name = rig_view_split(&rest, '/'), asc = rig_view_split(&rest, '/');
    if (!rig_name_parse(&rig_names_sense_key, name, &key) || key > 15 || asc.len != 2 || rest.len != 2 ||
        rig_hex_parse(asc, codes, 1) != 1 || rig_hex_parse(rest, codes + 1, 1) != 1)
        return false;
    *out_number = key << 16 | (unsigned)codes[0] << 8 | codes[1];
    return true;
}

static bool make_sense(const rig_draft *draft, uint64_t number)
{
    uint8_t bytes[2 + SENSE_LEN] = {0, SENSE_LEN, 0x70};
    bytes[4] = (uint8_t)(number >> 16);
    bytes[9] = SENSE_LEN - 8;
    bytes[14] = (uint8_t)(number >> 8);
    bytes[15] = (uint8_t)number;
    bool alone = draft->data->len == 0;
    rig_text_view(draft->data, rig_view_of(bytes, sizeof bytes));
    return alone && !draft->data->cut;
}

/* ---- the rejected PDU ---- */

static bool rejected(const rig_item *item, uint64_t *out_number)
{
    if (!item->pdu.data.ptr || item->pdu.data.len < RIG_BHS_LEN)
        return false;
    *out_number = rig_pdu_kind_of(item->pdu.data.ptr);
    return true;
}

static void print_rejected(rig_text *out, uint64_t number)
{
    rig_text_view(out, rig_view_str(rig_pdu_rows[number].name));
}

static bool parse_rejected(rig_view text, uint64_t *out_number)
{
    *out_number = rig_pdu_find(text);
    return rig_view_is(text, rig_pdu_rows[*out_number].name);
}

static bool make_rejected(const rig_draft *draft, uint64_t number)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, (rig_pdu_kind)number);
    if (number == RIG_PDU_UNKNOWN)
        bhs[0] = 0x1c; /* a vendor's opcode (RFC 7143 section 11.2.1.2) */
    bool alone = draft->data->len == 0;
    rig_text_view(draft->data, rig_view_of(bhs, sizeof bhs));
    return alone && !draft->data->cut;
}

/* ---- additional header segments ---- */

size_t rig_item_cdb(const rig_item *item, uint8_t out_cdb[RIG_CDB_MAX])
{
    size_t len = rig_fields[RIG_F_CDB].bytes;
    rig_ahs ahs;
    rig_view rest = item->pdu.ahs;
    memcpy(out_cdb, item->pdu.bhs + rig_fields[RIG_F_CDB].byte, len);
    while (rig_ahs_next(&rest, &ahs, NULL) == RIG_OK)
        if (ahs.type == RIG_AHS_CDB) {
            rig_view more = rig_view_sub(ahs.data, 0, RIG_CDB_MAX - len);
            if (more.len)
                memcpy(out_cdb + len, more.ptr, more.len);
            return len + more.len;
        }
    return len;
}

bool rig_draft_ahs(const rig_draft *draft, rig_ahs_type type, rig_view data)
{
    rig_pdu *pdu = &draft->item->pdu;
    size_t used = pdu->ahs.len;
    size_t len = rig_ahs_put(draft->ahs + used, RIG_DRAFT_AHS_MAX - used, (uint8_t)type, data);
    pdu->ahs = rig_view_of(draft->ahs, used + len);
    rig_set(draft->bhs, RIG_F_AHS_WORDS, pdu->ahs.len / 4);
    return len > 0;
}

static bool bidi_len(const rig_item *item, uint64_t *out_number)
{
    rig_ahs ahs;
    rig_view rest = item->pdu.ahs;
    while (rig_ahs_next(&rest, &ahs, NULL) == RIG_OK)
        if (ahs.type == RIG_AHS_BIDI && ahs.data.len >= 4) {
            *out_number = rig_be_get(ahs.data.ptr, 4);
            return true;
        }
    return false;
}

static bool make_bidi_len(const rig_draft *draft, uint64_t number)
{
    uint8_t bytes[4];
    rig_be_set(bytes, sizeof bytes, number);
    return rig_draft_ahs(draft, RIG_AHS_BIDI, rig_view_of(bytes, sizeof bytes));
}

/* ---- text ---- */

static bool text_bytes(const rig_item *item, uint64_t *out_number)
{
    return data_len(item, out_number);
}

static bool make_text_bytes(const rig_draft *draft, uint64_t number)
{
    return make_data_len(draft, number);
}

static bool bad_text(const rig_item *item, uint64_t *out_number)
{
    rig_pair pair;
    rig_view text = rig_item_text(item), rest = text;
    rig_status status = RIG_OK;
    while (status == RIG_OK) {
        *out_number = (uint64_t)(rest.ptr - text.ptr);
        status = rig_pair_next(text.ptr, &rest, &pair, NULL);
    }
    return status != RIG_E_NOT_FOUND;
}

/* Good pairs that end where the bad one has to begin. */
static bool make_bad_text(const rig_draft *draft, uint64_t number)
{
    rig_text *data = draft->data;
    uint64_t gap = number - data->len;
    if (number < data->len || (gap > 0 && gap < sizeof "X-="))
        return false;
    for (uint64_t i = 0; i < gap && !data->cut; i++)
        rig_text_view(data, rig_view_of(i + 1 == gap ? "" : &"X-=x"[i < 3 ? i : 3], 1));
    rig_text_view(data, rig_view_str("bad"));
    return !data->cut;
}

/* ---- what the capture lacks ---- */

static bool missing(const rig_item *item, uint64_t *out_number)
{
    *out_number = item->missing;
    return true;
}

static bool make_missing(const rig_draft *draft, uint64_t number)
{
    draft->item->missing = (uint32_t)number;
    return true;
}

/* ---- which of them a trace shows ---- */

static bool always(const rig_item *item)
{
    (void)item;
    return true;
}

static bool is_missing(const rig_item *item)
{
    return item->missing != 0;
}

/* Where other rows tell of the data, its length goes without saying; Data PDUs always tell it. */
static bool length_shown(const rig_item *item)
{
    uint64_t number;
    rig_pdu_kind kind = kind_of(item);
    if (kind == RIG_PDU_DATA_IN || kind == RIG_PDU_DATA_OUT)
        return true;
    if ((kind == RIG_PDU_SCSI_RESP || kind == RIG_PDU_ASYNC) && sense(item, &number))
        return false;
    if (kind == RIG_PDU_REJECT && item->data_len == RIG_BHS_LEN)
        return false;
    return item->data_len && !rig_trace_reads(kind);
}

static bool partial_text(const rig_item *item)
{
    return rig_get(item->pdu.bhs, RIG_F_C) || (item->data_len && rig_item_text(item).len == 0);
}

/* ---- the rows ---- */

/* print, parse, shown */
#define CALLS_data_len NULL, NULL, length_shown
#define CALLS_bidi_len NULL, NULL, always
#define CALLS_sense print_sense, parse_sense, always
#define CALLS_rejected print_rejected, parse_rejected, always
#define CALLS_text_bytes NULL, NULL, partial_text
#define CALLS_bad_text NULL, NULL, always
#define CALLS_missing NULL, NULL, is_missing

const rig_virtual rig_virtuals[] = {
#define X(id, name, form, pdus, max, what) {name, form, what, pdus, max, id, CALLS_##id, make_##id},
    RIG_VIRTUAL_ROWS(X)
#undef X
        {NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};

const rig_virtual *rig_virtual_find(rig_pdu_kind kind, rig_view name)
{
    for (const rig_virtual *row = rig_virtuals; row->name; row++)
        if ((row->pdus >> kind & 1) && rig_view_is(name, row->name))
            return row;
    return NULL;
}

void rig_virtual_put(const rig_virtual *row, rig_text *out, uint64_t number)
{
    if (row->print)
        row->print(out, number);
    else
        rig_text_add(out, "%llu", (unsigned long long)number);
}

bool rig_virtual_print(const rig_virtual *row, const rig_item *item, rig_text *out)
{
    uint64_t number;
    if (!row->number(item, &number))
        return false;
    rig_virtual_put(row, out, number);
    return true;
}

bool rig_virtual_parse(const rig_virtual *row, rig_view text, uint64_t *out_number)
{
    bool read = row->parse ? row->parse(text, out_number) : rig_view_u64(text, out_number);
    return read && *out_number <= row->max;
}
