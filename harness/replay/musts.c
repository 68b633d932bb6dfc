/* What has to be seen: as many PDUs of each kind as the other side sent, and no breach again. */
#include "replay.h"

static bool is_asked(const rig_replay *replay, bool to_target)
{
    return replay->role == RIG_REPLAY_BOTH || to_target == (replay->role == RIG_REPLAY_TARGET);
}

bool rpl_has_musts(const rig_replay *replay)
{
    for (size_t i = 0; i < replay->steps->num; i++)
        if (replay->steps->ptr[i].kind == RIG_STEP_PDU && is_asked(replay, replay->steps->ptr[i].to_target))
            return true;
    return replay->num_breaches > 0 || replay->as_logins;
}

static void put_counts(const rig_replay *replay, rig_text *out)
{
    uint32_t counts[2][RIG_PDU_KINDS + 1] = {0};
    const char *words = replay->timing == RIG_STEP_LOOSE ? "at-least" : "exactly";
    for (size_t i = 0; i < replay->steps->num; i++)
        counts[replay->steps->ptr[i].to_target][rpl_kind(&replay->steps->ptr[i])]++;
    for (unsigned kind = 0; kind < RIG_PDU_KINDS; kind++)
        for (unsigned to_target = 0; to_target < 2; to_target++)
            if (counts[to_target][kind] && is_asked(replay, to_target))
                rig_text_add(out, "must %s %u %c %s\n", words, counts[to_target][kind], to_target ? '>' : '<',
                             rig_pdu_rows[kind].name);
}

static void put_breach(const rig_replay_breach *breach, rig_text *out)
{
    rig_text_add(out, "never ! breach rule=%s by %s\n", breach->rule->id, rig_lint_side_word(breach->side));
}

void rpl_musts(const rig_replay *replay, rig_text *out)
{
    for (uint32_t i = 0; i < replay->num_breaches; i++)
        put_breach(&replay->breaches[i], out);
    if (replay->num_breaches == 0)
        put_counts(replay, out);
}
