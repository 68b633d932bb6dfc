/* Protected connections at the edge of a host: what leaves waits for its SAs, what arrives without them is
 * nobody's.
 */
#include "internal.h"

#define OPTIONS RIG_TCP_HEADER
#define OPTION_MSS 2
#define OURS 1
#define THEIRS 2

/* ---- which there are ---- */

static uint64_t ends_hash(const rig_address *local, const rig_address *remote)
{
    const uint16_t ports[] = {local->port, remote->port};
    uint64_t hash = rig_hash64(local->ip.bytes, sizeof local->ip.bytes, 0);
    return rig_hash64(ports, sizeof ports, rig_hash64(remote->ip.bytes, sizeof remote->ip.bytes, hash));
}

static bool same(const rig_address *a, const rig_address *b)
{
    return a->port == b->port && rig_ip_eq(&a->ip, &b->ip);
}

ips_flow *ips_flow_find(const rig_ipsec *ipsec, const rig_address *local, const rig_address *remote)
{
    rig_map_link *link = rig_map_first(&ipsec->by_ends, ends_hash(local, remote));
    for (; link; link = rig_map_next(link)) {
        ips_flow *flow = RIG_MAP_ITEM(link, ips_flow, by_ends);
        if (same(&flow->local, local) && same(&flow->remote, remote))
            return flow;
    }
    return NULL;
}

ips_flow *ips_flow_new(rig_ipsec *ipsec, const rig_address *local, const rig_address *remote, ips_wish *wish)
{
    ips_flow *flow =
        ipsec->num_flows < RIG_IPSEC_FLOWS_MAX ? rig_new(ipsec->config.alloc, sizeof *flow) : NULL;
    if (!flow)
        return NULL;
    *flow =
        (ips_flow){.ipsec = ipsec, .wish = wish, .local = *local, .remote = *remote, .next = ipsec->flows};
    flow->timer.kind = IPS_TIMER_FLOW;
    if (flow->next)
        flow->next->prev = flow;
    ipsec->flows = flow;
    ipsec->num_flows++;
    rig_map_add(&ipsec->by_ends, &flow->by_ends, ends_hash(local, remote));
    return flow;
}

void ips_flow_free(ips_flow *flow)
{
    rig_ipsec *ipsec = flow->ipsec;
    rig_timerq_disarm(&ipsec->timers, &flow->timer);
    while (flow->quicks)
        ike_quick_free(flow->quicks);
    while (flow->in)
        esp_sa_free(flow->in);
    if (flow->out)
        esp_sa_free(flow->out);
    rig_packet_free(ipsec->config.net, flow->held);
    rig_map_remove(&ipsec->by_ends, &flow->by_ends);
    *(flow->prev ? &flow->prev->next : &ipsec->flows) = flow->next;
    if (flow->next)
        flow->next->prev = flow->prev;
    ipsec->num_flows--;
    rig_delete(ipsec->config.alloc, flow, sizeof *flow);
}

/* One that has nothing, and waits for nothing, goes, unless what its host says yet would then go out in the
 * clear. */
void ips_flow_settle(ips_flow *flow)
{
    bool again = flow->wish || ips_seals(flow->ipsec, &flow->local) || !flow->installed;
    if (again && !flow->in && !flow->out && !flow->quicks && !flow->held && !flow->wants)
        ips_flow_free(flow);
}

static void watch(ips_flow *flow)
{
    rig_timerq_arm(&flow->ipsec->timers, &flow->timer, flow->ipsec->now + FLOW_LINGER);
}

/* It lives on: its SAs do not end with the connection that had these ends before. */
void ips_flow_touch(ips_flow *flow)
{
    if (flow->fins == (OURS | THEIRS))
        watch(flow);
}

/* SAs whose connection has ended, was never made, or is gone without a word, would stay for ever; one that
 * only says nothing keeps them. */
void ips_flow_due(ips_flow *flow)
{
    bool over = flow->fins == (OURS | THEIRS);
    if (!over && rig_simhost_connected(flow->ipsec->config.host, &flow->local, &flow->remote))
        watch(flow);
    else
        ips_flow_free(flow);
}

/* ---- their SAs ---- */

static void tell(const ips_flow *flow, rig_ipsec_notice_kind kind, const rig_error *error)
{
    static const rig_ip nowhere;
    const ips_wish *wish = flow->wish;
    const esp_sa *out = flow->out;
    ips_tell(flow->ipsec, &(rig_ipsec_notice){.kind = kind,
                                              .local = flow->local,
                                              .remote = flow->remote,
                                              .aggressive = wish && wish->aggressive,
                                              .pfs = out ? out->group != 0 : wish && wish->pfs,
                                              .tunnel = out ? out->tunnel : wish && wish->tunnel,
                                              .outer = wish ? wish->outer : nowhere,
                                              .phase1 = flow->asked,
                                              .spi_in = flow->in ? flow->in->spi : 0,
                                              .spi_out = out ? out->spi : 0,
                                              .error = error,
                                              .now = flow->ipsec->now});
}

/* Nothing of it was sent: who connects is told so. */
void ips_flow_fail(ips_flow *flow, const rig_error *why)
{
    rig_ipsec *ipsec = flow->ipsec;
    rig_packet *held = flow->held;
    tell(flow, RIG_IPSEC_FAILED, why);
    flow->wants = false;
    if (flow->out)
        return; /* those that are there last until their life ends */
    if (!flow->wish) {
        ips_flow_settle(flow);
        return;
    }
    flow->held = NULL;
    ips_flow_free(flow);
    if (held)
        rig_simhost_refuse(ipsec->config.host, held, RIG_E_SECURITY);
    rig_packet_free(ipsec->config.net, held);
}

/* Who has answered asks only for what was taken away (RFC 7146 section 3.2), and begins no phase 1. */
static void want_back(ips_flow *flow)
{
    ike_sa *sa = flow->installed ? ike_sa_between(flow->ipsec, &flow->outer[0], &flow->outer[1]) : NULL;
    if (sa)
        ike_quick_start(sa, flow);
}

void ips_flow_want(ips_flow *flow)
{
    rig_ipsec *ipsec = flow->ipsec;
    rig_error why = {0};
    if (flow->quick)
        return;
    if (!flow->wish) {
        want_back(flow);
        return;
    }
    flow->wants = true;
    ike_sa *sa = ike_sa_for(ipsec, flow->wish, &flow->local.ip);
    if (sa && sa->up) {
        ike_quick_start(sa, flow);
        return;
    }
    if (sa || ike_phase1_start(ipsec, flow->wish, &flow->local.ip))
        return;
    rig_fail(&why, RIG_E_SECURITY, "phase 1 cannot be begun");
    ips_flow_fail(flow, &why);
}

static void send(ips_flow *flow, rig_packet *packet)
{
    rig_ipsec *ipsec = flow->ipsec;
    rig_packet *twin = NULL;
    if (!esp_seal(flow->out, packet)) {
        rig_packet_free(ipsec->config.net, packet);
        return;
    }
    uint64_t sequence = flow->out->sequence;
    if (sequence == ESP_RENEW_AT && !flow->out->esn && flow->wish && flow->fins == 0)
        ips_flow_want(flow);
    if (ips_deviates(ipsec, RIG_IPSEC_FAULT_REPLAYED_ESP) && sequence % 8 == 0)
        twin = rig_packet_slice(ipsec->config.net, packet, 0, packet->payload_len);
    rig_simhost_leave(ipsec->config.host, packet);
    if (twin)
        rig_simhost_leave(ipsec->config.host, twin);
    if (sequence != ESP_ODD_PACKET)
        return;
    ike_sa *sa = flow->wish ? ike_sa_for(ipsec, flow->wish, &flow->local.ip)
                            : ike_sa_between(ipsec, &flow->out->outer[0], &flow->out->outer[1]);
    if (sa && ips_deviates(ipsec, RIG_IPSEC_FAULT_DELETE_UNDER_LOAD) && flow->in) {
        ike_delete(sa, flow->in->spi);
        esp_sa_free(flow->in);
    }
    if (sa && sa->up && ips_deviates(ipsec, RIG_IPSEC_FAULT_REKEY_RACE) && !flow->raced) {
        flow->raced = true;
        ike_quick_start(sa, flow);
    }
}

void ips_flow_installed(ips_flow *flow)
{
    rig_packet *held = flow->held;
    flow->held = NULL;
    flow->again = false;
    flow->installed = true;
    if (flow->wish)
        flow->wish->kept = true;
    flow->pfs = flow->out->group != 0;
    flow->tunnel = flow->out->tunnel;
    memcpy(flow->outer, flow->out->outer, sizeof flow->outer);
    tell(flow, RIG_IPSEC_INSTALLED, NULL);
    if (flow->fins == 0)
        watch(flow);
    if (held)
        send(flow, held);
}

/* A connection does not end with its SAs: it gets others (RFC 7146 section 3.2). */
void ips_flow_deleted(ips_flow *flow)
{
    tell(flow, RIG_IPSEC_DELETED, NULL);
    if (flow->out)
        esp_sa_free(flow->out);
    if (flow->fins == 0)
        ips_flow_want(flow);
    else
        ips_flow_settle(flow);
}

/* Its initiator has negotiated anew before, if there is anybody. */
void ips_flow_expired(ips_flow *flow)
{
    if (flow->wish) {
        ips_flow_deleted(flow);
        return;
    }
    tell(flow, RIG_IPSEC_DELETED, NULL);
    esp_sa_free(flow->out);
    ips_flow_settle(flow);
}

/* ---- packets ---- */

static rig_address end_of(const rig_ip *ip, const uint8_t *port)
{
    return (rig_address){*ip, rig_be16(port)};
}

static bool begins(const rig_packet *packet)
{
    return (packet->header[RIG_TCP_FLAGS_AT] & (RIG_TCP_SYN | RIG_TCP_ACK)) == RIG_TCP_SYN;
}

/* The SAs of a connection that is over stay for a while: what was lost is sent again. */
static void note(ips_flow *flow, const rig_packet *packet, uint8_t who)
{
    uint8_t flags = packet->header[RIG_TCP_FLAGS_AT];
    if (begins(packet)) {
        flow->fins = 0;
        watch(flow);
    }
    if (flags & RIG_TCP_FIN)
        flow->fins |= who;
    if (flags & RIG_TCP_RST)
        flow->fins = OURS | THEIRS;
    if (flow->fins == (OURS | THEIRS))
        watch(flow);
}

/* What a segment may have, so that its ESP packet fits. */
static uint16_t fitting(const rig_ipsec *ipsec, const rig_packet *packet, bool tunnel)
{
    size_t mtu = ipsec->config.mtu ? ipsec->config.mtu : RIG_SIM_MTU;
    size_t ip = packet->source.version == 4 ? 20 : 40;
    size_t sealed = (mtu - ip - ESP_HEADER - IPC_BLOCK - ESP_ICV_MAX) / IPC_BLOCK * IPC_BLOCK - 2;
    return (uint16_t)(sealed - (tunnel ? ip : 0) - RIG_TCP_HEADER);
}

static void clamp(const rig_ipsec *ipsec, rig_packet *packet, bool tunnel)
{
    uint8_t *option = packet->header + OPTIONS;
    uint16_t most = fitting(ipsec, packet, tunnel);
    if ((packet->header[RIG_TCP_FLAGS_AT] & RIG_TCP_SYN) && packet->header_len > OPTIONS + 4 &&
        option[0] == OPTION_MSS && rig_be16(option + 2) > most)
        rig_put_be16(option + 2, most);
}

/* The connection that a packet from here belongs to. *out_clear: it is nobody's affair. */
static ips_flow *flow_of(rig_ipsec *ipsec, const rig_packet *packet, bool *out_clear)
{
    const rig_address local = end_of(&packet->source, packet->header);
    const rig_address remote = end_of(&packet->destination, packet->header + 2);
    ips_flow *flow = ips_flow_find(ipsec, &local, &remote);
    ips_wish *wish = ips_wish_for(ipsec, &local, &remote);
    if (flow && flow->fins && begins(packet)) {
        ips_flow_free(flow);
        flow = NULL;
    }
    *out_clear = !flow && !wish && !ips_seals(ipsec, &local);
    if (flow || !wish || (packet->header[RIG_TCP_FLAGS_AT] & RIG_TCP_RST))
        return flow;
    flow = ips_flow_new(ipsec, &local, &remote, wish);
    if (flow)
        tell(flow, RIG_IPSEC_REQUEST, NULL);
    return flow;
}

static void leak(ips_flow *flow, const rig_packet *packet)
{
    rig_ipsec *ipsec = flow->ipsec;
    if (flow->leaked || !flow->wish || !ips_deviates(ipsec, RIG_IPSEC_FAULT_CLEAR_LEAK))
        return;
    flow->leaked = true;
    rig_packet *clear = rig_packet_slice(ipsec->config.net, packet, 0, packet->payload_len);
    if (clear)
        rig_simhost_leave(ipsec->config.host, clear);
}

static void hold(ips_flow *flow, rig_packet *packet)
{
    if (flow->held || !flow->wish) /* it comes again */
        rig_packet_free(flow->ipsec->config.net, packet);
    else
        flow->held = packet;
    ips_flow_want(flow);
}

void ips_leaving(void *ctx, rig_simhost *host, rig_packet *packet)
{
    rig_ipsec *ipsec = ctx;
    bool clear = true;
    ipsec->now = rig_simnet_now(ipsec->config.net);
    ips_flow *flow = packet->protocol == RIG_PROTOCOL_TCP ? flow_of(ipsec, packet, &clear) : NULL;
    if (!flow && clear) {
        rig_simhost_leave(host, packet);
        return;
    }
    if (!flow) {
        if (begins(packet))
            rig_simhost_refuse(host, packet, RIG_E_SECURITY);
        rig_packet_free(ipsec->config.net, packet);
        return;
    }
    clamp(ipsec, packet, flow->wish ? flow->wish->tunnel : flow->tunnel);
    leak(flow, packet);
    note(flow, packet, OURS);
    if (flow->out && esp_is_spent(flow->out)) {
        tell(flow, RIG_IPSEC_DELETED, NULL);
        esp_sa_free(flow->out);
    }
    if (flow->out)
        send(flow, packet);
    else
        hold(flow, packet);
}

static void drop(rig_ipsec *ipsec, rig_packet *packet, const rig_error *why)
{
    const rig_address from = {packet->source, 0};
    ips_refused(ipsec, &from, why);
    rig_packet_free(ipsec->config.net, packet);
}

static void arrived_sealed(rig_ipsec *ipsec, rig_packet *packet)
{
    rig_error why = {0};
    esp_sa *sa = packet->header_len == ESP_HEADER ? esp_find(ipsec, rig_be32(packet->header)) : NULL;
    if (!sa)
        rig_fail_at(&why, RIG_E_SECURITY, 0, "SPI", "an ESP packet of no SA of this host");
    rig_status status = sa ? esp_open(sa, packet, &why) : RIG_E_SECURITY;
    if (status) {
        drop(ipsec, packet, &why);
        return;
    }
    note(sa->flow, packet, THEIRS);
    if (sa == sa->flow->in && sa->sequence >= ESP_RENEW_AT && !sa->esn && sa->flow->wish &&
        sa->flow->fins == 0)
        ips_flow_want(sa->flow);
    rig_simhost_arrive(ipsec->config.host, packet);
}

void ips_arriving(void *ctx, rig_simhost *host, rig_packet *packet)
{
    rig_ipsec *ipsec = ctx;
    rig_error why = {0};
    ipsec->now = rig_simnet_now(ipsec->config.net);
    if (packet->protocol == RIG_PROTOCOL_ESP) {
        arrived_sealed(ipsec, packet);
        return;
    }
    const rig_address local = end_of(&packet->destination, packet->header + 2);
    const rig_address remote = end_of(&packet->source, packet->header);
    bool sealed = packet->protocol == RIG_PROTOCOL_TCP &&
                  (ips_seals(ipsec, &local) || ips_wish_for(ipsec, &local, &remote) ||
                   ips_flow_find(ipsec, &local, &remote));
    if (!sealed) {
        rig_simhost_arrive(host, packet);
        return;
    }
    rig_fail(&why, RIG_E_SECURITY, "a TCP segment in the clear where only ESP is taken");
    drop(ipsec, packet, &why);
}
