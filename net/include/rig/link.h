/** @file
 * Links: what acts on packets between two simulated hosts. Each is one file and one row of rig_link_rows.
 */
#ifndef RIG_LINK_H
#define RIG_LINK_H

#include "rig/simnet.h"

#define RIG_LINKS_MAX 16 /**< most links of one network */

/** rig_link is one link in a network's chain. */
typedef struct rig_link rig_link;

/** rig_link_kind describes a kind of link. */
typedef struct rig_link_kind {
    const char *name;    /**< "split", "coalesce", "delay", "drop", "corrupt", "reset", "tap" */
    const char *options; /**< its options for people: "bytes=N", "nth=N every=N" … */
    const char *what;    /**< one sentence */
    /** Makes a link from its option text; RIG_E_SYNTAX with err->field for an unknown option. */
    rig_status (*make)(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err);
} rig_link_kind;

/** rig_link_rows is the list of kinds, ended by a NULL name: split (segments of at most N bytes, default 1),
 * coalesce (holds bytes back and sends as few, large segments as it can), delay (TIME in ns, us, ms or s,
 * jitter=TIME from named draws, reorder=yes lets packets overtake), drop, corrupt (flips a bit: seen by the
 * checksum, or with keep-checksum=yes only by digests; byte=N says where), reset (sends RST both ways in
 * place of a payload segment), tap (the tap then looks there instead of at the receiving end). drop, corrupt
 * and reset take nth=N, every=N, rate=N/M (named draws), or act always; drop counts all packets, the others
 * those with payload. All take dir=to-target|to-initiator|both. */
extern const rig_link_kind rig_link_rows[];

/** rig_link_add makes the link named by spec ("delay 20ms", "split bytes=1", "drop every=5 dir=to-target")
 * and puts it last in the chain, before the tap. Errors: RIG_E_NOT_FOUND with the nearest name, RIG_E_SYNTAX,
 * RIG_E_LIMIT. */
rig_status rig_link_add(rig_simnet *net, rig_view spec, rig_error *err);

/** rig_tap_fn sees each packet that is delivered, at its time. */
typedef void rig_tap_fn(void *ctx, uint64_t now, const rig_packet *packet);

/** rig_tap_set puts (or with NULL takes away) the network's tap. Untapped, no packet bytes are made. */
void rig_tap_set(rig_simnet *net, rig_tap_fn *tap, void *ctx);

#endif
