/* Pairs of a port and a portal that are protected, and the provider itself. */
#include "internal.h"

#include <stdarg.h>

void vci_log(const vci_pair *pair, const char *format, ...)
{
    const rig_vici_config *config = &pair->vici->config;
    char line[RIG_PORTAL_TEXT + 2 * VCI_TEXT_MAX];
    rig_text text;
    va_list args;
    if (!config->log)
        return;
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "IPsec to ");
    rig_portal_print(&text, &pair->portal);
    rig_text_add(&text, ": ");
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    config->log(config->ctx, line);
}

const rig_ip *vci_pair_peer(const vci_pair *pair)
{
    return pair->tunnel && pair->outer.version ? &pair->outer : &pair->ip;
}

/* ---- which pair ---- */

/* The same host, by address where there is one, else by name; names have no case (RFC 4343). */
static bool same_host(const vci_pair *pair, const rig_portal *portal)
{
    rig_ip ip;
    if (pair->portal.port != portal->port)
        return false;
    if (rig_ip_parse(rig_view_str(portal->host), &ip))
        return rig_ip_eq(&pair->ip, &ip);
    return strcasecmp(pair->portal.host, portal->host) == 0;
}

static vci_pair *exactly(const rig_vici *vici, const rig_ip *local, const rig_portal *portal)
{
    for (vci_pair *pair = vici->pairs; pair; pair = pair->next)
        if (!pair->retired && rig_ip_eq(&pair->local.ip, local) && same_host(pair, portal))
            return pair;
    return NULL;
}

/* What routing decides may turn out to be the address of the other: that counts as the same, so that nothing
 * leaves in the clear. */
vci_pair *vci_pair_for(const rig_vici *vici, const rig_address *local, const rig_portal *portal)
{
    rig_ip ours = local ? local->ip : (rig_ip){0};
    vci_pair *found = exactly(vici, &ours, portal);
    for (vci_pair *pair = vici->pairs; pair && !found; pair = pair->next)
        if (!pair->retired && (ours.version == 0 || pair->local.ip.version == 0) && same_host(pair, portal))
            found = pair;
    return found;
}

/* ---- wishes ---- */

static rig_status check_id(const rig_ipsec_wish *wish, rig_error *err)
{
    bool is_v4 = wish->id_type == RIG_IPSEC_ID_IPV4, is_v6 = wish->id_type == RIG_IPSEC_ID_IPV6;
    if (wish->id_type == RIG_IPSEC_ID_NONE)
        return RIG_OK;
    if (wish->id.len > RIG_IPSEC_ID_MAX || wish->id.len == 0)
        return rig_fail(err, RIG_E_LIMIT, "an identity has 1 to %d bytes", RIG_IPSEC_ID_MAX);
    if (is_v4 || is_v6)
        return wish->id.len == (is_v4 ? 4 : 16)
                   ? RIG_OK
                   : rig_fail(err, RIG_E_UNSUPPORTED, "an identity of a wrong length for an address");
    if (wish->id_type != RIG_IPSEC_ID_FQDN && wish->id_type != RIG_IPSEC_ID_USER_FQDN)
        return rig_fail(err, RIG_E_UNSUPPORTED, "identities of type %d are not known", (int)wish->id_type);
    for (size_t i = 0; i < wish->id.len; i++)
        if (wish->id.ptr[i] <= ' ' || wish->id.ptr[i] > '~')
            return rig_fail(err, RIG_E_UNSUPPORTED, "byte %zu of the identity is not printable ASCII", i);
    return RIG_OK;
}

static rig_status check(const rig_vici *vici, const rig_ipsec_wish *wish, rig_error *err)
{
    rig_ip ip;
    bool is_name = !rig_ip_parse(rig_view_str(wish->portal.host), &ip);
    if (!wish->tunnel && vici->config.device)
        return rig_fail(err, RIG_E_UNSUPPORTED, "userspace ESP has no transport mode");
    if (is_name && wish->tunnel && wish->outer.version)
        return rig_fail(err, RIG_E_UNSUPPORTED, "a portal behind another end of the tunnel needs an address");
    if (wish->key.len == 0 || wish->key.len > RIG_IPSEC_KEY_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a key has 1 to %d bytes", RIG_IPSEC_KEY_MAX);
    return check_id(wish, err);
}

static bool same_wish(const vci_pair *pair, const rig_ipsec_wish *wish)
{
    return pair->aggressive == wish->aggressive && pair->pfs == wish->pfs && pair->tunnel == wish->tunnel &&
           rig_ip_eq(&pair->outer, &wish->outer) && pair->id_type == wish->id_type &&
           (wish->id_type == RIG_IPSEC_ID_NONE ||
            rig_view_eq(rig_view_of(pair->id, pair->id_len), wish->id)) &&
           rig_view_eq(rig_view_of(pair->key, pair->key_len), wish->key);
}

static void fill(vci_pair *pair, const rig_ipsec_wish *wish)
{
    rig_text text;
    pair->local.ip = wish->local.ip;
    pair->portal = wish->portal;
    rig_ip_parse(rig_view_str(wish->portal.host), &pair->ip);
    pair->aggressive = wish->aggressive;
    pair->pfs = wish->pfs;
    pair->tunnel = wish->tunnel;
    pair->outer = wish->outer;
    pair->id_type = wish->id_type;
    pair->id_len = wish->id_type == RIG_IPSEC_ID_NONE ? 0 : wish->id.len;
    if (pair->id_len)
        memcpy(pair->id, wish->id.ptr, pair->id_len);
    pair->key_len = wish->key.len;
    memcpy(pair->key, wish->key.ptr, pair->key_len);
    rig_text_init(&text, pair->name, sizeof pair->name);
    rig_text_add(&text, VCI_PREFIX);
    rig_text_number(&text, ++pair->vici->num_names);
}

static void retire(vci_pair *pair)
{
    pair->retired = true;
    pair->vici->pending = true;
}

rig_status vci_protect(void *ctx, const rig_ipsec_wish *wish, rig_error *err)
{
    rig_vici *vici = ctx;
    rig_status status = check(vici, wish, err);
    vci_pair *before = exactly(vici, &wish->local.ip, &wish->portal);
    if (status || (before && same_wish(before, wish)))
        return status;
    if (vici->num_pairs == RIG_VICI_PAIRS_MAX)
        return rig_fail(err, RIG_E_LIMIT, "more than %d pairs", RIG_VICI_PAIRS_MAX);
    vci_pair *pair = rig_new(vici->config.alloc, sizeof *pair);
    if (!pair)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a pair");
    pair->vici = vici;
    fill(pair, wish);
    pair->prev = vici->last;
    *(vici->last ? &vici->last->next : &vici->pairs) = pair;
    vici->last = pair;
    vici->num_pairs++;
    if (before) {
        pair->kept = before->kept;
        retire(before);
    }
    return RIG_OK;
}

void vci_release(void *ctx, const rig_address *local, const rig_portal *portal)
{
    vci_pair *pair = exactly(ctx, &local->ip, portal);
    if (pair && !pair->kept)
        retire(pair);
}

bool rig_vici_leave(rig_vici *vici)
{
    for (vci_pair *pair = vici->pairs; pair; pair = pair->next)
        if (!pair->retired)
            retire(pair);
    return !vici->pairs;
}

void vci_pair_free(vci_pair *pair)
{
    rig_vici *vici = pair->vici;
    vci_talk_close(pair);
    vci_guard_drop(pair);
    *(pair->prev ? &pair->prev->next : &vici->pairs) = pair->next;
    *(pair->next ? &pair->next->prev : &vici->last) = pair->prev;
    vici->num_pairs--;
    rig_secret_wipe(pair, sizeof *pair);
    rig_delete(vici->config.alloc, pair, sizeof *pair);
}

/* ---- the provider ---- */

rig_status rig_vici_new(const rig_vici_config *config, rig_vici **out_vici)
{
    rig_vici *vici = rig_new(config->alloc, sizeof *vici);
    if (!vici)
        return RIG_E_NOMEM;
    vici->config = *config;
    if (vici->config.wait == 0)
        vici->config.wait = RIG_VICI_WAIT;
    vici->transport = (rig_transport){&vci_guard_ops, vici};
    vici->provider = (rig_ipsec_provider){vci_protect, vci_release, vici};
    *out_vici = vici;
    return RIG_OK;
}

void rig_vici_free(rig_vici *vici)
{
    if (!vici)
        return;
    while (vici->pairs)
        vci_pair_free(vici->pairs);
    rig_delete(vici->config.alloc, vici, sizeof *vici);
}

const rig_ipsec_provider *rig_vici_provider(const rig_vici *vici)
{
    return &vici->provider;
}

const rig_transport *rig_vici_transport(const rig_vici *vici)
{
    return &vici->transport;
}

/* ---- time ---- */

uint64_t rig_vici_next_deadline(const rig_vici *vici)
{
    return vici->pending ? 0 : rig_timerq_next(&vici->timers);
}

/* False: the pair is gone. */
static bool look_at(vci_pair *pair, uint64_t now)
{
    bool has_room = pair->vici->num_talks < VCI_TALKS_MAX;
    if (pair->phase != VCI_IDLE || (!pair->waiting.first && !pair->retired))
        return true;
    if (pair->waiting.first && has_room)
        vci_begin(pair, now);
    if (pair->waiting.first || pair->inside.first || pair->phase != VCI_IDLE)
        return true;
    if (pair->at_charon && pair->retired && has_room)
        vci_clean(pair, now);
    if (pair->phase != VCI_IDLE || pair->at_charon || !pair->retired)
        return true;
    vci_pair_free(pair);
    return false;
}

void rig_vici_tick(rig_vici *vici, uint64_t now)
{
    for (rig_timer *timer; (timer = rig_timerq_pop(&vici->timers, now)) != NULL;) {
        vci_pair *pair = (vci_pair *)(void *)((char *)timer - offsetof(vci_pair, timer));
        vci_lost(pair, "charon does not answer in time", now);
    }
    if (!vici->pending)
        return;
    vici->pending = false;
    for (vci_pair *pair = vici->pairs, *next; pair; pair = next) {
        vci_pair *before = pair->prev;
        bool stays = look_at(pair, now);
        next = stays ? pair->next : before ? before->next : vici->pairs;
    }
}
