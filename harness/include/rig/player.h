/** @file
 * The player: sends and expects the literal PDUs of a `play` block, either side, with no behaviour of its
 * own.
 *
 * What it receives on a connection has to come in the order of the lines and nothing in between; what it
 * sends goes out when its line's turn comes. The only thing it follows by itself is which digests the login
 * agreed on (RFC 7143 section 13.1), because without them no later PDU can be written or read.
 */
#ifndef RIG_PLAYER_H
#define RIG_PLAYER_H

#include "rig/match.h"
#include "rig/transport.h"

#define RIG_PLAYER_CONNECTIONS_MAX 1024 /**< most connections of one block */
#define RIG_PLAYER_PENDING_MAX 1024     /**< most PDUs of a connection that wait for their line */

/** rig_player plays one block. */
typedef struct rig_player rig_player;

/** rig_player_config is fixed at creation; everything it points to must outlive the player. */
typedef struct rig_player_config {
    const rig_alloc *alloc; /**< all memory */
    const rig_transport
        *transport;           /**< connects through it; a target is given its streams by rig_player_accept */
    rig_portal portal;        /**< initiator: where `! connect` without an address goes */
    bool only_portal;         /**< initiator: goes there whatever address the line gives (a product) */
    struct iovec read_ahead;  /**< scratch shared by all connections of the thread */
    const rig_scn_play *play; /**< the block, of result->scn */
    const rig_match_config *match; /**< how lines compare; its aliases count for `! connect`, too */
    rig_result *result;            /**< findings go here */
    uint32_t first_connection; /**< index of its first connection among those of the case, for connection=N */
    rig_view target;           /**< initiator: TargetName of the scenario's target that is replaced … */
    rig_view real_target;      /**< … by this one in what is sent; empty = sent as written */
    uint32_t real_lun;         /**< initiator: logical unit used in place of LUN 0 in what is sent */
} rig_player_config;

/**
 * rig_player_check tells whether a block can be played: every line that is sent has plain values, every event
 * is connect or close. RIG_E_SYNTAX or RIG_E_LIMIT with err->line and err->col. first_connection as in the
 * config.
 */
rig_status rig_player_check(const rig_scn_play *play, uint32_t first_connection, rig_error *err);

/** rig_player_connections gives how many connections a block opens or accepts: its `! connect` lines, and one
 * more when it does not begin with one. */
uint32_t rig_player_connections(const rig_scn_play *play);

/** rig_player_writes tells whether a block sends what could change the data or the state of a logical unit.
 */
bool rig_player_writes(const rig_scn_play *play);

/** rig_player_new makes a player that does nothing yet. RIG_E_NOMEM. */
rig_status rig_player_new(const rig_player_config *config, rig_player **out_player);

/** rig_player_free resets what is still connected and frees the player. NULL is fine. */
void rig_player_free(rig_player *player);

/** rig_player_start begins with the first line. A connect fails its line, not the call. */
void rig_player_start(rig_player *player, uint64_t now);

/** rig_player_accept gives a target its next connection, as rig_accept_fn does; false when the block has no
 * line for one. */
bool rig_player_accept(rig_player *player, rig_stream *stream, rig_stream_user *out_user, uint64_t now);

/** rig_player_next_deadline gives when rig_player_tick is due; RIG_NEVER when only the peer can go on. */
uint64_t rig_player_next_deadline(const rig_player *player);

/** rig_player_tick lets time pass: lines that wait are sent, lines that waited too long fail. */
void rig_player_tick(rig_player *player, uint64_t now);

/** rig_player_over tells whether the last line is done, or one failed. A player that is over still fails when
 * another PDU comes. */
bool rig_player_over(const rig_player *player);

/** rig_player_failed tells whether the play has left a finding. */
bool rig_player_failed(const rig_player *player);

/** rig_player_status gives RIG_E_NOMEM when a failed play could not leave its finding, else RIG_OK. */
rig_status rig_player_status(const rig_player *player);

/** rig_player_finish ends the play: lines that are not done are a finding that says why. */
void rig_player_finish(rig_player *player, const char *why, uint64_t now);

#endif
