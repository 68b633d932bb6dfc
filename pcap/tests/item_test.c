#include "rig/item.h"
#include "suite.h"

static rig_item sample(const uint8_t bhs[RIG_BHS_LEN], const uint8_t *data, size_t len)
{
    return (rig_item){.pdu = {.bhs = bhs, .data = {data, len}}, .data_len = (uint32_t)len};
}

static void views_are_copied(void)
{
    uint8_t bhs[RIG_BHS_LEN], data[100];
    char event[] = "close", args[] = "by target";
    rig_items items = {.alloc = rig_alloc_libc()};
    rig_bhs_init(bhs, RIG_PDU_TEXT_REQ);
    memset(data, 1, sizeof data);
    rig_item item = sample(bhs, data, sizeof data);
    item.text = item.pdu.data;
    item.pdu.ahs = rig_view_of(data, 8);
    CU_ASSERT_EQUAL(rig_items_add(&items, &item), RIG_OK);
    item = (rig_item){.kind = RIG_ITEM_EVENT, .event = rig_view_str(event), .args = rig_view_str(args)};
    CU_ASSERT_EQUAL(rig_items_add(&items, &item), RIG_OK);
    memset(bhs, 0xff, sizeof bhs);
    memset(data, 0xff, sizeof data);
    memset(event, 'x', 5);
    memset(args, 'x', 9);
    CU_ASSERT_EQUAL(items.num, 2);
    CU_ASSERT_EQUAL(rig_pdu_kind_of(items.ptr[0].pdu.bhs), RIG_PDU_TEXT_REQ);
    CU_ASSERT_EQUAL(items.ptr[0].pdu.data.len, 100);
    CU_ASSERT_EQUAL(items.ptr[0].pdu.data.ptr[99], 1);
    CU_ASSERT_EQUAL(items.ptr[0].pdu.ahs.ptr[7], 1);
    CU_ASSERT_PTR_EQUAL(items.ptr[0].text.ptr, items.ptr[0].pdu.data.ptr);
    CU_ASSERT(rig_view_is(items.ptr[1].event, "close"));
    CU_ASSERT(rig_view_is(items.ptr[1].args, "by target"));
    rig_items_cleanup(&items);
    CU_ASSERT_EQUAL(items.num, 0);
}

static void bulk_payloads_are_kept_in_part(void)
{
    static const rig_pdu_kind kinds[] = {RIG_PDU_DATA_IN, RIG_PDU_DATA_OUT, RIG_PDU_SCSI_CMD,
                                         RIG_PDU_NOP_OUT};
    static uint8_t data[100000];
    for (size_t i = 0; i < 8; i++) {
        uint8_t bhs[RIG_BHS_LEN];
        rig_items items = {.alloc = rig_alloc_libc(), .keep_data = i >= 4};
        rig_bhs_init(bhs, kinds[i % 4]);
        rig_item item = sample(bhs, data, sizeof data);
        CU_ASSERT_EQUAL(rig_items_add(&items, &item), RIG_OK);
        bool whole = i >= 4 || kinds[i] == RIG_PDU_NOP_OUT;
        CU_ASSERT_EQUAL(items.ptr[0].pdu.data.len, whole ? sizeof data : RIG_ITEM_DATA_KEPT);
        CU_ASSERT_EQUAL(items.ptr[0].data_len, sizeof data);
        rig_items_cleanup(&items);
    }
}

static void the_limit_holds(void)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_items items = {.alloc = rig_alloc_libc(), .max = 200};
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    rig_item item = sample(bhs, NULL, 0);
    for (int i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(rig_items_add(&items, &item), RIG_OK);
    CU_ASSERT_EQUAL(rig_items_add(&items, &item), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(items.num, 200);
    rig_items_cleanup(&items);
}

static void every_allocation_may_fail(void)
{
    static uint8_t data[40000];
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    for (uint64_t n = 1; n <= 6; n++) {
        rig_alloc_meter meter;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = n;
        rig_items items = {.alloc = &meter.alloc};
        rig_item item = sample(bhs, data, sizeof data);
        size_t failed = 0;
        for (int i = 0; i < 5; i++)
            failed += rig_items_add(&items, &item) == RIG_E_NOMEM;
        CU_ASSERT_EQUAL(failed, 1);
        CU_ASSERT_EQUAL(items.num, 4);
        rig_items_cleanup(&items);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

RIG_SUITE("pcap items", {"views are copied", views_are_copied},
          {"bulk payloads are kept in part", bulk_payloads_are_kept_in_part},
          {"the limit holds", the_limit_holds}, {"every allocation may fail", every_allocation_may_fail})
