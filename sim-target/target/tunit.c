/*
 * Logical units of a node, and the order in which their tasks start. The device carries a command out when it
 * is given it, so the only tasks in progress are those that take data; an ORDERED task waits for them, and
 * younger ones wait for it (SAM task attributes, RFC 7143 section 11.3.1).
 */
#include "tgt.h"

#define ATTR_ORDERED 2
#define ATTR_HEAD_OF_QUEUE 3

/* ---- the list ---- */

/* First position whose LUN is not below lun. */
static uint32_t place_of(const rig_target_node *node, uint32_t lun)
{
    uint32_t low = 0, high = node->num_luns;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (node->units[middle]->lun < lun)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

tgt_unit *tgt_unit_find(const rig_target_node *node, uint64_t sam)
{
    uint32_t lun, at;
    if (!rig_lun_decode(sam, &lun))
        return NULL;
    at = lun < node->num_luns && node->units[lun]->lun == lun ? lun : place_of(node, lun);
    return at < node->num_luns && node->units[at]->lun == lun ? node->units[at] : NULL;
}

static rig_status grow(rig_target_node *node)
{
    const rig_alloc *alloc = node->target->alloc;
    uint32_t old = node->size_luns, size = old ? old * 2 : 1;
    if (node->num_luns < old)
        return RIG_OK;
    tgt_unit **units = rig_new(alloc, size * sizeof(*units));
    uint64_t *sam = units ? rig_new(alloc, size * sizeof(*sam)) : NULL;
    if (!sam) {
        rig_delete(alloc, units, size * sizeof(*units));
        return RIG_E_NOMEM;
    }
    if (old) {
        memcpy(units, node->units, old * sizeof(*units));
        rig_delete(alloc, node->units, old * sizeof(*units));
        rig_delete(alloc, node->sam_luns, old * sizeof(*sam));
    }
    node->units = units;
    node->sam_luns = sam;
    node->size_luns = size;
    return RIG_OK;
}

rig_status rig_target_node_lun(rig_target_node *node, uint32_t lun, rig_device *device)
{
    uint32_t at = place_of(node, lun), decoded;
    if (!rig_lun_decode(rig_lun_encode(lun), &decoded) || decoded != lun ||
        node->num_luns >= RIG_TARGET_LUNS_MAX)
        return RIG_E_LIMIT;
    if (at < node->num_luns && node->units[at]->lun == lun)
        return RIG_E_EXISTS;
    tgt_unit *unit = grow(node) == RIG_OK ? rig_new(node->target->alloc, sizeof(*unit)) : NULL;
    if (!unit)
        return RIG_E_NOMEM;
    unit->target = node->target;
    unit->lun = lun;
    unit->device = device;
    tgt_list_init(&unit->blocked);
    tgt_list_init(&unit->in_stirred);
    memmove(node->units + at + 1, node->units + at, (node->num_luns - at) * sizeof(*node->units));
    node->units[at] = unit;
    node->num_luns++;
    for (uint32_t i = 0; i < node->num_luns; i++)
        node->sam_luns[i] = rig_lun_encode(node->units[i]->lun);
    tgt_units_tell(node);
    return RIG_OK;
}

void tgt_units_tell(const rig_target_node *node)
{
    for (uint32_t i = 0; i < node->num_luns; i++)
        rig_device_lun_list(node->units[i]->device, node->sam_luns, node->num_luns);
}

uint64_t tgt_unit_lun(const rig_target_node *node, const tgt_unit *unit)
{
    for (uint32_t i = 0; i < node->num_luns; i++)
        if (node->units[i] == unit)
            return node->sam_luns[i];
    return 0;
}

void tgt_units_free(rig_target_node *node)
{
    const rig_alloc *alloc = node->target->alloc;
    for (uint32_t i = 0; i < node->num_luns; i++) {
        if (node->units[i]->num_views > 0) {
            node->units[i]->num_views--;
            continue;
        }
        rig_device_free(node->units[i]->device);
        rig_delete(alloc, node->units[i], sizeof(*node->units[i]));
    }
    rig_delete(alloc, node->units, node->size_luns * sizeof(*node->units));
    rig_delete(alloc, node->sam_luns, node->size_luns * sizeof(*node->sam_luns));
}

/* ---- who starts when ---- */

static bool is_ordered(const uint8_t *bhs)
{
    return rig_get(bhs, RIG_F_ATTR) == ATTR_ORDERED;
}

static bool conflicts(const tgt_unit *unit, const uint8_t *bhs)
{
    return unit->num_ordered > 0 || (is_ordered(bhs) && unit->num_taking > 0);
}

bool tgt_unit_blocks(const tgt_unit *unit, const uint8_t *bhs)
{
    if (rig_get(bhs, RIG_F_ATTR) == ATTR_HEAD_OF_QUEUE)
        return false;
    return !tgt_list_empty(&unit->blocked) || conflicts(unit, bhs);
}

void tgt_unit_wait(tgt_unit *unit, tgt_task *task)
{
    task->blocked = true;
    tgt_list_add(&unit->blocked, &task->in_ready);
}

void tgt_unit_taking(tgt_scsi *scsi)
{
    scsi->taking = true;
    scsi->unit->num_taking++;
    scsi->unit->num_ordered += is_ordered(scsi->task.bhs);
}

/* The device has its memory back: what is still arriving for the command, on whatever connection, goes
 * nowhere. */
static void cut(const tgt_scsi *scsi)
{
    tgt_conn *conn = scsi->task.conn;
    if (conn->placing == scsi)
        conn->framer.sink.kind = RIG_SINK_DISCARD;
}

void tgt_unit_taken(tgt_scsi *scsi, uint64_t got, bool abandon)
{
    tgt_unit *unit = scsi->unit;
    if (!scsi->taking)
        return;
    scsi->taking = false;
    cut(scsi);
    rig_device_finish(unit->device, &scsi->scsi, got, abandon);
    unit->num_taking--;
    unit->num_ordered -= is_ordered(scsi->task.bhs);
    tgt_unit_stir(unit);
}

void tgt_unit_stir(tgt_unit *unit)
{
    if (!tgt_list_empty(&unit->blocked) && tgt_list_empty(&unit->in_stirred))
        tgt_list_add(&unit->target->stirred, &unit->in_stirred);
}

static void start_blocked(tgt_unit *unit)
{
    while (!tgt_list_empty(&unit->blocked)) {
        tgt_task *task = TGT_OF(unit->blocked.next, tgt_task, in_ready);
        if (conflicts(unit, task->bhs))
            return;
        tgt_list_remove(&task->in_ready);
        task->blocked = false;
        tgt_scsi_go_on(tgt_scsi_of(task));
    }
}

void tgt_units_go_on(rig_target *target)
{
    while (!tgt_list_empty(&target->stirred)) {
        tgt_unit *unit = TGT_OF(target->stirred.next, tgt_unit, in_stirred);
        tgt_list_remove(&unit->in_stirred);
        start_blocked(unit);
    }
}
