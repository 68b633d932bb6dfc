#include "captured_part.h"

#include <string.h>

static size_t num_of(const cli_part *part)
{
    return part->bare.num + part->older.num + part->newer.num;
}

static rig_status add(const cli_part *part, rig_items *items, const rig_item *item)
{
    items->alloc = part->alloc;
    items->keep_data = true;
    return rig_items_add(items, item);
}

static rig_status strip(cli_part *part, const rig_item *item)
{
    rig_item bare = *item;
    if (item->kind == RIG_ITEM_PDU && rig_item_bulk(rig_pdu_kind_of(item->pdu.bhs)))
        bare.pdu.data = (rig_view){NULL, 0};
    return add(part, &part->bare, &bare);
}

static rig_status turn(cli_part *part)
{
    rig_status status = RIG_OK;
    for (size_t i = 0; i < part->older.num && !status; i++)
        status = strip(part, &part->older.ptr[i]);
    if (status)
        return status;
    if (part->older.alloc)
        rig_items_cleanup(&part->older);
    part->older = part->newer;
    part->older_bytes = part->newer_bytes;
    part->newer = (rig_items){0};
    part->newer_bytes = 0;
    return RIG_OK;
}

static bool is_full(const cli_part *part)
{
    return part->newer.num >= PART_WINDOW_MAX || part->newer_bytes >= PART_WINDOW_BYTES;
}

rig_status cli_part_take(cli_part *part, const rig_item *item)
{
    if (part->to && item->frame > part->to && part->behind++ >= PART_BEHIND_MAX)
        return RIG_OK;
    rig_status status = item->frame < part->from && is_full(part) ? turn(part) : RIG_OK;
    if (status)
        return status;
    if (num_of(part) >= part->max || part->older_bytes + part->newer_bytes > PART_BYTES_MAX)
        return RIG_E_LIMIT;
    part->newer_bytes += item->pdu.data.len;
    return add(part, &part->newer, item);
}

rig_status cli_part_items(const cli_part *part, rig_items *out_items)
{
    const rig_items *lists[] = {&part->bare, &part->older, &part->newer};
    size_t num = num_of(part);
    *out_items = (rig_items){.alloc = part->alloc};
    out_items->ptr = num ? rig_new(part->alloc, num * sizeof *out_items->ptr) : NULL;
    if (num && !out_items->ptr)
        return RIG_E_NOMEM;
    out_items->size = num;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (out_items->ptr && lists[i]->num)
            memcpy(out_items->ptr + out_items->num, lists[i]->ptr, lists[i]->num * sizeof *lists[i]->ptr);
        out_items->num += lists[i]->num;
    }
    return RIG_OK;
}

void cli_part_free(cli_part *part)
{
    rig_items *lists[] = {&part->bare, &part->older, &part->newer};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (lists[i]->alloc)
            rig_items_cleanup(lists[i]);
}
