/** @file
 * From the `target` section of a case to a target: the one way, for cases that are played and for targets
 * that stand alone.
 */
#ifndef RIG_TARGET_BUILD_H
#define RIG_TARGET_BUILD_H

#include "rig/scn.h"
#include "rig/target.h"

#define RIG_TARGET_ADDRESS "192.0.2.1" /**< of a target whose section names no portal */

/** rig_target_build says what to make of a section. Borrowed for the call. */
typedef struct rig_target_build {
    const rig_alloc *alloc; /**< of the devices */
    const rig_scn_target
        *from;                 /**< the section; rules borrow their texts from it as long as they are there */
    const rig_fault_set *with; /**< faults that are on whatever the section says, NULL none */
    const rig_fault_set *without; /**< faults that stay off whatever it says, NULL none */
    /** Says where a portal of the section listens. NULL: nowhere, the caller opens portals of its own. */
    rig_status (*place)(void *ctx, const rig_scn_portal *portal, rig_address *out_at, rig_error *err);
    /** Is told what it became; may be NULL. */
    void (*placed)(void *ctx, const rig_scn_portal *portal, const rig_address *at);
    /** Gives what a portal, as the section writes it, is told as; NULL: as written. */
    rig_view (*became)(void *ctx, rig_view written);
    void *ctx; /**< first argument of the three */
    /** Portal group of each portal in the order they are added; NULL: the section's own portals. */
    const uint16_t *groups;
    uint32_t num_groups;      /**< entries */
    const rig_scn_pair *more; /**< keys for discovery and all nodes that win over those of the section */
    uint32_t num_more;        /**< entries */
} rig_target_build;

/** rig_target_build_config puts the settings of a section into a config; the rest of it is the caller's. */
void rig_target_build_config(const rig_scn_target *from, rig_target_config *config);

/** rig_target_build_portal gives portal i of a section; one that names none has one, on RIG_TARGET_ADDRESS.
 */
rig_scn_portal rig_target_build_portal(const rig_scn_target *from, uint32_t i);

/** rig_target_build_absent adds a portal that is told of, and where nobody listens. */
rig_status rig_target_build_absent(rig_target *target, const rig_scn_portal *portal, rig_error *err);

/** rig_target_build_portals gives how many there are, at least 1. */
uint32_t rig_target_build_portals(const rig_scn_target *from);

/**
 * rig_target_build_all gives a target, fresh from rig_target_new, everything its section says: faults, rules,
 * discovery, portals, nodes with their LUNs, identities, offers and groups. What rig_target_… calls return;
 * err tells file, line and column.
 */
rig_status rig_target_build_all(rig_target *target, const rig_target_build *build, rig_error *err);

/** rig_scn_error says in err where in a scenario something went wrong, unless a part of it said so already.
 * Returns status. */
rig_status rig_scn_error(rig_error *err, rig_scn_place place, rig_status status);

/** rig_target_lun_same tells whether a numbered LUN of a node stands in both sections with the same kind,
 * size, options and errors, so that its contents may be kept. */
bool rig_target_lun_same(const rig_scn_target *a, const rig_scn_target *b, rig_view node, uint32_t lun);

#endif
