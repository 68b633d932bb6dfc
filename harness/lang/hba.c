/* The sections hba and persist: the adapters, and what the store of the service holds. */
#include "lang.h"

#include "rig/hba.h"

/* ---- hba ---- */

static bool quirk_ok(lang_parser *p, const rig_scn_arg *arg)
{
    lang_known known = {.num = 0};
    if (!arg || rig_quirks_find(arg->value.text))
        return true;
    for (size_t i = 0; rig_quirks_at(i); i++)
        lang_known_add(&known, rig_quirks_at(i)->name);
    return lang_unknown(p, arg->value.place, "quirk", arg->value.text, &known);
}

static bool adapter(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *quirk = lang_arg(args, "quirk");
    if (p->adapters.num == RIG_ADAPTERS_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "a machine has at most %d adapters", RIG_ADAPTERS_MAX);
    if (!quirk_ok(p, quirk))
        return false;
    rig_scn_adapter *out = LANG_ADD(p, &p->adapters, rig_scn_adapter);
    if (!out)
        return lang_nomem(p->report);
    p->adapter_ports = (lang_vec){.num = 0};
    *out = (rig_scn_adapter){.place = place,
                             .name = lang_arg(args, "NAME")->value.text,
                             .quirk = quirk ? quirk->value.text : rig_view_of("", 0),
                             .hardware = lang_arg(args, "kind")->value.number == 1,
                             .ipsec = lang_arg(args, "ipsec") != NULL,
                             .aggressive = lang_arg(args, "aggressive") != NULL,
                             .tunnel = lang_arg(args, "tunnel") != NULL};
    return true;
}

/* The addresses are the simulated network's: on sockets the host has its own. */
static bool port(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *address = lang_arg(args, "ADDRESS/BITS");
    if (p->adapters.num == 0)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "a port wants an adapter above it");
    if (p->adapter_ports.num == RIG_ADAPTER_PORTS_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "an adapter has at most %d ports", RIG_ADAPTER_PORTS_MAX);
    rig_scn_port *out = LANG_ADD(p, &p->adapter_ports, rig_scn_port);
    if (!out)
        return lang_nomem(p->report);
    *out = (rig_scn_port){place, address->value.text, (uint8_t)address->value.number,
                          lang_arg(args, "down") != NULL, lang_arg(args, "strict-gateway") != NULL};
    rig_scn_adapter *owner = &((rig_scn_adapter *)p->adapters.ptr)[p->adapters.num - 1];
    owner->ports = p->adapter_ports.ptr;
    owner->num_ports = p->adapter_ports.num;
    p->out->needs |= RIG_SCN_NEEDS_SIM;
    return true;
}

static bool in_force(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *number = lang_arg(args, "port");
    if (p->adapters.num == 0)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "policy wants an adapter above it");
    if (number && number->value.number >= RIG_ADAPTER_PORTS_MAX)
        return lang_bad_at(p, number->value.place, RIG_E_LIMIT, "an adapter has at most %d ports",
                           RIG_ADAPTER_PORTS_MAX);
    if (p->policies.num == LANG_POLICIES_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "at most %d policies", LANG_POLICIES_MAX);
    rig_scn_policy *out = LANG_ADD(p, &p->policies, rig_scn_policy);
    if (!out)
        return lang_nomem(p->report);
    *out = (rig_scn_policy){.place = place,
                            .adapter = p->adapters.num - 1,
                            .port = number ? (uint32_t)number->value.number : 0,
                            .portal = lang_arg(args, "ADDR:PORT")->value.text,
                            .ipsec = lang_arg(args, "PROTECTION")->value.number == 1,
                            .aggressive = lang_arg(args, "aggressive") != NULL,
                            .pfs = lang_arg(args, "pfs") != NULL,
                            .tunnel = lang_arg(args, "tunnel") != NULL};
    return true;
}

static bool boots(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *given = &args->given[0];
    const rig_scn_adapter *adapters = p->adapters.ptr;
    lang_vec members = {.num = 0};
    if (p->adapters.num == 0)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "boots wants an adapter above it");
    bool ok = lang_member_add(p, &members, place, "initiator", adapters[p->adapters.num - 1].name);
    for (uint32_t i = 0; i < given->num_members && ok; i++) {
        rig_scn_member *member = LANG_ADD(p, &members, rig_scn_member);
        ok = member || lang_nomem(p->report);
        if (member)
            *member = given->members[i];
    }
    rig_scn_row *out = ok ? LANG_ADD(p, &p->boots, rig_scn_row) : NULL;
    if (ok && !out)
        return lang_nomem(p->report);
    if (out)
        *out = (rig_scn_row){place, rig_view_str("login"), RIG_RECORD_login, members.ptr, members.num};
    return ok;
}

static bool flags_ok(lang_parser *p, const rig_scn_arg *arg)
{
    uint64_t flags;
    return !arg || lang_flags(arg->value.text, &flags) ||
           lang_bad_at(p, arg->value.place, RIG_E_NOT_FOUND, "flags are a number, or some of %s joined by +",
                       lang_flags_members());
}

static bool radius_ok(lang_parser *p, const rig_scn_arg *arg)
{
    static const char *const verdicts[] = {"accept", "reject", "silent"};
    for (rig_view rest = arg ? arg->value.text : (rig_view){0}; rest.ptr;) {
        rig_view verdict = rig_view_split(&rest, '+');
        size_t i = 0;
        while (i < sizeof verdicts / sizeof verdicts[0] && !rig_view_is(verdict, verdicts[i]))
            i++;
        if (i == sizeof verdicts / sizeof verdicts[0])
            return lang_bad_at(p, arg->value.place, RIG_E_NOT_FOUND,
                               "a RADIUS server says accept, reject or silent; more than one joined by +");
    }
    return true;
}

static bool tune(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    rig_scn_arg *copy = lang_take(p->arena, (args->num + 1) * sizeof *copy);
    if (!copy)
        return lang_nomem(p->report);
    if (p->out->tuning.args)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "tune is given twice");
    if (!flags_ok(p, lang_arg(args, "default-security")) || !radius_ok(p, lang_arg(args, "radius")))
        return false;
    memcpy(copy, args->given, args->num * sizeof *copy);
    p->out->tuning = (rig_scn_tuning){copy, args->num};
    return true;
}

static bool hba_word(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    static lang_word_fn *const takes[] = {[LANG_ADAPTER] = adapter,
                                          [LANG_ADAPTER_PORT] = port,
                                          [LANG_IN_FORCE] = in_force,
                                          [LANG_BOOTS] = boots,
                                          [LANG_TUNE] = tune};
    return takes[args->word->id](p, args, place);
}

static bool hba_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return lang_section_words(p, c, RIG_SCN_G_HBA, "word in hba", hba_word);
}

bool lang_hba_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->needs |= RIG_SCN_NEEDS_HBA;
    return lang_section_each(p, stmt, rest, hba_stmt);
}

/* ---- persist ---- */

static rig_scn_row *row_add(lang_parser *p, rig_scn_place place, const char *kind, rig_record_id record)
{
    rig_scn_row *out = LANG_ADD(p, &p->rows, rig_scn_row);
    if (!out)
        lang_nomem(p->report);
    else
        *out = (rig_scn_row){.place = place, .kind = rig_view_str(kind), .record = record};
    return out;
}

/* The options that a login keeps; everything else it negotiates is the adapter's affair. */
static const struct {
    const char *key, *path;
} kept_offers[] = {
    {"HeaderDigest", "options.header-digest"},     {"DataDigest", "options.data-digest"},
    {"MaxConnections", "options.max-connections"}, {"DefaultTime2Wait", "options.time2wait"},
    {"DefaultTime2Retain", "options.time2retain"},
};

static bool offer(lang_parser *p, lang_vec *members, const rig_scn_pair *pair)
{
    for (size_t i = 0; i < sizeof kept_offers / sizeof kept_offers[0]; i++)
        if (rig_view_is(pair->key, kept_offers[i].key))
            return lang_member_add(p, members, pair->place, kept_offers[i].path, pair->value);
    return lang_bad_at(p, pair->place, RIG_E_NOT_FOUND,
                       "a login keeps HeaderDigest, DataDigest, MaxConnections, DefaultTime2Wait and "
                       "DefaultTime2Retain; what else is offered stands in the section initiator");
}

static bool offers(lang_parser *p, lang_vec *members, const rig_scn_arg *arg)
{
    bool ok = true;
    for (uint32_t i = 0; arg && i < arg->num_pairs && ok; i++)
        ok = offer(p, members, &arg->pairs[i]);
    return ok;
}

/* The secret that targets prove themselves with is one for all of them. */
static bool target_secret(lang_parser *p, rig_scn_place place, rig_view secret)
{
    static const char name[] = "chap-secret";
    lang_vec members = {.num = 0};
    rig_scn_row *rows = p->rows.ptr;
    for (uint32_t i = 0; i < p->rows.num; i++)
        if (rows[i].record == RIG_RECORD_setting && rig_view_is(rows[i].members[0].value, name))
            return rig_view_eq(rows[i].members[1].value, secret) ||
                   lang_bad_at(p, place, RIG_E_SYNTAX,
                               "another secret is kept already: all targets prove themselves with one");
    if (!lang_member_add(p, &members, place, "setting", rig_view_str(name)) ||
        !lang_member_add(p, &members, place, "value", secret))
        return false;
    rig_scn_row *row = row_add(p, place, "setting", RIG_RECORD_setting);
    if (!row)
        return false;
    row->members = members.ptr;
    row->num_members = members.num;
    return true;
}

static bool credentials(lang_parser *p, const lang_args *args, rig_scn_place place, lang_vec *members)
{
    const rig_scn_arg *method = lang_arg(args, "auth"), *mutual = lang_arg(args, "target-secret");
    bool chap = method && method->value.number == 0;
    const rig_scn_arg *user = lang_arg(args, "user"), *secret = lang_arg(args, "secret");
    if (!chap && (user || secret || mutual))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "user and secret belong behind the authentication method");
    if (chap && (!user || !secret))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "CHAP wants user= and secret=");
    if (!method)
        return true;
    const char *type = !chap ? "none" : mutual ? "mutual-CHAP" : "CHAP";
    bool ok = lang_member_add(p, members, place, "options.auth-type", rig_view_str(type));
    if (ok && chap)
        ok = lang_member_add(p, members, place, "options.username", user->value.text) &&
             lang_member_add(p, members, place, "options.password", secret->value.text);
    return ok && (!mutual || target_secret(p, place, mutual->value.text));
}

/* Each kept login has an ISID of its own. */
static rig_view next_isid(lang_parser *p)
{
    rig_scn_value value = {.number = 1};
    const rig_scn_row *rows = p->rows.ptr;
    for (uint32_t i = 0; i < p->rows.num; i++)
        value.number += rows[i].record == RIG_RECORD_login;
    lang_number_set(p, &value, value.number);
    return value.text;
}

static bool argument(lang_parser *p, const lang_args *args, const char *name, lang_vec *members,
                     const char *path)
{
    const rig_scn_arg *arg = lang_arg(args, name);
    bool flag = arg && arg->row->type == RIG_SCN_T_FLAG;
    return !arg ||
           lang_member_add(p, members, arg->value.place, path, flag ? rig_view_str("yes") : arg->value.text);
}

/* Whether the values can be, said where they stand. */
static bool check(lang_parser *p, rig_scn_place place, const lang_vec *members)
{
    rig_login login;
    rig_error err = {.status = RIG_OK};
    const rig_scn_member *all = members->ptr;
    rig_scn_record_init(RIG_SHAPE(login), &login);
    bool ok = true;
    for (uint32_t i = 0; i < members->num && ok; i++) {
        rig_status status =
            rig_scn_record_set(p->arena->alloc, RIG_SHAPE(login), &login, all[i].path, all[i].value, &err);
        ok = !status || lang_bad_at(p, all[i].place.line ? all[i].place : place, status, "%.*s: %s",
                                    RIG_VIEW_ARG(all[i].path), err.text);
    }
    rig_record_clear(p->arena->alloc, RIG_SHAPE(login), &login);
    return ok;
}

static bool login(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    static const struct {
        const char *name, *path;
    } plain[] = {{"IQN", "target"},
                 {"at", "portal"},
                 {"port", "port"},
                 {"flags", "security-flags"},
                 {"informational", "informational"}};
    lang_vec members = {.num = 0};
    bool ok = flags_ok(p, lang_arg(args, "flags"));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0] && ok; i++)
        ok = argument(p, args, plain[i].name, &members, plain[i].path);
    if (ok && lang_arg(args, "multipath"))
        ok = lang_member_add(p, &members, place, "options.flags", rig_view_str("multipath"));
    ok = ok && offers(p, &members, lang_arg(args, "offer")) && credentials(p, args, place, &members) &&
         lang_member_add(p, &members, place, "persistent", rig_view_str("yes")) &&
         lang_member_add(p, &members, place, "isid-id", next_isid(p)) && check(p, place, &members);
    rig_scn_row *row = ok ? row_add(p, place, "login", RIG_RECORD_login) : NULL;
    if (!row)
        return false;
    row->members = members.ptr;
    row->num_members = members.num;
    return true;
}

static bool any_row(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    const rig_scn_arg *kind = lang_arg(args, "KIND"), *members = lang_arg(args, "PATH=VALUE…");
    rig_scn_row *row = row_add(p, place, "", (rig_record_id)kind->value.number);
    if (!row)
        return false;
    row->kind = kind->value.text;
    row->members = members->members;
    row->num_members = members->num_members;
    return true;
}

static bool persist_word(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    return args->word->id == LANG_P_LOGIN ? login(p, args, place) : any_row(p, args, place);
}

static bool persist_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    return lang_section_words(p, c, RIG_SCN_G_PERSIST, "word in persist", persist_word);
}

bool lang_persist_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->needs |= RIG_SCN_NEEDS_HBA;
    return lang_section_each(p, stmt, rest, persist_stmt);
}
