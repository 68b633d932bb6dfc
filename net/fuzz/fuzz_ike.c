/*
 * Two hosts with IPsec at their edges, a transfer between them, and somebody on the way who knows all keys.
 * The first byte chooses the wish (aggressive mode, PFS, a tunnel, IPv6, short lives), whether an allocation
 * fails and whether the transfer goes on for long. Then come records: a byte of action, a byte of how many
 * events pass before it, two bytes of length, and that many bytes. An action loses, repeats or changes
 * genuine packets, or makes new ones: datagrams as they are, first messages from many addresses, messages
 * that are encrypted and have the right HASH, ESP packets with the right ICV. Whatever comes, no segment goes
 * in the clear, nothing grows beyond its limit, and all memory comes back.
 */
#include <stdlib.h>

#include "ipsec/internal.h"

#define HOSTS 2
#define SIZE 6000
#define RECORDS_MAX 64
#define STEPS 4096       /* events of the network for one record … */
#define REST_STEPS 60000 /* … and until everything is over */
#define FLOOD 64
#define REST (40 * RIG_SECOND)

enum {
    AGGRESSIVE = 1,
    PFS = 2,
    TUNNEL = 4,
    V6 = 8,
    SHORT_LIVES = 16,
    NO_MEMORY = 32,
    RACE = 64,
    STAYS = 128
};

/* Low bits of a record's action; the highest says to which host. */
typedef enum fuzz_action {
    DO_RAW,
    DO_CHANGE_NEXT,
    DO_CHANGE_LAST,
    DO_LOSE_NEXT,
    DO_REPEAT_LAST,
    DO_ENCRYPT,
    DO_ENCRYPT_QUICK,
    DO_ENCRYPT_PHASE1,
    DO_SEAL,
    DO_ESP,
    DO_FLOOD,
    DO_WAIT,
    DO_CLOSE,
    DO_DELETE,
    ACTIONS
} fuzz_action;

#define TO_CLIENT 0x80

typedef struct fuzz_peer {
    rig_stream *stream;
    size_t size, sent;
    bool close_when_sent;
    uint8_t bytes[SIZE], place[2048];
} fuzz_peer;

typedef struct fuzz_world {
    rig_alloc_meter meter;
    rig_simnet *net;
    rig_simhost *hosts[HOSTS];
    rig_ipsec *ends[HOSTS];
    rig_link link;
    fuzz_peer peers[HOSTS];
    bool accepted;
    uint8_t mode;
    rig_view change; /* of the next packet to … */
    unsigned change_to;
    unsigned lose[HOSTS];
    uint8_t last[HOSTS][RIG_SIM_MTU_MAX]; /* payload of the last packet to each host */
    uint32_t last_len[HOSTS];
    rig_packet last_packet[HOSTS];
    uint8_t made[RIG_SIM_MTU_MAX];
    uint32_t floods;
} fuzz_world;

static fuzz_world *world;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- streams ---- */

static int on_space(void *ctx, struct iovec *iov, int max)
{
    fuzz_peer *p = ctx;
    require(max > 0);
    iov[0] = (struct iovec){p->place, sizeof p->place};
    return 1;
}

static void on_received(void *ctx, size_t len, uint64_t now)
{
    (void)ctx, (void)len, (void)now;
}

static int on_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    fuzz_peer *p = ctx;
    (void)now;
    if (p->sent == p->size || max < 1)
        return 0;
    iov[0] = (struct iovec){p->bytes + p->sent, p->size - p->sent};
    return 1;
}

static void on_sent(void *ctx, size_t len, uint64_t now)
{
    fuzz_peer *p = ctx;
    (void)now;
    p->sent += len;
    if (p->sent == p->size && p->close_when_sent)
        rig_close(p->stream, RIG_CLOSE_FLUSH);
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    fuzz_peer *p = ctx;
    (void)why, (void)now;
    if (event == RIG_STREAM_PEER_CLOSED)
        rig_close(p->stream, RIG_CLOSE_FLUSH);
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        p->stream = NULL;
}

static const rig_stream_user_ops ops = {on_space, on_received, on_output, on_sent, on_event};

static bool on_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    (void)ctx, (void)now;
    if (world->accepted)
        return false;
    world->accepted = true;
    world->peers[1].stream = stream;
    *out_user = (rig_stream_user){&ops, &world->peers[1]};
    return true;
}

/* ---- who stands on the way ---- */

static unsigned side_of(const rig_ip *ip)
{
    return ip->bytes[ip->version == 4 ? 3 : 15] != 1;
}

static void change(uint8_t *bytes, size_t len, rig_view by)
{
    for (; len && by.len >= 3; by = rig_view_sub(by, 3, by.len))
        bytes[(size_t)(by.ptr[0] << 8 | by.ptr[1]) % len] ^= by.ptr[2];
}

static void keep(const rig_packet *packet, unsigned to)
{
    uint32_t at = 0;
    for (uint16_t i = 0; i < packet->num_iov; i++) {
        memcpy(world->last[to] + at, packet->iov[i].iov_base, packet->iov[i].iov_len);
        at += (uint32_t)packet->iov[i].iov_len;
    }
    world->last_len[to] = at;
    world->last_packet[to] = *packet;
}

static void on_pass(rig_link *link, rig_packet *packet)
{
    unsigned to = side_of(&packet->destination);
    require(packet->protocol != RIG_PROTOCOL_TCP); /* fails closed */
    keep(packet, to);
    if (world->lose[to]) {
        world->lose[to]--;
        rig_packet_free(world->net, packet);
        return;
    }
    if (world->change.len && world->change_to == to && rig_packet_own(world->net, packet)) {
        change(packet->iov[0].iov_base, packet->payload_len, world->change);
        world->change.len = 0;
    }
    rig_link_forward(link, packet);
}

static void on_link_free(rig_link *link)
{
    (void)link;
}

static void inject(unsigned to, const rig_packet *like, rig_view payload)
{
    rig_packet *packet = rig_packet_new(world->net);
    if (!packet)
        return;
    packet->source = like->source;
    packet->destination = like->destination;
    packet->protocol = like->protocol;
    packet->header_len = like->header_len;
    memcpy(packet->header, like->header, sizeof packet->header);
    packet->to_listener = to == 1;
    if (packet->protocol == RIG_PROTOCOL_UDP)
        rig_put_be16(packet->header + 4, (uint16_t)(RIG_UDP_HEADER + payload.len));
    if (rig_packet_room(world->net, packet, (uint32_t)payload.len)) {
        if (payload.len)
            memcpy(packet->iov[0].iov_base, payload.ptr, payload.len);
        rig_link_forward(&world->link, packet);
    } else {
        rig_packet_free(world->net, packet);
    }
}

static rig_ip address_of(unsigned side)
{
    rig_ip ip = {0};
    static const char *const texts[2][HOSTS] = {{"10.0.0.1", "10.0.0.2"}, {"fd00::1", "fd00::2"}};
    require(rig_ip_parse(rig_view_str(texts[!!(world->mode & V6)][side]), &ip));
    return ip;
}

static rig_packet datagram_to(unsigned to)
{
    rig_packet packet = {.source = address_of(!to),
                         .destination = address_of(to),
                         .protocol = RIG_PROTOCOL_UDP,
                         .header_len = RIG_UDP_HEADER};
    rig_put_be16(packet.header, IKE_PORT);
    rig_put_be16(packet.header + 2, IKE_PORT);
    return packet;
}

/* ---- messages with the right HASH ---- */

/* A payload chain out of a record: for each payload a type, a length, and so many bytes. */
static size_t chain(isa_writer *w, rig_view from)
{
    for (unsigned i = 0; from.len >= 2 && i < ISA_PARTS_MAX + 2; i++) {
        rig_view body = rig_view_sub(from, 2, from.ptr[1]);
        isa_put(w, from.ptr[0], body);
        from = rig_view_sub(from, 2 + body.len, from.len);
    }
    return isa_end(w).len;
}

static void send_encrypted(unsigned to, ike_sa *sa, uint8_t iv[IPC_BLOCK], size_t len)
{
    rig_packet packet = datagram_to(to);
    if (ike_encrypt(sa, iv, world->made, &len))
        inject(to, &packet, rig_view_of(world->made, len));
}

static void begin_message(isa_writer *w, const ike_sa *sa, uint8_t exchange, uint32_t message_id)
{
    isa_header header = {.exchange = exchange, .message_id = message_id};
    memcpy(header.icookie, sa->icookie, ISA_COOKIE);
    memcpy(header.rcookie, sa->rcookie, ISA_COOKIE);
    isa_begin(w, world->made, IKE_MESSAGE_MAX, &header);
}

/* HASH(n) of a quick mode, or that of a first or an informational message. */
static void seal(ike_sa *sa, const ike_quick *quick, uint32_t message_id, size_t len)
{
    uint8_t id[4], zero = 0, hash[IPC_HASH_MAX];
    size_t hash_len = ipc_hash_len(sa->suite->hash), head = ISA_HEADER + 4;
    rig_view rest = rig_view_of(world->made + head + hash_len, len - head - hash_len);
    unsigned message = quick ? quick->exchange.at : 0;
    rig_put_be32(id, message_id);
    rig_view parts[5];
    unsigned num = 0;
    if (message > 1)
        parts[num++] = rig_view_of(&zero, 1);
    parts[num++] = rig_view_of(id, 4);
    if (message > 0)
        parts[num++] = ips_view(&quick->nonce[0]);
    parts[num++] = message > 1 ? ips_view(&quick->nonce[1]) : rest;
    if (ipc_prf(sa->ipsec->crypto, sa->suite->hash, rig_view_of(sa->skeyid_a, hash_len), parts, num, hash))
        memcpy(world->made + head, hash, hash_len);
}

/* Two bytes of exchange and message id, then payloads. */
static void encrypt(unsigned to, rig_view data, bool to_quick)
{
    static const uint8_t nothing[IPC_HASH_MAX];
    ike_sa *sa = world->ends[to]->sas;
    isa_writer w;
    uint8_t iv[IPC_BLOCK];
    if (!sa || !sa->up || data.len < 2)
        return;
    ike_quick *quick = to_quick ? sa->quicks : NULL;
    uint32_t message_id = quick ? quick->exchange.message_id : data.ptr[1];
    begin_message(&w, sa, quick || data.ptr[0] % 2 ? ISA_QUICK : ISA_INFO, message_id);
    isa_put(&w, ISA_HASH, rig_view_of(nothing, ipc_hash_len(sa->suite->hash)));
    size_t len = chain(&w, rig_view_sub(data, 2, data.len));
    if (len == 0)
        return;
    seal(sa, quick, message_id, len);
    if (quick)
        memcpy(iv, quick->exchange.iv, IPC_BLOCK);
    else if (!ike_iv_of(sa, message_id, iv))
        return;
    send_encrypted(to, sa, iv, len);
}

/* The encrypted messages of the first phase. */
static void encrypt_phase1(unsigned to, rig_view data)
{
    ike_sa *sa = world->ends[to]->sas;
    isa_writer w;
    uint8_t iv[IPC_BLOCK];
    if (!sa || sa->up)
        return;
    begin_message(&w, sa, sa->exchange.type, 0);
    size_t len = chain(&w, data);
    memcpy(iv, sa->exchange.iv, IPC_BLOCK);
    if (len == 0)
        return;
    if (sa->has_keys) {
        send_encrypted(to, sa, iv, len);
        return;
    }
    rig_packet packet = datagram_to(to);
    inject(to, &packet, rig_view_of(world->made, len));
}

/* ---- ESP with the right ICV ---- */

static size_t encipher(esp_sa *sa, rig_view data, uint8_t *out)
{
    uint8_t iv[IPC_BLOCK] = {0}, clear[2048];
    size_t len = data.len / IPC_BLOCK * IPC_BLOCK, key = sa->suite->key_bits / 8;
    len = len < sizeof clear ? len : sizeof clear;
    if (!key) {
        memcpy(out, data.ptr, data.len);
        return data.len;
    }
    memcpy(clear, data.ptr, len);
    memset(out, 0, IPC_BLOCK);
    if (len &&
        !ipc_aes(sa->flow->ipsec->crypto, true, rig_view_of(sa->key, key), iv, clear, out + IPC_BLOCK, len))
        return 0;
    return IPC_BLOCK + len;
}

static void seal_esp(unsigned to, rig_view data)
{
    const ips_flow *flow = world->ends[to]->flows;
    esp_sa *sa = flow ? flow->in : NULL;
    uint8_t mac[IPC_HASH_MAX];
    if (!sa || data.len < 2)
        return;
    rig_packet packet = {.source = sa->outer[0],
                         .destination = sa->outer[1],
                         .protocol = RIG_PROTOCOL_ESP,
                         .header_len = ESP_HEADER};
    rig_put_be32(packet.header, sa->spi);
    rig_put_be32(packet.header + 4, (uint32_t)sa->sequence + (uint32_t)(data.ptr[0] << 8 | data.ptr[1]) - 64);
    size_t len = encipher(sa, rig_view_sub(data, 2, data.len), world->made);
    const rig_view parts[] = {rig_view_of(packet.header, ESP_HEADER), rig_view_of(world->made, len)};
    rig_view key = rig_view_of(sa->auth, ipc_hash_len(sa->suite->hash));
    if (!ipc_prf(flow->ipsec->crypto, sa->suite->hash, key, parts, 2, mac))
        return;
    memcpy(world->made + len, mac, sa->suite->icv);
    inject(to, &packet, rig_view_of(world->made, len + sa->suite->icv));
}

static void plain_esp(unsigned to, rig_view data)
{
    const ips_flow *flow = world->ends[to]->flows;
    rig_packet packet = {.source = address_of(!to),
                         .destination = address_of(to),
                         .protocol = RIG_PROTOCOL_ESP,
                         .header_len = ESP_HEADER};
    size_t head = data.len < ESP_HEADER ? data.len : ESP_HEADER;
    if (head)
        memcpy(packet.header, data.ptr, head);
    if (flow && flow->in && head && data.ptr[0] % 2)
        rig_put_be32(packet.header, flow->in->spi);
    inject(to, &packet, rig_view_sub(data, head, data.len));
}

/* ---- actions ---- */

static void flood(unsigned to, rig_view data)
{
    rig_packet packet = datagram_to(to);
    size_t len = data.len < sizeof world->made - ISA_HEADER ? data.len : sizeof world->made - ISA_HEADER;
    for (unsigned i = 0; i < FLOOD; i++) {
        world->floods++;
        memset(world->made, 0, ISA_HEADER);
        rig_put_be32(world->made, world->floods);
        if (len)
            memcpy(world->made + 16, data.ptr, len);
        rig_put_be32(world->made + 24, (uint32_t)(len < 12 ? ISA_HEADER : 16 + len));
        rig_put_be16(packet.source.bytes + 2, (uint16_t)world->floods);
        inject(to, &packet, rig_view_of(world->made, len < 12 ? ISA_HEADER : 16 + len));
    }
}

static void change_last(unsigned to, rig_view data)
{
    memcpy(world->made, world->last[to], world->last_len[to]);
    change(world->made, world->last_len[to], data);
    if (world->last_packet[to].protocol)
        inject(to, &world->last_packet[to], rig_view_of(world->made, world->last_len[to]));
}

static void tick(void)
{
    uint64_t at = UINT64_MAX;
    for (unsigned i = 0; i < HOSTS; i++) {
        uint64_t due = rig_ipsec_next_deadline(world->ends[i]);
        at = due < at ? due : at;
    }
    rig_simnet_advance(world->net, at);
    for (unsigned i = 0; i < HOSTS; i++)
        rig_ipsec_tick(world->ends[i], at);
}

/* The earliest event; false when none waits before that time. */
static bool step(uint64_t until)
{
    uint64_t a = rig_ipsec_next_deadline(world->ends[0]), b = rig_ipsec_next_deadline(world->ends[1]);
    uint64_t edges = a < b ? a : b, net = rig_simnet_next(world->net);
    if ((edges < net ? edges : net) > until)
        return false;
    if (edges < net)
        tick();
    else
        rig_simnet_step(world->net);
    for (unsigned i = 0; i < HOSTS; i++) {
        const rig_ipsec *end = world->ends[i];
        require(end->num_half_open <= IKE_HALF_OPEN_MAX && end->num_half_open <= end->num_sas);
        require(end->num_sas <= RIG_IPSEC_PEERS_MAX && end->num_quicks <= IKE_QUICKS_MAX);
        require(end->num_flows <= RIG_IPSEC_FLOWS_MAX);
    }
    return true;
}

static void run_for(uint64_t time, unsigned most)
{
    uint64_t until = rig_simnet_now(world->net) + time;
    unsigned i = 0;
    while (i < most && step(until))
        i++;
    require(i < REST_STEPS); /* nobody talks for ever */
}

static void delete_sa(unsigned to)
{
    const ips_flow *flow = world->ends[!to]->flows;
    ike_sa *sa = world->ends[!to]->sas;
    if (sa && flow && flow->in)
        ike_delete(sa, flow->in->spi);
}

static void close_stream(unsigned to, rig_view data)
{
    fuzz_peer *p = &world->peers[to];
    if (!p->stream)
        return;
    bool resets = data.len && data.ptr[0] % 2;
    rig_stream *stream = p->stream;
    if (resets)
        p->stream = NULL;
    rig_close(stream, resets ? RIG_CLOSE_RESET : RIG_CLOSE_FLUSH);
}

static void act(uint8_t action, rig_view data)
{
    unsigned to = action & TO_CLIENT ? 0 : 1;
    rig_packet packet = datagram_to(to);
    switch ((fuzz_action)((action & 0x7f) % ACTIONS)) {
    case DO_RAW:
        inject(to, &packet, data);
        break;
    case DO_CHANGE_NEXT:
        world->change = data, world->change_to = to;
        break;
    case DO_CHANGE_LAST:
        change_last(to, data);
        break;
    case DO_LOSE_NEXT:
        world->lose[to] = data.len ? data.ptr[0] % 8 : 1;
        break;
    case DO_REPEAT_LAST:
        change_last(to, (rig_view){0});
        break;
    case DO_ENCRYPT:
        encrypt(to, data, false);
        break;
    case DO_ENCRYPT_QUICK:
        encrypt(to, data, true);
        break;
    case DO_ENCRYPT_PHASE1:
        encrypt_phase1(to, data);
        break;
    case DO_SEAL:
        seal_esp(to, data);
        break;
    case DO_ESP:
        plain_esp(to, data);
        break;
    case DO_FLOOD:
        flood(to, data);
        break;
    case DO_WAIT:
        run_for((uint64_t)(data.len ? data.ptr[0] : 1) * RIG_SECOND / 4, STEPS);
        break;
    case DO_CLOSE:
        close_stream(to, data);
        break;
    case DO_DELETE:
        delete_sa(to);
        break;
    case ACTIONS:
        break;
    }
}

/* ---- a world ---- */

static rig_status make_hosts(void)
{
    static const char *const v4[HOSTS] = {"10.0.0.1", "10.0.0.2"}, *const v6[HOSTS] = {"fd00::1", "fd00::2"};
    rig_status status = RIG_OK;
    for (unsigned i = 0; i < HOSTS && !status; i++) {
        rig_ip four = {0}, six = {0};
        require(rig_ip_parse(rig_view_str(v4[i]), &four) && rig_ip_parse(rig_view_str(v6[i]), &six));
        status = rig_simhost_new(world->net, i ? "server" : "client", &world->hosts[i]);
        if (!status)
            status = rig_simhost_address(world->hosts[i], &four);
        if (!status)
            status = rig_simhost_address(world->hosts[i], &six);
    }
    return status;
}

static rig_status make_end(unsigned at)
{
    rig_ipsec_config config = {.alloc = &world->meter.alloc,
                               .draws = {.seed = 7},
                               .net = world->net,
                               .host = world->hosts[at],
                               .number = at};
    if (world->mode & SHORT_LIVES)
        config.profile.life = 2, config.profile.ike_life = 3;
    if (world->mode & RACE)
        config.faults = UINT64_C(1) << RIG_IPSEC_FAULT_REKEY_RACE;
    return rig_ipsec_new(&config, &world->ends[at]);
}

static rig_status protect(void)
{
    static const rig_ipsec_wish nothing;
    rig_ipsec_wish wish = nothing;
    rig_address portal = {address_of(1), 3260};
    const rig_ipsec_provider *provider = rig_ipsec_provide(world->ends[0]);
    wish.aggressive = world->mode & AGGRESSIVE;
    wish.pfs = world->mode & PFS;
    wish.tunnel = world->mode & TUNNEL;
    wish.key = rig_view_str("the key of both ends");
    wish.portal.port = 3260;
    memcpy(wish.portal.host, world->mode & V6 ? "fd00::2" : "10.0.0.2",
           sizeof "10.0.0.2" - !!(world->mode & V6));
    rig_status status = provider->protect(provider->ctx, &wish, NULL);
    if (!status)
        status = rig_ipsec_serve(world->ends[1], &portal, true);
    return status ? status : rig_ipsec_key(world->ends[1], RIG_IPSEC_ID_NONE, (rig_view){0}, wish.key);
}

static void connect_client(void)
{
    fuzz_peer *p = &world->peers[0];
    rig_portal portal = {.port = 3260, .group = -1};
    rig_stream_user user = {&ops, p};
    memcpy(portal.host, world->mode & V6 ? "fd00::2" : "10.0.0.2", sizeof "10.0.0.2" - !!(world->mode & V6));
    p->size = SIZE;
    p->close_when_sent = !(world->mode & STAYS);
    if (rig_connect(rig_simhost_transport(world->hosts[0]), NULL, &portal, &user, &p->stream) != RIG_OK)
        p->stream = NULL;
}

static rig_status begin(void)
{
    static const rig_link_ops link_ops = {on_pass, NULL, on_link_free};
    rig_simnet_config config = {.alloc = &world->meter.alloc, .draws = {.seed = 5}, .latency = 1000};
    rig_address at = {.port = 3260};
    rig_listener *listener;
    rig_status status = rig_simnet_new(&config, &world->net);
    if (status)
        return status;
    world->link = (rig_link){.ops = &link_ops, .net = world->net};
    status = rig_simnet_link(world->net, &world->link);
    if (!status)
        status = make_hosts();
    for (unsigned i = 0; i < HOSTS && !status; i++)
        status = make_end(i);
    if (!status)
        status = rig_listen(rig_simhost_transport(world->hosts[1]), &at, on_accept, NULL, &listener);
    return status ? status : protect();
}

static void play(rig_view rest)
{
    for (int i = 0; i < RECORDS_MAX && rest.len >= 4; i++) {
        uint8_t action = rest.ptr[0], events = rest.ptr[1];
        rig_view data = rig_view_sub(rest, 4, (size_t)(rest.ptr[2] << 8 | rest.ptr[3]));
        rest = rig_view_sub(rest, 4 + data.len, rest.len);
        run_for(REST, events);
        act(action, data);
    }
    run_for(REST, REST_STEPS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    world = calloc(1, sizeof *world);
    require(world != NULL);
    world->mode = data[0];
    rig_alloc_meter_init(&world->meter, rig_alloc_libc());
    if (world->mode & NO_MEMORY)
        world->meter.fail_at = data[1];
    if (begin() == RIG_OK) {
        connect_client();
        play(rig_view_of(data + 2, size - 2));
    }
    for (unsigned i = 0; i < HOSTS; i++)
        rig_ipsec_free(world->ends[i]);
    rig_simnet_free(world->net);
    require(world->meter.num_live == 0 && world->meter.bytes_live == 0);
    free(world);
    return 0;
}
