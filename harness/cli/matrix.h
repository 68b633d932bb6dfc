/* Scenarios and peers: every scenario against every peer, and tables of what came of it. What was played of a
 * peer is kept in files of a folder, PEER.json and PEER.WAY.json, so that a part of a matrix is worth
 * something, and the next run replaces what it plays. */
#ifndef CLI_MATRIX_H
#define CLI_MATRIX_H

#include "cli.h"
#include "rig/peers.h"

#include <jansson.h>

#define MATRIX_PEERS_MAX 64
#define MATRIX_PATHS_MAX 256

/* How it went with a peer. */
typedef enum matrix_state {
    MATRIX_PLAYED,
    MATRIX_ABSENT,      /* it cannot be had here */
    MATRIX_NOT_STARTED, /* it can be had, and did not come up */
    MATRIX_BROKEN,      /* it ended by itself, or the run came to no record */
    MATRIX_INTERRUPTED,
    MATRIX_STATES
} matrix_state;

typedef struct matrix_options {
    char peer_paths[MATRIX_PEERS_MAX][CLI_PATH_SIZE];
    rig_peer *peers[MATRIX_PEERS_MAX];
    size_t num_peers;
    char *paths[MATRIX_PATHS_MAX]; /* of scenarios */
    size_t num_paths;
    bool any_paths; /* they were given */
    rig_peer_setting settings[RIG_PEER_SETTINGS_MAX];
    uint32_t num_settings;
    char folder[CLI_PATH_SIZE]; /* of the records */
    char cache[CLI_PATH_SIZE];
    const char *timeout; /* seconds a case may take */
    const char *hold;    /* folder of a peer that is only started, NULL: scenarios are played */
    char *held;          /* what is told of one that somebody else holds, NULL: none */
    size_t held_len;
    const char *held_version;
    const char *pages[3]; /* by matrix_pages */
    const char *pcap_dir;
    bool list, replay;
    const volatile int *stop;
} matrix_options;

/* ---- matrix_play.c ---- */

/* Plays the pack's scenarios with a peer, and writes its records. */
matrix_state matrix_play(const matrix_options *options, const rig_peer *peer, const cli_pack *pack);

/* Starts a peer for others until it is told to end: FOLDER/ready has NAME=VALUE lines, FOLDER/known its known
 * failures as --known-failures takes them. */
int matrix_hold(const matrix_options *options, const rig_peer *peer);

const char *matrix_state_word(matrix_state state);

/* Makes the name of a file; false when it does not fit CLI_PATH_SIZE. */
__attribute__((format(printf, 2, 3))) bool matrix_path(char *out, const char *format, ...);

/* A peer whose folder is made; says what is wrong otherwise. */
rig_peer_run *matrix_prepare(const matrix_options *options, const rig_peer *peer, const char *folder);

/* ---- matrix_table.c ---- */

/* "iscsirig-matrix/1" out of the records of the folder, a new reference; NULL, said, when they cannot be
 * read. */
json_t *matrix_table(const matrix_options *options);

/* "pass 3, known 1" */
void matrix_cell(rig_text *out, const json_t *cell);

/* ---- matrix_show.c ---- */

typedef void matrix_page_fn(FILE *file, const json_t *table);
matrix_page_fn matrix_markdown, matrix_html, matrix_json;

#endif
