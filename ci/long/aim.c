#include "aim.h"

#include "rig/link_ops.h"
#include "rig/serial.h"

#define FLOWS 1024 /* connections followed at once; a new one takes the place of an old one with its port */
#define LENGTHS 8  /* header bytes up to the lengths */
#define RARE 8     /* one in so many of a rare kind is hit */
#define TAIL_SMALL 3

const char *const aim_damage_names[AIM_DAMAGES] = {"drop", "reset", "corrupt"};

/* One direction of a connection. */
typedef struct aim_flow {
    uint32_t at;           /* sequence number of the next header byte to look at */
    uint8_t have;          /* header bytes seen */
    uint8_t head[LENGTHS]; /* they */
    bool digests;          /* behind the login */
} aim_flow;

typedef struct aim_link {
    rig_link base;
    aim_flow flows[FLOWS][2];
    rig_link *drop, *reset;
    aim_counts *counts;
    uint64_t num;
    uint32_t rarity;
} aim_link;

/* A PDU that begins in a segment, or began in the one before with less than its lengths. */
typedef struct aim_pdu {
    rig_pdu_kind kind;
    uint32_t from, to; /* its bytes in this segment's payload */
    bool digests;
} aim_pdu;

static aim_flow *flow_of(aim_link *link, const rig_packet *packet)
{
    const uint8_t *port = packet->header + (packet->to_listener ? 0 : 2);
    return &link->flows[rig_be16(port) % FLOWS][packet->to_listener];
}

static uint8_t byte_at(const rig_packet *packet, uint32_t at)
{
    uint32_t piece = 0;
    while (at >= packet->iov[piece].iov_len)
        at -= (uint32_t)packet->iov[piece++].iov_len;
    return ((const uint8_t *)packet->iov[piece].iov_base)[at];
}

static uint32_t pdu_len(const aim_flow *flow)
{
    uint32_t ahs = flow->head[4] * 4u;
    uint32_t data = (uint32_t)flow->head[5] << 16 | (uint32_t)flow->head[6] << 8 | flow->head[7];
    uint32_t digests = flow->digests ? 4 + (data ? 4 : 0) : 0;
    return RIG_BHS_LEN + ahs + (data + TAIL_SMALL) / 4 * 4 + digests;
}

static rig_pdu_kind kind_of(const aim_flow *flow)
{
    uint8_t bhs[RIG_BHS_LEN] = {flow->head[0]};
    return rig_pdu_kind_of(bhs);
}

static bool is_login(rig_pdu_kind kind)
{
    return kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP;
}

/* Goes on in a segment to the next PDU whose lengths are there; false at its end. What was sent before is not
 * looked at again. */
static bool next_pdu(aim_flow *flow, const rig_packet *packet, uint32_t seq, aim_pdu *out)
{
    int32_t at = (int32_t)(flow->at - seq);
    for (; at >= 0 && (uint32_t)at < packet->payload_len && flow->have < LENGTHS; at++, flow->at++)
        flow->head[flow->have++] = byte_at(packet, (uint32_t)at);
    if (flow->have < LENGTHS)
        return false;
    flow->have = 0;
    out->kind = kind_of(flow);
    flow->digests = flow->digests || !is_login(out->kind);
    uint32_t len = pdu_len(flow), end = (uint32_t)at + len - LENGTHS;
    flow->at += len - LENGTHS;
    out->from = (uint32_t)at > LENGTHS ? (uint32_t)at - LENGTHS : 0;
    out->to = end < packet->payload_len ? end : packet->payload_len;
    out->digests = flow->digests;
    return true;
}

static uint32_t rarity_of(const aim_link *link, rig_pdu_kind kind)
{
    const uint32_t common =
        RIG_IN(SCSI_CMD) | RIG_IN(SCSI_RESP) | RIG_IN(DATA_IN) | RIG_IN(DATA_OUT) | RIG_IN(R2T);
    return common >> kind & 1 ? link->rarity : RARE;
}

static bool is_hit(aim_link *link, const aim_pdu *pdu, aim_damage *out_damage)
{
    uint64_t drawn = rig_draw(rig_simnet_draws(link->base.net), "aim", link->num++);
    link->counts->pdus[pdu->kind]++;
    *out_damage = (aim_damage)((drawn >> 32) % AIM_DAMAGES);
    return (uint32_t)drawn % rarity_of(link, pdu->kind) == 0;
}

/* Half of the flips are in the header. */
static bool flip(aim_link *link, rig_packet *packet, const aim_pdu *pdu)
{
    uint64_t drawn = rig_draw(rig_simnet_draws(link->base.net), "aim-bit", link->num);
    uint32_t len = pdu->to - pdu->from;
    if (drawn & 8 && len > RIG_BHS_LEN)
        len = RIG_BHS_LEN;
    if (!rig_packet_own(link->base.net, packet))
        return false;
    uint8_t *bytes = packet->iov[0].iov_base;
    bytes[pdu->from + (drawn >> 8) % len] ^= (uint8_t)(1u << (drawn & 7));
    if (!pdu->digests)
        packet->corrupt_checksum = true;
    return true;
}

static void hand_on(rig_link *base, rig_link *child, rig_packet *packet)
{
    child->next = base->next;
    child->ops->pass(child, packet);
}

static void damage(aim_link *link, rig_packet *packet, const aim_pdu *pdu, aim_damage what)
{
    link->counts->hits[pdu->kind][what]++;
    if (what == AIM_DROP)
        hand_on(&link->base, link->drop, packet);
    else if (what == AIM_RESET)
        hand_on(&link->base, link->reset, packet);
    else if (flip(link, packet, pdu))
        rig_link_forward(&link->base, packet);
    else
        rig_packet_free(link->base.net, packet);
}

static void follow(aim_link *link, rig_packet *packet, aim_flow *flow)
{
    uint32_t seq = rig_be32(packet->header + RIG_TCP_SEQ_AT);
    aim_pdu pdu, victim;
    aim_damage what = AIM_DAMAGES, drawn;
    while (next_pdu(flow, packet, seq, &pdu))
        if (is_hit(link, &pdu, &drawn) && what == AIM_DAMAGES) {
            victim = pdu;
            what = drawn;
        }
    if (what == AIM_DAMAGES)
        rig_link_forward(&link->base, packet);
    else
        damage(link, packet, &victim, what);
}

static void aim_pass(rig_link *base, rig_packet *packet)
{
    aim_link *link = (aim_link *)base;
    aim_flow *flow = flow_of(link, packet);
    if (packet->header[RIG_TCP_FLAGS_AT] & RIG_TCP_SYN)
        *flow = (aim_flow){.at = rig_be32(packet->header + RIG_TCP_SEQ_AT) + 1};
    if (packet->payload_len)
        follow(link, packet, flow);
    else
        rig_link_forward(base, packet);
}

static void aim_free(rig_link *base)
{
    aim_link *link = (aim_link *)base;
    link->drop->ops->free(link->drop);
    link->reset->ops->free(link->reset);
    rig_delete(rig_simnet_alloc(base->net), link, sizeof *link);
}

static rig_status make(rig_simnet *net, const char *name, rig_link **out)
{
    const rig_link_kind *kind = rig_link_rows;
    while (kind->name && strcmp(kind->name, name) != 0)
        kind++;
    return kind->name ? kind->make(net, (rig_view){0}, out, NULL) : RIG_E_NOT_FOUND;
}

rig_status aim_add(rig_simnet *net, uint32_t rarity, aim_counts *counts)
{
    static const rig_link_ops ops = {aim_pass, NULL, aim_free};
    aim_link *link = rig_new(rig_simnet_alloc(net), sizeof *link);
    if (!link)
        return RIG_E_NOMEM;
    link->base.ops = &ops;
    link->base.net = net;
    link->counts = counts;
    link->rarity = rarity;
    rig_status status = make(net, "drop", &link->drop);
    if (!status)
        status = make(net, "reset", &link->reset);
    return status ? status : rig_simnet_link(net, &link->base);
}
