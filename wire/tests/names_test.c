#include "rig/names.h"

#include "suite.h"

static const rig_names *const sets[] = {
    &rig_names_scsi_status,   &rig_names_scsi_response, &rig_names_task_attr,     &rig_names_tmf_function,
    &rig_names_tmf_response,  &rig_names_login_status,  &rig_names_logout_reason, &rig_names_logout_response,
    &rig_names_reject_reason, &rig_names_async_event,   &rig_names_snack_type,    &rig_names_sense_key,
};

#define NUM_SETS (sizeof sets / sizeof sets[0])

static const char *printed(const rig_names *names, uint32_t value)
{
    static char buffer[64];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_name_print(&text, names, value);
    return buffer;
}

static void rows_are_sound(void)
{
    for (size_t s = 0; s < NUM_SETS; s++)
        for (uint32_t i = 0; i < sets[s]->num_rows; i++) {
            const rig_name_row *row = &sets[s]->rows[i];
            CU_ASSERT(i == 0 || row[-1].value < row->value);
            CU_ASSERT_PTR_NULL(strchr(row->name, ' '));
            CU_ASSERT(row->name[0] > '9');
            for (uint32_t j = 0; j < i; j++)
                CU_ASSERT_STRING_NOT_EQUAL(sets[s]->rows[j].name, row->name);
        }
}

static void every_value_round_trips(void)
{
    for (size_t s = 0; s < NUM_SETS; s++)
        for (uint32_t value = 0; value < 0x10000; value++) {
            uint32_t back = ~value;
            CU_ASSERT(rig_name_parse(sets[s], rig_view_str(printed(sets[s], value)), &back));
            CU_ASSERT_EQUAL(back, value);
        }
}

/* Spot values of the tables in sections 11.4, 11.5, 11.13, 11.14, 11.15, 11.16, 11.17 and 11.9. */
static void values_of_the_rfc(void)
{
    static const struct {
        const rig_names *names;
        uint32_t value;
        const char *name;
    } rows[] = {
        {&rig_names_scsi_status, 0x02, "CHECK-CONDITION"},
        {&rig_names_scsi_status, 0x18, "RESERVATION-CONFLICT"},
        {&rig_names_scsi_response, 1, "target-failure"},
        {&rig_names_task_attr, 3, "head-of-queue"},
        {&rig_names_tmf_function, 5, "lun-reset"},
        {&rig_names_tmf_function, 8, "task-reassign"},
        {&rig_names_tmf_function, 12, "query-async-event"},
        {&rig_names_tmf_response, 3, "still-allegiant"},
        {&rig_names_tmf_response, 255, "rejected"},
        {&rig_names_login_status, 0, "Success"},
        {&rig_names_login_status, 0x0102, "moved-permanently"},
        {&rig_names_login_status, 0x020b, "invalid-during-login"},
        {&rig_names_login_status, 0x0301, "service-unavailable"},
        {&rig_names_logout_reason, 2, "remove-for-recovery"},
        {&rig_names_logout_response, 3, "cleanup-failed"},
        {&rig_names_reject_reason, 0x02, "data-digest-error"},
        {&rig_names_reject_reason, 0x0a, "long-operation-reject"},
        {&rig_names_reject_reason, 0x0c, "waiting-for-logout"},
        {&rig_names_async_event, 2, "connection-drop"},
        {&rig_names_async_event, 5, "task-termination"},
        {&rig_names_snack_type, 3, "r-data"},
        {&rig_names_sense_key, 0xb, "ABORTED-COMMAND"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_STRING_EQUAL(printed(rows[i].names, rows[i].value), rows[i].name);
}

static void unknown_names(void)
{
    uint32_t value = 77;
    CU_ASSERT_PTR_NULL(rig_name(&rig_names_tmf_function, 0));
    CU_ASSERT_STRING_EQUAL(printed(&rig_names_tmf_function, 0), "0x0");
    CU_ASSERT_FALSE(rig_name_find(&rig_names_snack_type, rig_view_str("0x1"), &value));
    CU_ASSERT_FALSE(rig_name_parse(&rig_names_snack_type, rig_view_str("Status"), &value));
    CU_ASSERT_FALSE(rig_name_parse(&rig_names_snack_type, rig_view_str(""), &value));
    CU_ASSERT_FALSE(rig_name_parse(&rig_names_snack_type, rig_view_str("0x100000000"), &value));
    CU_ASSERT_EQUAL(value, 77);
    CU_ASSERT(rig_name_parse(&rig_names_snack_type, rig_view_str("15"), &value) && value == 15);
}

RIG_SUITE("names", {"rows are ascending, unique and without blanks", rows_are_sound},
          {"every value prints and parses", every_value_round_trips},
          {"values of the RFC's tables", values_of_the_rfc}, {"names that do not exist", unknown_names})
