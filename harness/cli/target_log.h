/* The log of a target that serves: one line an event, never more than people can read. */
#ifndef TARGET_LOG_H
#define TARGET_LOG_H

#include "rig/target.h"

#define TARGET_LOG_LINES 10      /* a second, of one connection … */
#define TARGET_LOG_LINES_ALL 200 /* … and of all together */
#define TARGET_LOG_PEERS 256     /* connections that are told apart */

/* Lines of one connection, or of all, in the second that began at since. */
typedef struct target_log_count {
    rig_address peer;
    uint64_t since;
    uint32_t lines, left; /* written, left out */
} target_log_count;

typedef struct target_log {
    bool quiet, json;
    target_log_count peers[TARGET_LOG_PEERS];
    target_log_count all;
    uint32_t num_left; /* counts with lines left out */
} target_log;

/* A rig_target_config.event whose ctx is a target_log. */
void target_log_event(void *ctx, const rig_target_event *event);

/* What the program itself has to say. */
__attribute__((format(printf, 3, 4))) void target_log_say(target_log *log, const char *event,
                                                          const char *format, ...);

/* Says what was left out in seconds that are over; RIG_NEVER, or when to call again. */
uint64_t target_log_tick(target_log *log, uint64_t now);

/* The last word: what was left out until now. */
void target_log_end(target_log *log);

#endif
