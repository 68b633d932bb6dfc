/* Blocks to records. Whoever made a block may have made it badly: each size is held against what is there
 * before it is believed, and tails stand one behind the other, so that none can overlap. */
#include <inttypes.h>

#include "internal.h"

typedef struct reader {
    const rig_alloc *alloc;
    rig_view bytes;
    rig_error *err;
} reader;

static rig_status fail(reader *r, rig_status status, size_t at, const char *name)
{
    return rig_fail_at(r->err, status, at, name, "%s at byte %zu: %s", name, at, rig_status_meaning(status));
}

static rig_status too_short(reader *r, size_t at, const char *name, size_t wanted)
{
    return rig_fail_at(r->err, RIG_E_TRUNCATED, at, name,
                       "%s at byte %zu: %zu bytes are wanted, %zu are there", name, at, wanted,
                       r->bytes.len > at ? r->bytes.len - at : 0);
}

static rig_status read_fields(reader *r, const rig_block *block, size_t at, void *record);

static rig_status read_host(reader *r, const rig_block_field *field, size_t at, char *out)
{
    rig_block_address address = {0};
    rig_status status = read_fields(r, rig_block_of(RIG_BLOCK_ADDRESS), at, &address);
    if (status)
        return status;
    status = wmi_host_of(&address, out, field->member_size);
    return status ? fail(r, status, at, field->name) : RIG_OK;
}

/* SessionType: a discovery session (0) is no login of the management calls. */
static rig_status read_session(reader *r, const rig_block_field *field, size_t at, bool *out)
{
    const uint64_t type = wmi_get(r->bytes.ptr + at, field->size);
    *out = type == 1;
    if (type == 1 || type == 2)
        return RIG_OK;
    return fail(r, type ? RIG_E_FORMAT : RIG_E_UNSUPPORTED, at, field->name);
}

static rig_status read_field(reader *r, const rig_block_field *field, size_t at, uint8_t *to)
{
    const uint8_t *from = r->bytes.ptr + at;
    rig_status status = RIG_OK;
    switch (field->kind) {
    case RIG_BLOCK_NUMBER:
        if (!wmi_member_put(to, field->member_size, wmi_get(from, field->size)))
            status = fail(r, RIG_E_LIMIT, at, field->name);
        break;
    case RIG_BLOCK_BOOL:
        *(bool *)to = *from != 0;
        break;
    case RIG_BLOCK_BYTES:
        memcpy(to, from, field->size);
        break;
    case RIG_BLOCK_TEXT:
        status = wmi_text_read(rig_view_of(from, field->size), (char *)to, field->member_size);
        return status ? fail(r, status, at, field->name) : RIG_OK;
    case RIG_BLOCK_HOST:
        return read_host(r, field, at, (char *)to);
    case RIG_BLOCK_SESSION:
        return read_session(r, field, at, (bool *)to);
    case RIG_BLOCK_PART:
        return read_fields(r, rig_block_of(field->part), at, to);
    case RIG_BLOCK_COUNT:
    case RIG_BLOCK_RESERVED:
        break;
    }
    return status;
}

static rig_status read_fields(reader *r, const rig_block *block, size_t at, void *record)
{
    rig_status status = RIG_OK;
    for (size_t i = 0; i < block->num_fields && !status; i++) {
        const rig_block_field *field = &block->fields[i];
        status = read_field(r, field, at + field->at, (uint8_t *)record + field->member);
    }
    return status;
}

static rig_status read_block(reader *r, rig_block_id id, size_t at, void *record, size_t *out_end);

static rig_status read_octets(reader *r, const rig_block_tail *tail, size_t count, size_t *end,
                              rig_octets *out)
{
    if (count > r->bytes.len - *end)
        return too_short(r, *end, tail->name, count);
    if (count > tail->most)
        return fail(r, RIG_E_LIMIT, *end, tail->name);
    *end += count;
    return rig_octets_set(out, rig_view_of(r->bytes.ptr + *end - count, count));
}

static rig_status read_list(reader *r, const rig_block_tail *tail, size_t count, size_t *end, void *list)
{
    const rig_block *element = rig_block_of(tail->element);
    const size_t least = element->num_tails ? element->tails_at : element->size;
    rig_status status = RIG_OK;
    if (count > (r->bytes.len - *end) / least)
        return too_short(r, *end, tail->name, count * least);
    if (count > tail->most)
        return fail(r, RIG_E_LIMIT, *end, tail->name);
    for (size_t i = 0; i < count && !status; i++) {
        void *record = rig_list_add(r->alloc, rig_shape_of(element->record), list);
        *end = (*end + element->align - 1) / element->align * element->align;
        status =
            record ? read_block(r, tail->element, *end, record, end) : fail(r, RIG_E_NOMEM, *end, tail->name);
    }
    return status;
}

/* at is a multiple of every alignment inside, since the block that holds this one saw to it. */
static rig_status read_block(reader *r, rig_block_id id, size_t at, void *record, size_t *out_end)
{
    const rig_block *block = rig_block_of(id);
    const size_t fixed = block->num_tails ? block->tails_at : block->size;
    if (at > r->bytes.len || fixed > r->bytes.len - at)
        return too_short(r, at, block->name, fixed);
    rig_status status = read_fields(r, block, at, record);
    *out_end = at + fixed;
    for (size_t i = 0; i < block->num_tails && !status; i++) {
        const rig_block_tail *tail = &block->tails[i];
        const size_t count = (size_t)wmi_get(r->bytes.ptr + at + tail->count_at, 4);
        void *to = (uint8_t *)record + tail->member;
        status = tail->element == RIG_BLOCKS ? read_octets(r, tail, count, out_end, to)
                                             : read_list(r, tail, count, out_end, to);
    }
    if (!status)
        wmi_block_taken(r->alloc, id, record);
    return status;
}

rig_status rig_block_read(const rig_alloc *alloc, rig_block_id id, rig_view bytes, void *record,
                          size_t *out_used, rig_error *err)
{
    reader r = {alloc, bytes, err};
    rig_status status = read_block(&r, id, 0, record, out_used);
    if (status)
        rig_block_clear(alloc, id, record);
    return status;
}

void rig_block_clear(const rig_alloc *alloc, rig_block_id id, void *record)
{
    const rig_block *block = rig_block_of(id);
    if (block->record != RIG_RECORD_nothing)
        rig_record_clear(alloc, rig_shape_of(block->record), record);
    memset(record, 0, block->record_size);
}
