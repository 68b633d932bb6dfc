/* Items of a line by the value of one field: `after` and `before` lines that use a variable are looked for
 * again for each candidate, which must not cost a walk over all items each time. */
#include "index.h"

#define INDEX_AFTER 32 /* searches before the index pays */

static const rig_scn_cond *keyed_cond(const rig_scn_line *line)
{
    for (uint32_t i = 0; line->kind != RIG_SCN_EVENT && i < line->num_conds; i++) {
        const rig_scn_cond *cond = &line->conds[i];
        bool keyed = cond->kind == RIG_SCN_C_FIELD && cond->pattern.match == RIG_SCN_IS &&
                     cond->pattern.low.var != RIG_SCN_NO_VAR && (unsigned)line->pdu < RIG_PDU_KINDS &&
                     cond->field < RIG_FIELDS && rig_fields[cond->field].form != RIG_FORM_CDB;
        if (keyed)
            return cond;
    }
    return NULL;
}

static uint32_t bucket_of(const match_index *index, uint64_t value)
{
    uint64_t mixed = value * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) & (index->num_buckets - 1);
}

/* From the last item to the first, so that chains ascend. */
static void fill(match_index *index, const match_run *run, const rig_scn_line *line)
{
    for (size_t i = run->num_items; i-- > 0;) {
        if (match_other(line, &run->items[i]))
            continue;
        uint32_t bucket = bucket_of(index, rig_get(run->items[i].pdu.bhs, index->cond->field));
        index->next[i] = index->buckets[bucket];
        index->buckets[bucket] = (uint32_t)i + 1;
    }
}

static bool build(match_index *index, match_run *run, const rig_scn_line *line)
{
    index->num_items = run->num_items;
    for (index->num_buckets = 1; index->num_buckets < run->num_items; index->num_buckets *= 2)
        ;
    index->buckets = rig_new(run->out->alloc, index->num_buckets * sizeof *index->buckets);
    index->next = rig_new(run->out->alloc, index->num_items * sizeof *index->next);
    if (!index->buckets || !index->next) {
        match_index_cleanup(index, run->out->alloc);
        run->status = RIG_E_NOMEM;
        return false;
    }
    fill(index, run, line);
    return true;
}

void match_index_cleanup(match_index *index, const rig_alloc *alloc)
{
    rig_delete(alloc, index->buckets, index->num_buckets * sizeof *index->buckets);
    rig_delete(alloc, index->next, index->num_items * sizeof *index->next);
    index->buckets = NULL;
    index->next = NULL;
}

static size_t find_in_chain(const match_index *index, match_run *run, const match_look *look, size_t from,
                            size_t to)
{
    const rig_scn_value *low = &index->cond->pattern.low;
    unsigned bits = rig_fields[index->cond->field].bits;
    uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
    uint64_t value = (run->binds[low->var].number + (uint64_t)low->offset) & mask;
    for (uint32_t i = index->buckets[bucket_of(index, value)]; i && i <= to && run->budget > 0;
         i = index->next[i - 1])
        if (i > from && match_line(run, look, &run->items[i - 1]))
            return i - 1;
    return MATCH_NONE;
}

size_t match_index_find(match_index *index, match_run *run, const match_look *look, size_t from, size_t to)
{
    if (index->searches < INDEX_AFTER && ++index->searches == INDEX_AFTER) {
        index->cond = run->num_items < UINT32_MAX ? keyed_cond(look->line) : NULL;
        if (index->cond && !build(index, run, look->line))
            index->cond = NULL;
    }
    if (index->cond && run->binds[index->cond->pattern.low.var].set)
        return find_in_chain(index, run, look, from, to);
    return match_find(run, look, from, to);
}
