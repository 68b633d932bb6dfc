/* What `iscsirig target` was asked for. */
#ifndef TARGET_OPTIONS_H
#define TARGET_OPTIONS_H

#include "rig/target_build.h"
#include "target_auth.h"

#define TARGET_OPTIONS_MAX 64 /* most uses of an option that can be repeated */
#define TARGET_LISTENS_MAX 16
#define TARGET_GRACE (3 * RIG_SECOND)

/* One --listen. */
typedef struct target_listen {
    const char *text; /* as written */
    rig_address at;
    int32_t group;          /* -1: not said */
    const char *advertised; /* HOST:PORT told instead, NULL: its own */
} target_listen;

typedef struct target_options {
    target_listen listens[TARGET_LISTENS_MAX];
    uint32_t num_listens;
    int32_t portal_group; /* -1: not said */
    const char *name, *alias;
    const char *luns[TARGET_OPTIONS_MAX];
    uint32_t num_luns;
    rig_scn_pair offers[TARGET_OPTIONS_MAX];
    uint32_t num_offers;
    rig_fault_set faults;
    uint64_t window, login_timeout; /* 0: not said */
    uint64_t nop_interval;          /* RIG_NEVER: not said */
    rig_scn_binding defines[TARGET_OPTIONS_MAX];
    uint32_t num_defines;
    const char *ready_file, *scenario;
    uint64_t grace;
    bool quiet, json, list_faults;
    bool help; /* it was shown */
    target_auth auth;
} target_options;

/* Reads the command line; CLI_OK, or CLI_USAGE after a complaint. */
int target_options_read(target_options *options, int argc, char **argv);

#endif
