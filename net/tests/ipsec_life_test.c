/* How long things of IPsec live: SAs are renewed under a connection that goes on, and go with one that does
 * not. */
#include "tests/ipsec_world.h"

#define TALK 700 /* bytes a second */
#define SECONDS_MAX 128

/* ---- a connection that goes on ---- */

static void connect_to_talk(const ips_setting *s)
{
    ips_begin(s);
    iw.w.a.size = TALK * SECONDS_MAX;
    CU_ASSERT_EQUAL(world_connect(&iw.w, ips_portal_host(s)), RIG_OK);
    iw.w.a.size = 0; /* not yet */
    ips_run(RIG_SECOND);
    CU_ASSERT_FATAL(iw.w.a.connected && iw.w.num_b == 1);
}

/* A second of talk at a time: what was said has come before the next. */
static void talk(unsigned seconds)
{
    for (unsigned i = 0; i < seconds; i++) {
        iw.w.a.size += TALK;
        rig_wake(iw.w.a.stream);
        ips_run(rig_simnet_now(iw.w.net) + RIG_SECOND);
        CU_ASSERT_EQUAL(iw.w.b[0].got, iw.w.a.size);
    }
    CU_ASSERT_EQUAL(iw.w.b[0].wrong, 0);
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_TCP, 0), 0);
}

static unsigned refused(void)
{
    return ips_count(IPS_CLIENT, RIG_IPSEC_REFUSED) + ips_count(IPS_SERVER, RIG_IPSEC_REFUSED);
}

static ips_flow *flow_at(unsigned end)
{
    ips_flow *flow = iw.ends[end].ipsec->flows;
    CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
    return flow;
}

static unsigned generations(unsigned end)
{
    unsigned num = 0;
    for (const esp_sa *sa = flow_at(end)->in; sa; sa = sa->older)
        num++;
    return num;
}

static void esp_is_renewed(void)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        const ips_setting s = {.pfs = bits & 1, .tunnel = bits & 2, .client.life = 10};
        connect_to_talk(&s);
        talk(60);
        CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 7); /* at 9, 18, 27, 36, 45, 54 s */
        CU_ASSERT_EQUAL(ips_count(IPS_SERVER, RIG_IPSEC_INSTALLED), 7);
        CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_PHASE1), 1);
        CU_ASSERT(generations(IPS_CLIENT) <= 2 && generations(IPS_SERVER) <= 2);
        CU_ASSERT_EQUAL(iw.ends[IPS_SERVER].ipsec->by_spi.num, generations(IPS_SERVER));
        CU_ASSERT_EQUAL(iw.ends[IPS_SERVER].ipsec->by_peer_spi.num, 1);
        CU_ASSERT_EQUAL(refused(), 0);
        ips_stop();
    }
}

static void isakmp_is_shorter_than_the_connection(void)
{
    const ips_setting s = {.client.life = 10, .client.ike_life = 15};
    connect_to_talk(&s);
    talk(60);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 7);
    CU_ASSERT(ips_count(IPS_CLIENT, RIG_IPSEC_PHASE1) >= 3);
    CU_ASSERT_EQUAL(iw.ends[IPS_CLIENT].ipsec->num_sas, 1);
    CU_ASSERT_EQUAL(iw.ends[IPS_SERVER].ipsec->num_sas, 1);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_FAILED) + ips_count(IPS_CLIENT, RIG_IPSEC_DELETED), 0);
    ips_stop();
}

/* Both negotiate anew at the same time: each is then behind the other's, and what comes after goes on. */
static void both_at_once(void)
{
    const ips_setting s = {.pfs = true, .client.life = 20, .server.life = 20};
    connect_to_talk(&s);
    ike_quick_start(iw.ends[IPS_CLIENT].ipsec->sas, flow_at(IPS_CLIENT));
    ike_quick_start(iw.ends[IPS_SERVER].ipsec->sas, flow_at(IPS_SERVER));
    talk(60);
    CU_ASSERT(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED) >= 6);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_DELETED), 0);
    CU_ASSERT_EQUAL(refused(), 0);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_FAILED) + ips_count(IPS_SERVER, RIG_IPSEC_FAILED), 0);
    CU_ASSERT(generations(IPS_SERVER) <= 3);
    ips_stop();
}

/* Either end takes its SAs away in the middle of things; the connection gets others. */
static void deletions_under_load(void)
{
    for (unsigned end = 0; end < 2; end++) {
        const ips_setting s = {.tunnel = end};
        connect_to_talk(&s);
        for (unsigned i = 0; i < 5; i++) {
            ike_delete(iw.ends[end].ipsec->sas, flow_at(end)->in->spi);
            esp_sa_free(flow_at(end)->in);
            talk(3);
        }
        CU_ASSERT_EQUAL(ips_count(!end, RIG_IPSEC_DELETED), 5);
        CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 6);
        CU_ASSERT_EQUAL(ips_count(IPS_SERVER, RIG_IPSEC_INSTALLED), 6);
        ips_stop();
    }
}

/* The ISAKMP SA goes while a quick mode waits for its answer: it is asked again under another. */
static void isakmp_goes_under_a_quick_mode(void)
{
    connect_to_talk(&(ips_setting){0});
    esp_sa_free(flow_at(IPS_CLIENT)->out);
    ips_flow_want(flow_at(IPS_CLIENT));
    ike_delete_isakmp(iw.ends[IPS_SERVER].ipsec->sas);
    ike_sa_deleted(iw.ends[IPS_SERVER].ipsec->sas);
    talk(5);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_PHASE1), 2);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 2);
    ips_stop();
}

/* Nobody deletes what is somebody else's, whatever its number. */
static void deletions_count_for_their_peer(void)
{
    rig_ip other = world_ip("10.0.0.77");
    connect_to_talk(&(ips_setting){0});
    const rig_ipsec *client = iw.ends[IPS_CLIENT].ipsec;
    const esp_sa *out = flow_at(IPS_CLIENT)->out;
    CU_ASSERT_PTR_EQUAL(esp_find_theirs(client, out->spi, &out->outer[1]), out);
    CU_ASSERT_PTR_NULL(esp_find_theirs(client, out->spi, &other));
    CU_ASSERT_PTR_NULL(esp_find_theirs(client, out->spi + 1, &out->outer[1]));
    ips_stop();
}

/* ---- sequence numbers (RFC 4303 section 3.3.3) ---- */

static void numbers_are_renewed_in_time(void)
{
    for (unsigned end = 0; end < 2; end++) {
        connect_to_talk(&(ips_setting){0});
        esp_sa *out = flow_at(end)->out;
        uint32_t spi = out->spi;
        out->sequence = ESP_RENEW_AT - 1;
        talk(2);
        CU_ASSERT(flow_at(end)->out->spi != spi);
        CU_ASSERT(flow_at(end)->out->sequence < 100);
        CU_ASSERT_EQUAL(ips_count(end, RIG_IPSEC_INSTALLED), 2);
        CU_ASSERT_EQUAL(refused(), 0);
        ips_stop();
    }
}

static void numbers_end(void)
{
    for (unsigned end = 0; end < 2; end++) {
        connect_to_talk(&(ips_setting){0});
        esp_sa *out = flow_at(end)->out;
        uint32_t spi = out->spi;
        out->sequence = UINT32_MAX;
        talk(3);
        for (unsigned i = 0; i < iw.num_seen; i++)
            CU_ASSERT(iw.seen[i].id != spi || iw.seen[i].sequence != 0);
        CU_ASSERT(flow_at(end)->out->spi != spi);
        CU_ASSERT_EQUAL(ips_count(end, RIG_IPSEC_DELETED), 1);
        ips_stop();
    }
}

/* With 64 bits they go on: the half that packets do not carry is in their ICV (RFC 4304). */
static void long_numbers_go_on(void)
{
    ips_setting s = {.tunnel = true};
    s.client.esn = RIG_IPSEC_ALWAYS;
    for (unsigned end = 0; end < 2; end++) {
        connect_to_talk(&s);
        esp_sa *out = flow_at(end)->out, *in = flow_at(!end)->in;
        uint32_t spi = out->spi;
        CU_ASSERT(out->esn && in->esn);
        out->sequence = in->sequence = UINT32_MAX - 3;
        in->seen = 1;
        talk(10);
        CU_ASSERT_EQUAL(flow_at(end)->out->spi, spi);
        CU_ASSERT(out->sequence > (UINT64_C(1) << 32) + 1);
        CU_ASSERT_EQUAL(in->sequence, out->sequence);
        CU_ASSERT_EQUAL(refused(), 0);
        out->sequence += UINT64_C(1) << 32; /* the same low half, another number */
        iw.w.a.size += TALK;
        rig_wake(iw.w.a.stream);
        ips_run(rig_simnet_now(iw.w.net) + RIG_SECOND);
        CU_ASSERT(refused() > 0);
        ips_stop();
    }
}

/* ---- connections that end ---- */

static void the_same_ends_again(void)
{
    static const uint64_t pauses[] = {0, RIG_SECOND, FLOW_LINGER - RIG_MILLISECOND, FLOW_LINGER + RIG_SECOND};
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        const rig_address local = {world_ip("10.0.0.1"), 40000};
        ips_begin(&(ips_setting){0});
        iw.w.accepts.close_on_fin = true;
        for (unsigned round = 0; round < 3; round++) {
            iw.w.a = (peer){.size = 5000, .start = 1, .expect = 100, .close_when_sent = true};
            CU_ASSERT_EQUAL(world_connect_peer(&iw.w, &iw.w.a, &local, "10.0.0.2"), RIG_OK);
            for (int k = 0; k < WORLD_STEPS && !(iw.w.a.closed && iw.w.b[round].closed); k++)
                ips_step(rig_simnet_now(iw.w.net) + RIG_SECOND);
            CU_ASSERT_EQUAL(iw.w.num_b, round + 1);
            CU_ASSERT_EQUAL(iw.w.b[round].got, 5000);
            ips_run(rig_simnet_now(iw.w.net) + pauses[i]);
        }
        CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 3);
        ips_run(rig_simnet_now(iw.w.net) + 2 * FLOW_LINGER);
        CU_ASSERT_EQUAL(iw.ends[IPS_CLIENT].ipsec->num_flows + iw.ends[IPS_SERVER].ipsec->num_flows, 0);
        CU_ASSERT_EQUAL(iw.ends[IPS_CLIENT].ipsec->num_quicks + iw.ends[IPS_SERVER].ipsec->num_quicks, 0);
        ips_stop();
    }
}

/* A quick mode for the same ends while what the last connection had is about to go. */
static void the_same_ends_at_the_last_moment(void)
{
    const rig_address local = {world_ip("10.0.0.1"), 40000};
    for (uint64_t before = 0; before < 12; before++) {
        ips_begin(&(ips_setting){0});
        iw.w.accepts.close_on_fin = true;
        for (unsigned round = 0; round < 2; round++) {
            iw.w.a = (peer){.size = 500, .start = 1, .expect = 100, .close_when_sent = true};
            CU_ASSERT_EQUAL(world_connect_peer(&iw.w, &iw.w.a, &local, "10.0.0.2"), RIG_OK);
            while (!(iw.w.a.closed && iw.w.b[round].closed) && ips_step(10 * FLOW_LINGER)) {
            }
            CU_ASSERT_EQUAL(iw.w.b[round].got, 500);
            ips_run(rig_simnet_now(iw.w.net) + FLOW_LINGER - 500 * before);
        }
        CU_ASSERT_EQUAL(ips_packets(IPS_CLIENT, RIG_PROTOCOL_UDP, ISA_QUICK), 4);
        ips_stop();
    }
}

/* The second connection of the same ends is quiet for longer than what the first had may stay. */
static void the_same_ends_for_longer(void)
{
    const rig_address local = {world_ip("10.0.0.1"), 40000};
    ips_begin(&(ips_setting){0});
    iw.w.accepts.close_on_fin = true;
    iw.w.a = (peer){.size = 500, .start = 1, .expect = 100, .close_when_sent = true};
    CU_ASSERT_EQUAL(world_connect_peer(&iw.w, &iw.w.a, &local, "10.0.0.2"), RIG_OK);
    ips_run(RIG_SECOND);
    iw.w.a = (peer){.size = 500, .start = 1, .expect = 100};
    CU_ASSERT_EQUAL(world_connect_peer(&iw.w, &iw.w.a, &local, "10.0.0.2"), RIG_OK);
    iw.w.a.size = 0;
    ips_run(3 * FLOW_LINGER);
    iw.w.a.size = 500;
    rig_wake(iw.w.a.stream);
    ips_run(rig_simnet_now(iw.w.net) + RIG_SECOND);
    CU_ASSERT_EQUAL(iw.w.num_b, 2);
    CU_ASSERT_EQUAL(iw.w.b[1].got, 500);
    CU_ASSERT_EQUAL(refused(), 0);
    ips_stop();
}

/* A client that vanishes: what the server has for it goes when it is old. */
static void nobody_is_there_any_more(void)
{
    connect_to_talk(&(ips_setting){.client.life = 10, .client.ike_life = 20});
    talk(2);
    rig_simhost_down(iw.w.client, true);
    rig_ipsec *server = iw.ends[IPS_SERVER].ipsec;
    ips_run(60 * RIG_SECOND);
    CU_ASSERT_EQUAL(server->num_flows + server->num_quicks + server->num_sas, 0);
    CU_ASSERT_EQUAL(server->by_spi.num + server->by_peer_spi.num, 0);
    CU_ASSERT_EQUAL(server->by_ends.num + server->by_cookie.num + server->by_message.num, 0);
    ips_stop();
}

/* ---- who is where ---- */

static void another_outer_address(void)
{
    static const char *const hosts[][2] = {{"10.0.0.2", "10.0.0.9"}, {"fd00::2", "fd00::9"}};
    for (unsigned i = 0; i < 2; i++) {
        const ips_setting s = {.tunnel = true, .pfs = true, .host = hosts[i][0], .outer = hosts[i][1]};
        const rig_ip outer = world_ip(hosts[i][1]);
        ips_transfer(&s, 20000, 20000, 30 * RIG_SECOND);
        CU_ASSERT(ips_arrived(20000, 20000));
        CU_ASSERT(rig_ip_eq(&flow_at(IPS_CLIENT)->out->outer[1], &outer));
        CU_ASSERT(rig_ip_eq(&flow_at(IPS_SERVER)->out->outer[0], &outer));
        CU_ASSERT_EQUAL(refused(), 0);
        ips_stop();
    }
}

static void two_connections_share_an_isakmp_sa(void)
{
    static peer second;
    second = (peer){.size = 3000, .start = 1, .expect = 100, .close_when_sent = true};
    ips_begin(&(ips_setting){0});
    ips_start_transfer(&(ips_setting){0}, 3000, 0);
    CU_ASSERT_EQUAL(world_connect_peer(&iw.w, &second, NULL, "10.0.0.2"), RIG_OK);
    ips_run(10 * RIG_SECOND);
    CU_ASSERT(iw.w.a.closed && second.closed);
    CU_ASSERT_EQUAL(iw.w.b[0].got + iw.w.b[1].got, 6000);
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_UDP, ISA_MAIN), 6);
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_UDP, ISA_QUICK), 6);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_PHASE1), 1);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 2);
    ips_stop();
}

/* Whoever asks for other flags meanwhile does not change what is under way, and later has what is in force.
 */
static void what_is_asked_meanwhile(void)
{
    const ips_setting other = {.aggressive = true, .pfs = true, .tunnel = true};
    ips_begin(&(ips_setting){0});
    CU_ASSERT_EQUAL(world_connect(&iw.w, "10.0.0.2"), RIG_OK);
    ips_run(1500); /* its first message is on the way back */
    CU_ASSERT_EQUAL(ips_protect(&other), RIG_E_EXISTS);
    CU_ASSERT_EQUAL(ips_protect(&(ips_setting){0}), RIG_OK); /* the same is nothing new */
    ips_run(RIG_SECOND);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 1);
    CU_ASSERT_EQUAL(ips_protect(&other), RIG_OK);
    ips_flow_deleted(flow_at(IPS_CLIENT));
    ips_run(2 * RIG_SECOND);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 2);
    for (unsigned i = 0; i < iw.ends[IPS_CLIENT].num_notices; i++) {
        const rig_ipsec_notice *notice = &iw.ends[IPS_CLIENT].notices[i];
        CU_ASSERT(!notice->aggressive && !notice->pfs && !notice->tunnel);
    }
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_UDP, ISA_AGGRESSIVE), 0);
    ips_stop();
}

RIG_SUITE("ipsec lives", {"ESP is renewed", esp_is_renewed},
          {"what is asked for meanwhile", what_is_asked_meanwhile},
          {"ISAKMP is shorter than the connection", isakmp_is_shorter_than_the_connection},
          {"both at once", both_at_once}, {"deletions under load", deletions_under_load},
          {"the ISAKMP SA goes under a quick mode", isakmp_goes_under_a_quick_mode},
          {"deletions count for their peer", deletions_count_for_their_peer},
          {"sequence numbers are renewed in time", numbers_are_renewed_in_time},
          {"sequence numbers end", numbers_end}, {"long ones go on", long_numbers_go_on},
          {"the same ends again", the_same_ends_again},
          {"the same ends at the last moment", the_same_ends_at_the_last_moment},
          {"the same ends for longer", the_same_ends_for_longer},
          {"nobody is there any more", nobody_is_there_any_more},
          {"another outer address", another_outer_address},
          {"two connections share an ISAKMP SA", two_connections_share_an_isakmp_sa})
