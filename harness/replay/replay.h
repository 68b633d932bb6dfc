/* What the files of the room share. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "rig/replay.h"
#include "rig/text.h"

/* plays.c */
rig_status rpl_play(const rig_replay *replay, bool target, rig_text *out);

/* pattern.c: whether bytes are the pattern of a small seed (rig_scn_pattern_fill) */
bool rpl_pattern(rig_view bytes, uint64_t offset, uint64_t *out_seed);

/* target.c: what the capture tells of its target */
void rpl_target(const rig_replay *replay, rig_text *out);
/* How many addresses connections were opened to. */
uint32_t rpl_portals(const rig_replay *replay, rig_view portals[RIG_REPLAY_PORTALS_MAX]);

/* musts.c */
void rpl_musts(const rig_replay *replay, rig_text *out);

bool rpl_has_musts(const rig_replay *replay);

/* run.c: requests of the capture as steps of our initiator */
rig_status rpl_run(const rig_replay *replay, rig_text *out);

/* logins.c: the logins of the capture as the service's list of kept ones */
rig_status rpl_logins(const rig_replay *replay, rig_text *out);

/* The value of a text key in what a step sends; empty without. */
rig_view rpl_key(const rig_step *step, const char *key);

static inline rig_pdu_kind rpl_kind(const rig_step *step)
{
    return step->kind == RIG_STEP_PDU ? rig_pdu_kind_of(step->bhs) : RIG_PDU_KINDS;
}

#endif
