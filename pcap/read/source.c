/* Bytes of a capture in order: from a file, a pipe or standard input, unpacked on the way, waited for when
 * asked. */
#include "reading.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

static bool stop(src_source *source)
{
    const rig_capture_config *config = source->config;
    source->stopped = source->stopped || (config->stop && config->stop(config->ctx));
    return source->stopped;
}

static rig_status fail_io(const src_source *source, rig_error *err)
{
    return rig_fail(err, RIG_E_IO, "cannot read %s: %s", source->config->path, strerrordesc_np(errno));
}

/* Nobody tells when a file grows; one that became shorter was written anew. */
static rig_status wait_for_more(const src_source *source, rig_error *err)
{
    struct stat now;
    if (fstat(source->fd, &now) != 0)
        return fail_io(source, err);
    if (S_ISREG(now.st_mode) && (uint64_t)now.st_size < source->bytes)
        return rig_fail(err, RIG_E_IO, "%s became shorter while it was followed", source->config->path);
    poll(NULL, 0, SRC_WAIT_MS);
    return RIG_OK;
}

/* A pipe may be silent for long: stop() is asked meanwhile. */
static bool readable(const src_source *source)
{
    struct pollfd look = {.fd = source->fd, .events = POLLIN};
    return !source->config->stop || poll(&look, 1, SRC_WAIT_MS) > 0;
}

static rig_status read_some(src_source *source, uint8_t *to, size_t room, size_t *out_len, rig_error *err)
{
    rig_status status = RIG_OK;
    *out_len = 0;
    while (status == RIG_OK && !stop(source)) {
        if (!readable(source))
            continue;
        ssize_t len = read(source->fd, to, room);
        if (len > 0) {
            *out_len = (size_t)len;
            source->bytes += (uint64_t)len;
            return RIG_OK;
        }
        if (len < 0)
            status = errno == EINTR ? RIG_OK : fail_io(source, err);
        else
            status = source->config->follow ? wait_for_more(source, err) : RIG_E_NOT_FOUND;
    }
    return status == RIG_OK ? RIG_E_NOT_FOUND : status;
}

static rig_status fetch_packed(src_source *source, rig_error *err)
{
    size_t len;
    rig_status status = read_some(source, source->packed, SRC_PACKED, &len, err);
    source->packed_at = 0;
    source->packed_end = len;
    if (status == RIG_E_NOT_FOUND && source->inside && !source->stopped)
        return rig_fail(err, RIG_E_TRUNCATED, "the %s data of %s end too early", source->packing->name,
                        source->config->path);
    return status;
}

static rig_status fetch(src_source *source, uint8_t *to, size_t room, size_t *out_len, rig_error *err)
{
    rig_status status = RIG_OK;
    if (!source->packing)
        return read_some(source, to, room, out_len, err);
    *out_len = 0;
    while (status == RIG_OK && *out_len == 0) {
        status = source->packing->unpack(source, to, room, out_len, err);
        if (status == RIG_OK && *out_len == 0 && source->packed_at == source->packed_end)
            status = fetch_packed(source, err);
    }
    return status;
}

rig_status src_fill(src_source *source, size_t len, rig_error *err)
{
    if (source->at) {
        memmove(source->buffer, source->buffer + source->at, source->end - source->at);
        source->end -= source->at;
        source->at = 0;
    }
    while (source->end < len) {
        size_t room = SRC_BUFFER - source->end, got;
        rig_status status =
            fetch(source, source->buffer + source->end, room < SRC_CHUNK ? room : SRC_CHUNK, &got, err);
        if (status == RIG_E_NOT_FOUND && source->end && !source->stopped)
            return RIG_E_TRUNCATED;
        if (status != RIG_OK)
            return status;
        source->end += got;
    }
    return RIG_OK;
}

rig_status src_skip(src_source *source, uint64_t len, rig_error *err)
{
    rig_status status = RIG_OK;
    while (len && status == RIG_OK) {
        size_t here = source->end - source->at;
        if (here > len)
            here = (size_t)len;
        src_take(source, here);
        len -= here;
        if (len)
            status = src_need(source, 1, err);
    }
    return status == RIG_E_NOT_FOUND && !source->stopped ? RIG_E_TRUNCATED : status;
}

/* What was read to learn of the compression is compressed itself. */
static rig_status begin_unpacking(src_source *source, rig_error *err)
{
    const rig_alloc *alloc = source->config->alloc;
    source->packed = alloc->resize(alloc->ctx, NULL, 0, SRC_PACKED);
    if (!source->packed || source->packing->begin(source) != RIG_OK)
        return rig_fail(err, RIG_E_NOMEM, "no memory to read %s", source->config->path);
    source->packed_end = source->end;
    memcpy(source->packed, source->buffer, source->end);
    source->end = 0;
    return RIG_OK;
}

static rig_status find_packing(src_source *source, rig_error *err)
{
    rig_status status = RIG_OK;
    while (status == RIG_OK && source->end < SRC_MAGIC) {
        size_t got;
        status = read_some(source, source->buffer + source->end, SRC_PACKED - source->end, &got, err);
        source->end += got;
    }
    if (status != RIG_OK)
        return status == RIG_E_NOT_FOUND ? RIG_OK : status;
    source->packing = src_packing_of(source->buffer);
    return source->packing ? begin_unpacking(source, err) : RIG_OK;
}

rig_status src_open(src_source *source, const rig_capture_config *config, rig_error *err)
{
    bool standard = strcmp(config->path, "-") == 0;
    source->config = config;
    source->fd = standard ? STDIN_FILENO : open(config->path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0)
        return fail_io(source, err);
    source->buffer = config->alloc->resize(config->alloc->ctx, NULL, 0, SRC_BUFFER);
    if (!source->buffer)
        return rig_fail(err, RIG_E_NOMEM, "no memory to read %s", config->path);
    return find_packing(source, err);
}

void src_close(src_source *source)
{
    if (!source->config)
        return;
    const rig_alloc *alloc = source->config->alloc;
    if (source->unpacker)
        source->packing->end(source);
    if (source->fd > STDIN_FILENO)
        close(source->fd);
    rig_delete(alloc, source->packed, SRC_PACKED);
    rig_delete(alloc, source->buffer, SRC_BUFFER);
}
