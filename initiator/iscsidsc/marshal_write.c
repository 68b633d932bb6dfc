/* From records to the structures of the caller: one block, whose pointers lead into itself. */
#include "internal.h"

void dsc_put(void *at, size_t size, uint64_t number)
{
    uint8_t one = (uint8_t)number;
    uint16_t two = (uint16_t)number;
    uint32_t four = (uint32_t)number;
    switch (size) {
    case sizeof one:
        memcpy(at, &one, sizeof one);
        break;
    case sizeof two:
        memcpy(at, &two, sizeof two);
        break;
    case sizeof four:
        memcpy(at, &four, sizeof four);
        break;
    default:
        memcpy(at, &number, sizeof number);
    }
}

static void put_pointer(uint8_t *at, const void *pointer)
{
    memcpy(at, &pointer, sizeof pointer);
}

/* ---- blocks ---- */

uint8_t *dsc_block_take(dsc_block *block, size_t bytes, size_t align)
{
    size_t at = (block->used + align - 1) / align * align;
    if (block->ptr)
        memset(block->ptr + block->used, 0, at + bytes - block->used);
    block->used = at + bytes;
    return block->ptr ? block->ptr + at : NULL;
}

uint8_t *dsc_block_text(dsc_block *block, const char *text)
{
    size_t units = dsc_text_units(block->set, text);
    if (!units)
        block->status = ISDSC_NON_SPECIFIC_ERROR;
    uint8_t *to = dsc_block_take(block, units * dsc_unit(block->set), dsc_unit(block->set));
    if (to)
        dsc_text_write(block->set, text, to);
    return to;
}

void dsc_block_number(dsc_block *block, uint32_t number)
{
    uint8_t *to = dsc_block_take(block, sizeof(ULONG), sizeof(ULONG));
    if (to)
        dsc_put(to, sizeof(ULONG), number);
}

/* ---- members ---- */

static void write_number(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    if (to)
        dsc_put(to + field->at[block->set], field->size, dsc_get(record + field->member, field->member_size));
}

static void write_network(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    uint64_t number = dsc_get(record + field->member, field->member_size);
    for (size_t i = 0; to && i < field->size; i++)
        to[field->at[block->set] + i] = (uint8_t)(number >> (8 * (field->size - 1 - i)));
}

static void write_bytes(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    const rig_octets *octets = (const rig_octets *)(const void *)(record + field->member);
    if (to)
        memcpy(to + field->at[block->set], octets->bytes, field->size);
}

static void write_text(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    const char *text = (const char *)record + field->member;
    size_t units = dsc_text_units(block->set, text);
    if (!units)
        block->status = ISDSC_NON_SPECIFIC_ERROR;
    else if (units > field->size)
        block->status = ISDSC_BUFFER_TOO_SMALL;
    else if (to)
        dsc_text_write(block->set, text, to + field->at[block->set]);
}

static void write_pointed_text(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    uint8_t *text = dsc_block_text(block, (const char *)record + field->member);
    if (to)
        put_pointer(to + field->at[block->set], text);
}

static void write_blob(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    const rig_octets *octets = (const rig_octets *)(const void *)(record + field->member);
    uint8_t *bytes = octets->len ? dsc_block_take(block, octets->len, 1) : NULL;
    if (!to || !bytes)
        return;
    memcpy(bytes, octets->bytes, octets->len);
    dsc_put(to + field->count_at[block->set], sizeof(ULONG), octets->len);
    put_pointer(to + field->at[block->set], bytes);
}

static void write_part(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    dsc_write(block, field->part, record + field->member, to ? to + field->at[block->set] : NULL);
}

static void write_pointed_part(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    bool given;
    memcpy(&given, record + field->given, sizeof given);
    if (!given)
        return;
    uint8_t *part = dsc_block_take(block, field->part->size[block->set], field->part->align);
    dsc_write(block, field->part, record + field->member, part);
    if (to)
        put_pointer(to + field->at[block->set], part);
}

static void write_list(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to)
{
    const dsc_list *list = (const dsc_list *)(const void *)(record + field->member);
    if (!list->num)
        return;
    dsc_array array = {field->part, list};
    size_t align = field->part->align;
    size_t first = (block->used + align - 1) / align * align;
    dsc_fill_array(block, &array);
    if (!to)
        return;
    dsc_put(to + field->count_at[block->set], sizeof(ULONG), list->num);
    put_pointer(to + field->at[block->set], block->ptr + first);
}

typedef void writer(dsc_block *block, const dsc_field *field, const uint8_t *record, uint8_t *to);

/* Structures begin as zeroes: a secret, which has no writer, is none. */
static writer *const writers[DSC_KINDS] = {
    [DSC_NUMBER] = write_number, [DSC_YES_NO] = write_number, [DSC_NETWORK] = write_network,
    [DSC_BYTES] = write_bytes,   [DSC_TEXT] = write_text,     [DSC_POINTED_TEXT] = write_pointed_text,
    [DSC_BLOB] = write_blob,     [DSC_PART] = write_part,     [DSC_POINTED_PART] = write_pointed_part,
    [DSC_LIST] = write_list,
};

void dsc_write(dsc_block *block, const dsc_layout *layout, const void *record, uint8_t *to)
{
    for (size_t i = 0; i < layout->num_fields; i++)
        if (writers[layout->fields[i].kind])
            writers[layout->fields[i].kind](block, &layout->fields[i], record, to);
    if (to && layout->finish)
        layout->finish(block->set, record, to);
}

/* ---- what is delivered ---- */

void dsc_fill_array(dsc_block *block, const void *what)
{
    const dsc_array *array = what;
    const dsc_list *list = array->list;
    size_t record = rig_shape_of(array->layout->record)->size, size = array->layout->size[block->set];
    uint8_t *first = dsc_block_take(block, list->num * size, array->layout->align);
    for (uint32_t i = 0; i < list->num; i++)
        dsc_write(block, array->layout, list->ptr + i * record, first ? first + i * size : NULL);
}

/* An empty list is two empty strings, for readers that look for the two NULs. */
void dsc_fill_labels(dsc_block *block, const void *what)
{
    const rig_labels *labels = what;
    for (uint32_t i = 0; i < labels->labels.num; i++)
        dsc_block_text(block, labels->labels.ptr[i].text);
    if (!labels->labels.num)
        dsc_block_text(block, "");
    dsc_block_text(block, "");
}

ISDSC_STATUS dsc_deliver(dsc_set set, dsc_fill *fill, const void *what, void *buffer, ULONG *size,
                         size_t unit)
{
    dsc_block block = {.set = set};
    fill(&block, what);
    size_t needed = block.used / unit;
    if (block.status || needed > UINT32_MAX)
        return block.status ? block.status : ERROR_NOT_ENOUGH_MEMORY;
    ULONG room = buffer ? *size : 0;
    *size = (ULONG)needed;
    if (needed > room)
        return ERROR_INSUFFICIENT_BUFFER;
    if (needed) {
        block = (dsc_block){.set = set, .ptr = buffer};
        fill(&block, what);
    }
    return ERROR_SUCCESS;
}
