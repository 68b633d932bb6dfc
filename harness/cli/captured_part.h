/* The items of a capture as far as a part of it needs them. */
#ifndef CLI_CAPTURED_PART_H
#define CLI_CAPTURED_PART_H

#include "rig/item.h"

#define PART_WINDOW_MAX                                                                                      \
    10000 /* PDUs in front of a part that keep their data at least: a task may have begun there */
#define PART_WINDOW_BYTES (16u << 20) /* the same, in bytes of it */
#define PART_BEHIND_MAX 20000         /* items behind it: a task may end there */
#define PART_BYTES_MAX (512u << 20)   /* data of all that is kept */

/* Zeroed, with alloc, max, from and to set. Three lists, one behind the other. */
typedef struct cli_part {
    const rig_alloc *alloc;
    uint32_t from, to; /* frames, 0 = open */
    size_t max;        /* items of all lists */
    rig_items bare;    /* far in front of it: without data of commands, since numbers count there, too */
    rig_items older;   /* the last ones in front of it … */
    rig_items newer;   /* … and the part */
    uint64_t older_bytes, newer_bytes;
    size_t behind;
} cli_part;

/* Takes the next item. RIG_E_NOMEM, RIG_E_LIMIT. */
rig_status cli_part_take(cli_part *part, const rig_item *item);

/* All that was kept, in order; it refers to the part, which has to outlive it. RIG_E_NOMEM. */
rig_status cli_part_items(const cli_part *part, rig_items *out_items);

void cli_part_free(cli_part *part);

#endif
