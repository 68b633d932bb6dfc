/* The first phase: an ISAKMP SA by main or aggressive mode with a pre-shared key (RFC 2409 sections 5
 * and 5.4). */
#include "internal.h"

static const ike_step main_steps[] = {
    {false, {IKE_ITEM_SA}},
    {false, {IKE_ITEM_SA}},
    {false, {IKE_ITEM_KE, IKE_ITEM_NONCE}},
    {false, {IKE_ITEM_KE, IKE_ITEM_NONCE}},
    {true, {IKE_ITEM_ID, IKE_ITEM_HASH}},
    {true, {IKE_ITEM_ID, IKE_ITEM_HASH}},
};

/* The last one could be in the clear; both ends of the field encrypt it. */
static const ike_step aggressive_steps[] = {
    {false, {IKE_ITEM_SA, IKE_ITEM_KE, IKE_ITEM_NONCE, IKE_ITEM_ID}},
    {false, {IKE_ITEM_SA, IKE_ITEM_KE, IKE_ITEM_NONCE, IKE_ITEM_ID, IKE_ITEM_HASH}},
    {true, {IKE_ITEM_HASH}},
};

/* ---- which there are ---- */

/* Whoever sends a first message costs us an SA: what nobody finished goes, the oldest first, so that a flood
 * of them keeps nobody out for long. */
static bool make_room(rig_ipsec *ipsec, bool initiator)
{
    ike_sa *oldest = NULL;
    bool full = ipsec->num_sas >= RIG_IPSEC_PEERS_MAX;
    if (!full && (initiator || ipsec->num_half_open < IKE_HALF_OPEN_MAX))
        return true;
    for (ike_sa *sa = ipsec->sas; sa; sa = sa->next)
        if (!sa->exchange.initiator && !sa->up)
            oldest = sa;
    if (oldest)
        ike_sa_free(oldest);
    return oldest != NULL;
}

static ike_sa *sa_new(rig_ipsec *ipsec, const rig_ip *local, const rig_ip *peer, bool aggressive,
                      bool initiator)
{
    ike_sa *sa = make_room(ipsec, initiator) ? rig_new(ipsec->config.alloc, sizeof *sa) : NULL;
    if (!sa)
        return NULL;
    sa->ipsec = ipsec;
    sa->local = *local;
    sa->peer = *peer;
    sa->exchange.steps = aggressive ? aggressive_steps : main_steps;
    sa->exchange.num_steps = aggressive ? sizeof aggressive_steps / sizeof *aggressive_steps
                                        : sizeof main_steps / sizeof *main_steps;
    sa->exchange.timer.kind = IPS_TIMER_PHASE1;
    sa->life.kind = IPS_TIMER_SA_LIFE;
    if (!ike_exchange_begin(ipsec, &sa->exchange, aggressive ? ISA_AGGRESSIVE : ISA_MAIN, initiator)) {
        rig_delete(ipsec->config.alloc, sa, sizeof *sa);
        return NULL;
    }
    sa->next = ipsec->sas;
    if (sa->next)
        sa->next->prev = sa;
    ipsec->sas = sa;
    ipsec->num_sas++;
    ipsec->num_half_open += !initiator;
    return sa;
}

void ike_sa_free(ike_sa *sa)
{
    rig_ipsec *ipsec = sa->ipsec;
    while (sa->quicks)
        ike_quick_drop(sa->quicks);
    rig_timerq_disarm(&ipsec->timers, &sa->life);
    ike_exchange_end(ipsec, &sa->exchange);
    rig_map_remove(&ipsec->by_cookie, &sa->by_cookie);
    *(sa->prev ? &sa->prev->next : &ipsec->sas) = sa->next;
    if (sa->next)
        sa->next->prev = sa->prev;
    ipsec->num_sas--;
    ipsec->num_half_open -= !sa->exchange.initiator && !sa->up;
    rig_secret_wipe(sa, sizeof *sa);
    rig_delete(ipsec->config.alloc, sa, sizeof *sa);
}

static bool has_cookies(const ike_sa *sa, const isa_header *header)
{
    static const uint8_t none[ISA_COOKIE];
    bool known = memcmp(sa->rcookie, none, ISA_COOKIE) != 0;
    return memcmp(sa->icookie, header->icookie, ISA_COOKIE) == 0 &&
           (memcmp(sa->rcookie, header->rcookie, ISA_COOKIE) == 0 || (!known && sa->exchange.initiator) ||
            (!sa->exchange.initiator && memcmp(header->rcookie, none, ISA_COOKIE) == 0));
}

static void add_cookie(ike_sa *sa)
{
    rig_map_add(&sa->ipsec->by_cookie, &sa->by_cookie, rig_hash64(sa->icookie, ISA_COOKIE, 0));
}

ike_sa *ike_sa_find(const rig_ipsec *ipsec, const isa_header *header, const rig_ip *peer)
{
    rig_map_link *link = rig_map_first(&ipsec->by_cookie, rig_hash64(header->icookie, ISA_COOKIE, 0));
    for (; link; link = rig_map_next(link)) {
        ike_sa *sa = RIG_MAP_ITEM(link, ike_sa, by_cookie);
        if (has_cookies(sa, header) && rig_ip_eq(&sa->peer, peer))
            return sa;
    }
    return NULL;
}

ike_sa *ike_sa_for(const rig_ipsec *ipsec, const ips_wish *wish, const rig_ip *local)
{
    ike_sa *sa = ipsec->sas;
    while (sa && (sa->wish != wish || sa->stale || !rig_ip_eq(&sa->local, local)))
        sa = sa->next;
    return sa;
}

ike_sa *ike_sa_between(const rig_ipsec *ipsec, const rig_ip *local, const rig_ip *peer)
{
    ike_sa *sa = ipsec->sas;
    while (sa && !(sa->up && !sa->stale && rig_ip_eq(&sa->local, local) && rig_ip_eq(&sa->peer, peer)))
        sa = sa->next;
    return sa;
}

/* ---- keys ---- */

static rig_view ends(const ike_sa *sa, uint8_t cookies[2 * ISA_COOKIE], bool theirs_first)
{
    memcpy(cookies, theirs_first ? sa->rcookie : sa->icookie, ISA_COOKIE);
    memcpy(cookies + ISA_COOKIE, theirs_first ? sa->icookie : sa->rcookie, ISA_COOKIE);
    return rig_view_of(cookies, 2 * ISA_COOKIE);
}

/* SKEYID_d, _a, _e one out of the other (RFC 2409 section 5). */
static bool derive(ike_sa *sa, rig_view shared, uint8_t skeyid_e[IPC_HASH_MAX])
{
    uint8_t cookies[2 * ISA_COOKIE], number;
    uint8_t *const out[] = {sa->skeyid_d, sa->skeyid_a, skeyid_e};
    size_t len = ipc_hash_len(sa->suite->hash);
    bool right = true;
    for (number = 0; right && number < 3; number++) {
        const rig_view parts[] = {rig_view_of(number ? out[number - 1] : NULL, number ? len : 0), shared,
                                  ends(sa, cookies, false), rig_view_of(&number, 1)};
        right =
            ipc_prf(sa->ipsec->crypto, sa->suite->hash, rig_view_of(sa->skeyid, len), parts, 4, out[number]);
    }
    return right;
}

/* A cipher whose key is longer than SKEYID_e gets more of it (RFC 2409 appendix B). */
static bool cipher_key(ike_sa *sa, const uint8_t skeyid_e[IPC_HASH_MAX])
{
    size_t len = ipc_hash_len(sa->suite->hash), wanted = sa->suite->key_bits / 8;
    uint8_t more[2 * IPC_HASH_MAX], zero = 0;
    rig_view seed = rig_view_of(skeyid_e, len), part = rig_view_of(&zero, 1);
    if (wanted <= len) {
        memcpy(sa->key, skeyid_e, wanted);
        return true;
    }
    bool right = ipc_prf(sa->ipsec->crypto, sa->suite->hash, seed, &part, 1, more);
    part = rig_view_of(more, len);
    right = right && ipc_prf(sa->ipsec->crypto, sa->suite->hash, seed, &part, 1, more + len);
    memcpy(sa->key, more, wanted);
    rig_secret_wipe(more, sizeof more);
    return right;
}

static bool first_iv(ike_sa *sa)
{
    uint8_t digest[IPC_HASH_MAX];
    const rig_view parts[] = {ips_view(&sa->ke[0]), ips_view(&sa->ke[1])};
    bool right = ipc_digest(sa->ipsec->crypto, sa->suite->hash, parts, 2, digest);
    memcpy(sa->exchange.iv, digest, IPC_BLOCK);
    return right;
}

static void show(ike_sa *sa)
{
    char cookie[2 * ISA_COOKIE + 1], key[2 * IPC_HASH_MAX + 1], d[2 * IPC_HASH_MAX + 1];
    char skeyid[2 * IPC_HASH_MAX + 1];
    rig_text text;
    size_t len = ipc_hash_len(sa->suite->hash);
    rig_text_init(&text, cookie, sizeof cookie);
    rig_text_hex(&text, rig_view_of(sa->icookie, ISA_COOKIE), 0);
    rig_text_init(&text, key, sizeof key);
    rig_text_hex(&text, rig_view_of(sa->key, sa->suite->key_bits / 8), 0);
    ips_show_key(sa->ipsec, RIG_IPSEC_SHOWN_IKE, "%s,%s", cookie, key);
    rig_text_init(&text, key, sizeof key);
    rig_text_hex(&text, rig_view_of(sa->skeyid_a, len), 0);
    rig_text_init(&text, d, sizeof d);
    rig_text_hex(&text, rig_view_of(sa->skeyid_d, len), 0);
    rig_text_init(&text, skeyid, sizeof skeyid);
    rig_text_hex(&text, rig_view_of(sa->skeyid, len), 0);
    ips_show_key(sa->ipsec, RIG_IPSEC_SHOWN_KEYMAT, "phase1,%s,%s,%s,%s", cookie, key, d, skeyid);
    rig_secret_wipe(skeyid, sizeof skeyid);
    rig_secret_wipe(key, sizeof key);
    rig_secret_wipe(d, sizeof d);
}

bool ike_sa_keys(ike_sa *sa, rig_error *err)
{
    uint8_t shared[IPC_KE_MAX], skeyid_e[IPC_HASH_MAX];
    ipc *crypto = sa->ipsec->crypto;
    if (sa->has_keys)
        return true;
    rig_view key = ips_key_for(sa->ipsec, sa), theirs = ips_view(&sa->ke[sa->exchange.initiator]);
    const rig_view nonces[] = {ips_view(&sa->nonce[0]), ips_view(&sa->nonce[1])};
    if (key.len == 0) {
        rig_fail(err, RIG_E_AUTH, "no pre-shared key for the peer");
        return false;
    }
    size_t len = ipc_group_len(sa->group);
    bool right = ipc_shared(crypto, sa->group, sa->exponent, theirs, shared) &&
                 ipc_prf(crypto, sa->suite->hash, key, nonces, 2, sa->skeyid) &&
                 derive(sa, rig_view_of(shared, len), skeyid_e) && cipher_key(sa, skeyid_e) && first_iv(sa);
    rig_secret_wipe(shared, sizeof shared);
    rig_secret_wipe(skeyid_e, sizeof skeyid_e);
    if (!right)
        rig_fail(err, RIG_E_AUTH, "the peer's public value is not one of the group");
    sa->has_keys = right;
    if (right)
        show(sa);
    return right;
}

/* HASH_I, or HASH_R for the responder's. */
static bool hash_of(ike_sa *sa, bool responder, uint8_t out[IPC_HASH_MAX])
{
    uint8_t cookies[2 * ISA_COOKIE];
    const rig_view parts[] = {ips_view(&sa->ke[responder]), ips_view(&sa->ke[!responder]),
                              ends(sa, cookies, responder), ips_view(&sa->offer),
                              ips_view(&sa->id[responder])};
    rig_view key = rig_view_of(sa->skeyid, ipc_hash_len(sa->suite->hash));
    return ipc_prf(sa->ipsec->crypto, sa->suite->hash, key, parts, 5, out);
}

/* ---- what is put into messages ---- */

static rig_status put_sa(ike_sa *sa, isa_writer *w)
{
    rig_ipsec *ipsec = sa->ipsec;
    bool odd = ips_deviates(ipsec, RIG_IPSEC_FAULT_WRONG_GROUP);
    if (!sa->exchange.initiator) {
        isa_put_sa(w, &sa->chosen, 1);
        return RIG_OK;
    }
    uint16_t group = odd ? 2 : ipsec->config.profile.group;
    sa->group = group ? group : 14;
    sa->num_offered = ips_offer_ike(&ipsec->config.profile, sa->group, sa->offered);
    if (sa->num_offered == 0)
        return RIG_E_UNSUPPORTED;
    return ips_keep(&sa->offer, isa_put_sa(w, sa->offered, sa->num_offered)) ? RIG_OK : RIG_E_LIMIT;
}

static rig_status put_ke(ike_sa *sa, isa_writer *w)
{
    ike_octets *ke = &sa->ke[!sa->exchange.initiator];
    ips_draw(sa->ipsec, "ike-exponent", sa->exponent, IPC_EXPONENT);
    ke->len = (uint16_t)ipc_group_len(sa->group);
    if (!ipc_public(sa->ipsec->crypto, sa->group, sa->exponent, ke->bytes))
        return RIG_E_NOMEM;
    isa_put(w, ISA_KE, ips_view(ke));
    return RIG_OK;
}

static rig_status put_nonce(ike_sa *sa, isa_writer *w)
{
    ike_octets *nonce = &sa->nonce[!sa->exchange.initiator];
    nonce->len = IKE_NONCE;
    ips_draw(sa->ipsec, "ike-nonce", nonce->bytes, IKE_NONCE);
    isa_put(w, ISA_NONCE, ips_view(nonce));
    return RIG_OK;
}

static rig_status put_id(ike_sa *sa, isa_writer *w)
{
    ike_octets *id = &sa->id[!sa->exchange.initiator];
    if (sa->wish && sa->wish->id.len)
        *id = sa->wish->id;
    else
        ips_id_of_address(&sa->local, 0, 0, id);
    isa_put(w, ISA_ID, ips_view(id));
    return RIG_OK;
}

static rig_status put_hash(ike_sa *sa, isa_writer *w)
{
    uint8_t hash[IPC_HASH_MAX];
    if (!ike_sa_keys(sa, NULL) || !hash_of(sa, !sa->exchange.initiator, hash))
        return RIG_E_AUTH;
    hash[0] ^= ips_deviates(sa->ipsec, RIG_IPSEC_FAULT_BAD_HASH);
    isa_put(w, ISA_HASH, rig_view_of(hash, ipc_hash_len(sa->suite->hash)));
    return RIG_OK;
}

rig_status ike_phase1_put(ike_party *party, ike_item item, isa_writer *w)
{
    static rig_status (*const puts[IKE_ITEMS])(ike_sa *, isa_writer *) = {[IKE_ITEM_SA] = put_sa,
                                                                          [IKE_ITEM_KE] = put_ke,
                                                                          [IKE_ITEM_NONCE] = put_nonce,
                                                                          [IKE_ITEM_ID] = put_id,
                                                                          [IKE_ITEM_HASH] = put_hash};
    return puts[item](party->sa, w);
}

/* ---- what is taken out of them ---- */

static rig_status take_sa(ike_sa *sa, rig_view body, const uint8_t *base, rig_error *err)
{
    isa_transform offered[ISA_TRANSFORMS_MAX];
    rig_ipsec_profile profile = sa->ipsec->config.profile;
    unsigned num;
    rig_status status = isa_read_sa(body, base, offered, &num, err);
    if (status)
        return status;
    if (sa->exchange.initiator && (num != 1 || !ips_is_offered(&offered[0], sa->offered, sa->num_offered)))
        return rig_fail(err, RIG_E_NEGOTIATION, "what the peer chose was not offered");
    if (!sa->exchange.initiator && !ips_keep(&sa->offer, body))
        return rig_fail(err, RIG_E_LIMIT, "an SA payload of %zu bytes", body.len);
    profile.refuses = profile.refuses && !sa->exchange.initiator;
    const isa_transform *chosen = ips_choose_ike(&profile, offered, num, &sa->suite, err);
    if (!chosen)
        return RIG_E_NEGOTIATION;
    sa->chosen = *chosen;
    sa->group = (uint16_t)chosen->value[IKE_GROUP];
    return RIG_OK;
}

static rig_status take_ke(ike_sa *sa, rig_view body, const uint8_t *base, rig_error *err)
{
    if (body.len != ipc_group_len(sa->group) || !ips_keep(&sa->ke[sa->exchange.initiator], body))
        return rig_fail_at(err, RIG_E_NEGOTIATION, (size_t)(body.ptr - base), "KE",
                           "%zu bytes, group %u has %zu", body.len, sa->group, ipc_group_len(sa->group));
    return RIG_OK;
}

static rig_status take_nonce(ike_sa *sa, rig_view body, const uint8_t *base, rig_error *err)
{
    if (body.len < 8 || body.len > IKE_NONCE_MAX || !ips_keep(&sa->nonce[sa->exchange.initiator], body))
        return rig_fail_at(err, RIG_E_FORMAT, (size_t)(body.ptr - base), "nonce",
                           "%zu bytes, 8 to 256 are allowed", body.len);
    return RIG_OK;
}

static rig_status take_id(ike_sa *sa, rig_view body, const uint8_t *base, rig_error *err)
{
    if (body.len <= IKE_ID_HEAD || body.len > IKE_ID_MAX || !ips_keep(&sa->id[sa->exchange.initiator], body))
        return rig_fail_at(err, RIG_E_FORMAT, (size_t)(body.ptr - base), "ID", "%zu bytes", body.len);
    return RIG_OK;
}

static rig_status take_hash(ike_sa *sa, rig_view body, const uint8_t *base, rig_error *err)
{
    uint8_t hash[IPC_HASH_MAX];
    (void)base;
    if (!ike_sa_keys(sa, err))
        return RIG_E_AUTH;
    if (!hash_of(sa, sa->exchange.initiator, hash) ||
        !rig_view_eq(body, rig_view_of(hash, ipc_hash_len(sa->suite->hash))))
        return rig_fail(err, RIG_E_AUTH, "the peer's HASH is not made with our key");
    return RIG_OK;
}

static const struct {
    uint8_t payload;
    rig_status (*take)(ike_sa *, rig_view, const uint8_t *, rig_error *);
} takes[IKE_ITEMS] = {
    [IKE_ITEM_SA] = {ISA_SA, take_sa},          [IKE_ITEM_KE] = {ISA_KE, take_ke},
    [IKE_ITEM_NONCE] = {ISA_NONCE, take_nonce}, [IKE_ITEM_ID] = {ISA_ID, take_id},
    [IKE_ITEM_HASH] = {ISA_HASH, take_hash},
};

rig_status ike_phase1_take(ike_party *party, ike_item item, const isa_message *message, const uint8_t *base,
                           rig_error *err)
{
    const isa_part *part = isa_part_of(message, takes[item].payload, 0);
    if (!part)
        return rig_fail(err, RIG_E_FORMAT, "no payload of type %u", takes[item].payload);
    return takes[item].take(party->sa, part->body, base, err);
}

/* ---- how it goes ---- */

static void tell_up(const ike_sa *sa)
{
    ips_tell(sa->ipsec, &(rig_ipsec_notice){.kind = RIG_IPSEC_PHASE1,
                                            .local = {sa->local, IKE_PORT},
                                            .remote = {sa->peer, IKE_PORT},
                                            .aggressive = sa->exchange.type == ISA_AGGRESSIVE,
                                            .now = sa->ipsec->now});
}

static bool waits_for(const ips_flow *flow, const ips_wish *wish, const rig_ip *local)
{
    return flow->wants && flow->wish == wish && rig_ip_eq(&flow->local.ip, local);
}

static void came_up(ike_sa *sa)
{
    rig_ipsec *ipsec = sa->ipsec;
    sa->up = true;
    ipsec->num_half_open -= !sa->exchange.initiator;
    memcpy(sa->last_block, sa->exchange.iv, IPC_BLOCK);
    rig_timerq_arm(&ipsec->timers, &sa->life, ipsec->now + ips_life(&sa->chosen) * RIG_SECOND);
    tell_up(sa);
    for (ips_flow *flow = ipsec->flows, *next; flow; flow = next) {
        next = flow->next;
        if (waits_for(flow, sa->wish, &sa->local))
            ike_quick_start(sa, flow);
    }
}

/* It came to nothing, or is over: what waits for it fails. */
void ike_sa_end(ike_sa *sa, const rig_error *why)
{
    rig_ipsec *ipsec = sa->ipsec;
    ips_wish *wish = sa->up ? NULL : sa->wish;
    rig_ip local = sa->local;
    while (sa->quicks)
        ike_quick_fail(sa->quicks, why);
    ike_sa_free(sa);
    for (ips_flow *flow = ipsec->flows, *next; flow; flow = next) {
        next = flow->next;
        if (wish && waits_for(flow, wish, &local))
            ips_flow_fail(flow, why);
    }
}

/* Its life is over, or the peer has taken it away. Connections outlive it (RFC 7146 section 3.2): their quick
 * modes begin anew under the next one, but not for ever with a peer that takes each away. */
void ike_sa_deleted(ike_sa *sa)
{
    rig_ipsec *ipsec = sa->ipsec;
    rig_error why = {0};
    const ips_wish *wish = sa->wish;
    rig_ip local = sa->local;
    rig_fail(&why, RIG_E_REFUSED, "the ISAKMP SA is over before its quick mode, again");
    while (sa->quicks) {
        ips_flow *flow = ike_quick_asks(sa->quicks) ? sa->quicks->flow : NULL;
        if (flow && flow->again) {
            ike_quick_fail(sa->quicks, &why);
            continue;
        }
        if (flow)
            flow->again = true;
        ike_quick_drop(sa->quicks);
    }
    ike_sa_free(sa);
    for (ips_flow *flow = ipsec->flows, *next; flow; flow = next) {
        next = flow->next;
        if (waits_for(flow, wish, &local))
            ips_flow_want(flow);
    }
}

ike_sa *ike_phase1_start(rig_ipsec *ipsec, ips_wish *wish, const rig_ip *local)
{
    const rig_ip *peer = wish->tunnel && wish->outer.version ? &wish->outer : &wish->portal.ip;
    bool aggressive = wish->aggressive != ips_deviates(ipsec, RIG_IPSEC_FAULT_WRONG_EXCHANGE);
    ike_sa *sa = sa_new(ipsec, local, peer, aggressive, true);
    if (!sa)
        return NULL;
    sa->wish = wish;
    ips_draw(ipsec, "ike-cookie", sa->icookie, ISA_COOKIE);
    add_cookie(sa);
    ike_party party = {sa, NULL};
    if (ike_say(&party) == RIG_OK)
        return sa;
    ike_sa_free(sa);
    return NULL;
}

static bool first_is_fit(const rig_ipsec *ipsec, const isa_header *header)
{
    static const uint8_t none[ISA_COOKIE];
    rig_ipsec_will will = ipsec->config.profile.aggressive;
    bool aggressive = header->exchange == ISA_AGGRESSIVE;
    return ipsec->portals && (aggressive || header->exchange == ISA_MAIN) &&
           memcmp(header->rcookie, none, ISA_COOKIE) == 0 &&
           (will == RIG_IPSEC_EITHER || (will == RIG_IPSEC_ALWAYS) == aggressive);
}

static ike_sa *accept_first(rig_ipsec *ipsec, const rig_address *from, const rig_address *to,
                            const isa_header *header)
{
    if (!first_is_fit(ipsec, header)) {
        ike_notify_clear(ipsec, &to->ip, &from->ip, header, NOTIFY_INVALID_EXCHANGE);
        return NULL;
    }
    ike_sa *sa = sa_new(ipsec, &to->ip, &from->ip, header->exchange == ISA_AGGRESSIVE, false);
    if (!sa)
        return NULL;
    memcpy(sa->icookie, header->icookie, ISA_COOKIE);
    ips_draw(ipsec, "ike-cookie", sa->rcookie, ISA_COOKIE);
    add_cookie(sa);
    return sa;
}

/* What does not parse may be anybody's; what parses and is not acceptable ends it. */
static void went_wrong(ike_sa *sa, const isa_header *header, rig_status status, const rig_error *why)
{
    rig_ipsec *ipsec = sa->ipsec;
    const rig_address peer = {sa->peer, IKE_PORT};
    bool first = !sa->exchange.initiator && sa->exchange.at == 0;
    ips_refused(ipsec, &peer, why);
    if (status == RIG_E_FORMAT && !first)
        return;
    ike_notify_clear(ipsec, &sa->local, &sa->peer, header, ike_notify_for(status, why->field));
    ike_sa_end(sa, why);
}

static void go_on(ike_sa *sa, const isa_header *header)
{
    ike_party party = {sa, NULL};
    rig_error why = {0};
    while (ike_is_ours(&sa->exchange)) {
        rig_status status = ike_say(&party);
        if (!status)
            continue;
        rig_fail(&why, status, "phase 1 cannot go on: %s", rig_status_meaning(status));
        went_wrong(sa, header, status, &why);
        return;
    }
    if (sa->exchange.at == sa->exchange.num_steps)
        came_up(sa);
}

static void phase1_hear(ike_sa *sa, rig_view bytes, const isa_header *header)
{
    static const uint8_t none[ISA_COOKIE];
    ike_party party = {sa, NULL};
    rig_error why = {0};
    bool answers = sa->exchange.initiator && memcmp(sa->rcookie, none, ISA_COOKIE) == 0;
    if (answers)
        memcpy(sa->rcookie, header->rcookie, ISA_COOKIE);
    rig_status status = ike_hear(&party, bytes, header, &why);
    if (status && answers) /* whoever it was: its cookie is not that of the answer */
        memset(sa->rcookie, 0, ISA_COOKIE);
    if (status)
        went_wrong(sa, header, status, &why);
    else
        go_on(sa, header);
}

void ike_phase1_heard(rig_ipsec *ipsec, const rig_address *from, const rig_address *to, rig_view bytes,
                      const isa_header *header)
{
    ike_sa *sa = ike_sa_find(ipsec, header, &from->ip);
    if (sa && sa->exchange.type != header->exchange)
        return;
    if (sa && ike_heard_before(sa, &sa->exchange, bytes))
        return;
    if (!sa)
        sa = accept_first(ipsec, from, to, header);
    if (sa && !sa->up)
        phase1_hear(sa, bytes, header);
}
