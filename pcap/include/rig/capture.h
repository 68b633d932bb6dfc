/** @file
 * Capture files: reading any pcap or pcapng through libpcap, writing pcapng with comments.
 */
#ifndef RIG_CAPTURE_H
#define RIG_CAPTURE_H

#include "rig/stream.h"

/** rig_capture is an open capture file. */
typedef struct rig_capture rig_capture;

/** rig_capture_open opens a file, or standard input for "-". RIG_E_IO or RIG_E_FORMAT with what is wrong. */
rig_status rig_capture_open(const rig_alloc *alloc, const char *path, rig_capture **out_capture, rig_error *err);

/** rig_capture_next gives the next frame; the view is valid until the next call. RIG_E_NOT_FOUND at the end,
 * RIG_E_TRUNCATED (err->offset = frames read so far) when the file ends inside a record. */
rig_status rig_capture_next(rig_capture *capture, uint64_t *out_time, rig_link_type *out_link, rig_view *out_bytes,
                            uint32_t *out_wire_len, rig_error *err);

/** rig_capture_close closes it. NULL is fine. */
void rig_capture_close(rig_capture *capture);

/** rig_pcapng is a pcapng file being written: Ethernet frames, nanosecond times. */
typedef struct rig_pcapng rig_pcapng;

/** rig_pcapng_open makes (or empties) a file; comment (may be empty) goes into its section header. RIG_E_IO. */
rig_status rig_pcapng_open(const rig_alloc *alloc, const char *path, rig_view comment, rig_pcapng **out_file,
                           rig_error *err);

/** rig_pcapng_frame adds one Ethernet frame; comment (may be empty) becomes its packet comment. RIG_E_IO. */
rig_status rig_pcapng_frame(rig_pcapng *file, uint64_t time, rig_view frame, rig_view comment);

/** rig_pcapng_ip adds one IP packet, putting an Ethernet header before it whose addresses are made from the IP ones. */
rig_status rig_pcapng_ip(rig_pcapng *file, uint64_t time, rig_view packet, rig_view comment);

/** rig_pcapng_close writes what is buffered and closes; returns the first error of the file's life. NULL is fine. */
rig_status rig_pcapng_close(rig_pcapng *file);

#endif
