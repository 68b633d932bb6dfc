/* One TCP segment as it lies in a frame: what the link, IP and TCP headers say. */
#ifndef CAP_SEGMENT_H
#define CAP_SEGMENT_H

#include "rig/stream.h"

#define CAP_FIN 0x01
#define CAP_SYN 0x02
#define CAP_RST 0x04
#define CAP_ACK 0x10

#define CAP_VLAN_MAX 8                      /* most VLAN tags of one frame */
#define CAP_IP6_HEADERS_MAX 16              /* most extension headers of one packet */
#define CAP_SEGMENT_MAX (UINT32_C(1) << 20) /* most bytes of one IP packet, offloaded giants included */

/* What the headers say of one fragment of an IP packet. */
typedef struct cap_fragment {
    uint32_t id;
    uint32_t offset; /* of its bytes in the packet's payload */
    uint32_t len;    /* on the wire */
    rig_view bytes;  /* captured */
    uint8_t protocol;
    bool more; /* it is not the last one */
} cap_fragment;

typedef struct cap_segment {
    rig_view addresses; /* source and destination as they stand in the IP header */
    uint8_t version;    /* 4 or 6 */
    uint8_t flags;      /* CAP_… */
    uint16_t source_port, destination_port;
    uint32_t seq, ack;
    rig_view tcp;     /* captured bytes from the TCP header on */
    uint32_t tcp_len; /* their number on the wire */
    rig_view payload; /* captured bytes of the payload */
    uint32_t len;     /* their number on the wire */
    cap_fragment fragment;
} cap_segment;

typedef enum cap_packet {
    CAP_PACKET_OTHER,   /* nothing for us */
    CAP_PACKET_TCP,     /* a segment */
    CAP_PACKET_FRAGMENT /* a fragment of what may be a segment: addresses, version and fragment are set */
} cap_packet;

typedef enum cap_sum {
    CAP_SUM_UNKNOWN, /* not all bytes are there */
    CAP_SUM_RIGHT,   /* as the receiver wants it */
    CAP_SUM_PARTIAL, /* of the pseudo header alone: the network card was to finish it */
    CAP_SUM_WRONG
} cap_sum;

cap_packet cap_ip_read(rig_view packet, uint32_t wire_len, cap_segment *out_segment);

/* Whether a packet is a fragment, of any protocol: sets the same as CAP_PACKET_FRAGMENT. */
bool cap_ip_fragment(rig_view packet, uint32_t wire_len, cap_segment *out_segment);

/* What a packet put together is: bytes begin with the header of that protocol. version and addresses are set
 * already. */
cap_packet cap_ip_rest(uint8_t protocol, rig_view bytes, uint32_t wire_len, cap_segment *segment);

cap_sum cap_checksum(const cap_segment *segment);

/* The source (side 0) or destination (side 1) address. */
rig_ip cap_segment_ip(const cap_segment *segment, unsigned side);

#endif
