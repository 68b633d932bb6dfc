/* Patterns: literal, $x, $x+1, $x!=0, _, a..b, !=v, k~v, chap(…). */
#include "lang.h"

#include "rig/cdb.h"

#define CDB_FIXED                                                                                            \
    16 /* bytes of a CDB in the header: shorter ones end with zeros (RFC 7143 section 11.3.5)                \
        */

uint32_t lang_literal(lang_parser *p, rig_scn_place place, rig_view text, bool *out_alter)
{
    *out_alter = false;
    if (!p->literal_on)
        return 0;
    rig_scn_literal *literal = LANG_ADD(p, &p->literals, rig_scn_literal);
    uint32_t *clause = LANG_ADD(p, &p->literal_clauses, uint32_t);
    if (!literal || !clause) {
        lang_nomem(p->report);
        return 0;
    }
    *literal = (rig_scn_literal){.place = place, .text = text};
    *clause = p->clause;
    *out_alter = p->alter == p->literals.num;
    return p->literals.num;
}

void lang_scope_begin(lang_parser *p)
{
    p->scope++;
    p->scope_first = p->vars.num;
}

/* ---- variables ---- */

/* In a macro a name is the call's own, unless the caller passed it: then it begins with a colon. */
static rig_view full_name(lang_parser *p, rig_view name)
{
    if (name.len > 0 && name.ptr[0] == ':')
        return rig_view_sub(name, 1, name.len);
    if (p->local.len == 0)
        return name;
    char buffer[LANG_NAME_MAX * 3];
    rig_text text;
    rig_text_init(&text, buffer, sizeof(buffer));
    rig_text_view(&text, p->local);
    rig_text_view(&text, name);
    return lang_view(p, buffer, text.len);
}

static uint32_t var_find(const lang_parser *p, rig_view name)
{
    const rig_scn_var *vars = p->vars.ptr;
    for (uint32_t i = p->vars.num; i > p->scope_first; i--) /* mostly a recent one */
        if (rig_view_eq(vars[i - 1].name, name))
            return i - 1;
    return RIG_SCN_NO_VAR;
}

static bool holds_text(const lang_want *want)
{
    if (want->kind == RIG_SCN_C_ARG)
        return want->arg->type != RIG_SCN_T_NUMBER;
    return want->kind == RIG_SCN_C_KEY;
}

static bool var_add(lang_parser *p, rig_scn_place place, rig_view name, bool is_text, uint32_t *out)
{
    if (p->vars.num >= RIG_SCN_VARS_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "more than %d variables", RIG_SCN_VARS_MAX);
    rig_scn_var *var = LANG_ADD(p, &p->vars, rig_scn_var);
    if (!var)
        return lang_nomem(p->report);
    *var = (rig_scn_var){.name = name, .scope = p->scope, .is_text = is_text};
    *out = p->vars.num - 1;
    return true;
}

static bool dot_inside(rig_view text, size_t at)
{
    return text.ptr[at] == '.' && at + 1 < text.len && text.ptr[at + 1] != '.';
}

/* How much of text is the variable's name, the $ included. A full name ($:macro.1.x) has dots inside. */
static size_t var_len(rig_view text)
{
    bool full = text.len > 1 && text.ptr[1] == ':';
    size_t at = full ? 2 : 1;
    if (!full)
        return at + lang_name_len(rig_view_sub(text, 1, text.len));
    while (at < text.len && (dot_inside(text, at) || lang_name_len(rig_view_sub(text, at, 1)) ||
                             (text.ptr[at] >= '0' && text.ptr[at] <= '9')))
        at++;
    return at;
}

static bool var_offset(rig_view text, int64_t *out)
{
    uint64_t number;
    *out = 0;
    if (text.len == 0)
        return true;
    if ((text.ptr[0] != '+' && text.ptr[0] != '-') || !rig_view_u64(rig_view_sub(text, 1, text.len), &number))
        return false;
    *out = text.ptr[0] == '-' ? -(int64_t)(number & INT64_MAX) : (int64_t)(number & INT64_MAX);
    return number <= UINT32_MAX;
}

/* binds: the first use may give the variable its value. */
static bool read_var(lang_parser *p, rig_scn_place place, rig_view text, const lang_want *want, bool binds,
                     rig_scn_value *out)
{
    size_t len = var_len(text);
    if (len < 2 || !var_offset(rig_view_sub(text, len, text.len), &out->offset))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "\"%.*s\" is no variable: write $name, $name+1 or $name-1",
                           RIG_VIEW_ARG(rig_view_sub(text, 0, 60)));
    rig_view name = full_name(p, rig_view_sub(text, 1, len - 1));
    if (want->kind == RIG_SCN_C_FIELD && rig_fields[want->field].form == RIG_FORM_CDB)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "a CDB cannot be held in a variable");
    out->var = var_find(p, name);
    bool is_text = holds_text(want);
    if (out->var == RIG_SCN_NO_VAR && (!binds || out->offset != 0))
        return lang_bad_at(p, place, RIG_E_NOT_FOUND, "$%.*s has no value yet: nothing above binds it",
                           RIG_VIEW_ARG(name));
    if (out->var == RIG_SCN_NO_VAR && !var_add(p, place, name, is_text, &out->var))
        return false;
    const rig_scn_var *var = &((const rig_scn_var *)p->vars.ptr)[out->var];
    if (var->is_text != is_text || (is_text && out->offset != 0))
        return lang_bad_at(p, place, RIG_E_SYNTAX, "$%.*s holds %s, which does not fit here",
                           RIG_VIEW_ARG(name), var->is_text ? "text" : "a number");
    return true;
}

/* ---- literals ---- */

static bool field_cdb(lang_parser *p, rig_scn_place place, rig_view text, rig_scn_value *out)
{
    uint8_t cdb[RIG_CDB_MAX], mask[RIG_CDB_MAX];
    size_t len = 0;
    rig_error err = {.status = RIG_OK};
    rig_status status = rig_cdb_parse(text, cdb, mask, &len, &err);
    if (status != RIG_OK)
        return lang_bad_at(p, place, status, "%s", err.text);
    if (len < CDB_FIXED) {
        memset(cdb + len, 0, CDB_FIXED - len);
        memset(mask + len, 0, CDB_FIXED - len);
        len = CDB_FIXED;
    }
    out->bytes = lang_view(p, (const char *)cdb, len);
    out->mask = lang_view(p, (const char *)mask, len);
    return out->bytes.ptr && out->mask.ptr;
}

static bool field_literal(lang_parser *p, rig_scn_place place, const lang_want *want, rig_scn_value *out)
{
    const rig_field *field = &rig_fields[want->field];
    if (field->form == RIG_FORM_CDB)
        return field_cdb(p, place, out->text, out);
    uint8_t bhs[RIG_BHS_LEN] = {0};
    rig_error err = {.status = RIG_OK};
    rig_status status = rig_field_parse(bhs, want->field, out->text, &err);
    if (status != RIG_OK)
        return lang_bad_at(p, place, status, "%s: %s", field->name, err.text);
    out->number = rig_get(bhs, want->field);
    out->is_number = true;
    return true;
}

static bool virtual_literal(lang_parser *p, rig_scn_place place, const lang_want *want, rig_scn_value *out)
{
    out->is_number = rig_virtual_parse(want->fact, out->text, &out->number);
    rig_view shown = rig_view_sub(out->text, 0, 60);
    return out->is_number ||
           lang_bad_at(p, place, RIG_E_SYNTAX, "\"%.*s\" is no %s: write %s=%s", RIG_VIEW_ARG(shown),
                       want->fact->name, want->fact->name, want->fact->form);
}

static bool arg_literal(lang_parser *p, rig_scn_place place, rig_view raw, const lang_want *want,
                        rig_scn_value *out)
{
    if (want->arg->type == RIG_SCN_T_NUMBER && rig_view_is(raw, "none")) {
        out->number = RIG_TAG_NONE;
        out->is_number = true;
        return true;
    }
    return lang_value_convert(p, place, raw, want->arg, out);
}

static bool read_literal(lang_parser *p, rig_scn_place place, rig_view raw, const lang_want *want,
                         rig_scn_value *out)
{
    out->text = lang_unquote(p, raw);
    bool ok = true;
    if (want->kind == RIG_SCN_C_FIELD)
        ok = field_literal(p, place, want, out);
    else if (want->kind == RIG_SCN_C_VIRTUAL)
        ok = virtual_literal(p, place, want, out);
    else if (want->kind == RIG_SCN_C_ARG)
        ok = arg_literal(p, place, raw, want, out);
    else
        out->is_number = rig_view_u64(out->text, &out->number);
    if (ok && want->kind == RIG_SCN_C_CONNECTION && !out->is_number)
        ok = lang_bad_at(p, place, RIG_E_SYNTAX, "connection wants a number");
    return ok;
}

typedef struct pattern_reader {
    lang_parser *p;
    uint32_t token;
    const lang_want *want;
    rig_scn_pattern *out;
    uint32_t hit; /* literal of this pattern to alter, 0 none */
} pattern_reader;

static bool read_value(pattern_reader *r, rig_view raw, bool binds, rig_scn_value *out)
{
    lang_parser *p = r->p;
    rig_scn_place place = lang_place_in(p, r->token, raw);
    *out = (rig_scn_value){.place = place, .text = raw, .var = RIG_SCN_NO_VAR};
    if (raw.len == 0)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "a value is missing");
    if (raw.ptr[0] == '$')
        return read_var(p, place, raw, r->want, binds, out);
    if (!read_literal(p, place, raw, r->want, out))
        return false;
    bool alter;
    out->place = place;
    out->literal = lang_literal(p, place, out->text, &alter);
    if (alter)
        r->hit = out->literal;
    return true;
}

/* ---- forms ---- */

static size_t find_range(rig_view text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] == '"')
            return text.len;
        if (text.ptr[i] == '.' && text.ptr[i + 1] == '.')
            return i;
    }
    return text.len;
}

static bool range_end(rig_view text)
{
    uint64_t number;
    return text.len == 0 || text.ptr[0] == '$' || rig_view_u64(text, &number);
}

/* In text only numbers make a range, so that a name with dots stays a name. */
static bool is_range(const pattern_reader *r, rig_view text, size_t at)
{
    if (at >= text.len || text.len == 2)
        return false;
    rig_view low = rig_view_sub(text, 0, at), high = rig_view_sub(text, at + 2, text.len);
    if (r->want->kind == RIG_SCN_C_VIRTUAL ||
        (r->want->kind == RIG_SCN_C_FIELD && rig_fields[r->want->field].form != RIG_FORM_CDB))
        return true;
    return range_end(low) && range_end(high);
}

static bool read_end(pattern_reader *r, rig_view raw, rig_scn_value *out)
{
    if (raw.len > 0)
        return read_value(r, raw, false, out);
    *out = (rig_scn_value){
        .place = lang_place_in(r->p, r->token, raw), .text = {(const uint8_t *)"", 0}, .var = RIG_SCN_NO_VAR};
    return true;
}

static bool read_range(pattern_reader *r, rig_view text, size_t at)
{
    rig_scn_pattern *out = r->out;
    out->match = RIG_SCN_RANGE;
    if (!read_end(r, rig_view_sub(text, 0, at), &out->low) ||
        !read_end(r, rig_view_sub(text, at + 2, text.len), &out->high))
        return false;
    bool serial = r->want->kind == RIG_SCN_C_FIELD && rig_fields[r->want->field].form == RIG_FORM_SN;
    if (!serial && out->low.is_number && out->high.is_number && out->low.number > out->high.number)
        return lang_bad_at(r->p, out->place, RIG_E_SYNTAX,
                           "the range is empty: its lower end is above the upper one");
    return true;
}

/* $x!=value: binds, with a condition. */
static bool read_bind_differs(pattern_reader *r, rig_view text, size_t at)
{
    r->out->match = RIG_SCN_BIND_DIFFERS;
    return read_value(r, rig_view_sub(text, 0, at), true, &r->out->low) &&
           read_value(r, rig_view_sub(text, at + 2, text.len), false, &r->out->high);
}

static bool call_arg(pattern_reader *r, rig_scn_call *call, rig_view raw)
{
    static const lang_want text_want = {.kind = RIG_SCN_C_KEY};
    if (call->num_args >= RIG_SCN_CALL_ARGS)
        return lang_bad_at(r->p, r->out->place, RIG_E_LIMIT, "too many arguments");
    while (raw.len > 0 && raw.ptr[0] == ' ')
        raw = rig_view_sub(raw, 1, raw.len);
    const lang_want *want = r->want;
    r->want = &text_want;
    bool ok = read_value(r, raw, false, &call->args[call->num_args++]);
    r->want = want;
    return ok;
}

/* Cuts at commas outside quotes. */
static rig_view next_arg(rig_view *rest)
{
    size_t i = 0;
    bool quoted = false;
    for (; i < rest->len && (quoted || rest->ptr[i] != ','); i++) {
        if (quoted && rest->ptr[i] == '\\')
            i++;
        else
            quoted ^= rest->ptr[i] == '"';
    }
    rig_view arg = rig_view_sub(*rest, 0, i);
    *rest = i < rest->len ? rig_view_sub(*rest, i + 1, rest->len) : (rig_view){NULL, 0};
    return arg;
}

#define CHAP_ARGS 3

static bool read_call(pattern_reader *r, rig_view text)
{
    rig_scn_call *call = lang_take(r->p->arena, sizeof(*call));
    if (!call)
        return lang_nomem(r->p->report);
    r->out->match = RIG_SCN_CALL;
    r->out->call = call;
    r->out->low.var = RIG_SCN_NO_VAR;
    for (rig_view rest = rig_view_sub(text, 5, text.len - 6); rest.ptr;)
        if (!call_arg(r, call, next_arg(&rest)))
            return false;
    if (call->num_args != CHAP_ARGS)
        return lang_bad_at(r->p, r->out->place, RIG_E_SYNTAX, "chap wants (identifier,secret,challenge)");
    return true;
}

static size_t find_differs(rig_view text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '!' && text.ptr[i + 1] == '=')
            return i;
    return text.len;
}

static bool read_form(pattern_reader *r, rig_view text, char op)
{
    rig_scn_pattern *out = r->out;
    size_t differs = text.len > 0 && text.ptr[0] == '$' ? find_differs(text) : text.len;
    bool is_call =
        r->want->kind == RIG_SCN_C_KEY && rig_view_starts(text, "chap(") && text.ptr[text.len - 1] == ')';
    if (op != '!' && rig_view_is(text, "_")) {
        out->match = RIG_SCN_ANY;
        return true;
    }
    if (op == '=' && differs < text.len)
        return read_bind_differs(r, text, differs);
    if (op == '=' && is_call)
        return read_call(r, text);
    if (op == '=' && is_range(r, text, find_range(text)))
        return read_range(r, text, find_range(text));
    out->match = op == '~' ? RIG_SCN_HAS : op == '!' ? RIG_SCN_DIFFERS : RIG_SCN_IS;
    return read_value(r, text, op == '=', &out->low);
}

/* ---- altering: the pattern says something else ---- */

static void alter_range(lang_parser *p, rig_scn_pattern *out)
{
    bool above = out->high.is_number && out->high.number < UINT64_MAX;
    bool below = out->low.is_number && out->low.number > 0;
    if (!above && !below) {
        p->unalterable = true;
        return;
    }
    rig_scn_value value = above ? out->high : out->low;
    lang_number_set(p, &value, above ? value.number + 1 : value.number - 1);
    out->match = RIG_SCN_IS;
    out->low = value;
}

static void alter_pattern(pattern_reader *r)
{
    rig_scn_pattern *out = r->out;
    r->p->altered = true;
    switch (out->match) {
    case RIG_SCN_DIFFERS:
        out->match = RIG_SCN_IS;
        break;
    case RIG_SCN_BIND_DIFFERS:
        out->match = RIG_SCN_IS;
        out->low = out->high;
        break;
    case RIG_SCN_RANGE:
        alter_range(r->p, out);
        break;
    case RIG_SCN_CALL:
        for (uint32_t i = 0; i < out->call->num_args; i++) {
            rig_scn_value *arg = &((rig_scn_call *)(uintptr_t)out->call)->args[i];
            if (arg->literal == r->hit)
                lang_alter_value(r->p, arg, &(lang_want){.kind = RIG_SCN_C_KEY});
        }
        break;
    default:
        lang_alter_value(r->p, &out->low, r->want);
    }
}

bool lang_pattern_read(lang_parser *p, uint32_t token, rig_view text, char op, const lang_want *want,
                       rig_scn_pattern *out)
{
    *out = (rig_scn_pattern){.place = lang_place_in(p, token, text)};
    out->low.var = out->high.var = RIG_SCN_NO_VAR;
    if (op == '=' && text.len > 2 && text.ptr[0] == '!' && text.ptr[1] == '=') { /* FIELD=!=v */
        op = '!';
        text = rig_view_sub(text, 2, text.len);
    }
    if (op == '=' && text.len > 1 && text.ptr[0] == '~') {
        op = '~';
        text = rig_view_sub(text, 1, text.len);
    }
    pattern_reader r = {.p = p, .token = token, .want = want, .out = out};
    if (op == '~' && (want->kind == RIG_SCN_C_FIELD || want->kind == RIG_SCN_C_VIRTUAL))
        return lang_bad_at(p, out->place, RIG_E_SYNTAX, "~ looks into lists: a field holds none");
    if (!read_form(&r, text, op))
        return false;
    if (r.hit)
        alter_pattern(&r);
    return true;
}
