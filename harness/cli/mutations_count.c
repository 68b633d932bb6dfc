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

void cli_mutation_missed(mutation_tally *tally, rig_view id, size_t reason, uint64_t num)
{
    for (size_t i = 0; i < tally->num_misses; i++)
        if (tally->misses[i].reason == reason && rig_view_is(id, tally->misses[i].id)) {
            tally->misses[i].num += num;
            return;
        }
    if (tally->num_misses == MUTATION_GROUPS_MAX || id.len >= MUTATION_ID_SIZE) {
        tally->full = true;
        return;
    }
    mutation_miss *miss = &tally->misses[tally->num_misses++];
    *miss = (mutation_miss){.reason = reason, .num = num};
    memcpy(miss->id, id.ptr, id.len);
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
    for (size_t i = 0; i < part->num_misses; i++)
        cli_mutation_missed(total, rig_view_str(part->misses[i].id), part->misses[i].reason,
                            part->misses[i].num);
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
    total->unexplained += part->unexplained;
    total->both_blamed += part->both_blamed;
    total->musts += part->musts;
    total->musts_found += part->musts_found;
    total->full |= part->full;
    for (unsigned w = 0; w < RIG_MUTATION_WAYS; w++)
        total->by_way[w] += part->by_way[w];
    add_lists(total, part);
}

unsigned cli_mutation_percent(uint64_t part, uint64_t whole)
{
    return whole ? (unsigned)(100 * part / whole) : 0;
}
