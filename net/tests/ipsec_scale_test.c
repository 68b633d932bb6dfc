/* A thousand connections between two hosts: one ISAKMP SA, a quick mode each, and everything found at once.
 */
#define WORLD_PEERS 5000
#include "tests/ipsec_world.h"

#define SIZE 2000
#define THOUSAND 1000
#define CHAIN_MOST 12 /* members of one bucket of a table that is never more than full */
#define BYTES_EACH 60000

static peer peers[WORLD_PEERS];
static unsigned num_quick, num_main;

static unsigned count_ike(const ips_packet *packet)
{
    num_quick += packet->exchange == ISA_QUICK;
    num_main += packet->exchange == ISA_MAIN;
    return 1;
}

static unsigned longest(const rig_map *map)
{
    unsigned most = 0;
    for (size_t i = 0; i < map->num_buckets; i++) {
        unsigned num = 0;
        for (const rig_map_link *link = map->buckets[i]; link; link = link->next)
            num++;
        most = num > most ? num : most;
    }
    return most;
}

static void connect_all(unsigned num)
{
    num_quick = num_main = 0;
    iw.copies = count_ike;
    iw.w.accepts.close_on_fin = true;
    for (unsigned i = 0; i < num; i++) {
        peers[i] = (peer){.size = SIZE, .start = 1, .expect = 100};
        CU_ASSERT_EQUAL(world_connect_peer(&iw.w, &peers[i], NULL, "10.0.0.2"), RIG_OK);
    }
    ips_run(5 * RIG_SECOND);
}

static void check_all(unsigned num)
{
    size_t got = 0;
    for (unsigned i = 0; i < iw.w.num_b; i++)
        got += iw.w.b[i].got;
    CU_ASSERT_EQUAL(got, (size_t)SIZE * num);
    CU_ASSERT_EQUAL(num_main, 6);
    CU_ASSERT_EQUAL(num_quick, 3 * num);
    for (unsigned end = 0; end < 2; end++) {
        const rig_ipsec *ipsec = iw.ends[end].ipsec;
        CU_ASSERT_EQUAL(ipsec->num_sas, 1);
        CU_ASSERT_EQUAL(ipsec->by_message.num, num);
        CU_ASSERT_EQUAL(ipsec->by_spi.num, num);
        CU_ASSERT_EQUAL(ipsec->by_peer_spi.num, num);
        CU_ASSERT_EQUAL(ips_count(end, RIG_IPSEC_INSTALLED), num);
        CU_ASSERT(longest(&ipsec->by_message) <= CHAIN_MOST && longest(&ipsec->by_spi) <= CHAIN_MOST);
        CU_ASSERT(longest(&ipsec->by_peer_spi) <= CHAIN_MOST && longest(&ipsec->by_ends) <= CHAIN_MOST);
    }
}

static void close_all(unsigned num)
{
    for (unsigned i = 0; i < num; i++)
        rig_close(peers[i].stream, RIG_CLOSE_FLUSH);
    ips_run(rig_simnet_now(iw.w.net) + 2 * FLOW_LINGER);
    for (unsigned end = 0; end < 2; end++)
        CU_ASSERT_EQUAL(iw.ends[end].ipsec->num_flows + iw.ends[end].ipsec->num_quicks, 0);
}

static void a_thousand_connections(void)
{
    ips_begin(&(ips_setting){0});
    connect_all(THOUSAND);
    check_all(THOUSAND);
    CU_ASSERT(iw.w.meter.bytes_peak < (uint64_t)BYTES_EACH * THOUSAND);
    close_all(THOUSAND);
    CU_ASSERT(iw.w.meter.num_live < 200);
    ips_stop();
}

/* More at once than quick modes linger: what is over is no reason to refuse what begins. */
static void a_burst(void)
{
    _Static_assert(WORLD_PEERS > IKE_LINGERING_MAX, "a burst has more");
    ips_begin(&(ips_setting){0});
    connect_all(WORLD_PEERS);
    for (unsigned end = 0; end < 2; end++) {
        const rig_ipsec *ipsec = iw.ends[end].ipsec;
        CU_ASSERT_EQUAL(ips_count(end, RIG_IPSEC_INSTALLED), WORLD_PEERS);
        CU_ASSERT_EQUAL(ips_count(end, RIG_IPSEC_FAILED), 0);
        CU_ASSERT_EQUAL(ipsec->num_quicks, IKE_LINGERING_MAX);
        CU_ASSERT_EQUAL(ipsec->by_message.num, IKE_LINGERING_MAX);
        CU_ASSERT_EQUAL(ipsec->half_open.num, 0);
    }
    close_all(WORLD_PEERS);
    ips_stop();
}

RIG_SUITE("ipsec scale", {"a thousand connections", a_thousand_connections},
          {"a burst of five thousand", a_burst})
