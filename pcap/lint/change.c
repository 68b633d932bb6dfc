/* Changes of one PDU, as the rows declare them: what breaks a rule, so that it can be seen to fire. */
#include "lint.h"

#define LATER (UINT64_C(86400) * 1000000000) /* ns: a day, beyond every deadline of a message */

typedef struct change_word {
    rig_view name, value;
    char sign; /* '=', '!' for !=, '+' for +=, '>', '<', 0 without value */
} change_word;

static change_word split_word(rig_view word)
{
    change_word out = {word, {NULL, 0}, 0};
    for (size_t i = 1; i < word.len; i++) {
        bool two = i + 1 < word.len && word.ptr[i + 1] == '=' && (word.ptr[i] == '!' || word.ptr[i] == '+');
        if (!two && word.ptr[i] != '=' && word.ptr[i] != '>' && word.ptr[i] != '<')
            continue;
        out.name.len = i;
        out.sign = (char)word.ptr[i];
        out.value = rig_view_sub(word, i + 1 + two, word.len);
        break;
    }
    return out;
}

static bool number_of(rig_view value, uint64_t *out)
{
    bool negative = value.len > 0 && value.ptr[0] == '-';
    if (!rig_view_u64(rig_view_sub(value, negative, value.len), out))
        return false;
    *out = negative ? 0 - *out : *out;
    return true;
}

/* ---- conditions ---- */

static bool field_holds(rig_pdu_kind kind, const uint8_t *bhs, const change_word *word, bool *out_holds)
{
    uint8_t wanted[RIG_BHS_LEN];
    rig_field_id field = rig_field_find(kind, word->name);
    memcpy(wanted, bhs, sizeof wanted);
    if (field == RIG_FIELDS || (word->sign != '=' && word->sign != '!') ||
        rig_field_parse(wanted, field, word->value, NULL) != RIG_OK)
        return false;
    *out_holds = (memcmp(wanted, bhs, sizeof wanted) == 0) == (word->sign == '=');
    return true;
}

bool lint_change_holds(const rig_item *item, rig_pdu_kind kind, rig_view text, bool *out_holds)
{
    change_word word = split_word(text);
    char key[RIG_KEY_MAX + 1];
    rig_text name;
    uint64_t number;
    if (rig_view_starts(text, "has:")) {
        rig_text_init(&name, key, sizeof key);
        rig_text_view(&name, rig_view_sub(text, 4, text.len));
        *out_holds = lint_has_key(item->text, key, NULL);
        return true;
    }
    if (!rig_view_is(word.name, "data"))
        return field_holds(kind, item->pdu.bhs, &word, out_holds);
    *out_holds = number_of(word.value, &number) &&
                 (word.sign == '>' ? item->data_len > number : item->data_len < number);
    return word.sign == '>' || word.sign == '<';
}

/* ---- steps ---- */

void lint_change_len(rig_lint_changed *out, uint64_t len)
{
    rig_item *item = &out->item;
    size_t have = item->pdu.data.len;
    bool whole = have == item->data_len && len <= sizeof out->data;
    item->data_len = (uint32_t)len & RIG_DATA_MAX;
    rig_set(out->bhs, RIG_F_DATA_LEN, item->data_len);
    if (whole && len > have)
        memset(out->data + have, 0, len - have);
    if (whole || len < have)
        item->pdu.data.len = (size_t)len;
    if (item->text.ptr)
        item->text = item->pdu.data;
}

static rig_status step_field(rig_lint_changed *out, const change_word *word)
{
    rig_pdu_kind kind = rig_pdu_kind_of(out->bhs);
    rig_field_id field = rig_field_find(kind, word->name);
    uint64_t number;
    if (field == RIG_FIELDS)
        return RIG_E_SYNTAX;
    if (word->sign == '=')
        return rig_field_parse(out->bhs, field, word->value, NULL);
    if (word->sign != '+' || !number_of(word->value, &number))
        return RIG_E_SYNTAX;
    rig_set(out->bhs, field, rig_get(out->bhs, field) + number);
    return RIG_OK;
}

static rig_status step_len(rig_lint_changed *out, const change_word *word)
{
    uint64_t number;
    if (!number_of(word->value, &number))
        return RIG_E_SYNTAX;
    lint_change_len(out, word->sign == '+' ? out->item.data_len + number : number);
    return RIG_OK;
}

static rig_status step_byte(rig_lint_changed *out, rig_view at, rig_view value, uint8_t *bytes, size_t len)
{
    uint64_t place, number;
    (void)out;
    if (!rig_view_u64(at, &place) || !rig_view_u64(value, &number) || number > UINT8_MAX)
        return RIG_E_SYNTAX;
    if (place >= len)
        return RIG_E_NOT_FOUND;
    bytes[place] = (uint8_t)number;
    return RIG_OK;
}

static rig_status step_ahs(rig_lint_changed *out, rig_view hex)
{
    size_t len = rig_hex_parse(hex, out->ahs, sizeof out->ahs);
    if (len == SIZE_MAX || len % 4)
        return RIG_E_SYNTAX;
    out->item.pdu.ahs = rig_view_of(out->ahs, len);
    rig_set(out->bhs, RIG_F_AHS_WORDS, len / 4);
    return RIG_OK;
}

/* Only a text that is all in this PDU. */
static bool own_text(const rig_lint_changed *out)
{
    return out->item.text.len == out->item.data_len && out->item.pdu.data.len == out->item.data_len;
}

/* Writes the pairs anew: without key, and then value (with its key) when there is one. */
static rig_status rewrite(rig_lint_changed *out, rig_view key, rig_view value)
{
    static uint8_t const nul = 0;
    uint8_t *to = out->data;
    rig_view rest = out->item.text;
    rig_pair pair;
    if (!own_text(out) || rest.len + key.len + value.len + 2 > sizeof out->data)
        return RIG_E_NOT_FOUND;
    while (rig_pair_next(out->data, &rest, &pair, NULL) == RIG_OK) {
        size_t len = pair.key.len + pair.value.len + 2;
        if (rig_view_eq(pair.key, key))
            continue;
        memmove(to, pair.key.ptr, len);
        to += len;
    }
    if (value.ptr) {
        memcpy(to, value.ptr, value.len);
        memcpy(to + value.len, &nul, 1);
        to += value.len + 1;
    }
    size_t len = (size_t)(to - out->data);
    out->item.data_len = (uint32_t)len;
    out->item.pdu.data = out->item.text = rig_view_of(out->data, len);
    rig_set(out->bhs, RIG_F_DATA_LEN, len);
    return RIG_OK;
}

rig_status lint_change_key(rig_lint_changed *out, rig_view word)
{
    rig_view pair = rig_view_sub(word, 2, word.len);
    rig_view key = rig_view_sub(pair, 0, rig_view_find(pair, '='));
    const rig_view none = {NULL, 0};
    if (rig_view_starts(word, "--"))
        return rewrite(out, key, none);
    return rewrite(out, rig_view_starts(word, "~~") ? key : none, pair);
}

static void make_snack(rig_lint_changed *out)
{
    uint32_t exp_stat_sn = rig_get32(out->bhs, RIG_F_EXP_STAT_SN);
    rig_bhs_init(out->bhs, RIG_PDU_SNACK);
    rig_set(out->bhs, RIG_F_ITT, 1);
    rig_set(out->bhs, RIG_F_EXP_STAT_SN, exp_stat_sn);
    lint_change_len(out, 0);
}

/* Steps without value, by name. */
static bool step_word(rig_lint_changed *out, rig_view word)
{
    struct {
        const char *name;
        bool *flag;
    } const flags[] = {
        {"bad-padding", &out->item.pdu.bad_padding},
        {"bad-header-digest", &out->item.pdu.bad_header_digest},
        {"bad-data-digest", &out->item.pdu.bad_data_digest},
        {"in-the-clear", &out->item.leaked},
        {"drop", &out->drop},
        {"twice", &out->twice},
        {"earlier", &out->earlier},
        {"joined", &out->joined},
        {"other-connection", &out->other},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (rig_view_is(word, flags[i].name)) {
            *flags[i].flag = true;
            return true;
        }
    if (rig_view_is(word, "snack"))
        make_snack(out);
    else if (rig_view_is(word, "late"))
        out->item.time += LATER;
    else if (rig_view_is(word, "cut"))
        lint_change_len(out, out->item.data_len ? out->item.data_len - 1 : 0);
    else
        return false;
    return true;
}

static rig_status step(rig_lint_changed *out, rig_view text)
{
    change_word word = split_word(text);
    if (text.len == 0) /* between two blanks */
        return RIG_OK;
    if (rig_view_starts(text, "++") || rig_view_starts(text, "--") || rig_view_starts(text, "~~"))
        return lint_change_key(out, text);
    if (step_word(out, text))
        return RIG_OK;
    if (rig_view_starts(text, "data@"))
        return step_byte(out, rig_view_sub(word.name, 5, word.name.len), word.value, out->data,
                         out->item.pdu.data.len);
    if (rig_view_starts(text, "@"))
        return step_byte(out, rig_view_sub(word.name, 1, word.name.len), word.value, out->bhs, RIG_BHS_LEN);
    if (rig_view_is(word.name, "len"))
        return step_len(out, &word);
    if (rig_view_is(word.name, "ahs"))
        return step_ahs(out, word.value);
    return step_field(out, &word);
}

void lint_change_begin(rig_lint_changed *out, const rig_item *item)
{
    bool text = item->text.ptr && item->text.ptr == item->pdu.data.ptr;
    size_t len = item->pdu.data.ptr ? item->pdu.data.len : 0;
    out->item = *item;
    out->drop = out->twice = out->earlier = out->joined = out->other = false;
    memcpy(out->bhs, item->pdu.bhs, RIG_BHS_LEN);
    len = len > sizeof out->data ? sizeof out->data : len;
    if (len)
        memcpy(out->data, item->pdu.data.ptr, len);
    out->item.pdu.bhs = out->bhs;
    out->item.pdu.data = rig_view_of(out->data, len);
    if (text || (!item->text.len && !item->data_len))
        out->item.text = out->item.pdu.data;
}

rig_status rig_lint_change(const char *change, const rig_item *item, rig_lint_changed *out)
{
    rig_view rest = rig_view_str(change);
    rig_pdu_kind kind = rig_pdu_find(rig_view_split(&rest, ' '));
    bool holds = item->kind == RIG_ITEM_PDU && rig_pdu_kind_of(item->pdu.bhs) == kind &&
                 rig_pdu_rows[kind].from_initiator == item->to_target;
    if (kind == RIG_PDU_UNKNOWN)
        return RIG_E_SYNTAX;
    if (!holds)
        return RIG_E_NOT_FOUND;
    for (;;) {
        rig_view word = rig_view_split(&rest, ' ');
        if (rig_view_is(word, "->"))
            break;
        if (!rest.ptr || !lint_change_holds(item, kind, word, &holds))
            return RIG_E_SYNTAX;
        if (!holds)
            return RIG_E_NOT_FOUND;
    }
    lint_change_begin(out, item);
    rig_status status = RIG_OK;
    while (rest.ptr && status == RIG_OK)
        status = step(out, rig_view_split(&rest, ' '));
    return status;
}
