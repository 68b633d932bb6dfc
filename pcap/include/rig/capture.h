/** @file
 * Capture files: reading any pcap or pcapng through libpcap, writing pcapng with comments.
 */
#ifndef RIG_CAPTURE_H
#define RIG_CAPTURE_H

#include "rig/stream.h"

/** rig_capture is an open capture file. */
typedef struct rig_capture rig_capture;

/**
 * rig_capture_open opens a pcap or pcapng file, or standard input for "-". Errors, with what is wrong in err:
 * RIG_E_IO; RIG_E_TRUNCATED for an empty file or one that ends inside its header (err->offset = byte);
 * RIG_E_FORMAT for any other content; RIG_E_UNSUPPORTED for a link type not in rig_link_type; RIG_E_NOMEM.
 */
rig_status rig_capture_open(const rig_alloc *alloc, const char *path, rig_capture **out_capture,
                            rig_error *err);

/**
 * rig_capture_next gives the next frame, its time in ns since 1970; the view is valid until the next call.
 * RIG_E_NOT_FOUND at the end; RIG_E_TRUNCATED (err->offset = frames read so far) when the file ends inside a
 * record, RIG_E_FORMAT (likewise) when a record makes no sense, RIG_E_IO.
 */
rig_status rig_capture_next(rig_capture *capture, uint64_t *out_time, rig_link_type *out_link,
                            rig_view *out_bytes, uint32_t *out_wire_len, rig_error *err);

/** rig_capture_close closes it. NULL is fine. */
void rig_capture_close(rig_capture *capture);

/** rig_pcapng is a pcapng file being written: Ethernet frames, nanosecond times. */
typedef struct rig_pcapng rig_pcapng;

/**
 * rig_pcapng_open makes (or empties) a file, or writes to standard output for "-"; comment (may be empty)
 * goes into its section header. Equal calls give equal bytes: no clock, no host name. RIG_E_IO, RIG_E_NOMEM.
 */
rig_status rig_pcapng_open(const rig_alloc *alloc, const char *path, rig_view comment, rig_pcapng **out_file,
                           rig_error *err);

/**
 * rig_pcapng_frame adds one Ethernet frame; comment (may be empty, cut at 64 KiB) becomes its packet comment.
 * RIG_E_IO, which then stays; RIG_E_LIMIT for a frame of more than 262144 bytes, which is left out.
 */
rig_status rig_pcapng_frame(rig_pcapng *file, uint64_t time, rig_view frame, rig_view comment);

/**
 * rig_pcapng_ip adds one IP packet, putting an Ethernet header before it whose addresses are made from the IP
 * ones. As rig_pcapng_frame; RIG_E_ARGUMENT when the packet has no whole IP header.
 */
rig_status rig_pcapng_ip(rig_pcapng *file, uint64_t time, rig_view packet, rig_view comment);

/** rig_pcapng_close writes what is buffered and closes; returns the first error of the file's life. NULL is
 * fine. */
rig_status rig_pcapng_close(rig_pcapng *file);

#endif
