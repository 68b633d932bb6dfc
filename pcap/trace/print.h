/* Parts of a printed line. */
#ifndef TRC_PRINT_H
#define TRC_PRINT_H

#include "names.h"

#define TRC_COLUMNS 100 /* where text keys go on in the next line */

/* Whether a trace shows the field: not when its value goes without saying. */
bool trc_field_shown(const rig_item *item, rig_pdu_kind kind, rig_field_id field);

/* What symbols stand for in the item's place. */
typedef struct trc_context {
    rig_trace *trace;
    const rig_item *item;
    rig_pdu_kind kind;
    trc_connection *connection;
    trc_session *session;
    uint32_t task; /* name of the item's task, 0 = none yet */
} trc_context;

/* Appends the field's symbol; false, appending nothing, when it has none. *out_status may become RIG_E_NOMEM.
 */
bool trc_symbol(trc_context *context, rig_text *out, rig_field_id field, rig_status *out_status);

/* Books what the item ended. */
void trc_symbols_ended(trc_context *context);

/* A Login Request's ExpStatSN before the first StatSN says nothing (RFC 7143 section 11.12.9). */
bool trc_unbound(const trc_context *context, rig_field_id field);

/* Appends the keys of a text on continuation lines. */
void trc_keys(rig_text *out, rig_view text);

#endif
