/** @file
 * A capture as a scenario: what its two sides did, said in the language of scenarios, to be played again.
 */
#ifndef RIG_REPLAY_H
#define RIG_REPLAY_H

#include "rig/scn.h"
#include "rig/steps.h"

#define RIG_REPLAY_FINDINGS_MAX 64 /**< most findings of lint that one scenario asks about */
#define RIG_REPLAY_PORTALS_MAX 16  /**< most portals of a replayed target */

/** rig_replay_role says which sides do what they did in the capture. */
typedef enum rig_replay_role {
    RIG_REPLAY_BOTH,     /**< both: the capture again, from nobody's own head */
    RIG_REPLAY_TARGET,   /**< the target: an initiator under test meets it */
    RIG_REPLAY_INITIATOR /**< the initiator: a target under test meets it */
} rig_replay_role;

/** rig_replay_breach is a rule of lint that a side of the capture breaks. */
typedef struct rig_replay_breach {
    const rig_lint_rule *rule; /**< which */
    rig_lint_side side;        /**< who */
} rig_replay_breach;

/** rig_replay is what a scenario is made of. */
typedef struct rig_replay {
    const rig_alloc *alloc;                         /**< all memory */
    const rig_steps *steps;                         /**< what was done */
    rig_view name;                                  /**< of the capture, for the title */
    rig_replay_role role;                           /**< who does it */
    rig_step_timing timing;                         /**< how strict */
    rig_step_secret secrets[RIG_STEPS_SECRETS_MAX]; /**< CHAP secrets */
    uint32_t num_secrets;                           /**< entries */
    rig_view with;  /**< a scenario that the other side is taken from: its text, empty none */
    bool bare;      /**< the other side is somebody else's product: nothing is said of it */
    bool as_steps;  /**< INITIATOR: the commands of the capture become steps of our initiator */
    bool as_logins; /**< INITIATOR: the logins of the capture are kept logins of our service */
    rig_replay_breach breaches[RIG_REPLAY_FINDINGS_MAX]; /**< what may not happen again */
    uint32_t num_breaches;                               /**< entries */
} rig_replay;

/**
 * rig_replay_text writes the scenario; out holds RIG_SCN_FILE_MAX bytes. RIG_E_NOT_FOUND when the capture has
 * no PDU, RIG_E_LIMIT when it is too long for a scenario, RIG_E_NOMEM.
 */
rig_status rig_replay_text(const rig_replay *replay, rig_text *out, rig_error *err);

/**
 * rig_replay_fold copies such a scenario with its logins as macros, which an include of that name has: both
 * texts hold RIG_SCN_FILE_MAX bytes. RIG_E_LIMIT.
 */
rig_status rig_replay_fold(rig_view text, rig_view include, rig_text *scenario, rig_text *macros);

/** rig_replay_sections appends the sections of a scenario's text that say what a side is and does: all but
 * its title, its expectations and its plays; without the target's section, or without the initiator's and the
 * steps. */
void rig_replay_sections(rig_view text, bool target, rig_text *out);

#endif
