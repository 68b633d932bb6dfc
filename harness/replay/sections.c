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
    static const char *const never[] = {"scenario", "ref",  "level", "tags", "choice",
                                        "seed",     "must", "never", "trace"};
    /* what the initiator said inside IPsec is played in the clear, so a target that requires it would hear
     * nothing */
    static const char *const initiators[] = {"initiator", "run", "hba", "persist", "ipsec"};
    rig_view rest = line, word = rig_view_split(&rest, ' ');
    if (in(never, sizeof never / sizeof never[0], word))
        return false;
    if (rig_view_is(word, "play"))
        return rig_view_starts(rest, target ? "target" : "initiator");
    bool is_initiators = in(initiators, sizeof initiators / sizeof initiators[0], word);
    return target ? !is_initiators : !rig_view_is(word, "target");
}

static size_t indent_of(rig_view line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] == ' ')
        n++;
    return n;
}

typedef struct taker {
    bool target;
    bool taken;    /* the statement that the line belongs to */
    rig_view when; /* the guard it stands under, as long as nothing of it was taken */
    bool guarded;
    size_t indent; /* of the statements under the guard */
    rig_text *out;
} taker;

static void put(const taker *t, rig_view line)
{
    rig_text_view(t->out, line);
    rig_text_add(t->out, "\n");
}

/* Of what a guard holds only plays are taken; the guard stands before the first of them. */
static void take_guarded(taker *t, rig_view line)
{
    size_t indent = indent_of(line);
    if (!t->indent)
        t->indent = indent;
    if (indent == t->indent) {
        rig_view statement = rig_view_sub(line, indent, line.len);
        t->taken = rig_view_starts(statement, "play ") && is_taken(statement, t->target);
    }
    if (!t->taken)
        return;
    if (t->when.len)
        put(t, t->when);
    t->when = (rig_view){0};
    put(t, line);
}

static void take_line(taker *t, rig_view line)
{
    size_t indent = indent_of(line);
    if (indent == line.len || line.ptr[indent] == '#')
        return;
    if (indent == 0) {
        t->guarded = rig_view_starts(line, "when ");
        t->when = line;
        t->indent = 0;
        t->taken = !t->guarded && is_taken(line, t->target);
    } else if (t->guarded) {
        take_guarded(t, line);
        return;
    }
    if (t->taken)
        put(t, line);
}

void rig_replay_sections(rig_view text, bool target, rig_text *out)
{
    taker t = {.target = target, .out = out};
    while (text.ptr && text.len)
        take_line(&t, rig_view_split(&text, '\n'));
}
