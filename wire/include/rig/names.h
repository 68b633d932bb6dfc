/** @file
 * Every named value of the protocol as rows {value, name}: printer and parser read the same rows.
 */
#ifndef RIG_NAMES_H
#define RIG_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "rig/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/** rig_name_row is one named value. */
typedef struct rig_name_row {
    uint32_t value;   /**< the value on the wire */
    const char *name; /**< its name in traces and scenarios: no blanks */
} rig_name_row;

/** rig_names is one set of named values. Static storage. */
typedef struct rig_names {
    const char *what;         /**< what is named, for messages: "SCSI status" */
    const rig_name_row *rows; /**< in ascending order of value */
    uint32_t num_rows;        /**< rows */
} rig_names;

extern const rig_names
    rig_names_scsi_status; /**< GOOD, CHECK-CONDITION, BUSY … (SAM-5; RFC 7143 section 11.4.2) */
extern const rig_names rig_names_scsi_response; /**< completed, target-failure (section 11.4.3) */
extern const rig_names rig_names_task_attr;     /**< untagged, simple, ordered, head-of-queue, aca (11.3.1) */
extern const rig_names rig_names_tmf_function;  /**< abort-task … query-async-event (11.5.1, RFC 7144) */
extern const rig_names rig_names_tmf_response;  /**< complete, no-such-task … rejected (11.6.1) */
extern const rig_names
    rig_names_login_status; /**< class << 8 | detail: Success, moved-temporarily … (11.13.5) */
extern const rig_names
    rig_names_logout_reason; /**< close-session, close-connection, remove-for-recovery (11.14.1) */
extern const rig_names
    rig_names_logout_response; /**< closed, no-such-cid, recovery-unsupported, cleanup-failed */
extern const rig_names rig_names_reject_reason; /**< data-digest-error, snack-reject … (11.17.1) */
extern const rig_names rig_names_async_event; /**< scsi-event, logout-request … task-termination (11.9.1) */
extern const rig_names rig_names_snack_type;  /**< data-r2t, status, data-ack, r-data (11.16.1) */
extern const rig_names rig_names_sense_key;   /**< NO-SENSE, … ABORTED-COMMAND … (SPC-4 table 43) */

/** rig_name gives the name of value, or NULL when the set has none. */
const char *rig_name(const rig_names *names, uint32_t value);

/** rig_name_find is the inverse; false when the set has no such name. */
bool rig_name_find(const rig_names *names, rig_view name, uint32_t *out_value);

/** rig_name_print appends the name, or the value as 0x… when it has none: what rig_name_parse reads back. */
void rig_name_print(rig_text *out, const rig_names *names, uint32_t value);

/** rig_name_parse reads a name or a number. */
bool rig_name_parse(const rig_names *names, rig_view text, uint32_t *out_value);

#ifdef __cplusplus
}
#endif

#endif
