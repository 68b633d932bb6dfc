/** @file
 * Rules: `on <PDU> [conditions] [nth N | every N | after N] do <action> [, <action>]`, as data.
 *
 * A rule looks at each PDU the target receives. When it matches, its actions shape what the target does for
 * that PDU: the answers that follow from it (same initiator task tag) carry the effect.
 */
#ifndef RIG_RULES_H
#define RIG_RULES_H

#include "rig/faults.h"
#include "rig/pdu.h"

#define RIG_RULES_MAX 64      /**< most rules of a target */
#define RIG_RULE_CONDITIONS 8 /**< most field conditions of a rule */
#define RIG_RULE_ACTIONS 8    /**< most actions of a rule */

/** rig_rule_condition compares one field of the received PDU. */
typedef struct rig_rule_condition {
    rig_field_id field; /**< which; RIG_F_CDB compares bytes under mask */
    bool differs;       /**< != instead of = */
    uint64_t low;       /**< value, or lower end of a range */
    uint64_t high;      /**< equal to low for a single value */
    uint8_t cdb[16];    /**< CDB only */
    uint8_t mask[16];   /**< CDB only: bits that count */
} rig_rule_condition;

/** rig_rule_verb is what an action does. */
typedef enum rig_rule_verb {
    RIG_DO_DROP,  /**< the PDU is ignored as if it had never come */
    RIG_DO_DELAY, /**< the answers leave `time` later */
    RIG_DO_HOLD,  /**< the answers wait until the target event `text` (rig_target_release) */
    RIG_DO_FAULT, /**< `fault` is on for the answers (`bit` for digest flips) */
    RIG_DO_SET, /**< `field` of the answers of kind `pdu` (RIG_PDU_UNKNOWN = any that has it) becomes `value`
                 */
    RIG_DO_CORRUPT, /**< byte `bit` of the answer's data segment is inverted after the digest was made */
    RIG_DO_REPLY,   /**< instead of the right answer, a PDU made from `bhs` and `data` with right numbers */
    RIG_DO_SEND,    /**< besides the right answer, before it, the same */
    RIG_DO_RAW,     /**< instead of the right answer, the bytes of `data` as they are */
    RIG_DO_CLOSE,   /**< FIN instead of an answer */
    RIG_DO_RESET    /**< RST instead of an answer */
} rig_rule_verb;

/** rig_rule_action is one action. */
typedef struct rig_rule_action {
    rig_rule_verb verb;       /**< what */
    uint64_t time;            /**< DELAY: nanoseconds */
    rig_view text;            /**< HOLD: name of the event to wait for; borrowed for the rule's life */
    rig_fault fault;          /**< FAULT */
    uint32_t bit;             /**< FAULT digest flips: bit number; CORRUPT: byte number */
    bool numbered;            /**< FAULT: only the Data-In or R2T of `number`, once a task */
    uint32_t number;          /**< FAULT: its DataSN or R2TSN */
    rig_pdu_kind pdu;         /**< SET: which answer; REPLY, SEND: what to send */
    rig_field_id field;       /**< SET */
    uint64_t value;           /**< SET */
    uint8_t bhs[RIG_BHS_LEN]; /**< REPLY, SEND: header; fields whose bit is in `given` are sent as they are,
                                 the target fills the others (ITT, StatSN, ExpCmdSN, MaxCmdSN, lengths) */
    uint64_t given[(RIG_FIELDS + 63) / 64]; /**< REPLY, SEND: fields the rule sets */
    rig_view data; /**< REPLY, SEND: data segment; RAW: bytes; borrowed for the rule's life */
} rig_rule_action;

/** rig_rule is one rule. Plain data; views in it are borrowed for the target's life. */
typedef struct rig_rule {
    rig_pdu_kind on;                                    /**< received PDU kind */
    rig_rule_condition conditions[RIG_RULE_CONDITIONS]; /**< all must hold */
    uint32_t num_conditions;                            /**< entries */
    uint32_t nth;                                       /**< only the n-th match, 0 = no such limit */
    uint32_t every;                                     /**< only each n-th match, 0 = no such limit */
    uint32_t after;                                     /**< only matches after the n-th, 0 = all */
    rig_rule_action actions[RIG_RULE_ACTIONS];          /**< in order */
    uint32_t num_actions;                               /**< entries */
    uint32_t seen;                                      /**< private: matches so far */
} rig_rule;

/** rig_rule_fires tells whether the rule acts on this PDU, counting it when the conditions hold. */
bool rig_rule_fires(rig_rule *rule, const uint8_t bhs[RIG_BHS_LEN]);

#endif
