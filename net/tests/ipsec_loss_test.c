/* IPsec on a wire that loses, repeats and overtakes: what was lost is sent again, what comes twice counts
 * once. */
#include "tests/ipsec_world.h"

#define SIZE 20000
#define END (60 * RIG_SECOND)

/* ---- each message of each exchange ---- */

static unsigned target, loses; /* the target-th IKE message, counted over both ends, is lost so often */
static unsigned num_ike;

static unsigned lose_one(const ips_packet *packet)
{
    if (packet->protocol != RIG_PROTOCOL_UDP)
        return 1;
    num_ike++;
    return num_ike < target || num_ike >= target + loses;
}

static void lose(const ips_setting *s, unsigned which, unsigned often)
{
    ips_begin(s);
    target = which;
    loses = often;
    num_ike = 0;
    iw.copies = lose_one;
    ips_start_transfer(s, SIZE, SIZE);
    ips_run(END);
}

static void lost_messages(void)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        const ips_setting s = {.aggressive = bits & 1, .pfs = bits & 2};
        unsigned messages = s.aggressive ? 6 : 9;
        for (unsigned which = 1; which <= messages; which++)
            for (unsigned often = 1; often <= 2; often++) {
                lose(&s, which, often);
                bool right = ips_arrived(SIZE, SIZE) && num_ike > messages &&
                             ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED) == 1 &&
                             ips_count(IPS_SERVER, RIG_IPSEC_INSTALLED) == 1;
                CU_ASSERT(right);
                if (!right)
                    fprintf(stderr, "(message %u of %u lost)", which, messages);
                ips_stop();
            }
    }
}

/* All that an end says of IKE from one message on is lost: it fails with security, and not before its tries
 * are through. */
static void silence_fails(void)
{
    static const unsigned from[] = {1, 3, 5, 7};
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++) {
        lose(&(ips_setting){0}, from[i], 1000);
        CU_ASSERT(iw.w.a.failed);
        CU_ASSERT_EQUAL(iw.w.a.why, RIG_E_SECURITY);
        CU_ASSERT(iw.w.a.ended_at >= IKE_RETRANSMIT * 15 && iw.w.a.ended_at < IKE_RETRANSMIT * 16);
        CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_ESP, 0) + ips_packets(2, RIG_PROTOCOL_TCP, 0), 0);
        ips_run(END * 5);
        CU_ASSERT_EQUAL(iw.ends[IPS_CLIENT].ipsec->num_flows + iw.ends[IPS_SERVER].ipsec->num_flows, 0);
        ips_stop();
    }
}

/* A quick mode that is not answered: the peer may have forgotten the ISAKMP SA, the next one gets another. */
static void a_silent_sa_is_not_used_again(void)
{
    ips_begin(&(ips_setting){0});
    target = 7;
    loses = 1000;
    num_ike = 0;
    iw.copies = lose_one;
    ips_start_transfer(&(ips_setting){0}, SIZE, SIZE);
    while (!iw.w.a.failed && ips_step(END)) {
    }
    CU_ASSERT_EQUAL(iw.w.a.why, RIG_E_SECURITY);
    iw.copies = NULL;
    iw.w.a = (peer){.size = 100, .start = 1, .expect = 100, .close_when_sent = true};
    CU_ASSERT_EQUAL(world_connect(&iw.w, "10.0.0.2"), RIG_OK);
    ips_run(2 * END);
    CU_ASSERT_EQUAL(iw.w.num_b, 1);
    CU_ASSERT_EQUAL(iw.w.b[0].got, 100);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_PHASE1), 2);
    ips_stop();
}

/* ---- everything twice, and out of order ---- */

static unsigned twice(const ips_packet *packet)
{
    (void)packet;
    return 2;
}

static void everything_twice(void)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        const ips_setting s = {.aggressive = bits & 1, .tunnel = bits & 2};
        ips_begin(&s);
        iw.copies = twice;
        ips_start_transfer(&s, SIZE, SIZE);
        ips_run(END);
        CU_ASSERT(ips_arrived(SIZE, SIZE));
        CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 1);
        CU_ASSERT_EQUAL(ips_count(IPS_SERVER, RIG_IPSEC_INSTALLED), 1);
        CU_ASSERT_EQUAL(ips_count(IPS_SERVER, RIG_IPSEC_REFUSED),
                        ips_packets(IPS_CLIENT, RIG_PROTOCOL_ESP, 0));
        CU_ASSERT(ips_packets(2, RIG_PROTOCOL_UDP, 0) <= 9 * (1 + IKE_TRIES));
        ips_stop();
    }
}

/* The last message of main mode comes twice: nobody answers it, or the two would go on for ever. */
static unsigned last_twice(const ips_packet *packet)
{
    return packet->exchange == ISA_MAIN && packet->from_server && packet->encrypted ? 2 : 1;
}

static void last_words_are_not_answered(void)
{
    const ips_setting s = {0};
    ips_begin(&s);
    iw.copies = last_twice;
    ips_start_transfer(&s, SIZE, SIZE);
    ips_run(END);
    CU_ASSERT(ips_arrived(SIZE, SIZE));
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_UDP, ISA_MAIN), 6);
    ips_stop();
}

/* ---- messages that say they hold nothing ---- */

static void nothing_in_it(rig_link *link, rig_packet *packet)
{
    ips_packet seen = ips_look(packet);
    if (seen.exchange == ISA_QUICK && ++num_ike == target) {
        CU_ASSERT_FATAL(rig_packet_own(iw.w.net, packet));
        ((uint8_t *)packet->iov[0].iov_base)[16] = ISA_NONE;
    }
    rig_link_forward(link, packet);
}

/* Each message of quick mode once without its first payload: it is refused, and comes again. */
static void empty_quick_modes(void)
{
    static const rig_link_ops empty_ops = {nothing_in_it, NULL, ips_link_free};
    for (target = 1; target <= 3; target++) {
        ips_begin(&(ips_setting){.pfs = true});
        iw.link.ops = &empty_ops;
        num_ike = 0;
        ips_start_transfer(&(ips_setting){0}, SIZE, SIZE);
        ips_run(END);
        CU_ASSERT(ips_arrived(SIZE, SIZE));
        CU_ASSERT(ips_count(IPS_CLIENT, RIG_IPSEC_REFUSED) + ips_count(IPS_SERVER, RIG_IPSEC_REFUSED) >= 1);
        CU_ASSERT(num_ike > 3);
        ips_stop();
    }
}

static unsigned num_packets;

static unsigned third_is_lost(const ips_packet *packet)
{
    (void)packet;
    return ++num_packets % 3 != 0;
}

static void one_of_three_is_lost(void)
{
    for (unsigned bits = 0; bits < 2; bits++) {
        const ips_setting s = {.aggressive = bits, .pfs = true};
        num_packets = bits;
        ips_begin(&s);
        iw.copies = third_is_lost;
        ips_start_transfer(&s, SIZE, SIZE);
        ips_run(600 * RIG_SECOND);
        CU_ASSERT_EQUAL(iw.w.b[0].got, SIZE);
        CU_ASSERT_EQUAL(iw.w.a.got, SIZE);
        CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_TCP, 0), 0);
        ips_stop();
    }
}

/* ---- the anti-replay window (RFC 4303 section 3.4.3) ---- */

static rig_packet *sealed_as(esp_sa *out, uint32_t sequence)
{
    rig_packet *packet = rig_packet_new(iw.w.net);
    const ips_flow *flow = out->flow;
    out->sequence = sequence - 1;
    packet->source = flow->local.ip;
    packet->destination = flow->remote.ip;
    packet->protocol = RIG_PROTOCOL_TCP;
    packet->header_len = RIG_TCP_HEADER;
    rig_put_be16(packet->header, flow->local.port);
    rig_put_be16(packet->header + 2, flow->remote.port);
    packet->header[12] = 0x50;
    CU_ASSERT_FATAL(esp_seal(out, packet));
    return packet;
}

static rig_status open_as(uint32_t sequence)
{
    const ips_flow *client = iw.ends[IPS_CLIENT].ipsec->flows, *server = iw.ends[IPS_SERVER].ipsec->flows;
    rig_packet *packet = sealed_as(client->out, sequence);
    rig_status status = esp_open(server->in, packet, NULL);
    rig_packet_free(iw.w.net, packet);
    return status;
}

static void connect_idle(const ips_setting *s)
{
    ips_begin(s);
    CU_ASSERT_EQUAL(world_connect(&iw.w, ips_portal_host(s)), RIG_OK);
    ips_run(RIG_SECOND);
    CU_ASSERT_FATAL(iw.w.a.connected);
}

static void window_edges(void)
{
    static const struct {
        uint32_t sequence;
        rig_status status;
    } steps[] = {{1000, RIG_OK},         {1000, RIG_E_SECURITY},
                 {937, RIG_OK},          {937, RIG_E_SECURITY},
                 {936, RIG_E_SECURITY},  {935, RIG_E_SECURITY},
                 {938, RIG_OK},          {999, RIG_OK},
                 {999, RIG_E_SECURITY},  {1001, RIG_OK},
                 {1000, RIG_E_SECURITY}, {937, RIG_E_SECURITY},
                 {1064, RIG_OK},         {1001, RIG_E_SECURITY},
                 {1002, RIG_OK},         {1000, RIG_E_SECURITY},
                 {1128, RIG_OK},         {1065, RIG_OK},
                 {1064, RIG_E_SECURITY}, {5000, RIG_OK},
                 {4937, RIG_OK},         {4936, RIG_E_SECURITY},
                 {0xffffffff, RIG_OK},   {0xffffffff, RIG_E_SECURITY},
                 {0xffffffc0, RIG_OK},   {0xffffffbf, RIG_E_SECURITY}};
    connect_idle(&(ips_setting){0});
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        CU_ASSERT_EQUAL(open_as(steps[i].sequence), steps[i].status);
    ips_stop();
}

/* A number counts only with the right ICV. */
static void forgeries_do_not_move_the_window(void)
{
    connect_idle(&(ips_setting){0});
    ips_flow *client = iw.ends[IPS_CLIENT].ipsec->flows, *server = iw.ends[IPS_SERVER].ipsec->flows;
    rig_packet *packet = sealed_as(client->out, 500000);
    ((uint8_t *)packet->iov[0].iov_base)[3] ^= 1;
    CU_ASSERT_EQUAL(esp_open(server->in, packet, NULL), RIG_E_SECURITY);
    rig_packet_free(iw.w.net, packet);
    CU_ASSERT_EQUAL(open_as(100), RIG_OK);
    CU_ASSERT_EQUAL(server->in->sequence, 100);
    ips_stop();
}

RIG_SUITE("ipsec losses", {"each message lost, once and twice", lost_messages},
          {"silence fails", silence_fails},
          {"a silent ISAKMP SA is not used again", a_silent_sa_is_not_used_again},
          {"everything twice", everything_twice},
          {"last words are not answered", last_words_are_not_answered},
          {"quick modes without a payload", empty_quick_modes},
          {"one of three is lost", one_of_three_is_lost}, {"edges of the window", window_edges},
          {"forgeries do not move the window", forgeries_do_not_move_the_window})
