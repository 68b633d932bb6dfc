/** @file
 * Peers: somebody else's products, each described by one file (harness/peers/FORMAT.md): what it needs, how
 * it is started, told to be ready and ended, where it is reached or with which command, what it lacks, and
 * which of its failures are known.
 */
#ifndef RIG_PEERS_H
#define RIG_PEERS_H

#include "rig/socket.h"
#include "rig/text.h"
#include "rig/view.h"

#define RIG_PEER_FILE_MAX (256u << 10) /**< bytes of a peer file */
#define RIG_PEER_WAYS_MAX 32           /**< url, command and lacks lines of one */
#define RIG_PEER_NEEDS_MAX 32          /**< programs it needs */
#define RIG_PEER_KNOWN_MAX 1024        /**< failures that are known */
#define RIG_PEER_VERSION_MAX 128       /**< bytes of what its version section prints, with the NUL */
#define RIG_PEER_TEXT_MAX 4096         /**< bytes of a path, URL or command, with the NUL */
#define RIG_PEER_SETTINGS_MAX 32       /**< values that whoever starts it gives */

/** rig_peer_kind says which side it takes. */
typedef enum rig_peer_kind { RIG_PEER_NO_KIND, RIG_PEER_TARGET, RIG_PEER_INITIATOR } rig_peer_kind;

/** rig_peer_ability is what only some products can: scenarios with that tag take a way of their own. */
typedef enum rig_peer_ability {
    RIG_PEER_PLAIN,     /**< everything else */
    RIG_PEER_CHAP,      /**< targets: one that wants CHAP */
    RIG_PEER_DISCOVERY, /**< initiators: discovery sessions */
    RIG_PEER_DIGEST,    /**< initiators: digests are asked for */
    RIG_PEER_ABILITIES  /**< how many */
} rig_peer_ability;

/** rig_peer_section is a section of shell lines. */
typedef enum rig_peer_section {
    RIG_PEER_COMMON,  /**< in front of each of the others */
    RIG_PEER_HAVE,    /**< fails where the peer cannot be had, and its last line says why */
    RIG_PEER_VERSION, /**< prints name and version */
    RIG_PEER_START,   /**< runs as long as the peer */
    RIG_PEER_READY,   /**< succeeds once it can be talked to */
    RIG_PEER_SET_UP,  /**< once behind that */
    RIG_PEER_STOP,    /**< before it is ended by signals */
    RIG_PEER_SECTIONS /**< how many */
} rig_peer_section;

/** rig_peer_way is how scenarios are played that ask for an ability. */
typedef struct rig_peer_way {
    rig_peer_ability ability; /**< which */
    bool lacks;               /**< it has none, and text says why */
    rig_view text;            /**< URL or command, with {names} to be filled in */
    uint32_t line;            /**< where it stands */
} rig_peer_way;

/** rig_peer_known is a failure that is expected. */
typedef struct rig_peer_known {
    rig_view version;  /**< of which version */
    rig_view scenario; /**< path, with NAME=VALUE its cases of those sweep values */
    rig_view reason;   /**< what it does otherwise */
    rig_view seen;     /**< what was seen of it */
} rig_peer_known;

/** rig_peer is a peer file that was read. */
typedef struct rig_peer {
    char path[RIG_PEER_TEXT_MAX];         /**< of its file */
    rig_view name;                        /**< one word */
    rig_view title;                       /**< for people */
    rig_peer_kind kind;                   /**< side */
    rig_view needs[RIG_PEER_NEEDS_MAX];   /**< programs */
    uint32_t num_needs;                   /**< how many */
    rig_view sections[RIG_PEER_SECTIONS]; /**< shell lines, empty: it has no such section */
    uint32_t lines[RIG_PEER_SECTIONS];    /**< where they begin */
    uint64_t ready_ns;                    /**< time it has to become ready in */
    rig_peer_way ways[RIG_PEER_WAYS_MAX]; /**< in the order of the file */
    uint32_t num_ways;                    /**< how many */
    rig_peer_known *known;                /**< failures */
    uint32_t num_known;                   /**< how many */
    const rig_alloc *alloc;               /**< whose memory this is */
    char *text;                           /**< the file, which all views are of */
    size_t len;                           /**< its bytes */
} rig_peer;

/** rig_peer_problem_fn is told what is wrong in a file: err has line, column and text. */
typedef void rig_peer_problem_fn(void *ctx, const rig_error *err);

/**
 * rig_peer_open reads the text of a peer file (which is copied). Each problem is told, not just the first.
 * RIG_E_SYNTAX, RIG_E_LIMIT, RIG_E_NOMEM.
 */
rig_status rig_peer_open(const rig_alloc *alloc, const char *path, rig_view text,
                         rig_peer_problem_fn *problem, void *ctx, rig_peer **out_peer);

/** rig_peer_free frees it; NULL is fine. */
void rig_peer_free(rig_peer *peer);

/** rig_peer_ability_tag gives the tag of scenarios that ask for an ability, NULL for RIG_PEER_PLAIN. */
const char *rig_peer_ability_tag(rig_peer_ability ability);

/** rig_peer_ability_of tells whether an ability is one of that side's. */
bool rig_peer_ability_of(rig_peer_ability ability, rig_peer_kind kind);

/** rig_peer_way_to gives the way for an ability, NULL when the file has none. */
const rig_peer_way *rig_peer_way_to(const rig_peer *peer, rig_peer_ability ability);

/* ---- a peer that is started ---- */

/** rig_peer_setting is a value for its shell lines, in their environment. */
typedef struct rig_peer_setting {
    const char *name;  /**< of the variable */
    const char *value; /**< its value */
} rig_peer_setting;

/** rig_peer_config says where a peer is to work. Borrowed until rig_peer_down. */
typedef struct rig_peer_config {
    const rig_alloc *alloc;           /**< all memory */
    const char *folder;               /**< an empty folder for what it writes, and for logs */
    const char *cache;                /**< a folder for what the next start can use again */
    const rig_peer_setting *settings; /**< more variables; host, port and iqn replace those that are chosen */
    uint32_t num_settings;            /**< how many */
    const volatile int *stop;         /**< not 0: end as soon as possible; may be NULL */
} rig_peer_config;

/** rig_peer_run is a peer with its processes. */
typedef struct rig_peer_run rig_peer_run;

/** rig_peer_new prepares a peer, and starts nothing. RIG_E_NOMEM, RIG_E_IO. */
rig_status rig_peer_new(const rig_peer *peer, const rig_peer_config *config, rig_peer_run **out_run,
                        rig_error *err);

/** rig_peer_lacking looks whether the peer can be had here: RIG_E_NOT_FOUND with the reason. */
rig_status rig_peer_lacking(rig_peer_run *run, rig_error *err);

/** rig_peer_version gives what it calls itself. RIG_E_IO when its section fails or prints nothing. */
rig_status rig_peer_version(rig_peer_run *run, char *out, size_t size, rig_error *err);

/**
 * rig_peer_up starts it and waits until it is ready; one without a start section is there already. A port
 * that somebody took meanwhile is tried again. RIG_E_IO with the place in its file; rig_peer_said has its
 * output.
 */
rig_status rig_peer_up(rig_peer_run *run, rig_error *err);

/** rig_peer_runs tells whether it still does; *out_status is its exit status when it does not. */
bool rig_peer_runs(rig_peer_run *run, int *out_status);

/** rig_peer_pid gives its process, 0 when it has none. */
int rig_peer_pid(const rig_peer_run *run);

/** rig_peer_said appends the last lines of its output. */
void rig_peer_said(const rig_peer_run *run, rig_text *out);

/** rig_peer_fill puts a way's text with its names filled in: host, port, iqn of this run. RIG_E_LIMIT. */
rig_status rig_peer_fill(const rig_peer_run *run, const rig_peer_way *way, char *out, size_t size);

/** rig_peer_value gives a variable of its environment, NULL when there is none of that name. */
const char *rig_peer_value(const rig_peer_run *run, const char *name);

/** rig_peer_variable gives one variable after the other, false behind the last. */
bool rig_peer_variable(const rig_peer_run *run, uint32_t index, rig_peer_setting *out_variable);

/** rig_peer_wait lets its processes go on for a time, or until it ends. */
void rig_peer_wait(rig_peer_run *run, uint64_t ns);

/** rig_peer_down ends it, by its stop section and then by signals, and frees everything. NULL is fine. */
void rig_peer_down(rig_peer_run *run);

#endif
