/* The names a trace has given so far. */
#ifndef TRC_NAMES_H
#define TRC_NAMES_H

#include "rig/map.h"
#include "rig/trace.h"

#define TRC_TAGS_MAX 65536 /* tags remembered; the oldest is forgotten first */
#define TRC_NEAR (1 << 20) /* furthest a number is written relative to its base */

typedef enum trc_tag_kind { TRC_ITT, TRC_TTT } trc_tag_kind;

typedef struct trc_tag {
    uint32_t session;
    uint32_t value;
    uint32_t name;  /* N of $tN or $rN */
    uint32_t task;  /* TTT: name of the task it belongs to */
    uint32_t order; /* TTT: R2TSN */
    uint32_t next;  /* index + 1 of the next one in the bucket */
    uint8_t kind;
    bool ended; /* the next use begins something new */
} trc_tag;

typedef struct trc_base {
    bool known;
    uint32_t value;
    uint32_t name;
} trc_base;

/* Lives as long as one of its connections is remembered. */
typedef struct trc_session {
    rig_map_link link; /* once its TSIH is known */
    bool linked;
    uint32_t number;      /* from 1 in order of appearance */
    uint32_t connections; /* remembered ones */
    uint64_t isid;
    uint16_t tsih;
    uint32_t tsih_name; /* 0 = none yet */
    trc_base cmd_sn;
} trc_session;

typedef struct trc_connection {
    rig_map_link link;
    struct trc_connection *newer, *older; /* by last use */
    uint32_t index;
    trc_session *session;
    trc_base stat_sn;
    struct trc_said *said; /* in its login, NULL outside */
} trc_connection;

struct rig_trace_names {
    rig_map connections, sessions;
    trc_connection *newest, *oldest_used;
    uint32_t num_sessions; /* so far */
    trc_tag *tags;
    uint32_t *buckets; /* index + 1 of the first tag; as many as tags */
    size_t num_tags, size_tags, oldest;
    uint32_t next_itt, next_ttt, next_cmd_sn, next_stat_sn, next_tsih; /* names given */
};

/* Finds, or makes, what belongs to the item's connection. RIG_E_NOMEM. */
rig_status trc_place(rig_trace *trace, const rig_item *item, trc_connection **out_connection,
                     trc_session **out_session);

/* agreed.c: books the keys of a Login PDU; RIG_E_NOMEM. */
rig_status trc_said_take(rig_trace *trace, const rig_item *item, trc_connection *connection);
void trc_said_forget(const rig_trace *trace, trc_connection *connection);

/* The tag's entry, NULL when it has none. */
trc_tag *trc_tag_find(rig_trace *trace, uint32_t session, trc_tag_kind kind, uint32_t value);

/* Gives the tag a new name. NULL without memory. */
trc_tag *trc_tag_name(rig_trace *trace, uint32_t session, trc_tag_kind kind, uint32_t value);

#endif
