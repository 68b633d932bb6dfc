/* when: conditions over sweep values, decided when a case is made. */
#include "lang.h"

static const char *const comparisons[] = {"==", "!=", "<", "<=", ">", ">="};

enum { EQ, NE, LT, LE, GT, GE, COMPARISONS };

static bool operand(lang_parser *p, lang_cursor *c, rig_view *out)
{
    rig_view raw = lang_peek(p, c);
    if (lang_end(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "the condition ends too early");
    if (raw.len > 0 && raw.ptr[0] == '$') {
        lang_known known = {.num = 0};
        for (uint32_t i = 0; i < p->file->num_sweeps; i++) {
            rig_view name =
                lang_view(p, (const char *)p->file->sweeps[i].name.ptr, p->file->sweeps[i].name.len);
            if (name.ptr)
                lang_known_add(&known, (const char *)name.ptr);
        }
        return lang_unknown(p, lang_place(p, c->at), "sweep", rig_view_sub(raw, 1, raw.len), &known);
    }
    *out = lang_unquote(p, raw);
    c->at++;
    return true;
}

/* Lists are joined by + or commas. */
static bool holds_item(rig_view list, rig_view item)
{
    uint8_t separator = rig_view_find(list, '+') < list.len ? '+' : ',';
    for (rig_view rest = list; rest.ptr;)
        if (rig_view_eq(rig_view_split(&rest, separator), item))
            return true;
    return false;
}

static bool compare(int comparison, uint64_t a, uint64_t b)
{
    switch (comparison) {
    case EQ:
        return a == b;
    case NE:
        return a != b;
    case LT:
        return a < b;
    case LE:
        return a <= b;
    case GT:
        return a > b;
    default:
        return a >= b;
    }
}

static bool membership(lang_parser *p, lang_cursor *c, rig_view item, bool *out)
{
    rig_view list;
    bool negated = lang_take_word(p, c, "not");
    if (!lang_take_word(p, c, "in"))
        return lang_bad(p, c, RIG_E_SYNTAX, "one of == != < <= > >= in, not in is wanted here");
    if (!operand(p, c, &list))
        return false;
    *out = holds_item(list, item) != negated;
    return true;
}

static bool relation(lang_parser *p, lang_cursor *c, bool *out)
{
    rig_view a, b;
    uint64_t x = 0, y = 0;
    if (!operand(p, c, &a))
        return false;
    int comparison = 0;
    while (comparison < COMPARISONS && !lang_take_word(p, c, comparisons[comparison]))
        comparison++;
    if (comparison == COMPARISONS)
        return membership(p, c, a, out);
    if (!operand(p, c, &b))
        return false;
    bool numbers = rig_view_u64(a, &x) && rig_view_u64(b, &y);
    if (!numbers && comparison > NE) {
        c->at--;
        return lang_bad(p, c, RIG_E_SYNTAX, "%s compares numbers", comparisons[comparison]);
    }
    *out = numbers ? compare(comparison, x, y) : rig_view_eq(a, b) == (comparison == EQ);
    return true;
}

static bool conjunction(lang_parser *p, lang_cursor *c, bool *out)
{
    *out = true;
    do {
        bool holds = false;
        if (!relation(p, c, &holds))
            return false;
        *out = *out && holds;
    } while (lang_take_word(p, c, "and"));
    return true;
}

bool lang_when_read(lang_parser *p, uint32_t line, lang_cursor *c, bool *out_holds)
{
    *out_holds = false;
    do {
        bool holds = false;
        if (!conjunction(p, c, &holds))
            return false;
        *out_holds = *out_holds || holds;
    } while (lang_take_word(p, c, "or"));
    if (p->taken)
        p->taken[line] |= (uint8_t)(LANG_WHEN_SEEN | (*out_holds ? LANG_WHEN_HELD : 0));
    return true;
}
