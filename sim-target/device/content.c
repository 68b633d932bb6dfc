/* Content read and changed inside a command, a window of the backing at a time. */
#include "unit.h"

#define WINDOW_LEN (1u << 20)
#define WINDOW_PIECES 8

/* One piece of memory at byte `at` of the range walked; false ends the walk. */
typedef bool (*piece_fn)(void *ctx, uint8_t *mem, size_t len, uint64_t at);

static bool visit(const struct iovec *iov, int num, uint64_t at, piece_fn fn, void *ctx)
{
    bool on = true;
    for (int i = 0; i < num && on; i++) {
        on = fn(ctx, iov[i].iov_base, iov[i].iov_len, at);
        at += iov[i].iov_len;
    }
    return on;
}

static bool walk(dev_command *cmd, uint64_t offset, uint64_t len, bool write, piece_fn fn, void *ctx)
{
    rig_backing *backing = cmd->device->backing;
    rig_status status = RIG_OK;
    bool on = true;
    for (uint64_t at = 0; at < len && on && status == RIG_OK;) {
        struct iovec iov[WINDOW_PIECES];
        size_t window = len - at < WINDOW_LEN ? (size_t)(len - at) : WINDOW_LEN;
        size_t got = 0;
        int num = backing->ops->map(backing, offset + at, window, write, iov, WINDOW_PIECES, &got, &status);
        if (num == 0) {
            status = status == RIG_OK ? RIG_E_IO : status;
            break;
        }
        on = visit(iov, num, at, fn, ctx);
        status = backing->ops->unmap(backing, offset + at, iov, num, write ? got : 0);
        at += got;
    }
    if (status != RIG_OK)
        dev_fail_backing(cmd, status, write);
    return status == RIG_OK;
}

static bool copy_in(void *ctx, uint8_t *mem, size_t len, uint64_t at)
{
    memcpy(mem, (const uint8_t *)ctx + at, len);
    return true;
}

bool dev_content_write(dev_command *cmd, uint64_t offset, const uint8_t *data, size_t len)
{
    return walk(cmd, offset, len, true, copy_in, (void *)data) && dev_protect_renew(cmd, offset, len);
}

typedef struct block_of {
    const uint8_t *data;
    uint32_t len; /* of the block that repeats; 0: data does not repeat */
    uint64_t same;
} block_of;

static bool copy_blocks(void *ctx, uint8_t *mem, size_t len, uint64_t at)
{
    const block_of *block = ctx;
    for (size_t done = 0, part; done < len; done += part) {
        size_t in = (size_t)((at + done) % block->len);
        part = block->len - in < len - done ? block->len - in : len - done;
        memcpy(mem + done, block->data + in, part);
    }
    return true;
}

bool dev_content_repeat(dev_command *cmd, uint64_t offset, uint64_t len, const uint8_t *block)
{
    block_of repeated = {block, cmd->device->block_len, 0};
    return walk(cmd, offset, len, true, copy_blocks, &repeated) && dev_protect_renew(cmd, offset, len);
}

static bool or_into(void *ctx, uint8_t *mem, size_t len, uint64_t at)
{
    uint8_t *data = (uint8_t *)ctx + at;
    for (size_t i = 0; i < len; i++)
        data[i] |= mem[i];
    return true;
}

bool dev_content_or(dev_command *cmd, uint64_t offset, uint8_t *data, size_t len)
{
    return walk(cmd, offset, len, false, or_into, data) && dev_content_write(cmd, offset, data, len);
}

static bool pass_by(void *ctx, uint8_t *mem, size_t len, uint64_t at)
{
    (void)ctx, (void)mem, (void)len, (void)at;
    return true;
}

bool dev_content_read(dev_command *cmd, uint64_t offset, uint64_t len)
{
    return walk(cmd, offset, len, false, pass_by, NULL);
}

static bool copy_out(void *ctx, uint8_t *mem, size_t len, uint64_t at)
{
    memcpy((uint8_t *)ctx + at, mem, len);
    return true;
}

bool dev_content_copy(dev_command *cmd, uint64_t offset, size_t len, uint8_t *out)
{
    return walk(cmd, offset, len, false, copy_out, out);
}

bool dev_content_discard(dev_command *cmd, uint64_t offset, uint64_t len)
{
    rig_backing *backing = cmd->device->backing;
    rig_status status = backing->ops->discard(backing, offset, len);
    if (status != RIG_OK)
        dev_fail_backing(cmd, status, true);
    return status == RIG_OK && dev_protect_forget(cmd, offset, len);
}

static size_t equal_bytes(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t same = 0;
    if (memcmp(a, b, len) == 0)
        return len;
    while (a[same] == b[same])
        same++;
    return same;
}

static bool compare_piece(void *ctx, uint8_t *mem, size_t len, uint64_t at)
{
    block_of *block = ctx;
    for (size_t done = 0, part, same; done < len; done += part) {
        size_t in = (size_t)(block->len ? (at + done) % block->len : at + done);
        part = block->len && block->len - in < len - done ? block->len - in : len - done;
        same = equal_bytes(mem + done, block->data + in, part);
        block->same += same;
        if (same < part)
            return false;
    }
    return true;
}

bool dev_content_compare(dev_command *cmd, uint64_t offset, uint64_t len, const uint8_t *data, bool repeat,
                         uint64_t *out_same)
{
    block_of expected = {data, repeat ? cmd->device->block_len : 0, 0};
    bool done = walk(cmd, offset, len, false, compare_piece, &expected);
    *out_same = expected.same;
    return done;
}

bool dev_content_settle(dev_command *cmd, bool force)
{
    rig_backing *backing = cmd->device->backing;
    if (!force && cmd->device->modes.write_cache)
        return true;
    rig_status status = backing->ops->flush(backing);
    if (status != RIG_OK)
        dev_fail_backing(cmd, status, true);
    return status == RIG_OK;
}
