/* IPsec at the edge of a simulated host: what it is to protect, its keys, its clock, its UDP port 500. */
#include "internal.h"

#include <stdarg.h>

/* ---- names ---- */

static const char *const fault_names[] = {
#define X(id, name, meaning, check) name,
    RIG_IPSEC_FAULT_ROWS(X)
#undef X
};

static const char *const event_words[] = {
#define X(id, word, meaning) word,
    RIG_IPSEC_NOTICE_ROWS(X)
#undef X
};

const char *rig_ipsec_fault_name(rig_ipsec_fault fault)
{
    return fault < RIG_IPSEC_FAULTS ? fault_names[fault] : "?";
}

rig_ipsec_fault rig_ipsec_fault_find(rig_view name)
{
    rig_ipsec_fault fault = 0;
    while (fault < RIG_IPSEC_FAULTS && !rig_view_is(name, fault_names[fault]))
        fault++;
    return fault;
}

const char *rig_ipsec_notice_word(rig_ipsec_notice_kind kind)
{
    return kind < sizeof event_words / sizeof event_words[0] ? event_words[kind] : "?";
}

bool ips_deviates(const rig_ipsec *ipsec, rig_ipsec_fault fault)
{
    return ipsec->config.faults >> fault & 1;
}

/* ---- draws, events, keys for readers ---- */

void ips_draw(rig_ipsec *ipsec, const char *name, uint8_t *out, size_t len)
{
    uint64_t index = (uint64_t)ipsec->config.number << 48 | ipsec->num_draws;
    ipsec->num_draws += (len + 7) / 8;
    rig_draw_bytes(&ipsec->config.draws, name, index, out, len);
}

void ips_tell(rig_ipsec *ipsec, const rig_ipsec_notice *event)
{
    if (ipsec->config.tell)
        ipsec->config.tell(ipsec->config.ctx, event);
}

void ips_refused(rig_ipsec *ipsec, const rig_address *remote, const rig_error *why)
{
    ips_tell(ipsec, &(rig_ipsec_notice){
                        .kind = RIG_IPSEC_REFUSED, .remote = *remote, .error = why, .now = ipsec->now});
}

void ips_show_key(rig_ipsec *ipsec, rig_ipsec_shown kind, const char *format, ...)
{
    char line[1024];
    rig_text text;
    va_list args;
    if (!ipsec->config.show)
        return;
    rig_text_init(&text, line, sizeof line);
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    ipsec->config.show(ipsec->config.ctx, kind, rig_view_of(line, text.len));
    rig_secret_wipe(line, sizeof line);
}

/* ---- octets, identities ---- */

rig_view ips_view(const ike_octets *octets)
{
    return rig_view_of(octets->bytes, octets->len);
}

bool ips_keep(ike_octets *out, rig_view from)
{
    if (from.len == 0 || from.len > sizeof out->bytes)
        return false;
    memcpy(out->bytes, from.ptr, from.len);
    out->len = (uint16_t)from.len;
    return true;
}

static void put_id(ike_octets *out, uint8_t type, uint8_t protocol, uint16_t port, rig_view data)
{
    out->bytes[0] = type;
    out->bytes[1] = protocol;
    rig_put_be16(out->bytes + 2, port);
    memcpy(out->bytes + IKE_ID_HEAD, data.ptr, data.len);
    out->len = (uint16_t)(IKE_ID_HEAD + data.len);
}

static uint8_t id_type(const rig_ip *ip)
{
    return ip->version == 4 ? RIG_IPSEC_ID_IPV4 : RIG_IPSEC_ID_IPV6;
}

static rig_view ip_view(const rig_ip *ip)
{
    return rig_view_of(ip->bytes, ip->version == 4 ? 4 : 16);
}

void ips_id_of_address(const rig_ip *ip, uint8_t protocol, uint16_t port, ike_octets *out)
{
    put_id(out, id_type(ip), protocol, port, ip_view(ip));
}

/* The selectors of one connection: an address, and a port of TCP. */
bool ips_id_read(rig_view body, rig_address *out)
{
    *out = (rig_address){0};
    if (body.len < IKE_ID_HEAD || body.ptr[1] != RIG_PROTOCOL_TCP)
        return false;
    bool v4 = body.ptr[0] == RIG_IPSEC_ID_IPV4, v6 = body.ptr[0] == RIG_IPSEC_ID_IPV6;
    if ((!v4 && !v6) || body.len != IKE_ID_HEAD + (v4 ? 4u : 16u))
        return false;
    out->port = rig_be16(body.ptr + 2);
    out->ip.version = v4 ? 4 : 6;
    memcpy(out->ip.bytes, body.ptr + IKE_ID_HEAD, v4 ? 4 : 16);
    return out->port != 0;
}

/* ---- keys ---- */

static void forget_key(const rig_alloc *alloc, rig_view key)
{
    uint8_t *bytes = (uint8_t *)(uintptr_t)key.ptr;
    if (bytes)
        rig_secret_wipe(bytes, key.len);
    rig_delete(alloc, bytes, bytes ? key.len + 1 : 0);
}

rig_status rig_ipsec_key(rig_ipsec *ipsec, rig_ipsec_id_type type, rig_view id, rig_view key)
{
    const rig_alloc *alloc = ipsec->config.alloc;
    if (ipsec->num_keys >= RIG_IPSEC_KEYS_MAX || id.len > RIG_IPSEC_ID_MAX || key.len > RIG_IPSEC_KEY_MAX)
        return RIG_E_LIMIT;
    ips_key *row = rig_new(alloc, sizeof *row);
    char *id_copy = rig_copy_text(alloc, id.ptr ? id.ptr : (const void *)"", id.len);
    char *key_copy = rig_copy_text(alloc, key.ptr, key.len);
    if (!row || !id_copy || !key_copy) {
        rig_delete(alloc, row, row ? sizeof *row : 0);
        rig_delete(alloc, id_copy, id_copy ? id.len + 1 : 0);
        forget_key(alloc, rig_view_of(key_copy, key.len));
        return RIG_E_NOMEM;
    }
    *row = (ips_key){ipsec->keys, type, rig_view_of(id_copy, id.len), rig_view_of(key_copy, key.len)};
    ipsec->keys = row;
    ipsec->num_keys++;
    return RIG_OK;
}

static rig_view key_of(const rig_ipsec *ipsec, uint8_t type, rig_view id)
{
    rig_view group = {0};
    for (const ips_key *row = ipsec->keys; row; row = row->next) {
        if (row->type == type && rig_view_eq(row->id, id))
            return row->key;
        if (row->type == RIG_IPSEC_ID_NONE && group.len == 0)
            group = row->key;
    }
    return group;
}

/* Main mode needs the key before it can read the identity, and goes by the address (RFC 2409 section 5.4). */
rig_view ips_key_for(const rig_ipsec *ipsec, const ike_sa *sa)
{
    static const uint8_t another[] = "not the key that was agreed on";
    const ike_octets *id = &sa->id[0];
    if (ips_deviates(ipsec, RIG_IPSEC_FAULT_BAD_KEY))
        return rig_view_of(another, sizeof another - 1);
    if (sa->wish)
        return sa->wish->key;
    if (sa->exchange.type == ISA_AGGRESSIVE && id->len > IKE_ID_HEAD)
        return key_of(ipsec, id->bytes[0], rig_view_of(id->bytes + IKE_ID_HEAD, id->len - IKE_ID_HEAD));
    return key_of(ipsec, id_type(&sa->peer), ip_view(&sa->peer));
}

/* ---- what is protected ---- */

const ips_portal *ips_serves(const rig_ipsec *ipsec, const rig_address *portal)
{
    const ips_portal *row = ipsec->portals;
    while (row && (row->at.port != portal->port || !rig_ip_eq(&row->at.ip, &portal->ip)))
        row = row->next;
    return row;
}

bool ips_seals(const rig_ipsec *ipsec, const rig_address *portal)
{
    const ips_portal *row = ips_serves(ipsec, portal);
    return row && row->only;
}

rig_status rig_ipsec_serve(rig_ipsec *ipsec, const rig_address *portal, bool only)
{
    if (ips_serves(ipsec, portal))
        return RIG_OK;
    if (ipsec->num_portals >= RIG_IPSEC_WISHES_MAX)
        return RIG_E_LIMIT;
    ips_portal *row = rig_new(ipsec->config.alloc, sizeof *row);
    if (!row)
        return RIG_E_NOMEM;
    *row = (ips_portal){ipsec->portals, *portal, only};
    ipsec->portals = row;
    ipsec->num_portals++;
    return RIG_OK;
}

static bool covers(const ips_wish *wish, const rig_address *local, const rig_address *portal)
{
    return wish->portal.port == portal->port && rig_ip_eq(&wish->portal.ip, &portal->ip) &&
           (wish->local.version == 0 || rig_ip_eq(&wish->local, &local->ip));
}

/* That of the very address comes before that of any. */
ips_wish *ips_wish_for(const rig_ipsec *ipsec, const rig_address *local, const rig_address *portal)
{
    ips_wish *any = NULL;
    for (ips_wish *wish = ipsec->wishes; wish; wish = wish->next) {
        if (!covers(wish, local, portal))
            continue;
        if (wish->local.version)
            return wish;
        any = wish;
    }
    return any;
}

static ips_wish *wish_like(const rig_ipsec *ipsec, const rig_ip *local, const rig_address *portal)
{
    ips_wish *wish = ipsec->wishes;
    while (wish && (wish->local.version != local->version || !rig_ip_eq(&wish->local, local) ||
                    wish->portal.port != portal->port || !rig_ip_eq(&wish->portal.ip, &portal->ip)))
        wish = wish->next;
    return wish;
}

static rig_status find_portal(const rig_ipsec *ipsec, const rig_portal *from, rig_address *out,
                              rig_error *err)
{
    out->port = from->port;
    if (rig_ip_parse(rig_view_str(from->host), &out->ip) ||
        rig_simnet_resolve(ipsec->config.net, from->host, &out->ip) == RIG_OK)
        return RIG_OK;
    return rig_fail(err, RIG_E_UNREACHABLE, "\"%s\" does not resolve", from->host);
}

static bool same_phase1(const ips_wish *wish, const ips_wish *with)
{
    return wish->aggressive == with->aggressive && wish->tunnel == with->tunnel &&
           rig_ip_eq(&wish->outer, &with->outer) && rig_view_eq(wish->key, with->key) &&
           rig_view_eq(ips_view(&wish->id), ips_view(&with->id));
}

static bool negotiates(const rig_ipsec *ipsec, const ips_wish *wish)
{
    const ips_flow *flow = ipsec->flows;
    while (flow && (flow->wish != wish || flow->installed))
        flow = flow->next;
    return flow != NULL;
}

/* An ISAKMP SA that was made otherwise than is asked for now begins nothing any more. */
static void outdate(rig_ipsec *ipsec, const ips_wish *wish)
{
    for (ike_sa *sa = ipsec->sas; sa; sa = sa->next) {
        if (sa->wish != wish || sa->stale)
            continue;
        sa->stale = true;
        if (sa->up)
            rig_timerq_arm(&ipsec->timers, &sa->life, rig_simnet_now(ipsec->config.net) + IKE_LINGER);
    }
}

static void fill(ips_wish *out, const rig_ipsec_wish *from, rig_view key)
{
    out->aggressive = from->aggressive;
    out->pfs = from->pfs;
    out->tunnel = from->tunnel;
    out->outer = from->outer;
    out->id.len = 0;
    if (from->id_type != RIG_IPSEC_ID_NONE)
        put_id(&out->id, (uint8_t)from->id_type, 0, 0, from->id);
    out->key = key;
}

static bool same_wish(const ips_wish *wish, const ips_wish *with)
{
    return same_phase1(wish, with) && wish->pfs == with->pfs;
}

/* What is in force between two addresses stays, whatever they and those who ask are called; only the key of a
 * policy may be another one by now. */
static bool stays(const ips_wish *wish, const ips_wish *now, const rig_ipsec_wish *from)
{
    bool flags = wish->aggressive == now->aggressive && wish->pfs == now->pfs && wish->tunnel == now->tunnel;
    return wish->kept && !same_wish(wish, now) && (!from->in_force || !flags);
}

/* A negotiation under way would go on with what is asked for now. */
static rig_status may_change(const rig_ipsec *ipsec, const ips_wish *wish, const ips_wish *now,
                             const rig_ipsec_wish *from, rig_error *err)
{
    if (same_wish(wish, now) || wish->kept || !negotiates(ipsec, wish))
        return RIG_OK;
    return rig_fail(err, RIG_E_EXISTS,
                    "a negotiation with %s:%u for other flags, or with another key, is under way",
                    from->portal.host, from->portal.port);
}

static rig_status protect(void *ctx, const rig_ipsec_wish *from, rig_error *err)
{
    rig_ipsec *ipsec = ctx;
    const rig_alloc *alloc = ipsec->config.alloc;
    rig_address portal = {0};
    rig_status status = find_portal(ipsec, &from->portal, &portal, err);
    if (status)
        return status;
    if (from->id.len > RIG_IPSEC_ID_MAX || from->key.len == 0 || from->key.len > RIG_IPSEC_KEY_MAX)
        return rig_fail(err, RIG_E_ARGUMENT, "an identity of %zu bytes, a key of %zu: 1 to %d are possible",
                        from->id.len, from->key.len, RIG_IPSEC_KEY_MAX);
    ips_wish *wish = wish_like(ipsec, &from->local.ip, &portal), now;
    if (!wish && ipsec->num_wishes >= RIG_IPSEC_WISHES_MAX)
        return rig_fail(err, RIG_E_LIMIT, "more than %d protected portals", RIG_IPSEC_WISHES_MAX);
    char *key = rig_copy_text(alloc, from->key.ptr, from->key.len);
    ips_wish *fresh = key && !wish ? rig_new(alloc, sizeof *fresh) : NULL;
    if (!key || (!wish && !fresh)) {
        forget_key(alloc, rig_view_of(key, from->key.len));
        return rig_fail(err, RIG_E_NOMEM, "no memory to protect a portal");
    }
    if (fresh) {
        *fresh = (ips_wish){.next = ipsec->wishes, .local = from->local.ip, .portal = portal};
        ipsec->wishes = wish = fresh;
        ipsec->num_wishes++;
    }
    now = *wish;
    fill(&now, from, rig_view_of(key, from->key.len));
    status = fresh ? RIG_OK : may_change(ipsec, wish, &now, from, err);
    if (!status && !stays(wish, &now, from)) {
        if (!fresh && !same_phase1(wish, &now))
            outdate(ipsec, wish);
        forget_key(alloc, wish->key);
        *wish = now;
    } else
        forget_key(alloc, now.key);
    return status;
}

static bool in_use(const rig_ipsec *ipsec, const ips_wish *wish)
{
    const ips_flow *flow = ipsec->flows;
    while (flow && flow->wish != wish)
        flow = flow->next;
    return flow != NULL;
}

static void wish_free(rig_ipsec *ipsec, ips_wish *wish)
{
    ips_wish **place = &ipsec->wishes;
    for (ike_sa *sa = ipsec->sas, *next; sa; sa = next) {
        next = sa->next;
        if (sa->wish == wish)
            ike_sa_free(sa);
    }
    while (*place != wish)
        place = &(*place)->next;
    *place = wish->next;
    ipsec->num_wishes--;
    forget_key(ipsec->config.alloc, wish->key);
    rig_delete(ipsec->config.alloc, wish, sizeof *wish);
}

static void release(void *ctx, const rig_address *local, const rig_portal *portal)
{
    rig_ipsec *ipsec = ctx;
    rig_address at = {0};
    if (find_portal(ipsec, portal, &at, NULL))
        return;
    ips_wish *wish = wish_like(ipsec, &local->ip, &at);
    if (wish && !wish->kept && !in_use(ipsec, wish))
        wish_free(ipsec, wish);
}

const rig_ipsec_provider *rig_ipsec_provide(rig_ipsec *ipsec)
{
    return &ipsec->provider;
}

/* ---- messages and time ---- */

static void heard(void *ctx, const rig_address *from, const rig_address *to, rig_view data, uint64_t now)
{
    rig_ipsec *ipsec = ctx;
    isa_header header;
    rig_error why = {0};
    ipsec->now = now;
    rig_status status = isa_read_header(data, &header, &why);
    if (!status && data.len > IKE_MESSAGE_MAX)
        status = rig_fail(&why, RIG_E_LIMIT, "an IKE message of %zu bytes", data.len);
    if (status) {
        ips_refused(ipsec, from, &why);
        return;
    }
    ike_sa *sa = ike_sa_find(ipsec, &header, &from->ip);
    if (header.exchange == ISA_MAIN || header.exchange == ISA_AGGRESSIVE)
        ike_phase1_heard(ipsec, from, to, data, &header);
    else if (header.exchange == ISA_QUICK && sa && sa->up)
        ike_quick_heard(sa, data, &header);
    else if (header.exchange == ISA_INFO && sa)
        ike_info_heard(sa, data, &header);
}

uint64_t rig_ipsec_next_deadline(const rig_ipsec *ipsec)
{
    return rig_timerq_next(&ipsec->timers);
}

static rig_error silence(void)
{
    rig_error why = {0};
    rig_fail(&why, RIG_E_TIMEOUT, "the peer does not answer");
    return why;
}

static void phase1_due(rig_timer *timer)
{
    ike_sa *sa = IPS_OF(IPS_OF(timer, ike_exchange, timer), ike_sa, exchange);
    rig_error why = silence();
    if (sa->exchange.tries + 1 < IKE_TRIES)
        ike_retransmit(sa, &sa->exchange);
    else
        ike_sa_end(sa, &why);
}

static void quick_due(rig_timer *timer)
{
    ike_quick *quick = IPS_OF(IPS_OF(timer, ike_exchange, timer), ike_quick, exchange);
    rig_error why = silence();
    if (quick->exchange.at == quick->exchange.num_steps) {
        ike_quick_drop(quick);
        return;
    }
    if (quick->exchange.tries + 1 < IKE_TRIES) {
        ike_retransmit(quick->sa, &quick->exchange);
        return;
    }
    if (quick->exchange.initiator) { /* it may have forgotten the ISAKMP SA */
        quick->sa->stale = true;
        rig_timerq_arm(&quick->sa->ipsec->timers, &quick->sa->life, quick->sa->ipsec->now + IKE_LINGER);
    }
    ike_quick_fail(quick, &why);
}

static void life_due(rig_timer *timer)
{
    ike_sa *sa = IPS_OF(timer, ike_sa, life);
    ike_delete_isakmp(sa);
    ike_sa_deleted(sa);
}

static void esp_due(rig_timer *timer)
{
    esp_sa_timer(IPS_OF(timer, esp_sa, timer));
}

static void flow_due(rig_timer *timer)
{
    ips_flow_due(IPS_OF(timer, ips_flow, timer));
}

void rig_ipsec_tick(rig_ipsec *ipsec, uint64_t now)
{
    static void (*const due[])(rig_timer *) = {
        [IPS_TIMER_PHASE1] = phase1_due, [IPS_TIMER_QUICK] = quick_due, [IPS_TIMER_SA_LIFE] = life_due,
        [IPS_TIMER_ESP] = esp_due,       [IPS_TIMER_FLOW] = flow_due,
    };
    ipsec->now = now;
    for (rig_timer *timer; (timer = rig_timerq_pop(&ipsec->timers, now));)
        due[timer->kind](timer);
}

/* ---- making and ending ---- */

static rig_status listen_500(rig_ipsec *ipsec)
{
    rig_address at = {.port = IKE_PORT};
    return rig_simhost_udp_bind(ipsec->config.host, &at, heard, ipsec);
}

rig_status rig_ipsec_new(const rig_ipsec_config *config, rig_ipsec **out_ipsec)
{
    rig_ipsec *ipsec = rig_new(config->alloc, sizeof *ipsec);
    if (!ipsec)
        return RIG_E_NOMEM;
    ipsec->config = *config;
    ipsec->provider = (rig_ipsec_provider){protect, release, ipsec};
    rig_status status = ipc_new(config->alloc, &ipsec->crypto);
    rig_map *const maps[] = {&ipsec->by_ends, &ipsec->by_spi, &ipsec->by_peer_spi, &ipsec->by_cookie,
                             &ipsec->by_message};
    for (size_t i = 0; !status && i < sizeof maps / sizeof maps[0]; i++)
        status = rig_map_init(maps[i], config->alloc);
    if (!status)
        status = listen_500(ipsec);
    if (status) {
        ipsec->config.host = NULL;
        rig_ipsec_free(ipsec);
        return status;
    }
    rig_simhost_filter(config->host, ips_leaving, ips_arriving, ipsec);
    *out_ipsec = ipsec;
    return RIG_OK;
}

static void free_rows(rig_ipsec *ipsec)
{
    const rig_alloc *alloc = ipsec->config.alloc;
    for (ips_key *row = ipsec->keys, *next; row; row = next) {
        next = row->next;
        rig_delete(alloc, (void *)(uintptr_t)row->id.ptr, row->id.len + 1);
        forget_key(alloc, row->key);
        rig_delete(alloc, row, sizeof *row);
    }
    for (ips_portal *row = ipsec->portals, *next; row; row = next) {
        next = row->next;
        rig_delete(alloc, row, sizeof *row);
    }
}

void rig_ipsec_free(rig_ipsec *ipsec)
{
    rig_address at = {.port = IKE_PORT};
    if (!ipsec)
        return;
    while (ipsec->flows)
        ips_flow_free(ipsec->flows);
    while (ipsec->sas)
        ike_sa_free(ipsec->sas);
    while (ipsec->wishes)
        wish_free(ipsec, ipsec->wishes);
    free_rows(ipsec);
    if (ipsec->config.host) {
        rig_simhost_filter(ipsec->config.host, NULL, NULL, NULL);
        rig_simhost_udp_bind(ipsec->config.host, &at, NULL, NULL);
    }
    rig_map_cleanup(&ipsec->by_ends);
    rig_map_cleanup(&ipsec->by_spi);
    rig_map_cleanup(&ipsec->by_peer_spi);
    rig_map_cleanup(&ipsec->by_cookie);
    rig_map_cleanup(&ipsec->by_message);
    ipc_free(ipsec->crypto);
    rig_secret_wipe(ipsec->scratch, sizeof ipsec->scratch);
    rig_delete(ipsec->config.alloc, ipsec, sizeof *ipsec);
}
