#include "cdb_rows.h"
#include "rig/pdu.h"

static void mask_fixed(const rig_cdb_row *row, uint8_t mask[RIG_CDB_MAX])
{
    memset(mask, 0, RIG_CDB_MAX);
    mask[0] = 0xff;
    if (row->opcode == CDB_VARIABLE)
        mask[7] = mask[8] = mask[9] = 0xff;
    else if (row->service >= 0)
        mask[1] = 0x1f;
}

static void mask_field(const rig_cdb_field *field, uint8_t mask[RIG_CDB_MAX])
{
    rig_cdb_set(mask, field, field->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1);
}

/* Whether opcode, service action and the row's fields say everything the CDB holds. */
static bool row_tells_all(const rig_cdb_row *row, rig_view cdb)
{
    uint8_t mask[RIG_CDB_MAX];
    const rig_cdb_field *field;
    if (cdb.len < row->len || cdb.len > RIG_CDB_MAX)
        return false;
    if (row->opcode == CDB_VARIABLE && cdb.ptr[7] != row->len - 8)
        return false;
    mask_fixed(row, mask);
    for (size_t i = 0; (field = cdb_field_at(row, i)) != NULL; i++)
        mask_field(field, mask);
    for (size_t i = 0; i < cdb.len; i++)
        if (cdb.ptr[i] & (uint8_t)~mask[i])
            return false;
    return true;
}

static void print_field(rig_text *out, const rig_cdb_field *field, uint64_t value, bool first)
{
    rig_text_add(out, "%s%s=", first ? "(" : ",", field->name);
    rig_text_add(out, field->unit == RIG_CDB_CODE ? "0x%llx" : "%llu", (unsigned long long)value);
}

void rig_cdb_print(rig_text *out, rig_view cdb)
{
    const rig_cdb_row *row = rig_cdb_row_of(cdb);
    const rig_cdb_field *field;
    bool first = true;
    if (!row || !row_tells_all(row, cdb)) {
        rig_text_add(out, "hex:");
        rig_text_hex(out, cdb, 0);
        return;
    }
    rig_text_add(out, "%s", row->name);
    for (size_t i = 0; (field = cdb_field_at(row, i)) != NULL; i++) {
        uint64_t value = rig_cdb_get(cdb.ptr, field);
        if (value == 0)
            continue;
        print_field(out, field, value, first);
        first = false;
    }
    if (!first)
        rig_text_add(out, ")");
}

static rig_status unknown(size_t offset, rig_view word, const char *what, const char *const *names,
                          size_t num, rig_error *err)
{
    size_t near = rig_nearest(word, names, num);
    rig_view shown = rig_view_sub(word, 0, 64);
    return rig_fail_at(err, RIG_E_SYNTAX, offset, "CDB", "no %s '%.*s'%s%s%s", what, RIG_VIEW_ARG(shown),
                       near < num ? "; did you mean " : "", near < num ? names[near] : "",
                       near < num ? "?" : "");
}

static rig_view trim(rig_view v)
{
    while (v.len && v.ptr[0] == ' ')
        v = rig_view_sub(v, 1, v.len);
    while (v.len && v.ptr[v.len - 1] == ' ')
        v.len--;
    return v;
}

static rig_status unknown_command(rig_view word, rig_error *err)
{
    const char *names[CDB_ROWS_MAX];
    for (size_t i = 0; i < cdb_num_rows; i++)
        names[i] = cdb_rows[i].name;
    return unknown(0, word, "SCSI command", names, cdb_num_rows, err);
}

static rig_status unknown_field(const rig_cdb_row *row, size_t offset, rig_view word, rig_error *err)
{
    const char *names[RIG_CDB_FIELDS_MAX + 1];
    const rig_cdb_field *field;
    size_t num = 0;
    for (; (field = cdb_field_at(row, num)) != NULL; num++)
        names[num] = field->name;
    return unknown(offset, word, "field of this command", names, num, err);
}

static rig_status parse_assignment(const rig_cdb_row *row, rig_view part, size_t offset, uint8_t *cdb,
                                   uint8_t *mask, rig_error *err)
{
    size_t equals = rig_view_find(part, '=');
    rig_view name = trim(rig_view_sub(part, 0, equals));
    rig_view value = trim(rig_view_sub(part, equals + 1, part.len));
    const rig_cdb_field *field = rig_cdb_field_find(row, name);
    uint64_t number;
    if (!field)
        return unknown_field(row, offset, name, err);
    if (!rig_view_u64(value, &number))
        return rig_fail_at(err, RIG_E_SYNTAX, offset, "CDB", "%s wants a number behind '='", field->name);
    if (!rig_cdb_set(cdb, field, number))
        return rig_fail_at(err, RIG_E_LIMIT, offset, "CDB", "%s has %u bits; %llu does not fit", field->name,
                           field->bits, (unsigned long long)number);
    mask_field(field, mask);
    return RIG_OK;
}

static rig_status parse_list(const rig_cdb_row *row, rig_view text, rig_view list, uint8_t *cdb,
                             uint8_t *mask, rig_error *err)
{
    for (rig_view rest = list; rest.ptr;) {
        rig_view part = rig_view_split(&rest, ',');
        size_t offset = (size_t)(part.ptr - text.ptr);
        rig_status status = parse_assignment(row, part, offset, cdb, mask, err);
        if (status != RIG_OK)
            return status;
    }
    return RIG_OK;
}

static rig_status parse_hex(rig_view digits, uint8_t *cdb, uint8_t *mask, size_t *out_len, rig_error *err)
{
    memset(cdb, 0, RIG_CDB_MAX);
    memset(mask, 0, RIG_CDB_MAX);
    size_t len = rig_hex_parse(digits, cdb, RIG_CDB_MAX);
    if (len == SIZE_MAX || len == 0)
        return rig_fail_at(err, RIG_E_SYNTAX, 4, "CDB", "hex: wants pairs of hex digits, 1 to %d bytes",
                           RIG_CDB_MAX);
    memset(mask, 0xff, len);
    *out_len = len;
    return RIG_OK;
}

rig_status rig_cdb_parse(rig_view text, uint8_t cdb[RIG_CDB_MAX], uint8_t out_mask[RIG_CDB_MAX],
                         size_t *out_len, rig_error *err)
{
    uint8_t unused[RIG_CDB_MAX];
    uint8_t *mask = out_mask ? out_mask : unused;
    if (rig_view_starts(text, "hex:"))
        return parse_hex(rig_view_sub(text, 4, text.len), cdb, mask, out_len, err);
    size_t open = rig_view_find(text, '(');
    rig_view name = trim(rig_view_sub(text, 0, open));
    const rig_cdb_row *row = rig_cdb_find(name);
    if (!row)
        return unknown_command(name, err);
    rig_cdb_init(cdb, row);
    mask_fixed(row, mask);
    *out_len = row->len;
    if (open == text.len)
        return RIG_OK;
    rig_view tail = trim(rig_view_sub(text, open + 1, text.len));
    if (tail.len == 0 || tail.ptr[tail.len - 1] != ')')
        return rig_fail_at(err, RIG_E_SYNTAX, text.len, "CDB", "the list of fields is not closed by ')'");
    tail.len--;
    return trim(tail).len ? parse_list(row, text, tail, cdb, mask, err) : RIG_OK;
}
