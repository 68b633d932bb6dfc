#include "tests/world.h"

static world w;

/* Both ends send, each closes when its own bytes are acknowledged. */
static void transfer(uint64_t seed, uint64_t latency, const char *host, const char *const *links,
                     size_t there, size_t back, size_t piece)
{
    world_start(&w, seed, latency, links);
    w.a.size = there;
    w.accepts.size = back;
    w.a.piece = w.accepts.piece = piece;
    w.a.close_when_sent = true;
    w.accepts.close_on_fin = true;
    CU_ASSERT_EQUAL(world_connect(&w, host), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(w.num_b, 1);
    CU_ASSERT(w.a.connected && w.a.closed && w.b[0].closed);
    CU_ASSERT(!w.a.failed && !w.b[0].failed);
    CU_ASSERT_EQUAL(w.b[0].got, there);
    CU_ASSERT_EQUAL(w.a.got, back);
    CU_ASSERT_EQUAL(w.a.wrong + w.b[0].wrong, 0);
    CU_ASSERT_EQUAL(rig_simnet_next(w.net), RIG_NEVER);
    world_stop(&w);
}

static void moves_bytes_both_ways(void)
{
    static const size_t sizes[] = {0, 1, 48, 1460, 1461, 70000, 1000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        transfer(i, 0, "10.0.0.2", NULL, sizes[i], 5000, 0);
        transfer(i, 20 * RIG_MILLISECOND, "fd00::2", NULL, sizes[i], sizes[i] / 2, 100);
    }
}

static void survives_every_link(void)
{
    static const char *const chains[][3] = {
        {"split"},
        {"split bytes=700 dir=to-target"},
        {"coalesce"},
        {"split bytes=3", "coalesce"},
        {"delay 20ms"},
        {"delay 1ms jitter=50ms"},
        {"delay 1ms jitter=5ms reorder=yes"},
        {"drop every=3"},
        {"drop rate=1/10", "split bytes=100"},
        {"drop nth=1"},
        {"drop nth=2"},
        {"drop nth=3"},
        {"corrupt every=4"},
        {"corrupt rate=1/20 dir=to-initiator", "coalesce"},
        {"delay 3ms", "coalesce", "split bytes=999"},
    };
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        const char *links[] = {chains[i][0], chains[i][1], chains[i][2], NULL};
        for (uint64_t seed = 1; seed <= 3; seed++) {
            transfer(seed, 0, "10.0.0.2", links, 30000, 20000, 0);
            transfer(seed, 1000, "fd00::2", links, 3000, 0, 50);
        }
    }
}

/* Whichever packet it is, the last ACK included: both ends close in order, and nobody says RST. */
static void survives_every_single_loss(void)
{
    for (int nth = 1; nth <= 16; nth++) {
        char spec[32];
        rig_text text;
        rig_text_init(&text, spec, sizeof(spec));
        rig_text_add(&text, "drop nth=%d", nth);
        const char *links[] = {spec, NULL};
        transfer(1, 0, "10.0.0.2", links, 3000, 100, 0);
        CU_ASSERT_EQUAL(w.num_resets, 0);
        transfer(1, 5000, "fd00::2", links, 0, 0, 0);
        CU_ASSERT_EQUAL(w.num_resets, 0);
    }
}

static void refuses_where_nobody_listens(void)
{
    world_start(&w, 1, 0, NULL);
    rig_unlisten(w.listener);
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(!w.a.failed);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.a.failed && w.a.why == RIG_E_REFUSED);
    CU_ASSERT_EQUAL(w.num_packets, 2);
    world_stop(&w);
}

static void resets_what_accept_declines(void)
{
    world_start(&w, 1, 0, NULL);
    w.refuse = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.a.connected && w.a.failed && w.a.why == RIG_E_RESET);
    world_stop(&w);
}

static void cannot_reach_unknown_addresses(void)
{
    world_start(&w, 1, 0, NULL);
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.3"), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(world_connect(&w, "target.example.com"), RIG_E_UNREACHABLE);
    rig_ip ip = world_ip("10.0.0.2");
    CU_ASSERT_EQUAL(rig_simnet_name(w.net, "Target.example.com", &ip), RIG_OK);
    CU_ASSERT_EQUAL(world_connect(&w, "target.EXAMPLE.com"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_SECOND));
    CU_ASSERT(w.a.connected);
    world_stop(&w);
}

static void times_out_towards_a_host_that_is_down(void)
{
    world_start(&w, 1, 0, NULL);
    rig_simhost_down(w.server, true);
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.a.failed && w.a.why == RIG_E_TIMEOUT);
    CU_ASSERT_EQUAL(w.num_packets, 0);
    CU_ASSERT_EQUAL(w.a.ended_at, 63 * RIG_SECOND); /* 1 + 2 + 4 + … + 32 */
    world_stop(&w);
}

static void times_out_when_the_host_goes_down_later(void)
{
    world_start(&w, 1, 0, NULL);
    w.a.size = 100000;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    while (!w.a.connected)
        rig_simnet_step(w.net);
    rig_simhost_down(w.server, true);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.a.failed && w.a.why == RIG_E_TIMEOUT);
    world_stop(&w);
}

static void recovers_when_the_host_comes_back(void)
{
    world_start(&w, 1, 0, NULL);
    w.a.size = 100000;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    while (!w.a.connected)
        rig_simnet_step(w.net);
    rig_simhost_down(w.server, true);
    CU_ASSERT(world_run(&w, 5 * RIG_SECOND));
    rig_simhost_down(w.server, false);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(w.b[0].got, 100000);
    CU_ASSERT_EQUAL(w.b[0].wrong, 0);
    world_stop(&w);
}

static void half_close_lets_the_other_way_flow(void)
{
    world_start(&w, 1, RIG_MILLISECOND, NULL);
    w.a.size = 10;
    w.a.close_when_sent = true;
    w.accepts.size = 500000;
    w.accepts.close_when_sent = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.b[0].peer_closed);
    CU_ASSERT(w.a.closed && w.b[0].closed);
    CU_ASSERT_EQUAL(w.a.got, 500000);
    CU_ASSERT_EQUAL(w.a.wrong, 0);
    world_stop(&w);
}

static void both_ends_close_at_once(void)
{
    world_start(&w, 1, RIG_MILLISECOND, NULL);
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_SECOND));
    rig_close(w.a.stream, RIG_CLOSE_FLUSH);
    rig_close(w.a.stream, RIG_CLOSE_FLUSH);
    rig_close(w.b[0].stream, RIG_CLOSE_FLUSH);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.a.closed && w.b[0].closed);
    CU_ASSERT(!w.a.peer_closed && !w.b[0].peer_closed);
    world_stop(&w);
}

static void a_peer_that_never_closes_is_not_awaited_for_ever(void)
{
    world_start(&w, 1, 0, NULL);
    w.a.close_when_sent = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.a.failed && w.a.why == RIG_E_TIMEOUT);
    CU_ASSERT_EQUAL(w.a.ended_at, RIG_STREAM_LINGER);
    CU_ASSERT(w.b[0].peer_closed && w.b[0].failed && w.b[0].why == RIG_E_RESET);
    world_stop(&w);
}

static void reset_in_the_middle_leaves_nothing_dangling(void)
{
    for (uint64_t latency = 0; latency < 3; latency++) {
        world_start(&w, 1, latency * RIG_MILLISECOND, NULL);
        w.a.size = 200000; /* freed at the reset, while packets still refer to it */
        w.accepts.size = 200000;
        w.a.reset_at = 50000;
        CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
        CU_ASSERT(world_run(&w, RIG_NEVER));
        CU_ASSERT(!w.a.closed && !w.a.failed);
        CU_ASSERT(w.b[0].failed && w.b[0].why == RIG_E_RESET);
        CU_ASSERT_EQUAL(w.b[0].wrong + w.a.wrong, 0);
        world_stop(&w);
    }
}

static void reset_with_packets_in_a_delay_link_leaves_nothing_dangling(void)
{
    static const char *const links[] = {"delay 10ms", "coalesce", "delay 1ms jitter=1ms", NULL};
    world_start(&w, 1, RIG_MILLISECOND, links);
    w.a.size = 200000;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    while (!w.a.connected)
        rig_simnet_step(w.net);
    rig_simnet_step(w.net);
    rig_close(w.a.stream, RIG_CLOSE_RESET);
    peer_end(&w.a);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT(w.b[0].got > 1000);
    CU_ASSERT_EQUAL(w.b[0].wrong, 0);
    CU_ASSERT(w.b[0].failed && w.b[0].why == RIG_E_RESET);
    world_stop(&w);
}

static void a_user_without_space_stops_the_sender(void)
{
    world_start(&w, 1, 0, NULL);
    w.a.size = 2000000;
    w.accepts.blocked = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, 3600 * RIG_SECOND)); /* probes keep it alive */
    CU_ASSERT(!w.a.failed);
    CU_ASSERT_EQUAL(w.b[0].got, 0);
    CU_ASSERT(w.a.sent <= 65535); /* what the SYN had promised */
    w.b[0].blocked = false;
    rig_wake(w.b[0].stream);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(w.b[0].got, 2000000);
    CU_ASSERT_EQUAL(w.b[0].wrong, 0);
    world_stop(&w);
}

static void a_fin_waits_behind_bytes_without_a_place(void)
{
    world_start(&w, 1, 0, NULL);
    w.a.size = 10000;
    w.a.close_when_sent = true;
    w.accepts.blocked = true;
    w.accepts.close_on_fin = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_SECOND));
    CU_ASSERT_EQUAL(w.a.sent, 10000);
    CU_ASSERT(!w.b[0].peer_closed);
    w.b[0].blocked = false;
    rig_wake(w.b[0].stream);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(w.b[0].got, 10000);
    CU_ASSERT(w.b[0].peer_closed && w.b[0].closed && w.a.closed);
    world_stop(&w);
}

static uint64_t hash_of_run(uint64_t seed)
{
    static const char *const links[] = {"drop rate=1/8", "delay 2ms jitter=9ms", "corrupt rate=1/9", NULL};
    world_start(&w, seed, 1000, links);
    w.a.size = 50000;
    w.accepts.size = 40000;
    w.a.close_when_sent = w.accepts.close_on_fin = true;
    CU_ASSERT_EQUAL(world_connect(&w, "10.0.0.2"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    uint64_t hash = w.hash;
    world_stop(&w);
    return hash;
}

static void equal_seeds_give_equal_bytes(void)
{
    CU_ASSERT_EQUAL(hash_of_run(1), hash_of_run(1));
    CU_ASSERT_EQUAL(hash_of_run(77), hash_of_run(77));
    CU_ASSERT_NOT_EQUAL(hash_of_run(1), hash_of_run(2));
}

static void every_allocation_may_fail(void)
{
    static const char *const links[] = {"split bytes=900", "coalesce", "drop nth=9", NULL};
    for (uint64_t n = 1;; n++) {
        memset(&w, 0, sizeof(w));
        rig_alloc_meter_init(&w.meter, rig_alloc_libc());
        w.meter.fail_at = n;
        w.a.expect = w.accepts.start = 100;
        w.a.start = w.accepts.expect = 1;
        w.a.size = w.accepts.size = 20000;
        w.a.piece = 60;
        w.a.close_when_sent = w.accepts.close_on_fin = true;
        rig_status status = world_try(&w, 1, 1000, links);
        if (status == RIG_OK)
            status = world_connect(&w, "10.0.0.2");
        CU_ASSERT(status == RIG_OK || status == RIG_E_NOMEM);
        if (status == RIG_OK) {
            CU_ASSERT(world_run(&w, RIG_NEVER)); /* one failure is one loss */
            CU_ASSERT(w.a.closed && w.b[0].got == 20000 && w.b[0].wrong == 0 && w.a.got == 20000);
        }
        bool reached = w.meter.num_calls >= n;
        world_stop(&w);
        if (!reached)
            break;
    }
}

static void memory_that_stays_short_ends_in_a_timeout(void)
{
    for (uint64_t n = 5; n < 40; n++) {
        memset(&w, 0, sizeof(w));
        rig_alloc_meter_init(&w.meter, rig_alloc_libc());
        w.meter.fail_at = n;
        w.meter.fail_on = true;
        w.a.size = 300000;
        if (world_try(&w, 1, 1000, NULL) == RIG_OK && world_connect(&w, "10.0.0.2") == RIG_OK)
            CU_ASSERT(world_run(&w, RIG_NEVER));
        world_stop(&w);
    }
}

RIG_SUITE("net tcp", {"moves bytes both ways, closes in order", moves_bytes_both_ways},
          {"is byte-exact over every link", survives_every_link},
          {"survives every single loss", survives_every_single_loss},
          {"refuses where nobody listens", refuses_where_nobody_listens},
          {"resets what accept declines", resets_what_accept_declines},
          {"cannot reach unknown addresses", cannot_reach_unknown_addresses},
          {"times out towards a host that is down", times_out_towards_a_host_that_is_down},
          {"times out when the host goes down later", times_out_when_the_host_goes_down_later},
          {"recovers when the host comes back", recovers_when_the_host_comes_back},
          {"half close lets the other way flow", half_close_lets_the_other_way_flow},
          {"both ends close at once", both_ends_close_at_once},
          {"a peer that never closes is not awaited for ever",
           a_peer_that_never_closes_is_not_awaited_for_ever},
          {"reset in the middle leaves nothing dangling", reset_in_the_middle_leaves_nothing_dangling},
          {"reset with packets in a delay link", reset_with_packets_in_a_delay_link_leaves_nothing_dangling},
          {"a user without space stops the sender", a_user_without_space_stops_the_sender},
          {"a FIN waits behind bytes without a place", a_fin_waits_behind_bytes_without_a_place},
          {"equal seeds give equal bytes", equal_seeds_give_equal_bytes},
          {"every allocation may fail", every_allocation_may_fail},
          {"memory that stays short ends in a timeout", memory_that_stays_short_ends_in_a_timeout})
