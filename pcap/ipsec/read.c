/* Frames in, events out: which packets are IKE, ESP, or TCP in the clear. */
#include "read.h"

#define PORT_IKE 500
#define PORT_NAT_T 4500
#define NON_ESP 4 /* zeros in front of IKE on port 4500 (RFC 3948 section 2.2) */

enum { TCP = 6, UDP = 17, IP_ESP = 50 };

rig_status rig_ipsec_reader_new(const rig_ipsec_reader_config *config, rig_ipsec_reader **out_reader)
{
    rig_ipsec_reader *reader = rig_new(config->alloc, sizeof *reader);
    *out_reader = reader;
    if (!reader)
        return RIG_E_NOMEM;
    reader->config = *config;
    ipr_ring_init(&reader->ike_keys, sizeof(ipr_ike_key));
    ipr_ring_init(&reader->esp_keys, sizeof(ipr_esp_key));
    ipr_ring_init(&reader->phase1_secrets, sizeof(ipr_phase1_secret));
    ipr_ring_init(&reader->quick_secrets, sizeof(ipr_quick_secret));
    ipr_ring_init(&reader->phases1, sizeof(ipr_phase1));
    ipr_ring_init(&reader->exchanges, sizeof(ipr_exchange));
    ipr_ring_init(&reader->spis, sizeof(ipr_spi));
    ipr_ring_init(&reader->pairs, sizeof(ipr_pair));
    return RIG_OK;
}

void rig_ipsec_reader_free(rig_ipsec_reader *reader)
{
    if (!reader)
        return;
    ipr_ring *const rings[] = {&reader->ike_keys,      &reader->esp_keys, &reader->phase1_secrets,
                               &reader->quick_secrets, &reader->phases1,  &reader->exchanges,
                               &reader->spis,          &reader->pairs};
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++)
        ipr_ring_free(reader, rings[i]);
    rig_secret_wipe(reader->plain, sizeof reader->plain);
    rig_delete(reader->config.alloc, reader, sizeof *reader);
}

void ipr_tell(rig_ipsec_reader *reader, rig_ipsec_event *event)
{
    if (reader->status == RIG_OK)
        reader->status = reader->config.event(reader->config.ctx, event);
}

void ipr_flaw(rig_ipsec_reader *reader, const rig_ipsec_flaw *flaw)
{
    rig_ipsec_event event = reader->at;
    event.kind = RIG_IPSEC_FLAW;
    event.is.flaw = flaw;
    ipr_tell(reader, &event);
}

/* ---- ends ---- */

static ipr_pair *pair_of(const rig_ipsec_reader *reader, const rig_ip *a, const rig_ip *b)
{
    ipr_pair *pair;
    for (uint64_t i = 0; (pair = ipr_ring_at(&reader->pairs, i)); i++)
        if ((rig_ip_eq(&pair->first, a) && rig_ip_eq(&pair->second, b)) ||
            (rig_ip_eq(&pair->first, b) && rig_ip_eq(&pair->second, a)))
            return pair;
    return NULL;
}

static ipr_pair *pair_make(rig_ipsec_reader *reader, const rig_ip *a, const rig_ip *b)
{
    ipr_pair *pair = pair_of(reader, a, b);
    if (pair)
        return pair;
    pair = ipr_ring_new(reader, &reader->pairs);
    if (pair) {
        pair->first = *a;
        pair->second = *b;
    }
    return pair;
}

void ipr_guard(rig_ipsec_reader *reader, const rig_ip *a, const rig_ip *b, uint16_t port)
{
    const rig_ipsec_guard guard = {.ends = {*a, *b}, .port = port};
    rig_ipsec_event event = reader->at;
    ipr_pair *pair = pair_make(reader, a, b);
    if (!pair)
        return;
    for (uint32_t i = 0; i < pair->num_ports; i++)
        if (pair->ports[i] == port)
            return;
    if (pair->num_ports == IPR_PORTS_MAX)
        return;
    pair->ports[pair->num_ports++] = port;
    event.kind = RIG_IPSEC_GUARD;
    event.is.guard = &guard;
    ipr_tell(reader, &event);
}

/* ---- frames ---- */

static bool fits(rig_ipsec_reader *reader, const char *what, const ipr_packet *packet)
{
    if (!packet->fragment && packet->body.len == packet->body_len)
        return true;
    const rig_ipsec_flaw flaw = {.what = what,
                                 .offset = (uint32_t)packet->body.len,
                                 .payload = "packet",
                                 .field = packet->fragment ? "fragments" : "captured",
                                 .wanted = packet->fragment ? 0 : packet->body_len,
                                 .came = packet->fragment ? 1 : packet->body.len};
    ipr_flaw(reader, &flaw);
    return false;
}

static void place(rig_ipsec_reader *reader, const ipr_packet *packet, uint16_t udp_port)
{
    const ipr_pair *pair = pair_make(reader, &packet->from, &packet->to);
    reader->at.from = packet->from;
    reader->at.to = packet->to;
    reader->at.udp_port = udp_port;
    reader->at.to_target = pair && rig_ip_eq(&pair->first, &packet->from);
}

static void take_esp(rig_ipsec_reader *reader, const ipr_packet *packet, size_t skip, rig_view *out_inner)
{
    place(reader, packet, skip ? PORT_NAT_T : 0);
    if (packet->fragment)
        fits(reader, "ESP", packet);
    else
        ipr_esp(reader, packet, rig_view_sub(packet->body, skip, packet->body.len),
                packet->body_len - (uint32_t)skip, out_inner);
}

static void take_ike(rig_ipsec_reader *reader, const ipr_packet *packet, uint16_t port, size_t skip)
{
    place(reader, packet, port);
    if (fits(reader, "IKE", packet))
        ipr_ike_message(reader, rig_view_sub(packet->body, skip, packet->body.len));
}

/* One byte of 0xff keeps a NAT's mapping alive; four zeros say IKE (RFC 3948 sections 2.2 and 2.3). */
static void take_nat_t(rig_ipsec_reader *reader, const ipr_packet *packet, rig_view *out_inner)
{
    static const uint8_t marker[NON_ESP];
    rig_view body = rig_view_sub(packet->body, 8, packet->body.len);
    if (body.len == 1 && body.ptr[0] == 0xff)
        return;
    if (body.len >= NON_ESP && memcmp(body.ptr, marker, NON_ESP) == 0)
        take_ike(reader, packet, PORT_NAT_T, 8 + NON_ESP);
    else
        take_esp(reader, packet, 8, out_inner);
}

/* What is behind the UDP datagram in an Ethernet frame is no part of it. */
static void take_udp(rig_ipsec_reader *reader, ipr_packet *packet, rig_view *out_inner)
{
    if (packet->body.len < 8)
        return;
    uint16_t from = (uint16_t)rig_be_get(packet->body.ptr, 2);
    uint16_t to = (uint16_t)rig_be_get(packet->body.ptr + 2, 2);
    uint32_t len = (uint32_t)rig_be_get(packet->body.ptr + 4, 2);
    if (len >= 8 && len < packet->body_len && !packet->fragment) {
        packet->body = rig_view_sub(packet->body, 0, len);
        packet->body_len = len;
    }
    if (from == PORT_NAT_T || to == PORT_NAT_T)
        take_nat_t(reader, packet, out_inner);
    else if (from == PORT_IKE || to == PORT_IKE)
        take_ike(reader, packet, PORT_IKE, 8);
}

static void take_tcp(rig_ipsec_reader *reader, const ipr_packet *packet)
{
    if (packet->body.len < 14)
        return;
    const rig_ipsec_clear clear = {.from_port = (uint16_t)rig_be_get(packet->body.ptr, 2),
                                   .to_port = (uint16_t)rig_be_get(packet->body.ptr + 2, 2),
                                   .flags = packet->body.ptr[13]};
    rig_ipsec_event event = reader->at;
    const ipr_pair *pair = pair_of(reader, &packet->from, &packet->to);
    event.kind = RIG_IPSEC_CLEAR;
    event.from = packet->from;
    event.to = packet->to;
    event.to_target = pair ? rig_ip_eq(&pair->first, &packet->from) : clear.to_port <= clear.from_port;
    event.is.clear = &clear;
    ipr_tell(reader, &event);
}

rig_status rig_ipsec_packet(rig_ipsec_reader *reader, uint64_t time, rig_link_type link, rig_view captured,
                            uint32_t wire_len, rig_view *out_inner)
{
    ipr_packet packet;
    *out_inner = (rig_view){NULL, 0};
    reader->status = RIG_OK;
    reader->at = (rig_ipsec_event){.frame = reader->at.frame + 1, .time = time};
    if (!rig_link_strip(link, &captured, &wire_len) || !ipr_ip_read(captured, wire_len, &packet))
        return RIG_OK;
    if (packet.protocol == TCP)
        take_tcp(reader, &packet);
    else if (packet.protocol == UDP)
        take_udp(reader, &packet, out_inner);
    else if (packet.protocol == IP_ESP)
        take_esp(reader, &packet, 0, out_inner);
    return reader->status;
}
