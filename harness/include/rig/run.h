/** @file
 * Playing cases: the same scenario on the simulated network, over sockets, or against somebody else's
 * product.
 */
#ifndef RIG_RUN_H
#define RIG_RUN_H

#include "rig/client.h"
#include "rig/iname.h"
#include "rig/match.h"
#include "rig/result.h"
#include "rig/store.h"
#include "rig/text.h"

#define RIG_RUN_VIRTUAL_MAX (24ull * 3600 * 1000000000) /**< ns of virtual time one case may take */
/** Begins the reason of a case that was skipped because the product lacks what it is about. */
#define RIG_RUN_LACKS "the peer lacks the feature"
#define RIG_RUN_ITEMS_MAX 2000000 /**< items one case may leave */

/** rig_run_mode is how a case is played. */
typedef enum rig_run_mode {
    RIG_RUN_SIM,       /**< both sides on the simulated network, virtual time */
    RIG_RUN_TCP,       /**< both sides over loopback sockets, real time */
    RIG_RUN_TARGET,    /**< our initiator against a product's target */
    RIG_RUN_INITIATOR, /**< a product's initiator, started by a command, against our target */
} rig_run_mode;

/** rig_run_url is where a product's target is: iscsi://host[:port][/iqn[/lun]]. */
typedef struct rig_run_url {
    rig_portal portal;             /**< where */
    char target[RIG_NAME_MAX + 1]; /**< iSCSI name, "" = what discovery finds first */
    uint32_t lun;                  /**< logical unit for scsi steps that name LUN 0 */
} rig_run_url;

/** rig_run_url_parse reads a URL. RIG_E_SYNTAX with err. */
rig_status rig_run_url_parse(rig_view text, rig_run_url *out_url, rig_error *err);

/** rig_run_keep says which captures stay. */
typedef enum rig_run_keep { RIG_RUN_KEEP_ALWAYS, RIG_RUN_KEEP_FAILED, RIG_RUN_KEEP_NEVER } rig_run_keep;

/** rig_run_config says how to play. Borrowed for each call. */
typedef struct rig_run_config {
    const rig_alloc *alloc; /**< all memory */
    rig_run_mode mode;      /**< how */
    bool has_seed;          /**< seed is given; else it is rig_run_seed */
    uint64_t seed;          /**< seed of all draws */
    const char *link;       /**< one more link for every case, "" or NULL none; sim only */
    const char *pcap_dir;   /**< folder for captures, NULL none */
    rig_run_keep keep;      /**< which of them stay */
    bool keep_items;        /**< keep the evidence of passed cases, too */
    uint64_t timeout;       /**< ns of real time one case may take, 0 = 60 s */
    bool allow_writes;      /**< TARGET: scenarios that write may run */
    bool peer_chap;         /**< TARGET: it wants CHAP, and knows the names and secrets of the scenarios */
    const rig_run_url *url; /**< TARGET: the product */
    const char *command;    /**< INITIATOR: {host} {port} {iqn} {lun} {url} are filled in */
    /** INITIATOR without a command: its played target listens here, whoever comes, until its plays are over.
     */
    const rig_portal *listen;
    /** Told where it listens, once it does; NULL: nobody. False ends the case. */
    bool (*listening)(void *ctx, const rig_portal *at);
    void *listening_ctx;      /**< its first argument */
    bool at_length;           /**< TCP, TARGET: the case may take as much real time as it wants */
    const char *program;      /**< our own name for the command that repeats a case, "iscsirig" */
    const char *again;        /**< options behind that command, " --target …", quoted; NULL none */
    const volatile int *stop; /**< not 0: end as soon as possible; may be NULL */
    /** Faults of our target that stay off whatever the case says; NULL: none. */
    const rig_fault_set *without;
    /** Faults of our target that are on whatever the case says; NULL: none. */
    const rig_fault_set *with;
    /** A program of the host's, for cases that have a service; NULL: none. It runs behind the last step, and
     * makes its calls through caller, from its own thread only: each blocks while the case goes on. */
    void (*host)(void *ctx, const rig_caller *caller);
    void *host_ctx; /**< its first argument */
} rig_run_config;

/** rig_run_quote appends one word as a shell takes it: bare when it is plain, else in single quotes. */
void rig_run_quote(rig_text *out, rig_view word);

/** rig_run_why_not says why a case cannot be played in the mode of config, NULL when it can. Static storage.
 */
const char *rig_run_why_not(const rig_run_config *config, const rig_scn *scn);

/**
 * rig_run_seed gives the seed of a scenario for which none is given. It follows from the path behind the
 * nearest folder called "scenarios", else from the file's name, however the path was typed.
 */
uint64_t rig_run_seed(const char *path);

/**
 * rig_run_command_check looks at a command for RIG_RUN_INITIATOR: RIG_E_NOT_FOUND for a {name} that is
 * not filled in. Braces of the shell are left alone.
 */
rig_status rig_run_command_check(const char *command, rig_error *err);

/**
 * rig_run_check tells whether a case can be set up, without playing it: what the language cannot know, such
 * as links, ranges of keys and names. err says what is wrong, with line and column where it stands in the
 * file. Cases that need more than the simulator are fine.
 */
rig_status rig_run_check(const rig_run_config *config, const rig_scn_file *file, const char *path,
                         uint32_t case_index, rig_error *err);

/**
 * rig_run_case plays one case of a file and fills result, which the caller cleans up. path is the file's as
 * it is to be printed. What goes wrong in the case is in the result; the call itself only fails with
 * RIG_E_NOMEM or RIG_E_IO.
 */
rig_status rig_run_case(const rig_run_config *config, const rig_scn_file *file, const char *path,
                        uint32_t case_index, rig_result *out_result);

/** rig_run_keep_rows puts what the `persist` section of a case says into a store, numbered from 1. */
rig_status rig_run_keep_rows(const rig_alloc *alloc, const rig_scn *scn, rig_store *store, rig_error *err);

/** rig_run_prove plays one case and, when it passes, alters its expectations one by one; see
 * rig_prove_expect. */
rig_status rig_run_prove(const rig_run_config *config, const rig_scn_file *file, const char *path,
                         uint32_t case_index, rig_prove_fn *survivor, void *ctx, uint32_t *out_tried,
                         uint32_t *out_survived, rig_result *out_result);

#endif
