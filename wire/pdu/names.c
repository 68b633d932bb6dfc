#include "rig/names.h"

#define NAME_SET(set, what, ...)                                                                             \
    static const rig_name_row set##_rows[] = {__VA_ARGS__};                                                  \
    const rig_names rig_names_##set = {what, set##_rows, sizeof set##_rows / sizeof set##_rows[0]}

NAME_SET(scsi_status, "SCSI status", {0x00, "GOOD"}, {0x02, "CHECK-CONDITION"}, {0x04, "CONDITION-MET"},
         {0x08, "BUSY"}, {0x18, "RESERVATION-CONFLICT"}, {0x28, "TASK-SET-FULL"}, {0x30, "ACA-ACTIVE"},
         {0x40, "TASK-ABORTED"});

NAME_SET(scsi_response, "SCSI response", {0, "completed"}, {1, "target-failure"});

NAME_SET(task_attr, "task attribute", {0, "untagged"}, {1, "simple"}, {2, "ordered"}, {3, "head-of-queue"},
         {4, "aca"});

NAME_SET(tmf_function, "task management function", {1, "abort-task"}, {2, "abort-task-set"}, {3, "clear-aca"},
         {4, "clear-task-set"}, {5, "lun-reset"}, {6, "target-warm-reset"}, {7, "target-cold-reset"},
         {8, "task-reassign"}, {9, "query-task"}, {10, "query-task-set"}, {11, "i-t-nexus-reset"},
         {12, "query-async-event"});

NAME_SET(tmf_response, "task management response", {0, "complete"}, {1, "no-such-task"}, {2, "no-such-lun"},
         {3, "still-allegiant"}, {4, "reassign-unsupported"}, {5, "unsupported"}, {6, "not-authorized"},
         {7, "succeeded"}, {255, "rejected"});

NAME_SET(login_status, "login status", {0x0000, "Success"}, {0x0101, "moved-temporarily"},
         {0x0102, "moved-permanently"}, {0x0200, "initiator-error"}, {0x0201, "authentication-failure"},
         {0x0202, "authorization-failure"}, {0x0203, "not-found"}, {0x0204, "target-removed"},
         {0x0205, "unsupported-version"}, {0x0206, "too-many-connections"}, {0x0207, "missing-parameter"},
         {0x0208, "cannot-include"}, {0x0209, "session-type-unsupported"}, {0x020a, "no-such-session"},
         {0x020b, "invalid-during-login"}, {0x0300, "target-error"}, {0x0301, "service-unavailable"},
         {0x0302, "out-of-resources"});

NAME_SET(logout_reason, "logout reason", {0, "close-session"}, {1, "close-connection"},
         {2, "remove-for-recovery"});

NAME_SET(logout_response, "logout response", {0, "closed"}, {1, "no-such-cid"}, {2, "recovery-unsupported"},
         {3, "cleanup-failed"});

/* 0x0b is deprecated but must be recognised when it arrives (section 11.17.1, note 3). */
NAME_SET(reject_reason, "reject reason", {0x02, "data-digest-error"}, {0x03, "snack-reject"},
         {0x04, "protocol-error"}, {0x05, "command-not-supported"}, {0x06, "too-many-immediate"},
         {0x07, "task-in-progress"}, {0x08, "invalid-data-ack"}, {0x09, "invalid-pdu-field"},
         {0x0a, "long-operation-reject"}, {0x0b, "negotiation-reset"}, {0x0c, "waiting-for-logout"});

NAME_SET(async_event, "async event", {0, "scsi-event"}, {1, "logout-request"}, {2, "connection-drop"},
         {3, "session-drop"}, {4, "negotiation-request"}, {5, "task-termination"});

NAME_SET(snack_type, "SNACK type", {0, "data-r2t"}, {1, "status"}, {2, "data-ack"}, {3, "r-data"});

NAME_SET(sense_key, "sense key", {0x0, "NO-SENSE"}, {0x1, "RECOVERED-ERROR"}, {0x2, "NOT-READY"},
         {0x3, "MEDIUM-ERROR"}, {0x4, "HARDWARE-ERROR"}, {0x5, "ILLEGAL-REQUEST"}, {0x6, "UNIT-ATTENTION"},
         {0x7, "DATA-PROTECT"}, {0x8, "BLANK-CHECK"}, {0x9, "VENDOR-SPECIFIC"}, {0xa, "COPY-ABORTED"},
         {0xb, "ABORTED-COMMAND"}, {0xd, "VOLUME-OVERFLOW"}, {0xe, "MISCOMPARE"}, {0xf, "COMPLETED"});

const char *rig_name(const rig_names *names, uint32_t value)
{
    for (uint32_t i = 0; i < names->num_rows; i++)
        if (names->rows[i].value == value)
            return names->rows[i].name;
    return NULL;
}

bool rig_name_find(const rig_names *names, rig_view name, uint32_t *out_value)
{
    for (uint32_t i = 0; i < names->num_rows; i++)
        if (rig_view_is(name, names->rows[i].name)) {
            *out_value = names->rows[i].value;
            return true;
        }
    return false;
}

void rig_name_print(rig_text *out, const rig_names *names, uint32_t value)
{
    const char *name = rig_name(names, value);
    if (name)
        rig_text_view(out, rig_view_str(name));
    else
        rig_text_add(out, "0x%x", value);
}

bool rig_name_parse(const rig_names *names, rig_view text, uint32_t *out_value)
{
    uint64_t number;
    if (rig_name_find(names, text, out_value))
        return true;
    if (!rig_view_u64(text, &number) || number > UINT32_MAX)
        return false;
    *out_value = (uint32_t)number;
    return true;
}
