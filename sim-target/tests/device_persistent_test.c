/* Persistent reservations by three nexuses: who may what, who hears what, what outlives a nexus. */
#include "device_fixture.h"

#define REGISTER 0
#define RESERVE 1
#define RELEASE 2
#define CLEAR 3
#define PREEMPT 4
#define IGNORE_KEY 6

/* PERSISTENT RESERVE OUT of a nexus: action, type, its key, the service action key (low bytes). Gives the
 * status. */
static uint8_t out(fixture *unit, rig_nexus_id nexus, uint8_t action, uint8_t type, uint8_t key,
                   uint8_t service_key)
{
    uint8_t list[24] = {0};
    list[7] = key;
    list[15] = service_key;
    unit->scsi.nexus = nexus;
    WRITE(unit, list, 0x5f, action, type, 0, 0, 0, 0, 0, 24, 0);
    return unit->scsi.status;
}

/* Status of a command of one byte of opcode by a nexus. */
static uint8_t status_of(fixture *unit, rig_nexus_id nexus, uint8_t opcode)
{
    unit->scsi.nexus = nexus;
    BEGIN(unit, opcode);
    rig_device_release(unit->device, &unit->scsi);
    return unit->scsi.status;
}

static void check_attention(fixture *unit, rig_nexus_id nexus, uint8_t asc, uint8_t ascq)
{
    unit->scsi.nexus = nexus;
    BEGIN(unit, 0x00);
    CHECK_REFUSED(unit, 0x06, asc, ascq);
    CU_ASSERT_EQUAL(status_of(unit, nexus, 0x00), 0x00);
}

/* Nexuses 1, 2 and 3; 1 and 2 are registered with keys 0x11 and 0x22. */
static void open_registered(fixture *unit)
{
    fixture_open(unit, "ram:1M");
    for (rig_nexus_id id = 1; id <= 3; id++)
        CU_ASSERT_EQUAL(rig_device_nexus_new(unit->device, id), RIG_OK);
    CU_ASSERT_EQUAL(out(unit, 1, REGISTER, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(out(unit, 2, IGNORE_KEY, 0, 0x99, 0x22), 0x00);
}

static void keys_and_generation(void)
{
    static const uint8_t two[] = {0, 0, 0, 2,    0, 0, 0, 16, 0, 0, 0, 0,
                                  0, 0, 0, 0x11, 0, 0, 0, 0,  0, 0, 0, 0x22};
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), sizeof two);
    CU_ASSERT_EQUAL(memcmp(unit.data, two, sizeof two), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 0, 12, 0), 12); /* cut, with the whole length said */
    CU_ASSERT_EQUAL(unit.data[7], 16);
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 0x12, 0x13), 0x18); /* not its key */
    CU_ASSERT_EQUAL(out(&unit, 3, REGISTER, 0, 0x11, 0x33), 0x18); /* not registered */
    CU_ASSERT_EQUAL(out(&unit, 3, REGISTER, 0, 0, 0), 0x00);       /* nothing to do */
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 0x11, 0x13), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 2, REGISTER, 0, 0x22, 0), 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), 16);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x00\x00\x04\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00\x13", 16),
                    0);
    fixture_close(&unit);
}

static void capabilities(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 2, 0, 0, 0, 0, 0, 1, 0, 0), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x08\x0c\x80\xea\x01\x00\x00", 8), 0);
    for (uint8_t action = 4; action < 0x20; action++) {
        BEGIN(&unit, 0x5e, action, 0, 0, 0, 0, 0, 1, 0, 0);
        CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    }
    fixture_close(&unit);
}

static void full_status(void)
{
    static const char name[] = "iqn.2026-01.org.example:h,i,0x00023d000001";
    fixture unit;
    fixture_open(&unit, "ram:1M");
    unit.scsi.initiator = rig_view_str(name);
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 3, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 3, 0, 0, 0, 0, 0, 1, 0, 0), 8 + 24 + 4 + 44);
    CU_ASSERT_EQUAL(unit.data[7], 24 + 4 + 44);
    CU_ASSERT_EQUAL(unit.data[8 + 7], 0x11);
    CU_ASSERT_EQUAL(unit.data[8 + 12], 0x01); /* R_HOLDER */
    CU_ASSERT_EQUAL(unit.data[8 + 13], 0x03);
    CU_ASSERT_EQUAL(unit.data[8 + 23], 48);
    CU_ASSERT_EQUAL(memcmp(unit.data + 32, "\x45\x00\x00\x2c", 4), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 36, name, sizeof name), 0);
    fixture_close(&unit);
}

typedef struct access_row {
    uint8_t type;
    bool reads_registered, writes_registered, reads_stranger, writes_stranger;
} access_row;

/* SPC-4 section 5.13.10: what a holder's reservation leaves to a registrant (nexus 2) and to a stranger
 * (nexus 3). */
static void access_by_type(void)
{
    static const access_row rows[] = {
        {1, true, false, true, false}, {3, false, false, false, false}, {5, true, true, true, false},
        {6, true, true, false, false}, {7, true, true, true, false},    {8, true, true, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture unit;
        open_registered(&unit);
        CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, rows[i].type, 0x11, 0), 0x00);
        CU_ASSERT_EQUAL(status_of(&unit, 1, 0x28), 0x00);
        CU_ASSERT_EQUAL(status_of(&unit, 1, 0x2a), 0x00);
        CU_ASSERT_EQUAL(status_of(&unit, 2, 0x28), rows[i].reads_registered ? 0x00 : 0x18);
        CU_ASSERT_EQUAL(status_of(&unit, 2, 0x2a), rows[i].writes_registered ? 0x00 : 0x18);
        CU_ASSERT_EQUAL(status_of(&unit, 3, 0x28), rows[i].reads_stranger ? 0x00 : 0x18);
        CU_ASSERT_EQUAL(status_of(&unit, 3, 0x2a), rows[i].writes_stranger ? 0x00 : 0x18);
        static const uint8_t always[] = {0x00, 0x03, 0x12, 0x25, 0xa0, 0x5e};
        for (size_t j = 0; j < sizeof always; j++)
            CU_ASSERT_EQUAL(status_of(&unit, 3, always[j]), 0x00);
        unit.scsi.nexus = 3;
        CU_ASSERT_EQUAL(READ(&unit, 0x5e, 1, 0, 0, 0, 0, 0, 1, 0, 0), 24);
        CU_ASSERT_EQUAL(unit.data[15], rows[i].type >= 7 ? 0 : 0x11);
        CU_ASSERT_EQUAL(unit.data[8 + 13], rows[i].type);
        fixture_close(&unit);
    }
}

static void reserving_twice(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 3, RESERVE, 1, 0, 0), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 5, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 5, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 6, 0x11, 0), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 2, RESERVE, 5, 0x22, 0), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 0x15, 0x11, 0), 0x02); /* element scope */
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 2, 0x11, 0), 0x02);
    CU_ASSERT_EQUAL(unit.scsi.sense[12], 0x24);
    fixture_close(&unit);
}

static void releasing(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 1, RELEASE, 5, 0x11, 0), 0x00); /* nothing there */
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 5, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 2, RELEASE, 5, 0x22, 0), 0x00); /* not its own: of no effect */
    CU_ASSERT_EQUAL(status_of(&unit, 3, 0x2a), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 1, RELEASE, 6, 0x11, 0), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x04);
    CU_ASSERT_EQUAL(out(&unit, 1, RELEASE, 5, 0x12, 0), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 1, RELEASE, 5, 0x11, 0), 0x00);
    check_attention(&unit, 2, 0x2a, 0x04);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x00), 0x00);
    CU_ASSERT_EQUAL(status_of(&unit, 3, 0x2a), 0x00);
    fixture_close(&unit);
}

static void a_holder_that_unregisters_releases(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 5, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 0x11, 0), 0x00);
    check_attention(&unit, 2, 0x2a, 0x04);
    CU_ASSERT_EQUAL(status_of(&unit, 3, 0x2a), 0x00);
    /* of the types that all hold, the last one releases */
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 8, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(status_of(&unit, 2, 0x2a), 0x00);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x2a), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 2, REGISTER, 0, 0x22, 0), 0x00);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x2a), 0x00);
    fixture_close(&unit);
}

static void clearing(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 3, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 3, CLEAR, 0, 0, 0), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 2, CLEAR, 0, 0x22, 0), 0x00);
    check_attention(&unit, 1, 0x2a, 0x03);
    CU_ASSERT_EQUAL(status_of(&unit, 3, 0x2a), 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), 8);
    CU_ASSERT_EQUAL(unit.data[3], 3);
    fixture_close(&unit);
}

static void preempting(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 2, PREEMPT, 1, 0x22, 0x77), 0x18); /* nobody has that key */
    CU_ASSERT_EQUAL(out(&unit, 2, PREEMPT, 1, 0x22, 0), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 1, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 2, PREEMPT, 3, 0x22, 0x11), 0x00);
    check_attention(&unit, 1, 0x2a, 0x05);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x28), 0x18);
    CU_ASSERT_EQUAL(status_of(&unit, 2, 0x2a), 0x00);
    /* without the holder's key only registrations go */
    CU_ASSERT_EQUAL(out(&unit, 1, IGNORE_KEY, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 3, IGNORE_KEY, 0, 0, 0x33), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 3, PREEMPT, 3, 0x33, 0x11), 0x00);
    check_attention(&unit, 1, 0x2a, 0x05);
    CU_ASSERT_EQUAL(status_of(&unit, 3, 0x28), 0x18);
    fixture_close(&unit);
}

static void preempting_what_all_hold(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 7, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 2, PREEMPT, 1, 0x22, 0),
                    0x00); /* key 0: everybody else, and a new reservation */
    check_attention(&unit, 1, 0x2a, 0x05);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), 16);
    CU_ASSERT_EQUAL(unit.data[15], 0x22);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x2a), 0x18);
    fixture_close(&unit);
}

static void lists_are_checked(void)
{
    fixture unit;
    uint8_t list[24] = {0};
    open_registered(&unit);
    unit.scsi.nexus = 1;
    BEGIN(&unit, 0x5f, 0, 0, 0, 0, 0, 0, 0, 23, 0);
    CHECK_REFUSED(&unit, 0x05, 0x1a, 0x00);
    BEGIN(&unit, 0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    fixture_give(&unit, list, 8);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    list[20] = 0x01; /* APTPL */
    list[7] = 0x11;
    WRITE(&unit, list, 0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 20);
    list[20] = 0x02; /* reserved */
    WRITE(&unit, list, 0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    BEGIN(&unit, 0x5f, 8, 0, 0, 0, 0, 0, 0, 24, 0); /* REPLACE LOST RESERVATION is not offered */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

/* REC-038: I_T nexus loss ends nothing of a persistent reservation. */
static void registrations_outlive_their_nexus(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    unit.scsi.initiator = rig_view_str("iqn.2026-01.org.example:a,i,0x00023d000001");
    unit.scsi.port = rig_view_str("iqn.2026-01.org.example:t,t,0x0001");
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 3, 0x11, 0), 0x00);
    rig_device_nexus_lost(unit.device, 1);
    rig_device_reset(unit.device);
    unit.scsi.initiator = rig_view_str("iqn.2026-01.org.example:b,i,0x00023d000001");
    CU_ASSERT_EQUAL(status_of(&unit, 7, 0x28), 0x18);
    unit.scsi.initiator = rig_view_str("iqn.2026-01.org.example:a,i,0x00023d000001");
    CU_ASSERT_EQUAL(status_of(&unit, 8, 0x28), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 8, RELEASE, 3, 0x11, 0), 0x00);
    fixture_close(&unit);
}

static void without_a_name_nothing_can_come_back(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 1, RESERVE, 3, 0x11, 0), 0x00);
    rig_device_nexus_lost(unit.device, 1);
    CU_ASSERT_EQUAL(status_of(&unit, 3, 0x28), 0x00);
    unit.scsi.nexus = 3;
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), 16);
    CU_ASSERT_EQUAL(unit.data[15], 0x22);
    fixture_close(&unit);
}

static void the_two_kinds_do_not_mix(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x16), 0x18);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x17), 0x18);
    CU_ASSERT_EQUAL(out(&unit, 1, CLEAR, 0, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x16), 0x00);
    CU_ASSERT_EQUAL(status_of(&unit, 1, 0x5e), 0x18);
    unit.scsi.nexus = 1;
    BEGIN(&unit, 0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
    CU_ASSERT_EQUAL(unit.scsi.length, 0);
    fixture_close(&unit);
}

static void registrations_have_a_limit(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (rig_nexus_id id = 1; id <= 256; id++)
        CU_ASSERT_EQUAL(out(&unit, id, REGISTER, 0, 0, 1), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 257, REGISTER, 0, 0, 1), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x55, 0x04);
    unit.scsi.nexus = 1;
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0), 8 + 256 * 8);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 3, 0, 0, 0, 0, 0, 0xff, 0xff, 0), 8 + 256 * (24 + 24));
    unit.meter.fail_at = unit.meter.num_calls + 1;
    CU_ASSERT_EQUAL(out(&unit, 1, REGISTER, 0, 1, 0), 0x00);
    unit.scsi.initiator = rig_view_str("iqn.2026-01.org.example:a,i,0x1");
    CU_ASSERT_EQUAL(out(&unit, 300, REGISTER, 0, 0, 1), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x55, 0x04);
    fixture_close(&unit);
}

/* SPC-4 section 5.13.11.2.3: where only registrations go, scope and type are ignored; where the reservation
 * is taken over, they count before anything goes. */
static void preempting_looks_at_the_type_when_it_counts(void)
{
    fixture unit;
    open_registered(&unit);
    CU_ASSERT_EQUAL(out(&unit, 1, PREEMPT, 0x00, 0x11, 0x22), 0x00);
    check_attention(&unit, 2, 0x2a, 0x05);
    CU_ASSERT_EQUAL(out(&unit, 2, REGISTER, 0, 0, 0x22), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 2, RESERVE, 1, 0x22, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, 1, PREEMPT, 0x00, 0x11, 0x22), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 2);
    CU_ASSERT_EQUAL(out(&unit, 1, PREEMPT, 0x11, 0x11, 0x22), 0x02);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), 8 + 2 * 8);
    CU_ASSERT_EQUAL(out(&unit, 1, PREEMPT, 0x03, 0x11, 0x22), 0x00);
    CU_ASSERT_EQUAL(status_of(&unit, 2, 0x28), 0x18);
    fixture_close(&unit);
}

/* What RESERVE(6) took while a list was on its way stays its own. */
static void a_reservation_may_come_in_between(void)
{
    uint8_t list[24] = {[15] = 0x33};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    BEGIN(&unit, 0x5f, REGISTER, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    rig_scsi other = {.nexus = 2, .cdb = rig_view_of("\x16\0\0\0\0\0", 6)};
    rig_device_begin(unit.device, &other);
    CU_ASSERT_EQUAL(other.status, 0x00);
    fixture_give(&unit, list, sizeof list);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
    other.cdb = rig_view_of("\x17\0\0\0\0\0", 6);
    rig_device_begin(unit.device, &other);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), 8);
    fixture_close(&unit);
}

RIG_SUITE("device persistent reservations", {"keys and generation", keys_and_generation},
          {"REPORT CAPABILITIES", capabilities}, {"READ FULL STATUS", full_status},
          {"access by type", access_by_type}, {"reserving twice", reserving_twice}, {"releasing", releasing},
          {"a holder that unregisters releases", a_holder_that_unregisters_releases}, {"clearing", clearing},
          {"preempting", preempting}, {"preempting what all hold", preempting_what_all_hold},
          {"preempting looks at the type when it counts", preempting_looks_at_the_type_when_it_counts},
          {"a reservation may come in between", a_reservation_may_come_in_between},
          {"lists are checked", lists_are_checked},
          {"registrations outlive their nexus", registrations_outlive_their_nexus},
          {"without a name nothing can come back", without_a_name_nothing_can_come_back},
          {"the two kinds of reservation do not mix", the_two_kinds_do_not_mix},
          {"registrations have a limit", registrations_have_a_limit})
