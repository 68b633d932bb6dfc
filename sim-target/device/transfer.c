/* Where the data of a command lie: in the backing, in pooled buffers, or in the command itself. */
#include "unit.h"

#define PIECES_MAX (RIG_DEVICE_TRANSFER_MAX / 4096) /* no backing cuts finer than this */
#define SMALL_MAX (sizeof((rig_scsi *)0)->inside - sizeof(struct iovec))

enum step { STEP_NONE, STEP_MAP_READ, STEP_MAP_WRITE, STEP_LANDING, STEP_BUFFER };

typedef struct pieces {
    struct iovec *iov;
    uint32_t num;
    uint32_t max;
} pieces;

/* Moves the pieces out of the command into memory of twice the size. */
static bool grow(rig_device *device, rig_scsi *scsi, pieces *list)
{
    uint32_t max = 2 * list->max;
    size_t size = max * sizeof(struct iovec);
    struct iovec *iov =
        list->max < PIECES_MAX ? rig_resize(device->alloc, scsi->held, scsi->held_size, size) : NULL;
    if (!iov)
        return false;
    if (!scsi->held)
        memcpy(iov, scsi->inside, sizeof scsi->inside);
    scsi->held = iov;
    scsi->held_size = size;
    list->iov = iov;
    list->max = max;
    return true;
}

static void describe(rig_scsi *scsi, enum step step, rig_cdb_data direction, uint64_t length)
{
    scsi->step = (uint8_t)step;
    scsi->direction = direction;
    scsi->length = length;
}

static void forget(rig_scsi *scsi)
{
    scsi->step = STEP_NONE;
    scsi->iov = NULL;
    scsi->num_iov = 0;
    scsi->back_iov = NULL;
    scsi->num_back = 0;
    scsi->held = NULL;
    scsi->held_size = 0;
}

static bool undo(dev_command *cmd, rig_status status, bool write)
{
    dev_transfer_drop(cmd);
    dev_fail_backing(cmd, status, write);
    return false;
}

bool dev_transfer_map(dev_command *cmd, uint64_t offset, uint64_t len, bool write)
{
    rig_scsi *scsi = cmd->scsi;
    rig_backing *backing = cmd->device->backing;
    pieces list = {scsi->inside, 0, RIG_SCSI_IOV};
    rig_status status = RIG_OK;
    describe(scsi, write ? STEP_MAP_WRITE : STEP_MAP_READ, write ? RIG_CDB_OUT : RIG_CDB_IN, len);
    scsi->offset = offset;
    for (size_t done = 0, part = 0; done < len && status == RIG_OK; done += part) {
        int num = 0;
        part = 0;
        if (list.num == list.max && !grow(cmd->device, scsi, &list))
            status = RIG_E_NOMEM;
        else
            num = backing->ops->map(backing, offset + done, (size_t)len - done, write, list.iov + list.num,
                                    (int)(list.max - list.num), &part, &status);
        if (num == 0 && status == RIG_OK)
            status = RIG_E_IO;
        list.num += (uint32_t)num;
    }
    scsi->iov = list.iov;
    scsi->num_iov = list.num;
    return status == RIG_OK || undo(cmd, status, write);
}

static void free_list(rig_device *device, rig_scsi *scsi)
{
    rig_delete(device->alloc, scsi->held, scsi->held_size);
    forget(scsi);
}

rig_status dev_transfer_unmap(rig_device *device, rig_scsi *scsi, size_t written)
{
    rig_backing *backing = device->backing;
    rig_status status = RIG_OK;
    if (scsi->num_iov > 0)
        status = backing->ops->unmap(backing, scsi->offset, scsi->iov, (int)scsi->num_iov, written);
    free_list(device, scsi);
    return status;
}

bool dev_transfer_mapped(const rig_scsi *scsi)
{
    return scsi->step == STEP_MAP_WRITE;
}

static bool take_pieces(dev_command *cmd, uint64_t len, rig_cdb_data direction)
{
    rig_scsi *scsi = cmd->scsi;
    pieces list = {scsi->inside, 0, RIG_SCSI_IOV};
    bool full = true;
    describe(scsi, STEP_LANDING, direction, len);
    for (size_t done = 0, part; done < len && full; done += part) {
        part = 0;
        if (list.num < list.max || grow(cmd->device, scsi, &list))
            list.num +=
                (uint32_t)dev_pool_take_pieces(&cmd->device->pool, (size_t)len - done, list.iov + list.num,
                                               (int)(list.max - list.num), &part);
        full = part > 0;
    }
    scsi->iov = list.iov;
    scsi->num_iov = list.num;
    return full || undo(cmd, RIG_E_NOMEM, true);
}

bool dev_transfer_landing(dev_command *cmd, uint64_t len)
{
    return take_pieces(cmd, len, RIG_CDB_OUT);
}

bool dev_transfer_staged(dev_command *cmd, uint64_t len)
{
    return take_pieces(cmd, len, RIG_CDB_IN);
}

bool dev_transfer_both(dev_command *cmd, uint64_t len)
{
    return take_pieces(cmd, len, RIG_CDB_BIDI);
}

/* The memory of byte at, and how much of it lies there: all pooled pieces but the last have one size. */
static uint8_t *place_of(const rig_scsi *scsi, uint64_t at, size_t *len)
{
    const struct iovec *piece = &scsi->iov[at / DEV_POOL_PIECE];
    size_t in = (size_t)(at % DEV_POOL_PIECE);
    *len = *len < piece->iov_len - in ? *len : piece->iov_len - in;
    return (uint8_t *)piece->iov_base + in;
}

void dev_transfer_put(const rig_scsi *scsi, uint64_t at, const uint8_t *data, size_t len)
{
    for (size_t done = 0, part = len; done < len; done += part, part = len - done) {
        uint8_t *place = place_of(scsi, at + done, &part);
        memcpy(place, data + done, part);
    }
}

void dev_transfer_get(const rig_scsi *scsi, uint64_t at, uint8_t *out, size_t len)
{
    for (size_t done = 0, part = len; done < len; done += part, part = len - done) {
        const uint8_t *place = place_of(scsi, at + done, &part);
        memcpy(out + done, place, part);
    }
}

void dev_transfer_drop(dev_command *cmd)
{
    rig_device_release(cmd->device, cmd->scsi);
    describe(cmd->scsi, STEP_NONE, RIG_CDB_NONE, 0);
}

/* One piece of len bytes in the command itself or, when that is too small, in a pooled buffer. */
static uint8_t *one_piece(dev_command *cmd, size_t len)
{
    rig_scsi *scsi = cmd->scsi;
    uint8_t *memory = (uint8_t *)&scsi->inside[1];
    if (len > SMALL_MAX) {
        memory = dev_pool_take(&cmd->device->pool, len);
        if (!memory) {
            undo(cmd, RIG_E_NOMEM, false);
            return NULL;
        }
        scsi->held = memory;
        scsi->held_size = len;
        scsi->step = STEP_BUFFER;
    }
    scsi->inside[0] = (struct iovec){memory, len};
    scsi->iov = scsi->inside;
    scsi->num_iov = 1;
    return memory;
}

static void send_part(rig_scsi *scsi, size_t len, uint64_t allocation)
{
    scsi->length = allocation < len ? allocation : len;
    scsi->inside[0].iov_len = (size_t)scsi->length;
    scsi->num_iov = scsi->length > 0;
    scsi->direction = scsi->length > 0 ? RIG_CDB_IN : RIG_CDB_NONE;
}

uint8_t *dev_transfer_answer(dev_command *cmd, size_t len, uint64_t allocation)
{
    uint8_t *answer = one_piece(cmd, len);
    if (answer) {
        memset(answer, 0, len);
        send_part(cmd->scsi, len, allocation);
    }
    return answer;
}

uint8_t *dev_transfer_small(rig_scsi *scsi, size_t len, uint64_t allocation)
{
    uint8_t *answer = (uint8_t *)&scsi->inside[1];
    memset(answer, 0, len);
    scsi->inside[0].iov_base = answer;
    scsi->iov = scsi->inside;
    send_part(scsi, len, allocation);
    return answer;
}

bool dev_transfer_parameters(dev_command *cmd, size_t len)
{
    if (!one_piece(cmd, len))
        return false;
    cmd->scsi->direction = RIG_CDB_OUT;
    cmd->scsi->length = len;
    return true;
}

void rig_device_release(rig_device *device, rig_scsi *scsi)
{
    switch ((enum step)scsi->step) {
    case STEP_MAP_READ:
    case STEP_MAP_WRITE:
        dev_transfer_unmap(device, scsi, 0);
        break;
    case STEP_LANDING:
        dev_pool_give_pieces(&device->pool, scsi->iov, (int)scsi->num_iov);
        free_list(device, scsi);
        break;
    case STEP_BUFFER:
        dev_pool_give(&device->pool, scsi->held, scsi->held_size);
        forget(scsi);
        break;
    case STEP_NONE:
        forget(scsi);
        break;
    }
}
