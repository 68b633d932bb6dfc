/* A case being played: both sides, the wire between them, the clock, the evidence, the results of steps. */
#ifndef RUN_WORLD_H
#define RUN_WORLD_H

#include "rig/capture.h"
#include "rig/initiator.h"
#include "rig/ipsec.h"
#include "rig/ipsec_check.h"
#include "rig/isns_server.h"
#include "rig/link.h"
#include "rig/run.h"
#include "rig/service.h"
#include "rig/simnet.h"
#include "rig/socket.h"
#include "rig/target_build.h"

#define RUN_READ_AHEAD 65536
#define RUN_OUTCOME_LEN 48
#define RUN_WRONGS_MAX 4096
#define RUN_ALIASES_MAX 16
#define RUN_NAME_MAX 256
#define RUN_INITIATORS_MAX 16 /* initiator nodes of one case: `login … as NAME` makes more */

typedef struct run_world run_world;

/* How time passes and bytes move: one table a mode. */
typedef struct run_drive {
    const char *name;
    rig_status (*open)(run_world *world, rig_error *err);
    void (*close)(run_world *world);
    uint64_t (*now)(run_world *world);
    /* Handles the next event, or lets time pass up to `until`. */
    rig_status (*advance)(run_world *world, uint64_t until);
} run_drive;

/* How the engine lost a connection or a login, as it told it. */
typedef struct run_trouble {
    const rig_session *session; /* NULL: none yet */
    rig_error error;
    uint64_t time;
    size_t items;   /* evidence when it was told … */
    uint32_t frame; /* … and packets */
} run_trouble;

/* One use of a step, and what it left. */
typedef struct run_op {
    struct run_op *next;
    run_world *world;
    const rig_scn_step *step;
    rig_session *session;
    rig_initiator *initiator; /* the node it was opened for, NULL = the one the scenario describes */
    uint64_t began, ended;
    bool done;
    bool failed; /* ended otherwise than its caller must have hoped */
    char outcome[RUN_OUTCOME_LEN];
    run_trouble trouble; /* what it ended by, when its session was lost */
    rig_task task;
    uint8_t cdb[RIG_CDB_MAX];
    uint8_t *buffer;
    size_t buffer_len;
    struct iovec iov;
    struct iovec bidi_iov; /* where the read part of a command goes that moves data both ways */
    bool compare;
    uint64_t seed;
    bool data_equal;
    uint64_t count;
    rig_status answer;    /* whether the list of targets could be read to its end */
    uint32_t connections; /* of its session when it had ended */
    rig_gather text;
    rig_portal portal;
    bool persistent;
    uint8_t stage;        /* of a step that takes several requests */
    const rig_call *call; /* a management call … */
    void *reply;          /* … its answer, NULL when there is none, */
    rig_error why;        /* and what was said of its end */
    bool owns_session;
} run_op;

/* Where a PDU made wrong on purpose starts: the initiator's port and the offset in the stream to it. */
typedef struct run_wrong {
    uint64_t offset;
    uint16_t port;
} run_wrong;

/* What a case takes on the simulated network. */
typedef struct run_rehearsal {
    uint64_t steps; /* ns until the last step is done */
    uint64_t tail;  /* ns that PDUs and events come after it */
} run_rehearsal;

typedef struct run_recorder {
    rig_streams *streams;
    rig_pcapng *file;
    char *path;
    uint8_t *packet; /* RIG_SIM_MTU_MAX bytes and some */
    uint32_t frames;
    uint32_t commented_step;
    bool wants_transitions;
    bool engine_tells_close;
    rig_status status;
} run_recorder;

#define RUN_IPSEC_WISHES 64           /* pairs of ends, and flags between them, whose capture is judged */
#define RUN_IPSEC_KEYS_MAX (4u << 20) /* bytes of keys of one kind beside a capture */

/* What the initiator's edge asked for. */
typedef struct run_ipsec_wish {
    rig_ip local, outer;
    rig_address portal;
    bool aggressive, pfs, tunnel;
    bool phase1, agreed, failed;
    rig_status why;        /* the last negotiation failed */
    uint32_t since, until; /* frames: exchanges between them are of this request; until 0: to the end */
} run_ipsec_wish;

/* IPsec at the edges of both hosts, and a second reading of what they said. */
typedef struct run_ipsec {
    rig_ipsec *edges[2]; /* initiator, target; NULL: there is no ipsec section */
    rig_ipsec_reader *reader;
    rig_ipsec_seen *seen;
    rig_gather keys[RIG_IPSEC_SHOWN_KINDS]; /* as text */
    run_ipsec_wish wishes[RUN_IPSEC_WISHES];
    uint32_t num_wishes;
    bool crowded;                         /* there were more */
    rig_address plains[RUN_IPSEC_WISHES]; /* portals of such decisions */
    uint32_t num_plains;
    bool plain; /* the service decided on connections without IPsec */
    bool wants_esp;
} run_ipsec;

struct run_world {
    const rig_run_config *config;
    const run_drive *drive;
    rig_result *result;
    const rig_scn *scn;
    rig_draws draws;
    const rig_alloc *alloc;
    /* sim */
    rig_simnet *net;
    rig_simhost *host, *target_host;
    /* sockets */
    rig_loop *loop;
    struct run_tee *tee;
    rig_child *child;
    bool child_done;
    int child_status;
    uint64_t started_real;
    /* the two sides */
    const rig_transport *host_transport, *target_transport;
    rig_initiator *initiator; /* the one the scenario describes: initiators[0] */
    rig_initiator *initiators[RUN_INITIATORS_MAX];
    rig_view initiator_names[RUN_INITIATORS_MAX];
    uint32_t num_initiators;
    rig_target *target;
    rig_isns_server *isns;
    run_ipsec ipsec;
    rig_service *service;
    rig_store *store;
    rig_hba hba;
    rig_login_list boot_table; /* what adapters carry out by themselves */
    rig_view radius_says;      /* verdicts of the RADIUS servers, joined by +; empty: there is no RADIUS */
    uint32_t radius_asked;
    rig_radius radius;
    char adapter_names[RIG_ADAPTERS_MAX][RUN_NAME_MAX], host_name[RUN_NAME_MAX], node_name[RIG_INAME_TEXT];
    run_op *called; /* the last management call */
    uint8_t *read_ahead, *target_read_ahead;
    struct run_plays *plays; /* NULL: no literal scripts */
    rig_portal portal;       /* where the target is reached */
    rig_match_alias
        aliases[RUN_ALIASES_MAX]; /* over sockets: portals of the scenario, and what they became */
    char alias_texts[RUN_ALIASES_MAX][2][RIG_PORTAL_TEXT];
    rig_portal alias_portals[RUN_ALIASES_MAX];
    uint32_t num_aliases;
    run_op *ops;
    run_op **results;     /* by result index */
    rig_session *session; /* the last one opened */
    run_trouble trouble;  /* the last one */
    run_recorder recorder;
    size_t taken;      /* items before this one were taken by earlier waits */
    uint32_t step;     /* 1-based number of the running step */
    run_wrong *wrongs; /* PDUs of the target made wrong on purpose, not seen yet */
    uint32_t num_wrongs;
    uint32_t turns;
    uint64_t real_limit;
    uint64_t steps_ns;       /* time when the last step was done */
    run_rehearsal rehearsal; /* real-time modes */
    bool settled;            /* the verdict is decided, whatever the evidence says */
    bool tearing_down;       /* what happens now is not part of the case */
    rig_prove_fn *prove;
    void *prove_ctx;
    uint32_t *tried, *survived;
};

extern const run_drive run_drive_sim;
extern const run_drive run_drive_tcp;
extern const run_drive run_drive_target;
extern const run_drive run_drive_initiator;

/* world.c */
uint64_t run_now(run_world *world);
uint64_t run_real_now(void);
rig_status run_pump(run_world *world, bool (*over)(void *ctx), void *ctx, uint64_t deadline);
rig_status run_tick(run_world *world, uint64_t now);
uint64_t run_deadline(const run_world *world);

/* build.c: from the case to the two sides */
rig_status run_portal_address(const run_world *world, rig_view address, uint16_t port, rig_address *out,
                              rig_error *err);
/* A product's target and portal stand where the scenario names its own. */
void run_target_keep(run_world *world);
/* Remembers what a portal of the scenario became; the first one is where the target is reached. */
void run_portal_keep(run_world *world, rig_view written, uint16_t port, const rig_address *at);
rig_status run_build_target(run_world *world, rig_error *err);
rig_status run_build_initiator(run_world *world, rig_error *err);
rig_status run_initiator_named(run_world *world, rig_view name, rig_initiator **out_initiator,
                               rig_error *err);
void run_free_initiators(run_world *world);
rig_status run_session_config(run_world *world, rig_session_config *out_config, rig_error *err);
rig_status run_auth(const rig_scn_auth *from, rig_auth_config *out_auth, rig_error *err);
rig_status run_offers(const rig_scn_pair *pairs, uint32_t num, rig_session_config *config, rig_error *err);

/* plays.c: literal scripts */
bool run_plays_side(const rig_scn *scn, bool target);
bool run_plays_rest(run_world *world); /* behind the steps, when one of them began the play */
const char *run_plays_why_not(const rig_run_config *config, const rig_scn *scn);
rig_status run_plays_listen(run_world *world, rig_error *err);
rig_status run_plays_build(run_world *world, rig_error *err);
void run_plays_free(run_world *world);
bool run_plays(run_world *world);
bool run_plays_end(run_world *world);
bool run_plays_serve(run_world *world); /* whoever comes, until the targets' blocks are over */
/* Whether PDUs of that direction are a script's. */
bool run_plays_speak(const run_world *world, bool to_target);
uint64_t run_plays_deadline(const run_world *world);
void run_plays_tick(run_world *world, uint64_t now);

/* recorder.c: packets and events to items and captures */
rig_status run_recorder_open(run_world *world, rig_error *err);
void run_recorder_close(run_world *world);
void run_recorder_packet(run_world *world, uint64_t now, rig_view ip_packet);
void run_tap(void *ctx, uint64_t now, const rig_packet *packet);
/* Writes a name as an event's argument has to stand: a peer may send anything as one. Returns word. */
#define RUN_WORD_MAX (4 * RIG_NAME_MAX + 3)
bool run_mentions(const rig_scn *scn, rig_scn_event_id event);
const char *run_word(char word[RUN_WORD_MAX], rig_view name);
/* The last argument of an event, with the blank before it: what the engine said; "" when it said nothing. */
#define RUN_SAID_MAX (4 * sizeof((rig_error *)0)->text + sizeof " error=\"\"")
const char *run_said(char said[RUN_SAID_MAX], const rig_error *error);
__attribute__((format(printf, 3, 4))) void run_event(run_world *world, const char *name, const char *format,
                                                     ...);

/* engine_events.c */
void run_engine_event(void *ctx, const rig_event *event);
void run_target_event(void *ctx, const rig_target_event *event);
void run_service_event(void *ctx, const rig_service_event *event);
const char *run_task_outcome(const rig_task *task);

/* chap.c */
size_t run_chap(void *ctx, uint32_t algorithm, uint8_t identifier, rig_view secret, rig_view challenge,
                uint8_t out[RIG_MATCH_HASH_MAX]);

/* cause.c: which PDU is behind a failure */
void run_trouble_keep(run_world *world, const rig_event *event);
bool run_cause(const run_op *op, rig_cause *out_cause);

/* needs.c: what rig_run_why_not does not know. The time that the steps say they let go by. */
uint64_t run_passes(const rig_scn *scn);
bool run_waits_too_long(uint64_t waits, rig_text *out_reason);

/* seed.c */
uint64_t run_name_hash(const char *path, uint64_t seed);

/* case.c */
rig_match_config run_match_config(const run_world *world);

/* service.c */
rig_status run_build_service(run_world *world, rig_error *err);
rig_status run_service_start(run_world *world, rig_error *err);
void run_service_free(run_world *world); /* with its store */
/* Portals of the scenario become what they are on this network, or the other way round. */
void run_portals_swap(const run_world *world, const rig_shape *shape, void *record, bool actual);

/* ipsec.c */
rig_status run_build_ipsec(run_world *world, rig_error *err);
void run_ipsec_free(run_world *world);
rig_view run_ipsec_group_key(const run_world *world); /* empty: none */
const rig_ipsec_provider *run_ipsec_provider(const run_world *world);
uint64_t run_ipsec_deadline(const run_world *world);
void run_ipsec_tick(run_world *world, uint64_t now);
rig_status run_ipsec_read(run_world *world, uint64_t now, rig_view packet, rig_view *out_inside);
void run_ipsec_keep_keys(run_world *world, const char *capture);
void run_ipsec_drop_keys(const char *capture);
void run_ipsec_plain(run_world *world, const rig_portal *portal);
void run_ipsec_judge(run_world *world);

/* ipsec_seen.c */
void run_ipsec_tell(run_world *world, const rig_ipsec_event *event);

/* breaches.c: what lint finds, where a line of the case asks for it */
rig_status run_breaches(run_world *world);

/* isns.c */
rig_status run_build_isns(run_world *world, rig_error *err);

/* program.c: false when a call was not answered */
bool run_program(run_world *world);

/* steps_call.c */
bool run_put_answer(const run_op *op, rig_view path, rig_text *out);
void run_answer_free(run_op *op);
/* The session that a login call has made, NULL when it is no more. */
rig_session *run_called_session(const run_op *op);

/* steps.c: the host's steps, and what their functions share */
const rig_scn_arg *run_arg(const run_op *op, const char *name);
uint64_t run_number(const run_op *op, const char *name, uint64_t otherwise);
rig_session *run_session_of(const run_op *op, const char *name);
rig_status run_submit(run_op *op, rig_session *session, rig_error *err);
bool run_op_over(void *ctx);
void run_compare_data(run_op *op);
void run_discover_next(run_op *op, uint64_t now);
#define RIG_SCN_STEP(id, function, name, who, leaves, needs, what, ...)                                      \
    rig_status run_start_##function(run_op *op, rig_error *err);
#include "rig/scn_steps.def"
const char *run_why_stopped(const run_world *world, rig_status status);
bool run_steps(run_world *world);

/* counters.c: false when there is no such member, or nothing to say */
bool run_put_counter(const run_op *op, rig_view name, rig_text *out);
bool run_put_login_failure(const run_op *op, rig_text *out);
bool run_put_login_failure_portal(const run_op *op, rig_text *out);
bool run_put_ssn_failure(const run_op *op, rig_text *out);

/* values.c */
rig_facts run_facts(run_world *world);
run_op *run_op_new(run_world *world, const rig_scn_step *step);
void run_op_done(run_op *op, const char *outcome, bool failed);
void run_ops_free(run_world *world);

/* again.c: repeating a case */
rig_status run_again(const rig_run_config *config, rig_result *result);
uint64_t run_draws_seed(const rig_result *result);

/* peer.c */
bool run_peer_command(run_world *world);

/* tee.c: evidence of socket runs, read where the bytes pass */
rig_status run_tee_new(run_world *world, const rig_transport *below, bool target_side,
                       struct run_tee **out_tee);
void run_tee_free(struct run_tee *tee);
const rig_transport *run_tee_transport(struct run_tee *tee);

#endif
