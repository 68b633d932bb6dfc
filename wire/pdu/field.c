#include "rig/cdb.h"
#include "rig/pdu.h"

#define FIELD_NAMES_MAX 64 /* most names of one set that a message can suggest */

const rig_field rig_fields[RIG_FIELDS] = {
#define RIG_FIELD(id, name, byte, bytes, low, bits, form, names, pdus)                                       \
    {name, names, pdus, byte, bytes, low, bits, RIG_FORM_##form},
#include "rig/pdu_fields.def"
};

rig_field_id rig_field_find(rig_pdu_kind kind, rig_view name)
{
    for (unsigned f = 0; f < RIG_FIELDS; f++)
        if ((rig_fields[f].pdus >> kind & 1) && rig_view_is(name, rig_fields[f].name))
            return (rig_field_id)f;
    return RIG_FIELDS;
}

static void print_lun(rig_text *out, uint64_t sam)
{
    uint32_t lun;
    if (rig_lun_decode(sam, &lun) && rig_lun_encode(lun) == sam)
        rig_text_add(out, "%u", lun);
    else
        rig_text_add(out, "0x%016llx", (unsigned long long)sam);
}

void rig_field_print(rig_text *out, const uint8_t bhs[RIG_BHS_LEN], rig_field_id id)
{
    const rig_field *field = &rig_fields[id];
    const rig_view bytes = {bhs + field->byte, field->bytes};
    const unsigned long long value = field->form == RIG_FORM_CDB ? 0 : rig_get(bhs, id);
    switch (field->form) {
    case RIG_FORM_TAG:
        if (value == RIG_TAG_NONE) {
            rig_text_add(out, "none");
            break;
        }
        /* fall through */
    case RIG_FORM_HEX:
        rig_text_add(out, "0x%llx", value);
        break;
    case RIG_FORM_LUN:
        print_lun(out, value);
        break;
    case RIG_FORM_ISID:
        rig_text_hex(out, bytes, ':');
        break;
    case RIG_FORM_CDB:
        rig_cdb_print(out, bytes);
        break;
    case RIG_FORM_NAMED:
        rig_name_print(out, field->names, (uint32_t)value);
        break;
    case RIG_FORM_FLAG:
    case RIG_FORM_DEC:
    case RIG_FORM_SN:
        rig_text_add(out, "%llu", value);
        break;
    }
}

static rig_status unreadable(const rig_field *field, rig_view text, rig_error *err)
{
    static const char *const wanted[] = {
        [RIG_FORM_FLAG] = "0 or 1",
        [RIG_FORM_DEC] = "a number",
        [RIG_FORM_HEX] = "a number",
        [RIG_FORM_SN] = "a number",
        [RIG_FORM_TAG] = "a number or none",
        [RIG_FORM_LUN] = "a LUN 0..16383 or 0x and 16 digits",
        [RIG_FORM_ISID] = "six bytes such as 80:00:00:01:00:2a",
        [RIG_FORM_CDB] = "a command",
        [RIG_FORM_NAMED] = "a name or a number",
    };
    const char *names[FIELD_NAMES_MAX];
    size_t num = 0;
    for (; field->names && num < field->names->num_rows && num < FIELD_NAMES_MAX; num++)
        names[num] = field->names->rows[num].name;
    rig_view shown = rig_view_sub(text, 0, 64);
    size_t near = num ? rig_nearest(text, names, num) : num;
    return rig_fail_at(err, RIG_E_SYNTAX, 0, field->name, "%s wants %s, not '%.*s'%s%s%s", field->name,
                       wanted[field->form], RIG_VIEW_ARG(shown), near < num ? "; did you mean " : "",
                       near < num ? names[near] : "", near < num ? "?" : "");
}

static bool parse_lun(rig_view text, uint64_t *out_sam)
{
    uint64_t number;
    if (!rig_view_u64(text, &number))
        return false;
    bool sam = text.len == 18 && rig_view_starts(text, "0x");
    if (!sam && number > RIG_LUN_MAX)
        return false;
    *out_sam = sam ? number : rig_lun_encode((uint32_t)number);
    return true;
}

static bool parse_value(const rig_field *field, rig_view text, uint64_t *out_value)
{
    uint8_t isid[6];
    uint32_t named;
    switch (field->form) {
    case RIG_FORM_LUN:
        return parse_lun(text, out_value);
    case RIG_FORM_ISID:
        if (rig_hex_parse(text, isid, sizeof isid) != sizeof isid)
            return false;
        *out_value = rig_be_get(isid, sizeof isid);
        return true;
    case RIG_FORM_NAMED:
        if (!rig_name_parse(field->names, text, &named))
            return false;
        *out_value = named;
        return true;
    case RIG_FORM_TAG:
        *out_value = RIG_TAG_NONE;
        return rig_view_is(text, "none") || rig_view_u64(text, out_value);
    default:
        return rig_view_u64(text, out_value);
    }
}

static rig_status parse_cdb(uint8_t *bhs, const rig_field *field, rig_view text, rig_error *err)
{
    uint8_t cdb[RIG_CDB_MAX];
    size_t len;
    rig_status status = rig_cdb_parse(text, cdb, NULL, &len, err);
    if (status != RIG_OK)
        return status;
    if (len > field->bytes)
        return rig_fail_at(err, RIG_E_LIMIT, 0, field->name,
                           "a CDB of %zu bytes needs an extended CDB segment", len);
    memcpy(bhs + field->byte, cdb, field->bytes);
    return RIG_OK;
}

rig_status rig_field_parse(uint8_t bhs[RIG_BHS_LEN], rig_field_id id, rig_view text, rig_error *err)
{
    const rig_field *field = &rig_fields[id];
    uint64_t value;
    if (field->form == RIG_FORM_CDB)
        return parse_cdb(bhs, field, text, err);
    if (!parse_value(field, text, &value))
        return unreadable(field, text, err);
    if (field->bits < 64 && value >> field->bits)
        return rig_fail_at(err, RIG_E_LIMIT, 0, field->name, "%s has %u bits; 0x%llx does not fit",
                           field->name, field->bits, (unsigned long long)value);
    rig_set(bhs, id, value);
    return RIG_OK;
}
