/* Text negotiation, RFC 7143 sections 6.2, 7.12 and 13: check every pair, apply the rules between keys, then
 * answer. */
#include "rig/iname.h"
#include "tkeys.h"

#define STATUS_INITIATOR_ERROR 0x0200
#define STATUS_AUTHENTICATION 0x0201
#define STATUS_SESSION_TYPE 0x0209
#define STATUS_RESOURCES 0x0302

/* What the current text did to a key. */
enum { NOTHING, SILENT, ANSWER, REJECT, IRRELEVANT };

void tgt_negotiation_init(tgt_negotiation *negotiation, const uint32_t *own)
{
    *negotiation = (tgt_negotiation){.own = own, .leading = true};
    for (unsigned key = 0; key < TGT_KEYS; key++)
        negotiation->value[key] = tgt_key_rows[key].def;
}

static bool open_in_phase(const tgt_key_row *row, tgt_phase phase)
{
    switch (phase) {
    case TGT_PHASE_SECURITY:
        return row->use == TGT_SECURITY || row->flags & TGT_ANY_STAGE;
    case TGT_PHASE_OPERATIONAL:
        return row->use != TGT_SECURITY && row->use != TGT_FFPO;
    default:
        return row->use == TGT_ALL || row->use == TGT_FFPO;
    }
}

/* Section 6.2: these three answer a proposal, they are never one. */
static bool reserved_word(rig_view value)
{
    return rig_view_is(value, "Reject") || rig_view_is(value, "Irrelevant") ||
           rig_view_is(value, "NotUnderstood");
}

static uint16_t complain(rig_error *err, const rig_pair *pair, uint16_t status, const char *why)
{
    rig_text field;
    rig_error scratch;
    rig_error *to = err ? err : &scratch;
    rig_fail(to, RIG_E_NEGOTIATION, "%s", why);
    rig_text_init(&field, to->field, sizeof(to->field));
    rig_text_escaped(&field, pair->key);
    to->offset = pair->offset;
    return status;
}

static uint16_t check_place(const tgt_negotiation *negotiation, tgt_key key, const rig_pair *pair,
                            rig_error *err)
{
    const tgt_key_row *row = &tgt_key_rows[key];
    if (row->flags & TGT_FROM_TARGET)
        return complain(err, pair, STATUS_INITIATOR_ERROR, "only a target sends this key");
    if (!open_in_phase(row, negotiation->phase))
        return complain(err, pair, STATUS_INITIATOR_ERROR, "the key is not allowed in this phase or stage");
    if (row->use == TGT_LO && !negotiation->leading)
        return complain(err, pair, STATUS_INITIATOR_ERROR, "the key belongs to the leading login (use LO)");
    if (negotiation->seen >> key & 1)
        return complain(err, pair, STATUS_INITIATOR_ERROR, "the key was sent before in this negotiation");
    if (reserved_word(pair->value) && !(negotiation->proposed >> key & 1))
        return complain(err, pair, STATUS_INITIATOR_ERROR, "a reserved word is not a proposal");
    return 0;
}

static uint32_t result_of(tgt_key_rule rule, uint32_t offer, uint32_t own)
{
    switch (rule) {
    case TGT_MIN:
        return offer < own ? offer : own;
    case TGT_MAX:
        return offer > own ? offer : own;
    case TGT_AND:
        return offer & own;
    case TGT_OR:
        return offer | own;
    default:
        return offer;
    }
}

/* Out of range: a negotiated key is answered Reject and keeps its value, a declaration cannot be (7.12). */
static int take_number(tgt_negotiation *negotiation, tgt_key key, rig_view value)
{
    const tgt_key_row *row = &tgt_key_rows[key];
    uint64_t offer;
    if (!rig_number_parse(value, &offer) || offer < row->low || offer > row->high)
        return REJECT;
    uint32_t own = negotiation->discovery && key == TGT_KEY_RECOVERY_LEVEL ? 0 : negotiation->own[key];
    negotiation->value[key] = result_of(row->rule, (uint32_t)offer, own);
    return row->rule == TGT_DECLARE ? SILENT : ANSWER;
}

static int take_bool(tgt_negotiation *negotiation, tgt_key key, rig_view value)
{
    bool yes;
    if (!rig_bool_parse(value, &yes))
        return REJECT;
    negotiation->value[key] = result_of(tgt_key_rows[key].rule, yes, negotiation->own[key]);
    return ANSWER;
}

/* 6.2.1: the first entry of the originator's list that we support; unknown entries are passed over. What
 * answers a list of ours is one entry. */
static int take_list(tgt_negotiation *negotiation, tgt_key key, rig_view value)
{
    bool answer = negotiation->proposed >> key & 1;
    uint32_t own = key == TGT_KEY_AUTH_METHOD ? negotiation->methods : negotiation->own[key];
    for (rig_view rest = value; rest.ptr;) {
        rig_view part = answer ? rest : rig_view_split(&rest, ',');
        int position = tgt_key_position(key, part);
        if (answer)
            rest = rig_view_of(NULL, 0);
        if (position >= 0 && own >> position & 1) {
            negotiation->value[key] = (uint32_t)position;
            return tgt_key_rows[key].rule == TGT_DECLARE ? SILENT : ANSWER;
        }
    }
    return REJECT;
}

static int take_text(tgt_key key, rig_view value)
{
    if (tgt_key_rows[key].rule == TGT_REFUSE)
        return REJECT;
    if (tgt_key_rows[key].type == TGT_NAME)
        return rig_iname_check(value, NULL, NULL) == RIG_OK ? SILENT : REJECT;
    return value.len <= RIG_VALUE_MAX ? SILENT : REJECT;
}

static int take_value(tgt_negotiation *negotiation, tgt_key key, rig_view value)
{
    const tgt_key_row *row = &tgt_key_rows[key];
    if (key >= TGT_KEY_CHAP_A && key <= TGT_KEY_CHAP_R)
        return SILENT; /* the method looks at its keys, and answers them */
    if (negotiation->discovery && row->flags & TGT_NOT_DISC)
        return IRRELEVANT;
    switch (row->type) {
    case TGT_NUMBER:
        return take_number(negotiation, key, value);
    case TGT_BOOL:
        return take_bool(negotiation, key, value);
    case TGT_LIST:
        return take_list(negotiation, key, value);
    default:
        return take_text(key, value);
    }
}

/* A declaration we cannot take, or no way to authenticate, is a failed negotiation; else the key stays as it
 * was. */
static uint16_t failure_of(tgt_key key, const rig_pair *pair, rig_error *err)
{
    if (key == TGT_KEY_SESSION_TYPE)
        return complain(err, pair, STATUS_SESSION_TYPE, "no such session type");
    if (key == TGT_KEY_AUTH_METHOD)
        return complain(err, pair, STATUS_AUTHENTICATION, "no acceptable authentication method");
    if (tgt_key_rows[key].rule == TGT_DECLARE)
        return complain(err, pair, STATUS_INITIATOR_ERROR, "the declared value is not admissible");
    return 0;
}

static uint16_t take_pair(tgt_negotiation *negotiation, const rig_pair *pair, rig_error *err)
{
    tgt_key key = tgt_key_find(pair->key);
    if (key == TGT_KEYS)
        return 0;
    uint16_t status = check_place(negotiation, key, pair, err);
    if (status)
        return status;
    negotiation->seen |= UINT64_C(1) << key;
    negotiation->outcome[key] = (uint8_t)take_value(negotiation, key, pair->value);
    return negotiation->outcome[key] == REJECT ? failure_of(key, pair, err) : 0;
}

/* Integrity rules of 13.14 and 13.19, once all values are there (6.2). */
static uint16_t apply_rules(tgt_negotiation *negotiation, rig_error *err)
{
    uint32_t *value = negotiation->value;
    if (value[TGT_KEY_FIRST_BURST] > value[TGT_KEY_MAX_BURST]) {
        bool answered =
            negotiation->seen >> TGT_KEY_FIRST_BURST & 1 && !negotiation->outcome[TGT_KEY_FIRST_BURST];
        if (answered) {
            rig_fail(err, RIG_E_NEGOTIATION, "MaxBurstLength below the FirstBurstLength agreed before");
            return STATUS_INITIATOR_ERROR;
        }
        value[TGT_KEY_FIRST_BURST] = value[TGT_KEY_MAX_BURST];
    }
    if (value[TGT_KEY_RECOVERY_LEVEL] > 0 && value[TGT_KEY_SEQ_IN_ORDER])
        value[TGT_KEY_MAX_R2T] = 1;
    return 0;
}

static rig_status put_answer(rig_gather *answer, const rig_alloc *alloc, rig_view key, const char *value)
{
    char name[RIG_KEY_MAX + 1];
    rig_text text;
    rig_text_init(&text, name, sizeof(name));
    rig_text_view(&text, key);
    return rig_gather_pair(answer, alloc, name, rig_view_str(value), RIG_TEXT_ANSWER_MAX);
}

static rig_status put_value(const tgt_negotiation *negotiation, tgt_key key, const rig_alloc *alloc,
                            rig_gather *answer)
{
    const tgt_key_row *row = &tgt_key_rows[key];
    uint32_t value = negotiation->value[key];
    rig_view shown;
    char number[16];
    rig_text text;
    rig_text_init(&text, number, sizeof(number));
    rig_text_number(&text, value);
    if (row->type == TGT_LIST)
        shown = rig_view_str(tgt_key_choice(key, value));
    else if (row->type == TGT_BOOL)
        shown = rig_view_str(value ? "Yes" : "No");
    else
        shown = rig_view_of(number, text.len);
    return rig_gather_pair(answer, alloc, row->name, shown, RIG_TEXT_ANSWER_MAX);
}

static rig_status answer_pair(const tgt_negotiation *negotiation, const rig_pair *pair,
                              const rig_alloc *alloc, rig_gather *answer)
{
    tgt_key key = tgt_key_find(pair->key);
    if (key == TGT_KEYS)
        return put_answer(answer, alloc, pair->key, "NotUnderstood");
    switch (negotiation->outcome[key]) {
    case ANSWER: /* tauth.c says which method it is */
        return key == TGT_KEY_AUTH_METHOD ? RIG_OK : put_value(negotiation, key, alloc, answer);
    case REJECT:
        return put_answer(answer, alloc, pair->key, "Reject");
    case IRRELEVANT:
        return put_answer(answer, alloc, pair->key, "Irrelevant");
    default:
        return RIG_OK;
    }
}

static uint16_t take_all(tgt_negotiation *negotiation, rig_view text, rig_error *err)
{
    rig_pair pair;
    rig_status status;
    rig_view rest = text;
    while ((status = rig_pair_next(text.ptr, &rest, &pair, err)) == RIG_OK) {
        uint16_t failed = take_pair(negotiation, &pair, err);
        if (failed)
            return failed;
    }
    return status == RIG_E_NOT_FOUND ? apply_rules(negotiation, err) : STATUS_INITIATOR_ERROR;
}

uint16_t tgt_negotiate(tgt_negotiation *negotiation, rig_view text, const rig_alloc *alloc,
                       rig_gather *answer, rig_error *err)
{
    rig_pair pair;
    rig_view rest = text;
    memset(negotiation->outcome, NOTHING, sizeof(negotiation->outcome));
    uint16_t failed = take_all(negotiation, text, err);
    while (!failed && rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK)
        if (answer_pair(negotiation, &pair, alloc, answer) != RIG_OK)
            failed = STATUS_RESOURCES;
    return failed;
}
