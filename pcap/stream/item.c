#include "rig/item.h"

#define ITEM_BLOCK 65536 /* bytes asked for at a time */

struct rig_block {
    struct rig_block *next;
    size_t size; /* bytes */
    size_t used; /* of them */
    uint8_t bytes[];
};

bool rig_item_bulk(rig_pdu_kind kind)
{
    return kind == RIG_PDU_DATA_IN || kind == RIG_PDU_DATA_OUT || kind == RIG_PDU_SCSI_CMD;
}

/* A block for one large view goes behind the head, so that the head's room is not lost. */
static struct rig_block *add_block(rig_items *items, size_t len)
{
    size_t size = len > ITEM_BLOCK / 4 ? len : ITEM_BLOCK;
    struct rig_block *block = items->alloc->resize(items->alloc->ctx, NULL, 0, sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    block->used = 0;
    if (items->blocks && size == len) {
        block->next = items->blocks->next;
        items->blocks->next = block;
    } else {
        block->next = items->blocks;
        items->blocks = block;
    }
    return block;
}

static bool copy_view(rig_items *items, rig_view *view)
{
    struct rig_block *block = items->blocks;
    if (view->len == 0 || !view->ptr) {
        *view = (rig_view){NULL, 0};
        return true;
    }
    if (!block || block->size - block->used < view->len)
        block = add_block(items, view->len);
    if (!block)
        return false;
    uint8_t *copy = block->bytes + block->used;
    memcpy(copy, view->ptr, view->len);
    block->used += view->len;
    view->ptr = copy;
    return true;
}

static bool copy_data(rig_items *items, rig_item *item)
{
    bool same =
        item->text.ptr && item->text.ptr == item->pdu.data.ptr && item->text.len == item->pdu.data.len;
    if (!items->keep_data && rig_item_bulk(rig_pdu_kind_of(item->pdu.bhs)))
        item->pdu.data = rig_view_sub(item->pdu.data, 0, RIG_ITEM_DATA_KEPT);
    if (!copy_view(items, &item->pdu.data))
        return false;
    if (same) {
        item->text = item->pdu.data;
        return true;
    }
    return copy_view(items, &item->text);
}

static bool copy_views(rig_items *items, rig_item *item)
{
    if (item->kind == RIG_ITEM_EVENT)
        return copy_view(items, &item->event) && copy_view(items, &item->args);
    rig_view bhs = {item->pdu.bhs, RIG_BHS_LEN};
    if (!copy_data(items, item) || !copy_view(items, &bhs) || !copy_view(items, &item->pdu.ahs))
        return false;
    item->pdu.bhs = bhs.ptr;
    return true;
}

static rig_status grow(rig_items *items)
{
    size_t size = items->size ? items->size * 2 : 64;
    if (items->num < items->size)
        return RIG_OK;
    rig_item *ptr = rig_resize(items->alloc, items->ptr, items->size * sizeof *ptr, size * sizeof *ptr);
    if (!ptr)
        return RIG_E_NOMEM;
    items->ptr = ptr;
    items->size = size;
    return RIG_OK;
}

rig_status rig_items_add(rig_items *items, const rig_item *item)
{
    rig_item copy = *item;
    if (items->max && items->num >= items->max)
        return RIG_E_LIMIT;
    if (grow(items) != RIG_OK || !copy_views(items, &copy))
        return RIG_E_NOMEM;
    items->ptr[items->num++] = copy;
    return RIG_OK;
}

void rig_items_cleanup(rig_items *items)
{
    while (items->blocks) {
        struct rig_block *next = items->blocks->next;
        rig_delete(items->alloc, items->blocks, sizeof *next + items->blocks->size);
        items->blocks = next;
    }
    rig_delete(items->alloc, items->ptr, items->size * sizeof *items->ptr);
    items->ptr = NULL;
    items->num = items->size = 0;
}
