/* Security flags as text. */
#include "rig/hba.h"

static const struct {
    const char *word;
    uint64_t bit;
} flags_rows[] = {
#define X(id, word, bit) {word, bit},
    RIG_SECURITY_ROWS(X)
#undef X
};

#define NUM_FLAGS (sizeof flags_rows / sizeof flags_rows[0])

static bool flag_find(rig_view word, uint64_t *out_bit)
{
    for (size_t i = 0; i < NUM_FLAGS; i++)
        if (rig_view_is(word, flags_rows[i].word)) {
            *out_bit = flags_rows[i].bit;
            return true;
        }
    return false;
}

rig_status rig_security_parse(rig_view text, uint64_t *out_flags, rig_error *err)
{
    const char *names[NUM_FLAGS];
    uint64_t flags = 0;
    if (rig_view_u64(text, out_flags))
        return RIG_OK;
    for (size_t i = 0; i < NUM_FLAGS; i++)
        names[i] = flags_rows[i].word;
    for (rig_view rest = text; rest.ptr;) {
        rig_view word = rig_view_split(&rest, '+');
        uint64_t bit = 0;
        if (!flag_find(word, &bit)) {
            size_t near = rig_nearest(word, names, NUM_FLAGS);
            return rig_fail(err, RIG_E_SYNTAX, "unknown security flag \"%.*s\"%s%s", RIG_VIEW_ARG(word),
                            near < NUM_FLAGS ? ", did you mean " : "", near < NUM_FLAGS ? names[near] : "");
        }
        flags |= bit;
    }
    *out_flags = flags;
    return RIG_OK;
}

void rig_security_print(rig_text *out, uint64_t flags)
{
    const char *plus = "";
    for (size_t i = 0; i < NUM_FLAGS; i++)
        if (flags & flags_rows[i].bit) {
            rig_text_add(out, "%s%s", plus, flags_rows[i].word);
            plus = "+";
        }
    if (flags == 0)
        rig_text_add(out, "none");
}
