/* The checks that noticed faults of the target, by what they say. */
#include "rig/noticed.h"

#include <string.h>

static bool is_digit(uint8_t c, bool hex)
{
    return (c >= '0' && c <= '9') || (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/* The length of the number at the beginning, as 0x1f or 12; 0 when there is none. */
static size_t number_len(rig_view said)
{
    bool hex = rig_view_starts(said, "0x") && said.len > 2 && is_digit(said.ptr[2], true);
    size_t len = hex ? 2 : 0;
    while (len < said.len && is_digit(said.ptr[len], hex))
        len++;
    return len;
}

static void name_check(char check[RIG_CHECK_SIZE], rig_view said)
{
    size_t at = 0;
    while (said.len > 0 && at + 1 < RIG_CHECK_SIZE) {
        size_t number = number_len(said);
        check[at++] = number ? '#' : (char)said.ptr[0];
        said = rig_view_sub(said, number ? number : 1, said.len);
    }
    check[at] = '\0';
}

static rig_noticed *find(const rig_noticed_list *list, rig_fault fault, const char *check)
{
    for (size_t i = 0; i < list->num; i++)
        if (list->ptr[i].fault == fault && strcmp(list->ptr[i].check, check) == 0)
            return &list->ptr[i];
    return NULL;
}

rig_status rig_noticed_add(rig_noticed_list *list, const rig_alloc *alloc, rig_fault fault, bool alone,
                           rig_view said)
{
    rig_noticed noticed = {.fault = fault, .alone = alone};
    name_check(noticed.check, said);
    rig_noticed *known = find(list, fault, noticed.check);
    if (known) {
        known->alone = known->alone || alone;
        return RIG_OK;
    }
    if (list->num == RIG_NOTICED_MAX)
        return RIG_E_LIMIT;
    rig_noticed *more =
        rig_resize(alloc, list->ptr, list->num * sizeof *more, (list->num + 1) * sizeof *more);
    if (!more)
        return RIG_E_NOMEM;
    list->ptr = more;
    more[list->num++] = noticed;
    return RIG_OK;
}

bool rig_noticed_has(const rig_noticed_list *list, rig_fault fault)
{
    for (size_t i = 0; i < list->num; i++)
        if (list->ptr[i].fault == fault)
            return true;
    return false;
}

static bool noticed_alone(const rig_noticed_list *list, rig_fault fault)
{
    for (size_t i = 0; i < list->num; i++)
        if (list->ptr[i].fault == fault && list->ptr[i].alone)
            return true;
    return false;
}

/* A check of both, when every check that counts for `part` counts for `whole`. */
static const char *part_of(const rig_noticed_list *list, rig_fault part, rig_fault whole)
{
    bool part_alone = noticed_alone(list, part), whole_alone = noticed_alone(list, whole);
    const char *shared = NULL;
    for (size_t i = 0; i < list->num; i++) {
        const rig_noticed *mine = &list->ptr[i];
        if (mine->fault != part || mine->alone < part_alone)
            continue;
        const rig_noticed *theirs = find(list, whole, mine->check);
        if (!theirs || theirs->alone < whole_alone)
            return NULL;
        shared = mine->check;
    }
    return shared;
}

const char *rig_noticed_alike(const rig_noticed_list *list, rig_fault a, rig_fault b)
{
    const char *shared = part_of(list, a, b);
    return shared ? shared : part_of(list, b, a);
}

/* Pairs of one fault with those behind it. */
static unsigned twins_of(const rig_noticed_list *list, const rig_fault_row rows[RIG_FAULTS], rig_fault a,
                         rig_twins_fn *twins, void *ctx)
{
    unsigned num = 0;
    for (unsigned b = a + 1; b < RIG_FAULTS; b++) {
        bool overlap = rig_fault_rows_overlap(&rows[a], &rows[b]);
        const char *check = overlap ? rig_noticed_alike(list, a, (rig_fault)b) : NULL;
        if (!check)
            continue;
        twins(ctx, &rows[a], &rows[b], check);
        num++;
    }
    return num;
}

unsigned rig_noticed_twins(const rig_noticed_list *list, const rig_fault_row rows[RIG_FAULTS],
                           rig_twins_fn *twins, void *ctx)
{
    unsigned num = 0;
    for (unsigned a = 0; a < RIG_FAULTS; a++)
        num += twins_of(list, rows, (rig_fault)a, twins, ctx);
    return num;
}

void rig_noticed_free(rig_noticed_list *list, const rig_alloc *alloc)
{
    rig_delete(alloc, list->ptr, list->num * sizeof *list->ptr);
    *list = (rig_noticed_list){0};
}
