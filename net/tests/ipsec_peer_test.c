/* What an IKE peer may say beside the plain course, as strongSwan's charon does: ci/lab/ike.sh shows it with
 * charon itself. */
#include "tests/ipsec_world.h"

/* ---- what an SA payload may say ---- */

#define HEAD "\0\0\0\1\0\0\0\1" /* the IPsec DOI, identity only */
#define ESP_AES "\x0c\0\0"
#define TRANSPORT_SHA256_128 "\x80\4\0\2\x80\5\0\5\x80\6\0\x80"

static unsigned read_sa(const char *bytes, size_t len, isa_transform *out)
{
    unsigned num = 0;
    rig_view body = rig_view_of((const uint8_t *)bytes, len);
    CU_ASSERT_EQUAL(isa_read_sa(body, body.ptr, out, &num, NULL), RIG_OK);
    return num;
}

/* Lives in seconds and in kilobytes stand side by side (RFC 2407 section 4.5), and an answer repeats both. */
static void two_lives(void)
{
    static const char sa[] = HEAD "\0\0\0\x38\1\3\4\1\1\2\3\4"
                                  "\0\0\0\x2c\1" ESP_AES "\x80\1\0\1\0\2\0\4\0\1\x51\x80"
                                  "\x80\1\0\2\0\2\0\4\0\x0f\x42\x40" TRANSPORT_SHA256_128;
    const rig_ipsec_profile profile = {0};
    const ips_suite *suite = NULL;
    isa_transform read[ISA_TRANSFORMS_MAX], again[ISA_TRANSFORMS_MAX];
    uint8_t bytes[256];
    isa_writer writer;
    CU_ASSERT_EQUAL_FATAL(read_sa(sa, sizeof sa - 1, read), 1);
    CU_ASSERT_EQUAL(ips_life(&read[0]), 86400);
    CU_ASSERT_EQUAL(read[0].kilobytes, 1000000);
    CU_ASSERT(ips_choose_esp(&profile, read, 1, &suite, NULL) == &read[0]);
    isa_begin(&writer, bytes, sizeof bytes, &(isa_header){0});
    rig_view body = isa_put_sa(&writer, read, 1);
    CU_ASSERT_EQUAL(body.len, sizeof sa - 1);
    CU_ASSERT_EQUAL_FATAL(read_sa((const char *)body.ptr, body.len, again), 1);
    CU_ASSERT(ips_is_offered(&again[0], read, 1));
    again[0].kilobytes++;
    CU_ASSERT(!ips_is_offered(&again[0], read, 1));
}

/* What nobody knows makes one transform unacceptable (RFC 2408 section 5.6); no word of a life means eight
 * hours (RFC 2407 section 4.5). */
static void strange_attribute(void)
{
    static const char sa[] = HEAD "\0\0\0\x38\1\3\4\2\1\2\3\4"
                                  "\3\0\0\x18\1" ESP_AES "\xfd\1\0\1" TRANSPORT_SHA256_128
                                  "\0\0\0\x14\2" ESP_AES TRANSPORT_SHA256_128;
    const rig_ipsec_profile profile = {0};
    const ips_suite *suite = NULL;
    isa_transform read[ISA_TRANSFORMS_MAX];
    CU_ASSERT_EQUAL_FATAL(read_sa(sa, sizeof sa - 1, read), 2);
    CU_ASSERT(ips_choose_esp(&profile, read, 2, &suite, NULL) == &read[1]);
    CU_ASSERT(ips_choose_esp(&profile, read, 1, &suite, NULL) == NULL);
    CU_ASSERT_EQUAL(ips_life(&read[1]), 28800);
}

/* ---- what it may send ---- */

static rig_ipsec *ipsec_of(unsigned end)
{
    return iw.ends[end].ipsec;
}

static void start(const ips_setting *s, size_t there)
{
    ips_begin(s);
    ips_start_transfer(s, there, 0);
}

static void until(unsigned end, rig_ipsec_notice_kind kind, unsigned times)
{
    while (ips_count(end, kind) < times)
        CU_ASSERT_FATAL(ips_step(30 * RIG_SECOND));
}

static void check_failed(const char *why)
{
    ips_run(rig_simnet_now(iw.w.net) + RIG_SECOND / 10);
    CU_ASSERT(iw.w.a.failed);
    CU_ASSERT_EQUAL(iw.w.a.why, RIG_E_SECURITY);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_FAILED), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(iw.ends[IPS_CLIENT].last.text, why));
    CU_ASSERT_EQUAL(ips_packets(2, RIG_PROTOCOL_TCP, 0) + ips_packets(2, RIG_PROTOCOL_ESP, 0), 0);
    ips_stop();
}

/* charon names no SPI when it has taken no proposal. */
static void refusal_without_spi(void)
{
    start(&(ips_setting){0}, 10);
    until(IPS_CLIENT, RIG_IPSEC_PHASE1, 1);
    ike_notify(ipsec_of(IPS_SERVER)->sas, NOTIFY_NO_PROPOSAL, ISA_PROTOCOL_ESP, 0);
    ike_sa_free(ipsec_of(IPS_SERVER)->sas);
    check_failed("NO-PROPOSAL-CHOSEN");
}

/* Types from 16384 on tell something and refuse nothing (RFC 2408 section 3.14.1). */
static void notification_of_status(void)
{
    const uint16_t initial_contact = 24578;
    start(&(ips_setting){0}, 10);
    until(IPS_CLIENT, RIG_IPSEC_PHASE1, 1);
    ike_notify(ipsec_of(IPS_SERVER)->sas, initial_contact, ISA_PROTOCOL_ESP, 0);
    ips_run(30 * RIG_SECOND);
    CU_ASSERT(ips_arrived(10, 0));
    CU_ASSERT_EQUAL(ips_packets(IPS_SERVER, RIG_PROTOCOL_UDP, ISA_INFO), 1);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_FAILED), 0);
    ips_stop();
}

/* The responder has keys when it refuses the identity in the fifth message, and uses them: the IV comes from
 * that message's last block (RFC 2409 appendix B). */
static void refusal_before_the_end(void)
{
    start(&(ips_setting){.server_faults = UINT64_C(1) << RIG_IPSEC_FAULT_LOST_MESSAGES}, 10);
    until(IPS_SERVER, RIG_IPSEC_PHASE1, 1);
    ike_sa *theirs = ipsec_of(IPS_SERVER)->sas;
    memcpy(theirs->last_block, ipsec_of(IPS_CLIENT)->sas->exchange.iv, IPC_BLOCK);
    ike_notify(theirs, NOTIFY_AUTH_FAILED, ISA_PROTOCOL_ISAKMP, 0);
    check_failed("AUTHENTICATION-FAILED");
}

static void take_isakmp_away(void)
{
    ike_delete_isakmp(ipsec_of(IPS_SERVER)->sas);
    ike_sa_free(ipsec_of(IPS_SERVER)->sas);
}

/* Connections outlive the SAs that the peer deletes (RFC 7146 section 3.2), that of ISAKMP, too: charon
 * deletes both at once, and we have asked under the one before we hear of the other. */
static void both_deleted(void)
{
    start(&(ips_setting){0}, 60000);
    until(IPS_SERVER, RIG_IPSEC_INSTALLED, 1);
    ike_delete(ipsec_of(IPS_SERVER)->sas, ipsec_of(IPS_SERVER)->flows->in->spi);
    take_isakmp_away();
    ips_run(30 * RIG_SECOND);
    CU_ASSERT(ips_arrived(60000, 0));
    CU_ASSERT(iw.w.a.ended_at < RIG_SECOND / 2); /* and not by silence */
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_DELETED), 1);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_PHASE1), 2);
    CU_ASSERT_EQUAL(ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED), 2);
    ips_stop();
}

/* A peer that takes each away does not keep us busy for ever. */
static void deleted_each_time(void)
{
    start(&(ips_setting){0}, 10);
    for (unsigned i = 1; i <= 2; i++) {
        until(IPS_CLIENT, RIG_IPSEC_PHASE1, i);
        take_isakmp_away();
    }
    check_failed("again");
}

/* Who stops halfway is forgotten. */
static void halfway(void)
{
    start(&(ips_setting){0}, 10);
    while (ips_packets(IPS_SERVER, RIG_PROTOCOL_UDP, ISA_MAIN) < 2)
        CU_ASSERT_FATAL(ips_step(RIG_SECOND));
    CU_ASSERT_EQUAL(ipsec_of(IPS_SERVER)->num_sas, 1);
    rig_simhost_down(iw.w.client, true);
    ips_run(30 * RIG_SECOND);
    CU_ASSERT_EQUAL(ipsec_of(IPS_SERVER)->num_sas, 0);
    ips_stop();
}

RIG_SUITE("ipsec peers", {"lives in seconds and kilobytes", two_lives},
          {"a strange attribute, and no life", strange_attribute},
          {"a refusal that names no SPI", refusal_without_spi},
          {"a notification of status", notification_of_status},
          {"a refusal before phase 1 ends", refusal_before_the_end},
          {"both kinds of SA are deleted", both_deleted},
          {"the ISAKMP SA is deleted each time", deleted_each_time}, {"a peer that stops halfway", halfway})
