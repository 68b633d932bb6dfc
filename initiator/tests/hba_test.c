/* Adapters: the way to a portal, what is odd about products, numbers for the operating system. */
#include "rig/hba.h"

#include <stdlib.h>

#include "rig/pdu.h"
#include "suite.h"

static rig_adapter_port port_of(const char *text, uint8_t prefix, bool down)
{
    rig_adapter_port port = {.prefix = prefix, .down = down};
    CU_ASSERT_FATAL(rig_ip_parse(rig_view_str(text), &port.local.ip));
    return port;
}

/* host: no ports of its own; card: two networks of IPv4, one of IPv6; spare: one without a link. */
static rig_hba machine(void)
{
    rig_hba hba = {.num_adapters = 3};
    hba.adapters[0] = (rig_adapter){.name = "card", .num_ports = 3};
    hba.adapters[0].ports[0] = port_of("192.0.2.80", 24, false);
    hba.adapters[0].ports[1] = port_of("192.0.2.200", 26, false);
    hba.adapters[0].ports[2] = port_of("2001:db8::80", 33, false);
    hba.adapters[1] = (rig_adapter){.name = "spare", .num_ports = 1};
    hba.adapters[1].ports[0] = port_of("203.0.113.1", 32, true);
    hba.adapters[2] = (rig_adapter){.name = "host"};
    return hba;
}

static void routes(void)
{
    static const struct {
        const char *instance;
        uint32_t port;
        const char *to;
        rig_code code;
        int adapter; /* and its … */
        uint32_t number;
    } rows[] = {
        {"", RIG_PORT_ANY, "192.0.2.1", RIG_CODE_SUCCESS, 0, 0},
        {"", RIG_PORT_ANY, "192.0.2.193", RIG_CODE_SUCCESS, 0, 1},  /* the longer prefix */
        {"", RIG_PORT_ANY, "192.0.2.127", RIG_CODE_SUCCESS, 0, 0},  /* one bit short of it */
        {"", RIG_PORT_ANY, "198.51.100.1", RIG_CODE_SUCCESS, 0, 0}, /* the first of the family */
        {"", RIG_PORT_ANY, "2001:db8:7fff::1", RIG_CODE_SUCCESS, 0, 2},
        {"", RIG_PORT_ANY, "2001:db9::1", RIG_CODE_SUCCESS, 0, 2},
        {"", RIG_PORT_ANY, "disk.example", RIG_CODE_SUCCESS, 0, 0}, /* a name says nothing */
        {"", RIG_PORT_ANY, "203.0.113.1", RIG_CODE_SUCCESS, 0, 0},  /* that port has no link */
        {"", 0, "192.0.2.1", RIG_CODE_INVALID_PORT_NUMBER, 0, 0},
        {"card", 0, "192.0.2.193", RIG_CODE_SUCCESS, 0, 0},
        {"card", 2, "192.0.2.1", RIG_CODE_CONNECTION_FAILED, 0, 0}, /* of the other family */
        {"card", 3, "192.0.2.1", RIG_CODE_INVALID_PORT_NUMBER, 0, 0},
        {"host", RIG_PORT_ANY, "192.0.2.1", RIG_CODE_SUCCESS, 2, 0},
        {"host", 0, "2001:db8::1", RIG_CODE_SUCCESS, 2, 0},
        {"host", 1, "192.0.2.1", RIG_CODE_INVALID_PORT_NUMBER, 0, 0},
        {"spare", RIG_PORT_ANY, "203.0.113.1", RIG_CODE_CONNECTION_FAILED, 0, 0},
        {"nobody", RIG_PORT_ANY, "192.0.2.1", RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND, 0, 0},
    };
    rig_hba hba = machine();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_portal portal = {.port = 3260, .group = -1};
        rig_route route = {0};
        rig_text host;
        rig_text_init(&host, portal.host, sizeof portal.host);
        rig_text_add(&host, "%s", rows[i].to);
        CU_ASSERT_EQUAL(rig_hba_route(&hba, rows[i].instance, rows[i].port, &portal, &route), rows[i].code);
        if (rows[i].code != RIG_CODE_SUCCESS)
            continue;
        const rig_adapter *adapter = &hba.adapters[rows[i].adapter];
        CU_ASSERT_PTR_EQUAL(route.adapter, adapter);
        CU_ASSERT_EQUAL(route.port, rows[i].number);
        CU_ASSERT(rig_ip_eq(&route.local.ip, &adapter->ports[rows[i].number].local.ip));
    }
}

static void instances(void)
{
    rig_hba hba = machine();
    CU_ASSERT_PTR_EQUAL(rig_hba_find(&hba, "spare"), &hba.adapters[1]);
    CU_ASSERT_PTR_NULL(rig_hba_find(&hba, ""));
    CU_ASSERT_EQUAL(rig_hba_port(&hba, "", RIG_PORT_ANY), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(rig_hba_port(&hba, "card", 2), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(rig_hba_port(&hba, "card", 3), RIG_CODE_INVALID_PORT_NUMBER);
    CU_ASSERT_EQUAL(rig_hba_port(&hba, "Card", 0), RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND);
}

/* Each row is odd in some way, and found by its name alone. */
static void quirks(void)
{
    const rig_adapter_quirks *row;
    size_t num = 0;
    while ((row = rig_quirks_at(num)) != NULL) {
        CU_ASSERT(row->max_sessions || row->max_connections || row->max_tasks || row->max_data_out ||
                  row->security_cache || row->boots_alone);
        CU_ASSERT(row->max_data_out == 0 || row->max_data_out >= RIG_DATA_OUT_MIN);
        CU_ASSERT_PTR_EQUAL(rig_quirks_find(rig_view_str(row->name)), row);
        num++;
    }
    CU_ASSERT(num >= 6);
    CU_ASSERT_PTR_NULL(rig_quirks_find(rig_view_str("few")));
    CU_ASSERT_EQUAL(rig_quirks_find(rig_view_str("one-connection"))->max_connections, 1);
    CU_ASSERT(rig_quirks_find(rig_view_str("own-boot"))->boots_alone);
}

static void numbers_of_targets(void)
{
    rig_lun_map map = {0};
    for (uint32_t i = 0; i < RIG_OS_BUSES * RIG_OS_TARGETS; i++) {
        uint32_t bus = RIG_OS_ANY, target = RIG_OS_ANY;
        CU_ASSERT_EQUAL(rig_lun_map_take(&map, &bus, &target), RIG_CODE_SUCCESS);
        CU_ASSERT_EQUAL(bus * RIG_OS_TARGETS + target, i);
    }
    uint32_t bus = RIG_OS_ANY, target = RIG_OS_ANY;
    CU_ASSERT_EQUAL(rig_lun_map_take(&map, &bus, &target), RIG_CODE_TARGET_MAPPING_UNAVAILABLE);
    rig_lun_map_give(&map, 3, 7);
    target = 8;
    CU_ASSERT_EQUAL(rig_lun_map_take(&map, &bus, &target), RIG_CODE_TARGET_MAPPING_UNAVAILABLE);
    target = 7;
    CU_ASSERT_EQUAL(rig_lun_map_take(&map, &bus, &target), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(bus, 3);
    bus = RIG_OS_BUSES;
    CU_ASSERT_EQUAL(rig_lun_map_take(&map, &bus, &target), RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE);
    bus = 0;
    target = RIG_OS_TARGETS;
    CU_ASSERT_EQUAL(rig_lun_map_take(&map, &bus, &target), RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE);
}

static void mappings(void)
{
    rig_lun_mapping luns[RIG_OS_LUNS + 1];
    rig_target_mapping mapping = {.os_bus = RIG_OS_ANY, .os_target = RIG_OS_ANY};
    for (uint32_t i = 0; i <= RIG_OS_LUNS; i++)
        luns[i] = (rig_lun_mapping){i % RIG_OS_LUNS, rig_lun_encode(i)};
    mapping.luns = (rig_lun_mapping_list){RIG_OS_LUNS, RIG_OS_LUNS, luns};
    CU_ASSERT_EQUAL(rig_lun_map_check(&mapping), RIG_CODE_SUCCESS);
    mapping.luns.num++; /* more than there are numbers */
    CU_ASSERT_EQUAL(rig_lun_map_check(&mapping), RIG_CODE_INVALID_TARGET_MAPPING);
    mapping.luns.num = 2;
    luns[1].os_lun = luns[0].os_lun;
    CU_ASSERT_EQUAL(rig_lun_map_check(&mapping), RIG_CODE_INVALID_TARGET_MAPPING);
    luns[1] = (rig_lun_mapping){1, luns[0].target_lun};
    CU_ASSERT_EQUAL(rig_lun_map_check(&mapping), RIG_CODE_INVALID_TARGET_MAPPING);
    luns[1] = (rig_lun_mapping){RIG_OS_LUNS, 1};
    CU_ASSERT_EQUAL(rig_lun_map_check(&mapping), RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE);
    luns[1].os_lun = RIG_OS_LUNS - 1;
    CU_ASSERT_EQUAL(rig_lun_map_check(&mapping), RIG_CODE_SUCCESS);
    mapping.os_bus = RIG_OS_BUSES;
    CU_ASSERT_EQUAL(rig_lun_map_check(&mapping), RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE);
}

static void numbers_of_luns(void)
{
    rig_lun_mapping listed[] = {{9, 0x0003000000000000}}, used[RIG_OS_LUNS];
    const rig_lun_mapping_list wanted = {1, 1, listed}, none = {0};
    rig_lun_mapping_list taken = {1, RIG_OS_LUNS, used};
    uint32_t number = 0;
    CU_ASSERT(rig_lun_map_number(&wanted, &none, 0x0003000000000000, &number) && number == 9);
    CU_ASSERT(!rig_lun_map_number(&wanted, &none, 0x0004000000000000, &number));
    CU_ASSERT(!rig_lun_map_number(&none, &none, 0, &number)); /* a list of nothing shows nothing */
    CU_ASSERT(rig_lun_map_number(NULL, &none, rig_lun_encode(5), &number) && number == 5);
    CU_ASSERT(rig_lun_map_number(NULL, &none, rig_lun_encode(RIG_OS_LUNS - 1), &number) && number == 255);
    CU_ASSERT(rig_lun_map_number(NULL, &none, rig_lun_encode(RIG_OS_LUNS), &number) && number == 0);
    used[0].os_lun = 5;
    CU_ASSERT(rig_lun_map_number(NULL, &taken, rig_lun_encode(5), &number) && number == 0);
    CU_ASSERT(rig_lun_map_number(NULL, &none, 0xc101000000000000, &number) && number == 0); /* well known */
    for (uint32_t i = 0; i < RIG_OS_LUNS; i++)
        used[i] = (rig_lun_mapping){i, i};
    taken.num = RIG_OS_LUNS;
    CU_ASSERT(!rig_lun_map_number(NULL, &taken, rig_lun_encode(5), &number));
    taken.num--;
    CU_ASSERT(rig_lun_map_number(NULL, &taken, rig_lun_encode(5), &number) && number == RIG_OS_LUNS - 1);
}

RIG_SUITE("hba", {"ways to a portal", routes}, {"instances and their ports", instances},
          {"what is odd about products", quirks}, {"bus and target numbers", numbers_of_targets},
          {"mappings that cannot be", mappings}, {"numbers of LUNs", numbers_of_luns})
