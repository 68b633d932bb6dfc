/* Which items a trace shows: --filter. */
#ifndef CLI_TRACE_FILTER_H
#define CLI_TRACE_FILTER_H

#include "cli.h"

#define TRACE_FILTER_VALUES 32 /* of one name */
#define TRACE_FILTER_TASKS                                                                                   \
    4096 /* whose logical unit is known; a newer one takes the place of an older one                         \
          */

/* What can be asked for. */
typedef enum trace_about {
    TRACE_SESSION,
    TRACE_CONNECTION,
    TRACE_OPCODE,
    TRACE_ITT,
    TRACE_LUN,
    TRACE_ABOUTS
} trace_about;

typedef struct trace_task {
    uint32_t session, itt;
    uint64_t lun;
} trace_task;

typedef struct trace_filter {
    uint64_t values[TRACE_ABOUTS][TRACE_FILTER_VALUES];
    uint32_t num[TRACE_ABOUTS];
    trace_task tasks[TRACE_FILTER_TASKS]; /* by session and ITT */
} trace_filter;

/* NAME=VALUE[,VALUE…]; names that are given again add values. CLI_OK, or CLI_USAGE after a complaint. */
int trace_filter_add(trace_filter *filter, const char *argument);

bool trace_filter_any(const trace_filter *filter);

/* Whether the item is asked for: one of the values of each name that has some. Takes every item, in order. */
bool trace_filter_passes(trace_filter *filter, const rig_item *item, uint32_t session);

#endif
