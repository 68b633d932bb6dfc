/* What all formats have in common: opening, link types, how reading ends. */
#include "reading.h"

#include <pcap/pcap.h>

static const struct {
    uint32_t number; /* as the files have it */
    rig_link_type link;
} link_rows[] = {
    {0, RIG_LINK_NULL},  {1, RIG_LINK_ETHERNET}, {12, RIG_LINK_RAW},  {14, RIG_LINK_RAW},
    {101, RIG_LINK_RAW}, {108, RIG_LINK_LOOP},   {113, RIG_LINK_SLL}, {228, RIG_LINK_RAW},
    {229, RIG_LINK_RAW}, {276, RIG_LINK_SLL2},
};

rig_link_type rdr_link(uint32_t number)
{
    for (size_t i = 0; i < sizeof link_rows / sizeof link_rows[0]; i++)
        if (link_rows[i].number == number)
            return link_rows[i].link;
    return RIG_LINK_OTHER;
}

rig_status rdr_unsupported(uint32_t number, rig_error *err)
{
    const char *name = pcap_datalink_val_to_name((int)number);
    return rig_fail(err, RIG_E_UNSUPPORTED,
                    "frames of link type %u (%s); Ethernet, Linux cooked, loopback and raw IP are read",
                    number, name ? name : "unknown");
}

rig_status rdr_interface_add(rig_capture *capture, const rdr_interface *interface, rig_error *err)
{
    uint32_t size = capture->size_interfaces ? capture->size_interfaces * 2 : 4;
    if (capture->num_interfaces >= RIG_CAPTURE_INTERFACES_MAX)
        return rig_fail(err, RIG_E_LIMIT, "more than %u interfaces in one section",
                        RIG_CAPTURE_INTERFACES_MAX);
    if (capture->num_interfaces == capture->size_interfaces) {
        rdr_interface *rows = rig_resize(capture->alloc, capture->interfaces,
                                         capture->size_interfaces * sizeof *rows, size * sizeof *rows);
        if (!rows)
            return rig_fail(err, RIG_E_NOMEM, "no memory to read %s", capture->config.path);
        capture->interfaces = rows;
        capture->size_interfaces = size;
    }
    capture->interfaces[capture->num_interfaces++] = *interface;
    return RIG_OK;
}

/* ---- how it ends ---- */

rig_status rdr_nonsense(rig_error *err, const char *format, ...)
{
    char text[200];
    rig_text out;
    va_list list;
    rig_text_init(&out, text, sizeof text);
    va_start(list, format);
    rig_text_vadd(&out, format, list);
    va_end(list);
    return rig_fail(err, RIG_E_FORMAT, "%s", text);
}

static bool about_content(rig_status status)
{
    return status == RIG_E_TRUNCATED || status == RIG_E_FORMAT || status == RIG_E_LIMIT;
}

static const char *why(const rig_error *said)
{
    return said->status ? said->text : "the file ends inside a record";
}

/* In the header err->offset counts bytes: of what is there when that is not enough. */
static rig_status fail_in_header(const rig_capture *capture, rig_status status, const rig_error *said,
                                 rig_error *err)
{
    const src_source *source = &capture->source;
    uint64_t at = source->taken + (status == RIG_E_TRUNCATED ? source->end - source->at : 0);
    if (!about_content(status))
        return rig_fail(err, status, "%s", said->text);
    return rig_fail_at(err, status, at, NULL, "%s is no capture that can be read: at byte %llu %s",
                       capture->config.path, (unsigned long long)at, why(said));
}

static rig_status fail_behind(const rig_capture *capture, rig_status status, const rig_error *said,
                              rig_error *err)
{
    uint64_t frames = capture->report.frames;
    if (!about_content(status))
        return rig_fail_at(err, status, frames, NULL, "behind frame %llu: %s", (unsigned long long)frames,
                           said->text);
    return rig_fail_at(err, status, frames, NULL, "behind frame %llu (byte %llu of the capture): %s",
                       (unsigned long long)frames, (unsigned long long)capture->source.taken, why(said));
}

/* ---- opening ---- */

static rig_status find_format(rig_capture *capture, rig_error *err)
{
    static const rdr_format *const formats[] = {&rdr_classic, &rdr_pcapng};
    src_source *source = &capture->source;
    rig_status status = src_need(source, SRC_MAGIC, err);
    if (status == RIG_E_NOT_FOUND)
        return rig_fail(err, RIG_E_TRUNCATED, "%s",
                        source->stopped ? "the reading was stopped" : "the capture is empty");
    if (status != RIG_OK)
        return status;
    const uint8_t *magic = source->buffer + source->at;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && !capture->format; i++)
        if (formats[i]->is(magic))
            capture->format = formats[i];
    return capture->format ? RIG_OK
                           : rdr_nonsense(err, "%02x %02x %02x %02x begin neither pcap nor pcapng", magic[0],
                                          magic[1], magic[2], magic[3]);
}

static rig_status open_file(rig_capture *capture, rig_error *err)
{
    rig_status status = src_open(&capture->source, &capture->config, err);
    return status == RIG_OK ? find_format(capture, err) : status;
}

rig_status rig_capture_begin(const rig_capture_config *config, rig_capture **out_capture, rig_error *err)
{
    rig_capture *capture = rig_new(config->alloc, sizeof *capture);
    rig_error said = {.status = RIG_OK};
    rig_status status = RIG_OK;
    *out_capture = NULL;
    if (!capture)
        return rig_fail(err, RIG_E_NOMEM, "no memory to read %s", config->path);
    capture->alloc = config->alloc;
    capture->config = *config;
    if (config->live)
        capture->format = &rdr_live;
    else
        status = open_file(capture, &said);
    if (status == RIG_OK)
        status = capture->format->begin(capture, &said);
    if (status == RIG_OK)
        *out_capture = capture;
    else {
        fail_in_header(capture, status, &said, err);
        rig_capture_close(capture);
    }
    return status;
}

rig_status rig_capture_open(const rig_alloc *alloc, const char *path, rig_capture **out_capture,
                            rig_error *err)
{
    const rig_capture_config config = {.alloc = alloc, .path = path};
    return rig_capture_begin(&config, out_capture, err);
}

/* ---- reading ---- */

rig_status rig_capture_next(rig_capture *capture, uint64_t *out_time, rig_link_type *out_link,
                            rig_view *out_bytes, uint32_t *out_wire_len, rig_error *err)
{
    rdr_frame frame;
    rig_error said;
    said.status = RIG_OK;
    rig_status status = capture->format->next(capture, &frame, &said);
    if (status == RIG_E_NOT_FOUND)
        return status;
    if (status != RIG_OK)
        return fail_behind(capture, status, &said, err);
    capture->report.frames++;
    capture->report.cut_frames += frame.wire_len > frame.bytes.len;
    capture->report.other_frames += frame.link == RIG_LINK_OTHER;
    *out_time = frame.time;
    *out_link = frame.link;
    *out_bytes = frame.bytes;
    *out_wire_len = frame.wire_len > frame.bytes.len ? frame.wire_len : (uint32_t)frame.bytes.len;
    return RIG_OK;
}

void rig_capture_told(rig_capture *capture, rig_capture_report *out_report)
{
    const src_source *source = &capture->source;
    rig_capture_report *report = &capture->report;
    report->format = capture->format->name;
    if (capture->pcap)
        rdr_live_told(capture);
    else {
        report->packing = source->packing ? source->packing->name : NULL;
        report->bytes = source->bytes;
        report->stopped = source->stopped;
    }
    *out_report = *report;
}

void rig_capture_close(rig_capture *capture)
{
    if (!capture)
        return;
    if (capture->pcap)
        pcap_close(capture->pcap);
    src_close(&capture->source);
    rig_delete(capture->alloc, capture->interfaces, capture->size_interfaces * sizeof *capture->interfaces);
    rig_delete(capture->alloc, capture, sizeof *capture);
}
