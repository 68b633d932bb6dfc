/* Quick mode: the two ESP SAs of one TCP connection (RFC 2409 section 5.5, RFC 7146 section 3.2). */
#include "internal.h"

static const ike_step steps[] = {
    {true, {IKE_ITEM_HASH, IKE_ITEM_SA, IKE_ITEM_NONCE, IKE_ITEM_PFS, IKE_ITEM_IDS}},
    {true, {IKE_ITEM_HASH, IKE_ITEM_SA, IKE_ITEM_NONCE, IKE_ITEM_PFS, IKE_ITEM_IDS}},
    {true, {IKE_ITEM_HASH}},
};

#define PART_HEAD 4

/* ---- which there are ---- */

static uint64_t message_hash(const ike_sa *sa, uint32_t message_id)
{
    return rig_hash64(sa->icookie, ISA_COOKIE, message_id);
}

static ike_quick *quick_find(const ike_sa *sa, uint32_t message_id)
{
    rig_map_link *link = rig_map_first(&sa->ipsec->by_message, message_hash(sa, message_id));
    for (; link; link = rig_map_next(link)) {
        ike_quick *quick = RIG_MAP_ITEM(link, ike_quick, by_message);
        if (quick->sa == sa && quick->exchange.message_id == message_id)
            return quick;
    }
    return NULL;
}

/* ---- which go first ---- */

static void dequeue(ike_quick *quick)
{
    ike_queue *queue = quick->queue;
    if (!queue)
        return;
    *(quick->before ? &quick->before->behind : &queue->first) = quick->behind;
    *(quick->behind ? &quick->behind->before : &queue->last) = quick->before;
    queue->num--;
    quick->queue = NULL;
}

static void enqueue(ike_queue *queue, ike_quick *quick)
{
    dequeue(quick);
    quick->queue = queue;
    quick->before = queue->last;
    quick->behind = NULL;
    *(queue->last ? &queue->last->behind : &queue->first) = quick;
    queue->last = quick;
    queue->num++;
}

/* What somebody has begun and not finished makes room, the oldest first; its connection goes with it. */
bool ike_quick_make_room(rig_ipsec *ipsec, const ike_quick *but)
{
    ike_quick *oldest = ipsec->half_open.first;
    if (oldest && oldest == but)
        oldest = oldest->behind;
    if (oldest)
        ike_quick_drop(oldest);
    return oldest != NULL;
}

/* One that is over answers what comes again, as long as there are not too many. */
static void linger(ike_quick *quick)
{
    rig_ipsec *ipsec = quick->sa->ipsec;
    rig_timerq_arm(&ipsec->timers, &quick->exchange.timer, ipsec->now + IKE_LINGER);
    enqueue(&ipsec->lingering, quick);
    if (ipsec->lingering.num > IKE_LINGERING_MAX)
        ike_quick_drop(ipsec->lingering.first);
}

/* Ours never wait for those of others, nor these for ours. */
static bool has_room(rig_ipsec *ipsec, bool initiator)
{
    uint32_t others = ipsec->half_open.num, ours = ipsec->num_quicks - ipsec->lingering.num - others;
    return initiator ? ours < IKE_QUICKS_MAX : others < IKE_QUICKS_MAX || ike_quick_make_room(ipsec, NULL);
}

static ike_quick *quick_new(ike_sa *sa, uint32_t message_id, bool initiator)
{
    rig_ipsec *ipsec = sa->ipsec;
    ike_quick *quick = has_room(ipsec, initiator) ? rig_new(ipsec->config.alloc, sizeof *quick) : NULL;
    if (!quick)
        return NULL;
    quick->sa = sa;
    quick->exchange.steps = steps;
    quick->exchange.num_steps = sizeof steps / sizeof *steps;
    quick->exchange.message_id = message_id;
    quick->exchange.timer.kind = IPS_TIMER_QUICK;
    ipsec->num_quicks++;
    if (!initiator)
        enqueue(&ipsec->half_open, quick);
    quick->next = sa->quicks;
    if (quick->next)
        quick->next->prev = quick;
    sa->quicks = quick;
    rig_map_add(&ipsec->by_message, &quick->by_message, message_hash(sa, message_id));
    if (ike_exchange_begin(ipsec, &quick->exchange, ISA_QUICK, initiator) &&
        ike_iv_of(sa, message_id, quick->exchange.iv))
        return quick;
    ike_quick_free(quick);
    return NULL;
}

static void set_flow(ike_quick *quick, ips_flow *flow)
{
    quick->flow = flow;
    quick->next_of_flow = flow->quicks;
    flow->quicks = quick;
}

static void unset_flow(ike_quick *quick)
{
    ips_flow *flow = quick->flow;
    ike_quick **place = &flow->quicks;
    while (*place != quick)
        place = &(*place)->next_of_flow;
    *place = quick->next_of_flow;
    if (flow->quick != quick)
        return;
    flow->quick = NULL;
    flow->wants = flow->wish != NULL;
}

void ike_quick_free(ike_quick *quick)
{
    rig_ipsec *ipsec = quick->sa->ipsec;
    *(quick->prev ? &quick->prev->next : &quick->sa->quicks) = quick->next;
    if (quick->next)
        quick->next->prev = quick->prev;
    rig_map_remove(&ipsec->by_message, &quick->by_message);
    dequeue(quick);
    if (quick->flow)
        unset_flow(quick);
    ike_exchange_end(ipsec, &quick->exchange);
    ipsec->num_quicks--;
    rig_secret_wipe(quick, sizeof *quick);
    rig_delete(ipsec->config.alloc, quick, sizeof *quick);
}

/* It is ours and waits for its answer. */
bool ike_quick_asks(const ike_quick *quick)
{
    return quick->exchange.initiator && quick->exchange.at < quick->exchange.num_steps;
}

/* A connection that it was for, and that has nothing else, goes with it. */
void ike_quick_drop(ike_quick *quick)
{
    ips_flow *flow = quick->flow;
    ike_quick_free(quick);
    if (flow)
        ips_flow_settle(flow);
}

void ike_quick_fail(ike_quick *quick, const rig_error *why)
{
    ips_flow *flow = quick->flow;
    bool waits = flow && flow->quick == quick;
    if (!waits) {
        ike_quick_drop(quick);
        return;
    }
    ike_quick_free(quick);
    ips_flow_fail(flow, why);
}

/* ---- hashes ---- */

static rig_view prf_key(const ike_sa *sa)
{
    return rig_view_of(sa->skeyid_a, ipc_hash_len(sa->suite->hash));
}

/* HASH(1), HASH(2) or HASH(3), by the message it stands in; rest is what follows it there. */
static bool hash_of(const ike_quick *quick, unsigned message, rig_view rest, uint8_t out[IPC_HASH_MAX])
{
    const ike_sa *sa = quick->sa;
    uint8_t zero = 0, id[4];
    rig_put_be32(id, quick->exchange.message_id);
    const rig_view parts[][4] = {
        {rig_view_of(id, 4), rest},
        {rig_view_of(id, 4), ips_view(&quick->nonce[0]), rest},
        {rig_view_of(&zero, 1), rig_view_of(id, 4), ips_view(&quick->nonce[0]), ips_view(&quick->nonce[1])}};
    return ipc_prf(sa->ipsec->crypto, sa->suite->hash, prf_key(sa), parts[message], message + 2, out);
}

/* The HASH stands first, over what comes behind it: it is filled in at the end. */
rig_status ike_quick_seal(ike_party *party, uint8_t *bytes, size_t len)
{
    size_t hash_len = ipc_hash_len(party->sa->suite->hash), head = ISA_HEADER + PART_HEAD;
    rig_view rest = rig_view_of(bytes + head + hash_len, len - head - hash_len);
    uint8_t hash[IPC_HASH_MAX];
    if (!hash_of(party->quick, party->quick->exchange.at, rest, hash))
        return RIG_E_NOMEM;
    memcpy(bytes + head, hash, hash_len);
    return RIG_OK;
}

/* ---- what is put into messages ---- */

static rig_status put_hash(ike_quick *quick, isa_writer *w)
{
    static const uint8_t nothing[IPC_HASH_MAX];
    isa_put(w, ISA_HASH, rig_view_of(nothing, ipc_hash_len(quick->sa->suite->hash)));
    return RIG_OK;
}

static uint32_t free_spi(rig_ipsec *ipsec)
{
    uint8_t drawn[4];
    for (int i = 0; i < IKE_DRAWS_MAX; i++) {
        ips_draw(ipsec, "esp-spi", drawn, 4);
        uint32_t spi = rig_be32(drawn);
        if (spi >= 256 && !esp_find(ipsec, spi)) /* RFC 4303 section 2.1: the first 256 are reserved */
            return spi;
    }
    return 0;
}

static rig_status put_sa(ike_quick *quick, isa_writer *w)
{
    rig_ipsec *ipsec = quick->sa->ipsec;
    bool initiator = quick->exchange.initiator;
    quick->spi[!initiator] = free_spi(ipsec);
    if (quick->spi[!initiator] == 0)
        return RIG_E_LIMIT;
    if (!initiator) {
        isa_transform answer = quick->chosen;
        answer.spi = quick->spi[1];
        isa_put_sa(w, &answer, 1);
        return RIG_OK;
    }
    quick->num_offered =
        ips_offer_esp(&ipsec->config.profile, quick->group, quick->tunnel, quick->spi[0], quick->offered);
    if (quick->num_offered == 0)
        return RIG_E_UNSUPPORTED;
    isa_put_sa(w, quick->offered, quick->num_offered);
    return RIG_OK;
}

static rig_status put_nonce(ike_quick *quick, isa_writer *w)
{
    ike_octets *nonce = &quick->nonce[!quick->exchange.initiator];
    nonce->len = IKE_NONCE;
    ips_draw(quick->sa->ipsec, "ike-nonce", nonce->bytes, IKE_NONCE);
    isa_put(w, ISA_NONCE, ips_view(nonce));
    return RIG_OK;
}

static rig_status put_pfs(ike_quick *quick, isa_writer *w)
{
    ike_octets *ke = &quick->ke[!quick->exchange.initiator];
    if (quick->group == 0)
        return RIG_OK;
    ips_draw(quick->sa->ipsec, "ike-exponent", quick->exponent, IPC_EXPONENT);
    ke->len = (uint16_t)ipc_group_len(quick->group);
    if (!ipc_public(quick->sa->ipsec->crypto, quick->group, quick->exponent, ke->bytes))
        return RIG_E_NOMEM;
    isa_put(w, ISA_KE, ips_view(ke));
    return RIG_OK;
}

static rig_status put_ids(ike_quick *quick, isa_writer *w)
{
    isa_put(w, ISA_ID, ips_view(&quick->ids[0]));
    isa_put(w, ISA_ID, ips_view(&quick->ids[1]));
    return RIG_OK;
}

rig_status ike_quick_put(ike_party *party, ike_item item, isa_writer *w)
{
    static rig_status (*const puts[IKE_ITEMS])(ike_quick *, isa_writer *) = {
        [IKE_ITEM_HASH] = put_hash, [IKE_ITEM_SA] = put_sa,   [IKE_ITEM_NONCE] = put_nonce,
        [IKE_ITEM_PFS] = put_pfs,   [IKE_ITEM_IDS] = put_ids,
    };
    return puts[item](party->quick, w);
}

/* ---- what is taken out of them ---- */

static rig_status missing(rig_error *err, const char *what)
{
    return rig_fail_at(err, RIG_E_FORMAT, ISA_HEADER, what, "missing");
}

static rig_status take_hash(ike_quick *quick, const isa_message *message, const uint8_t *base, rig_error *err)
{
    uint8_t hash[IPC_HASH_MAX];
    if (message->num == 0 || message->parts[0].type != ISA_HASH)
        return missing(err, "HASH");
    const isa_part *first = &message->parts[0], *last = &message->parts[message->num - 1];
    const uint8_t *rest = first->whole.ptr + first->whole.len;
    size_t len = (size_t)(last->whole.ptr + last->whole.len - rest);
    if (!hash_of(quick, quick->exchange.at, rig_view_of(rest, len), hash) ||
        !rig_view_eq(first->body, rig_view_of(hash, ipc_hash_len(quick->sa->suite->hash))))
        return rig_fail_at(err, RIG_E_FORMAT, (size_t)(first->body.ptr - base), "HASH",
                           "is not made of this message with the keys of its ISAKMP SA");
    return RIG_OK;
}

static rig_status take_sa(ike_quick *quick, const isa_message *message, const uint8_t *base, rig_error *err)
{
    isa_transform offered[ISA_TRANSFORMS_MAX];
    const isa_part *part = isa_part_of(message, ISA_SA, 0);
    bool initiator = quick->exchange.initiator;
    unsigned num;
    if (!part)
        return missing(err, "SA");
    rig_status status = isa_read_sa(part->body, base, offered, &num, err);
    if (status)
        return status;
    if (num)
        quick->spi[initiator] = offered[0].spi; /* a refusal names it, too */
    if (initiator && (num != 1 || !ips_is_offered(&offered[0], quick->offered, quick->num_offered)))
        return rig_fail(err, RIG_E_NEGOTIATION, "what the peer chose was not offered");
    rig_ipsec_profile any = quick->sa->ipsec->config.profile;
    if (initiator)
        any.refuses = false, any.pfs = any.tunnel = any.esn = RIG_IPSEC_EITHER;
    const isa_transform *chosen = ips_choose_esp(&any, offered, num, &quick->suite, err);
    if (!chosen)
        return RIG_E_NEGOTIATION;
    quick->chosen = *chosen;
    quick->spi[initiator] = chosen->spi;
    quick->group = chosen->has >> ESP_GROUP & 1 ? (uint16_t)chosen->value[ESP_GROUP] : 0;
    quick->tunnel = chosen->value[ESP_ENCAPSULATION] == ESP_TUNNEL;
    return RIG_OK;
}

static rig_status take_nonce(ike_quick *quick, const isa_message *message, const uint8_t *base,
                             rig_error *err)
{
    const isa_part *part = isa_part_of(message, ISA_NONCE, 0);
    if (!part)
        return missing(err, "nonce");
    if (part->body.len < 8 || part->body.len > IKE_NONCE_MAX ||
        !ips_keep(&quick->nonce[quick->exchange.initiator], part->body))
        return rig_fail_at(err, RIG_E_FORMAT, (size_t)(part->body.ptr - base), "nonce",
                           "%zu bytes, 8 to 256 are allowed", part->body.len);
    return RIG_OK;
}

static rig_status take_pfs(ike_quick *quick, const isa_message *message, const uint8_t *base, rig_error *err)
{
    const isa_part *part = isa_part_of(message, ISA_KE, 0);
    (void)base;
    if (!part && !quick->group)
        return RIG_OK;
    if (!part || !quick->group)
        return rig_fail(err, RIG_E_NEGOTIATION,
                        part ? "a KE payload, but no group" : "a group, but no KE payload");
    if (part->body.len != ipc_group_len(quick->group) ||
        !ips_keep(&quick->ke[quick->exchange.initiator], part->body))
        return rig_fail(err, RIG_E_NEGOTIATION, "a public value of %zu bytes, group %u has %zu",
                        part->body.len, quick->group, ipc_group_len(quick->group));
    return RIG_OK;
}

/* Nobody but the end that a connection already has takes it over, in a tunnel neither. */
static bool is_end_of(const ike_sa *sa, const ips_flow *flow)
{
    const ips_wish *wish = flow->wish;
    const esp_sa *esp = flow->out ? flow->out : flow->in;
    if (esp)
        return rig_ip_eq(&esp->outer[!esp->inbound], &sa->peer);
    return !wish ||
           rig_ip_eq(wish->tunnel && wish->outer.version ? &wish->outer : &wish->portal.ip, &sa->peer);
}

/* The peer may begin the next pair of a connection of ours, but not with less than was asked for. */
static bool is_as_asked(const ike_quick *quick, const ips_flow *flow)
{
    const ips_wish *wish = flow->wish;
    if (!wish)
        return true;
    bool pfs = flow->installed ? flow->pfs : wish->pfs,
         tunnel = flow->installed ? flow->tunnel : wish->tunnel;
    return (quick->group != 0) == pfs && quick->tunnel == tunnel;
}

/* The answer repeats the selectors. A question names one connection, between the two that talk here, or in a
 * tunnel between those behind them, whose portal is served. */
static rig_status check_ids(ike_quick *quick, rig_error *err)
{
    rig_ipsec *ipsec = quick->sa->ipsec;
    rig_address theirs, ours;
    bool read =
        ips_id_read(ips_view(&quick->ids[0]), &theirs) && ips_id_read(ips_view(&quick->ids[1]), &ours);
    bool direct = read && rig_ip_eq(&theirs.ip, &quick->sa->peer) && rig_ip_eq(&ours.ip, &quick->sa->local);
    ips_flow *flow = read ? ips_flow_find(ipsec, &ours, &theirs) : NULL;
    if (!read || (!direct && !quick->tunnel) ||
        (flow ? !is_end_of(quick->sa, flow) : !ips_serves(ipsec, &ours)))
        return rig_fail_at(err, RIG_E_NEGOTIATION, 0, "ID",
                           "selectors of no connection that is protected here");
    if (flow && !is_as_asked(quick, flow))
        return rig_fail(err, RIG_E_NEGOTIATION,
                        "neither PFS nor encapsulation may change with a new pair of SAs");
    if (!flow)
        flow = ips_flow_new(ipsec, &ours, &theirs, NULL);
    if (!flow && ike_quick_make_room(ipsec, quick))
        flow = ips_flow_new(ipsec, &ours, &theirs, NULL);
    if (!flow)
        return rig_fail(err, RIG_E_LIMIT, "no room for a connection");
    set_flow(quick, flow);
    ips_flow_touch(flow);
    return RIG_OK;
}

static rig_status take_ids(ike_quick *quick, const isa_message *message, const uint8_t *base, rig_error *err)
{
    ike_octets ids[2] = {{0}};
    for (unsigned i = 0; i < 2; i++) {
        const isa_part *part = isa_part_of(message, ISA_ID, i);
        if (!part || part->body.len > IKE_ID_MAX || !ips_keep(&ids[i], part->body))
            return missing(err, "ID");
    }
    (void)base;
    if (!quick->exchange.initiator) {
        memcpy(quick->ids, ids, sizeof ids);
        return check_ids(quick, err);
    }
    if (rig_view_eq(ips_view(&ids[0]), ips_view(&quick->ids[0])) &&
        rig_view_eq(ips_view(&ids[1]), ips_view(&quick->ids[1])))
        return RIG_OK;
    return rig_fail_at(err, RIG_E_NEGOTIATION, 0, "ID", "the answer has other selectors");
}

rig_status ike_quick_take(ike_party *party, ike_item item, const isa_message *message, const uint8_t *base,
                          rig_error *err)
{
    static rig_status (*const takes[IKE_ITEMS])(ike_quick *, const isa_message *, const uint8_t *,
                                                rig_error *) = {
        [IKE_ITEM_HASH] = take_hash, [IKE_ITEM_SA] = take_sa,   [IKE_ITEM_NONCE] = take_nonce,
        [IKE_ITEM_PFS] = take_pfs,   [IKE_ITEM_IDS] = take_ids,
    };
    return takes[item](party->quick, message, base, err);
}

/* ---- how it goes ---- */

static bool agree(ike_quick *quick)
{
    ike_sa *sa = quick->sa;
    if (!quick->group)
        return true;
    quick->shared_len = ipc_group_len(quick->group);
    return ipc_shared(sa->ipsec->crypto, quick->group, quick->exponent,
                      ips_view(&quick->ke[quick->exchange.initiator]), quick->shared);
}

static void show(const ike_quick *quick)
{
    char cookie[2 * ISA_COOKIE + 1], shared[2 * IPC_KE_MAX + 1];
    rig_text text;
    rig_text_init(&text, cookie, sizeof cookie);
    rig_text_hex(&text, rig_view_of(quick->sa->icookie, ISA_COOKIE), 0);
    rig_text_init(&text, shared, sizeof shared);
    rig_text_hex(&text, rig_view_of(quick->shared, quick->shared_len), 0);
    ips_show_key(quick->sa->ipsec, RIG_IPSEC_SHOWN_KEYMAT, "quick,%s,%08x,%s", cookie,
                 quick->exchange.message_id, shared);
    rig_secret_wipe(shared, sizeof shared);
}

static void finish(ike_quick *quick)
{
    ips_flow *flow = quick->flow;
    rig_error why = {0};
    linger(quick);
    if (flow->quick == quick)
        flow->quick = NULL;
    if (!agree(quick) || !esp_install(quick)) {
        rig_fail(&why, RIG_E_SECURITY, "the keys of a connection cannot be made");
        ips_flow_fail(flow, &why);
        return;
    }
    show(quick);
    ips_flow_installed(flow);
}

static void went_wrong(ike_quick *quick, rig_status status, const rig_error *why)
{
    ike_sa *sa = quick->sa;
    const rig_address peer = {sa->peer, IKE_PORT};
    bool first = !quick->exchange.initiator && quick->exchange.at == 0;
    ips_refused(sa->ipsec, &peer, why);
    if (status == RIG_E_FORMAT) {
        if (first)
            ike_quick_drop(quick);
        return;
    }
    ike_notify(sa, ike_notify_for(status, why->field), ISA_PROTOCOL_ESP, quick->spi[0]);
    ike_quick_fail(quick, why);
}

static void go_on(ike_quick *quick)
{
    ike_party party = {quick->sa, quick};
    rig_error why = {0};
    while (ike_is_ours(&quick->exchange)) {
        rig_status status = ike_say(&party);
        if (!status)
            continue;
        rig_fail(&why, status, "quick mode cannot go on: %s", rig_status_meaning(status));
        went_wrong(quick, status, &why);
        return;
    }
    if (quick->exchange.at == quick->exchange.num_steps)
        finish(quick);
}

static uint32_t free_message_id(ike_sa *sa)
{
    uint8_t drawn[4];
    uint32_t id = 0;
    for (int i = 0; i < IKE_DRAWS_MAX && (id == 0 || quick_find(sa, id)); i++) {
        ips_draw(sa->ipsec, "ike-message", drawn, 4);
        id = rig_be32(drawn) | 1;
    }
    return id;
}

void ike_quick_start(ike_sa *sa, ips_flow *flow)
{
    rig_error why = {0};
    flow->wants = false;
    ike_quick *quick = quick_new(sa, free_message_id(sa), true);
    if (!quick) {
        rig_fail(&why, RIG_E_NOMEM, "no memory for a quick mode");
        ips_flow_fail(flow, &why);
        return;
    }
    bool wanted = flow->wish ? flow->wish->pfs : flow->pfs;
    bool odd = ips_deviates(sa->ipsec, wanted ? RIG_IPSEC_FAULT_KE_LEFT_OUT : RIG_IPSEC_FAULT_KE_ADDED);
    set_flow(quick, flow);
    flow->quick = quick;
    flow->asked = true;
    quick->group = wanted != odd ? sa->group : 0;
    quick->tunnel = flow->wish ? flow->wish->tunnel : flow->tunnel;
    ips_id_of_address(&flow->local.ip, RIG_PROTOCOL_TCP, flow->local.port, &quick->ids[0]);
    ips_id_of_address(&flow->remote.ip, RIG_PROTOCOL_TCP, flow->remote.port, &quick->ids[1]);
    go_on(quick);
}

/* Both ends may negotiate anew at the same time: each then has two pairs, and uses the last. */
static void answer_race(ike_quick *quick)
{
    ips_flow *flow = quick->flow;
    rig_ipsec *ipsec = quick->sa->ipsec;
    if (ips_deviates(ipsec, RIG_IPSEC_FAULT_REKEY_RACE) && flow->out && !flow->quick && !flow->raced) {
        flow->raced = true;
        ike_quick_start(quick->sa, flow);
    }
}

void ike_quick_heard(ike_sa *sa, rig_view bytes, const isa_header *header)
{
    rig_error why = {0};
    ike_quick *quick = quick_find(sa, header->message_id);
    if (quick && ike_heard_before(sa, &quick->exchange, bytes))
        return;
    if (!quick)
        quick = quick_new(sa, header->message_id, false);
    if (!quick || quick->exchange.at == quick->exchange.num_steps)
        return;
    ike_party party = {sa, quick};
    rig_status status = ike_hear(&party, bytes, header, &why);
    if (status) {
        went_wrong(quick, status, &why);
        return;
    }
    if (!quick->exchange.initiator && quick->exchange.at == 1)
        answer_race(quick);
    go_on(quick);
}
