/* The target section: portals, nodes and what belongs to them. */
#include "lang.h"

#include "rig/iname.h"

#define LUN_MAX 16383       /* highest number of a flat LUN */
#define WINDOW_MAX 4096     /* most commands a session may queue */
#define SESSIONS_MAX 65535  /* initiators of a node */
#define CHALLENGE_MAX 65535 /* octets a scenario may ask for; what an engine takes is its own matter */

typedef bool item_fn(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place);

static uint64_t number_of(const lang_args *args, const char *name, uint64_t otherwise)
{
    const rig_scn_arg *arg = lang_arg(args, name);
    return arg ? arg->value.number : otherwise;
}

static rig_view text_of(const lang_args *args, const char *name)
{
    const rig_scn_arg *arg = lang_arg(args, name);
    return arg ? arg->value.text : rig_view_of("", 0);
}

static bool in_range(lang_parser *p, const lang_args *args, const char *name, uint64_t low, uint64_t high)
{
    const rig_scn_arg *arg = lang_arg(args, name);
    if (!arg || (arg->value.number >= low && arg->value.number <= high))
        return true;
    bool bare = arg->row->form == RIG_SCN_BARE;
    return lang_bad_at(p, arg->value.place, RIG_E_LIMIT, "%s%s%s is %llu to %llu",
                       bare ? args->word->name : "", bare ? " " : "", name, (unsigned long long)low,
                       (unsigned long long)high);
}

static lang_node *last_node(lang_parser *p)
{
    return p->nodes.num ? &((lang_node *)p->nodes.ptr)[p->nodes.num - 1] : NULL;
}

bool lang_auth_read(lang_parser *p, const lang_args *args, rig_scn_place place, bool wanted,
                    rig_scn_auth *out)
{
    bool any = false;
    for (uint32_t i = 0; i < args->num; i++)
        any = any || args->given[i].row->form == RIG_SCN_EQUAL;
    if (!wanted)
        return !any ||
               lang_bad_at(p, place, RIG_E_SYNTAX, "user and secret belong behind the authentication method");
    out->method = rig_view_str("CHAP");
    out->user = text_of(args, "user");
    out->secret = text_of(args, "secret");
    out->target_user = text_of(args, "target-user");
    out->target_secret = text_of(args, "target-secret");
    out->algorithms = text_of(args, "algorithms");
    if (!in_range(p, args, "challenge-length", 1, CHALLENGE_MAX))
        return false;
    out->challenge_len = (uint32_t)number_of(args, "challenge-length", 0);
    out->hold_transit = number_of(args, "hold-transit", 0) != 0;
    out->ipsec = number_of(args, "ipsec", 0) != 0;
    if (!lang_arg(args, "user") || !lang_arg(args, "secret"))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "CHAP wants user= and secret=");
    if (!lang_arg(args, "target-user") != !lang_arg(args, "target-secret"))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "mutual CHAP wants both target-user= and target-secret=");
    return true;
}

/* ---- items ---- */

static bool portal(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    rig_portal parsed;
    rig_error err = {.status = RIG_OK};
    const rig_scn_arg *at = lang_arg(args, "ADDR:PORT");
    if (!in_range(p, args, "group", 0, UINT16_MAX) ||
        rig_portal_parse(at->value.text, &parsed, &err) != RIG_OK)
        return false;
    rig_ip ip;
    if (!rig_ip_parse(rig_view_str(parsed.host), &ip))
        return lang_bad_at(p, at->value.place, RIG_E_SYNTAX, "a portal wants a numeric address");
    rig_scn_portal *out = LANG_ADD(p, &p->portals, rig_scn_portal);
    if (!out)
        return lang_nomem(p->report);
    out->place = place;
    out->address = lang_view(p, parsed.host, strlen(parsed.host));
    out->port = parsed.port;
    out->group = (uint16_t)number_of(args, "group", p->portals.num);
    out->name = text_of(args, "name");
    out->advertised = text_of(args, "advertised");
    out->absent = lang_arg(args, "absent") != NULL;
    if (out->name.len > RIG_HOST_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "a name has at most 255 bytes");
    if (out->name.len)
        p->out->needs |= RIG_SCN_NEEDS_SIM; /* nobody else's resolver knows it */
    return true;
}

/* ", in line 4", and of which file when it is another one. */
static bool there_already(lang_parser *p, rig_scn_place place, rig_scn_place first)
{
    bool other = first.file != place.file;
    rig_view path = rig_view_sub(rig_scn_path(p->file, first.file), 0, 100);
    return lang_bad_at(p, place, RIG_E_EXISTS, "the node is there already, in line %u%s%.*s", first.line,
                       other ? " of " : "", other ? (int)path.len : 0, (const char *)path.ptr);
}

static bool add_node(lang_parser *p, rig_scn_place place, rig_view name, lang_node **out)
{
    const lang_node *nodes = p->nodes.ptr;
    for (uint32_t i = 0; i < p->nodes.num; i++)
        if (rig_view_eq(nodes[i].node.name, name))
            return there_already(p, place, nodes[i].node.place);
    if (p->nodes.num >= LANG_NODES_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "more than %d nodes", LANG_NODES_MAX);
    *out = LANG_ADD(p, &p->nodes, lang_node);
    if (!*out)
        return lang_nomem(p->report);
    (*out)->node.place = place;
    (*out)->node.name = name;
    (*out)->node.alias = rig_view_of("", 0);
    (*out)->node.count = 1;
    return true;
}

static bool node(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *out;
    if (!add_node(p, place, text_of(args, "IQN"), &out))
        return false;
    out->node.alias = text_of(args, "alias");
    return lang_auth_read(p, args, place, lang_arg(args, "chap") != NULL, &out->node.auth);
}

static bool nodes(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *out;
    if (!in_range(p, args, "COUNT", 1, LANG_NODES_MAX) || !add_node(p, place, text_of(args, "prefix"), &out))
        return false;
    out->node.count = (uint32_t)number_of(args, "COUNT", 1);
    out->node.numbered = true;
    return true;
}

static bool host(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = last_node(p);
    if (!owner)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "a host wants a node above it");
    rig_scn_host *out = LANG_ADD(p, &owner->hosts, rig_scn_host);
    if (!out)
        return lang_nomem(p->report);
    out->place = place;
    out->name = text_of(args, "IQN");
    return lang_auth_read(p, args, place, true, &out->auth);
}

static bool discovery(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    return lang_auth_read(p, args, place, true, &p->out->target.discovery);
}

void rig_scn_lun_print(rig_text *out, const rig_scn_lun *lun)
{
    rig_text_add(out, "%.*s:%llu", RIG_VIEW_ARG(lun->kind), (unsigned long long)lun->size);
    if (lun->block)
        rig_text_add(out, ",block=%u", lun->block);
    if (lun->has_serial)
        rig_text_add(out, ",serial=%llu", (unsigned long long)lun->serial);
    if (lun->protection)
        rig_text_add(out, ",protection=%u", lun->protection);
    if (lun->sanitize)
        rig_text_add(out, ",sanitize=%lluns", (unsigned long long)lun->sanitize);
    rig_text_add(out, "%s%s%s", lun->removable ? ",removable" : "", lun->empty ? ",empty" : "",
                 lun->read_only ? ",read-only" : "");
}

/* What only our target can be: a product's unit is what it is. */
static bool unit_options(lang_parser *p, const lang_args *args, rig_scn_lun *out)
{
    out->removable = lang_arg(args, "removable") != NULL;
    out->empty = lang_arg(args, "empty") != NULL;
    out->read_only = lang_arg(args, "read-only") != NULL;
    out->protection = (uint8_t)number_of(args, "protection", 0);
    out->sanitize = number_of(args, "sanitize", 0);
    out->has_serial = lang_arg(args, "serial") != NULL;
    out->serial = number_of(args, "serial", 0);
    if (out->removable || out->read_only || out->protection || out->sanitize || out->has_serial)
        p->out->needs |= RIG_SCN_NEEDS_OUR_TARGET;
    if (out->empty && !out->removable)
        return lang_bad_at(p, lang_arg(args, "empty")->value.place, RIG_E_SYNTAX, "empty wants removable");
    return in_range(p, args, "protection", 1, 3) && in_range(p, args, "sanitize", 0, RIG_DEVICE_SANITIZE_MAX);
}

static bool lun(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = last_node(p);
    if (!owner)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "a lun wants a node above it");
    if (!in_range(p, args, "N", 0, LUN_MAX) || !in_range(p, args, "SIZE", 512, INT64_MAX))
        return false;
    const rig_scn_lun *luns = owner->luns.ptr;
    for (uint32_t i = 0; i < owner->luns.num; i++)
        if (luns[i].lun == number_of(args, "N", 0))
            return lang_bad_at(p, place, RIG_E_EXISTS, "the node has lun %u already", luns[i].lun);
    uint64_t block = number_of(args, "block", 0);
    if (block != 0 && block != 512 && block != 1024 && block != 2048 && block != 4096)
        return lang_bad_at(p, lang_arg(args, "block")->value.place, RIG_E_LIMIT,
                           "block is 512, 1024, 2048 or 4096");
    rig_scn_lun *out = LANG_ADD(p, &owner->luns, rig_scn_lun);
    if (!out)
        return lang_nomem(p->report);
    *out = (rig_scn_lun){.place = place,
                         .lun = (uint32_t)number_of(args, "N", 0),
                         .kind = text_of(args, "KIND"),
                         .size = number_of(args, "SIZE", 0),
                         .block = (uint32_t)block};
    owner->errors = (lang_vec){.num = 0};
    return unit_options(p, args, out);
}

static bool has_lun(const lang_node *node, uint64_t lun)
{
    const rig_scn_lun *luns = node->luns.ptr;
    for (uint32_t i = 0; i < node->luns.num; i++)
        if (luns[i].lun == lun)
            return true;
    return false;
}

/* A node that stands above the last one, and has that LUN. */
static bool shows_lun(const lang_parser *p, rig_view name, uint64_t lun)
{
    const lang_node *nodes_above = p->nodes.ptr;
    for (uint32_t i = 0; i + 1 < p->nodes.num; i++)
        if (!nodes_above[i].node.numbered && rig_view_eq(nodes_above[i].node.name, name) &&
            has_lun(&nodes_above[i], lun))
            return true;
    return false;
}

static bool share(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = last_node(p);
    uint64_t number = number_of(args, "N", 0), other = number_of(args, "M", 0);
    if (!owner || !shows_lun(p, text_of(args, "IQN"), other))
        return lang_bad_at(p, place, RIG_E_NOT_FOUND, "share wants a node above the last one that has LUN M");
    if (!in_range(p, args, "N", 0, LUN_MAX))
        return false;
    if (has_lun(owner, number))
        return lang_bad_at(p, place, RIG_E_EXISTS, "the node has lun %u already", (unsigned)number);
    rig_scn_lun *out = LANG_ADD(p, &owner->luns, rig_scn_lun);
    if (!out)
        return lang_nomem(p->report);
    *out = (rig_scn_lun){.place = place, .lun = (uint32_t)number, .same_lun = (uint32_t)other};
    out->same = text_of(args, "IQN");
    owner->errors = (lang_vec){.num = 0};
    p->out->needs |= RIG_SCN_NEEDS_OUR_TARGET;
    return true;
}

static bool offer(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    (void)place;
    lang_node *owner = last_node(p);
    lang_vec *vec = owner ? &owner->offers : &p->target_offers;
    const rig_scn_arg *pairs = &args->given[0];
    for (uint32_t i = 0; i < pairs->num_pairs; i++) {
        rig_scn_pair *out = LANG_ADD(p, vec, rig_scn_pair);
        if (!out)
            return lang_nomem(p->report);
        *out = pairs->pairs[i];
    }
    return true;
}

static bool refuse(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = last_node(p);
    if (!owner)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "refuse wants a node above it");
    if (!in_range(p, args, "LOGIN-STATUS", 0x100, UINT16_MAX))
        return false;
    owner->node.refuse = (uint16_t)number_of(args, "LOGIN-STATUS", 0);
    return true;
}

static lang_node *owner_of(lang_parser *p, const lang_args *args, rig_scn_place place)
{
    lang_node *owner = last_node(p);
    if (!owner)
        lang_bad_at(p, place, RIG_E_SYNTAX, "%s wants a node above it", args->word->name);
    return owner;
}

static bool allow(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = owner_of(p, args, place);
    if (!owner)
        return false;
    rig_view *out = LANG_ADD(p, &owner->allows, rig_view);
    if (!out)
        return lang_nomem(p->report);
    *out = text_of(args, "IQN");
    return true;
}

static bool initiators(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = owner_of(p, args, place);
    if (!owner || !in_range(p, args, "N", 1, SESSIONS_MAX) || !in_range(p, args, "refuse", 0x100, UINT16_MAX))
        return false;
    owner->node.max_initiators = (uint32_t)number_of(args, "N", 0);
    owner->node.full_status = (uint16_t)number_of(args, "refuse", 0);
    return true;
}

static bool redirect(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = owner_of(p, args, place);
    if (!owner || !in_range(p, args, "from", 0, UINT16_MAX))
        return false;
    rig_scn_redirect *out = LANG_ADD(p, &owner->redirects, rig_scn_redirect);
    if (!out)
        return lang_nomem(p->report);
    *out = (rig_scn_redirect){.place = place,
                              .to = text_of(args, "HOST:PORT"),
                              .group = lang_arg(args, "from") ? (int32_t)number_of(args, "from", 0) : -1,
                              .permanent = lang_arg(args, "permanent") != NULL};
    return true;
}

static bool groups(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)args;
    lang_node *owner = last_node(p);
    uint64_t number;
    if (!owner)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "groups wants a node above it");
    while (!lang_at_stop(p, c) && rig_view_u64(lang_peek(p, c), &number)) {
        uint16_t *group = LANG_ADD(p, &owner->groups, uint16_t);
        if (!group)
            return lang_nomem(p->report);
        if (number > UINT16_MAX)
            return lang_bad(p, c, RIG_E_LIMIT, "a portal group tag has 16 bits");
        *group = (uint16_t)number;
        c->at++;
    }
    return owner->groups.num > 0 || lang_bad(p, c, RIG_E_SYNTAX, "groups wants numbers");
}

static bool fault(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    (void)place;
    rig_fault_add(&p->out->target.faults, (rig_fault)args->given[0].value.number);
    p->out->needs |= RIG_SCN_NEEDS_OUR_TARGET;
    return true;
}

static bool window(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    (void)place;
    p->out->target.window = (uint32_t)number_of(args, "N", 0);
    return in_range(p, args, "N", 1, WINDOW_MAX);
}

static bool no_collapse(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    (void)args;
    (void)place;
    p->out->target.no_phase_collapse = true;
    return true;
}

static bool nexus_loss(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    (void)args;
    (void)place;
    p->out->target.tell_nexus_loss = true;
    return true;
}

static bool login_timeout(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    (void)place;
    p->out->target.login_timeout = number_of(args, "T", 0);
    return true;
}

static bool nop_interval(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    (void)place;
    p->out->target.nop_interval = number_of(args, "T", 0);
    return true;
}

static bool rule(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)args;
    if (p->rules.num >= RIG_RULES_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "more than %d rules", RIG_RULES_MAX);
    rig_rule *out = LANG_ADD(p, &p->rules, rig_rule);
    rig_scn_place *where = LANG_ADD(p, &p->rule_places, rig_scn_place);
    if (!out || !where)
        return lang_nomem(p->report);
    *where = place;
    p->out->needs |= RIG_SCN_NEEDS_OUR_TARGET;
    return lang_rule_read(p, c, out);
}

static item_fn *const items[] = {
    [LANG_PORTAL] = portal,
    [LANG_NODE] = node,
    [LANG_NODES] = nodes,
    [LANG_HOST] = host,
    [LANG_DISCOVERY] = discovery,
    [LANG_LUN] = lun,
    [LANG_ERROR] = lang_error_read,
    [LANG_SHARE] = share,
    [LANG_OFFER] = offer,
    [LANG_REFUSE] = refuse,
    [LANG_ALLOW] = allow,
    [LANG_INITIATORS] = initiators,
    [LANG_REDIRECT] = redirect,
    [LANG_GROUPS] = groups,
    [LANG_FAULT] = fault,
    [LANG_WINDOW] = window,
    [LANG_NO_COLLAPSE] = no_collapse,
    [LANG_NEXUS_LOSS] = nexus_loss,
    [LANG_T_LOGIN_TIMEOUT] = login_timeout,
    [LANG_NOP_INTERVAL] = nop_interval,
    [LANG_ON] = rule,
};

/* `on` and `groups` read their words themselves. */
static bool reads_itself(uint32_t id)
{
    return id == LANG_ON || id == LANG_GROUPS;
}

static bool one_item(lang_parser *p, lang_cursor *c)
{
    uint32_t first = c->at;
    const rig_scn_word *word = lang_word_take(p, c, RIG_SCN_G_TARGET);
    if (!word)
        return lang_unknown_word(p, lang_place(p, c->at), "word in target", lang_peek(p, c),
                                 RIG_SCN_G_TARGET);
    lang_args args = {.word = word};
    if (!reads_itself(word->id) && !lang_args_read(p, c, word, &args))
        return false;
    return items[word->id](p, c, &args, lang_place_span(p, first, c->at));
}

static bool statement(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    while (!lang_end(p, c))
        if (!one_item(p, c))
            return false;
    return true;
}

bool lang_target_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->out->target.place = lang_place(p, lang_words_on(p, stmt).at);
    return lang_section_each(p, stmt, rest, statement);
}

/* ---- the finished section: the keys for all nodes stand before each node's own ---- */

static bool finish_node(lang_parser *p, const lang_node *from, rig_scn_node *out)
{
    *out = from->node;
    lang_vec offers = {.num = 0};
    for (uint32_t i = 0; i < p->target_offers.num + from->offers.num; i++) {
        rig_scn_pair *pair = LANG_ADD(p, &offers, rig_scn_pair);
        if (!pair)
            return lang_nomem(p->report);
        bool common = i < p->target_offers.num;
        const rig_scn_pair *source = common ? p->target_offers.ptr : from->offers.ptr;
        *pair = source[common ? i : i - p->target_offers.num];
    }
    out->offers = offers.ptr;
    out->num_offers = offers.num;
    out->hosts = from->hosts.ptr;
    out->num_hosts = from->hosts.num;
    out->luns = from->luns.ptr;
    out->num_luns = from->luns.num;
    out->allows = from->allows.ptr;
    out->num_allows = from->allows.num;
    out->redirects = from->redirects.ptr;
    out->num_redirects = from->redirects.num;
    out->groups = from->groups.ptr;
    out->num_groups = from->groups.num;
    return true;
}

bool lang_target_finish(lang_parser *p)
{
    rig_scn_target *out = &p->out->target;
    const lang_node *from = p->nodes.ptr;
    rig_scn_node *all = p->nodes.num ? lang_take(p->arena, p->nodes.num * sizeof(*all)) : NULL;
    if (p->nodes.num && !all)
        return lang_nomem(p->report);
    for (uint32_t i = 0; i < p->nodes.num; i++)
        if (!finish_node(p, &from[i], &all[i]))
            return false;
    out->nodes = all;
    out->num_nodes = p->nodes.num;
    out->portals = p->portals.ptr;
    out->num_portals = p->portals.num;
    out->offers = p->target_offers.ptr;
    out->num_offers = p->target_offers.num;
    out->rules = p->rules.ptr;
    out->rule_places = p->rule_places.ptr;
    out->num_rules = p->rules.num;
    return true;
}
