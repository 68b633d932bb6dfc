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
    const char *name;    /**< "split", "delay" … */
    const char *options; /**< its options for people: "bytes=N", "nth=N every=N" … */
    const char *what;    /**< one sentence */
    /** Makes a link from its option text; RIG_E_SYNTAX with err->field for an unknown option. */
    rig_status (*make)(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err);
} rig_link_kind;

/** rig_link_rows is the list of kinds, ended by a NULL name; scenarios/FORMAT.md shows it. Which packets a
 * link acts on: nth=N, every=N, rate=N/M (named draws), or always; drop counts all packets, the others those
 * with payload. */
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
