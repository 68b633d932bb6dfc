/* What each deviation of IPsec does, as its row says, and that none of it happens without. */
#include "tests/ipsec_world.h"

#define SIZE 60000
#define END (120 * RIG_SECOND)
#define KE_LEAST 400 /* bytes of a quick mode's message from which on it has a KE */

typedef enum outcome { CONNECTS, INSECURE, UNHEARD } outcome;

typedef struct fault_row {
    rig_ipsec_fault fault;
    bool aggressive, pfs, both_ends;
    outcome outcome;
    bool (*shown)(void); /* what of the packets shows it */
} fault_row;

static unsigned in_clear(void)
{
    return ips_packets(2, RIG_PROTOCOL_TCP, 0);
}

static const ips_packet *first_of(uint8_t protocol, uint8_t exchange)
{
    for (unsigned i = 0; i < iw.num_seen; i++)
        if (iw.seen[i].protocol == protocol && (!exchange || iw.seen[i].exchange == exchange))
            return &iw.seen[i];
    return NULL;
}

static bool is_aggressive(void)
{
    return ips_packets(2, RIG_PROTOCOL_UDP, ISA_AGGRESSIVE) == 3 &&
           ips_packets(2, RIG_PROTOCOL_UDP, ISA_MAIN) == 0;
}

static bool is_main(void)
{
    return ips_packets(2, RIG_PROTOCOL_UDP, ISA_AGGRESSIVE) == 0 &&
           ips_packets(2, RIG_PROTOCOL_UDP, ISA_MAIN) == 6;
}

static bool has_ke(void)
{
    const ips_packet *quick = first_of(RIG_PROTOCOL_UDP, ISA_QUICK);
    return quick && quick->len > KE_LEAST;
}

/* What was asked for and what there is: REQUEST and INSTALLED of the client. */
static bool pfs_is(bool wished, bool installed)
{
    const ips_end *e = &iw.ends[IPS_CLIENT];
    return e->notices[0].kind == RIG_IPSEC_REQUEST && e->notices[0].pfs == wished &&
           e->notices[2].kind == RIG_IPSEC_INSTALLED && e->notices[2].pfs == installed;
}

static bool pfs_without_ke(void)
{
    return !has_ke() && pfs_is(true, false);
}

static bool ke_without_pfs(void)
{
    return has_ke() && pfs_is(false, true);
}

/* The first message is answered by a refusal and nothing else. */
static bool is_refused_at_once(void)
{
    return ips_packets(IPS_CLIENT, RIG_PROTOCOL_UDP, ISA_MAIN) == 1 &&
           ips_packets(IPS_SERVER, RIG_PROTOCOL_UDP, ISA_INFO) == 1 &&
           ips_packets(2, RIG_PROTOCOL_ESP, 0) == 0;
}

/* Phase 1 came to its HASH, and there is no SA at the server. */
static bool is_not_authenticated(void)
{
    const ips_packet *last = NULL;
    for (unsigned i = 0; i < iw.num_seen; i++)
        if (iw.seen[i].encrypted && !last)
            last = &iw.seen[i];
    return last && !last->from_server && iw.ends[IPS_SERVER].ipsec->num_sas == 0 &&
           ips_count(IPS_SERVER, RIG_IPSEC_PHASE1) == 0 && ips_packets(2, RIG_PROTOCOL_ESP, 0) == 0;
}

static bool server_refuses_esp(const char *field)
{
    return ips_packets(IPS_CLIENT, RIG_PROTOCOL_ESP, 0) > 0 &&
           ips_packets(IPS_SERVER, RIG_PROTOCOL_ESP, 0) == 0 &&
           ips_count(IPS_SERVER, RIG_IPSEC_REFUSED) == ips_packets(IPS_CLIENT, RIG_PROTOCOL_ESP, 0) &&
           strcmp(iw.ends[IPS_SERVER].last.field, field) == 0;
}

static bool is_in_a_tunnel(void)
{
    return server_refuses_esp("next header");
}

static bool has_a_strange_spi(void)
{
    for (unsigned i = 0; i < iw.num_seen; i++)
        if (iw.seen[i].protocol == RIG_PROTOCOL_ESP &&
            iw.seen[i].id == iw.ends[IPS_CLIENT].notices[2].spi_out)
            return false;
    return server_refuses_esp("SPI");
}

static bool has_one_clear_syn(void)
{
    const ips_packet *clear = first_of(RIG_PROTOCOL_TCP, 0);
    return in_clear() == 1 && !clear->from_server && clear->tcp_flags == RIG_TCP_SYN &&
           ips_count(IPS_SERVER, RIG_IPSEC_REFUSED) == 1;
}

/* Numbers that come twice from the client: each eighth, and no other; the server refuses the second. */
static unsigned repeated(void)
{
    unsigned num = 0;
    uint32_t last = 0;
    for (unsigned i = 0; i < iw.num_seen; i++) {
        const ips_packet *p = &iw.seen[i];
        if (p->protocol != RIG_PROTOCOL_ESP || p->from_server)
            continue;
        if (p->sequence == last) {
            CU_ASSERT_EQUAL(p->sequence % 8, 0);
            num++;
        }
        last = p->sequence;
    }
    return num;
}

static bool repeats_each_eighth(void)
{
    unsigned all = ips_packets(IPS_CLIENT, RIG_PROTOCOL_ESP, 0), twice = repeated();
    return twice > 4 && twice == (all - twice) / 8 && ips_count(IPS_SERVER, RIG_IPSEC_REFUSED) == twice;
}

static bool first_waits(void)
{
    return iw.seen[0].protocol == RIG_PROTOCOL_UDP && iw.seen[0].at == IKE_RETRANSMIT;
}

static bool comes_late_and_twice(void)
{
    return first_waits() && iw.seen[1].protocol == RIG_PROTOCOL_UDP && iw.seen[1].at == IKE_RETRANSMIT &&
           !iw.seen[1].from_server;
}

static bool comes_late_and_once(void)
{
    return first_waits() && iw.seen[1].from_server;
}

static bool is_deleted_under_load(void)
{
    return ips_packets(IPS_CLIENT, RIG_PROTOCOL_UDP, ISA_INFO) >= 1 &&
           ips_count(IPS_SERVER, RIG_IPSEC_DELETED) >= 1 && ips_count(IPS_SERVER, RIG_IPSEC_INSTALLED) >= 2 &&
           ips_packets(IPS_SERVER, RIG_PROTOCOL_UDP, ISA_QUICK) >= 2;
}

/* A quick mode of each end under way at the same time. */
static bool is_a_race(void)
{
    uint32_t ids[2] = {0};
    bool both = false;
    for (unsigned i = 0; i < iw.num_seen; i++) {
        const ips_packet *p = &iw.seen[i];
        if (p->exchange != ISA_QUICK || p->id == ids[0] || p->id == ids[1])
            continue;
        both = both || p->from_server;
        ids[p->from_server] = p->id;
    }
    return both && ips_count(IPS_CLIENT, RIG_IPSEC_INSTALLED) == 3 &&
           ips_count(IPS_SERVER, RIG_IPSEC_INSTALLED) == 3;
}

static const fault_row rows[] = {
    {RIG_IPSEC_FAULT_WRONG_EXCHANGE, false, false, false, CONNECTS, is_aggressive},
    {RIG_IPSEC_FAULT_WRONG_EXCHANGE, true, false, false, CONNECTS, is_main},
    {RIG_IPSEC_FAULT_KE_LEFT_OUT, false, true, false, CONNECTS, pfs_without_ke},
    {RIG_IPSEC_FAULT_KE_ADDED, false, false, false, CONNECTS, ke_without_pfs},
    {RIG_IPSEC_FAULT_WRONG_GROUP, false, false, false, INSECURE, is_refused_at_once},
    {RIG_IPSEC_FAULT_BAD_HASH, false, false, false, INSECURE, is_not_authenticated},
    {RIG_IPSEC_FAULT_BAD_HASH, true, false, false, INSECURE, is_not_authenticated},
    {RIG_IPSEC_FAULT_BAD_KEY, false, false, false, INSECURE, is_not_authenticated},
    {RIG_IPSEC_FAULT_ENCAPSULATION, false, false, false, UNHEARD, is_in_a_tunnel},
    {RIG_IPSEC_FAULT_CLEAR_LEAK, false, false, false, CONNECTS, has_one_clear_syn},
    {RIG_IPSEC_FAULT_REPLAYED_ESP, false, false, false, CONNECTS, repeats_each_eighth},
    {RIG_IPSEC_FAULT_WRONG_SPI, false, false, false, UNHEARD, has_a_strange_spi},
    {RIG_IPSEC_FAULT_LATE_MESSAGES, false, false, false, CONNECTS, comes_late_and_twice},
    {RIG_IPSEC_FAULT_LATE_MESSAGES, false, true, true, CONNECTS, comes_late_and_twice},
    {RIG_IPSEC_FAULT_LATE_MESSAGES, true, false, true, CONNECTS, comes_late_and_twice},
    {RIG_IPSEC_FAULT_LOST_MESSAGES, false, false, false, CONNECTS, comes_late_and_once},
    {RIG_IPSEC_FAULT_LOST_MESSAGES, true, true, true, CONNECTS, first_waits},
    {RIG_IPSEC_FAULT_DELETE_UNDER_LOAD, false, false, false, CONNECTS, is_deleted_under_load},
    {RIG_IPSEC_FAULT_DELETE_UNDER_LOAD, false, true, true, CONNECTS, is_deleted_under_load},
    {RIG_IPSEC_FAULT_REKEY_RACE, false, false, true, CONNECTS, is_a_race},
    {RIG_IPSEC_FAULT_REKEY_RACE, true, true, true, CONNECTS, is_a_race},
};

static void play(const fault_row *row, bool with)
{
    uint64_t faults = with ? UINT64_C(1) << row->fault : 0;
    const ips_setting s = {.aggressive = row->aggressive,
                           .pfs = row->pfs,
                           .faults = faults,
                           .server_faults = row->both_ends ? faults : 0};
    ips_transfer(&s, SIZE, 2000, END);
}

static void check_outcome(const fault_row *row)
{
    const peer *a = &iw.w.a;
    static const rig_status why[] = {RIG_OK, RIG_E_SECURITY, RIG_E_TIMEOUT};
    bool right = row->outcome == CONNECTS ? a->closed && iw.w.b[0].got == SIZE && a->got == 2000
                                          : a->failed && a->why == why[row->outcome] && iw.w.num_b == 0;
    CU_ASSERT(right);
    CU_ASSERT_EQUAL(a->wrong + iw.w.b[0].wrong, 0);
    CU_ASSERT_EQUAL(in_clear(), row->fault == RIG_IPSEC_FAULT_CLEAR_LEAK);
    if (!right)
        fprintf(stderr, "(%s: %d, %s)", rig_ipsec_fault_name(row->fault), a->why, iw.ends[0].last.text);
}

static void each_does_what_it_says(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play(&rows[i], true);
        check_outcome(&rows[i]);
        bool shown = rows[i].shown();
        CU_ASSERT(shown);
        if (!shown)
            fprintf(stderr, "(row %zu, %s)", i, rig_ipsec_fault_name(rows[i].fault));
        ips_stop();
    }
}

static void none_of_it_without(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play(&rows[i], false);
        CU_ASSERT(ips_arrived(SIZE, 2000));
        CU_ASSERT(!rows[i].shown());
        ips_stop();
    }
}

static void every_fault_has_a_row(void)
{
    unsigned found = 0;
    for (rig_ipsec_fault fault = 0; fault < RIG_IPSEC_FAULTS; fault++) {
        const char *name = rig_ipsec_fault_name(fault);
        CU_ASSERT_EQUAL(rig_ipsec_fault_find(rig_view_str(name)), fault);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            if (rows[i].fault == fault) {
                found++;
                break;
            }
    }
    CU_ASSERT_EQUAL(found, RIG_IPSEC_FAULTS);
    CU_ASSERT_EQUAL(rig_ipsec_fault_find(rig_view_str("no such fault")), RIG_IPSEC_FAULTS);
}

RIG_SUITE("ipsec faults", {"each does what it says", each_does_what_it_says},
          {"none of it without", none_of_it_without}, {"every fault has a row", every_fault_has_a_row})
