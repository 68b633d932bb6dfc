/* What IPsec keeps, and for how long: floods, missing memory, secrets. */
#include "tests/ipsec_world.h"

#define SIZE 6000
#define FLOOD 10000

/* ---- floods ---- */

static void put_payload(rig_packet *packet, rig_view bytes)
{
    CU_ASSERT_FATAL(rig_packet_room(iw.w.net, packet, (uint32_t)bytes.len));
    memcpy(packet->iov[0].iov_base, bytes.ptr, bytes.len);
    rig_link_forward(&iw.link, packet);
}

/* A first message of main mode, as acceptable as a genuine one, from anywhere. */
static void first_message(uint32_t number)
{
    static const rig_ipsec_profile profile;
    uint8_t bytes[IKE_MESSAGE_MAX];
    isa_header header = {.exchange = ISA_MAIN};
    isa_transform offered[ISA_TRANSFORMS_MAX];
    isa_writer w;
    rig_packet *packet = rig_packet_new(iw.w.net);
    CU_ASSERT_PTR_NOT_NULL_FATAL(packet);
    rig_put_be32(header.icookie, number);
    isa_begin(&w, bytes, sizeof bytes, &header);
    isa_put_sa(&w, offered, ips_offer_ike(&profile, 14, offered));
    packet->source = world_ip("172.16.0.0");
    rig_put_be16(packet->source.bytes + 2, (uint16_t)number);
    packet->destination = world_ip("10.0.0.2");
    packet->protocol = RIG_PROTOCOL_UDP;
    packet->header_len = RIG_UDP_HEADER;
    rig_put_be16(packet->header, IKE_PORT);
    rig_put_be16(packet->header + 2, IKE_PORT);
    rig_put_be16(packet->header + 4, (uint16_t)(RIG_UDP_HEADER + isa_end(&w).len));
    put_payload(packet, isa_end(&w));
}

static void flood(uint32_t from, uint32_t to, uint64_t pause)
{
    for (uint32_t i = from; i < to; i++) {
        first_message(i);
        ips_run(rig_simnet_now(iw.w.net) + pause);
    }
}

static void floods_cost_no_memory(void)
{
    ips_begin(&(ips_setting){0});
    const rig_ipsec *server = iw.ends[IPS_SERVER].ipsec;
    flood(0, IKE_HALF_OPEN_MAX, 10000);
    CU_ASSERT_EQUAL(server->num_half_open, IKE_HALF_OPEN_MAX);
    flood(IKE_HALF_OPEN_MAX, IKE_HALF_OPEN_MAX + 500, 10000);
    uint64_t bytes = iw.w.meter.bytes_live;
    flood(IKE_HALF_OPEN_MAX + 500, FLOOD, 10000);
    CU_ASSERT_EQUAL(server->num_half_open, IKE_HALF_OPEN_MAX);
    CU_ASSERT_EQUAL(server->num_sas, IKE_HALF_OPEN_MAX);
    CU_ASSERT(iw.w.meter.bytes_live <= bytes);
    ips_run(rig_simnet_now(iw.w.net) + 10 * RIG_SECOND);
    CU_ASSERT_EQUAL(server->num_sas + server->num_half_open, 0);
    CU_ASSERT_EQUAL(server->by_cookie.num, 0);
    ips_stop();
}

/* The same message again and again is one SA, and gets the answer of the tries anybody has. */
static void a_repeated_first_message_is_one(void)
{
    ips_begin(&(ips_setting){0});
    for (unsigned i = 0; i < 100; i++)
        first_message(7);
    ips_run(RIG_SECOND);
    CU_ASSERT_EQUAL(iw.ends[IPS_SERVER].ipsec->num_half_open, 1);
    CU_ASSERT_EQUAL(ips_packets(IPS_SERVER, RIG_PROTOCOL_UDP, 0), 1 + IKE_TRIES);
    ips_stop();
}

static void floods_keep_nobody_out(void)
{
    ips_begin(&(ips_setting){0});
    flood(0, 1000, 10000);
    ips_start_transfer(&(ips_setting){0}, SIZE, SIZE);
    flood(1000, 3000, 10000);
    ips_run(rig_simnet_now(iw.w.net) + 60 * RIG_SECOND);
    CU_ASSERT(ips_arrived(SIZE, SIZE));
    CU_ASSERT_EQUAL(iw.ends[IPS_SERVER].ipsec->num_sas, 1);
    ips_stop();
}

static unsigned no_answers(const ips_packet *packet)
{
    return !(packet->from_server && packet->exchange == ISA_QUICK);
}

/* A peer that begins quick modes and finishes none: the oldest go, and neither their connections nor they
 * outlive the time that an answer may take. */
static void begin_quick_modes(uint32_t from, uint32_t to)
{
    rig_ipsec *client = iw.ends[IPS_CLIENT].ipsec;
    rig_address local = {.ip = world_ip("10.0.0.1")}, portal = {.ip = world_ip("10.0.0.2"), .port = 3260};
    for (uint32_t i = from; i < to; i++) {
        local.port = (uint16_t)(2000 + i);
        ips_flow *flow = ips_flow_new(client, &local, &portal, client->wishes);
        CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
        ike_quick_start(client->sas, flow);
        ips_flow_free(flow);
        if (i % 64 == 0)
            ips_run(rig_simnet_now(iw.w.net) + 1000);
    }
    ips_run(rig_simnet_now(iw.w.net) + 10000);
}

static void half_open_quick_modes_keep_nobody_out(void)
{
    ips_begin(&(ips_setting){0});
    const rig_ipsec *server = iw.ends[IPS_SERVER].ipsec;
    ips_start_transfer(&(ips_setting){0}, SIZE, SIZE);
    ips_run(RIG_SECOND);
    CU_ASSERT(ips_arrived(SIZE, SIZE));
    iw.copies = no_answers;
    begin_quick_modes(0, IKE_QUICKS_MAX - 1);
    CU_ASSERT_EQUAL(server->half_open.num, IKE_QUICKS_MAX - 1);
    CU_ASSERT_EQUAL(server->num_flows, RIG_IPSEC_FLOWS_MAX); /* with the one that is over */
    begin_quick_modes(IKE_QUICKS_MAX - 1, IKE_QUICKS_MAX + 500);
    CU_ASSERT(server->half_open.num <= IKE_QUICKS_MAX && server->num_flows <= RIG_IPSEC_FLOWS_MAX);
    iw.copies = NULL;
    iw.w.num_b = 0;
    memset(&iw.w.a, 0, sizeof iw.w.a);
    ips_start_transfer(&(ips_setting){0}, SIZE, SIZE);
    ips_run(rig_simnet_now(iw.w.net) + RIG_SECOND);
    CU_ASSERT_EQUAL(iw.w.b[0].got, SIZE);
    ips_run(rig_simnet_now(iw.w.net) + 2 * FLOW_LINGER);
    CU_ASSERT_EQUAL(server->num_flows + server->num_quicks, 0);
    ips_stop();
}

/* ---- connections that say nothing ---- */

static unsigned no_esp(const ips_packet *packet)
{
    return packet->protocol != RIG_PROTOCOL_ESP;
}

/* SAs wait for their connection as long as TCP would try to make it. */
static void sas_without_a_connection_end(void)
{
    ips_begin(&(ips_setting){0});
    const rig_ipsec *server = iw.ends[IPS_SERVER].ipsec;
    iw.copies = no_esp;
    CU_ASSERT_EQUAL(world_connect(&iw.w, "10.0.0.2"), RIG_OK);
    ips_run(RIG_SECOND);
    CU_ASSERT(server->num_flows == 1 && server->by_spi.num == 1);
    ips_run(FLOW_LINGER - RIG_SECOND);
    CU_ASSERT_EQUAL(server->num_flows, 1);
    ips_run(FLOW_LINGER + RIG_SECOND);
    CU_ASSERT_EQUAL(server->num_flows + server->by_spi.num + server->by_peer_spi.num, 0);
    ips_stop();
}

/* A connection that lives keeps what it has, however long it says nothing, on a portal that takes others in
 * the clear, too; without it they go, though nobody has said its end. */
static void sas_last_as_long_as_their_connection(void)
{
    ips_begin(&(ips_setting){.client.life = 60});
    rig_ipsec *server = iw.ends[IPS_SERVER].ipsec;
    server->portals->only = false;
    CU_ASSERT_EQUAL(world_connect(&iw.w, "10.0.0.2"), RIG_OK);
    ips_run(RIG_SECOND);
    rig_simhost_down(iw.w.client, true);
    ips_run(10 * FLOW_LINGER);
    CU_ASSERT(server->num_flows == 1 && server->by_spi.num == 0);
    rig_close(iw.w.b[0].stream, RIG_CLOSE_FLUSH);
    ips_run(40 * FLOW_LINGER);
    CU_ASSERT_EQUAL(server->num_flows, 0);
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_TCP, 0), 0);
    ips_stop();
}

/* Quick modes of somebody with the key, one after the other, for one connection: pairs of SAs that are taken
 * are limited. */
static void generations_are_limited(void)
{
    ips_begin(&(ips_setting){0});
    CU_ASSERT_EQUAL(world_connect(&iw.w, "10.0.0.2"), RIG_OK);
    ips_run(RIG_SECOND);
    for (unsigned i = 0; i < 20; i++) {
        ike_quick_start(iw.ends[IPS_CLIENT].ipsec->sas, iw.ends[IPS_CLIENT].ipsec->flows);
        ips_run(rig_simnet_now(iw.w.net) + RIG_SECOND);
    }
    for (unsigned end = 0; end < 2; end++) {
        CU_ASSERT_EQUAL(ips_count(end, RIG_IPSEC_INSTALLED), 21);
        CU_ASSERT_EQUAL(iw.ends[end].ipsec->by_spi.num, ESP_GENERATIONS);
        CU_ASSERT_EQUAL(iw.ends[end].ipsec->by_peer_spi.num, 1);
    }
    ips_run(rig_simnet_now(iw.w.net) + 2 * IKE_LINGER);
    CU_ASSERT_EQUAL(iw.ends[0].ipsec->num_quicks + iw.ends[1].ipsec->num_quicks, 0);
    ips_stop();
}

/* ---- missing memory ---- */

/* The n-th allocation fails, or all from it on. True: it was reached. */
static bool without(const ips_setting *s, uint64_t n, bool on)
{
    memset(&iw, 0, sizeof iw);
    world_start(&iw.w, 5, 1000, NULL);
    iw.w.meter.fail_on = on;
    iw.w.meter.fail_at = iw.w.meter.num_calls + n;
    peer *a = &iw.w.a;
    a->size = iw.w.accepts.size = SIZE;
    a->close_when_sent = iw.w.accepts.close_on_fin = true;
    if (ips_try(s) == RIG_OK && world_connect(&iw.w, ips_portal_host(s)) == RIG_OK) {
        ips_run(300 * RIG_SECOND);
        CU_ASSERT(a->failed || (a->closed && a->got == SIZE && iw.w.b[0].got == SIZE));
        CU_ASSERT_EQUAL(a->wrong + iw.w.b[0].wrong, 0);
    }
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_TCP, 0), 0);
    bool reached = iw.w.meter.num_calls >= iw.w.meter.fail_at;
    iw.w.meter.fail_at = 0;
    ips_stop();
    return reached;
}

static void missing_memory_fails_closed(void)
{
    static const ips_setting settings[] = {{0},
                                           {.aggressive = true, .pfs = true, .tunnel = true},
                                           {.pfs = true, .client.life = 1, .client.ike_life = 2}};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        uint64_t one = 1, all = 1;
        while (without(&settings[i], one, false))
            one++;
        while (without(&settings[i], all, true))
            all++;
        CU_ASSERT(one > 40 && all > 40);
    }
}

/* ---- secrets ---- */

#define SECRETS_MAX 64
#define SECRET 16 /* bytes of each that are looked for */

static uint8_t secrets[SECRETS_MAX][SECRET];
static unsigned num_secrets, num_found, num_freed;

static void keep_secret(const void *bytes)
{
    static const uint8_t none[SECRET];
    if (num_secrets < SECRETS_MAX && memcmp(bytes, none, SECRET) != 0)
        memcpy(secrets[num_secrets++], bytes, SECRET);
}

static void *spy_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    const rig_alloc *libc = rig_alloc_libc();
    (void)ctx;
    for (unsigned i = 0; ptr && i < num_secrets; i++)
        num_found += memmem(ptr, old_size, secrets[i], SECRET) != NULL;
    num_freed += new_size == 0;
    return libc->resize(libc->ctx, ptr, old_size, new_size);
}

static void collect(const rig_ipsec *ipsec)
{
    keep_secret(IPS_KEY);
    for (const ike_sa *sa = ipsec->sas; sa; sa = sa->next) {
        const void *of_sa[] = {sa->skeyid, sa->skeyid_d, sa->skeyid_a, sa->key, sa->exponent};
        for (size_t i = 0; i < sizeof of_sa / sizeof of_sa[0]; i++)
            keep_secret(of_sa[i]);
        for (const ike_quick *quick = sa->quicks; quick; quick = quick->next) {
            keep_secret(quick->exponent);
            keep_secret(quick->shared);
        }
    }
    for (const ips_flow *flow = ipsec->flows; flow; flow = flow->next)
        for (const esp_sa *sa = flow->out; sa; sa = sa == flow->out ? flow->in : sa->older) {
            keep_secret(sa->key);
            keep_secret(sa->auth);
        }
}

static void memory_that_is_freed_has_no_secrets(void)
{
    const rig_alloc spy = {spy_resize, NULL};
    for (unsigned bits = 0; bits < 2; bits++) {
        num_secrets = num_found = num_freed = 0;
        ips_begin(&(ips_setting){.aggressive = bits, .pfs = true});
        CU_ASSERT_EQUAL(world_connect(&iw.w, "10.0.0.2"), RIG_OK);
        ips_run(RIG_SECOND);
        iw.w.meter.below = &spy;
        collect(iw.ends[IPS_CLIENT].ipsec);
        collect(iw.ends[IPS_SERVER].ipsec);
        CU_ASSERT(num_secrets >= 20);
        ips_stop();
        CU_ASSERT_EQUAL(num_found, 0);
        CU_ASSERT(num_freed > 20);
    }
}

/* Nor when making them fails half-way. */
static void failures_leave_no_secrets(void)
{
    const rig_alloc spy = {spy_resize, NULL};
    for (uint64_t n = 1; n < 8; n++) {
        ips_begin(&(ips_setting){0});
        const rig_ipsec_provider *provider = rig_ipsec_provide(iw.ends[IPS_CLIENT].ipsec);
        rig_ipsec_wish wish = {.portal = {.host = "10.0.0.3", .port = 1}, .key = rig_view_str(IPS_KEY)};
        num_secrets = num_found = 0;
        keep_secret(IPS_KEY);
        iw.w.meter.below = &spy;
        iw.w.meter.fail_at = iw.w.meter.num_calls + n;
        rig_status status = provider->protect(provider->ctx, &wish, NULL);
        rig_status key = rig_ipsec_key(iw.ends[IPS_CLIENT].ipsec, RIG_IPSEC_ID_NONE, (rig_view){0}, wish.key);
        CU_ASSERT_EQUAL(status == RIG_E_NOMEM || key == RIG_E_NOMEM, n <= 5);
        CU_ASSERT_EQUAL(num_found, 0);
        ips_stop();
        CU_ASSERT_EQUAL(num_found, 0);
    }
}

RIG_SUITE("ipsec bounds", {"floods cost no memory", floods_cost_no_memory},
          {"a repeated first message is one", a_repeated_first_message_is_one},
          {"floods keep nobody out", floods_keep_nobody_out},
          {"half-open quick modes keep nobody out", half_open_quick_modes_keep_nobody_out},
          {"SAs without a connection end", sas_without_a_connection_end},
          {"SAs last as long as their connection", sas_last_as_long_as_their_connection},
          {"generations are limited", generations_are_limited},
          {"missing memory fails closed", missing_memory_fails_closed},
          {"memory that is freed has no secrets", memory_that_is_freed_has_no_secrets},
          {"failures leave no secrets", failures_leave_no_secrets})
