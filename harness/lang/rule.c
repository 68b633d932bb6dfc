/* Rules: on <PDU> [conditions] [nth N | every N | after N] do ACTION[, ACTION…]. */
#include "lang.h"

#include "rig/text.h"

static const rig_scn_arg_row count_row = {"N", RIG_SCN_T_NUMBER, RIG_SCN_BARE, true, NULL, NULL};

/* ---- what the rule looks at ---- */

static bool condition(lang_parser *p, const rig_scn_cond *cond, rig_rule_condition *out)
{
    const rig_scn_pattern *pattern = &cond->pattern;
    if (cond->kind != RIG_SCN_C_FIELD)
        return lang_bad_at(p, cond->place, RIG_E_SYNTAX, "a rule looks at header fields only");
    bool range = pattern->match == RIG_SCN_RANGE;
    bool fits = pattern->match == RIG_SCN_IS || pattern->match == RIG_SCN_DIFFERS || range;
    if (!fits || pattern->low.var != RIG_SCN_NO_VAR || pattern->high.var != RIG_SCN_NO_VAR)
        return lang_bad_at(p, cond->place, RIG_E_SYNTAX,
                           "a rule compares with a value, != value or low..high");
    *out = (rig_rule_condition){.field = cond->field, .differs = pattern->match == RIG_SCN_DIFFERS};
    out->low = pattern->low.number;
    out->high = range ? pattern->high.number : out->low;
    if (range && !pattern->high.is_number)
        out->high = UINT64_MAX;
    if (pattern->low.bytes.len == sizeof(out->cdb)) {
        memcpy(out->cdb, pattern->low.bytes.ptr, sizeof(out->cdb));
        memcpy(out->mask, pattern->low.mask.ptr, sizeof(out->mask));
    }
    return true;
}

/* Words that end the conditions of a rule. */
static bool at_turn(lang_parser *p, lang_cursor *c)
{
    return lang_peek_is(p, c, "nth") || lang_peek_is(p, c, "every") || lang_peek_is(p, c, "after") ||
           lang_peek_is(p, c, "do");
}

static lang_cursor until_turn(lang_parser *p, lang_cursor *c)
{
    lang_cursor part = *c;
    while (!lang_end(p, c) && !at_turn(p, c))
        c->at++;
    part.end = c->at;
    return part;
}

static bool conditions(lang_parser *p, lang_cursor *c, rig_rule *out)
{
    lang_cursor part = until_turn(p, c);
    rig_scn_line line = {.pdu = out->on};
    lang_vec conds = {.num = 0};
    if (!lang_conds_read(p, &part, &line, &conds) || !lang_no_more(p, &part))
        return false;
    const rig_scn_cond *all = conds.ptr;
    for (uint32_t i = 0; i < conds.num; i++) {
        if (i >= RIG_RULE_CONDITIONS)
            return lang_bad_at(p, all[i].place, RIG_E_LIMIT, "more than %d conditions in a rule",
                               RIG_RULE_CONDITIONS);
        if (!condition(p, &all[i], &out->conditions[out->num_conditions++]))
            return false;
    }
    return true;
}

static bool turns(lang_parser *p, lang_cursor *c, rig_rule *out)
{
    static const char *const words[] = {"nth", "every", "after"};
    uint32_t *const members[] = {&out->nth, &out->every, &out->after};
    for (size_t i = 0; i < 3; i++) {
        if (!lang_take_word(p, c, words[i]))
            continue;
        rig_scn_value value;
        if (!lang_value_read(p, c, &count_row, &value))
            return false;
        if (value.number == 0 || value.number > UINT32_MAX)
            return lang_bad_at(p, value.place, RIG_E_LIMIT, "%s counts from 1", words[i]);
        *members[i] = (uint32_t)value.number;
        return true;
    }
    return true;
}

/* ---- actions ---- */

typedef bool action_fn(lang_parser *p, lang_cursor *c, const lang_args *args, rig_rule *rule,
                       rig_rule_action *out);

static void give(rig_rule_action *out, rig_field_id field)
{
    out->given[field / 64] |= UINT64_C(1) << field % 64;
}

static bool set_field(lang_parser *p, const rig_scn_cond *cond, rig_rule_action *out)
{
    const rig_scn_value *value = &cond->pattern.low;
    if (cond->pattern.match != RIG_SCN_IS || value->var != RIG_SCN_NO_VAR)
        return lang_bad_at(p, cond->place, RIG_E_SYNTAX, "what is sent wants plain values");
    if (value->bytes.len == 16)
        memcpy(out->bhs + rig_fields[cond->field].byte, value->bytes.ptr, 16);
    else
        rig_set(out->bhs, cond->field, value->number);
    give(out, cond->field);
    return true;
}

/* The data segment made of the KEY=VALUE words. */
static bool add_pair(lang_parser *p, const rig_scn_cond *cond, rig_gather *text)
{
    if (cond->pattern.match != RIG_SCN_IS || cond->pattern.low.var != RIG_SCN_NO_VAR)
        return lang_bad_at(p, cond->place, RIG_E_SYNTAX, "what is sent wants plain values");
    char key[RIG_KEY_MAX * 2];
    rig_text name;
    rig_text_init(&name, key, sizeof(key));
    rig_text_view(&name, cond->name);
    rig_status status = rig_gather_pair(text, p->arena->alloc, key, cond->pattern.low.text, RIG_TEXT_MAX);
    if (status == RIG_E_NOMEM)
        return lang_nomem(p->report);
    return status == RIG_OK || lang_bad_at(p, cond->place, status, "the text does not fit");
}

static bool fill_answer(lang_parser *p, const lang_vec *conds, rig_rule_action *out, rig_gather *text)
{
    const rig_scn_cond *all = conds->ptr;
    for (uint32_t i = 0; i < conds->num; i++) {
        bool ok = false;
        if (all[i].kind == RIG_SCN_C_FIELD)
            ok = set_field(p, &all[i], out);
        else if (all[i].kind == RIG_SCN_C_KEY)
            ok = add_pair(p, &all[i], text);
        else if (all[i].kind == RIG_SCN_C_DATA && all[i].data.kind == RIG_SCN_DATA_BYTES)
            ok = (out->data = all[i].data.bytes).len > 0 || true;
        else
            lang_bad_at(p, all[i].place, RIG_E_SYNTAX,
                        "only fields, keys and data \"…\" or hex:… can be sent");
        if (!ok)
            return false;
    }
    if (text->len > 0)
        out->data = lang_view(p, (const char *)text->ptr, text->len);
    return true;
}

/* Words that end what is said about an answer. */
static lang_cursor until_fault(lang_parser *p, lang_cursor *c)
{
    lang_cursor part = *c;
    while (!lang_at_stop(p, c) && !lang_peek_is(p, c, "fault"))
        c->at++;
    part.end = c->at;
    return part;
}

static bool answer_pdu(lang_parser *p, lang_cursor *c, rig_pdu_kind *out)
{
    if (!lang_pdu_read(p, c, out))
        return false;
    c->at--;
    if (rig_pdu_rows[*out].from_initiator && *out != RIG_PDU_UNKNOWN)
        return lang_bad(p, c, RIG_E_SYNTAX, "a target never sends %s", rig_pdu_rows[*out].name);
    c->at++;
    return true;
}

/* Which bit, and of which Data-In or R2T. */
static void fault_numbers(const lang_args *args, rig_rule_action *out)
{
    const rig_scn_arg *bit = lang_arg(args, "bit"), *number = lang_arg(args, "number");
    if (bit)
        out->bit = (uint32_t)bit->value.number;
    out->numbered = number != NULL;
    if (number)
        out->number = (uint32_t)number->value.number;
}

static bool fault_tail(lang_parser *p, lang_cursor *c, rig_rule *rule)
{
    size_t num;
    const rig_scn_word *row = &rig_scn_words(RIG_SCN_G_ACTION, &num)[LANG_A_FAULT];
    lang_args args;
    if (rule->num_actions >= RIG_RULE_ACTIONS)
        return lang_bad(p, c, RIG_E_LIMIT, "more than %d actions in a rule", RIG_RULE_ACTIONS);
    if (!lang_args_read(p, c, row, &args))
        return false;
    rig_rule_action *out = &rule->actions[rule->num_actions++];
    *out =
        (rig_rule_action){.verb = RIG_DO_FAULT, .fault = (rig_fault)lang_arg(&args, "FAULT")->value.number};
    fault_numbers(&args, out);
    return true;
}

/* With a fault and nothing else, the right answer of that kind carries the fault. */
static bool answer(lang_parser *p, lang_cursor *c, const lang_args *args, rig_rule *rule,
                   rig_rule_action *out)
{
    if (!answer_pdu(p, c, &out->pdu))
        return false;
    rig_bhs_init(out->bhs, out->pdu);
    lang_cursor part = until_fault(p, c);
    rig_scn_line line = {.pdu = out->pdu};
    lang_vec conds = {.num = 0};
    if (!lang_conds_read(p, &part, &line, &conds) || !lang_no_more(p, &part))
        return false;
    rig_gather text = {.ptr = NULL};
    bool ok = fill_answer(p, &conds, out, &text);
    rig_gather_cleanup(&text, p->arena->alloc);
    if (!ok || !lang_take_word(p, c, "fault"))
        return ok;
    rig_pdu_kind pdu = out->pdu;
    bool alone = conds.num == 0 && args->word->id == LANG_REPLY;
    rule->num_actions -= alone;
    if (!fault_tail(p, c, rule))
        return false;
    rule->actions[rule->num_actions - 1].pdu = pdu;
    return true;
}

static bool simple(lang_parser *p, lang_cursor *c, const lang_args *args, rig_rule *rule,
                   rig_rule_action *out)
{
    (void)p;
    (void)c;
    (void)rule;
    const rig_scn_arg *time = lang_arg(args, "T"), *until = lang_arg(args, "until"),
                      *byte = lang_arg(args, "byte");
    const rig_scn_arg *fault = lang_arg(args, "FAULT"), *hex = lang_arg(args, "HEX");
    if (time)
        out->time = time->value.number;
    if (until)
        out->text = until->value.text;
    if (fault)
        out->fault = (rig_fault)fault->value.number;
    if (byte)
        out->bit = (uint32_t)byte->value.number;
    fault_numbers(args, out);
    if (hex)
        out->data = hex->value.bytes;
    if (args->word->id == LANG_A_FAULT)
        out->pdu = RIG_PDU_UNKNOWN;
    return true;
}

/* The field that name means in every answer that has it. */
static bool any_field(lang_parser *p, uint32_t token, rig_view name, rig_field_id *out)
{
    *out = RIG_FIELDS;
    for (unsigned kind = 0; kind < RIG_PDU_UNKNOWN; kind++) {
        rig_field_id field = RIG_FIELDS;
        if (!rig_pdu_rows[kind].from_initiator)
            field = rig_field_find((rig_pdu_kind)kind, name);
        if (field < RIG_FIELDS && *out < RIG_FIELDS && field != *out)
            return lang_bad_at(p, lang_place_in(p, token, name), RIG_E_SYNTAX,
                               "%s differs from PDU to PDU: write set PDU %s=", rig_fields[field].name,
                               rig_fields[field].name);
        if (field < RIG_FIELDS)
            *out = field;
    }
    if (*out < RIG_FIELDS)
        return true;
    lang_known known = {.num = 0};
    for (unsigned i = 0; i < RIG_FIELDS; i++)
        lang_known_add(&known, rig_fields[i].name);
    return lang_unknown(p, lang_place_in(p, token, name), "field", name, &known);
}

/* set [PDU] FIELD=VALUE: without a PDU every answer that has the field is meant. */
static bool set(lang_parser *p, lang_cursor *c, const lang_args *args, rig_rule *rule, rig_rule_action *out)
{
    (void)args;
    (void)rule;
    out->pdu = RIG_PDU_UNKNOWN;
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "set wants [PDU] FIELD=VALUE");
    if (lang_split_pair(lang_peek(p, c)) == lang_peek(p, c).len && !answer_pdu(p, c, &out->pdu))
        return false;
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "set wants FIELD=VALUE");
    uint32_t token = c->at;
    rig_view text = lang_next(p, c);
    size_t equal = lang_split_pair(text);
    rig_view name = rig_view_sub(text, 0, equal);
    bool found = out->pdu == RIG_PDU_UNKNOWN ? any_field(p, token, name, &out->field)
                                             : lang_field_read(p, token, name, out->pdu, &out->field);
    if (!found)
        return false;
    lang_want want = {.kind = RIG_SCN_C_FIELD, .pdu = out->pdu, .field = out->field};
    rig_scn_cond cond = {.place = lang_place(p, token), .field = out->field};
    if (!lang_pattern_read(p, token, rig_view_sub(text, equal + 1, text.len), '=', &want, &cond.pattern))
        return false;
    out->value = cond.pattern.low.number;
    return set_field(p, &cond, out);
}

static const struct {
    rig_rule_verb verb;
    action_fn *read;
} verbs[] = {
    [LANG_REPLY] = {RIG_DO_REPLY, answer}, [LANG_SEND] = {RIG_DO_SEND, answer},
    [LANG_DROP] = {RIG_DO_DROP, simple},   [LANG_DELAY] = {RIG_DO_DELAY, simple},
    [LANG_HOLD] = {RIG_DO_HOLD, simple},   [LANG_A_FAULT] = {RIG_DO_FAULT, simple},
    [LANG_SET] = {RIG_DO_SET, set},        [LANG_CORRUPT] = {RIG_DO_CORRUPT, simple},
    [LANG_CLOSE] = {RIG_DO_CLOSE, simple}, [LANG_RESET] = {RIG_DO_RESET, simple},
    [LANG_RAW] = {RIG_DO_RAW, simple},
};

static bool one_action(lang_parser *p, lang_cursor *c, rig_rule *rule)
{
    if (lang_end(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "an action is missing");
    const rig_scn_word *word = lang_word_take(p, c, RIG_SCN_G_ACTION);
    if (!word)
        return lang_unknown_word(p, lang_place(p, c->at), "action", lang_peek(p, c), RIG_SCN_G_ACTION);
    if (rule->num_actions >= RIG_RULE_ACTIONS)
        return lang_bad(p, c, RIG_E_LIMIT, "more than %d actions in a rule", RIG_RULE_ACTIONS);
    bool own = verbs[word->id].read != simple;
    lang_args args = {.word = word};
    if (!own && !lang_args_read(p, c, word, &args))
        return false;
    rig_rule_action *out = &rule->actions[rule->num_actions++];
    out->verb = verbs[word->id].verb;
    return verbs[word->id].read(p, c, &args, rule, out);
}

bool lang_rule_read(lang_parser *p, lang_cursor *c, rig_rule *out)
{
    if (!lang_pdu_read(p, c, &out->on))
        return false;
    if (out->on != RIG_PDU_UNKNOWN && !rig_pdu_rows[out->on].from_initiator) {
        c->at--;
        return lang_bad(p, c, RIG_E_SYNTAX, "a target never receives %s", rig_pdu_rows[out->on].name);
    }
    lang_cursor ahead = *c;
    while (!lang_end(p, &ahead) && !lang_peek_is(p, &ahead, "do"))
        ahead.at++;
    if (lang_end(p, &ahead))
        return lang_bad(p, &ahead, RIG_E_SYNTAX, "the rule lacks `do ACTION`");
    if (!conditions(p, c, out) || !turns(p, c, out))
        return false;
    if (!lang_take_word(p, c, "do"))
        return lang_bad(p, c, RIG_E_SYNTAX, "the rule lacks `do ACTION`");
    do {
        if (!one_action(p, c, out))
            return false;
    } while (lang_take_word(p, c, ","));
    return true;
}
