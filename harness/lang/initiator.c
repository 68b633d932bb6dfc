/* The sections initiator, hba, persist and ipsec. */
#include "lang.h"

#define ISID_LEN 6

typedef struct initiator_time {
    uint32_t word;
    size_t offset;
} initiator_time;

static const initiator_time initiator_times[] = {
    {LANG_I_LOGIN_TIMEOUT, offsetof(rig_scn_initiator, login_timeout)},
    {LANG_COMMAND_TIMEOUT, offsetof(rig_scn_initiator, command_timeout)},
    {LANG_NOOP_INTERVAL, offsetof(rig_scn_initiator, noop_interval)},
    {LANG_NOOP_TIMEOUT, offsetof(rig_scn_initiator, noop_timeout)},
    {LANG_RECOVERY_TIMEOUT, offsetof(rig_scn_initiator, recovery_timeout)},
};

static bool offers(lang_parser *p, const rig_scn_arg *arg)
{
    for (uint32_t i = 0; i < arg->num_pairs; i++) {
        rig_scn_pair *pair = LANG_ADD(p, &p->initiator_offers, rig_scn_pair);
        if (!pair)
            return lang_nomem(p->report);
        *pair = arg->pairs[i];
    }
    return true;
}

static bool isid(lang_parser *p, const rig_scn_arg *arg, rig_scn_initiator *out)
{
    if (arg->value.bytes.len != ISID_LEN)
        return lang_bad_at(p, arg->value.place, RIG_E_LIMIT, "an ISID has 6 bytes");
    out->isid = rig_be_get(arg->value.bytes.ptr, ISID_LEN);
    out->has_isid = true;
    return true;
}

static bool cmdsn(lang_parser *p, const rig_scn_arg *arg, rig_scn_initiator *out)
{
    out->cmdsn = (uint32_t)arg->value.number;
    out->has_cmdsn = true;
    return arg->value.number <= UINT32_MAX ||
           lang_bad_at(p, arg->value.place, RIG_E_LIMIT, "CmdSN has 32 bits");
}

static void times(uint32_t word, const rig_scn_arg *arg, rig_scn_initiator *out)
{
    for (size_t i = 0; i < sizeof(initiator_times) / sizeof(initiator_times[0]); i++)
        if (initiator_times[i].word == word)
            *(uint64_t *)(void *)((uint8_t *)out + initiator_times[i].offset) = arg->value.number;
    out->has_noop_interval = out->has_noop_interval || word == LANG_NOOP_INTERVAL;
}

static bool take(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_scn_initiator *out = &p->out->initiator;
    const rig_scn_arg *first = &args->given[0];
    switch (args->word->id) {
    case LANG_NAME:
        out->name = first->value.text;
        return true;
    case LANG_I_ALIAS:
        out->alias = first->value.text;
        return true;
    case LANG_I_OFFER:
        return offers(p, first);
    case LANG_ISID:
        return isid(p, first, out);
    case LANG_CMDSN:
        return cmdsn(p, first, out);
    case LANG_RECONNECT:
        out->reconnect = first->value.number != 0;
        return true;
    case LANG_ARCHITECTURE:
        out->tell_architecture = first->value.number != 0;
        return true;
    case LANG_STAGE:
        out->stage = first->value.number == 0 ? RIG_SCN_STAGE_SECURITY : RIG_SCN_STAGE_OPERATIONAL;
        return true;
    case LANG_I_AUTH:
        return lang_auth_read(p, args, place, first->value.number == 0, &out->auth);
    default:
        times(args->word->id, first, out);
        return true;
    }
}

typedef bool take_fn(lang_parser *p, const lang_args *args, rig_scn_place place);

/* One statement of a section may hold several words one after the other. */
static bool words(lang_parser *p, lang_cursor *c, rig_scn_group group, const char *what, take_fn *each)
{
    while (!lang_end(p, c)) {
        uint32_t first = c->at;
        const rig_scn_word *word = lang_word_take(p, c, group);
        if (!word)
            return lang_unknown_word(p, lang_place(p, c->at), what, lang_peek(p, c), group);
        lang_args args;
        if (!lang_args_read(p, c, word, &args) || !each(p, &args, lang_place_span(p, first, c->at)))
            return false;
    }
    return true;
}

static bool initiator_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return words(p, c, RIG_SCN_G_INITIATOR, "word in initiator", take);
}

bool lang_initiator_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->initiator.place = lang_place(p, lang_words_on(p, stmt).at);
    return lang_section_each(p, stmt, rest, initiator_stmt);
}

/* ---- hba ---- */

static bool adapter(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_scn_adapter *out = LANG_ADD(p, &p->adapters, rig_scn_adapter);
    if (!out)
        return lang_nomem(p->report);
    out->place = place;
    out->name = lang_arg(args, "NAME")->value.text;
    out->hardware = lang_arg(args, "kind")->value.number == 1;
    return true;
}

static bool hba_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return words(p, c, RIG_SCN_G_HBA, "word in hba", adapter);
}

bool lang_hba_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->needs |= RIG_SCN_NEEDS_HBA;
    return lang_section_each(p, stmt, rest, hba_stmt);
}

/* ---- persist ---- */

static bool persist_port(lang_parser *p, const rig_scn_arg *arg, rig_scn_persist *out)
{
    uint64_t number;
    out->port = -1;
    if (!arg || rig_view_is(arg->value.text, "any"))
        return true;
    if (!rig_view_u64(arg->value.text, &number) || number > INT32_MAX)
        return lang_bad_at(p, arg->value.place, RIG_E_SYNTAX, "port is any or a number");
    out->port = (int32_t)number;
    return true;
}

static bool persist_flags(lang_parser *p, const rig_scn_arg *arg, rig_scn_persist *out)
{
    if (!arg)
        return true;
    out->flags_text = arg->value.text;
    out->has_flag_bits = lang_flags(arg->value.text, &out->flags);
    return out->has_flag_bits ||
           lang_bad_at(p, arg->value.place, RIG_E_NOT_FOUND, "flags are a number, or some of %s joined by +",
                       lang_flags_members());
}

static bool persist(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_scn_persist *out = LANG_ADD(p, &p->persists, rig_scn_persist);
    if (!out)
        return lang_nomem(p->report);
    const rig_scn_arg *at = lang_arg(args, "at"), *keys = lang_arg(args, "offer"),
                      *auth = lang_arg(args, "auth");
    out->place = place;
    out->target = lang_arg(args, "IQN")->value.text;
    out->portal = at ? at->value.text : rig_view_of("", 0);
    out->informational = lang_arg(args, "informational") != NULL;
    out->offers = keys ? keys->pairs : NULL;
    out->num_offers = keys ? keys->num_pairs : 0;
    return persist_port(p, lang_arg(args, "port"), out) && persist_flags(p, lang_arg(args, "flags"), out) &&
           lang_auth_read(p, args, place, auth && auth->value.number == 0, &out->auth);
}

static bool persist_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return words(p, c, RIG_SCN_G_PERSIST, "word in persist", persist);
}

bool lang_persist_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->needs |= RIG_SCN_NEEDS_HBA;
    return lang_section_each(p, stmt, rest, persist_stmt);
}

/* ---- ipsec ---- */

static bool policy(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    (void)place;
    p->out->ipsec_policy = args->given[0].value.text;
    return true;
}

static bool ipsec_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return words(p, c, RIG_SCN_G_IPSEC, "word in ipsec", policy);
}

bool lang_ipsec_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->needs |= RIG_SCN_NEEDS_IPSEC;
    return lang_section_each(p, stmt, rest, ipsec_stmt);
}
