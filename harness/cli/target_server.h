/* A target that serves: where it listens, what it is made of, and the signals it takes. */
#ifndef TARGET_SERVER_H
#define TARGET_SERVER_H

#include "cli.h"
#include "rig/socket.h"
#include "target_log.h"
#include "target_options.h"

/* A scenario that was read, and the case of it that is served. */
typedef struct target_case {
    cli_pack pack;
    rig_scn *scn;
} target_case;

/* A portal as the scenario writes it, and what it became. */
typedef struct target_alias {
    char written[RIG_PORTAL_TEXT], actual[RIG_PORTAL_TEXT];
} target_alias;

#define TARGET_READ_AHEAD (256u << 10)

typedef struct target_server {
    target_options *options;
    rig_loop *loop;
    rig_target *target;
    uint8_t *read_ahead;
    target_log log;
    target_case served;                        /* without a scenario: empty */
    rig_address first;                         /* of the portals */
    rig_address bound[RIG_TARGET_PORTALS_MAX]; /* port 0: nobody listens there */
    uint16_t groups[RIG_TARGET_PORTALS_MAX];
    uint32_t num_portals;
    target_alias aliases[RIG_TARGET_PORTALS_MAX]; /* of portals of the scenario */
    uint32_t num_aliases;
    uint64_t starved, next_starved; /* connections that had to wait were told of; not again before */
    uint32_t num_ends;              /* signals to end that came */
    bool wants_reload;
    bool ending;  /* sessions were asked for their logout */
    bool closing; /* connections are being closed */
    uint64_t end; /* when the next step of the end is due */
} target_server;

/* CLI_OK, or CLI_USAGE after a complaint; either way target_server_close has to follow. */
int target_server_open(target_server *server, target_options *options);
/* Serves until it is told to end. */
int target_server_run(target_server *server);
void target_server_close(target_server *server);

/* target_portals.c: opens the portals asked for, or those of the scenario. */
int target_portals_open(target_server *server);
/* Says where it listens. */
void target_portals_tell(target_server *server);
/* A rig_target_build.became whose ctx is a target_server. */
rig_view target_portal_now(void *ctx, rig_view written);

/* target_case.c */
int target_case_read(const target_options *options, target_case *out);
void target_case_free(target_case *from);
/* A target made of a case, without portals. The message says where in the file. */
void target_case_config(const target_server *server, const target_case *from, rig_target_config *out_config);
int target_case_build(const target_server *server, const target_case *from, rig_target *target);
/* At SIGHUP. */
void target_case_reload(target_server *server);

#endif
