/* Arguments of a word, read by its row. */
#include "lang.h"

#include "rig/cdb.h"
#include "rig/iname.h"
#include "rig/text.h"

const rig_scn_arg *lang_arg(const lang_args *args, const char *name)
{
    for (uint32_t i = 0; i < args->num; i++)
        if (strcmp(args->given[i].row->name, name) == 0)
            return &args->given[i];
    return NULL;
}

const rig_scn_arg *rig_scn_step_arg(const rig_scn_step *step, const char *name)
{
    for (uint32_t i = 0; i < step->num_args; i++)
        if (strcmp(step->args[i].row->name, name) == 0)
            return &step->args[i];
    return NULL;
}

/* ---- values of one word ---- */

typedef struct reading {
    lang_parser *p;
    rig_scn_place place;
    const rig_scn_arg_row *row;
    rig_view raw; /* the word, quotes included */
    rig_scn_value *out;
} reading;

static bool wrong(const reading *r, const char *what)
{
    rig_view shown = rig_view_sub(r->out->text, 0, 60);
    return lang_bad_at(r->p, r->place, RIG_E_SYNTAX, "\"%.*s\" is no %s", RIG_VIEW_ARG(shown), what);
}

static bool read_number(reading *r)
{
    r->out->is_number = rig_view_u64(r->out->text, &r->out->number);
    return r->out->is_number || wrong(r, "number");
}

static bool read_size(reading *r)
{
    r->out->is_number = lang_size(r->out->text, &r->out->number);
    return r->out->is_number || wrong(r, "size: a number with K, M, G, T, KiB, MiB, GiB or TiB");
}

static bool read_time(reading *r)
{
    r->out->is_number = lang_time(r->out->text, &r->out->number);
    return r->out->is_number || wrong(r, "time: a whole number with ns, us, ms, s, m or h");
}

static bool read_yes_no(reading *r)
{
    r->out->is_number = true;
    r->out->number = rig_view_is(r->out->text, "yes");
    return r->out->number || rig_view_is(r->out->text, "no") || wrong(r, "yes or no");
}

static bool read_word(reading *r)
{
    return r->out->text.ptr != NULL || !r->raw.len;
}

static bool read_choice(reading *r)
{
    r->out->is_number = true;
    r->out->number = 0;
    for (rig_view rest = rig_view_str(r->row->choices); rest.ptr; r->out->number++)
        if (rig_view_eq(rig_view_split(&rest, '|'), r->out->text))
            return true;
    rig_view shown = rig_view_sub(r->out->text, 0, 60);
    return lang_bad_at(r->p, r->place, RIG_E_NOT_FOUND, "\"%.*s\" is none of %s", RIG_VIEW_ARG(shown),
                       r->row->choices);
}

/* A name in quotes is taken as it is: tests of malformed names need it. */
static bool read_name(reading *r)
{
    rig_iname_type type;
    rig_error err = {.status = RIG_OK};
    if (r->raw.len > 0 && r->raw.ptr[0] == '"')
        return true;
    if (rig_iname_check(r->out->text, &type, &err) == RIG_OK)
        return true;
    return lang_bad_at(r->p, r->place, RIG_E_SYNTAX, "no iSCSI name: %s (in quotes anything is taken)",
                       err.text);
}

static bool read_portal(reading *r)
{
    rig_portal portal;
    rig_error err = {.status = RIG_OK};
    if (rig_portal_parse(r->out->text, &portal, &err) == RIG_OK)
        return true;
    return lang_bad_at(r->p, r->place, RIG_E_SYNTAX, "no ADDR:PORT: %s", err.text);
}

static bool read_hex(reading *r)
{
    return lang_hex(r->p, r->out->text, &r->out->bytes) || wrong(r, "hex digits in pairs");
}

static bool read_result(reading *r)
{
    rig_view text = r->out->text;
    if (text.len < 2 || text.ptr[0] != '$')
        return wrong(r, "$variable of an earlier step");
    rig_view name = rig_view_sub(text, 1, text.len);
    r->out->var = lang_result_find(r->p, name);
    if (r->out->var != RIG_SCN_NO_VAR)
        return true;
    return lang_bad_at(r->p, r->place, RIG_E_NOT_FOUND, "no earlier step sets %.*s", RIG_VIEW_ARG(text));
}

static bool read_fault(reading *r)
{
    r->out->is_number = true;
    r->out->number = rig_fault_find(r->out->text);
    if (r->out->number < RIG_FAULTS)
        return true;
    lang_known known = {.num = 0};
    for (unsigned i = 0; i < RIG_FAULTS; i++)
        lang_known_add(&known, rig_fault_rows[i].name);
    return lang_unknown(r->p, r->place, "fault", r->out->text, &known);
}

static bool read_named(reading *r)
{
    uint32_t value;
    r->out->is_number = rig_name_parse(r->row->names, r->out->text, &value);
    if (r->out->is_number) {
        r->out->number = value;
        return true;
    }
    lang_known known = {.num = 0};
    for (uint32_t i = 0; i < r->row->names->num_rows; i++)
        lang_known_add(&known, r->row->names->rows[i].name);
    return lang_unknown(r->p, r->place, r->row->names->what, r->out->text, &known);
}

static bool read_outcome(reading *r)
{
    if (lang_outcome(r->out->text))
        return true;
    lang_known known = {.num = 0};
    lang_known_outcomes(&known);
    return lang_unknown(r->p, r->place, "status", r->out->text, &known);
}

static bool read_call(reading *r)
{
    const rig_call *call = rig_call_find(r->out->text);
    r->out->is_number = call != NULL;
    r->out->number = call ? call->id : 0;
    lang_known known = {.num = 0};
    lang_known_calls(&known);
    return call || lang_unknown(r->p, r->place, "call", r->out->text, &known);
}

static bool read_kind(reading *r)
{
    rig_record_id record = RIG_RECORD_nothing;
    r->out->is_number = lang_kind_find(r->out->text, &record);
    r->out->number = record;
    lang_known known = {.num = 0};
    lang_known_kinds(&known);
    return r->out->is_number || lang_unknown(r->p, r->place, "kind of row", r->out->text, &known);
}

static bool read_code(reading *r)
{
    rig_code code;
    lang_known known = {.num = 0};
    lang_known_codes(&known);
    return rig_code_parse(r->out->text, &code) == RIG_OK ||
           lang_unknown(r->p, r->place, "code", r->out->text, &known);
}

static bool read_prefix(reading *r)
{
    rig_ip ip;
    rig_view text = r->out->text;
    size_t slash = rig_view_find(text, '/');
    r->out->is_number = rig_view_u64(rig_view_sub(text, slash + 1, text.len), &r->out->number);
    r->out->text = rig_view_sub(text, 0, slash);
    bool ok = r->out->is_number && rig_ip_parse(r->out->text, &ip) &&
              r->out->number <= (ip.version == 6 ? 128 : 32);
    return ok || wrong(r, "numeric ADDRESS/BITS");
}

typedef bool read_fn(reading *r);

static read_fn *const readers[] = {
    [RIG_SCN_T_NUMBER] = read_number,   [RIG_SCN_T_SIZE] = read_size,     [RIG_SCN_T_TIME] = read_time,
    [RIG_SCN_T_YES_NO] = read_yes_no,   [RIG_SCN_T_WORD] = read_word,     [RIG_SCN_T_CHOICE] = read_choice,
    [RIG_SCN_T_NAME] = read_name,       [RIG_SCN_T_PORTAL] = read_portal, [RIG_SCN_T_HEX] = read_hex,
    [RIG_SCN_T_RESULT] = read_result,   [RIG_SCN_T_FAULT] = read_fault,   [RIG_SCN_T_NAMED] = read_named,
    [RIG_SCN_T_OUTCOME] = read_outcome, [RIG_SCN_T_TEXT] = read_word,     [RIG_SCN_T_CALL] = read_call,
    [RIG_SCN_T_KIND] = read_kind,       [RIG_SCN_T_PATH] = read_word,     [RIG_SCN_T_CODE] = read_code,
    [RIG_SCN_T_PREFIX] = read_prefix,
};

bool lang_value_convert(lang_parser *p, rig_scn_place place, rig_view raw, const rig_scn_arg_row *row,
                        rig_scn_value *out)
{
    *out = (rig_scn_value){.place = place, .var = RIG_SCN_NO_VAR, .text = lang_unquote(p, raw)};
    reading r = {.p = p, .place = place, .row = row, .raw = raw, .out = out};
    read_fn *read = readers[row->type];
    return read ? read(&r) : read_word(&r);
}

bool lang_value_read(lang_parser *p, lang_cursor *c, const rig_scn_arg_row *row, rig_scn_value *out)
{
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "%s is missing", row->name);
    rig_view raw = lang_peek(p, c);
    size_t skip = row->form == RIG_SCN_EQUAL ? strlen(row->name) + 1 : 0;
    rig_view part = rig_view_sub(raw, skip, raw.len);
    rig_scn_place place = lang_place_in(p, c->at, part);
    c->at++;
    return lang_value_convert(p, place, part, row, out);
}

uint32_t lang_result_find(const lang_parser *p, rig_view name)
{
    const rig_scn_result *results = p->results.ptr;
    for (uint32_t i = 0; i < p->results.num; i++)
        if (rig_view_eq(results[i].name, name))
            return i;
    return RIG_SCN_NO_VAR;
}

/* ---- values of several words ---- */

/* A lower-case word with = that is no key is an argument of the word before: user=… behind offer. */
static bool ends_pairs(rig_view key)
{
    return key.len > 0 && key.ptr[0] >= 'a' && key.ptr[0] <= 'z' && !rig_key_known(key);
}

static bool read_pair(lang_parser *p, lang_cursor *c, size_t equal, rig_scn_pair *pair)
{
    rig_view raw = lang_next(p, c);
    rig_view key = rig_view_sub(raw, 0, equal);
    pair->place = lang_place_in(p, c->at - 1, key);
    pair->key = lang_unquote(p, key);
    pair->value = lang_unquote(p, rig_view_sub(raw, equal + 1, raw.len));
    bool quoted = key.len > 0 && key.ptr[0] == '"';
    if (quoted || rig_key_known(key) || rig_view_is(key, "*")) /* every key: offer *=omit */
        return true;
    lang_known known = {.num = 0};
    lang_known_keys(&known);
    return lang_unknown(p, pair->place, "key", key, &known);
}

bool lang_pairs_read(lang_parser *p, lang_cursor *c, lang_vec *pairs)
{
    uint32_t before = pairs->num;
    while (!lang_at_stop(p, c)) {
        rig_view raw = lang_peek(p, c);
        size_t equal = lang_split_pair(raw);
        if (equal == raw.len || ends_pairs(rig_view_sub(raw, 0, equal)))
            break;
        rig_scn_pair *pair = LANG_ADD(p, pairs, rig_scn_pair);
        if (!pair)
            return lang_nomem(p->report);
        if (!read_pair(p, c, equal, pair))
            return false;
    }
    return pairs->num > before || lang_bad(p, c, RIG_E_SYNTAX, "KEY=VALUE is missing");
}

static bool data_number(lang_parser *p, lang_cursor *c, bool needed, uint64_t *out)
{
    uint64_t number;
    if (!lang_at_stop(p, c) && rig_view_u64(lang_peek(p, c), &number)) {
        c->at++;
        *out = number;
        return true;
    }
    return !needed || lang_bad(p, c, RIG_E_SYNTAX, "a number is missing: data pattern SEED [BYTES]");
}

static bool data_kind(lang_parser *p, lang_cursor *c, rig_scn_data *out)
{
    rig_view raw = lang_next(p, c);
    if (rig_view_is(raw, "zero")) {
        out->kind = RIG_SCN_DATA_ZERO;
        return data_number(p, c, false, &out->len);
    }
    if (rig_view_is(raw, "pattern")) {
        out->kind = RIG_SCN_DATA_PATTERN;
        return data_number(p, c, true, &out->seed) && data_number(p, c, false, &out->len);
    }
    out->kind = RIG_SCN_DATA_BYTES;
    if (rig_view_starts(raw, "hex:"))
        return lang_hex(p, rig_view_sub(raw, 4, raw.len), &out->bytes) ||
               lang_bad_at(p, out->place, RIG_E_SYNTAX, "hex: wants hex digits in pairs");
    out->bytes = lang_unquote(p, raw);
    return (raw.len > 0 && raw.ptr[0] == '"') ||
           lang_bad_at(p, out->place, RIG_E_SYNTAX,
                       "data is \"text\", hex:…, zero [BYTES] or pattern SEED [BYTES]");
}

static void alter_data(lang_parser *p, rig_scn_data *data)
{
    p->altered = true;
    if (data->kind == RIG_SCN_DATA_PATTERN)
        data->seed++;
    else if (data->kind == RIG_SCN_DATA_ZERO)
        *data = (rig_scn_data){data->place, RIG_SCN_DATA_PATTERN, data->bytes, 1, data->len, data->literal};
    else
        data->bytes = lang_view(p, "\x01", data->bytes.len == 1 && data->bytes.ptr[0] == 1 ? 0 : 1);
}

bool lang_data_read(lang_parser *p, lang_cursor *c, rig_scn_data *out)
{
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "data is missing: \"text\", hex:…, zero or pattern SEED");
    uint32_t first = c->at;
    out->place = lang_place(p, first);
    if (!data_kind(p, c, out))
        return false;
    out->place = lang_place_span(p, first, c->at);
    bool alter;
    out->literal = lang_literal(p, out->place, lang_text_of(p, first, c->at), &alter);
    if (alter)
        alter_data(p, out);
    return true;
}

static bool cdb_field(lang_parser *p, lang_cursor *c, const rig_cdb_row *row, uint8_t *cdb)
{
    rig_view raw = lang_peek(p, c);
    size_t equal = lang_split_pair(raw);
    rig_view name = rig_view_sub(raw, 0, equal);
    rig_view text = rig_view_sub(raw, equal + 1, raw.len);
    const rig_cdb_field *field = rig_cdb_field_find(row, name);
    rig_scn_place place = lang_place_in(p, c->at, name);
    if (!field) {
        lang_known known = {.num = 0};
        for (size_t i = 0; i < RIG_CDB_FIELDS_MAX && row->fields[i].name; i++)
            lang_known_add(&known, row->fields[i].name);
        return lang_unknown(p, place, "CDB field", name, &known);
    }
    uint64_t value;
    if (!rig_view_u64(text, &value))
        return lang_bad_at(p, lang_place_in(p, c->at, text), RIG_E_SYNTAX, "%s wants a number", field->name);
    if (!rig_cdb_set(cdb, field, value))
        return lang_bad_at(p, lang_place_in(p, c->at, text), RIG_E_LIMIT,
                           "%s has %u bits: the value does not fit", field->name, field->bits);
    c->at++;
    return true;
}

static bool cdb_words(lang_parser *p, lang_cursor *c, const rig_cdb_row *row, uint8_t *cdb)
{
    rig_cdb_init(cdb, row);
    while (!lang_at_stop(p, c)) {
        rig_view raw = lang_peek(p, c);
        if (lang_split_pair(raw) == raw.len)
            break;
        if (!cdb_field(p, c, row, cdb))
            return false;
    }
    return true;
}

bool lang_cdb_read(lang_parser *p, lang_cursor *c, rig_scn_value *out)
{
    if (lang_at_stop(p, c))
        return lang_bad(p, c, RIG_E_SYNTAX, "a command is missing");
    uint32_t first = c->at;
    uint8_t *cdb = lang_take(p->arena, RIG_CDB_MAX);
    if (!cdb)
        return lang_nomem(p->report);
    rig_view name = lang_unquote(p, lang_next(p, c));
    const rig_cdb_row *row = rig_cdb_find(name);
    size_t len = row ? row->len : 0;
    rig_error err = {.status = RIG_OK};
    if (row && !cdb_words(p, c, row, cdb))
        return false;
    if (!row && rig_cdb_parse(name, cdb, NULL, &len, &err) != RIG_OK)
        return lang_bad_at(p, lang_place(p, first), err.status, "%s", err.text);
    out->place = lang_place_span(p, first, c->at);
    out->text = lang_text_of(p, first, c->at);
    out->bytes = rig_view_of(cdb, len);
    return true;
}

/* ---- the row's arguments ---- */

static bool is_given(const lang_args *args, const rig_scn_arg_row *row)
{
    for (uint32_t i = 0; i < args->num; i++)
        if (args->given[i].row == row)
            return true;
    return false;
}

static bool named(const rig_scn_arg_row *row, rig_view text)
{
    if (row->form == RIG_SCN_WORD)
        return rig_view_is(text, row->name);
    size_t len = strlen(row->name);
    return row->form == RIG_SCN_EQUAL && text.len > len && text.ptr[len] == '=' &&
           rig_view_starts(text, row->name);
}

static const rig_scn_arg_row *row_for(const lang_args *args, rig_view text)
{
    const rig_scn_arg_row *rows = args->word->args;
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && rows[i].name; i++)
        if (named(&rows[i], text))
            return &rows[i];
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && rows[i].name; i++)
        if (rows[i].form == RIG_SCN_BARE && !is_given(args, &rows[i]))
            return &rows[i];
    return NULL;
}

static bool read_pairs(lang_parser *p, lang_cursor *c, rig_scn_arg *arg)
{
    lang_vec pairs = {.num = 0};
    bool ok = lang_pairs_read(p, c, &pairs);
    arg->pairs = pairs.ptr;
    arg->num_pairs = pairs.num;
    return ok;
}

/* Of the call or kind that stands before; what an adapter boots alone is a login. */
static const rig_shape *shape_for(const lang_args *args, const rig_scn_arg *arg)
{
    const rig_scn_arg *first = &args->given[0];
    if (first == arg)
        return RIG_SHAPE(login);
    return rig_shape_of(first->row->type == RIG_SCN_T_CALL
                            ? rig_call_of((rig_call_id)first->value.number)->request
                            : (rig_record_id)first->value.number);
}

static bool read_members(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_arg *arg)
{
    lang_vec members = {.num = 0};
    bool ok = lang_members_read(p, c, shape_for(args, arg), &members);
    arg->members = members.ptr;
    arg->num_members = members.num;
    return ok && (members.num > 0 || lang_bad(p, c, RIG_E_SYNTAX, "PATH=VALUE is wanted here"));
}

static bool read_value(lang_parser *p, lang_cursor *c, rig_scn_arg *arg)
{
    rig_scn_member *member = lang_take(p->arena, sizeof *member);
    arg->members = member;
    arg->num_members = 1;
    return member ? lang_value_of(p, c, member) : lang_nomem(p->report);
}

static bool read_arg(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_arg *arg)
{
    arg->value.var = RIG_SCN_NO_VAR;
    arg->value.place = lang_place(p, c->at);
    if (arg->row->form == RIG_SCN_WORD)
        c->at++;
    switch (arg->row->type) {
    case RIG_SCN_T_FLAG:
        return true;
    case RIG_SCN_T_PAIRS:
        return read_pairs(p, c, arg);
    case RIG_SCN_T_DATA:
        return lang_data_read(p, c, &arg->data);
    case RIG_SCN_T_CDB:
        return lang_cdb_read(p, c, &arg->value);
    case RIG_SCN_T_VALUE:
        return read_value(p, c, arg);
    case RIG_SCN_T_MEMBERS:
        return read_members(p, c, args, arg);
    default:
        return lang_value_read(p, c, arg->row, &arg->value);
    }
}

static bool check_required(lang_parser *p, lang_cursor *c, const lang_args *args)
{
    const rig_scn_arg_row *rows = args->word->args;
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && rows[i].name; i++)
        if (rows[i].required && !is_given(args, &rows[i]))
            return lang_bad(p, c, RIG_E_SYNTAX, "%s wants %s here", args->word->name,
                            rows[i].form == RIG_SCN_BARE && rows[i].choices ? rows[i].choices : rows[i].name);
    return true;
}

/* A word that ends arguments elsewhere is one here when the row has it by that name: `error … after N`. */
static bool more_follows(lang_parser *p, lang_cursor *c, const lang_args *args)
{
    if (!lang_at_stop(p, c))
        return true;
    const rig_scn_arg_row *row = lang_end(p, c) ? NULL : row_for(args, lang_peek(p, c));
    return row && row->form == RIG_SCN_WORD;
}

bool lang_args_read(lang_parser *p, lang_cursor *c, const rig_scn_word *word, lang_args *out)
{
    *out = (lang_args){.word = word};
    while (more_follows(p, c, out)) {
        const rig_scn_arg_row *row = row_for(out, lang_peek(p, c));
        if (!row)
            break;
        if (is_given(out, row))
            return lang_bad(p, c, RIG_E_SYNTAX, "%s is given twice", row->name);
        rig_scn_arg *arg = &out->given[out->num++];
        arg->row = row;
        if (!read_arg(p, c, out, arg))
            return false;
    }
    return check_required(p, c, out);
}
