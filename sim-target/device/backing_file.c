/* A file or block device. Data passes through pooled buffers with pread and pwrite: a file that shrinks under
 * us then is an I/O error of one command, where a mapping would be a signal that kills the process. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pool.h"
#include "rig/device.h"
#include "zeros.h"

typedef struct file_backing {
    rig_backing base;
    const rig_alloc *alloc;
    uint64_t size;
    int fd;
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

static void file_free(rig_backing *backing)
{
    file_backing *file = file_of(backing);
    close(file->fd);
    dev_pool_cleanup(&file->pool);
    rig_delete(file->alloc, file, sizeof *file);
}

static const rig_backing_ops file_ops = {
    .kind = "file",
    .map = file_map,
    .unmap = file_unmap,
    .flush = file_flush,
    .discard = file_discard,
    .allocated = file_allocated,
    .size = file_size,
    .free = file_free,
};

static int open_file(const char *path, bool *out_read_only)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    *out_read_only = fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM);
    return *out_read_only ? open(path, O_RDONLY | O_CLOEXEC) : fd;
}

/* Why a descriptor cannot be a disk, NULL when it can. */
static const char *check_file(int fd, uint64_t *out_size)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
        return "not a regular file or block device";
    off_t end = lseek(fd, 0, SEEK_END);
    if (end < RIG_DEVICE_BLOCK)
        return "holds no block";
    *out_size = (uint64_t)end - (uint64_t)end % RIG_DEVICE_BLOCK;
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
    const char *why = check_file(fd, &size);
    file_backing *file = why ? NULL : rig_new(alloc, sizeof *file);
    if (!file) {
        close(fd);
        return why ? rig_fail(err, RIG_E_ARGUMENT, "%s: %s", path, why)
                   : rig_fail(err, RIG_E_NOMEM, "%s", path);
    }
    file->base = (rig_backing){&file_ops, read_only};
    file->alloc = alloc;
    file->size = size;
    file->fd = fd;
    dev_pool_init(&file->pool, alloc);
    *out_backing = &file->base;
    return RIG_OK;
}
