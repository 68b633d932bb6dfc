/* Records to blocks: measured first, so that a buffer which is too small stays as it is. */
#include "internal.h"

typedef struct writer {
    uint8_t *to; /* NULL: only measured */
    size_t used;
    rig_error *err;
} writer;

static rig_status refuse(writer *w, size_t at, const char *name, const char *why)
{
    return rig_fail_at(w->err, RIG_E_ARGUMENT, at, name, "%s: %s", name, why);
}

static rig_status write_fields(writer *w, const rig_block *block, size_t at, const void *record);

static rig_status write_text(writer *w, const rig_block_field *field, size_t at, const char *text)
{
    if (w->to && !wmi_text_write(text, w->to + at, field->size))
        return refuse(w, at, field->name, "no UTF-8, or too long");
    return RIG_OK;
}

static rig_status write_host(writer *w, size_t at, const char *host)
{
    rig_block_address address;
    wmi_address_of(host, &address);
    return write_fields(w, rig_block_of(RIG_BLOCK_ADDRESS), at, &address);
}

static rig_status write_field(writer *w, const rig_block_field *field, size_t at, const uint8_t *from)
{
    uint64_t number = 0;
    switch (field->kind) {
    case RIG_BLOCK_NUMBER:
        number = wmi_member_get(from, field->member_size);
        break;
    case RIG_BLOCK_BOOL:
        number = *(const bool *)from;
        break;
    case RIG_BLOCK_SESSION:
        number = *(const bool *)from ? 1 : 2;
        break;
    case RIG_BLOCK_BYTES:
        if (w->to)
            memcpy(w->to + at, from, field->size);
        return RIG_OK;
    case RIG_BLOCK_TEXT:
        return write_text(w, field, at, (const char *)from);
    case RIG_BLOCK_HOST:
        return write_host(w, at, (const char *)from);
    case RIG_BLOCK_PART:
        return write_fields(w, rig_block_of(field->part), at, from);
    case RIG_BLOCK_COUNT:
    case RIG_BLOCK_RESERVED:
        return RIG_OK;
    }
    if (w->to)
        wmi_put(w->to + at, field->size, number);
    return RIG_OK;
}

static rig_status write_fields(writer *w, const rig_block *block, size_t at, const void *record)
{
    rig_status status = RIG_OK;
    for (size_t i = 0; i < block->num_fields && !status; i++) {
        const rig_block_field *field = &block->fields[i];
        const uint8_t *from = (const uint8_t *)record + field->member;
        if (field->absent && !*((const bool *)record + field->given))
            from = field->absent;
        status = write_field(w, field, at + field->at, from);
    }
    return status;
}

static rig_status write_block(writer *w, rig_block_id id, const void *record);

static void put_octets(writer *w, const rig_octets *octets)
{
    if (w->to)
        memcpy(w->to + w->used, octets->bytes, octets->len);
    w->used += octets->len;
}

static rig_status put_list(writer *w, const rig_block_tail *tail, const wmi_list *list)
{
    const rig_block *element = rig_block_of(tail->element);
    const size_t size = rig_shape_of(element->record)->size;
    rig_status status = RIG_OK;
    if (list->num > tail->most)
        return refuse(w, w->used, tail->name, "more than a block holds");
    for (uint32_t i = 0; i < list->num && !status; i++) {
        w->used = (w->used + element->align - 1) / element->align * element->align;
        status = write_block(w, tail->element, list->ptr + i * size);
    }
    return status;
}

static rig_status write_tail(writer *w, const rig_block_tail *tail, size_t at, const void *record)
{
    const void *from = (const uint8_t *)record + tail->member;
    const bool octets = tail->element == RIG_BLOCKS;
    if (w->to)
        wmi_put(w->to + at + tail->count_at, 4,
                octets ? ((const rig_octets *)from)->len : ((const wmi_list *)from)->num);
    if (!octets)
        return put_list(w, tail, from);
    put_octets(w, from);
    return RIG_OK;
}

static rig_status write_block(writer *w, rig_block_id id, const void *record)
{
    const rig_block *block = rig_block_of(id);
    const size_t at = w->used;
    rig_status status = write_fields(w, block, at, record);
    w->used = at + (block->num_tails ? block->tails_at : block->size);
    for (size_t i = 0; i < block->num_tails && !status; i++)
        status = write_tail(w, &block->tails[i], at, record);
    if (w->to && !status)
        wmi_block_written(id, record, w->to + at);
    return status;
}

rig_status rig_block_write(rig_block_id id, const void *record, uint8_t *to, size_t size, size_t *out_len,
                           rig_error *err)
{
    writer w = {NULL, 0, err};
    rig_status status = write_block(&w, id, record);
    *out_len = w.used;
    if (status)
        return status;
    if (w.used > size)
        return rig_fail(err, RIG_E_LIMIT, "%zu bytes are wanted, %zu are there", w.used, size);
    memset(to, 0, w.used);
    w = (writer){to, 0, err};
    return write_block(&w, id, record);
}
