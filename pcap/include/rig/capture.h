/** @file
 * Capture files: reading pcap and pcapng, compressed too, and interfaces through libpcap; writing pcapng with
 * comments.
 */
#ifndef RIG_CAPTURE_H
#define RIG_CAPTURE_H

#include "rig/stream.h"

/** rig_capture is a capture being read: a file, standard input or an interface. */
typedef struct rig_capture rig_capture;

#define RIG_CAPTURE_FRAME_MAX 262144 /**< most captured bytes of one frame, as libpcap has it */
#define RIG_CAPTURE_BLOCK_MAX                                                                                \
    524288 /**< most bytes of one pcapng block that is looked at; longer ones are passed over */
#define RIG_CAPTURE_INTERFACES_MAX 1024 /**< most interfaces of one pcapng section */

/** rig_capture_config says what to read. */
typedef struct rig_capture_config {
    const rig_alloc *alloc; /**< all memory but what libpcap, zlib and libzstd take for themselves */
    const char *path; /**< of a file, "-" for standard input; with live the name of an interface; borrowed */
    bool follow;      /**< wait for more at the end of the file, until stop */
    bool live;        /**< capture on the interface path */
    bool (*stop)(void *ctx); /**< asked while waiting; true ends the reading as a file's end does. NULL: never
                              */
    void *ctx;               /**< its argument */
} rig_capture_config;

/** rig_capture_report is what was read so far, and how that ended. */
typedef struct rig_capture_report {
    const char *format;    /**< "pcap", "pcapng", "live capture"; NULL when that is not known yet */
    const char *packing;   /**< "gzip", "zstd"; NULL when the file is not compressed */
    uint64_t frames;       /**< given by rig_capture_next */
    uint64_t bytes;        /**< read of the file as it lies there, compressed or not */
    uint64_t cut_frames;   /**< of these those of which the capture has not all bytes */
    uint64_t other_frames; /**< of the frames those whose link type is not read (RIG_LINK_OTHER) */
    uint64_t dropped; /**< frames that whoever captured had no room for: live, or as a pcapng file tells */
    bool stopped;     /**< stop() ended it */
} rig_capture_report;

/**
 * rig_capture_begin opens what config says. Files are pcap (both byte orders, µs and ns, libpcap 0.9's
 * variant of Kuznetzov) or pcapng (all its sections, interfaces of any link type, resolution and time
 * offset), as they are or compressed by gzip or zstd. Errors, with what is wrong in err: RIG_E_IO;
 * RIG_E_TRUNCATED for an empty file or one that ends inside its header (err->offset = byte); RIG_E_FORMAT for
 * any other content; RIG_E_LIMIT for more interfaces than are kept; RIG_E_UNSUPPORTED when no frame has a
 * link type of rig_link_type; RIG_E_REFUSED when the user may not capture; RIG_E_NOT_FOUND for an interface
 * that is not there; RIG_E_NOMEM.
 */
rig_status rig_capture_begin(const rig_capture_config *config, rig_capture **out_capture, rig_error *err);

/** rig_capture_open is rig_capture_begin of a file, read once to its end. */
rig_status rig_capture_open(const rig_alloc *alloc, const char *path, rig_capture **out_capture,
                            rig_error *err);

/**
 * rig_capture_next gives the next frame, its time in ns since 1970; the view is valid until the next call.
 * RIG_E_NOT_FOUND at the end; RIG_E_TRUNCATED (err->offset = frames read so far) when the file ends inside a
 * record, RIG_E_FORMAT (likewise) when a record makes no sense, RIG_E_LIMIT when it is larger than the limits
 * above, RIG_E_IO.
 */
rig_status rig_capture_next(rig_capture *capture, uint64_t *out_time, rig_link_type *out_link,
                            rig_view *out_bytes, uint32_t *out_wire_len, rig_error *err);

/** rig_capture_told gives what was read so far. */
void rig_capture_told(rig_capture *capture, rig_capture_report *out_report);

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

/** rig_pcapng_cut is rig_pcapng_frame of the first bytes of a frame that has wire_len bytes, without comment.
 */
rig_status rig_pcapng_cut(rig_pcapng *file, uint64_t time, rig_view frame, uint32_t wire_len);

/**
 * rig_pcapng_ip adds one IP packet, putting an Ethernet header before it whose addresses are made from the IP
 * ones. As rig_pcapng_frame; RIG_E_ARGUMENT when the packet has no whole IP header.
 */
rig_status rig_pcapng_ip(rig_pcapng *file, uint64_t time, rig_view packet, rig_view comment);

/** rig_pcapng_close writes what is buffered and closes; returns the first error of the file's life. NULL is
 * fine. */
rig_status rig_pcapng_close(rig_pcapng *file);

#endif
