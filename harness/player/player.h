/* What the files of the player share: a block being played and its connections. */
#ifndef PLAYER_PLAYER_H
#define PLAYER_PLAYER_H

#include "rig/framer.h"
#include "rig/player.h"
#include "rig/text.h"
#include "rig/txq.h"

#define PLAYER_KEY_DIGESTS 2 /* HeaderDigest, DataDigest */

/* Text of one direction that goes on in the next PDU (C bit, RFC 7143 section 6.2). */
typedef struct player_text {
    rig_gather text;
    uint32_t itt;
} player_text;

typedef struct player_conn {
    rig_player *player;
    rig_stream *stream; /* NULL: not any more */
    rig_framer framer;
    rig_txq queue;
    uint64_t now;        /* of the call that brought bytes */
    uint32_t index;      /* among the connections of the case */
    bool connected;      /* bytes may flow */
    bool closing;        /* we ended it: what still comes is nobody's */
    bool peer_closed;    /* its FIN is here */
    rig_status why_not;  /* it could not be connected */
    player_text text[2]; /* [to target] */
    bool offered[PLAYER_KEY_DIGESTS][2];
    bool agreed[PLAYER_KEY_DIGESTS];
    size_t pending[RIG_PLAYER_PENDING_MAX]; /* items that wait for their line: a ring */
    uint32_t first_pending, num_pending;
} player_conn;

struct rig_player {
    rig_player_config config;
    const rig_scn_play *play;
    rig_lines *lines;
    player_conn **conns;
    uint32_t max_conns, num_conns;
    uint32_t passed; /* connections whose line is done; the last of them is the current one */
    uint32_t at;     /* line whose turn it is */
    uint64_t since;  /* when the line above was done */
    uint64_t wake;   /* deadline of the line */
    bool started, over, failed;
    bool busy, again;
    rig_status status; /* the finding could not be kept */
};

/* What came of looking at a line. */
typedef enum player_outcome { PLAYER_DONE, PLAYER_LEFT_OUT, PLAYER_WAITS, PLAYER_FAILED } player_outcome;

/* check.c */
bool player_sends(const rig_scn_play *play, const rig_scn_line *line);
const rig_scn_cond *player_arg(const rig_scn_line *line, const char *name);
bool player_resets(const rig_scn_line *line);

/* script.c */
/* An address of the scenario, as it is on this network. */
rig_view player_address(const rig_player *player, rig_view written);
void player_go_on(rig_player *player, uint64_t now);
/* Ends the play with a finding. item: RIG_LINES_NOTHING when nothing came. */
void player_fail(rig_player *player, bool expected, size_t item, const char *text, uint64_t now);

/* compose.c: from a line to a PDU in the connection's queue */
player_outcome player_send(player_conn *conn, const rig_scn_line *line, uint64_t now);

/* stream.c */
extern const rig_stream_user_ops player_stream_ops;
rig_status player_connect(rig_player *player, const rig_portal *portal);
player_conn *player_conn_new(rig_player *player);
void player_conn_free(player_conn *conn);
void player_conn_end(player_conn *conn, rig_close_how how);
/* Keeps an item of the connection with its whole text and follows the login. */
rig_status player_note(player_conn *conn, rig_item *item, size_t *out_index);

#endif
