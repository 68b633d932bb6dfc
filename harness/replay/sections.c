/* Sections of another scenario, as it says them. */
#include "replay.h"

static bool in(const char *const *words, size_t num, rig_view word)
{
    for (size_t i = 0; i < num; i++)
        if (rig_view_is(word, words[i]))
            return true;
    return false;
}

/* Whether a statement of the top level is taken over. */
static bool is_taken(rig_view line, bool target)
{
    static const char *const never[] = {"scenario", "ref",   "level", "tags",  "choice",
                                        "seed",     "must", "never", "trace", "when"};
    static const char *const initiators[] = {"initiator", "run", "hba", "persist"};
    rig_view rest = line, word = rig_view_split(&rest, ' ');
    if (in(never, sizeof never / sizeof never[0], word))
        return false;
    if (rig_view_is(word, "play"))
        return rig_view_starts(rest, target ? "target" : "initiator");
    bool is_initiators = in(initiators, sizeof initiators / sizeof initiators[0], word);
    return target ? !is_initiators : !rig_view_is(word, "target");
}

static bool is_indented(rig_view line)
{
    return line.len == 0 || line.ptr[0] == ' ' || line.ptr[0] == '#';
}

void rig_replay_sections(rig_view text, bool target, rig_text *out)
{
    bool taken = false;
    while (text.ptr && text.len) {
        rig_view line = rig_view_split(&text, '\n');
        if (!is_indented(line))
            taken = is_taken(line, target);
        if (!taken || line.len == 0)
            continue;
        rig_text_view(out, line);
        rig_text_add(out, "\n");
    }
}
