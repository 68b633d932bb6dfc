/* Items as rows of a ladder, or as JSON. */
#ifndef CLI_TRACE_FORMS_H
#define CLI_TRACE_FORMS_H

#include "cli.h"

#define TRACE_LANE 90 /* columns between the two sides */

/* One item between its initiator (left) and its target; text is that of the trace, first the time of the
 * capture. */
void trace_ladder(const rig_item *item, rig_view text, uint64_t first);

/* One object on a line of its own; text as above. False without memory. */
bool trace_json(const rig_item *item, uint32_t session, rig_view text, rig_view agreed);

/* What was read, as a last object; of the lines of it, each is one text. False without memory. */
bool trace_json_read(rig_view lines);

#endif
