#include "ipsec_talk.h"

#include <stdio.h>

static talk t;
static rig_ipsec_finding found[RIG_IPSEC_FACTS_MAX];
static size_t num_found;

static void check(const rig_ipsec_wanted *wanted)
{
    num_found = rig_ipsec_check(wanted, t.seen, found);
    CU_ASSERT(num_found <= RIG_IPSEC_FACTS_MAX);
}

static bool finds(const char *id)
{
    for (size_t i = 0; i < num_found; i++)
        if (strcmp(found[i].fact->id, id) == 0)
            return found[i].wanted[0] && found[i].seen[0];
    return false;
}

static void show(const char *what)
{
    printf("\n%s:", what);
    for (size_t i = 0; i < num_found; i++)
        printf("\n    %s frame %u: wanted %s, seen %s", found[i].fact->id, found[i].frame, found[i].wanted,
               found[i].seen);
}

/* ---- what is right has no finding ---- */

static void right_one(const talk_plan *plan, rig_ipsec_end how)
{
    talk_begin(&t, *plan);
    talk_all(&t);
    rig_ipsec_wanted wanted = wanted_of(&t);
    wanted.end = how;
    wanted.notify = 14;
    check(&wanted);
    CU_ASSERT_EQUAL(num_found, 0);
    if (num_found)
        show("right");
    talk_end(&t);
}

static void right_ones(void)
{
    for (unsigned i = 0; i < 1 << 8; i++) {
        const talk_plan plan = {.aggressive = i & 1,
                                .pfs = i & 2,
                                .tunnel = i & 4,
                                .nat_t = i & 8,
                                .ip6 = i & 16,
                                .null = i & 32,
                                .sha1 = i & 64,
                                .gateways = i & 128 && i & 4};
        right_one(&plan, RIG_IPSEC_AGREED);
    }
}

static void refused_ones(void)
{
    for (unsigned i = 0; i < 2; i++) {
        right_one(&(talk_plan){.aggressive = i, .fault = F_REFUSE_PHASE1}, RIG_IPSEC_REFUSED_PHASE1);
        right_one(&(talk_plan){.aggressive = i, .fault = F_REFUSE_QUICK}, RIG_IPSEC_REFUSED_QUICK);
    }
    right_one(&(talk_plan){.fault = F_NO_QUICK}, RIG_IPSEC_BAD_KEY);
    right_one(&(talk_plan){.fault = F_BAD_KEY}, RIG_IPSEC_BAD_KEY);
    right_one(&(talk_plan){.fault = F_MESSAGE_AGAIN}, RIG_IPSEC_AGREED);
}

static void plain_tcp(void)
{
    talk_begin(&t, (talk_plan){.fault = F_NONE});
    talk_clear(&t, INITIATOR, SYN);
    rig_ipsec_wanted wanted = wanted_of(&t);
    wanted.ipsec = false;
    check(&wanted);
    CU_ASSERT_EQUAL(num_found, 0);
    talk_end(&t);
}

/* ---- each fact can fail ---- */

enum wish {
    W_SAME,
    W_OFF,
    W_OTHER_MODE,
    W_PFS,
    W_NO_PFS,
    W_OTHER_ENCAPSULATION,
    W_NAT_T,
    W_PORT,
    W_GROUP,
    W_REFUSED_1,
    W_REFUSED_QUICK
};

typedef struct breach {
    const char *id;
    talk_plan plan;
    enum wish wish;
} breach;

#define FAULT(f)                                                                                             \
    {                                                                                                        \
        .fault = f                                                                                           \
    }

static const breach breaches[] = {
    {"well-formed", FAULT(F_FLAW), W_SAME},
    {"all-seen", FAULT(F_MANY), W_SAME},
    {"off-ike", FAULT(F_NONE), W_OFF},
    {"off-esp", FAULT(F_NONE), W_OFF},
    {"off-tcp", FAULT(F_NONE), W_OFF},
    {"no-clear", FAULT(F_CLEAR), W_SAME},
    {"phase1-type", FAULT(F_NONE), W_OTHER_MODE},
    {"phase1-type", {.aggressive = true}, W_OTHER_MODE},
    {"phase1-seen", FAULT(F_NO_PHASE1), W_SAME},
    {"phase1-group", FAULT(F_NONE), W_GROUP},
    {"main-messages", {.fault = F_DROP, .drop = 6}, W_SAME},
    {"main-order", {.fault = F_DROP, .drop = 3}, W_SAME},
    {"main-order", {.fault = F_DROP, .drop = 1}, W_SAME},
    {"main-identity", FAULT(F_CLEAR_ID), W_SAME},
    {"main-authentication", FAULT(F_NO_KEYS), W_SAME},
    {"aggressive-messages", {.aggressive = true, .fault = F_DROP, .drop = 3}, W_SAME},
    {"aggressive-order", {.aggressive = true, .fault = F_DROP, .drop = 1}, W_SAME},
    {"aggressive-identity", {.aggressive = true, .fault = F_NO_ID}, W_SAME},
    {"aggressive-last", {.aggressive = true, .fault = F_CLEAR_LAST}, W_SAME},
    {"quick-seen", FAULT(F_NO_QUICK), W_SAME},
    {"quick-messages", FAULT(F_DROP_QUICK), W_SAME},
    {"quick-encrypted", FAULT(F_CLEAR_QUICK), W_SAME},
    {"quick-payloads", FAULT(F_NO_QUICK_ID), W_SAME},
    {"quick-payloads", FAULT(F_NO_KEYS), W_SAME},
    {"pfs-ke", FAULT(F_NONE), W_PFS},
    {"pfs-group", FAULT(F_NONE), W_PFS},
    {"no-pfs-ke", {.pfs = true}, W_NO_PFS},
    {"no-pfs-ke", FAULT(F_NO_KEYS), W_SAME},
    {"no-pfs-group", {.pfs = true}, W_NO_PFS},
    {"encapsulation", FAULT(F_NONE), W_OTHER_ENCAPSULATION},
    {"encapsulation", {.tunnel = true}, W_OTHER_ENCAPSULATION},
    {"encapsulation", FAULT(F_NONE), W_NAT_T},
    {"identities", FAULT(F_NONE), W_PORT},
    {"identities", FAULT(F_NO_QUICK_ID), W_SAME},
    {"hashes", FAULT(F_BAD_HASH), W_SAME},
    {"hashes-known", FAULT(F_NO_KEYMAT), W_SAME},
    {"keymat-pfs", {.pfs = true, .fault = F_PLAIN_KEYS}, W_SAME},
    {"keymat-plain", {.pfs = true}, W_NO_PFS},
    {"keymat-plain", FAULT(F_NO_KEYMAT), W_SAME},
    {"ike-port", FAULT(F_NONE), W_NAT_T},
    {"esp-seen", FAULT(F_NO_ESP), W_SAME},
    {"ike-first", FAULT(F_ESP_EARLY), W_SAME},
    {"esp-spi", FAULT(F_STRANGE_SPI), W_SAME},
    {"esp-sequence", FAULT(F_SEQUENCE), W_SAME},
    {"esp-sequence", FAULT(F_AGAIN), W_SAME},
    {"esp-icv", FAULT(F_BAD_ICV), W_SAME},
    {"esp-icv", FAULT(F_NO_KEYS), W_SAME},
    {"esp-padding", FAULT(F_BAD_PAD), W_SAME},
    {"next-transport", {.tunnel = true}, W_OTHER_ENCAPSULATION},
    {"next-tunnel", FAULT(F_NONE), W_OTHER_ENCAPSULATION},
    {"next-tunnel", {.ip6 = true}, W_OTHER_ENCAPSULATION},
    {"esp-inner", FAULT(F_NONE), W_PORT},
    {"esp-outer", {.tunnel = true, .fault = F_MOVED}, W_SAME},
    {"esp-carrier", FAULT(F_NONE), W_NAT_T},
    {"refused-phase1", FAULT(F_NONE), W_REFUSED_1},
    {"refused-quick", FAULT(F_NONE), W_REFUSED_QUICK},
    {"refused-no-quick", FAULT(F_NONE), W_REFUSED_1},
    {"refused-no-esp", FAULT(F_NONE), W_REFUSED_QUICK},
};

static void turn(rig_ipsec_wanted *wanted, enum wish wish)
{
    wanted->ipsec = wish != W_OFF;
    wanted->aggressive ^= wish == W_OTHER_MODE;
    wanted->pfs = wish == W_PFS || (wanted->pfs && wish != W_NO_PFS);
    wanted->tunnel ^= wish == W_OTHER_ENCAPSULATION;
    wanted->nat_t |= wish == W_NAT_T;
    wanted->port = (uint16_t)(wanted->port + (wish == W_PORT));
    wanted->group = wish == W_GROUP ? 15 : wanted->group;
    if (wish == W_REFUSED_1)
        wanted->end = RIG_IPSEC_REFUSED_PHASE1;
    if (wish == W_REFUSED_QUICK)
        wanted->end = RIG_IPSEC_REFUSED_QUICK;
}

static void breaches_found(void)
{
    for (size_t i = 0; i < sizeof breaches / sizeof breaches[0]; i++) {
        talk_begin(&t, breaches[i].plan);
        talk_all(&t);
        rig_ipsec_wanted wanted = wanted_of(&t);
        turn(&wanted, breaches[i].wish);
        check(&wanted);
        bool there = finds(breaches[i].id);
        CU_ASSERT(there);
        if (!there)
            show(breaches[i].id);
        talk_end(&t);
    }
}

static void every_fact_can_fail(void)
{
    const rig_ipsec_fact *fact;
    for (size_t i = 0; (fact = rig_ipsec_fact_at(i)); i++) {
        bool there = false;
        for (size_t b = 0; b < sizeof breaches / sizeof breaches[0]; b++)
            there |= strcmp(breaches[b].id, fact->id) == 0;
        CU_ASSERT(there);
        CU_ASSERT(fact->what[0] != 0);
    }
}

/* ---- on a lossy way ---- */

/* The packets of a whole talk as they arrive: lost ones are left out, late ones later. */
static void arrive(const talk_plan *plan, const char *order)
{
    static talk whole;
    talk_begin(&whole, *plan);
    talk_all(&whole);
    talk_begin(&t, *plan);
    for (; *order; order++) {
        unsigned i = (unsigned)(*order - 'a');
        CU_ASSERT_FATAL(i < TALK_KEPT_MAX && whole.kept_lens[i] > 0);
        talk_packet(&t, rig_view_of(whole.kept[i], whole.kept_lens[i]));
    }
    talk_end(&whole);
}

/* Main mode is a to f, aggressive mode a to c; then come quick mode and five packets of ESP, of which the
 * first, third and fourth are the initiator's. */
static void lost_and_late_ones(void)
{
    static const struct {
        const char *order;
        bool aggressive;
    } rows[] = {
        {"abcdegfghijklmn", false}, /* quick message 1 overtakes the end of main mode, and comes again */
        {"abdcdefghijk", true},     /* and of aggressive mode */
        {"abcdefghjhiklmn", false}, /* quick message 3 is lost, and answers message 2 again */
        {"abcdefghiklmn", false},   /* the first ESP packet is lost */
        {"abcdefghijkmln", false},  /* one is late */
        {"abcdefghijkl", false},    /* the last ones are lost, … */
        {"abcdefghi", false},       /* … and all */
        {"abcdefgh", false},        /* … and the end of quick mode */
        {"abcdefghijabcdek", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const talk_plan plan = {.aggressive = rows[i].aggressive, .pfs = true};
        arrive(&plan, rows[i].order);
        rig_ipsec_wanted wanted = wanted_of(&t);
        wanted.lossy = true;
        check(&wanted);
        CU_ASSERT_EQUAL(num_found, 0);
        if (num_found)
            show(rows[i].order);
        talk_end(&t);
    }
}

static bool needs_a_whole_capture(const breach *b)
{
    static const fault faults[] = {F_NO_KEYS, F_DROP_QUICK, F_NO_ESP, F_ESP_EARLY, F_SEQUENCE};
    bool is = (b->plan.fault == F_DROP && strstr(b->id, "-messages")) || strcmp(b->id, "off-tcp") == 0 ||
              strcmp(b->id, "refused-phase1") == 0;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        is |= b->plan.fault == faults[i];
    return is;
}

/* What no loss explains is found there, too. */
static void lossy_breaches_found(void)
{
    unsigned num = 0;
    for (size_t i = 0; i < sizeof breaches / sizeof breaches[0]; i++) {
        if (needs_a_whole_capture(&breaches[i]))
            continue;
        talk_begin(&t, breaches[i].plan);
        talk_all(&t);
        rig_ipsec_wanted wanted = wanted_of(&t);
        turn(&wanted, breaches[i].wish);
        wanted.lossy = true;
        check(&wanted);
        CU_ASSERT(finds(breaches[i].id));
        if (!finds(breaches[i].id))
            show(breaches[i].id);
        num++;
        talk_end(&t);
    }
    CU_ASSERT(num > 40);
}

/* ---- exchanges of one of several requests ---- */

/* Another request's are not judged: those that began before its first frame, or behind its last. */
static void of_a_time(void)
{
    static const struct {
        uint32_t since, until;
        const char *finds;
    } rows[] = {{0, 0, "quick-messages"}, {7, 0, "quick-messages"}, {0, 7, NULL}, {8, 0, NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        talk_begin(&t, (talk_plan){.fault = F_DROP_QUICK});
        talk_all(&t);
        rig_ipsec_wanted wanted = wanted_of(&t);
        wanted.since = rows[i].since;
        wanted.until = rows[i].until;
        check(&wanted);
        CU_ASSERT_EQUAL(finds("quick-messages"), rows[i].finds != NULL);
        CU_ASSERT_EQUAL(finds("esp-spi") || finds("phase1-seen"), false);
        talk_end(&t);
    }
}

/* The frame of a finding is that of the packet at fault. */
static void places(void)
{
    talk_begin(&t, (talk_plan){.fault = F_BAD_ICV});
    talk_all(&t);
    rig_ipsec_wanted wanted = wanted_of(&t);
    check(&wanted);
    CU_ASSERT_EQUAL_FATAL(num_found, 1);
    CU_ASSERT_STRING_EQUAL(found[0].fact->id, "esp-icv");
    CU_ASSERT_EQUAL(found[0].frame, 6 + 3 + 3);
    CU_ASSERT_STRING_EQUAL(found[0].seen, "spi=0x51a93c01 wrong");
    talk_end(&t);
}

/* Other ends' exchanges are nobody's business. */
static void others(void)
{
    talk_begin(&t, (talk_plan){.fault = F_NONE});
    talk_all(&t);
    rig_ipsec_wanted wanted = wanted_of(&t);
    wanted.ends[1].bytes[3] ^= 1;
    check(&wanted);
    CU_ASSERT(finds("phase1-seen") && finds("quick-seen") && finds("esp-seen"));
    CU_ASSERT_EQUAL(num_found, 3);
    talk_end(&t);
}

/* ---- limits: at each one, and one past it ---- */

static void see(rig_ipsec_seen *seen, rig_ipsec_event event)
{
    event.frame = 1;
    event.from = (rig_ip){{192, 0, 2, 1}, 4};
    event.to = (rig_ip){{192, 0, 2, 10}, 4};
    CU_ASSERT_EQUAL(rig_ipsec_seen_event(seen, &event), RIG_OK);
}

static void see_message(rig_ipsec_seen *seen, uint32_t n)
{
    const rig_ike_message ike = {.exchange = RIG_IKE_INFO, .id = n};
    see(seen, (rig_ipsec_event){.kind = RIG_IPSEC_IKE, .is.ike = &ike});
}

static void see_spi(rig_ipsec_seen *seen, uint32_t n)
{
    const rig_esp_packet esp = {.spi = n + 1, .sequence = 1};
    see(seen, (rig_ipsec_event){.kind = RIG_IPSEC_ESP, .is.esp = &esp});
}

static void see_clear(rig_ipsec_seen *seen, uint32_t n)
{
    const rig_ipsec_clear clear = {.from_port = (uint16_t)n, .to_port = 80};
    see(seen, (rig_ipsec_event){.kind = RIG_IPSEC_CLEAR, .is.clear = &clear});
}

static void see_inside(rig_ipsec_seen *seen, uint32_t n)
{
    const rig_esp_packet esp = {.spi = 1, .sequence = n + 1, .read = true, .from_port = (uint16_t)n};
    see(seen, (rig_ipsec_event){.kind = RIG_IPSEC_ESP, .is.esp = &esp});
}

static void limits(void)
{
    static const struct {
        void (*see)(rig_ipsec_seen *seen, uint32_t n);
        uint32_t max;
    } rows[] = {{see_message, RIG_IPSEC_MESSAGES_MAX},
                {see_spi, RIG_IPSEC_SPIS_MAX},
                {see_clear, RIG_IPSEC_CLEARS_MAX},
                {see_inside, 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const rig_ipsec_wanted wanted = {.port = 3260};
        CU_ASSERT_EQUAL_FATAL(rig_ipsec_seen_new(rig_alloc_libc(), &t.seen), RIG_OK);
        for (uint32_t n = 0; n < rows[i].max; n++)
            rows[i].see(t.seen, n);
        check(&wanted);
        CU_ASSERT(!finds("all-seen"));
        rows[i].see(t.seen, rows[i].max);
        check(&wanted);
        CU_ASSERT(finds("all-seen"));
        rig_ipsec_seen_free(t.seen);
    }
}

static void no_memory(void)
{
    rig_alloc_meter meter;
    rig_ipsec_seen *seen;
    rig_ike_message ike = {.exchange = RIG_IKE_MAIN};
    const rig_ipsec_event event = {.kind = RIG_IPSEC_IKE, .is.ike = &ike};
    for (uint64_t at = 1; at <= 2; at++) {
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = at;
        rig_status status = rig_ipsec_seen_new(&meter.alloc, &seen);
        CU_ASSERT_EQUAL(status, at == 1 ? RIG_E_NOMEM : RIG_OK);
        if (!status)
            CU_ASSERT_EQUAL(rig_ipsec_seen_event(seen, &event), RIG_E_NOMEM);
        rig_ipsec_seen_free(seen);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

RIG_SUITE("ipsec check", {"what is right has no finding", right_ones},
          {"refusals as they should be", refused_ones}, {"plain TCP", plain_tcp},
          {"each fact is seen to fail", breaches_found}, {"no fact is left out", every_fact_can_fail},
          {"what a lossy way explains is no finding", lost_and_late_ones},
          {"what it does not is one", lossy_breaches_found},
          {"exchanges of another request do not count", of_a_time}, {"a finding has its place", places},
          {"other ends do not count", others}, {"limits of what is kept", limits}, {"no memory", no_memory})
