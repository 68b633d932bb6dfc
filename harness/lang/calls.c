/* Management calls in scenarios: their words, what they are given, what is asked of their answers. */
#include "lang.h"

/* The kinds of rows that a store holds, and what they are. */
static const struct {
    const char *kind;
    rig_record_id record;
} kinds[] = {
#define RIG_KIND(id, word, record) {word, RIG_RECORD_##record},
#include "rig/kinds.def"
#undef RIG_KIND
};

bool lang_kind_find(rig_view kind, rig_record_id *out_record)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (rig_view_is(kind, kinds[i].kind)) {
            *out_record = kinds[i].record;
            return true;
        }
    return false;
}

void lang_known_kinds(lang_known *known)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        lang_known_add(known, kinds[i].kind);
}

void lang_known_calls(lang_known *known)
{
    for (rig_call_id id = 0; id < RIG_CALLS; id++)
        lang_known_add(known, rig_call_of(id)->word);
}

void lang_known_codes(lang_known *known)
{
#define RIG_CODE(id, word, value, meaning) lang_known_add(known, word);
#include "rig/codes.def"
#undef RIG_CODE
}

const rig_call *lang_last_call(const lang_parser *p)
{
    const rig_scn_step *steps = p->steps.ptr;
    for (uint32_t i = p->steps.num; i-- > 0;)
        if (steps[i].id == RIG_SCN_STEP_CALL && steps[i].num_args)
            return rig_call_of((rig_call_id)steps[i].args[0].value.number);
    return NULL;
}

/* ---- paths ---- */

static bool unknown_member(lang_parser *p, rig_scn_place place, const lang_spot *spot)
{
    char what[64];
    rig_text text;
    lang_known known = {.num = 0};
    bool in_list = spot->member && spot->member->kind == RIG_MEMBER_LIST && !spot->is_entry;
    if (in_list)
        lang_known_add(&known, "num");
    for (size_t i = 0; !in_list && !spot->member && i < spot->owner->num_members; i++)
        lang_known_add(&known, spot->owner->members[i].word);
    rig_text_init(&text, what, sizeof what);
    rig_text_add(&text, "member of %s", spot->member ? spot->member->word : spot->owner->name);
    return lang_unknown(p, place, what, spot->wrong, &known);
}

bool lang_path_check(lang_parser *p, rig_scn_place place, const rig_shape *shape, rig_view path,
                     lang_spot *out)
{
    return lang_spot_find(shape, path, out) || unknown_member(p, place, out);
}

/* ---- PATH=VALUE ---- */

/* $name or $name.path, not in quotes. */
static bool from_result(lang_parser *p, rig_scn_place place, rig_view raw, rig_scn_member *out)
{
    size_t len = lang_name_len(rig_view_sub(raw, 1, raw.len));
    rig_view name = rig_view_sub(raw, 1, len), rest = rig_view_sub(raw, 1 + len, raw.len);
    const rig_scn_result *results = p->results.ptr;
    lang_spot spot;
    out->result = lang_result_find(p, name);
    out->value = rig_view_sub(rest, 1, rest.len);
    if (out->result == RIG_SCN_NO_VAR)
        return lang_bad_at(p, place, RIG_E_NOT_FOUND, "no earlier step sets $%.*s", RIG_VIEW_ARG(name));
    const rig_scn_result *result = &results[out->result];
    if (result->kind == RIG_SCN_R_ANSWER && rest.len == 0)
        return true;
    if (result->kind != RIG_SCN_R_CALL || rest.len < 2 || rest.ptr[0] != '.')
        return lang_bad_at(p, place, RIG_E_SYNTAX,
                           "a value is the $variable of an answer, or $call.MEMBER of the answer to a call");
    return lang_path_check(p, place, rig_shape_of(result->call->reply), out->value, &spot);
}

/* What the values come to is found when the file is read, not when the case runs. */
static bool try_out(lang_parser *p, const rig_shape *shape, void *record, const rig_scn_member *member,
                    rig_scn_place place)
{
    rig_error err = {.status = RIG_OK};
    if (member->result != RIG_SCN_NO_VAR)
        return true;
    rig_status status = rig_scn_record_set(p->arena->alloc, shape, record, member->path, member->value, &err);
    if (status == RIG_E_NOMEM)
        return lang_nomem(p->report);
    return !status || lang_bad_at(p, place, status, "%s", err.text[0] ? err.text : rig_status_name(status));
}

bool lang_value_of(lang_parser *p, lang_cursor *c, rig_scn_member *out)
{
    rig_view raw = lang_next(p, c);
    rig_scn_place place = lang_place(p, c->at - 1);
    *out = (rig_scn_member){.place = place, .result = RIG_SCN_NO_VAR};
    if (raw.len && raw.ptr[0] == '$')
        return from_result(p, place, raw, out);
    out->value = lang_unquote(p, raw);
    return true;
}

static bool one_member(lang_parser *p, lang_cursor *c, const rig_shape *shape, void *record,
                       rig_scn_member *out)
{
    lang_spot spot;
    rig_view raw = lang_next(p, c);
    size_t equal = lang_split_pair(raw);
    rig_view value = rig_view_sub(raw, equal + 1, raw.len);
    rig_scn_place place = lang_place_in(p, c->at - 1, value);
    *out = (rig_scn_member){.path = rig_view_sub(raw, 0, equal), .result = RIG_SCN_NO_VAR};
    out->place = lang_place_in(p, c->at - 1, out->path);
    if (!lang_path_check(p, out->place, shape, out->path, &spot))
        return false;
    if (value.len && value.ptr[0] == '$')
        return from_result(p, place, value, out);
    out->value = lang_unquote(p, value);
    return try_out(p, shape, record, out, value.len ? place : out->place);
}

bool lang_members_read(lang_parser *p, lang_cursor *c, const rig_shape *shape, lang_vec *members)
{
    const rig_alloc *alloc = p->arena->alloc;
    void *record = rig_new(alloc, shape->size);
    bool ok = record || lang_nomem(p->report);
    if (record)
        rig_scn_record_init(shape, record);
    while (ok && !lang_at_stop(p, c)) {
        rig_view raw = lang_peek(p, c);
        if (lang_split_pair(raw) == raw.len)
            break;
        rig_scn_member *member = LANG_ADD(p, members, rig_scn_member);
        ok = member ? one_member(p, c, shape, record, member) : lang_nomem(p->report);
    }
    if (record)
        rig_record_clear(alloc, shape, record);
    rig_delete(alloc, record, record ? shape->size : 0);
    return ok;
}

bool lang_member_add(lang_parser *p, lang_vec *members, rig_scn_place place, const char *path, rig_view value)
{
    rig_scn_member *member = LANG_ADD(p, members, rig_scn_member);
    if (!member)
        return lang_nomem(p->report);
    *member = (rig_scn_member){place, rig_view_str(path), value, RIG_SCN_NO_VAR};
    return true;
}
