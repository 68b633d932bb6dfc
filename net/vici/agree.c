/* What is asked of charon about a pair, step by step: what an earlier service has left, whether there is an
 * association, whether charon can make one, then key, connection, negotiation, and again whether there is
 * one; and whether the kernel has a policy where ESP is the kernel's. And what removes all of it. */
#include "internal.h"

typedef enum vci_step {
    STEP_OLD_CONNS,
    STEP_END_OLD,
    STEP_UNLOAD_OLD,
    STEP_OLD_KEYS,
    STEP_UNLOAD_OLD_KEY,
    STEP_LISTEN,
    STEP_FIND,
    STEP_VERSION,
    STEP_ABILITIES,
    STEP_KEY,
    STEP_CONN,
    STEP_WATCH,
    STEP_INITIATE,
    STEP_READ_BACK,
    STEP_LISTEN_POLICIES,
    STEP_POLICIES,
    STEP_CLEAN_SA,
    STEP_CLEAN_CONN,
    STEP_CLEAN_KEY,
    STEP_CLEANED, /* from here on no requests */
    STEP_AGREED,
    STEP_REFUSED
} vci_step;

/* Says which step is next; may leave the reason of STEP_REFUSED in talk->why. */
typedef vci_step vci_taken(vci_pair *pair, rig_view message);

static rig_text why_of(vci_talk *talk)
{
    rig_text text;
    rig_text_init(&text, talk->why, sizeof talk->why);
    return text;
}

/* The name of something that an earlier service has left. */
static bool find_old(vci_talk *talk, rig_view message, const char *list)
{
    rig_view name;
    for (uint32_t i = 0; talk->num_old < VCI_OLD_MAX && rig_vici_item(message, list, i, &name); i++) {
        if (!rig_view_starts(name, VCI_PREFIX) || name.len > RIG_VICI_NAME_MAX)
            continue;
        memcpy(talk->old, name.ptr, name.len);
        talk->old[name.len] = 0;
        talk->num_old++;
        return true;
    }
    return false;
}

static vci_step took_conns(vci_pair *pair, rig_view message)
{
    return find_old(pair->talk, message, "conns") ? STEP_END_OLD : STEP_OLD_KEYS;
}

static vci_step took_keys(vci_pair *pair, rig_view message)
{
    if (find_old(pair->talk, message, "keys"))
        return STEP_UNLOAD_OLD_KEY;
    pair->vici->swept = true;
    return STEP_LISTEN;
}

static vci_step took_sa(vci_pair *pair, rig_view message)
{
    vci_talk *talk = pair->talk;
    (void)message;
    if (talk->found == VCI_AGREED)
        return pair->vici->config.device ? STEP_AGREED : STEP_LISTEN_POLICIES;
    if (talk->found == VCI_NOTHING && talk->step == STEP_FIND)
        return STEP_VERSION;
    if (talk->found == VCI_NOTHING) {
        rig_text text = why_of(talk);
        rig_text_add(&text, "charon says it is done, but shows no association");
    }
    return STEP_REFUSED;
}

/* Without it the kernel would send in the clear as soon as the association has ended. */
static vci_step took_policies(vci_pair *pair, rig_view message)
{
    vci_talk *talk = pair->talk;
    (void)message;
    if (talk->found == VCI_AGREED)
        return STEP_AGREED;
    if (talk->found == VCI_NOTHING) {
        rig_text text = why_of(talk);
        rig_text_add(&text, "charon shows no policy that keeps packets from leaving without protection");
    }
    return STEP_REFUSED;
}

static vci_step took_version(vci_pair *pair, rig_view message)
{
    rig_text text;
    rig_text_init(&text, pair->vici->version, sizeof pair->vici->version);
    rig_text_escaped(&text, rig_vici_value(message, "daemon"));
    rig_text_add(&text, " ");
    rig_text_escaped(&text, rig_vici_value(message, "version"));
    return STEP_ABILITIES;
}

static vci_step took_abilities(vci_pair *pair, rig_view message)
{
    rig_text text = why_of(pair->talk);
    return vci_able(pair, message, &text) ? STEP_KEY : STEP_REFUSED;
}

static vci_step took_loaded(vci_pair *pair, rig_view message)
{
    if (rig_view_is(rig_vici_value(message, "success"), "yes"))
        return pair->talk->step + 1;
    rig_text text = why_of(pair->talk);
    rig_text_add(&text, "charon refuses: ");
    rig_text_escaped(&text, rig_vici_value(message, "errmsg"));
    if (pair->talk->said[0])
        rig_text_add(&text, " (%s)", pair->talk->said);
    return STEP_REFUSED;
}

/* What is to be removed may be gone already. */
static vci_step took_removed(vci_pair *pair, rig_view message)
{
    (void)message;
    return pair->talk->step + 1;
}

static vci_step took_old(vci_pair *pair, rig_view message)
{
    (void)message;
    return pair->talk->step == STEP_UNLOAD_OLD ? STEP_OLD_CONNS : STEP_OLD_KEYS;
}

static const struct {
    const char *name;
    vci_fill *fill;
    vci_taken *taken;
    rig_vici_op op, answer;
} steps[] = {
    [STEP_OLD_CONNS] = {"get-conns", NULL, took_conns, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_END_OLD] = {"terminate", vci_fill_old_end, took_removed, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_UNLOAD_OLD] = {"unload-conn", vci_fill_old_name, took_old, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_OLD_KEYS] = {"get-shared", NULL, took_keys, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_UNLOAD_OLD_KEY] = {"unload-shared", vci_fill_old_id, took_old, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_LISTEN] = {"list-sa", NULL, took_removed, RIG_VICI_REGISTER, RIG_VICI_CONFIRM},
    [STEP_FIND] = {"list-sas", vci_fill_ike, took_sa, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_VERSION] = {"version", NULL, took_version, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_ABILITIES] = {"stats", NULL, took_abilities, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_KEY] = {"load-shared", vci_fill_key, took_loaded, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_CONN] = {"load-conn", vci_fill_conn, took_loaded, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_WATCH] = {"control-log", NULL, took_removed, RIG_VICI_REGISTER, RIG_VICI_CONFIRM},
    [STEP_INITIATE] = {"initiate", vci_fill_initiate, took_loaded, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_READ_BACK] = {"list-sas", vci_fill_ike, took_sa, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_LISTEN_POLICIES] = {"list-policy", NULL, took_removed, RIG_VICI_REGISTER, RIG_VICI_CONFIRM},
    [STEP_POLICIES] = {"list-policies", vci_fill_policies, took_policies, RIG_VICI_REQUEST,
                       RIG_VICI_RESPONSE},
    [STEP_CLEAN_SA] = {"terminate", vci_fill_end, took_removed, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_CLEAN_CONN] = {"unload-conn", vci_fill_name, took_removed, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
    [STEP_CLEAN_KEY] = {"unload-shared", vci_fill_id, took_removed, RIG_VICI_REQUEST, RIG_VICI_RESPONSE},
};

/* ---- going from one to the next ---- */

static void ask(vci_pair *pair, vci_step step, uint64_t now)
{
    vci_talk *talk = pair->talk;
    rig_vici_writer writer;
    talk->step = (uint8_t)step;
    talk->found = VCI_NOTHING;
    pair->at_charon = pair->at_charon || step == STEP_KEY;
    rig_vici_begin(&writer, talk->request, sizeof talk->request, steps[step].op, steps[step].name);
    if (steps[step].fill)
        steps[step].fill(pair, &writer);
    size_t len = rig_vici_finish(&writer);
    uint64_t wait = step == STEP_INITIATE ? pair->vici->config.wait + VCI_ANSWER : VCI_ANSWER;
    if (len)
        vci_talk_send(talk, len, now + wait);
    else
        vci_lost(pair, "a request of more bytes than there is room for", now);
}

static void agreed(vci_pair *pair, uint64_t now)
{
    pair->source = pair->talk->source;
    pair->ip = pair->ip.version ? pair->ip : pair->talk->peer;
    vci_talk_close(pair);
    pair->phase = VCI_IDLE;
    vci_log(pair, "%s mode%s, %s mode, by %s", pair->aggressive ? "aggressive" : "main",
            pair->pfs ? " with PFS" : "", pair->tunnel ? "tunnel" : "transport",
            pair->vici->version[0] ? pair->vici->version : "charon");
    vci_guard_agreed(pair, now);
}

static void cleaned(vci_pair *pair)
{
    pair->at_charon = false;
    vci_talk_close(pair);
    pair->phase = VCI_IDLE;
}

static void go_to(vci_pair *pair, vci_step next, uint64_t now)
{
    if (next == STEP_AGREED)
        agreed(pair, now);
    else if (next == STEP_CLEANED)
        cleaned(pair);
    else if (next == STEP_REFUSED)
        vci_refuse(pair, pair->talk->why, now);
    else
        ask(pair, next, now);
}

/* What was loaded and negotiated is removed; those who waited are told meanwhile. */
void vci_refuse(vci_pair *pair, const char *why, uint64_t now)
{
    vci_log(pair, "%s", why);
    pair->phase = VCI_CLEANING;
    ask(pair, STEP_CLEAN_SA, now);
    vci_guard_refused(pair, now);
}

/* Nothing more can be asked. */
void vci_lost(vci_pair *pair, const char *why, uint64_t now)
{
    bool asked = pair->phase == VCI_ASKING;
    vci_log(pair, "%s", why);
    vci_talk_close(pair);
    pair->at_charon = pair->at_charon && asked;
    pair->phase = VCI_IDLE;
    if (asked)
        vci_guard_refused(pair, now);
}

static void open_for(vci_pair *pair, vci_phase phase, uint64_t now)
{
    char why[VCI_TEXT_MAX];
    rig_text text;
    pair->phase = (uint8_t)phase;
    rig_status status = vci_talk_open(pair);
    if (!status)
        return;
    rig_text_init(&text, why, sizeof why);
    rig_text_add(&text, "charon cannot be asked: %s", rig_status_meaning(status));
    vci_lost(pair, why, now);
}

void vci_begin(vci_pair *pair, uint64_t now)
{
    open_for(pair, VCI_ASKING, now);
}

void vci_clean(vci_pair *pair, uint64_t now)
{
    open_for(pair, VCI_CLEANING, now);
}

void vci_opened(vci_pair *pair, uint64_t now)
{
    vci_step first = pair->vici->swept ? STEP_LISTEN : STEP_OLD_CONNS;
    ask(pair, pair->phase == VCI_CLEANING ? STEP_CLEAN_SA : first, now);
}

/* ---- what comes ---- */

/* Each packet that is sent, and what it is made of, tells nothing of the reason. */
static bool is_routine(rig_view group)
{
    return rig_view_is(group, "NET") || rig_view_is(group, "ENC");
}

static void took_event(vci_pair *pair, const rig_vici_packet *packet)
{
    vci_talk *talk = pair->talk;
    rig_text text;
    if ((talk->step == STEP_FIND || talk->step == STEP_READ_BACK) && rig_view_is(packet->name, "list-sa"))
        vci_compare(pair, packet->message);
    if (talk->step == STEP_POLICIES && rig_view_is(packet->name, "list-policy"))
        vci_compare_policy(pair, packet->message);
    if (talk->step != STEP_INITIATE || !rig_view_is(packet->name, "control-log") ||
        is_routine(rig_vici_value(packet->message, "group")))
        return;
    rig_text_init(&text, talk->said, sizeof talk->said);
    rig_text_escaped(&text, rig_vici_value(packet->message, "msg"));
}

void vci_answered(vci_pair *pair, const rig_vici_packet *packet, uint64_t now)
{
    const vci_talk *talk = pair->talk;
    if (packet->op == RIG_VICI_EVENT) {
        took_event(pair, packet);
        return;
    }
    bool asked = talk->open && talk->sent == talk->request_len && talk->request_len > 0;
    if (!asked || packet->op != steps[talk->step].answer) {
        char why[VCI_TEXT_MAX];
        rig_text text;
        rig_text_init(&text, why, sizeof why);
        rig_text_add(&text, "charon answers %s by packet type %u", asked ? steps[talk->step].name : "nothing",
                     (unsigned)packet->op);
        vci_lost(pair, why, now);
        return;
    }
    go_to(pair, steps[talk->step].taken(pair, packet->message), now);
}
