/* Captures as they happen, by libpcap. */
#include "reading.h"

#include <pcap/pcap.h>

#define LIVE_BUFFER (32 << 20) /* bytes the kernel holds for us */

static rig_status refused(const rig_capture *capture, int result, rig_error *err)
{
    const char *path = capture->config.path;
    const char *said = pcap_geterr(capture->pcap);
    switch (result) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return rig_fail(err, RIG_E_REFUSED,
                        "capturing on %s is not allowed: it takes root or CAP_NET_RAW; somebody who may can "
                        "give a capture by a pipe: tcpdump -i %s -w - | iscsirig lint -",
                        path, path);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return rig_fail(err, RIG_E_NOT_FOUND, "there is no interface %s to capture on", path);
    case PCAP_ERROR_IFACE_NOT_UP:
        return rig_fail(err, RIG_E_IO, "interface %s is down", path);
    default:
        return rig_fail(err, RIG_E_IO, "cannot capture on %s: %s", path,
                        said[0] ? said : pcap_statustostr(result));
    }
}

/* libpcap calls raw IP by another number than the files do. */
static rig_link_type link_of(int dlt)
{
    return dlt == DLT_RAW ? RIG_LINK_RAW : dlt < 0 ? RIG_LINK_OTHER : rdr_link((uint32_t)dlt);
}

static rig_status live_begin(rig_capture *capture, rig_error *err)
{
    char message[PCAP_ERRBUF_SIZE] = "";
    pcap_t *pcap = capture->pcap = pcap_create(capture->config.path, message);
    if (!pcap)
        return rig_fail(err, RIG_E_IO, "cannot capture on %s: %s", capture->config.path, message);
    pcap_set_snaplen(pcap, RIG_CAPTURE_FRAME_MAX);
    pcap_set_promisc(pcap, 1);
    pcap_set_timeout(pcap, SRC_WAIT_MS);
    pcap_set_buffer_size(pcap, LIVE_BUFFER);
    capture->nanoseconds = pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    int result = pcap_activate(pcap);
    if (result < 0)
        return refused(capture, result, err);
    int dlt = pcap_datalink(pcap);
    const rdr_interface interface = {.link = link_of(dlt)};
    if (interface.link == RIG_LINK_OTHER)
        return rdr_unsupported((uint32_t)dlt, err);
    return rdr_interface_add(capture, &interface, err);
}

static bool stop(rig_capture *capture)
{
    const rig_capture_config *config = &capture->config;
    capture->report.stopped = config->stop && config->stop(config->ctx);
    return capture->report.stopped;
}

static rig_status live_next(rig_capture *capture, rdr_frame *out, rig_error *err)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int result = 0;
    while (result == 0) {
        if (stop(capture))
            return RIG_E_NOT_FOUND;
        result = pcap_next_ex(capture->pcap, &header, &bytes);
    }
    if (result != 1)
        return rig_fail(err, RIG_E_IO, "%s: %s", capture->config.path, pcap_geterr(capture->pcap));
    uint64_t fraction = (uint64_t)header->ts.tv_usec * (capture->nanoseconds ? 1 : 1000);
    *out = (rdr_frame){.time = (uint64_t)header->ts.tv_sec * 1000000000u + fraction,
                       .link = capture->interfaces[0].link,
                       .bytes = {bytes, header->caplen},
                       .wire_len = header->len};
    return RIG_OK;
}

void rdr_live_told(rig_capture *capture)
{
    struct pcap_stat counts = {0};
    if (pcap_stats(capture->pcap, &counts) == 0)
        capture->report.dropped = (uint64_t)counts.ps_drop + counts.ps_ifdrop;
}

const rdr_format rdr_live = {"live capture", NULL, live_begin, live_next};
