/** @file
 * Frames to TCP segments: what the link, IP and TCP headers say, fragments put together, without I/O.
 */
#ifndef RIG_TCP_SEGMENT_H
#define RIG_TCP_SEGMENT_H

#include "rig/stream.h"

#define RIG_TCP_FIN 0x01 /**< flag: the sender's last segment */
#define RIG_TCP_SYN 0x02 /**< flag: its first one */
#define RIG_TCP_RST 0x04 /**< flag: the connection is gone */
#define RIG_TCP_ACK 0x10 /**< flag: ack counts */

/** rig_tcp_segment is one segment. */
typedef struct rig_tcp_segment {
    rig_ip ip[2];     /**< source, destination */
    uint16_t port[2]; /**< source, destination */
    uint8_t flags;    /**< RIG_TCP_… and others */
    uint32_t seq;     /**< sequence number */
    uint32_t ack;     /**< acknowledgement number */
    rig_view tcp;     /**< captured bytes from the TCP header on, at least 20 */
    uint32_t tcp_len; /**< their number on the wire */
    rig_view payload; /**< captured bytes of the payload */
    uint32_t len;     /**< their number on the wire */
} rig_tcp_segment;

/** rig_tcp_segments reads the frames of one capture; it keeps fragments, with the limits of rig_streams. */
typedef struct rig_tcp_segments rig_tcp_segments;

/** rig_tcp_segments_new makes one. RIG_E_NOMEM. */
rig_status rig_tcp_segments_new(const rig_alloc *alloc, rig_tcp_segments **out_segments);

/** rig_tcp_segments_free ends it. NULL is fine. */
void rig_tcp_segments_free(rig_tcp_segments *segments);

/**
 * rig_tcp_segments_frame gives the segment of the next frame, valid until the next call; of a packet in
 * fragments with the frame that completes it. RIG_E_NOT_FOUND when the frame has, or completes, none;
 * RIG_E_NOMEM.
 */
rig_status rig_tcp_segments_frame(rig_tcp_segments *segments, uint64_t time, rig_link_type link,
                                  rig_view captured, uint32_t wire_len, rig_tcp_segment *out_segment);

#endif
