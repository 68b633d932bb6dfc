/** @file
 * Captures that may be shown to others: the same packets without payload, names, addresses and secrets,
 * without I/O.
 *
 * Every frame is given twice, in the same order: first to rig_sanitize_read, then, behind rig_sanitize_turn,
 * to rig_sanitize_packet, which gives what takes its place. Lengths, sequence numbers and times stay; of the
 * TCP streams only what is known to be a PDU does, all other bytes become zeros:
 *
 * | part | becomes |
 * | --- | --- |
 * | headers of PDUs, AHSs, header digests | the same |
 * | SCSI data, immediate data, data of unknown PDUs | zeros |
 * | sense data, data of Async | zeros behind the length and 18 bytes of sense data |
 * | data of Reject | zeros behind the header |
 * | ping data | a pattern, the same for the same data |
 * | names of nodes | iqn.2001-04.com.example:… when they are long enough, else other letters and digits |
 * | aliases, CHAP_N, values of keys no RFC of iSCSI defines | other letters and digits |
 * | CHAP_C, CHAP_R, 0x… and 0b… of such keys | other octets |
 * | TargetAddress | as the packets' addresses where that has the same length, else other digits |
 * | data digests | those of what is there now, wrong where they were wrong |
 * | IP addresses | documentation and test ranges; IPv4 with as many digits as before |
 * | Ethernet, other link headers, IP options | an Ethernet header made from the IP addresses |
 * | TCP options | NOPs, but for MSS, window scale, SACK and timestamps |
 * | TCP checksums | right, partial or wrong as they were |
 * | frames of anything else | 14 bytes of Ethernet header, so that frames keep their numbers |
 *
 * The same value becomes the same value everywhere. What was sanitized already stays as it is.
 */
#ifndef RIG_SANITIZE_H
#define RIG_SANITIZE_H

#include "rig/stream.h"

#define RIG_SANITIZE_CONNECTIONS_MAX (1u << 20) /**< most TCP connections of one capture, of any protocol */
#define RIG_SANITIZE_KEPT_MAX (512u << 20)      /**< most bytes of headers and texts of one capture */
#define RIG_SANITIZE_WORDS_MAX (1u << 20)       /**< most different values of one kind */

/** rig_sanitize is one capture being sanitized. */
typedef struct rig_sanitize rig_sanitize;

/** rig_sanitize_report counts what was found and left out. */
typedef struct rig_sanitize_report {
    uint32_t connections; /**< that speak iSCSI */
    uint64_t pdus;        /**< their PDUs */
    uint64_t frames;      /**< given by rig_sanitize_packet */
    uint64_t emptied;     /**< of these those of anything else */
} rig_sanitize_report;

/** rig_sanitize_new makes one; port as in rig_streams_config. RIG_E_NOMEM. */
rig_status rig_sanitize_new(const rig_alloc *alloc, uint16_t port, rig_sanitize **out_sanitize);

/** rig_sanitize_free ends it. NULL is fine. */
void rig_sanitize_free(rig_sanitize *sanitize);

/** rig_sanitize_read takes the next frame, as rig_streams_packet. RIG_E_NOMEM; RIG_E_LIMIT, see above. */
rig_status rig_sanitize_read(rig_sanitize *sanitize, uint64_t time, rig_link_type link, rig_view captured,
                             uint32_t wire_len);

/** rig_sanitize_turn tells that all frames were read, and come again from the first one. RIG_E_NOMEM;
 * RIG_E_LIMIT, also when more than RIG_STREAM_CONNECTIONS_MAX connections were open at a time. */
rig_status rig_sanitize_turn(rig_sanitize *sanitize);

/**
 * rig_sanitize_packet takes the next frame again and gives the Ethernet frame that takes its place, valid
 * until the next call, with its length on the wire. A packet that came in fragments stands in the place of
 * the last one. RIG_E_NOMEM; RIG_E_ARGUMENT when these are not the frames that were read.
 */
rig_status rig_sanitize_packet(rig_sanitize *sanitize, uint64_t time, rig_link_type link, rig_view captured,
                               uint32_t wire_len, rig_view *out_frame, uint32_t *out_wire_len);

/** rig_sanitize_told gives the counts so far. */
void rig_sanitize_told(const rig_sanitize *sanitize, rig_sanitize_report *out_report);

#endif
