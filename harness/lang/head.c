/* The lines at the top: scenario, ref, level, tags, choice, seed, needs; and the network. */
#include "lang.h"

static const char *const line_words[] = {"scenario", "ref",  "level",   "tags",  "choice", "seed",
                                         "needs",    "link", "latency", "sweep", "include"};

/* Words of the top may stand one after the other in a line. */
static bool at_word(lang_parser *p, lang_cursor *c)
{
    rig_view text = lang_peek(p, c);
    for (size_t i = 0; i < sizeof(line_words) / sizeof(line_words[0]); i++)
        if (rig_view_is(text, line_words[i]))
            return true;
    return lang_end(p, c);
}

static bool add_view(lang_parser *p, lang_vec *vec, rig_view text)
{
    rig_view *entry = LANG_ADD(p, vec, rig_view);
    if (!entry)
        return lang_nomem(p->report);
    *entry = text;
    return true;
}

static bool read_ref(lang_parser *p, lang_cursor *c)
{
    rig_view document = lang_next(p, c);
    bool any = false;
    while (!at_word(p, c)) {
        rig_scn_ref *ref = LANG_ADD(p, &p->refs, rig_scn_ref);
        if (!ref)
            return lang_nomem(p->report);
        *ref = (rig_scn_ref){document, lang_unquote(p, lang_next(p, c))};
        any = true;
    }
    return any || lang_bad(p, c, RIG_E_SYNTAX, "ref wants a document and its sections");
}

static bool read_tags(lang_parser *p, lang_cursor *c)
{
    while (!at_word(p, c))
        if (!add_view(p, &p->tags, lang_unquote(p, lang_next(p, c))))
            return false;
    return true;
}

static bool read_seeds(lang_parser *p, lang_cursor *c)
{
    while (!at_word(p, c)) {
        uint64_t *seed = LANG_ADD(p, &p->seeds, uint64_t);
        if (!seed)
            return lang_nomem(p->report);
        if (!rig_view_u64(lang_peek(p, c), seed))
            return lang_bad(p, c, RIG_E_SYNTAX, "a seed is a number");
        c->at++;
    }
    return true;
}

static bool read_needs(lang_parser *p, lang_cursor *c, const rig_scn_word *word)
{
    static const uint32_t bits[] = {RIG_SCN_NEEDS_SIM,           RIG_SCN_NEEDS_TCP,
                                    RIG_SCN_NEEDS_PEER,          RIG_SCN_NEEDS_OUR_TARGET,
                                    RIG_SCN_NEEDS_OUR_INITIATOR, RIG_SCN_NEEDS_WRITES};
    do {
        rig_scn_value value;
        if (!lang_value_read(p, c, &word->args[0], &value))
            return false;
        p->out->needs |= bits[value.number];
    } while (!at_word(p, c));
    return true;
}

static bool read_link(lang_parser *p, lang_cursor *c)
{
    uint32_t first = c->at;
    while (!at_word(p, c))
        c->at++;
    if (c->at == first)
        return lang_bad(p, c, RIG_E_SYNTAX, "link wants its kind: delay 20ms, drop every=5 …");
    rig_scn_link *link = LANG_ADD(p, &p->links, rig_scn_link);
    if (!link)
        return lang_nomem(p->report);
    *link = (rig_scn_link){lang_place_span(p, first, c->at), lang_text_of(p, first, c->at)};
    return true;
}

static bool read_value(lang_parser *p, lang_cursor *c, const rig_scn_word *word)
{
    rig_scn_value value;
    if (!lang_value_read(p, c, &word->args[0], &value))
        return false;
    if (word->id == LANG_SCENARIO)
        p->out->title = value.text;
    if (word->id == LANG_LATENCY)
        p->out->latency = value.number;
    if (word->id == LANG_LEVEL) {
        p->out->level = (rig_scn_level)value.number;
        p->has_level = true;
    }
    return word->id != LANG_CHOICE || add_view(p, &p->choices, value.text);
}

bool lang_head_stmt(lang_parser *p, lang_cursor *c, const rig_scn_word *word, uint32_t token)
{
    if (at_word(p, c))
        return lang_bad_at(p, lang_place(p, token), RIG_E_SYNTAX, "%s wants something behind it", word->name);
    switch (word->id) {
    case LANG_REF:
        return read_ref(p, c);
    case LANG_TAGS:
        return read_tags(p, c);
    case LANG_SEED:
        return read_seeds(p, c);
    case LANG_NEEDS:
        return read_needs(p, c, word);
    case LANG_LINK:
        return read_link(p, c);
    case LANG_SWEEP: /* read before, when the file was opened */
    case LANG_INCLUDE:
        c->at = c->end;
        return true;
    default:
        return read_value(p, c, word);
    }
}

static bool network_stmt(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    while (!lang_end(p, c)) {
        uint32_t token = c->at;
        const rig_scn_word *word = lang_word_take(p, c, RIG_SCN_G_NETWORK);
        if (!word)
            return lang_unknown_word(p, lang_place(p, c->at), "word in network", lang_peek(p, c),
                                     RIG_SCN_G_NETWORK);
        if (!lang_head_stmt(p, c, word, token))
            return false;
    }
    return true;
}

bool lang_network_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    return lang_section_each(p, stmt, rest, network_stmt);
}
