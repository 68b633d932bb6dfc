/*
 * Hostile lists of PDUs and events. Each record begins with a control byte: bit 0 is the direction, bit 1
 * makes an event of it (the next byte chooses which), bits 2 and 3 are the connection, bit 4 cuts the
 * payload, bit 5 is a bad header digest, bit 6 a bad data digest, bit 7 bad padding. A PDU goes on with a
 * byte of length, its header and that many bytes of data.
 */
#include <stdlib.h>

#include "rig/lint.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    uint64_t *findings = ctx;
    ++*findings;
    require(finding->rule >= rig_lint_rules && finding->rule < rig_lint_rules + rig_lint_num_rules);
    require(finding->side != RIG_LINT_BOTH && finding->field && finding->field[0]);
    require(finding->rule->side == RIG_LINT_BOTH || finding->rule->side == finding->side);
    require(memchr(finding->expected, 0, sizeof finding->expected) != NULL);
    require(memchr(finding->seen, 0, sizeof finding->seen) != NULL);
    return RIG_OK;
}

static rig_view take(rig_view *rest, size_t len)
{
    rig_view taken = rig_view_sub(*rest, 0, len);
    *rest = rig_view_sub(*rest, len, rest->len);
    return taken;
}

static void event(rig_lint *lint, uint32_t connection, uint8_t which)
{
    static const char *const events[] = {"connect",   "close",  "gap",      "garbage",
                                         "truncated", "resync", "midstream"};
    const rig_item item = {
        .kind = RIG_ITEM_EVENT, .connection = connection, .event = rig_view_str(events[which % 7])};
    require(rig_lint_item(lint, &item) == RIG_OK);
}

static void pdu(rig_lint *lint, uint8_t control, rig_view header, rig_view data)
{
    uint8_t bhs[RIG_BHS_LEN] = {0};
    if (header.len)
        memcpy(bhs, header.ptr, header.len);
    rig_item item = {.kind = RIG_ITEM_PDU,
                     .connection = control >> 2 & 3,
                     .to_target = control & 1,
                     .pdu = {.bhs = bhs, .data = data},
                     .data_len = rig_get32(bhs, RIG_F_DATA_LEN)};
    item.pdu.ahs = rig_view_sub(data, 0, 4 * rig_get32(bhs, RIG_F_AHS_WORDS));
    item.missing = control & 16 && item.data_len > data.len ? item.data_len - (uint32_t)data.len : 0;
    item.pdu.data.len = data.len < item.data_len ? data.len : item.data_len;
    if (!item.missing && item.data_len == item.pdu.data.len)
        item.text = item.pdu.data;
    item.pdu.bad_header_digest = control & 32;
    item.pdu.bad_data_digest = control & 64;
    item.pdu.bad_padding = control & 128;
    require(rig_lint_item(lint, &item) == RIG_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig_view rest = {data, size};
    uint64_t findings = 0;
    rig_lint *lint;
    rig_lint_totals totals;
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    const rig_lint_config config = {.alloc = &meter.alloc, .finding = on_finding, .ctx = &findings};
    require(rig_lint_new(&config, &lint) == RIG_OK);
    while (rest.len >= 2) {
        rig_view head = take(&rest, 2);
        if (head.ptr[0] & 2) {
            event(lint, head.ptr[0] >> 2 & 3, head.ptr[1]);
            continue;
        }
        rig_view header = take(&rest, RIG_BHS_LEN);
        pdu(lint, head.ptr[0], header, take(&rest, head.ptr[1]));
    }
    rig_lint_end(lint, &totals);
    require(totals.findings == findings && totals.unjudged <= totals.pdus);
    rig_lint_free(lint);
    require(meter.num_live == 0);
    return 0;
}
