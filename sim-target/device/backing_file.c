/* A file or block device. Data passes through pooled buffers with pread and pwrite: a file that shrinks under
 * us then is an I/O error of one command, where a mapping would be a signal that kills the process. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "pool.h"
#include "rig/crc32c.h"
#include "rig/device.h"
#include "zeros.h"

typedef struct file_backing {
    rig_backing base;
    const rig_alloc *alloc;
    uint64_t size;
    int fd;
    char *path;
    dev_pool pool;
} file_backing;

static file_backing *file_of(rig_backing *backing)
{
    return (file_backing *)backing;
}

static bool read_fully(int fd, uint8_t *data, size_t len, uint64_t offset)
{
    while (len > 0) {
        ssize_t got = pread(fd, data, len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        data += got;
        offset += (uint64_t)got;
        len -= (size_t)got;
    }
    return true;
}

static rig_status write_fully(int fd, const uint8_t *data, size_t len, uint64_t offset)
{
    while (len > 0) {
        ssize_t put = pwrite(fd, data, len, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 && (errno == ENOSPC || errno == EDQUOT) ? RIG_E_LIMIT : RIG_E_IO;
        data += put;
        offset += (uint64_t)put;
        len -= (size_t)put;
    }
    return RIG_OK;
}

static int file_map(rig_backing *backing, uint64_t offset, size_t len, bool write, struct iovec *iov, int max,
                    size_t *out_len, rig_status *out_status)
{
    file_backing *file = file_of(backing);
    int num = dev_pool_take_pieces(&file->pool, len, iov, max, out_len);
    *out_status = num ? RIG_OK : RIG_E_NOMEM;
    for (int i = 0; i < num && !write; i++) {
        if (!read_fully(file->fd, iov[i].iov_base, iov[i].iov_len, offset)) {
            dev_pool_give_pieces(&file->pool, iov, num);
            *out_status = RIG_E_IO;
            return 0;
        }
        offset += iov[i].iov_len;
    }
    return num;
}

static rig_status file_unmap(rig_backing *backing, uint64_t offset, const struct iovec *iov, int num,
                             size_t written)
{
    file_backing *file = file_of(backing);
    rig_status status = RIG_OK;
    for (int i = 0; i < num && written > 0 && status == RIG_OK; i++) {
        size_t len = iov[i].iov_len < written ? iov[i].iov_len : written;
        status = write_fully(file->fd, iov[i].iov_base, len, offset);
        offset += len;
        written -= len;
    }
    dev_pool_give_pieces(&file->pool, iov, num);
    return status;
}

static rig_status file_flush(rig_backing *backing)
{
    return fdatasync(file_of(backing)->fd) == 0 ? RIG_OK : RIG_E_IO;
}

/* Not every file system punches holes; zeros are as good to a reader. */
static rig_status file_discard(rig_backing *backing, uint64_t offset, uint64_t len)
{
    int fd = file_of(backing)->fd;
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len) == 0)
        return RIG_OK;
    rig_status status = RIG_OK;
    for (uint64_t done = 0; done < len && status == RIG_OK; done += DEV_ZEROS_LEN) {
        size_t piece = len - done < DEV_ZEROS_LEN ? (size_t)(len - done) : DEV_ZEROS_LEN;
        status = write_fully(fd, dev_zeros(), piece, offset + done);
    }
    return status;
}

static bool file_allocated(rig_backing *backing, uint64_t offset, uint64_t len, uint64_t *out_len)
{
    int fd = file_of(backing)->fd;
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
    bool here = data >= 0 ? (uint64_t)data == offset : errno != ENXIO;
    off_t end = here ? lseek(fd, (off_t)offset, SEEK_HOLE) : data;
    uint64_t run = end > (off_t)offset ? (uint64_t)end - offset : len;
    *out_len = run < len ? run : len;
    return here;
}

static uint64_t file_size(const rig_backing *backing)
{
    return ((const file_backing *)backing)->size;
}

/* ---- what is kept beside the file: PATH.pr, an envelope with the state of the unit in it ---- */

#define STATE_SUFFIX ".pr"
#define STATE_NEW_SUFFIX ".pr.new"
#define ENVELOPE_LEN 16 /* magic, length, CRC32C */

static const char state_magic[8] = {'R', 'I', 'G', 'S', 'T', 'A', 'T', '1'};

/* PATH with something behind it; freed by give_path. */
static char *take_path(const file_backing *file, const char *suffix, size_t *out_size)
{
    size_t len = strlen(file->path), more = strlen(suffix) + 1;
    char *path = rig_new(file->alloc, len + more);
    *out_size = len + more;
    if (!path)
        return NULL;
    memcpy(path, file->path, len);
    memcpy(path + len, suffix, more);
    return path;
}

static void put_envelope(uint8_t out[ENVELOPE_LEN], const uint8_t *data, size_t len)
{
    memcpy(out, state_magic, sizeof state_magic);
    dev_put32(out + 8, (uint32_t)len);
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, data, len), out + 12);
}

static rig_status read_state(int fd, const char *path, uint8_t *out, size_t max, size_t *out_len,
                             rig_error *err)
{
    uint8_t envelope[ENVELOPE_LEN], expected[ENVELOPE_LEN];
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < ENVELOPE_LEN ||
        !read_fully(fd, envelope, ENVELOPE_LEN, 0) || memcmp(envelope, state_magic, sizeof state_magic) != 0)
        return rig_fail(err, RIG_E_SYNTAX, "%s: not the saved state of a disk; it is left alone", path);
    size_t len = dev_get32(envelope + 8);
    if ((uint64_t)st.st_size != ENVELOPE_LEN + len || len > max || !read_fully(fd, out, len, ENVELOPE_LEN))
        return rig_fail(err, RIG_E_SYNTAX, "%s: damaged: its length is not what it says", path);
    put_envelope(expected, out, len);
    if (memcmp(envelope, expected, ENVELOPE_LEN) != 0)
        return rig_fail(err, RIG_E_SYNTAX, "%s: damaged: the checksum is wrong", path);
    *out_len = len;
    return RIG_OK;
}

static rig_status file_load(rig_backing *backing, uint8_t *out, size_t max, size_t *out_len, rig_error *err)
{
    const file_backing *file = file_of(backing);
    size_t size;
    char *path = take_path(file, STATE_SUFFIX, &size);
    if (!path)
        return rig_fail(err, RIG_E_NOMEM, "%s" STATE_SUFFIX, file->path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    rig_status status = RIG_OK;
    *out_len = 0;
    if (fd >= 0) {
        status = read_state(fd, path, out, max, out_len, err);
        close(fd);
    } else if (errno != ENOENT) {
        status = rig_fail(err, RIG_E_IO, "cannot open %s: %s", path, strerror(errno));
    }
    rig_delete(file->alloc, path, size);
    return status;
}

static rig_status write_state(const char *path, const uint8_t *data, size_t len)
{
    uint8_t envelope[ENVELOPE_LEN];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return RIG_E_IO;
    put_envelope(envelope, data, len);
    rig_status status = write_fully(fd, envelope, ENVELOPE_LEN, 0);
    if (status == RIG_OK)
        status = write_fully(fd, data, len, ENVELOPE_LEN);
    if (status == RIG_OK && fsync(fd) != 0)
        status = RIG_E_IO;
    close(fd);
    return status;
}

/* Cuts the last part off a path and makes what happened to names in that folder durable. */
static rig_status settle_folder(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path] = 0;
    int fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rig_status status = fd >= 0 && fsync(fd) == 0 ? RIG_OK : RIG_E_IO;
    if (fd >= 0)
        close(fd);
    return status;
}

static rig_status replace_state(char *path, char *fresh, const uint8_t *data, size_t len)
{
    rig_status status = len ? write_state(fresh, data, len) : RIG_OK;
    if (status == RIG_OK && (len ? rename(fresh, path) : unlink(path)) != 0)
        status = !len && errno == ENOENT ? RIG_OK : RIG_E_IO;
    if (status == RIG_OK)
        return settle_folder(path);
    if (len)
        unlink(fresh);
    return status;
}

static rig_status file_save(rig_backing *backing, const uint8_t *data, size_t len)
{
    const file_backing *file = file_of(backing);
    size_t size, fresh_size;
    char *path = take_path(file, STATE_SUFFIX, &size);
    char *fresh = take_path(file, STATE_NEW_SUFFIX, &fresh_size);
    rig_status status = path && fresh ? replace_state(path, fresh, data, len) : RIG_E_NOMEM;
    rig_delete(file->alloc, path, path ? size : 0);
    rig_delete(file->alloc, fresh, fresh ? fresh_size : 0);
    return status;
}

static void file_free(rig_backing *backing)
{
    file_backing *file = file_of(backing);
    close(file->fd);
    rig_delete(file->alloc, file->path, strlen(file->path) + 1);
    dev_pool_cleanup(&file->pool);
    rig_delete(file->alloc, file, sizeof *file);
}

#define DISK_OPS                                                                                             \
    .kind = "file", .map = file_map, .unmap = file_unmap, .flush = file_flush, .discard = file_discard,      \
    .allocated = file_allocated, .size = file_size, .free = file_free

static const rig_backing_ops file_ops = {DISK_OPS, .load = file_load, .save = file_save};

/* The folder of a block device is gone with the power. */
static const rig_backing_ops block_device_ops = {DISK_OPS};

static int open_file(const char *path, bool *out_read_only)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    *out_read_only = fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM);
    return *out_read_only ? open(path, O_RDONLY | O_CLOEXEC) : fd;
}

/* Why a descriptor cannot be a disk, NULL when it can. */
static const char *check_file(int fd, uint64_t *out_size, const rig_backing_ops **out_ops)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
        return "not a regular file or block device";
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < RIG_DEVICE_BLOCK)
        return "holds no block";
    *out_size = (uint64_t)end - (uint64_t)end % RIG_DEVICE_BLOCK;
    *out_ops = S_ISREG(st.st_mode) ? &file_ops : &block_device_ops;
    return NULL;
}

rig_status rig_backing_file_new(const rig_alloc *alloc, const char *path, rig_backing **out_backing,
                                rig_error *err)
{
    bool read_only;
    uint64_t size = 0;
    int fd = open_file(path, &read_only);
    if (fd < 0)
        return rig_fail(err, RIG_E_IO, "cannot open %s: %s", path, strerror(errno));
    const rig_backing_ops *ops = NULL;
    const char *why = check_file(fd, &size, &ops);
    file_backing *file = why ? NULL : rig_new(alloc, sizeof *file);
    if (file)
        file->path = rig_copy_text(alloc, path, strlen(path));
    if (!file || !file->path) {
        close(fd);
        rig_delete(alloc, file, sizeof *file);
        return why ? rig_fail(err, RIG_E_ARGUMENT, "%s: %s", path, why)
                   : rig_fail(err, RIG_E_NOMEM, "%s", path);
    }
    file->base = (rig_backing){ops, read_only};
    file->alloc = alloc;
    file->size = size;
    file->fd = fd;
    dev_pool_init(&file->pool, alloc);
    *out_backing = &file->base;
    return RIG_OK;
}
