#include "mutations.h"

#include <string.h>

mutation_id *cli_mutation_id(mutation_tally *tally, rig_view id)
{
    for (size_t i = 0; i < tally->num_ids; i++)
        if (rig_view_is(id, tally->ids[i].id))
            return &tally->ids[i];
    if (tally->num_ids == MUTATION_IDS_MAX || id.len >= MUTATION_ID_SIZE) {
        tally->full = true;
        return NULL;
    }
    mutation_id *entry = &tally->ids[tally->num_ids++];
    *entry = (mutation_id){0};
    memcpy(entry->id, id.ptr, id.len);
    return entry;
}

static bool same(const mutation_miss *miss, rig_view id, const rig_mutation *m,
                 const rig_mutation_label *label)
{
    return rig_view_is(id, miss->id) && miss->kind == m->kind && miss->label == label->line &&
           strcmp(miss->what, m->what) == 0 && strcmp(miss->how, m->how) == 0;
}

void cli_mutation_missed(mutation_tally *tally, rig_view id, const rig_mutation *m,
                         const rig_mutation_label *label, uint64_t num)
{
    for (size_t i = 0; i < tally->num_misses; i++)
        if (same(&tally->misses[i], id, m, label)) {
            tally->misses[i].num += num;
            return;
        }
    if (tally->num_misses == MUTATION_GROUPS_MAX || id.len >= MUTATION_ID_SIZE) {
        tally->full = true;
        return;
    }
    mutation_miss *miss = &tally->misses[tally->num_misses++];
    *miss = (mutation_miss){.kind = m->kind, .what = m->what, .label = label->line, .num = num};
    memcpy(miss->id, id.ptr, id.len);
    memcpy(miss->how, m->how, sizeof miss->how);
}

static void add_lists(mutation_tally *total, const mutation_tally *part)
{
    for (size_t i = 0; i < part->num_ids; i++) {
        mutation_id *entry = cli_mutation_id(total, rig_view_str(part->ids[i].id));
        if (!entry)
            return;
        entry->must = part->ids[i].must;
        entry->broken += part->ids[i].broken;
        entry->found += part->ids[i].found;
    }
    for (size_t i = 0; i < part->num_misses; i++) {
        const mutation_miss *miss = &part->misses[i];
        rig_mutation m = {.kind = miss->kind, .what = miss->what};
        const rig_mutation_label label = {.line = miss->label};
        memcpy(m.how, miss->how, sizeof m.how);
        cli_mutation_missed(total, rig_view_str(miss->id), &m, &label, miss->num);
    }
}

void cli_mutation_add(mutation_tally *total, const mutation_tally *part)
{
    total->pdus += part->pdus;
    total->mutations += part->mutations;
    total->breaking += part->breaking;
    total->legal += part->legal;
    total->unknown += part->unknown;
    total->unlabelled += part->unlabelled;
    total->false_alarms += part->false_alarms;
    total->musts += part->musts;
    total->musts_found += part->musts_found;
    total->full |= part->full;
    for (unsigned w = 0; w <= RIG_MUTATE_CROSS; w++)
        total->by_way[w] += part->by_way[w];
    add_lists(total, part);
}
