#include "rig/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PCAPNG_BUFFER (256u << 10) /* bytes gathered before they are written */
#define PCAPNG_FRAME_MAX 262144    /* largest frame libpcap and Wireshark take */
#define PCAPNG_COMMENT_MAX 65532   /* an option's length has 16 bits; whole words stay below */
#define PCAPNG_MAGIC UINT32_C(0x1a2b3c4d)

/* Block types and option codes of the pcapng format. */
enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_HARDWARE = 2,
    OPTION_NAME = 2,
    OPTION_OS = 3,
    OPTION_APPLICATION = 4,
    OPTION_TIME_RESOLUTION = 9
};

struct rig_pcapng {
    const rig_alloc *alloc;
    int fd;
    rig_status status; /* the first error of the file's life */
    size_t len;        /* bytes gathered */
    uint8_t buffer[PCAPNG_BUFFER];
};

static void write_all(rig_pcapng *file, const uint8_t *bytes, size_t len)
{
    while (len && file->status == RIG_OK) {
        ssize_t done = write(file->fd, bytes, len);
        if (done > 0) {
            bytes += done;
            len -= (size_t)done;
        } else if (done == 0 || errno != EINTR) {
            file->status = RIG_E_IO;
        }
    }
}

static void flush(rig_pcapng *file)
{
    write_all(file, file->buffer, file->len);
    file->len = 0;
}

static void put(rig_pcapng *file, const void *bytes, size_t len)
{
    if (len > sizeof file->buffer - file->len)
        flush(file);
    if (len > sizeof file->buffer) {
        write_all(file, bytes, len);
        return;
    }
    if (len)
        memcpy(file->buffer + file->len, bytes, len);
    file->len += len;
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static void put_padded(rig_pcapng *file, rig_view v)
{
    static const uint8_t zeros[4] = {0};
    put(file, v.ptr, v.len);
    put(file, zeros, padded(v.len) - v.len);
}

/* The format leaves the byte order to the writer and tells it by the magic: always little-endian, for equal
 * files. */
static void put_number(rig_pcapng *file, uint64_t value, unsigned bytes)
{
    uint8_t out[8];
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
    put(file, out, bytes);
}

static size_t option_len(rig_view value)
{
    return value.len ? 4 + padded(value.len) : 0;
}

static void put_option(rig_pcapng *file, unsigned code, rig_view value)
{
    if (value.len == 0)
        return;
    put_number(file, code, 2);
    put_number(file, value.len, 2);
    put_padded(file, value);
}

/* Cuts a comment that is too long between two characters. */
static rig_view fit_comment(rig_view comment)
{
    if (comment.len <= PCAPNG_COMMENT_MAX)
        return comment;
    comment.len = PCAPNG_COMMENT_MAX;
    while (comment.len && (comment.ptr[comment.len] & 0xc0) == 0x80)
        comment.len--;
    return comment;
}

static void put_section(rig_pcapng *file, rig_view comment)
{
    const rig_view hardware = rig_view_str("simulated or tapped link"), os = rig_view_str("Linux"),
                   application = rig_view_str("iscsirig");
    comment = fit_comment(comment);
    size_t len =
        28 + option_len(comment) + option_len(hardware) + option_len(os) + option_len(application) + 4;
    put_number(file, BLOCK_SECTION, 4);
    put_number(file, len, 4);
    put_number(file, PCAPNG_MAGIC, 4);
    put_number(file, 1, 2); /* version 1.0 */
    put_number(file, 0, 2);
    put_number(file, UINT64_MAX, 8); /* section length not given */
    put_option(file, OPTION_COMMENT, comment);
    put_option(file, OPTION_HARDWARE, hardware);
    put_option(file, OPTION_OS, os);
    put_option(file, OPTION_APPLICATION, application);
    put_number(file, OPTION_END, 4);
    put_number(file, len, 4);
}

static void put_interface(rig_pcapng *file)
{
    const uint8_t nanoseconds = 9;
    const rig_view name = rig_view_str("tap"), resolution = {&nanoseconds, 1};
    size_t len = 20 + option_len(name) + option_len(resolution) + 4;
    put_number(file, BLOCK_INTERFACE, 4);
    put_number(file, len, 4);
    put_number(file, RIG_LINK_ETHERNET, 2);
    put_number(file, 0, 2);
    put_number(file, PCAPNG_FRAME_MAX, 4);
    put_option(file, OPTION_NAME, name);
    put_option(file, OPTION_TIME_RESOLUTION, resolution);
    put_number(file, OPTION_END, 4);
    put_number(file, len, 4);
}

/* cut: bytes of the frame that are not here. */
static rig_status put_packet(rig_pcapng *file, uint64_t time, rig_view link, rig_view bytes, uint32_t cut,
                             rig_view comment)
{
    static const uint8_t zeros[4] = {0};
    size_t caplen = link.len + bytes.len;
    if (link.len > PCAPNG_FRAME_MAX || bytes.len > PCAPNG_FRAME_MAX - link.len)
        return RIG_E_LIMIT;
    comment = fit_comment(comment);
    size_t options = comment.len ? option_len(comment) + 4 : 0;
    size_t len = 32 + padded(caplen) + options;
    put_number(file, BLOCK_PACKET, 4);
    put_number(file, len, 4);
    put_number(file, 0, 4); /* interface */
    put_number(file, time >> 32, 4);
    put_number(file, time & UINT32_MAX, 4);
    put_number(file, caplen, 4);
    put_number(file, caplen + cut, 4);
    put(file, link.ptr, link.len);
    put(file, bytes.ptr, bytes.len);
    put(file, zeros, padded(caplen) - caplen);
    if (options) {
        put_option(file, OPTION_COMMENT, comment);
        put_number(file, OPTION_END, 4);
    }
    put_number(file, len, 4);
    return file->status;
}

static int open_output(const char *path)
{
    if (strcmp(path, "-") == 0)
        return dup(STDOUT_FILENO);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

rig_status rig_pcapng_open(const rig_alloc *alloc, const char *path, rig_view comment, rig_pcapng **out_file,
                           rig_error *err)
{
    *out_file = NULL;
    rig_pcapng *file = alloc->resize(alloc->ctx, NULL, 0, sizeof *file);
    if (!file)
        return rig_fail(err, RIG_E_NOMEM, "no memory to write %s", path);
    file->alloc = alloc;
    file->status = RIG_OK;
    file->len = 0;
    file->fd = open_output(path);
    if (file->fd < 0) {
        rig_delete(alloc, file, sizeof *file);
        return rig_fail(err, RIG_E_IO, "cannot write %s: %s", path, strerrordesc_np(errno));
    }
    put_section(file, comment);
    put_interface(file);
    *out_file = file;
    return RIG_OK;
}

rig_status rig_pcapng_frame(rig_pcapng *file, uint64_t time, rig_view frame, rig_view comment)
{
    return put_packet(file, time, (rig_view){NULL, 0}, frame, 0, comment);
}

rig_status rig_pcapng_cut(rig_pcapng *file, uint64_t time, rig_view frame, uint32_t wire_len)
{
    uint32_t cut = wire_len > frame.len ? wire_len - (uint32_t)frame.len : 0;
    return put_packet(file, time, (rig_view){NULL, 0}, frame, cut, (rig_view){NULL, 0});
}

/* A locally administered address (second bit of the first byte) that tells the host by its last four bytes.
 */
static void station(uint8_t mac[6], uint8_t version, const uint8_t *last_four)
{
    mac[0] = 0x02;
    mac[1] = version;
    memcpy(mac + 2, last_four, 4);
}

rig_status rig_pcapng_ip(rig_pcapng *file, uint64_t time, rig_view packet, rig_view comment)
{
    uint8_t header[14];
    uint8_t version = packet.len ? packet.ptr[0] >> 4 : 0;
    if (!(version == 4 && packet.len >= 20) && !(version == 6 && packet.len >= 40))
        return RIG_E_ARGUMENT;
    station(header, version, packet.ptr + (version == 4 ? 16 : 36));
    station(header + 6, version, packet.ptr + (version == 4 ? 12 : 20));
    rig_be_set(header + 12, 2, version == 4 ? 0x0800 : 0x86dd);
    return put_packet(file, time, rig_view_of(header, sizeof header), packet, 0, comment);
}

rig_status rig_pcapng_close(rig_pcapng *file)
{
    if (!file)
        return RIG_OK;
    flush(file);
    if (close(file->fd) != 0 && file->status == RIG_OK)
        file->status = RIG_E_IO;
    rig_status status = file->status;
    rig_delete(file->alloc, file, sizeof *file);
    return status;
}
