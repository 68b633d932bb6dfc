/** @file
 * Management calls as lines of text, as the service's socket carries them.
 *
 * A request is `WORD JSON`, an answer `NUMBER JSON WHY`: the word of the call and its request record, the
 * code in hex, the reply record ({} where the code has none) and, behind a tab, why it failed. One line each;
 * a connection carries any number of requests, answered in the order their answers are ready in, so whoever
 * wants to tell them apart sends one at a time.
 */
#ifndef RIG_MESSAGE_H
#define RIG_MESSAGE_H

#include "rig/calls.h"

#define RIG_REQUEST_MAX (1024u * 1024)      /**< most bytes of a request's line */
#define RIG_ANSWER_MAX (256u * 1024 * 1024) /**< most bytes of an answer's line */

/** rig_line is a line of text with its newline, owned. */
typedef struct rig_line {
    char *ptr;  /**< its bytes */
    size_t len; /**< how many */
} rig_line;

/** rig_line_free wipes and frees a line; an empty one is fine. */
void rig_line_free(const rig_alloc *alloc, rig_line *line);

/** rig_request_write makes the line of a request, secrets included. RIG_E_NOMEM, RIG_E_LIMIT. */
rig_status rig_request_write(const rig_alloc *alloc, const rig_call *call, const void *request,
                             rig_line *out_line);

/** rig_request_read takes a line (without its newline) apart. *out_request is a record of the call's request
 * shape, freed with rig_request_free. RIG_E_NOT_FOUND for an unknown call, else as rig_record_from_json. */
rig_status rig_request_read(const rig_alloc *alloc, rig_view line, const rig_call **out_call,
                            void **out_request, rig_error *err);

/** rig_request_free frees what rig_request_read gave. */
void rig_request_free(const rig_alloc *alloc, const rig_call *call, void *request);

/** rig_answer_write makes the line of an answer, without secrets. reply may be NULL, why, too. RIG_E_NOMEM,
 * RIG_E_LIMIT. */
rig_status rig_answer_write(const rig_alloc *alloc, const rig_call *call, rig_code code, const void *reply,
                            const rig_error *why, rig_line *out_line);

/** rig_answer_read takes a line (without its newline) apart; reply is a zeroed record of the call's reply
 * shape, why gets the reason, if there is one. RIG_E_SYNTAX and what rig_record_from_json says, with err. */
rig_status rig_answer_read(const rig_alloc *alloc, const rig_call *call, rig_view line, rig_code *out_code,
                           void *reply, rig_error *why, rig_error *err);

#endif
