/** @file
 * Packets to PDUs: TCP reassembly and PDU framing of any capture, without I/O.
 */
#ifndef RIG_PCAP_STREAM_H
#define RIG_PCAP_STREAM_H

#include "rig/alloc.h"
#include "rig/item.h"

#define RIG_STREAM_CONNECTIONS_MAX                                                                           \
    65536 /**< most connections followed at a time; ended and other ones make room, then the one that was    \
             longest silent, which begins anew as midstream when it goes on */
#define RIG_STREAM_BUFFER_MAX (16u << 20) /**< most out-of-order bytes kept for one direction */
#define RIG_STREAM_SEGMENTS_MAX 4096      /**< most out-of-order segments kept for one direction */

#define RIG_STREAM_HELD_MAX (256u << 20) /**< the same for all connections together */
#define RIG_STREAM_FRAGMENTED_MAX                                                                            \
    64 /**< most IP packets put together of fragments at a time; the oldest makes room */
#define RIG_STREAM_FRAGMENT_LIFE                                                                             \
    UINT64_C(30000000000) /**< ns of the capture until fragments of a packet are given up */

#define RIG_STREAM_GUARDS_MAX 1024 /**< pairs of ends remembered as guarded; the oldest one makes room */

/** rig_link_type is how frames of a capture begin (values of the pcap format). */
typedef enum rig_link_type {
    RIG_LINK_NULL = 0,     /**< BSD loopback: 4 bytes of address family */
    RIG_LINK_ETHERNET = 1, /**< Ethernet II, with VLAN tags */
    RIG_LINK_RAW = 101,    /**< IP at once */
    RIG_LINK_LOOP = 108,   /**< OpenBSD loopback */
    RIG_LINK_SLL = 113,    /**< Linux cooked */
    RIG_LINK_SLL2 = 276,   /**< Linux cooked, version 2 */
    RIG_LINK_OTHER = 65535 /**< any other: such frames are counted and not read */
} rig_link_type;

/** rig_link_strip takes the link header off *frame and its length off *wire_len; false when no IP packet
 * follows. */
bool rig_link_strip(rig_link_type link, rig_view *frame, uint32_t *wire_len);

/** rig_flow describes one TCP connection of a capture. */
typedef struct rig_flow {
    uint32_t
        index; /**< of the iSCSI connection in order of appearance, from 0; UINT32_MAX = of no connection */
    rig_ip initiator;        /**< the side that sent SYN, or the login */
    rig_ip target;           /**< the other side */
    uint16_t initiator_port; /**< TCP port */
    uint16_t target_port;    /**< TCP port */
    bool iscsi;              /**< recognised by port or by its login */
    bool header_digest;      /**< agreed in the login that was seen, or found by its CRC when none was */
    bool data_digest;        /**< agreed in the login that was seen, or found by its CRC when none was */
} rig_flow;

/** rig_streams follows all connections of a capture. */
typedef struct rig_streams rig_streams;

/** rig_streams_config is fixed at creation. */
typedef struct rig_streams_config {
    const rig_alloc *alloc; /**< all memory */
    uint16_t port; /**< extra target port to take as iSCSI, 0 = only 3260, 860 and what starts with a login */
    bool whole_data; /**< show payloads of bulk kinds whole (copied); otherwise RIG_ITEM_DATA_KEPT bytes */
    /**
     * Sees each item in order: PDUs, and the events of connections that speak iSCSI:
     *
     * | event | args | when |
     * | --- | --- | --- |
     * | connect | ADDR:PORT of the target | SYN seen |
     * | midstream | ADDR:PORT of the target | the capture begins behind the SYN |
     * | close | by initiator, by target; then reason=reset when by RST | the first FIN or RST |
     * | gap | bytes=N to-target=yes or no | packets are missing, or were cut where a header would be |
     * | resync | offset=N skipped=N to-target=… | PDUs were found again behind a gap, garbage or midstream |
     * | garbage | offset=N to-target=… hex:… | bytes that cannot be a PDU |
     * | truncated | offset=N have=N to-target=… | the stream ended inside a PDU |
     * | clear | to-target=yes or no | the first segment in the clear of a connection that was inside ESP, or
     * is so after it; where no other item of it is leaked |
     * | fragment | ADDR to ADDR | fragments of an IP packet with TCP could not be put together: some did not
     * come in time, or they overlap; of no connection |
     *
     * Bytes cut off by the capture's snapshot length inside a payload are no event: item.missing counts them.
     * TCP segments with a wrong checksum are left out, as the receiver does, where the sender's checksums are
     * known to be real ones. Views are borrowed for the call. Any status but RIG_OK stops rig_streams_packet
     * with it.
     */
    rig_status (*item)(void *ctx, const rig_flow *flow, const rig_item *item);
    void *ctx; /**< its first argument */
} rig_streams_config;

/** rig_streams_new makes a follower. RIG_E_NOMEM. */
rig_status rig_streams_new(const rig_streams_config *config, rig_streams **out_streams);

/** rig_streams_free ends it. NULL is fine. */
void rig_streams_free(rig_streams *streams);

/**
 * rig_streams_packet takes the next frame. captured may be shorter than wire_len. Frames that are not IP/TCP
 * are skipped. Errors: RIG_E_NOMEM, or what item() returned; a malformed frame is not an error.
 */
rig_status rig_streams_packet(rig_streams *streams, uint64_t time, rig_link_type link, rig_view captured,
                              uint32_t wire_len);

/**
 * rig_streams_inside takes the next frame, of which packet is the IP packet that was inside ESP. As
 * rig_streams_packet.
 */
rig_status rig_streams_inside(rig_streams *streams, uint64_t time, rig_view packet);

/**
 * rig_streams_guard tells that from now on IPsec is between two ends, and about which TCP port (0: not
 * known, which counts for all ports until one is). Items of connections that then begin in the clear are
 * leaked; so are, without it, items in the clear of a connection that was inside ESP, and of one that goes on
 * inside ESP an event tells.
 */
void rig_streams_guard(rig_streams *streams, const rig_ip *a, const rig_ip *b, uint16_t port);

/** rig_streams_end tells that the capture is over: pending gaps and truncated PDUs are reported. */
rig_status rig_streams_end(rig_streams *streams);

/** rig_streams_report is what a capture did not tell, and which limits were reached. */
typedef struct rig_streams_report {
    uint64_t gaps;              /**< gap events */
    uint64_t gap_bytes;         /**< their bytes */
    uint64_t midstream;         /**< iSCSI connections whose beginning was not seen */
    uint64_t unjoined;          /**< fragment events */
    uint64_t fragments_crowded; /**< of these those that made room: RIG_STREAM_FRAGMENTED_MAX */
    uint64_t held_full;         /**< gaps not waited for any longer: RIG_STREAM_BUFFER_MAX,
                                   RIG_STREAM_SEGMENTS_MAX, RIG_STREAM_HELD_MAX */
    uint64_t forgotten;         /**< connections that made room: RIG_STREAM_CONNECTIONS_MAX */
    uint64_t displaced;         /**< of these iSCSI ones that had not ended */
} rig_streams_report;

/** rig_streams_told gives that of the frames taken so far. */
void rig_streams_told(const rig_streams *streams, rig_streams_report *out_report);

/**
 * rig_fragments puts IP packets with anything but TCP together, for readers that see a packet at a time;
 * those with TCP are left to rig_streams. The same limits hold.
 */
typedef struct rig_fragments rig_fragments;

/** rig_fragments_new makes one. RIG_E_NOMEM. */
rig_status rig_fragments_new(const rig_alloc *alloc, rig_fragments **out_fragments);

/** rig_fragments_free ends it. NULL is fine. */
void rig_fragments_free(rig_fragments *fragments);

/**
 * rig_fragments_packet looks at a frame. A fragment is kept, and the frame becomes empty; the one that
 * completes its packet becomes that packet, as raw IP without options, valid until the next call. Other
 * frames stay as they are. RIG_E_NOMEM.
 */
rig_status rig_fragments_packet(rig_fragments *fragments, uint64_t time, rig_link_type *link, rig_view *frame,
                                uint32_t *wire_len);

/** rig_fragments_lost counts the packets that are not whole, given up or still waited for. */
uint64_t rig_fragments_lost(const rig_fragments *fragments);

/** rig_streams_count gives iSCSI connections seen, and frames taken. */
void rig_streams_count(const rig_streams *streams, uint32_t *out_connections, uint32_t *out_frames);

#endif
