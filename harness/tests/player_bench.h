/* Two scripts against each other on a simulated network: what one sends the other expects. */
#ifndef PLAYER_BENCH_H
#define PLAYER_BENCH_H

#include <stdio.h>

#include "rig/player.h"
#include "rig/simnet.h"
#include "suite.h"

#define BENCH_PLAYS 4
#define BENCH_TURNS 100000
#define BENCH_READ_AHEAD 4096
#define BENCH_ADDRESS "192.0.2.1"

typedef struct stage {
    rig_alloc_meter meter;
    rig_scn_file *file;
    rig_result result;
    rig_match_config match;
    rig_simnet *net;
    rig_simhost *hosts[2]; /* [target] */
    rig_listener *listener;
    rig_player *players[BENCH_PLAYS];
    uint32_t num_players;
    uint8_t read_ahead[BENCH_READ_AHEAD];
    rig_view target, real_target;
    uint32_t real_lun;
} stage;

static inline bool stage_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    stage *s = ctx;
    for (uint32_t i = 0; i < s->num_players; i++)
        if (s->result.scn->plays[i].target && rig_player_accept(s->players[i], stream, out_user, now))
            return true;
    return false;
}

static inline rig_status stage_case(stage *s, const char *text, rig_error *err)
{
    static const char head[] = "scenario \"a test\"\nlevel CHOICE\ntarget\n  node iqn.2026-01.example:t\n";
    static char whole[16384];
    rig_text out;
    rig_scn_problems problems = {.num = 0};
    rig_text_init(&out, whole, sizeof whole);
    rig_text_add(&out, "%s%s", head, text);
    rig_scn_config config = {.alloc = rig_alloc_libc()};
    rig_status status =
        rig_scn_open(&config, rig_view_str("t.scn"), rig_view_of(whole, out.len), &s->file, &problems);
    if (status)
        printf("\n%u:%u: %s\n", problems.list[0].line, problems.list[0].col, problems.list[0].text);
    CU_ASSERT_FATAL(status == RIG_OK);
    s->result = (rig_result){.alloc = &s->meter.alloc, .file = s->file};
    s->result.items.alloc = &s->meter.alloc;
    CU_ASSERT_FATAL(rig_scn_case(s->file, 0, &s->result.scn, NULL) == RIG_OK);
    for (uint32_t i = 0; i < s->result.scn->num_plays && !status; i++)
        status = rig_player_check(&s->result.scn->plays[i], 0, err);
    return status;
}

static inline rig_status stage_network(stage *s)
{
    const rig_simnet_config config = {.alloc = &s->meter.alloc, .latency = RIG_MILLISECOND};
    rig_address at = {.port = RIG_PORT};
    rig_ip mine;
    rig_ip_parse(rig_view_str(BENCH_ADDRESS), &at.ip);
    rig_ip_parse(rig_view_str("192.0.2.2"), &mine);
    rig_status status = rig_simnet_new(&config, &s->net);
    if (!status)
        status = rig_simhost_new(s->net, "initiator", &s->hosts[0]);
    if (!status)
        status = rig_simhost_new(s->net, "target", &s->hosts[1]);
    if (!status)
        status = rig_simhost_address(s->hosts[0], &mine);
    if (!status)
        status = rig_simhost_address(s->hosts[1], &at.ip);
    return status ? status
                  : rig_listen(rig_simhost_transport(s->hosts[1]), &at, stage_accept, s, &s->listener);
}

static inline rig_status stage_player(stage *s, const rig_scn_play *play)
{
    rig_player_config config = {
        .alloc = &s->meter.alloc,
        .transport = rig_simhost_transport(s->hosts[play->target]),
        .portal = {.host = BENCH_ADDRESS, .port = RIG_PORT, .group = -1},
        .read_ahead = {s->read_ahead, sizeof s->read_ahead},
        .play = play,
        .match = &s->match,
        .result = &s->result,
        .target = s->target,
        .real_target = s->real_target,
        .real_lun = s->real_lun,
    };
    rig_status status = rig_player_new(&config, &s->players[s->num_players]);
    if (!status)
        rig_player_start(s->players[s->num_players++], rig_simnet_now(s->net));
    return status;
}

/* The targets' scripts begin first. */
static inline rig_status stage_players(stage *s)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < s->result.scn->num_plays && !status; i++)
        status = stage_player(s, &s->result.scn->plays[i]);
    return status;
}

static inline uint64_t stage_deadline(const stage *s)
{
    uint64_t next = RIG_NEVER;
    for (uint32_t i = 0; i < s->num_players; i++)
        if (rig_player_next_deadline(s->players[i]) < next)
            next = rig_player_next_deadline(s->players[i]);
    return next;
}

static inline bool stage_over(const stage *s)
{
    for (uint32_t i = 0; i < s->num_players; i++)
        if (!rig_player_over(s->players[i]))
            return false;
    return true;
}

/* One second longer than the scripts, for what comes behind their last lines. */
static inline void stage_run(stage *s)
{
    uint64_t end = RIG_NEVER;
    for (uint32_t turn = 0; turn < BENCH_TURNS; turn++) {
        uint64_t net = rig_simnet_next(s->net), timer = stage_deadline(s);
        if (stage_over(s) && end == RIG_NEVER)
            end = rig_simnet_now(s->net) + RIG_SECOND;
        uint64_t at = net < timer ? net : timer;
        if (at == RIG_NEVER || at > end)
            return;
        if (net <= timer) {
            rig_simnet_step(s->net);
            continue;
        }
        rig_simnet_advance(s->net, timer);
        for (uint32_t i = 0; i < s->num_players; i++)
            rig_player_tick(s->players[i], timer);
    }
}

static inline void stage_clear(stage *s)
{
    for (uint32_t i = 0; i < s->num_players; i++)
        rig_player_free(s->players[i]);
    if (s->listener)
        rig_unlisten(s->listener);
    rig_simnet_free(s->net);
    rig_result_cleanup(&s->result);
    rig_scn_file_free(s->file);
    CU_ASSERT_EQUAL(s->meter.num_live, 0);
}

static inline void stage_init(stage *s)
{
    memset(s, 0, sizeof *s);
    rig_alloc_meter_init(&s->meter, rig_alloc_libc());
}

static inline void stage_show(stage *s, const char *text)
{
    printf("\n%s\n", text);
    for (uint32_t i = 0; i < s->result.num_findings; i++) {
        const rig_finding *f = &s->result.findings[i];
        printf("    %u: %s\n    E %s\n    A %s\n", f->place.line, f->text, f->expected ? f->expected : "-",
               f->actual ? f->actual : "-");
    }
}

static inline void stage_play(stage *s, const char *text)
{
    rig_error err = {0};
    CU_ASSERT_FATAL(stage_case(s, text, &err) == RIG_OK);
    CU_ASSERT_FATAL(stage_network(s) == RIG_OK);
    CU_ASSERT_FATAL(stage_players(s) == RIG_OK);
    stage_run(s);
}

/* Whether all scripts come to their end. */
static inline bool plays_through(const char *text)
{
    stage s;
    stage_init(&s);
    stage_play(&s, text);
    bool whole = stage_over(&s) && s.result.num_findings == 0;
    if (!whole)
        stage_show(&s, text);
    stage_clear(&s);
    return whole;
}

/* Whether the first finding is at that line of its block and says this. */
static inline bool plays_until(const char *text, uint32_t line, const char *field, const char *says)
{
    stage s;
    stage_init(&s);
    stage_play(&s, text);
    const rig_finding *f = s.result.num_findings ? &s.result.findings[0] : NULL;
    bool as_said = f && f->kind == RIG_FINDING_PLAY && f->line_number == line &&
                   strcmp(f->field, field) == 0 && strstr(f->text, says);
    if (!as_said)
        stage_show(&s, text);
    stage_clear(&s);
    return as_said;
}

#endif
