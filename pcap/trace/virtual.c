#include "rig/text.h"
#include "rig/trace.h"

#define TEXT_KINDS (RIG_IN(LOGIN_REQ) | RIG_IN(LOGIN_RESP) | RIG_IN(TEXT_REQ) | RIG_IN(TEXT_RESP))
#define EVERY_KIND ((UINT32_C(1) << RIG_PDU_KINDS) - 1)

static rig_pdu_kind kind_of(const rig_item *item)
{
    return rig_pdu_kind_of(item->pdu.bhs);
}

bool rig_trace_reads(rig_pdu_kind kind)
{
    return TEXT_KINDS >> kind & 1;
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

static bool data_len(const rig_item *item, uint64_t *out_number)
{
    *out_number = item->data_len;
    return true;
}

typedef struct sense {
    uint8_t key, asc, ascq;
} sense;

/* SenseLength and sense data (RFC 7143 section 11.4.7), fixed or descriptor format (SPC-4 section 4.5). */
static bool read_sense(const rig_item *item, sense *out)
{
    rig_view data = item->pdu.data;
    if (!data.ptr || data.len < 2)
        return false;
    rig_view bytes = rig_view_sub(data, 2, (size_t)rig_be_get(data.ptr, 2));
    if (bytes.len < 8)
        return false;
    uint8_t format = bytes.ptr[0] & 0x7f;
    bool more = bytes.len >= 14;
    if (format == 0x70 || format == 0x71)
        *out = (sense){bytes.ptr[2] & 15, more ? bytes.ptr[12] : 0, more ? bytes.ptr[13] : 0};
    else if (format == 0x72 || format == 0x73)
        *out = (sense){bytes.ptr[1] & 15, bytes.ptr[2], bytes.ptr[3]};
    else
        return false;
    return true;
}

static bool print_sense(const rig_item *item, rig_text *out)
{
    sense s;
    if (!read_sense(item, &s))
        return false;
    rig_name_print(out, &rig_names_sense_key, s.key);
    rig_text_add(out, "/%02x/%02x", s.asc, s.ascq);
    return true;
}

static bool print_rejected(const rig_item *item, rig_text *out)
{
    if (!item->pdu.data.ptr || item->pdu.data.len < RIG_BHS_LEN)
        return false;
    rig_text_view(out, rig_view_str(rig_pdu_rows[rig_pdu_kind_of(item->pdu.data.ptr)].name));
    return true;
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

static bool missing(const rig_item *item, uint64_t *out_number)
{
    *out_number = item->missing;
    return true;
}

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
    sense s;
    rig_pdu_kind kind = kind_of(item);
    if (kind == RIG_PDU_DATA_IN || kind == RIG_PDU_DATA_OUT)
        return true;
    if ((kind == RIG_PDU_SCSI_RESP || kind == RIG_PDU_ASYNC) && read_sense(item, &s))
        return false;
    if (kind == RIG_PDU_REJECT && item->data_len == RIG_BHS_LEN)
        return false;
    return item->data_len && !rig_trace_reads(kind);
}

static bool partial_text(const rig_item *item)
{
    return rig_get(item->pdu.bhs, RIG_F_C) || (item->data_len && rig_item_text(item).len == 0);
}

const rig_virtual rig_virtuals[] = {
    {"DataLen", "bytes of the data segment", EVERY_KIND, data_len, NULL, length_shown},
    {"BidiEDTL", "expected read length of a bidirectional command", RIG_IN(SCSI_CMD), bidi_len, NULL, always},
    {"sense", "sense key, additional sense code and qualifier", RIG_IN(SCSI_RESP) | RIG_IN(ASYNC), NULL,
     print_sense, always},
    {"Rejected", "name of the PDU whose header a Reject carries", RIG_IN(REJECT), NULL, print_rejected,
     always},
    {"text-bytes", "bytes of text in this PDU", TEXT_KINDS, data_len, NULL, partial_text},
    {"bad-text", "offset in the text where it is no list of keys and values any more", TEXT_KINDS, bad_text,
     NULL, always},
    {"missing", "bytes behind the header that the capture lacks", EVERY_KIND, missing, NULL, is_missing},
    {NULL, NULL, 0, NULL, NULL, NULL},
};

const rig_virtual *rig_virtual_find(rig_pdu_kind kind, rig_view name)
{
    for (const rig_virtual *row = rig_virtuals; row->name; row++)
        if ((row->pdus >> kind & 1) && rig_view_is(name, row->name))
            return row;
    return NULL;
}

bool rig_virtual_print(const rig_virtual *row, const rig_item *item, rig_text *out)
{
    uint64_t number;
    if (row->print)
        return row->print(item, out);
    if (!row->number(item, &number))
        return false;
    rig_text_add(out, "%llu", (unsigned long long)number);
    return true;
}

static bool bad_header_digest(const rig_item *item)
{
    return item->pdu.bad_header_digest;
}

static bool bad_data_digest(const rig_item *item)
{
    return item->pdu.bad_data_digest;
}

static bool bad_padding(const rig_item *item)
{
    return item->pdu.bad_padding;
}

const rig_mark rig_marks[] = {
    {"bad-header-digest", bad_header_digest},
    {"bad-data-digest", bad_data_digest},
    {"bad-padding", bad_padding},
    {NULL, NULL},
};
