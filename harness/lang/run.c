/* The run section: the steps of the host. */
#include "lang.h"

#include "rig/cdb.h"

static const rig_scn_arg_row within_row = {"a time", RIG_SCN_T_TIME, RIG_SCN_BARE, true, NULL, NULL};

static bool read_events(lang_parser *p, lang_cursor *c, rig_scn_step *step)
{
    lang_vec events = {.num = 0};
    do {
        rig_scn_line *line = LANG_ADD(p, &events, rig_scn_line);
        if (!line)
            return lang_nomem(p->report);
        lang_take_word(p, c, "!");
        if (!lang_event_read(p, c, line))
            return false;
    } while (lang_take_word(p, c, "|"));
    if (events.num > 1 && step->id == RIG_SCN_STEP_WAIT)
        return lang_bad(p, c, RIG_E_SYNTAX, "wait takes one event: use until for several");
    step->again = lang_take_word(p, c, "again");
    step->events = events.ptr;
    step->num_events = events.num;
    return true;
}

static bool copy_args(lang_parser *p, const lang_args *args, rig_scn_step *step)
{
    rig_scn_arg *copy = args->num ? lang_take(p->arena, args->num * sizeof(*copy)) : NULL;
    if (args->num && !copy)
        return lang_nomem(p->report);
    if (args->num)
        memcpy(copy, args->given, args->num * sizeof(*copy));
    step->args = copy;
    step->num_args = args->num;
    return true;
}

static bool read_within(lang_parser *p, lang_cursor *c, rig_scn_step *step)
{
    step->within = RIG_SCN_WITHIN;
    if (!lang_take_word(p, c, "within"))
        return true;
    rig_scn_value value;
    if (!lang_value_read(p, c, &within_row, &value))
        return false;
    step->within = value.number;
    return value.number > 0 || lang_bad_at(p, value.place, RIG_E_LIMIT, "a deadline lies in the future");
}

static const rig_call *call_of(const rig_scn_step *step)
{
    return step->id == RIG_SCN_STEP_CALL ? rig_call_of((rig_call_id)step->args[0].value.number) : NULL;
}

static bool set_result(lang_parser *p, lang_cursor *c, rig_scn_step *step)
{
    rig_view text = lang_peek(p, c);
    rig_view name = rig_view_sub(text, 1, text.len);
    if (lang_end(p, c) || text.len == 0 || text.ptr[0] != '$' || !lang_name_ok(name))
        return lang_bad(p, c, RIG_E_SYNTAX, "write -> $name");
    if (!lang_step_has_result(step->id))
        return lang_bad(p, c, RIG_E_SYNTAX, "%s leaves no result", step->word->name);
    rig_scn_result_kind kind = lang_result_kind(step->id);
    step->result = lang_result_find(p, name);
    if (step->result == RIG_SCN_NO_VAR) {
        rig_scn_result *result = LANG_ADD(p, &p->results, rig_scn_result);
        if (!result)
            return lang_nomem(p->report);
        *result = (rig_scn_result){
            .name = name, .kind = kind, .call = call_of(step), .place = lang_place(p, c->at)};
        step->result = p->results.num - 1;
    }
    rig_scn_result *result = &((rig_scn_result *)p->results.ptr)[step->result];
    if (result->kind != kind || result->call != call_of(step))
        return lang_bad(p, c, RIG_E_SYNTAX, "$%.*s holds something else since line %u", RIG_VIEW_ARG(name),
                        result->place.line);
    result->step = p->steps.num - 1;
    c->at++;
    return true;
}

/* Which kind of result each argument of a step must hold. */
static const struct {
    const char *argument, *what;
    rig_scn_result_kind kind;
} wanted[] = {
    {"$task", "task", RIG_SCN_R_TASK},
    {"task", "task", RIG_SCN_R_TASK},
    {"of", "call", RIG_SCN_R_CALL},
    {NULL, "session: only login gives one", RIG_SCN_R_SESSION},
};

static bool check_results(lang_parser *p, const rig_scn_step *step)
{
    const rig_scn_result *results = p->results.ptr;
    for (uint32_t i = 0; i < step->num_args; i++) {
        const rig_scn_arg *arg = &step->args[i];
        if (arg->row->type != RIG_SCN_T_RESULT)
            continue;
        size_t row = 0;
        while (wanted[row].argument && strcmp(arg->row->name, wanted[row].argument) != 0)
            row++;
        const rig_scn_result *result = &results[arg->value.var];
        bool login =
            strcmp(arg->row->name, "on") == 0 && result->call && result->call->reply == RIG_RECORD_login_ids;
        if (result->kind != wanted[row].kind && !login && step->id != RIG_SCN_STEP_AWAIT)
            return lang_bad_at(p, arg->value.place, RIG_E_SYNTAX, "%.*s is no %s",
                               RIG_VIEW_ARG(arg->value.text), wanted[row].what);
    }
    return true;
}

static bool check_path(lang_parser *p, const rig_scn_step *step)
{
    const rig_scn_arg *path = rig_scn_step_arg(step, "PATH"), *of = rig_scn_step_arg(step, "of");
    if (!path)
        return true;
    const rig_scn_result *results = p->results.ptr;
    const rig_call *call = of ? results[of->value.var].call : lang_last_call(p);
    lang_spot spot;
    if (!call)
        return lang_bad_at(p, path->value.place, RIG_E_SYNTAX, "no call stands before: there is no answer");
    return lang_path_check(p, path->value.place, rig_shape_of(call->reply), path->value.text, &spot);
}

static void note_needs(lang_parser *p, const rig_scn_step *step)
{
    const rig_scn_arg *cdb = rig_scn_step_arg(step, "CDB");
    const rig_cdb_row *row = cdb ? rig_cdb_row_of(cdb->value.bytes) : NULL;
    bool out = (row && row->data == RIG_CDB_OUT) || rig_scn_step_arg(step, "write");
    p->out->needs |= lang_step_needs(step->id) | (out ? RIG_SCN_NEEDS_WRITES : 0);
}

/* The first command of that name, or of its family: read is read-6. */
static const rig_cdb_row *command_like(rig_view name)
{
    for (size_t i = 0; i < rig_cdb_rows_count() && name.len; i++) {
        rig_view row = rig_view_str(rig_cdb_row_at(i)->name);
        bool begins = row.len >= name.len && rig_view_eq(rig_view_sub(row, 0, name.len), name);
        if (begins && (row.len == name.len || row.ptr[name.len] == '-'))
            return rig_cdb_row_at(i);
    }
    return NULL;
}

static bool unknown_step(lang_parser *p, lang_cursor *c)
{
    rig_view name = lang_peek(p, c);
    const rig_cdb_row *command = command_like(name);
    if (command)
        return lang_bad_at(p, lang_place(p, c->at), RIG_E_NOT_FOUND,
                           "unknown step \"%.*s\"; commands are sent by scsi: \"scsi lun 0 %s …\"",
                           RIG_VIEW_ARG(name), command->name);
    bool half = rig_view_is(name, "target") || rig_view_is(name, "host") || rig_view_is(name, "hba");
    if (!half)
        return lang_unknown_word(p, lang_place(p, c->at), "step", name, RIG_SCN_G_STEP);
    lang_cursor all = {c->at, c->at + 2 < c->end ? c->at + 2 : c->end};
    rig_view both = lang_text_of(p, all.at, all.end);
    return lang_unknown_word(p, lang_place_span(p, all.at, all.end), "step", both, RIG_SCN_G_STEP);
}

static bool unknown_rest(lang_parser *p, lang_cursor *c, const rig_scn_step *step)
{
    if (lang_at_stop(p, c))
        return true;
    lang_known known = {.num = 0};
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && step->word->args[i].name; i++)
        if (step->word->args[i].form != RIG_SCN_BARE)
            lang_known_add(&known, step->word->args[i].name);
    char what[64];
    rig_text text;
    rig_text_init(&text, what, sizeof(what));
    rig_text_add(&text, "argument of %s", step->word->name);
    return lang_unknown(p, lang_place(p, c->at), what, lang_peek(p, c), &known);
}

static bool read_body(lang_parser *p, lang_cursor *c, rig_scn_step *step)
{
    if (step->id == RIG_SCN_STEP_WAIT || step->id == RIG_SCN_STEP_UNTIL)
        return read_events(p, c, step);
    lang_args args;
    return lang_args_read(p, c, step->word, &args) && copy_args(p, &args, step) && unknown_rest(p, c, step) &&
           check_results(p, step) && check_path(p, step);
}

static bool one_step(lang_parser *p, lang_stmt stmt, lang_cursor *c)
{
    (void)stmt;
    rig_scn_step *step = LANG_ADD(p, &p->steps, rig_scn_step);
    if (!step)
        return lang_nomem(p->report);
    uint32_t first = c->at;
    step->place = lang_place_span(p, first, c->end);
    step->text = lang_text_of(p, first, c->end);
    step->result = RIG_SCN_NO_VAR;
    step->async = lang_take_word(p, c, "async");
    if (lang_end(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "a step is missing");
    step->word = lang_word_take(p, c, RIG_SCN_G_STEP);
    if (!step->word)
        return unknown_step(p, c);
    step->id = (rig_scn_step_id)step->word->id;
    if (step->async && !lang_step_has_result(step->id))
        return lang_bad(p, c, RIG_E_SYNTAX, "%s cannot be async", step->word->name);
    if (!read_body(p, c, step) || !read_within(p, c, step))
        return false;
    if (lang_take_word(p, c, "->") && !set_result(p, c, step))
        return false;
    note_needs(p, step);
    return true;
}

bool lang_run_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    p->has_run = true;
    return lang_section_each(p, stmt, rest, one_step);
}
