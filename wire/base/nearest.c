#include "rig/view.h"

#define NEAREST_WORD_MAX 64 /* longest word compared; bounds the table on the stack */

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned edit_distance(rig_view a, rig_view b)
{
    uint8_t row[NEAREST_WORD_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        uint8_t diagonal = row[0];
        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned change = diagonal + (a.ptr[i - 1] == b.ptr[j - 1] ? 0u : 1u);
            diagonal = row[j];
            row[j] = (uint8_t)least(change, 1u + least(row[j], row[j - 1]));
        }
    }
    return row[b.len];
}

size_t rig_nearest(rig_view word, const char *const *names, size_t num_names)
{
    size_t best = num_names;
    unsigned limit = word.len < 6 ? 1 : (unsigned)(word.len / 3);
    if (word.len > NEAREST_WORD_MAX)
        return num_names;
    for (size_t i = 0; i < num_names; i++) {
        rig_view name = rig_view_str(names[i]);
        if (name.len > NEAREST_WORD_MAX)
            continue;
        unsigned distance = edit_distance(word, name);
        if (distance < limit || (distance == limit && best == num_names)) {
            limit = distance;
            best = i;
        }
    }
    return best;
}
