/* The logins of the capture as the list that the initiator service keeps. */
#include "rig/trace.h"

#include "replay.h"

#define LOGINS_MAX 256 /* kept logins of one scenario */

typedef struct kept {
    rig_view target, portal, user;
    uint32_t connection;
} kept;

typedef struct list {
    kept logins[LOGINS_MAX];
    uint32_t num;
} list;

static rig_view portal_of(const rig_steps *steps, uint32_t connection)
{
    for (size_t i = 0; i < steps->num; i++) {
        const rig_step *step = &steps->ptr[i];
        if (step->kind == RIG_STEP_CONNECT && step->connection == connection)
            return step->item.kind == RIG_ITEM_EVENT ? step->item.args : (rig_view){0};
    }
    return (rig_view){0};
}

/* What a connection's login came to, as one side said it last. */
static rig_view said(const rig_steps *steps, uint32_t connection, bool to_target, const char *key)
{
    rig_view value = {0};
    for (size_t i = 0; i < steps->num; i++) {
        const rig_step *step = &steps->ptr[i];
        bool login = rpl_kind(step) == RIG_PDU_LOGIN_REQ || rpl_kind(step) == RIG_PDU_LOGIN_RESP;
        rig_view now = login && step->connection == connection && step->to_target == to_target
                           ? rpl_key(step, key)
                           : (rig_view){0};
        value = now.len ? now : value;
    }
    return value;
}

static bool is_listed(const list *l, const kept *login)
{
    for (uint32_t i = 0; i < l->num; i++)
        if (rig_view_eq(l->logins[i].target, login->target) &&
            rig_view_eq(l->logins[i].portal, login->portal))
            return true;
    return false;
}

/* A session that came up; what was refused is nobody's wish to keep, and discovery is none of a target. */
static bool came_up(const rig_step *step)
{
    return rpl_kind(step) == RIG_PDU_LOGIN_RESP && rig_get(step->bhs, RIG_F_LOGIN_STATUS) >> 8 == 0 &&
           rig_get(step->bhs, RIG_F_T) && rig_get(step->bhs, RIG_F_NSG) == 3;
}

static bool leads(const rig_steps *steps, uint32_t connection)
{
    for (size_t i = 0; i < steps->num; i++)
        if (rpl_kind(&steps->ptr[i]) == RIG_PDU_LOGIN_REQ && steps->ptr[i].connection == connection)
            return rig_get32(steps->ptr[i].bhs, RIG_F_TSIH) == 0;
    return false;
}

static void find(const rig_steps *steps, list *l)
{
    for (size_t i = 0; i < steps->num && l->num < LOGINS_MAX; i++) {
        uint32_t connection = steps->ptr[i].connection;
        if (!came_up(&steps->ptr[i]) || !leads(steps, connection))
            continue;
        const kept login = {.target = said(steps, connection, true, "TargetName"),
                            .portal = portal_of(steps, connection),
                            .user = said(steps, connection, true, "CHAP_N"),
                            .connection = connection};
        if (rig_iname_check(login.target, NULL, NULL) == RIG_OK && !is_listed(l, &login))
            l->logins[l->num++] = login;
    }
}

/* ---- saying ---- */

/* The options that a login keeps. */
static void put_options(const rig_replay *replay, const kept *login, rig_text *out)
{
    static const char *const keys[] = {"HeaderDigest", "DataDigest", "MaxConnections", "DefaultTime2Wait",
                                       "DefaultTime2Retain"};
    bool first = true;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        rig_view value = said(replay->steps, login->connection, false, keys[i]);
        if (value.len == 0 || rig_view_is(value, "Irrelevant") || rig_view_is(value, "Reject"))
            continue;
        rig_text_add(out, "%s%s=", first ? "\n      offer " : " ", keys[i]);
        rig_trace_word(out, value);
        first = false;
    }
}

static void put_secret(const rig_replay *replay, const kept *login, rig_text *out)
{
    for (uint32_t i = 0; i < replay->num_secrets; i++)
        if (login->user.len && rig_view_eq(replay->secrets[i].name, login->user)) {
            rig_text_add(out, "\n      auth CHAP user=");
            rig_trace_word(out, login->user);
            rig_text_add(out, " secret=");
            rig_trace_quoted(out, replay->secrets[i].secret);
            return;
        }
    if (login->user.len) {
        rig_text_add(out, "\n      # it gave CHAP_N=");
        rig_text_escaped(out, login->user);
        rig_text_add(out, "; its secret is not known: --chap USER:SECRET");
    }
}

static void put_login(const rig_replay *replay, const kept *login, rig_text *out)
{
    rig_text_add(out, "  login %.*s", RIG_VIEW_ARG(login->target));
    if (login->portal.len)
        rig_text_add(out, " at %.*s", RIG_VIEW_ARG(login->portal));
    put_options(replay, login, out);
    put_secret(replay, login, out);
    rig_text_add(out, "\n");
}

static void put_initiator(const rig_replay *replay, const list *l, rig_text *out)
{
    rig_view name = said(replay->steps, l->logins[0].connection, true, "InitiatorName");
    if (rig_iname_check(name, NULL, NULL) == RIG_OK)
        rig_text_add(out, "initiator\n  name %.*s\n", RIG_VIEW_ARG(name));
}

rig_status rpl_logins(const rig_replay *replay, rig_text *out)
{
    list *l = rig_new(replay->alloc, sizeof *l);
    if (!l)
        return RIG_E_NOMEM;
    find(replay->steps, l);
    uint32_t num = l->num;
    if (num) {
        put_initiator(replay, l, out);
        rig_text_add(out, "persist\n");
    }
    for (uint32_t i = 0; i < num; i++)
        put_login(replay, &l->logins[i], out);
    if (num)
        rig_text_add(out, "run\n  hba load\n  wait service ready\n");
    for (uint32_t i = 0; i < num; i++)
        rig_text_add(out, "must ! session up target=%.*s persistent=yes\n",
                     RIG_VIEW_ARG(l->logins[i].target));
    rig_delete(replay->alloc, l, sizeof *l);
    return num ? RIG_OK : RIG_E_NOT_FOUND;
}
