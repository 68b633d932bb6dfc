/* The section isns: the simulated iSNS server, and what it hands out. */
#include "lang.h"

#include "rig/isns_server.h"

static bool numeric(lang_parser *p, const rig_scn_arg *at)
{
    rig_portal portal;
    rig_ip ip;
    return !at ||
           (rig_portal_parse(at->value.text, &portal, NULL) == RIG_OK &&
            rig_ip_parse(rig_view_str(portal.host), &ip)) ||
           lang_bad_at(p, at->value.place, RIG_E_SYNTAX, "iSNS wants numeric addresses");
}

static bool at(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_scn_isns *isns = &p->out->isns;
    if (isns->portal.len)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "there is one iSNS server, at one address");
    if (!numeric(p, &args->given[0]))
        return false;
    isns->place = place;
    isns->portal = args->given[0].value.text;
    return true;
}

static rig_view text_of(const lang_args *args, const char *name)
{
    const rig_scn_arg *arg = lang_arg(args, name);
    return arg ? arg->value.text : rig_view_of("", 0);
}

static bool node(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *group = lang_arg(args, "group"), *flags = lang_arg(args, "flags");
    rig_scn_isns_node out = {.place = place,
                             .name = text_of(args, "IQN"),
                             .alias = text_of(args, "alias"),
                             .portal = text_of(args, "at"),
                             .group = group ? (int32_t)group->value.number : 1,
                             .has_flags = flags != NULL,
                             .only = text_of(args, "only"),
                             .hidden = lang_arg(args, "hidden") != NULL};
    if (!numeric(p, lang_arg(args, "at")))
        return false;
    if (group && group->value.number > UINT16_MAX)
        return lang_bad_at(p, group->value.place, RIG_E_LIMIT, "a portal group tag is 0 to %d", UINT16_MAX);
    if (flags && !lang_flags(flags->value.text, &out.flags))
        return lang_bad_at(p, flags->value.place, RIG_E_NOT_FOUND,
                           "flags are a number, or some of %s joined by +", lang_flags_members());
    if (lang_arg(args, "null-group"))
        out.group = -1;
    rig_scn_isns_node *added = LANG_ADD(p, &p->isns_nodes, rig_scn_isns_node);
    if (!added)
        return lang_nomem(p->report);
    *added = out;
    return true;
}

static bool split(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    uint64_t bytes = args->given[0].value.number;
    if (bytes == 0 || bytes % 4 || bytes > RIG_ISNS_PAYLOAD_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "a payload is a multiple of 4 up to %d",
                           RIG_ISNS_PAYLOAD_MAX);
    p->out->isns.split = (uint32_t)bytes;
    return true;
}

static bool period(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    uint64_t seconds = args->given[0].value.number / RIG_SECOND;
    if (seconds == 0 || seconds > UINT32_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "a registration lasts some seconds");
    p->out->isns.period = (uint32_t)seconds;
    return true;
}

static bool refuse(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_scn_isns_refusal *added = LANG_ADD(p, &p->isns_refusals, rig_scn_isns_refusal);
    (void)place;
    if (!added)
        return lang_nomem(p->report);
    *added = (rig_scn_isns_refusal){(uint16_t)lang_arg(args, "FUNCTION")->value.number,
                                    (uint32_t)lang_arg(args, "ISNS-STATUS")->value.number};
    return true;
}

static bool fault(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    (void)place;
    p->out->isns.fault = (uint32_t)args->given[0].value.number;
    return true;
}

static bool isns_word(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    static lang_word_fn *const takes[] = {
        [LANG_ISNS_AT] = at,         [LANG_ISNS_NODE] = node,     [LANG_ISNS_SPLIT] = split,
        [LANG_ISNS_PERIOD] = period, [LANG_ISNS_REFUSE] = refuse, [LANG_ISNS_FAULT] = fault};
    return takes[args->word->id](p, args, place);
}

static bool isns_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return lang_section_words(p, c, RIG_SCN_G_ISNS, "word in isns", isns_word);
}

bool lang_isns_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->needs |= RIG_SCN_NEEDS_SIM | RIG_SCN_NEEDS_HBA;
    if (!lang_section_each(p, stmt, rest, isns_stmt))
        return false;
    return p->out->isns.portal.len ||
           lang_bad(p, &rest, RIG_E_SYNTAX, "an iSNS server wants its address: at ADDR:PORT");
}
