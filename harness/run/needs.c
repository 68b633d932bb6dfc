/* Can this mode play the case? What a case says it needs, and what follows from what it does and expects. */
#include "world.h"

#define WAIT_MAX (3 * RIG_SECOND) /* of real time that a case may spend waiting */

/* ---- what it says ---- */

static const struct {
    uint32_t need;
    uint32_t modes; /* in which it is there */
    const char *reason;
} needs[] = {
    {RIG_SCN_NEEDS_SIM, 1u << RIG_RUN_SIM, "needs the simulated network"},
    {RIG_SCN_NEEDS_TCP, ~(1u << RIG_RUN_SIM), "needs real sockets"},
    {RIG_SCN_NEEDS_PEER, 1u << RIG_RUN_TARGET | 1u << RIG_RUN_INITIATOR, "needs somebody else's product"},
    {RIG_SCN_NEEDS_OUR_TARGET, ~(1u << RIG_RUN_TARGET), "needs our target"},
    {RIG_SCN_NEEDS_OUR_INITIATOR, ~(1u << RIG_RUN_INITIATOR), "needs our initiator"},
    {RIG_SCN_NEEDS_IPSEC, 1u << RIG_RUN_SIM, "needs the simulated network"},
    {RIG_SCN_NEEDS_HBA, 1u << RIG_RUN_SIM | 1u << RIG_RUN_TCP, "needs the simulated network"},
};

/* ---- what follows for a product's target: it has one node, one portal and its own mind ---- */

static bool has_several(const rig_scn *scn)
{
    const rig_scn_target *target = &scn->target;
    bool nodes = target->num_nodes > 1 || (target->num_nodes && target->nodes[0].numbered);
    return nodes || target->num_portals > 1;
}

/* Words of the target section that shape how the target behaves. */
static bool shapes_target(const rig_scn *scn)
{
    const rig_scn_target *target = &scn->target;
    if (target->num_offers || target->window || target->no_phase_collapse || target->tell_nexus_loss ||
        target->login_timeout || target->nop_interval)
        return true;
    for (uint32_t i = 0; i < target->num_nodes; i++) {
        const rig_scn_node *node = &target->nodes[i];
        if (node->num_offers || node->refuse || node->num_groups || node->alias.len || node->num_luns > 1)
            return true;
    }
    return false;
}

/* An identity of our own choice: a product has to be told of it. */
static bool wants_chap(const rig_scn *scn)
{
    const rig_scn_target *target = &scn->target;
    bool found = false;
    for (uint32_t i = 0; i < target->num_nodes; i++)
        found = found || target->nodes[i].auth.method.len || target->nodes[i].num_hosts;
    return found;
}

static const rig_scn_lun *first_lun(const rig_scn *scn)
{
    return scn->target.num_nodes && scn->target.nodes[0].num_luns ? &scn->target.nodes[0].luns[0] : NULL;
}

/* A logical unit of its own content, block size or number. */
static bool needs_lun(const rig_scn *scn)
{
    const rig_scn_lun *lun = first_lun(scn);
    if (lun && (lun->lun || lun->block || !rig_view_is(lun->kind, "ram")))
        return true;
    bool written = false;
    for (uint32_t i = 0; i < scn->num_steps; i++) {
        const rig_scn_step *step = &scn->steps[i];
        const rig_scn_arg *arg = rig_scn_step_arg(step, "lun");
        written = written || step->id == RIG_SCN_STEP_WRITE;
        if ((arg && arg->value.number) || (step->id == RIG_SCN_STEP_VERIFY && !written))
            return true;
    }
    return false;
}

/* Text that only the target of the scenario can have said: tags of its portal groups, its addresses. */
static bool is_own_key(const rig_scn_cond *cond)
{
    static const char *const keys[] = {"TargetPortalGroupTag", "TargetAddress", "TargetAlias", "TargetName"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (rig_view_is(cond->name, keys[i]))
            return cond->kind == RIG_SCN_C_KEY && cond->pattern.match != RIG_SCN_ANY;
    return false;
}

static bool line_is_own(const rig_scn_line *line)
{
    bool found = line && line->event && line->event->id == RIG_SCN_EV_TARGET_FOUND;
    for (uint32_t i = 0; line && line->kind == RIG_SCN_TO_INITIATOR && i < line->num_conds && !found; i++)
        found = is_own_key(&line->conds[i]);
    return found;
}

/* How many there are is up to the target, but for a list that is not empty: discovery found it. */
static bool counts_own(const rig_scn_must *must)
{
    uint64_t least = must->op == RIG_SCN_OP_GE ? 1 : 0;
    bool any = must->op == RIG_SCN_OP_GE || must->op == RIG_SCN_OP_GT || must->op == RIG_SCN_OP_NE;
    return must->kind == RIG_SCN_M_COUNT && !(any && must->value.is_number && must->value.number == least);
}

static bool must_is_own(const rig_scn_must *must)
{
    bool has = counts_own(must) || rig_view_is(must->member, "target") ||
               rig_view_is(must->member, "portal") || rig_view_is(must->member, "group");
    for (uint32_t i = 0; must->line && must->line->kind == RIG_SCN_TO_INITIATOR && i < must->num_has; i++)
        has = has || is_own_key(&must->has[i]);
    return has || line_is_own(must->line) || line_is_own(must->after) || line_is_own(must->before);
}

static bool expects_target(const rig_scn *scn)
{
    for (uint32_t i = 0; i < scn->num_musts; i++)
        if (must_is_own(&scn->musts[i]))
            return true;
    return false;
}

/* ---- what follows for a product's initiator: its command stands for all steps ---- */

static bool has_initiator(const rig_scn *scn)
{
    return scn->initiator.place.line != 0;
}

/* Steps that nobody performs when a command takes their place. */
static bool has_other_steps(const rig_scn *scn)
{
    for (uint32_t i = 0; i < scn->num_steps; i++)
        if (strcmp(scn->steps[i].word->who, "engine") != 0)
            return true;
    return false;
}

/* Events that only our engine or adapter tells of; reason and error of a close are theirs, too. */
static bool line_is_told(const rig_scn_line *line)
{
    if (!line || !line->event)
        return false;
    bool told = !strstr(line->event->who, "pcap");
    for (uint32_t i = 0; i < line->num_conds; i++)
        told = told || (line->event->id == RIG_SCN_EV_CLOSE && (rig_view_is(line->conds[i].name, "reason") ||
                                                                rig_view_is(line->conds[i].name, "error")));
    return told;
}

static bool expects_initiator(const rig_scn *scn)
{
    for (uint32_t i = 0; i < scn->num_musts; i++) {
        const rig_scn_must *must = &scn->musts[i];
        if (must->kind == RIG_SCN_M_COUNT || must->kind == RIG_SCN_M_RESULT || line_is_told(must->line) ||
            line_is_told(must->after) || line_is_told(must->before))
            return true;
    }
    return false;
}

/* ---- all of it ---- */

static bool has_network(const rig_scn *scn)
{
    return scn->num_links || scn->latency;
}

static bool tells_addresses(rig_view text)
{
    static const char key[] = "TargetAddress=";
    return text.len && memmem(text.ptr, text.len, key, sizeof key - 1);
}

/* A rule that sends the initiator to an address of the scenario: a loopback socket has another one. */
static bool sends_elsewhere(const rig_scn *scn)
{
    bool found = false;
    for (uint32_t r = 0; r < scn->target.num_rules; r++)
        for (uint32_t a = 0; a < scn->target.rules[r].num_actions; a++)
            found = found || tells_addresses(scn->target.rules[r].actions[a].data);
    return found;
}

#define REAL (1u << RIG_RUN_TCP | 1u << RIG_RUN_TARGET | 1u << RIG_RUN_INITIATOR)

static const struct {
    bool (*has)(const rig_scn *scn);
    uint32_t modes; /* in which that cannot be */
    const char *reason;
} hindrances[] = {
    {has_network, REAL, "needs the simulated network"},
    {sends_elsewhere, REAL, "needs the simulated network"},
    {has_several, 1u << RIG_RUN_TARGET, "needs our target"},
    {shapes_target, 1u << RIG_RUN_TARGET, "needs our target"},
    {needs_lun, 1u << RIG_RUN_TARGET, "needs our target"},
    {expects_target, 1u << RIG_RUN_TARGET, "needs our target"},
    {has_initiator, 1u << RIG_RUN_INITIATOR, "needs our initiator"},
    {has_other_steps, 1u << RIG_RUN_INITIATOR, "needs our initiator"},
    {expects_initiator, 1u << RIG_RUN_INITIATOR, "needs our initiator"},
};

const char *rig_run_why_not(const rig_run_config *config, const rig_scn *scn)
{
    for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
        if ((scn->needs & needs[i].need) && !(needs[i].modes >> config->mode & 1))
            return needs[i].reason;
    const char *plays = run_plays_why_not(config, scn);
    if (plays)
        return plays;
    for (size_t i = 0; i < sizeof hindrances / sizeof hindrances[0]; i++)
        if ((hindrances[i].modes >> config->mode & 1) && hindrances[i].has(scn))
            return hindrances[i].reason;
    if (config->mode == RIG_RUN_TARGET && wants_chap(scn) && !config->peer_chap)
        return "needs a target that wants CHAP (--peer-chap)";
    if (config->mode == RIG_RUN_TARGET && (scn->needs & RIG_SCN_NEEDS_WRITES) && !config->allow_writes)
        return "writes to a real target need --allow-writes";
    return NULL;
}

/* ---- how long it would take ---- */

uint64_t run_passes(const rig_scn *scn)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < scn->num_steps; i++) {
        const rig_scn_arg *time = rig_scn_step_arg(&scn->steps[i], "T");
        sum += scn->steps[i].id == RIG_SCN_STEP_PASS && time ? time->value.number : 0;
    }
    return sum;
}

bool run_waits_too_long(uint64_t waits, rig_text *out_reason)
{
    if (waits <= WAIT_MAX)
        return false;
    rig_text_add(out_reason, "needs virtual time: would wait %llu s of real time",
                 (unsigned long long)((waits + RIG_SECOND - 1) / RIG_SECOND));
    return true;
}
