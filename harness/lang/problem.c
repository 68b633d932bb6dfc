/* What is wrong in a file: place, reason, nearest known word. */
#include <stdarg.h>

#include "lang.h"

bool lang_nomem(lang_report *report)
{
    report->status = RIG_E_NOMEM;
    return false;
}

void lang_full(lang_report *report, rig_view path, const lang_arena *arena)
{
    if (!arena->full || report->status != RIG_E_NOMEM)
        return;
    report->status = RIG_OK;
    lang_problem(report, path, 0, 0, RIG_E_LIMIT, "the scenario takes more than %u MiB",
                 LANG_MEMORY_MAX >> 20);
}

bool lang_problem(lang_report *report, rig_view path, uint32_t line, uint32_t col, rig_status status,
                  const char *format, ...)
{
    if (report->status == RIG_OK)
        report->status = status;
    report->num++;
    rig_scn_problems *all = report->problems;
    if (!all || all->num >= RIG_SCN_PROBLEMS_MAX)
        return false;
    uint32_t at = all->num++;
    for (; at > 0 && all->list[at - 1].line > line; at--)
        all->list[at] = all->list[at - 1];
    rig_scn_problem *problem = &all->list[at];
    *problem = (rig_scn_problem){.line = line, .col = col, .status = status};
    rig_text text;
    rig_text_init(&text, problem->path, sizeof(problem->path));
    rig_text_escaped(&text, path);
    rig_text_init(&text, problem->text, sizeof(problem->text));
    va_list args;
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    return false;
}

void rig_scn_problem_print(rig_text *out, const rig_scn_problem *problem)
{
    rig_text_add(out, "%s:", problem->path);
    if (problem->line)
        rig_text_add(out, "%u:%u:", problem->line, problem->col);
    rig_text_add(out, " %s", problem->text);
}

void lang_known_add(lang_known *known, const char *name)
{
    if (known->num < LANG_KNOWN_MAX)
        known->names[known->num++] = name;
}

void lang_known_words(lang_known *known, rig_scn_group group)
{
    size_t num;
    const rig_scn_word *words = rig_scn_words(group, &num);
    for (size_t i = 0; i < num; i++)
        lang_known_add(known, words[i].name);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* The same but for case and one pair of swapped letters: the slips that edit distance rates too high. */
static bool slipped(rig_view word, const char *name)
{
    if (word.len != strlen(name))
        return false;
    bool swapped = false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t here = lower(word.ptr[i]), wanted = lower((uint8_t)name[i]);
        if (here == wanted)
            continue;
        bool swap = !swapped && i + 1 < word.len && here == lower((uint8_t)name[i + 1]) &&
                    lower(word.ptr[i + 1]) == wanted;
        if (!swap)
            return false;
        swapped = true;
        i++;
    }
    return true;
}

void lang_suggest(rig_text *out, rig_view word, const lang_known *known)
{
    size_t i = 0;
    while (i < known->num && !slipped(word, known->names[i]))
        i++;
    if (i == known->num)
        i = rig_nearest(word, known->names, known->num);
    if (i < known->num)
        rig_text_add(out, "; the nearest known is \"%s\"", known->names[i]);
}

bool lang_unknown(lang_parser *p, rig_scn_place place, const char *what, rig_view word,
                  const lang_known *known)
{
    char buffer[200];
    rig_text text;
    rig_text_init(&text, buffer, sizeof(buffer));
    rig_text_add(&text, "unknown %s \"", what);
    rig_text_escaped(&text, rig_view_sub(word, 0, 60));
    rig_text_add(&text, "\"");
    lang_suggest(&text, word, known);
    return lang_bad_at(p, place, RIG_E_NOT_FOUND, "%s", buffer);
}

bool lang_unknown_word(lang_parser *p, rig_scn_place place, const char *what, rig_view word,
                       rig_scn_group group)
{
    lang_known known = {.num = 0};
    lang_known_words(&known, group);
    return lang_unknown(p, place, what, word, &known);
}

bool lang_bad_at(lang_parser *p, rig_scn_place place, rig_status status, const char *format, ...)
{
    char buffer[256];
    rig_text text;
    rig_text_init(&text, buffer, sizeof(buffer));
    va_list args;
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    rig_view path = place.file < p->file->num_sources ? p->file->sources[place.file]->path : p->source->path;
    return lang_problem(p->report, path, place.line, place.col, status, "%s", buffer);
}

bool lang_bad(lang_parser *p, const lang_cursor *c, rig_status status, const char *format, ...)
{
    char buffer[256];
    rig_text text;
    rig_text_init(&text, buffer, sizeof(buffer));
    va_list args;
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    rig_scn_place place = {.file = p->source->index};
    if (c->at < c->end) {
        place = lang_place(p, c->at);
    } else if (c->end > 0) {
        place = lang_place(p, c->end - 1);
        place.col += place.len;
    }
    return lang_problem(p->report, p->source->path, place.line, place.col, status, "%s", buffer);
}
