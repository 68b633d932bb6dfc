/* EXPR: WORD, not EXPR, EXPR and EXPR, EXPR or EXPR, (EXPR); and binds more than or. */
#include "choose.h"

#include <fnmatch.h>
#include <string.h>

#define WORD_MAX 256

typedef struct reader {
    const char *at;
    const rig_scn *scn; /* NULL: only the form is read */
    rig_view token;
    unsigned depth;
    const char *wrong; /* what was wanted; NULL: all is well */
} reader;

static void step(reader *r)
{
    r->at += strspn(r->at, " ");
    size_t len = *r->at == '(' || *r->at == ')' ? 1 : strcspn(r->at, " ()");
    r->token = rig_view_of(r->at, len);
    r->at += len;
}

static bool is(const reader *r, const char *word)
{
    return rig_view_eq(r->token, rig_view_str(word));
}

static bool fits(const char *pattern, rig_view word)
{
    char text[WORD_MAX];
    if (word.len >= sizeof text)
        return false;
    memcpy(text, word.ptr, word.len);
    text[word.len] = 0;
    return fnmatch(pattern, text, 0) == 0;
}

static bool fits_any(const rig_scn *scn, const char *pattern)
{
    for (uint32_t i = 0; i < scn->num_tags; i++)
        if (fits(pattern, scn->tags[i]))
            return true;
    for (uint32_t i = 0; i < scn->num_musts; i++)
        for (uint32_t j = 0; j < scn->musts[i].num_ids; j++)
            if (fits(pattern, scn->musts[i].ids[j]))
                return true;
    return false;
}

static bool word(reader *r)
{
    char pattern[WORD_MAX];
    rig_view name = r->token;
    if (name.len == 0 || is(r, "and") || is(r, "or") || is(r, ")") || name.len >= sizeof pattern) {
        r->wrong = "a tag, a requirement id or a section";
        return false;
    }
    step(r);
    if (!r->scn)
        return false;
    memcpy(pattern, name.ptr, name.len);
    pattern[name.len] = 0;
    return strpbrk(pattern, "*?") ? fits_any(r->scn, pattern) : rig_scn_selected(r->scn, name);
}

static bool any(reader *r);

static bool one(reader *r)
{
    bool negated = is(r, "not"), inside = is(r, "("), value;
    if (!negated && !inside)
        return word(r);
    if (++r->depth > CHOOSE_DEPTH) {
        r->wrong = "no more than 32 of them in each other";
        return false;
    }
    step(r);
    value = negated ? !one(r) : any(r);
    r->depth--;
    if (inside && !r->wrong) {
        if (!is(r, ")"))
            r->wrong = "\")\"";
        step(r);
    }
    return value;
}

static bool all(reader *r)
{
    bool value = one(r);
    while (!r->wrong && is(r, "and")) {
        step(r);
        value = one(r) && value;
    }
    return value;
}

static bool any(reader *r)
{
    bool value = all(r);
    while (!r->wrong && is(r, "or")) {
        step(r);
        value = all(r) || value;
    }
    return value;
}

static bool read_all(reader *r)
{
    step(r);
    bool value = any(r);
    if (!r->wrong && r->token.len)
        r->wrong = "and, or, or the end";
    return value;
}

int cli_choose_check(const char *expression)
{
    reader r = {.at = expression};
    read_all(&r);
    if (!r.wrong)
        return CLI_OK;
    return cli_complain("\"%s\": wanted %s, came \"%.*s\"", expression, r.wrong, RIG_VIEW_ARG(r.token));
}

bool cli_chosen(const rig_scn *scn, const char *expression)
{
    reader r = {.at = expression, .scn = scn};
    return read_all(&r);
}
