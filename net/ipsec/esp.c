/* ESP (RFC 4303): the SAs of a connection, packets sealed and opened, replays refused. */
#include "internal.h"

#include <openssl/crypto.h>

#define PROTOCOL_V4 4 /* next header of a tunnel */
#define PROTOCOL_V6 41
#define TRAILER 2    /* pad length, next header */
#define RENEW_PART 9 /* tenths of a life, behind which its quick mode's initiator negotiates anew */

/* ---- SAs ---- */

esp_sa *esp_find(const rig_ipsec *ipsec, uint32_t spi)
{
    rig_map_link *link = rig_map_first(&ipsec->by_spi, spi);
    return link ? RIG_MAP_ITEM(link, esp_sa, by_spi) : NULL;
}

static uint64_t theirs_hash(uint32_t spi, const rig_ip *peer)
{
    return rig_hash64(peer->bytes, peer->version == 4 ? 4 : 16, spi);
}

/* The SA to a peer by the SPI that the peer chose: others may have chosen the same. */
esp_sa *esp_find_theirs(const rig_ipsec *ipsec, uint32_t spi, const rig_ip *peer)
{
    rig_map_link *link = rig_map_first(&ipsec->by_peer_spi, theirs_hash(spi, peer));
    for (; link; link = rig_map_next(link)) {
        esp_sa *sa = RIG_MAP_ITEM(link, esp_sa, by_spi);
        if (sa->spi == spi && rig_ip_eq(&sa->outer[1], peer))
            return sa;
    }
    return NULL;
}

/* Sequence numbers do not begin again (RFC 4303 section 3.3.3). */
bool esp_is_spent(const esp_sa *sa)
{
    return sa->sequence == (sa->esn ? UINT64_MAX : UINT32_MAX);
}

static void destroy(rig_ipsec *ipsec, esp_sa *sa)
{
    rig_secret_wipe(sa, sizeof *sa);
    rig_delete(ipsec->config.alloc, sa, sizeof *sa);
}

void esp_sa_free(esp_sa *sa)
{
    ips_flow *flow = sa->flow;
    rig_ipsec *ipsec = flow->ipsec;
    rig_timerq_disarm(&ipsec->timers, &sa->timer);
    rig_map_remove(sa->inbound ? &ipsec->by_spi : &ipsec->by_peer_spi, &sa->by_spi);
    for (esp_sa **place = &flow->in; *place; place = &(*place)->older)
        if (*place == sa) {
            *place = sa->older;
            break;
        }
    if (flow->out == sa)
        flow->out = NULL;
    destroy(ipsec, sa);
}

/* KEYMAT (RFC 2409 section 5.5): the cipher's key first, then that of the integrity. */
static bool make_keys(const ike_quick *quick, esp_sa *sa)
{
    const ike_sa *ike = quick->sa;
    size_t block = ipc_hash_len(ike->suite->hash), cipher = sa->suite->key_bits / 8;
    size_t wanted = cipher + ipc_hash_len(sa->suite->hash), have = 0;
    uint8_t keys[4 * IPC_HASH_MAX], head[5] = {ISA_PROTOCOL_ESP};
    rig_put_be32(head + 1, sa->spi);
    bool right = true;
    for (; right && have < wanted; have += block) {
        const rig_view parts[] = {rig_view_of(keys + have - (have ? block : 0), have ? block : 0),
                                  rig_view_of(quick->shared, quick->shared_len), rig_view_of(head, 5),
                                  ips_view(&quick->nonce[0]), ips_view(&quick->nonce[1])};
        right = ipc_prf(ike->ipsec->crypto, ike->suite->hash, rig_view_of(ike->skeyid_d, block), parts, 5,
                        keys + have);
    }
    memcpy(sa->key, keys, cipher);
    memcpy(sa->auth, keys + cipher, ipc_hash_len(sa->suite->hash));
    rig_secret_wipe(keys, sizeof keys);
    return right;
}

static void show(const esp_sa *sa)
{
    char key[2 * ESP_KEY_MAX + 1], auth[2 * IPC_HASH_MAX + 1];
    rig_text text;
    size_t cipher = sa->suite->key_bits / 8;
    rig_text_init(&text, key, sizeof key);
    rig_text_hex(&text, rig_view_of(sa->key, cipher), 0);
    rig_text_init(&text, auth, sizeof auth);
    rig_text_hex(&text, rig_view_of(sa->auth, ipc_hash_len(sa->suite->hash)), 0);
    ips_show_key(sa->flow->ipsec, RIG_IPSEC_SHOWN_ESP,
                 "\"IPv%d\",\"*\",\"*\",\"0x%08x\",\"%s\",\"%s%s\",\"%s\",\"0x%s\"", sa->outer[0].version,
                 sa->spi, sa->suite->cipher_name, cipher ? "0x" : "", key, sa->suite->auth_name, auth);
    rig_secret_wipe(key, sizeof key);
    rig_secret_wipe(auth, sizeof auth);
}

static esp_sa *sa_new(const ike_quick *quick, bool inbound)
{
    rig_ipsec *ipsec = quick->sa->ipsec;
    esp_sa *sa = rig_new(ipsec->config.alloc, sizeof *sa);
    bool ours = quick->exchange.initiator;
    if (!sa)
        return NULL;
    sa->flow = quick->flow;
    sa->suite = quick->suite;
    sa->group = quick->group;
    sa->tunnel = quick->tunnel;
    sa->esn = quick->chosen.has >> ESP_ESN & 1;
    sa->inbound = inbound;
    sa->spi = quick->spi[inbound ? !ours : ours];
    sa->outer[inbound] = quick->sa->local;
    sa->outer[!inbound] = quick->sa->peer;
    sa->born = ipsec->now;
    sa->life = ips_life(&quick->chosen);
    sa->renews = !inbound && quick->flow->wish;
    sa->timer.kind = IPS_TIMER_ESP;
    if (make_keys(quick, sa))
        return sa;
    destroy(ipsec, sa);
    return NULL;
}

static void live(esp_sa *sa)
{
    uint64_t life = sa->life * RIG_SECOND;
    rig_timerq_arm(&sa->flow->ipsec->timers, &sa->timer,
                   sa->born + (sa->renews ? life / 10 * RENEW_PART : life));
}

static void forget_old(ips_flow *flow)
{
    esp_sa *sa = flow->in;
    for (unsigned i = 1; i < ESP_GENERATIONS && sa; i++)
        sa = sa->older;
    while (sa && sa->older)
        esp_sa_free(sa->older);
}

bool esp_install(ike_quick *quick)
{
    ips_flow *flow = quick->flow;
    rig_ipsec *ipsec = flow->ipsec;
    esp_sa *in = sa_new(quick, true), *out = in ? sa_new(quick, false) : NULL;
    if (!out) {
        if (in)
            destroy(ipsec, in);
        return false;
    }
    if (flow->out)
        esp_sa_free(flow->out);
    flow->out = out;
    in->older = flow->in; /* what is under way yet is still taken */
    flow->in = in;
    forget_old(flow);
    rig_map_add(&ipsec->by_spi, &in->by_spi, in->spi);
    rig_map_add(&ipsec->by_peer_spi, &out->by_spi, theirs_hash(out->spi, &out->outer[1]));
    live(in);
    live(out);
    if (quick->exchange.initiator || ipsec->config.all_keys) { /* one capture, one line */
        show(in);
        show(out);
    }
    return true;
}

void esp_sa_timer(esp_sa *sa)
{
    ips_flow *flow = sa->flow;
    if (sa->renews) {
        sa->renews = false;
        live(sa);
        if (flow->fins == 0)
            ips_flow_want(flow);
        return;
    }
    bool outbound = !sa->inbound;
    if (outbound) {
        ips_flow_expired(flow);
        return;
    }
    esp_sa_free(sa);
    ips_flow_settle(flow);
}

/* ---- sealing ---- */

static size_t iv_len(const esp_sa *sa)
{
    return sa->suite->key_bits ? IPC_BLOCK : 0;
}

/* Bytes to be sealed, with their padding and trailer, in the scratch; 0: too many. */
static size_t plain(esp_sa *sa, const rig_packet *packet, bool tunnel, uint8_t **out)
{
    rig_ipsec *ipsec = sa->flow->ipsec;
    uint8_t *bytes = ipsec->scratch[0];
    size_t len = rig_packet_bytes(packet, bytes, RIG_SIM_MTU_MAX),
           align = sa->suite->key_bits ? IPC_BLOCK : 4;
    size_t ip = packet->source.version == 4 ? 20 : 40, skip = tunnel ? 0 : ip;
    if (len < ip)
        return 0;
    *out = bytes + skip;
    len -= skip;
    size_t pad = (align - (len + TRAILER) % align) % align;
    for (size_t i = 0; i < pad; i++)
        (*out)[len + i] = (uint8_t)(i + 1);
    (*out)[len + pad] = (uint8_t)pad;
    (*out)[len + pad + 1] = !tunnel                       ? packet->protocol
                            : packet->source.version == 4 ? PROTOCOL_V4
                                                          : PROTOCOL_V6;
    return len + pad + TRAILER;
}

/* Over the packet, and over the half of its number that it does not carry (RFC 4303 section 2.2.1). */
static bool icv_of(esp_sa *sa, const rig_packet *packet, uint64_t sequence, rig_view sealed,
                   uint8_t mac[IPC_HASH_MAX])
{
    uint8_t high[4];
    const rig_view parts[] = {rig_view_of(packet->header, ESP_HEADER), sealed, rig_view_of(high, 4)};
    rig_view key = rig_view_of(sa->auth, ipc_hash_len(sa->suite->hash));
    rig_put_be32(high, (uint32_t)(sequence >> 32));
    return ipc_prf(sa->flow->ipsec->crypto, sa->suite->hash, key, parts, sa->esn ? 3 : 2, mac);
}

static bool protect(esp_sa *sa, const rig_packet *packet, const uint8_t *clear, size_t len, uint8_t *sealed)
{
    rig_ipsec *ipsec = sa->flow->ipsec;
    uint8_t iv[IPC_BLOCK], mac[IPC_HASH_MAX];
    size_t at = iv_len(sa);
    if (at) {
        ips_draw(ipsec, "esp-iv", iv, IPC_BLOCK);
        memcpy(sealed, iv, IPC_BLOCK);
        if (!ipc_aes(ipsec->crypto, true, rig_view_of(sa->key, sa->suite->key_bits / 8), iv, clear,
                     sealed + at, len))
            return false;
    } else {
        memcpy(sealed, clear, len);
    }
    if (!icv_of(sa, packet, sa->sequence, rig_view_of(sealed, at + len), mac))
        return false;
    memcpy(sealed + at + len, mac, sa->suite->icv);
    return true;
}

bool esp_seal(esp_sa *sa, rig_packet *packet)
{
    rig_ipsec *ipsec = sa->flow->ipsec;
    bool tunnel = sa->tunnel != ips_deviates(ipsec, RIG_IPSEC_FAULT_ENCAPSULATION);
    uint8_t *clear;
    size_t len = plain(sa, packet, tunnel, &clear);
    if (len == 0 || esp_is_spent(sa) ||
        !rig_packet_room(ipsec->config.net, packet, (uint32_t)(iv_len(sa) + len + sa->suite->icv)))
        return false;
    bool odd = ips_deviates(ipsec, RIG_IPSEC_FAULT_WRONG_SPI);
    packet->protocol = RIG_PROTOCOL_ESP;
    packet->header_len = ESP_HEADER;
    rig_put_be32(packet->header, odd ? ~sa->spi : sa->spi);
    rig_put_be32(packet->header + 4, (uint32_t)++sa->sequence);
    if (tunnel) {
        packet->source = sa->outer[0];
        packet->destination = sa->outer[1];
    }
    return protect(sa, packet, clear, len, packet->iov[0].iov_base);
}

/* ---- opening ---- */

static rig_status wrong(rig_error *err, size_t offset, const char *field, const char *what)
{
    return rig_fail_at(err, RIG_E_SECURITY, offset, field, "%s", what);
}

/* The whole number of a packet: the high half that puts it into the window, or next above it (RFC 4303
 * appendix A2.1). */
static uint64_t whole_number(const esp_sa *sa, uint32_t low)
{
    uint32_t top = (uint32_t)sa->sequence, high = (uint32_t)(sa->sequence >> 32),
             bottom = top - (ESP_WINDOW - 1);
    if (!sa->esn)
        return low;
    if (top >= ESP_WINDOW - 1)
        high += low < bottom;
    else if (high > 0)
        high -= low >= bottom;
    return (uint64_t)high << 32 | low;
}

/* Anti-replay (RFC 4303 section 3.4.3). */
static bool is_fresh(const esp_sa *sa, uint64_t sequence)
{
    if (sequence == 0)
        return false;
    if (sequence > sa->sequence)
        return true;
    uint64_t back = sa->sequence - sequence;
    return back < ESP_WINDOW && !(sa->seen >> back & 1);
}

static void mark(esp_sa *sa, uint64_t sequence)
{
    if (sequence > sa->sequence) {
        uint64_t on = sequence - sa->sequence;
        sa->seen = on < ESP_WINDOW ? sa->seen << on : 0;
        sa->sequence = sequence;
    }
    sa->seen |= UINT64_C(1) << (sa->sequence - sequence);
}

static bool is_right(esp_sa *sa, const rig_packet *packet, uint64_t sequence, const uint8_t *sealed,
                     size_t len)
{
    uint8_t mac[IPC_HASH_MAX];
    return icv_of(sa, packet, sequence, rig_view_of(sealed, len), mac) &&
           CRYPTO_memcmp(mac, sealed + len, sa->suite->icv) == 0;
}

/* Without padding and trailer. */
static rig_status strip(const esp_sa *sa, const uint8_t *clear, size_t *len, rig_error *err)
{
    uint8_t pad = clear[*len - TRAILER], next = clear[*len - 1];
    uint8_t wanted = !sa->tunnel                       ? RIG_PROTOCOL_TCP
                     : sa->flow->local.ip.version == 4 ? PROTOCOL_V4
                                                       : PROTOCOL_V6;
    if (next != wanted)
        return wrong(err, *len - 1, "next header", "not that of the encapsulation that was agreed");
    if (pad > *len - TRAILER)
        return wrong(err, *len - TRAILER, "pad length", "more than there is");
    *len -= TRAILER + (size_t)pad;
    for (uint8_t i = 0; i < pad; i++)
        if (clear[*len + i] != i + 1)
            return wrong(err, *len + i, "padding", "not 1, 2, 3 and so on");
    return RIG_OK;
}

/* The inner IP header has to be that of the connection. */
static rig_status unwrap(const esp_sa *sa, const uint8_t **clear, size_t *len, rig_error *err)
{
    const ips_flow *flow = sa->flow;
    bool v4 = flow->local.ip.version == 4;
    size_t header = v4 ? 20 : 40, size = v4 ? 4 : 16, source = v4 ? 12 : 8;
    const uint8_t *ip = *clear;
    if (!sa->tunnel)
        return RIG_OK;
    if (*len < header || ip[0] >> 4 != flow->local.ip.version || (v4 && ip[0] != 0x45) ||
        ip[v4 ? 9 : 6] != RIG_PROTOCOL_TCP || memcmp(ip + source, flow->remote.ip.bytes, size) != 0 ||
        memcmp(ip + source + size, flow->local.ip.bytes, size) != 0)
        return wrong(err, 0, "inner packet", "not of the connection that the SA is for");
    size_t total = v4 ? rig_be16(ip + 2) : header + rig_be16(ip + 4);
    if (total < header || total > *len)
        return wrong(err, v4 ? 2 : 4, "inner length", "not within the packet");
    *clear += header;
    *len = total - header; /* what is behind it hides the traffic's flow (RFC 4303 section 2.7) */
    return RIG_OK;
}

static rig_status rebuild(const esp_sa *sa, rig_packet *packet, const uint8_t *segment, size_t len,
                          rig_error *err)
{
    const ips_flow *flow = sa->flow;
    size_t header = len >= RIG_TCP_HEADER ? (size_t)(segment[12] >> 4) * 4 : 0;
    if (header < RIG_TCP_HEADER || header > len)
        return wrong(err, 12, "TCP header", "cut off");
    if (rig_be16(segment) != flow->remote.port || rig_be16(segment + 2) != flow->local.port)
        return wrong(err, 0, "TCP ports", "not of the connection that the SA is for");
    if (!rig_packet_room(flow->ipsec->config.net, packet, (uint32_t)(len - header)))
        return wrong(err, 0, NULL, "no memory for what an ESP packet holds");
    if (len > header)
        memcpy(packet->iov[0].iov_base, segment + header, len - header);
    memcpy(packet->header, segment, header);
    packet->header_len = (uint8_t)header;
    packet->protocol = RIG_PROTOCOL_TCP;
    packet->source = flow->remote.ip;
    packet->destination = flow->local.ip;
    return RIG_OK;
}

static rig_status decrypt(esp_sa *sa, const uint8_t *sealed, size_t *len, rig_error *err)
{
    rig_ipsec *ipsec = sa->flow->ipsec;
    uint8_t iv[IPC_BLOCK];
    size_t at = iv_len(sa);
    *len -= at;
    if (!at) {
        memcpy(ipsec->scratch[0], sealed, *len);
        return RIG_OK;
    }
    memcpy(iv, sealed, IPC_BLOCK);
    return ipc_aes(ipsec->crypto, false, rig_view_of(sa->key, sa->suite->key_bits / 8), iv, sealed + at,
                   ipsec->scratch[0], *len)
               ? RIG_OK
               : wrong(err, at, "body", "not a multiple of the cipher's block");
}

rig_status esp_open(esp_sa *sa, rig_packet *packet, rig_error *err)
{
    rig_ipsec *ipsec = sa->flow->ipsec;
    uint64_t sequence = whole_number(sa, rig_be32(packet->header + 4));
    size_t least = iv_len(sa) + sa->suite->icv + TRAILER;
    if (packet->payload_len < least || packet->payload_len > RIG_SIM_MTU_MAX ||
        !rig_packet_own(ipsec->config.net, packet))
        return wrong(err, packet->payload_len, NULL, "an ESP packet that is cut off");
    const uint8_t *sealed = packet->iov[0].iov_base, *clear = ipsec->scratch[0];
    size_t len = packet->payload_len - sa->suite->icv;
    if (!is_fresh(sa, sequence))
        return wrong(err, 4, "sequence number", "a replay, or older than the window");
    if (!is_right(sa, packet, sequence, sealed, len))
        return wrong(err, len, "ICV", "not made with the keys of its SA");
    mark(sa, sequence);
    rig_status status = decrypt(sa, sealed, &len, err);
    if (!status)
        status = strip(sa, clear, &len, err);
    if (!status)
        status = unwrap(sa, &clear, &len, err);
    return status ? status : rebuild(sa, packet, clear, len, err);
}
