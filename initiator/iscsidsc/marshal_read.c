/* From the structures of the caller to records. What the caller points to is looked at as far as it says, and
 * not further. */
#include "internal.h"

uint64_t dsc_get(const void *at, size_t size)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case sizeof one:
        memcpy(&one, at, sizeof one);
        return one;
    case sizeof two:
        memcpy(&two, at, sizeof two);
        return two;
    case sizeof four:
        memcpy(&four, at, sizeof four);
        return four;
    default:
        memcpy(&eight, at, sizeof eight);
        return eight;
    }
}

static const void *pointer_at(const uint8_t *at)
{
    const void *pointer;
    memcpy(&pointer, at, sizeof pointer);
    return pointer;
}

static ULONG count_of(const dsc_field *field, dsc_set set, const uint8_t *from)
{
    return (ULONG)dsc_get(from + field->count_at[set], sizeof(ULONG));
}

static ISDSC_STATUS read_version(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record)
{
    (void)record;
    return dsc_get(from + field->at[set], field->size) ? ERROR_INVALID_PARAMETER : ERROR_SUCCESS;
}

static ISDSC_STATUS read_number(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record)
{
    uint64_t number = dsc_get(from + field->at[set], field->size);
    if (field->member_size < sizeof number && number >> (8 * field->member_size))
        return ERROR_INVALID_PARAMETER;
    dsc_put(record + field->member, field->member_size, number);
    return ERROR_SUCCESS;
}

static ISDSC_STATUS read_yes_no(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record)
{
    bool yes = dsc_get(from + field->at[set], field->size) != 0;
    memcpy(record + field->member, &yes, sizeof yes);
    return ERROR_SUCCESS;
}

static ISDSC_STATUS read_text(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record)
{
    bool read = dsc_text_read(set, from + field->at[set], field->size, (char *)record + field->member,
                              field->member_size);
    return read ? ERROR_SUCCESS : field->refusal;
}

/* A blob whose bit is clear is not looked at: its members may be anything. */
static ISDSC_STATUS read_blob(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record)
{
    if (field->bit && !(dsc_get(record + field->given, sizeof(uint32_t)) & field->bit))
        return ERROR_SUCCESS;
    dsc_args args = {.set = set};
    dsc_take_octets(&args, count_of(field, set, from), pointer_at(from + field->at[set]),
                    (rig_octets *)(void *)(record + field->member), field->refusal);
    return args.status;
}

static ISDSC_STATUS read_part(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record)
{
    return dsc_read(field->part, set, from + field->at[set], record + field->member);
}

static ISDSC_STATUS read_list(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record)
{
    ULONG count = count_of(field, set, from);
    const uint8_t *first = pointer_at(from + field->at[set]);
    ISDSC_STATUS status = count > RIG_LIST_MAX || (count && !first) ? field->refusal : ERROR_SUCCESS;
    for (ULONG i = 0; i < count && !status; i++) {
        void *entry = rig_list_add(dsc_alloc(), rig_shape_of(field->part->record), record + field->member);
        status = entry ? dsc_read(field->part, set, first + (size_t)i * field->part->size[set], entry)
                       : ERROR_NOT_ENOUGH_MEMORY;
    }
    return status;
}

typedef ISDSC_STATUS reader(const dsc_field *field, dsc_set set, const uint8_t *from, uint8_t *record);

/* Kinds without a reader stand in structures that are given back only. */
static reader *const readers[DSC_KINDS] = {
    [DSC_VERSION] = read_version, [DSC_NUMBER] = read_number, [DSC_YES_NO] = read_yes_no,
    [DSC_TEXT] = read_text,       [DSC_BLOB] = read_blob,     [DSC_SECRET] = read_blob,
    [DSC_PART] = read_part,       [DSC_LIST] = read_list,
};

ISDSC_STATUS dsc_read(const dsc_layout *layout, dsc_set set, const void *from, void *record)
{
    ISDSC_STATUS status = ERROR_SUCCESS;
    for (size_t i = 0; i < layout->num_fields && !status; i++)
        if (readers[layout->fields[i].kind])
            status = readers[layout->fields[i].kind](&layout->fields[i], set, from, record);
    return status;
}

/* ---- arguments ---- */

void dsc_refuse(dsc_args *args, ISDSC_STATUS status)
{
    if (!args->status)
        args->status = status;
}

void dsc_must(dsc_args *args, const void *pointer)
{
    if (!pointer)
        dsc_refuse(args, ERROR_INVALID_PARAMETER);
}

void dsc_take_text(dsc_args *args, const void *text, char *out, size_t size)
{
    if (args->status || !text || dsc_text_read(args->set, text, size, out, size))
        return;
    args->status = size == DSC_NAME_ROOM ? ISDSC_INVALID_ISCSI_NAME : ERROR_INVALID_PARAMETER;
}

void dsc_need_text(dsc_args *args, const void *text, char *out, size_t size)
{
    dsc_take_text(args, text, out, size);
    if (!out[0])
        dsc_refuse(args, ERROR_INVALID_PARAMETER);
}

bool dsc_take(dsc_args *args, const dsc_layout *layout, const void *from, void *record)
{
    if (args->status || !from)
        return false;
    args->status = dsc_read(layout, args->set, from, record);
    return !args->status;
}

void dsc_need(dsc_args *args, const dsc_layout *layout, const void *from, void *record)
{
    dsc_must(args, from);
    dsc_take(args, layout, from, record);
}

bool dsc_take_portal(dsc_args *args, const void *from, rig_target_portal *portal)
{
    return dsc_take(args, &dsc_portal_layout, from, portal) && portal->address[0];
}

void dsc_take_octets(dsc_args *args, ULONG length, const void *bytes, rig_octets *out, ISDSC_STATUS refusal)
{
    if (length)
        dsc_must(args, bytes);
    if (length > RIG_OCTETS_MAX)
        dsc_refuse(args, refusal);
    if (!args->status && rig_octets_set(out, rig_view_of(bytes, length)))
        args->status = refusal;
}
