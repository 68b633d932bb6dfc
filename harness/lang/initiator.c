/* The section initiator. */
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

bool lang_section_words(lang_parser *p, lang_cursor *c, rig_scn_group group, const char *what,
                        lang_word_fn *each)
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
    return lang_section_words(p, c, RIG_SCN_G_INITIATOR, "word in initiator", take);
}

bool lang_initiator_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->initiator.place = lang_place(p, lang_words_on(p, stmt).at);
    return lang_section_each(p, stmt, rest, initiator_stmt);
}
