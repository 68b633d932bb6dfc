#include "rig/link_ops.h"
#include "tests/world.h"

static world w;

static void start(const char *link, size_t there, size_t back)
{
    const char *links[] = {link, NULL};
    world_start(&w, 5, 1000, links);
    w.a.size = there;
    w.accepts.size = back;
    w.a.close_when_sent = w.accepts.close_on_fin = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
}

static void split_limits_the_payload(void)
{
    start("split bytes=10", 1000, 0);
    CU_ASSERT_EQUAL(w.largest, 10);
    CU_ASSERT(w.num_packets >= 100 + 6);
    CU_ASSERT_EQUAL(w.b[0].got, 1000);
    world_stop(&w);
    start("split dir=to-initiator", 1000, 50);
    CU_ASSERT_EQUAL(w.largest, 1000);
    CU_ASSERT(w.num_packets >= 51 + 6);
    world_stop(&w);
}

static void coalesce_ignores_the_mtu(void)
{
    start("coalesce", 200000, 0);
    CU_ASSERT(w.largest > 60000 && w.largest <= 65495);
    CU_ASSERT(w.num_packets < 20);
    CU_ASSERT_EQUAL(w.b[0].got, 200000);
    CU_ASSERT_EQUAL(w.b[0].wrong, 0);
    world_stop(&w);
}

/* Pieces that are not side by side in memory: more of them than a packet can refer to. */
static void coalesce_joins_many_pieces(void)
{
    static const char *const links[] = {"coalesce", NULL};
    rig_simnet_config config = {.alloc = rig_alloc_libc()};
    rig_simnet *net;
    uint8_t pieces[40][20], out[40 * 10];
    CU_ASSERT_EQUAL_FATAL(rig_simnet_new(&config, &net), RIG_OK);
    CU_ASSERT_EQUAL(rig_link_add(net, rig_view_str(links[0]), NULL), RIG_OK);
    rig_packet *head = rig_packet_new(net), *tail = rig_packet_new(net);
    for (uint8_t i = 0; i < 40; i++) {
        memset(pieces[i], i, sizeof(pieces[i]));
        tail->num_iov = 1;
        tail->iov[0] = (struct iovec){pieces[i], 10};
        tail->payload_len = 10;
        CU_ASSERT(rig_packet_join(net, head, tail));
    }
    CU_ASSERT_EQUAL(head->payload_len, sizeof(out));
    size_t at = 0;
    for (uint16_t i = 0; i < head->num_iov; i++) {
        memcpy(out + at, head->iov[i].iov_base, head->iov[i].iov_len);
        at += head->iov[i].iov_len;
    }
    CU_ASSERT_EQUAL(at, sizeof(out));
    for (size_t i = 0; i < at; i++)
        CU_ASSERT_EQUAL(out[i], i / 10);
    rig_simnet_free(net); /* takes both packets with it */
}

static void delay_takes_its_time(void)
{
    start("delay 10ms dir=to-target", 0, 0);
    /* SYN, SYN-ACK, ACK and FIN, FIN, ACK: the last thing the initiator sees is the target's FIN */
    CU_ASSERT_EQUAL(w.a.ended_at, 4 * 1000 + 2 * 10 * RIG_MILLISECOND);
    CU_ASSERT_EQUAL(w.b[0].ended_at, 5 * 1000 + 3 * 10 * RIG_MILLISECOND);
    world_stop(&w);
}

static void corrupt_with_its_checksum_kept_reaches_the_user(void)
{
    start("corrupt nth=2 keep-checksum=yes byte=5 dir=to-target", 10000, 0);
    CU_ASSERT_EQUAL(w.b[0].got, 10000);
    CU_ASSERT_EQUAL(w.b[0].wrong, 1);
    CU_ASSERT_EQUAL(w.a.wrong, 0);
    world_stop(&w);
}

static void reset_ends_both_sides(void)
{
    start("reset nth=3", 10000, 0);
    CU_ASSERT(w.a.failed && w.a.why == RIG_E_RESET);
    CU_ASSERT(w.b[0].failed && w.b[0].why == RIG_E_RESET);
    CU_ASSERT_EQUAL(w.b[0].got, 2 * 1460);
    CU_ASSERT(w.num_resets >= 2);
    world_stop(&w);
}

static void tap_shows_what_a_later_link_loses(void)
{
    static const char *const links[] = {"tap", "drop every=2", NULL};
    world_start(&w, 1, 0, links);
    rig_simhost_down(w.server, true);
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(w.num_packets, 6); /* every SYN, though none arrives */
    world_stop(&w);
}

static void rates_come_near_their_value(void)
{
    static const char *const links[] = {"drop rate=1/4", NULL};
    rig_address from = {.port = 1}, to;
    world_start(&w, 3, 0, links);
    to = (rig_address){world_ip("10.0.0.2"), 2};
    for (int i = 0; i < 4000; i++)
        CU_ASSERT_EQUAL(rig_simhost_udp_send(w.client, &from, &to, rig_view_str("x")), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.num_packets > 2850 && w.num_packets < 3150);
    world_stop(&w);
}

static void wrong_specifications_are_named(void)
{
    static const struct {
        const char *spec;
        rig_status status;
        const char *mentions;
    } rows[] = {
        {"splitt", RIG_E_NOT_FOUND, "split"},
        {"", RIG_E_NOT_FOUND, "no link"},
        {"split byte=3", RIG_E_SYNTAX, "byte"},
        {"split bytes=0", RIG_E_SYNTAX, "bytes"},
        {"split bytes", RIG_E_SYNTAX, "bytes"},
        {"delay 3h", RIG_E_SYNTAX, "3h"},
        {"delay 99999999999s", RIG_E_SYNTAX, "s"},
        {"drop every=0", RIG_E_SYNTAX, "every"},
        {"drop rate=3/2", RIG_E_SYNTAX, "rate"},
        {"drop rate=3", RIG_E_SYNTAX, "rate"},
        {"drop dir=left", RIG_E_SYNTAX, "dir"},
        {"corrupt keep-checksum=maybe", RIG_E_SYNTAX, "keep-checksum"},
        {"tap here", RIG_E_SYNTAX, "here"},
        {"reset nth=-1", RIG_E_SYNTAX, "nth"},
    };
    world_start(&w, 1, 0, NULL);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_link_add(w.net, rig_view_str(rows[i].spec), &err), rows[i].status);
        CU_ASSERT_EQUAL(err.status, rows[i].status);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].mentions));
        CU_ASSERT_EQUAL(err.field[0] != 0, rows[i].status == RIG_E_SYNTAX);
    }
    world_stop(&w);
}

static void a_chain_has_a_limit(void)
{
    world_start(&w, 1, 0, NULL);
    for (int i = 0; i < RIG_LINKS_MAX; i++)
        CU_ASSERT_EQUAL(rig_link_add(w.net, rig_view_str(" delay  5us"), NULL), RIG_OK);
    rig_error err = {0};
    CU_ASSERT_EQUAL(rig_link_add(w.net, rig_view_str("delay 5us"), &err), RIG_E_LIMIT);
    world_stop(&w);
}

/* A filter at each host's edge, as security associations will be: only foreign packets between them. */
static void scramble(rig_simhost *host, rig_packet *packet, uint8_t protocol)
{
    CU_ASSERT(rig_packet_own(w.net, packet));
    (void)host;
    packet->protocol = protocol;
    for (uint32_t i = 0; i < packet->payload_len; i++)
        ((uint8_t *)packet->iov[0].iov_base)[i] ^= 0x5a;
}

static void leaving(void *ctx, rig_simhost *host, rig_packet *packet)
{
    (void)ctx;
    scramble(host, packet, RIG_PROTOCOL_ESP);
    rig_simhost_leave(host, packet);
}

static void arriving(void *ctx, rig_simhost *host, rig_packet *packet)
{
    (void)ctx;
    scramble(host, packet, RIG_PROTOCOL_TCP);
    rig_simhost_arrive(host, packet);
}

static void only_esp(void *ctx, uint64_t now, const rig_packet *packet)
{
    (void)now;
    ++*(size_t *)ctx;
    CU_ASSERT_EQUAL(packet->protocol, RIG_PROTOCOL_ESP);
}

static void filters_stand_between_host_and_tap(void)
{
    size_t num = 0;
    world_start(&w, 1, 0, NULL);
    rig_simhost_filter(w.client, leaving, arriving, NULL);
    rig_simhost_filter(w.server, leaving, arriving, NULL);
    rig_tap_set(w.net, only_esp, &num);
    w.a.size = 5000;
    w.accepts.size = 7000;
    w.a.close_when_sent = w.accepts.close_on_fin = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(num > 10 && w.a.closed && w.b[0].closed);
    CU_ASSERT_EQUAL(w.b[0].got + w.a.got, 12000);
    CU_ASSERT_EQUAL(w.b[0].wrong + w.a.wrong, 0);
    world_stop(&w);
}

RIG_SUITE("net link", {"split limits the payload", split_limits_the_payload},
          {"coalesce ignores the MTU", coalesce_ignores_the_mtu},
          {"coalesce joins many pieces", coalesce_joins_many_pieces},
          {"delay takes its time", delay_takes_its_time},
          {"corrupt with its checksum kept reaches the user",
           corrupt_with_its_checksum_kept_reaches_the_user},
          {"reset ends both sides", reset_ends_both_sides},
          {"tap shows what a later link loses", tap_shows_what_a_later_link_loses},
          {"rates come near their value", rates_come_near_their_value},
          {"wrong specifications are named", wrong_specifications_are_named},
          {"a chain has a limit", a_chain_has_a_limit},
          {"filters stand between host and tap", filters_stand_between_host_and_tap})
