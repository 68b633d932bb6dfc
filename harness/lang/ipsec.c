/* The section ipsec: the peer of security negotiations, and how both ends carry them out. */
#include "lang.h"

#define SECOND UINT64_C(1000000000)
#define LIFE_MAX (UINT32_MAX * SECOND)

enum { INITIATOR, TARGET };

/* Names of suites, as bits of rig_ipsec_suite. */
static const char *const suites[] = {"aes128-sha256", "aes128-sha1", "aes256-sha256", "null-sha256",
                                     "3des-sha1",     "aes128-none", "des-sha1"};

#define SUITES (sizeof suites / sizeof suites[0])

static bool policy(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    (void)place;
    p->out->ipsec.profile[TARGET].refuses = rig_view_is(lang_arg(args, "POLICY")->value.text, "refuses");
    p->out->ipsec.required = lang_arg(args, "required") != NULL;
    return true;
}

static bool key(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *secret = lang_arg(args, "SECRET"), *id = lang_arg(args, "for");
    if (secret->value.text.len == 0 || secret->value.text.len > RIG_IPSEC_KEY_MAX)
        return lang_bad_at(p, secret->value.place, RIG_E_LIMIT, "a key has 1 to %d bytes", RIG_IPSEC_KEY_MAX);
    rig_scn_ipsec_key *added = LANG_ADD(p, &p->ipsec_keys, rig_scn_ipsec_key);
    if (!added)
        return lang_nomem(p->report);
    *added = (rig_scn_ipsec_key){place, secret->value.text, id ? id->value.text : rig_view_of("", 0)};
    p->out->ipsec.keyless = p->out->ipsec.keyless || lang_arg(args, "peer-only");
    return true;
}

static rig_ipsec_will will(const lang_args *args, const char *name, const char *always)
{
    const rig_scn_arg *arg = lang_arg(args, name);
    return !arg                                   ? RIG_IPSEC_EITHER
           : rig_view_is(arg->value.text, always) ? RIG_IPSEC_ALWAYS
                                                  : RIG_IPSEC_NEVER;
}

static bool peer(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_ipsec_profile *profile = &p->out->ipsec.profile[TARGET];
    (void)place;
    profile->aggressive = will(args, "exchange", "aggressive");
    profile->pfs = will(args, "pfs", "always");
    profile->tunnel = will(args, "encapsulation", "tunnel");
    return true;
}

/* ---- offers ---- */

static bool suite_set(lang_parser *p, const rig_scn_arg *arg, unsigned *out)
{
    rig_view rest = arg ? arg->value.text : rig_view_of(NULL, 0);
    while (rest.ptr) {
        rig_view name = rig_view_split(&rest, '+');
        size_t i = 0;
        while (i < SUITES && !rig_view_is(name, suites[i]))
            i++;
        if (i == SUITES)
            return lang_bad_at(p, arg->value.place, RIG_E_NOT_FOUND,
                               "suites are some of aes128-sha256, aes128-sha1, aes256-sha256, null-sha256, "
                               "3des-sha1, aes128-none and des-sha1, joined by +");
        *out |= 1u << i;
    }
    return true;
}

static bool life(lang_parser *p, const rig_scn_arg *arg, uint32_t *out)
{
    if (!arg)
        return true;
    if (arg->value.number < SECOND || arg->value.number > LIFE_MAX || arg->value.number % SECOND)
        return lang_bad_at(p, arg->value.place, RIG_E_LIMIT, "lives are whole seconds, 1 to %u", UINT32_MAX);
    *out = (uint32_t)(arg->value.number / SECOND);
    return true;
}

/* The one that is taken, and one that is only there to be refused. */
static bool group(lang_parser *p, const rig_scn_arg *arg, uint16_t *out)
{
    if (!arg)
        return true;
    if (arg->value.number != 14 && arg->value.number != 2)
        return lang_bad_at(p, arg->value.place, RIG_E_LIMIT, "groups are 14, or 2 to be refused");
    *out = (uint16_t)arg->value.number;
    return true;
}

static bool offer(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_view side = lang_arg(args, "SIDE")->value.text;
    (void)place;
    for (unsigned at = INITIATOR; at <= TARGET; at++) {
        rig_ipsec_profile *profile = &p->out->ipsec.profile[at];
        if (rig_view_is(side, at == INITIATOR ? "target" : "initiator"))
            continue;
        if (lang_arg(args, "esn"))
            profile->esn = RIG_IPSEC_ALWAYS;
        if (!group(p, lang_arg(args, "group"), &profile->group) ||
            !suite_set(p, lang_arg(args, "esp"), &profile->suites) ||
            !suite_set(p, lang_arg(args, "ike"), &profile->ike_suites) ||
            !life(p, lang_arg(args, "life"), &profile->life) ||
            !life(p, lang_arg(args, "ike-life"), &profile->ike_life))
            return false;
    }
    return true;
}

/* ---- the rest ---- */

static bool gateway(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_ip ip;
    rig_view address = args->given[0].value.text;
    if (!rig_ip_parse(address, &ip))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "a gateway has a numeric address");
    p->out->ipsec.gateway = address;
    return true;
}

static bool fault(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *side = lang_arg(args, "of");
    rig_ipsec_fault which = rig_ipsec_fault_find(lang_arg(args, "FAULT")->value.text);
    (void)place;
    if (which < RIG_IPSEC_FAULTS)
        p->out->ipsec.faults[side && rig_view_is(side->value.text, "target")] |= UINT64_C(1) << which;
    return true;
}

static bool ipsec_word(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    static bool (*const words[])(lang_parser *, const lang_args *, rig_scn_place) = {
        [LANG_IPSEC_POLICY] = policy, [LANG_IPSEC_KEY] = key,         [LANG_IPSEC_PEER] = peer,
        [LANG_IPSEC_OFFER] = offer,   [LANG_IPSEC_GATEWAY] = gateway, [LANG_IPSEC_FAULT] = fault,
    };
    return words[args->word->id](p, args, place);
}

static bool ipsec_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return lang_section_words(p, c, RIG_SCN_G_IPSEC, "word in ipsec", ipsec_word);
}

bool lang_ipsec_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->needs |= RIG_SCN_NEEDS_IPSEC;
    p->out->ipsec.said = true;
    return lang_section_each(p, stmt, rest, ipsec_stmt);
}
