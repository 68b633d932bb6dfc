/* IPsec at the edges of two simulated hosts: what a transfer inside it looks like, and what happens without.
 */
#include "tests/ipsec_world.h"

static void check_exchanges(const ips_setting *s)
{
    unsigned first = s->aggressive ? 3 : 6, num = 0;
    for (unsigned i = 0; i < iw.num_seen; i++)
        if (iw.seen[i].protocol == RIG_PROTOCOL_UDP) {
            CU_ASSERT_EQUAL(iw.seen[i].exchange, num < first ? (s->aggressive ? 4 : 2) : 32);
            num++;
        }
    CU_ASSERT_EQUAL(num, first + 3);
}

static void check_transfer(const ips_setting *s)
{
    ips_transfer(s, 30000, 5000, 30 * RIG_SECOND);
    CU_ASSERT(ips_arrived(30000, 5000));
    CU_ASSERT(ips_packets(2, RIG_PROTOCOL_ESP, 0) > 30);
    check_exchanges(s);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_REQUEST), 1);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 1);
    CU_ASSERT_EQUAL(ips_count(IPS_SERVER, RIG_IPSEC_INSTALLED), 1);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_REFUSED) + ips_count(IPS_SERVER, RIG_IPSEC_REFUSED), 0);
    CU_ASSERT_EQUAL(iw.ends[IPS_CLIENT].num_shown[RIG_IPSEC_SHOWN_ESP], 2);
    ips_stop();
}

static void all_combinations(void)
{
    for (unsigned bits = 0; bits < 16; bits++)
        check_transfer(&(ips_setting){.aggressive = bits & 1,
                                      .pfs = bits & 2,
                                      .tunnel = bits & 4,
                                      .host = bits & 8 ? "fd00::2" : "10.0.0.2"});
}

static void suites(void)
{
    static const unsigned each[] = {RIG_IPSEC_AES128_SHA256, RIG_IPSEC_AES128_SHA1, RIG_IPSEC_AES256_SHA256,
                                    RIG_IPSEC_NULL_SHA256};
    for (unsigned i = 0; i < 4; i++) {
        ips_setting s = {.tunnel = i & 1, .pfs = true};
        s.client.suites = s.server.suites = each[i];
        if (i < 3)
            s.client.ike_suites = s.server.ike_suites = each[i];
        check_transfer(&s);
    }
}

/* The same bytes at every run. */
static void same_bytes(void)
{
    const ips_setting s = {.pfs = true, .tunnel = true};
    uint64_t hashes[2];
    for (unsigned i = 0; i < 2; i++) {
        ips_transfer(&s, 3000, 3000, 30 * RIG_SECOND);
        hashes[i] = iw.w.hash;
        ips_stop();
    }
    CU_ASSERT_EQUAL(hashes[0], hashes[1]);
}

static void check_refused(const ips_setting *s, uint64_t within)
{
    ips_transfer(s, 10, 10, 30 * RIG_SECOND);
    CU_ASSERT(iw.w.a.failed);
    CU_ASSERT_EQUAL(iw.w.a.why, RIG_E_SECURITY);
    CU_ASSERT(iw.w.a.ended_at <= within);
    CU_ASSERT_EQUAL(iw.w.num_b, 0);
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_TCP, 0) + ips_packets(2, RIG_PROTOCOL_ESP, 0), 0);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_FAILED), 1);
    ips_stop();
}

static void refusals(void)
{
    const uint64_t at_once = RIG_SECOND / 10, silence = 10 * RIG_SECOND;
    check_refused(&(ips_setting){.server.refuses = true}, at_once);
    check_refused(&(ips_setting){.server.aggressive = RIG_IPSEC_NEVER, .aggressive = true}, at_once);
    check_refused(&(ips_setting){.server.aggressive = RIG_IPSEC_ALWAYS}, at_once);
    check_refused(&(ips_setting){.server.pfs = RIG_IPSEC_ALWAYS}, at_once);
    check_refused(&(ips_setting){.server.pfs = RIG_IPSEC_NEVER, .pfs = true}, at_once);
    check_refused(&(ips_setting){.server.tunnel = RIG_IPSEC_ALWAYS}, at_once);
    check_refused(&(ips_setting){.server.tunnel = RIG_IPSEC_NEVER, .tunnel = true}, at_once);
    check_refused(&(ips_setting){.client.suites = RIG_IPSEC_AES128_NONE}, at_once);
    check_refused(&(ips_setting){.client.suites = RIG_IPSEC_DES_SHA1}, at_once);
    check_refused(&(ips_setting){.client.ike_suites = RIG_IPSEC_DES3_SHA1}, at_once);
    check_refused(&(ips_setting){.client.ike_suites = RIG_IPSEC_DES_SHA1}, at_once);
    check_refused(&(ips_setting){.client.esn = RIG_IPSEC_ALWAYS, .server.esn = RIG_IPSEC_NEVER}, at_once);
    check_refused(&(ips_setting){.server.esn = RIG_IPSEC_ALWAYS}, at_once);
    check_refused(&(ips_setting){.client.group = 2}, at_once);
    check_refused(&(ips_setting){.key = "another", .aggressive = true}, at_once);
    check_refused(&(ips_setting){.key = "another"}, silence);
}

RIG_SUITE("ipsec", {"every combination carries a transfer", all_combinations}, {"suites", suites},
          {"the same bytes every time", same_bytes}, {"refusals", refusals})
