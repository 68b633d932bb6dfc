/*
 * Logical units of nodes, which may share them, and the order in which their tasks start. The device carries
 * a command out when it is given it, so the only tasks in progress are those that take data; an ORDERED task
 * waits for them, and younger ones wait for it (SAM task attributes, RFC 7143 section 11.3.1).
 */
#include "rig/draws.h"
#include "tgt.h"

#define ATTR_ORDERED 2
#define ATTR_HEAD_OF_QUEUE 3

/* ---- the list ---- */

/* First position whose LUN is not below sam. */
static uint32_t place_of(const rig_target_node *node, uint64_t sam)
{
    uint32_t low = 0, high = node->num_luns;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (node->sam_luns[middle] < sam)
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
    sam = rig_lun_encode(lun);
    at = lun < node->num_luns && node->sam_luns[lun] == sam ? lun : place_of(node, sam);
    return at < node->num_luns && node->sam_luns[at] == sam ? node->units[at] : NULL;
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
        memcpy(sam, node->sam_luns, old * sizeof(*sam));
        rig_delete(alloc, node->units, old * sizeof(*units));
        rig_delete(alloc, node->sam_luns, old * sizeof(*sam));
    }
    node->units = units;
    node->sam_luns = sam;
    node->size_luns = size;
    return RIG_OK;
}

/* Room for one more LUN of that number. */
static rig_status check_lun(rig_target_node *node, uint32_t lun)
{
    uint32_t decoded;
    uint64_t sam = rig_lun_encode(lun);
    if (!rig_lun_decode(sam, &decoded) || decoded != lun || node->num_luns >= RIG_TARGET_LUNS_MAX)
        return RIG_E_LIMIT;
    return tgt_unit_find(node, sam) ? RIG_E_EXISTS : grow(node);
}

static void show(rig_target_node *node, uint32_t lun, tgt_unit *unit)
{
    uint64_t sam = rig_lun_encode(lun);
    uint32_t at = place_of(node, sam), behind = node->num_luns - at;
    memmove(node->units + at + 1, node->units + at, behind * sizeof(*node->units));
    memmove(node->sam_luns + at + 1, node->sam_luns + at, behind * sizeof(*node->sam_luns));
    node->units[at] = unit;
    node->sam_luns[at] = sam;
    node->num_luns++;
    unit->nodes[unit->num_nodes++] = node;
}

uint64_t rig_target_unit_serial(const rig_target_node *node, uint32_t lun)
{
    return rig_hash64(node->name, strlen(node->name), lun);
}

rig_status rig_target_node_lun(rig_target_node *node, uint32_t lun, rig_device *device)
{
    rig_status status = check_lun(node, lun);
    tgt_unit *unit = status == RIG_OK ? rig_new(node->target->alloc, sizeof(*unit)) : NULL;
    if (!unit)
        return status != RIG_OK ? status : RIG_E_NOMEM;
    unit->target = node->target;
    unit->device = device;
    tgt_list_init(&unit->blocked);
    tgt_list_init(&unit->in_stirred);
    rig_device_in_target(device, &tgt_device_ops, unit);
    show(node, lun, unit);
    return RIG_OK;
}

uint64_t tgt_unit_lun(const rig_target_node *node, const tgt_unit *unit)
{
    for (uint32_t i = 0; i < node->num_luns; i++)
        if (node->units[i] == unit)
            return node->sam_luns[i];
    return 0;
}

static bool shows(const rig_target_node *node, const tgt_unit *unit)
{
    uint32_t i = 0;
    while (i < unit->num_nodes && unit->nodes[i] != node)
        i++;
    return i < unit->num_nodes;
}

rig_status rig_target_node_share(rig_target_node *node, uint32_t lun, rig_view owner, uint32_t owner_lun)
{
    const rig_target_node *from = tgt_node_find(node->target, owner);
    tgt_unit *unit = from ? tgt_unit_find(from, rig_lun_encode(owner_lun)) : NULL;
    if (!unit)
        return RIG_E_NOT_FOUND;
    if (shows(node, unit))
        return RIG_E_EXISTS;
    rig_status status = unit->num_nodes < RIG_TARGET_PATHS_MAX ? check_lun(node, lun) : RIG_E_LIMIT;
    if (status != RIG_OK)
        return status;
    show(node, lun, unit);
    unit->num_views++;
    return RIG_OK;
}

/* Its ports are none of the unit's any more. */
static void hide(const rig_target_node *node, tgt_unit *unit)
{
    for (uint32_t i = 0; i < unit->num_nodes; i++)
        if (unit->nodes[i] == node)
            unit->nodes[i--] = unit->nodes[--unit->num_nodes];
}

void tgt_unit_moved(tgt_unit *unit, const rig_target_node *from, rig_target_node *to)
{
    for (uint32_t i = 0; i < unit->num_nodes; i++)
        if (unit->nodes[i] == from)
            unit->nodes[i] = to;
}

void tgt_units_free(rig_target_node *node)
{
    const rig_alloc *alloc = node->target->alloc;
    for (uint32_t i = 0; i < node->num_luns; i++) {
        hide(node, node->units[i]);
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
    scsi->scsi.now = unit->target->now;
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
