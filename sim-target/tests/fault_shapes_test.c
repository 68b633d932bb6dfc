/* The rows of faults that are one field or key: what they do, and that each fault has one place. */
#include <string.h>

#include "rig/fault_shapes.h"
#include "suite.h"

static rig_fault_shape made(rig_shape_how how, const char *key, const char *text, uint64_t fill)
{
    return (rig_fault_shape){
        .pdu = RIG_PDU_LOGIN_RESP, .when = RIG_FIELDS, .how = how, .value = fill, .key = key, .text = text};
}

/* The text that becomes of "A=1 B=2 C=3", NULs shown as '/'. */
static const char *shaped(const rig_fault_shape *shape, rig_view text)
{
    static uint8_t out[64 + RIG_SHAPE_GROWTH];
    size_t len = 0;
    if (!rig_fault_shape_text(shape, text, out, &len))
        return "unchanged";
    for (size_t i = 0; i < len; i++)
        out[i] = out[i] ? out[i] : '/';
    out[len] = 0;
    return (const char *)out;
}

static void texts(void)
{
    const rig_view text = rig_view_of("A=1\0B=2\0C=3", 12);
    const rig_fault_shape value = made(RIG_SHAPE_VALUE, "B", "new", 2),
                          more = made(RIG_SHAPE_MORE, "D", "4", 0), gone = made(RIG_SHAPE_GONE, "A", NULL, 0),
                          again = made(RIG_SHAPE_AGAIN, "C", NULL, 0),
                          alien = made(RIG_SHAPE_GONE, "E", NULL, 0),
                          bare = made(RIG_SHAPE_BARE, NULL, "=x", 0),
                          cut = made(RIG_SHAPE_CUT, NULL, NULL, 5);
    CU_ASSERT_STRING_EQUAL(shaped(&value, text), "A=1/B=newxx/C=3/");
    CU_ASSERT_STRING_EQUAL(shaped(&more, text), "A=1/B=2/C=3/D=4/");
    CU_ASSERT_STRING_EQUAL(shaped(&gone, text), "B=2/C=3/");
    CU_ASSERT_STRING_EQUAL(shaped(&again, text), "A=1/B=2/C=3/C=3/");
    CU_ASSERT_STRING_EQUAL(shaped(&alien, text), "unchanged");
    CU_ASSERT_STRING_EQUAL(shaped(&gone, rig_view_of("A=1", 4)), "");
    CU_ASSERT_STRING_EQUAL(shaped(&value, rig_view_of("B=1\0C=cut", 9)), "B=newxx/C=cut");
    CU_ASSERT_STRING_EQUAL(shaped(&more, rig_view_of("", 0)), "D=4/");
    CU_ASSERT_STRING_EQUAL(shaped(&bare, text), "A=1/B=2/C=3/=x/");
    CU_ASSERT_STRING_EQUAL(shaped(&cut, text), "A=1/B=2");
    CU_ASSERT_STRING_EQUAL(shaped(&cut, rig_view_of("A=1", 4)), "");
    CU_ASSERT_STRING_EQUAL(shaped(&cut, rig_view_of("", 0)), "unchanged");
}

static void headers(void)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_fault_shape shape = {.pdu = RIG_PDU_R2T, .when = RIG_F_R2T_SN, .when_is = 7, .how = RIG_SHAPE_ADD};
    rig_bhs_init(bhs, RIG_PDU_R2T);
    CU_ASSERT_FALSE(rig_fault_shape_fits(&shape, bhs));
    rig_set(bhs, RIG_F_R2T_SN, 7);
    CU_ASSERT_TRUE(rig_fault_shape_fits(&shape, bhs));
    shape.field = RIG_F_R2T_SN;
    shape.value = UINT32_MAX;
    CU_ASSERT_TRUE(rig_fault_shape_header(&shape, bhs));
    CU_ASSERT_EQUAL(rig_get(bhs, RIG_F_R2T_SN), 6);
    shape = (rig_fault_shape){.how = RIG_SHAPE_FLIP, .byte = 2, .value = 0x81};
    CU_ASSERT_TRUE(rig_fault_shape_header(&shape, bhs));
    CU_ASSERT_EQUAL(bhs[2], 0x81);
    shape = (rig_fault_shape){.how = RIG_SHAPE_SET, .field = RIG_F_R2T_SN, .value = 6};
    CU_ASSERT_FALSE(rig_fault_shape_header(&shape, bhs));
}

/* Each fault has at most one row, and each row fits in what a text may grow by. */
static void one_row_a_fault(void)
{
    unsigned seen[RIG_FAULTS] = {0};
    for (unsigned pdu = 0; pdu < RIG_PDU_KINDS; pdu++) {
        const rig_fault_shape *shape = rig_fault_shape_first((rig_pdu_kind)pdu);
        for (; shape; shape = rig_fault_shape_next(shape)) {
            CU_ASSERT_EQUAL(shape->pdu, (rig_pdu_kind)pdu);
            CU_ASSERT_EQUAL(++seen[shape->fault], 1);
            CU_ASSERT_EQUAL(rig_fault_rows[shape->fault].pdu, shape->pdu);
            CU_ASSERT_PTR_EQUAL(rig_fault_shape_of(shape->fault), shape);
            CU_ASSERT_TRUE(shape->byte < RIG_BHS_LEN);
            if (shape->key)
                CU_ASSERT_TRUE(strlen(shape->key) + (shape->text ? strlen(shape->text) : 0) + shape->value +
                                   2 <=
                               RIG_SHAPE_GROWTH);
        }
    }
}

/* A fault that several kinds can show is in the way of any other with its requirement. */
static void overlaps(void)
{
    const rig_fault_row data_in = {.requirement = "SEQ-027", .pdu = RIG_PDU_DATA_IN},
                        r2t = {.requirement = "SEQ-027", .pdu = RIG_PDU_R2T},
                        any = {.requirement = "SEQ-027", .pdu = RIG_PDU_UNKNOWN},
                        other = {.requirement = "SEQ-028", .pdu = RIG_PDU_DATA_IN};
    CU_ASSERT_TRUE(rig_fault_rows_overlap(&data_in, &data_in));
    CU_ASSERT_FALSE(rig_fault_rows_overlap(&data_in, &r2t));
    CU_ASSERT_TRUE(rig_fault_rows_overlap(&any, &r2t));
    CU_ASSERT_TRUE(rig_fault_rows_overlap(&data_in, &any));
    CU_ASSERT_FALSE(rig_fault_rows_overlap(&data_in, &other));
    CU_ASSERT_STRING_EQUAL(rig_fault_pdu(&r2t), "R2T");
    CU_ASSERT_STRING_EQUAL(rig_fault_pdu(&any), "any");
}

/* An initiator notices what a target sends: no fault shows on a request. */
static void shown_by_the_target(void)
{
    for (unsigned fault = 0; fault < RIG_FAULTS; fault++) {
        rig_pdu_kind pdu = rig_fault_rows[fault].pdu;
        CU_ASSERT_TRUE(pdu == RIG_PDU_UNKNOWN || !rig_pdu_rows[pdu].from_initiator);
    }
}

RIG_SUITE("fault shapes", {"texts", texts}, {"headers", headers}, {"one row a fault", one_row_a_fault},
          {"overlaps", overlaps}, {"shown by the target", shown_by_the_target})
