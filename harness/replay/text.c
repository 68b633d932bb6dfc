/* The whole scenario. */
#include "rig/player.h"
#include "rig/trace.h"

#include "replay.h"

static const char *const titles[] = {
    [RIG_REPLAY_BOTH] = "What %.*s shows, both sides of it",
    [RIG_REPLAY_TARGET] = "An initiator in front of the target of %.*s",
    [RIG_REPLAY_INITIATOR] = "A target behind the initiator of %.*s",
};

static rig_status count(const rig_replay *replay, rig_error *err)
{
    size_t pdus = 0;
    for (size_t i = 0; i < replay->steps->num; i++)
        pdus += replay->steps->ptr[i].kind == RIG_STEP_PDU;
    if (replay->steps->num_connections > RIG_PLAYER_CONNECTIONS_MAX && !replay->as_steps &&
        !replay->as_logins)
        return rig_fail(err, RIG_E_LIMIT, "%u connections, where a play has at most %d; give --from and --to",
                        replay->steps->num_connections, RIG_PLAYER_CONNECTIONS_MAX);
    return pdus ? RIG_OK : rig_fail(err, RIG_E_NOT_FOUND, "the capture holds no iSCSI PDU");
}

static void put_head(const rig_replay *replay, rig_text *out)
{
    char title[300];
    rig_text text;
    rig_text_init(&text, title, sizeof title);
    rig_text_add(&text, titles[replay->role], RIG_VIEW_ARG(replay->name));
    rig_text_add(out, "scenario ");
    rig_trace_quoted(out, rig_view_of(title, text.len));
    rig_text_add(out, "\nlevel %s\n", rpl_has_musts(replay) ? "MUST" : "CHOICE");
}

static void put_other(const rig_replay *replay, rig_text *out)
{
    bool target = replay->role == RIG_REPLAY_TARGET;
    if (replay->with.len)
        rig_replay_sections(replay->with, !target, out);
    else if (target)
        rig_text_add(out, "needs peer\n");
    if (!replay->with.len || target)
        rpl_target(replay, out);
}

static rig_status put_plays(const rig_replay *replay, rig_text *out)
{
    rig_status status = RIG_OK;
    if (replay->as_logins)
        return rpl_logins(replay, out);
    if (replay->as_steps)
        return rpl_run(replay, out);
    if (replay->role != RIG_REPLAY_TARGET)
        status = rpl_play(replay, false, out);
    if (!status && replay->role != RIG_REPLAY_INITIATOR)
        status = rpl_play(replay, true, out);
    return status;
}

rig_status rig_replay_text(const rig_replay *replay, rig_text *out, rig_error *err)
{
    rig_status status = count(replay, err);
    if (status)
        return status;
    put_head(replay, out);
    put_other(replay, out);
    status = put_plays(replay, out);
    if (!replay->as_logins)
        rpl_musts(replay, out);
    if (status == RIG_E_NOT_FOUND)
        return rig_fail(err, status, "no session of a target comes up in the capture");
    if (out->cut || status == RIG_E_LIMIT)
        return rig_fail(err, RIG_E_LIMIT,
                        "what the capture holds is too long for one scenario (%u MiB); give --from and --to",
                        RIG_SCN_FILE_MAX >> 20);
    return status;
}
