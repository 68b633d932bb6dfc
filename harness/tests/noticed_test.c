/* What noticed faults, and when two of them are one too many. */
#include "rig/noticed.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

#define A RIG_FAULT_DATA_IN_LOST
#define B RIG_FAULT_DATA_IN_LATE
#define C RIG_FAULT_R2T_LOST

static void add(rig_noticed_list *list, rig_fault fault, bool alone, const char *said)
{
    CU_ASSERT_EQUAL(rig_noticed_add(list, rig_alloc_libc(), fault, alone, rig_view_str(said)), RIG_OK);
}

/* Numbers are values of one run; a check that says the same twice is one check. */
static void names(void)
{
    rig_noticed_list list = {0};
    add(&list, A, false, "want 12, got 0x1f (section 7.9)");
    add(&list, A, true, "want 3, got 0xab (section 7.9)");
    add(&list, A, false, "want 3, got 0x (section 7.9)");
    add(&list, B, false, "want 3, got 4 (section 7.9)");
    CU_ASSERT_EQUAL_FATAL(list.num, 3);
    CU_ASSERT_STRING_EQUAL(list.ptr[0].check, "want #, got # (section #.#)");
    CU_ASSERT_TRUE(list.ptr[0].alone);
    CU_ASSERT_STRING_EQUAL(list.ptr[1].check, "want #, got #x (section #.#)");
    CU_ASSERT_FALSE(list.ptr[1].alone);
    CU_ASSERT_EQUAL(list.ptr[2].fault, B);
    CU_ASSERT_TRUE(rig_noticed_has(&list, A));
    CU_ASSERT_FALSE(rig_noticed_has(&list, C));
    rig_noticed_free(&list, rig_alloc_libc());
    CU_ASSERT_FALSE(rig_noticed_has(&list, A));
}

static void long_names_are_cut(void)
{
    rig_noticed_list list = {0};
    char said[RIG_CHECK_SIZE + 1];
    memset(said, 'x', sizeof said);
    said[RIG_CHECK_SIZE] = '\0';
    add(&list, A, true, said);
    said[RIG_CHECK_SIZE - 1] = '\0';
    add(&list, A, true, said);
    CU_ASSERT_EQUAL_FATAL(list.num, 1);
    CU_ASSERT_EQUAL(strlen(list.ptr[0].check), RIG_CHECK_SIZE - 1);
    rig_noticed_free(&list, rig_alloc_libc());
}

/* Each of two faults needs a check that does not notice the other one. */
static void alike(void)
{
    rig_noticed_list list = {0};
    add(&list, A, true, "gap");
    CU_ASSERT_PTR_NULL(rig_noticed_alike(&list, A, B));
    add(&list, B, true, "again");
    CU_ASSERT_PTR_NULL(rig_noticed_alike(&list, A, B));
    add(&list, B, true, "gap");
    CU_ASSERT_STRING_EQUAL_FATAL(rig_noticed_alike(&list, A, B), "gap");
    CU_ASSERT_STRING_EQUAL_FATAL(rig_noticed_alike(&list, B, A), "gap");
    add(&list, A, true, "timeout");
    CU_ASSERT_PTR_NULL(rig_noticed_alike(&list, A, B));
    rig_noticed_free(&list, rig_alloc_libc());
}

/* What noticed a fault beside others may have noticed the others. */
static void in_company(void)
{
    rig_noticed_list list = {0};
    add(&list, A, false, "gap");
    add(&list, B, false, "gap");
    CU_ASSERT_STRING_EQUAL_FATAL(rig_noticed_alike(&list, A, B), "gap");
    add(&list, A, true, "timeout");
    CU_ASSERT_PTR_NULL(rig_noticed_alike(&list, A, B));
    add(&list, B, true, "timeout");
    CU_ASSERT_STRING_EQUAL_FATAL(rig_noticed_alike(&list, A, B), "timeout");
    rig_noticed_free(&list, rig_alloc_libc());
}

typedef struct told {
    char text[256];
    unsigned num;
} told;

static void tell(void *ctx, const rig_fault_row *a, const rig_fault_row *b, const char *check)
{
    told *last = ctx;
    last->num++;
    snprintf(last->text, sizeof last->text, "%s %s %s", a->name, b->name, check);
}

static unsigned twins(const rig_noticed_list *list, const rig_fault_row rows[RIG_FAULTS], told *last)
{
    *last = (told){{0}, 0};
    unsigned num = rig_noticed_twins(list, rows, tell, last);
    CU_ASSERT_EQUAL(num, last->num);
    return num;
}

/* The table, altered so that two of its rows are one too many, is refused with the names of both. */
static void twins_of_a_table(void)
{
    static rig_fault_row rows[RIG_FAULTS];
    rig_noticed_list list = {0};
    told last;
    memcpy(rows, rig_fault_rows, sizeof rows);
    add(&list, A, true, "gap");
    add(&list, B, true, "gap");
    add(&list, C, true, "gap");
    rows[A].requirement = rows[B].requirement = rows[C].requirement = "SEQ-039";
    CU_ASSERT_EQUAL(twins(&list, rows, &last), 1);
    CU_ASSERT_STRING_EQUAL(last.text, "data-in-lost data-in-late gap");
    rows[C].pdu = RIG_PDU_UNKNOWN;
    CU_ASSERT_EQUAL(twins(&list, rows, &last), 3);
    rows[C].pdu = RIG_PDU_R2T;
    rows[B].requirement = "DATA-031";
    CU_ASSERT_EQUAL(twins(&list, rows, &last), 0);
    rig_noticed_free(&list, rig_alloc_libc());
}

static void limits(void)
{
    rig_noticed_list list = {0};
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    char said[3] = "aa";
    for (unsigned i = 0; i < RIG_NOTICED_MAX; i++) {
        said[0] = (char)('A' + i % 26);
        said[1] = (char)('A' + i / 26 % 26);
        rig_fault fault = (rig_fault)(i / (26 * 26));
        CU_ASSERT_EQUAL(rig_noticed_add(&list, &meter.alloc, fault, true, rig_view_str(said)), RIG_OK);
    }
    CU_ASSERT_EQUAL(list.num, RIG_NOTICED_MAX);
    CU_ASSERT_EQUAL(rig_noticed_add(&list, &meter.alloc, 0, true, rig_view_str("AA")), RIG_OK);
    CU_ASSERT_EQUAL(rig_noticed_add(&list, &meter.alloc, 0, true, rig_view_str("one more")), RIG_E_LIMIT);
    rig_noticed_free(&list, &meter.alloc);
    CU_ASSERT_EQUAL(meter.bytes_live, 0);
    meter.fail_at = meter.num_calls + 1;
    CU_ASSERT_EQUAL(rig_noticed_add(&list, &meter.alloc, A, true, rig_view_str("gap")), RIG_E_NOMEM);
    CU_ASSERT_FALSE(rig_noticed_has(&list, A));
}

RIG_SUITE("noticed", {"names", names}, {"long names are cut", long_names_are_cut}, {"alike", alike},
          {"in company", in_company}, {"twins of a table", twins_of_a_table}, {"limits", limits})
