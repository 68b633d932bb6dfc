/*
 * Hostile capture files, pcap and pcapng: opened, read to the end, and each frame given to the streams. The
 * file lives in memory; libpcap reads it by its path.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rig/capture.h"
#include "rig/stream.h"

#define FRAMES_MAX 20000

static void require(bool holds)
{
    if (!holds)
        abort();
}

static rig_status on_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    (void)ctx;
    require(item->connection == flow->index);
    return RIG_OK;
}

static bool is_end(rig_status status)
{
    return status == RIG_E_NOT_FOUND || status == RIG_E_TRUNCATED || status == RIG_E_FORMAT ||
           status == RIG_E_UNSUPPORTED || status == RIG_E_IO || status == RIG_E_LIMIT;
}

static void read_all(rig_capture *capture, rig_streams *streams)
{
    rig_status status = RIG_OK;
    for (unsigned i = 0; i < FRAMES_MAX && !status; i++) {
        rig_error err = {0};
        rig_link_type link;
        rig_view bytes;
        uint32_t wire_len;
        uint64_t time;
        status = rig_capture_next(capture, &time, &link, &bytes, &wire_len, &err);
        if (!status)
            require(rig_streams_packet(streams, time, link, bytes, wire_len) == RIG_OK);
        require(!status || is_end(status));
    }
    rig_streams_end(streams);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];
    rig_alloc_meter meter;
    rig_capture *capture = NULL;
    rig_error err = {0};
    if (fd < 0) {
        rig_text text;
        fd = memfd_create("capture", 0);
        rig_text_init(&text, path, sizeof path);
        rig_text_add(&text, "/proc/self/fd/%d", fd);
    }
    require(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_status status = rig_capture_open(&meter.alloc, path, &capture, &err);
    require(status == RIG_OK || (is_end(status) && capture == NULL && err.text[0]));
    if (!status) {
        rig_streams *streams;
        const rig_streams_config config = {.alloc = &meter.alloc, .item = on_item};
        require(rig_streams_new(&config, &streams) == RIG_OK);
        read_all(capture, streams);
        rig_streams_free(streams);
    }
    rig_capture_close(capture);
    require(meter.num_live == 0);
    return 0;
}
