/* Items of a line by the value of a variable. */
#ifndef MATCH_INDEX_H
#define MATCH_INDEX_H

#include "matching.h"

/* Zero-initialised. */
typedef struct match_index {
    const rig_scn_cond *cond; /* FIELD=$x; NULL until the index is built, or when nothing can be indexed */
    uint32_t *buckets;        /* item + 1 */
    uint32_t *next;           /* of each item: the next one of its bucket */
    uint32_t num_buckets;
    size_t num_items;
    uint32_t searches;
} match_index;

/* match_find, faster when it is asked often. */
size_t match_index_find(match_index *index, match_run *run, const match_look *look, size_t from, size_t to);
void match_index_cleanup(match_index *index, const rig_alloc *alloc);

#endif
