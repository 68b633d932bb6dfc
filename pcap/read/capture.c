#include "rig/capture.h"

#include <errno.h>
#include <stdio.h>

#include <pcap/pcap.h>

struct rig_capture {
    const rig_alloc *alloc;
    pcap_t *pcap;
    FILE *file; /* belongs to pcap once that is open */
    rig_link_type link;
    uint64_t frames;
};

/* libpcap's numbers differ from the file format's for raw IP. */
static const struct {
    int dlt;
    rig_link_type link;
} link_rows[] = {
    {DLT_NULL, RIG_LINK_NULL}, {DLT_EN10MB, RIG_LINK_ETHERNET}, {DLT_RAW, RIG_LINK_RAW},
    {DLT_LOOP, RIG_LINK_LOOP}, {DLT_LINUX_SLL, RIG_LINK_SLL},   {DLT_LINUX_SLL2, RIG_LINK_SLL2},
    {DLT_IPV4, RIG_LINK_RAW},  {DLT_IPV6, RIG_LINK_RAW},
};

static rig_status find_link(rig_capture *capture, rig_error *err)
{
    int dlt = pcap_datalink(capture->pcap);
    const char *name = pcap_datalink_val_to_name(dlt);
    for (size_t i = 0; i < sizeof link_rows / sizeof link_rows[0]; i++)
        if (link_rows[i].dlt == dlt) {
            capture->link = link_rows[i].link;
            return RIG_OK;
        }
    return rig_fail(err, RIG_E_UNSUPPORTED,
                    "frames of link type %d (%s); Ethernet, Linux cooked, loopback and raw IP are read", dlt,
                    name ? name : "unknown");
}

static rig_status open_input(rig_capture *capture, const char *path, rig_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    capture->file = standard ? stdin : fopen(path, "rbe");
    if (!capture->file)
        return rig_fail(err, RIG_E_IO, "cannot read %s: %s", path, strerrordesc_np(errno));
    int first = getc(capture->file);
    if (first == EOF)
        return ferror(capture->file)
                   ? rig_fail(err, RIG_E_IO, "cannot read %s: %s", path, strerrordesc_np(errno))
                   : rig_fail_at(err, RIG_E_TRUNCATED, 0, NULL, "%s is empty", path);
    ungetc(first, capture->file);
    return RIG_OK;
}

/* What libpcap's message is about: the end of the file, the operating system, or the content. */
static rig_status blame(FILE *file)
{
    if (ferror(file))
        return RIG_E_IO;
    return feof(file) ? RIG_E_TRUNCATED : RIG_E_FORMAT;
}

static rig_status open_pcap(rig_capture *capture, const char *path, rig_error *err)
{
    char message[PCAP_ERRBUF_SIZE] = "";
    capture->pcap =
        pcap_fopen_offline_with_tstamp_precision(capture->file, PCAP_TSTAMP_PRECISION_NANO, message);
    if (capture->pcap)
        return find_link(capture, err);
    rig_status status = blame(capture->file);
    long at = ftell(capture->file);
    return rig_fail_at(err, status, at > 0 ? (uint64_t)at : 0, NULL,
                       "%s is no capture file libpcap reads: %s", path, message);
}

rig_status rig_capture_open(const rig_alloc *alloc, const char *path, rig_capture **out_capture,
                            rig_error *err)
{
    rig_capture *capture = rig_new(alloc, sizeof *capture);
    *out_capture = NULL;
    if (!capture)
        return rig_fail(err, RIG_E_NOMEM, "no memory to read %s", path);
    capture->alloc = alloc;
    rig_status status = open_input(capture, path, err);
    if (status == RIG_OK)
        status = open_pcap(capture, path, err);
    if (status == RIG_OK)
        *out_capture = capture;
    else
        rig_capture_close(capture);
    return status;
}

static rig_status ended_badly(rig_capture *capture, rig_error *err)
{
    rig_status status = blame(capture->file);
    long at = ftell(capture->file);
    rig_fail_at(err, status, capture->frames, NULL, "behind frame %llu (byte %ld of the file): %s",
                (unsigned long long)capture->frames, at, pcap_geterr(capture->pcap));
    return status;
}

rig_status rig_capture_next(rig_capture *capture, uint64_t *out_time, rig_link_type *out_link,
                            rig_view *out_bytes, uint32_t *out_wire_len, rig_error *err)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int result = pcap_next_ex(capture->pcap, &header, &bytes);
    if (result == PCAP_ERROR_BREAK)
        return RIG_E_NOT_FOUND;
    if (result != 1)
        return ended_badly(capture, err);
    capture->frames++;
    /* With nanosecond precision asked for, tv_usec counts nanoseconds. */
    *out_time = (uint64_t)header->ts.tv_sec * 1000000000u + (uint64_t)header->ts.tv_usec;
    *out_link = capture->link;
    *out_bytes = rig_view_of(bytes, header->caplen);
    *out_wire_len = header->len > header->caplen ? header->len : header->caplen;
    return RIG_OK;
}

void rig_capture_close(rig_capture *capture)
{
    if (!capture)
        return;
    if (capture->pcap)
        pcap_close(capture->pcap);
    else if (capture->file && capture->file != stdin)
        fclose(capture->file);
    rig_delete(capture->alloc, capture, sizeof *capture);
}
