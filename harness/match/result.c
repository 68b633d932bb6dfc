/* What came of a case: one owner for all its strings and lists. */
#include "rig/result.h"

static const struct {
    const char *word;
    bool failed;
} verdicts[RIG_VERDICTS] = {
#define X(id, word, failed) [RIG_VERDICT_##id] = {word, failed},
    RIG_VERDICT_ROWS(X)
#undef X
};

const char *rig_verdict_word(rig_verdict verdict)
{
    return (unsigned)verdict < RIG_VERDICTS ? verdicts[verdict].word : "?";
}

bool rig_verdict_failed(rig_verdict verdict)
{
    return (unsigned)verdict >= RIG_VERDICTS || verdicts[verdict].failed;
}

static void drop_text(const rig_alloc *alloc, char *text)
{
    rig_delete(alloc, text, text ? strlen(text) + 1 : 0);
}

/* Strings end at the first NUL: their length is all that freeing them knows. */
static char *copy_text(const rig_alloc *alloc, rig_view value)
{
    return rig_copy_text(alloc, value.ptr ? value.ptr : (const uint8_t *)"", rig_view_find(value, 0));
}

rig_status rig_result_text(rig_result *result, char **text, rig_view value)
{
    char *copy = copy_text(result->alloc, value);
    if (!copy)
        return RIG_E_NOMEM;
    drop_text(result->alloc, *text);
    *text = copy;
    return RIG_OK;
}

/* The list with room for one more entry of `size` bytes; NULL without memory. Sizes are powers of two. */
static void *make_room(const rig_alloc *alloc, void *list, uint32_t num, size_t size)
{
    if (num & (num - 1))
        return list;
    if (num == 0)
        return rig_resize(alloc, NULL, 0, size);
    return rig_resize(alloc, list, num * size, 2 * (size_t)num * size);
}

static size_t list_size(uint32_t num, size_t size)
{
    size_t room = num ? 1 : 0;
    while (room < num)
        room *= 2;
    return room * size;
}

rig_finding *rig_result_finding(rig_result *result, rig_finding_kind kind, rig_scn_place place,
                                const char *text)
{
    char *copy = copy_text(result->alloc, rig_view_str(text));
    rig_finding *list =
        copy ? make_room(result->alloc, result->findings, result->num_findings, sizeof *list) : NULL;
    if (!list) {
        drop_text(result->alloc, copy);
        return NULL;
    }
    result->findings = list;
    rig_finding *finding = &list[result->num_findings++];
    *finding = (rig_finding){.kind = kind, .place = place, .text = copy, .item = UINT32_MAX};
    return finding;
}

rig_status rig_result_check(rig_result *result, const rig_scn_must *must, bool held)
{
    rig_check *list = make_room(result->alloc, result->checks, result->num_checks, sizeof *list);
    if (!list)
        return RIG_E_NOMEM;
    result->checks = list;
    list[result->num_checks++] = (rig_check){.must = must, .held = held};
    return RIG_OK;
}

void rig_result_cleanup(rig_result *result)
{
    const rig_alloc *alloc = result->alloc;
    if (!alloc)
        return;
    for (uint32_t i = 0; i < result->num_findings; i++) {
        drop_text(alloc, result->findings[i].expected);
        drop_text(alloc, result->findings[i].actual);
        drop_text(alloc, result->findings[i].text);
    }
    rig_delete(alloc, result->findings, list_size(result->num_findings, sizeof *result->findings));
    rig_delete(alloc, result->checks, list_size(result->num_checks, sizeof *result->checks));
    char *texts[] = {result->path, result->reason, result->capture, result->repeat};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        drop_text(alloc, texts[i]);
    rig_scn_free(result->scn);
    if (result->items.alloc)
        rig_items_cleanup(&result->items);
    *result = (rig_result){.alloc = alloc};
}
