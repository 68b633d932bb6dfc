/** @file
 * A capture as a list of steps: what each side did, in order, so that it can be done again.
 *
 * Connections opened and closed, and PDUs; each with the exchange it belongs to, the step it answers and the
 * time since the one before. Lines of a `play` are printed from it: what the side that is played has drawn
 * (tags, sequence numbers, handles) stands as it was, what the other side drew becomes a $variable.
 */
#ifndef RIG_STEPS_H
#define RIG_STEPS_H

#include "rig/item.h"
#include "rig/lint.h"

#define RIG_STEPS_MAX 500000      /**< most steps of one list */
#define RIG_STEPS_LINE_MAX 262144 /**< bytes of a printed line; a longer one is an error */
#define RIG_STEPS_SECRETS_MAX 16  /**< most secrets a printer knows */
#define RIG_STEP_NONE SIZE_MAX    /**< no step */

/** rig_step_kind says what a step is. */
typedef enum rig_step_kind {
    RIG_STEP_CONNECT, /**< the initiator opens a connection */
    RIG_STEP_PDU,     /**< a side sends a PDU */
    RIG_STEP_CLOSE    /**< a side ends a connection */
} rig_step_kind;

/** rig_step is one thing that a side did. */
typedef struct rig_step {
    rig_step_kind kind; /**< which */
    bool to_target;     /**< the initiator did it */
    bool reset;         /**< CLOSE: with a RST */
    bool midstream;     /**< CONNECT: the capture begins inside the connection */
    bool at_fault;      /**< PDU: it should have been another one, so that its line asks for its task alone */
    uint32_t connection;      /**< number of the connection, from 0 in order of the list */
    uint32_t session;         /**< number of the session, from 0 */
    uint32_t exchange;        /**< number of the exchange: a login, a task, a ping; of one connection each */
    size_t cause;             /**< the last step of the other side before it on the connection */
    uint64_t gap;             /**< ns since the step before it */
    uint8_t bhs[RIG_BHS_LEN]; /**< PDU: its header, which the list may have renumbered */
    rig_item item;            /**< as it was captured; take it by rig_step_item */
} rig_step;

/** rig_steps is the list. Zeroed, with alloc set. What it points to is the items' it was made of. */
typedef struct rig_steps {
    const rig_alloc *alloc;   /**< all memory */
    rig_step *ptr;            /**< the steps */
    size_t num;               /**< steps */
    size_t size;              /**< allocated */
    uint32_t num_connections; /**< connections */
    uint32_t num_sessions;    /**< sessions */
    uint32_t num_exchanges;   /**< exchanges */
} rig_steps;

/**
 * rig_steps_make adds the steps of a capture's items, which have to outlive the list. PDUs of a connection
 * that was closed, and events that are no connection's beginning or end, are left out. RIG_E_NOMEM,
 * RIG_E_LIMIT.
 */
rig_status rig_steps_make(rig_steps *steps, const rig_items *items);

/** rig_steps_cleanup frees the list. */
void rig_steps_cleanup(rig_steps *steps);

/** rig_step_item gives the step as an item; its header is the step's, so it lives as long as the list stays.
 */
rig_item rig_step_item(const rig_step *step);

/**
 * rig_steps_keep leaves out the exchanges that keep has no true for (num_exchanges entries) and numbers what
 * is behind them again: CmdSN and what counts in it, StatSN and what counts in it. A connection whose login
 * is left out goes with all that is its. RIG_E_NOMEM.
 */
rig_status rig_steps_keep(rig_steps *steps, const bool *keep);

/** rig_steps_needed marks, in keep, the logins of all connections that something is kept of, and those of the
 * connections that opened their sessions. RIG_E_NOMEM. */
rig_status rig_steps_needed(const rig_steps *steps, bool *keep);

/** rig_steps_copy makes another list of the same steps. RIG_E_NOMEM. */
rig_status rig_steps_copy(const rig_steps *from, rig_steps *out_steps);

/**
 * rig_steps_minimise leaves out exchanges as long as lint still finds a breach of the rule by that side in
 * what stays. RIG_E_NOT_FOUND when it finds none to begin with; RIG_E_NOMEM.
 */
rig_status rig_steps_minimise(rig_steps *steps, const rig_lint_rule *rule, rig_lint_side side);

/** rig_step_secret is a CHAP secret, for the name that stands in CHAP_N. */
typedef struct rig_step_secret {
    rig_view name;   /**< CHAP_N */
    rig_view secret; /**< its secret */
} rig_step_secret;

/** rig_step_timing says what of the captured times and order is asked for. */
typedef enum rig_step_timing {
    RIG_STEP_ORDER,  /**< the order; of times, only pauses of a second and more are kept by the side played */
    RIG_STEP_STRICT, /**< the order and the times, both ways */
    RIG_STEP_LOOSE   /**< the order within an exchange; numbers of the other side are not compared */
} rig_step_timing;

/** rig_steps_printer prints lines of a play. Zero it, set the first members, then rig_steps_printer_init. */
typedef struct rig_steps_printer {
    const rig_alloc *alloc;                         /**< memory of the names */
    bool target;                                    /**< the target is played, else the initiator */
    bool addresses;                                 /**< connects say where */
    rig_step_timing timing;                         /**< how strict */
    rig_step_secret secrets[RIG_STEPS_SECRETS_MAX]; /**< to compute CHAP responses with */
    uint32_t num_secrets;                           /**< entries */
    /** Tells whether bytes at that offset of a transfer are the pattern of a seed; NULL: none ever is. */
    bool (*pattern)(rig_view bytes, uint64_t offset, uint64_t *out_seed);
    bool spoilt;                   /**< out: something could not be said as it was; said tells what */
    char said[96];                 /**< out: what, of the last line that has it */
    struct rig_steps_names *names; /**< private */
} rig_steps_printer;

/** rig_steps_printer_init prepares a printer for a list. RIG_E_NOMEM. */
rig_status rig_steps_printer_init(rig_steps_printer *printer, const rig_steps *steps);

/** rig_steps_printer_cleanup frees the names. */
void rig_steps_printer_cleanup(rig_steps_printer *printer);

/**
 * rig_steps_line appends a step as a line of a play, continuation lines indented by six blanks; nothing for a
 * step that a play cannot say (then spoilt and said). In order of the list. RIG_E_NOMEM, RIG_E_LIMIT.
 */
rig_status rig_steps_line(rig_steps_printer *printer, rig_text *out, const rig_step *step);

#endif
