#include "rig/cdb.h"

#include "cdb_rows.h"
#include "rig/pdu.h"

#define CDB_ACTION_MASK 0x1f /* service action in byte 1 */

size_t rig_cdb_rows_count(void)
{
    return cdb_num_rows;
}

const rig_cdb_row *rig_cdb_row_at(size_t i)
{
    return i < cdb_num_rows ? &cdb_rows[i] : NULL;
}

static size_t first_of_opcode(uint8_t opcode)
{
    size_t low = 0, high = cdb_num_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cdb_rows[middle].opcode < opcode)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool service_matches(const rig_cdb_row *row, rig_view cdb)
{
    if (row->service < 0)
        return true;
    if (row->opcode == CDB_VARIABLE)
        return cdb.len >= 10 && rig_be_get(cdb.ptr + 8, 2) == (uint8_t)row->service;
    return cdb.len >= 2 && (cdb.ptr[1] & CDB_ACTION_MASK) == row->service;
}

const rig_cdb_row *rig_cdb_row_of(rig_view cdb)
{
    if (cdb.len == 0)
        return NULL;
    for (size_t i = first_of_opcode(cdb.ptr[0]); i < cdb_num_rows && cdb_rows[i].opcode == cdb.ptr[0]; i++)
        if (service_matches(&cdb_rows[i], cdb))
            return &cdb_rows[i];
    return NULL;
}

const rig_cdb_row *rig_cdb_find(rig_view name)
{
    for (size_t i = 0; i < cdb_num_rows; i++)
        if (rig_view_is(name, cdb_rows[i].name))
            return &cdb_rows[i];
    return NULL;
}

const rig_cdb_field *cdb_field_at(const rig_cdb_row *row, size_t i)
{
    static const rig_cdb_field control[] = {
        {"control", 1, 1, 0, 8, RIG_CDB_CODE},  {"control", 5, 1, 0, 8, RIG_CDB_CODE},
        {"control", 9, 1, 0, 8, RIG_CDB_CODE},  {"control", 11, 1, 0, 8, RIG_CDB_CODE},
        {"control", 15, 1, 0, 8, RIG_CDB_CODE},
    };
    uint8_t at = row->opcode == CDB_VARIABLE ? 1 : (uint8_t)(row->len - 1);
    size_t named = 0;
    while (named < RIG_CDB_FIELDS_MAX && row->fields[named].name)
        named++;
    if (i < named)
        return &row->fields[i];
    for (size_t c = 0; i == named && c < sizeof control / sizeof control[0]; c++)
        if (control[c].byte == at)
            return &control[c];
    return NULL;
}

const rig_cdb_field *rig_cdb_field_find(const rig_cdb_row *row, rig_view name)
{
    const rig_cdb_field *field;
    for (size_t i = 0; (field = cdb_field_at(row, i)) != NULL; i++)
        if (rig_view_is(name, field->name))
            return field;
    return NULL;
}

void rig_cdb_init(uint8_t cdb[RIG_CDB_MAX], const rig_cdb_row *row)
{
    memset(cdb, 0, RIG_CDB_MAX);
    cdb[0] = row->opcode;
    if (row->opcode == CDB_VARIABLE) {
        cdb[7] = (uint8_t)(row->len - 8);
        cdb[9] = (uint8_t)row->service;
    } else if (row->service >= 0) {
        cdb[1] = (uint8_t)row->service;
    }
}

static uint64_t field_mask(const rig_cdb_field *field)
{
    return field->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1;
}

uint64_t rig_cdb_get(const uint8_t *cdb, const rig_cdb_field *field)
{
    return rig_be_get(cdb + field->byte, field->bytes) >> field->low & field_mask(field);
}

bool rig_cdb_set(uint8_t *cdb, const rig_cdb_field *field, uint64_t value)
{
    uint64_t mask = field_mask(field);
    if (value > mask)
        return false;
    uint64_t old = rig_be_get(cdb + field->byte, field->bytes);
    rig_be_set(cdb + field->byte, field->bytes, (old & ~(mask << field->low)) | value << field->low);
    return true;
}

static uint64_t value_of(const rig_cdb_row *row, const uint8_t *cdb, const char *name)
{
    const rig_cdb_field *field = rig_cdb_field_find(row, rig_view_str(name));
    return field ? rig_cdb_get(cdb, field) : 0;
}

static uint64_t verify_blocks(uint64_t bytchk, uint64_t blocks)
{
    if (bytchk == 3)
        return blocks ? 1 : 0;
    return bytchk == 1 ? blocks : 0;
}

static uint64_t field_bytes(const rig_cdb_row *row, const rig_cdb_field *field, const uint8_t *cdb,
                            uint32_t block_len)
{
    uint64_t value = rig_cdb_get(cdb, field);
    switch (field->unit) {
    case RIG_CDB_BYTES:
        return value;
    case RIG_CDB_BLOCKS:
        return value * block_len;
    case RIG_CDB_BLOCKS_256:
        return (value ? value : 256) * block_len;
    case RIG_CDB_BLOCKS_TWICE:
        return 2 * value * block_len;
    case RIG_CDB_BLOCKS_BYTCHK:
        return verify_blocks(value_of(row, cdb, "bytchk"), value) * block_len;
    case RIG_CDB_BLOCKS_ONE:
        return value_of(row, cdb, "ndob") ? 0 : block_len;
    case RIG_CDB_PLAIN:
    case RIG_CDB_CODE:
        break;
    }
    return 0;
}

uint64_t rig_cdb_transfer(rig_view cdb, uint32_t block_len)
{
    const rig_cdb_row *row = rig_cdb_row_of(cdb);
    if (!row || cdb.len < row->len || row->data == RIG_CDB_NONE)
        return 0;
    for (size_t i = 0; i < RIG_CDB_FIELDS_MAX && row->fields[i].name; i++)
        if (row->fields[i].unit >= RIG_CDB_BYTES)
            return field_bytes(row, &row->fields[i], cdb.ptr, block_len);
    return row->moves;
}
