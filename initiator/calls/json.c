/* Records from JSON. Whoever wrote it is not trusted: kinds, lengths, depth and words are all checked, and no
 * error repeats a value, which may be a secret. */
#include <jansson.h>

#include "internal.h"

/* A list is two levels deep, octets are one. */
#define DEPTH_MAX (2 * RIG_RECORD_DEPTH + 1)

/* Where the reading is, innermost first. */
typedef struct place {
    const struct place *up;
    const char *word; /* NULL: an entry of a list */
    size_t index;
} place;

typedef struct reader {
    const rig_alloc *alloc;
    rig_error *err;
} reader;

static void place_print(const place *where, rig_text *out)
{
    if (!where)
        return;
    place_print(where->up, out);
    rig_text_add(out, out->len ? "." : "");
    if (where->word)
        rig_text_add(out, "%s", where->word);
    else
        rig_text_add(out, "%zu", where->index);
}

static rig_status refuse(const reader *r, const place *where, rig_status status, const char *why)
{
    if (r->err) {
        rig_text field;
        rig_text_init(&field, r->err->field, sizeof r->err->field);
        place_print(where, &field);
    }
    return rig_fail(r->err, status, "%s", why);
}

static rig_view text_of(const json_t *value)
{
    return rig_view_of(json_string_value(value), json_string_length(value));
}

static rig_status read_text(const reader *r, const place *where, const rig_member *member,
                            const json_t *value, void *out)
{
    if (!json_is_string(value))
        return refuse(r, where, RIG_E_SYNTAX, "a text is wanted here");
    rig_view text = text_of(value);
    if (text.len >= member->size)
        return refuse(r, where, RIG_E_LIMIT, "this text is too long");
    memcpy(out, text.ptr, text.len);
    return RIG_OK;
}

static rig_status read_number(const reader *r, const place *where, const rig_member *member,
                              const json_t *value, void *out)
{
    uint64_t number = 0;
    if (member->size == sizeof number) {
        if (!json_is_string(value) || !rig_view_u64(text_of(value), &number))
            return refuse(r, where, RIG_E_SYNTAX, "a number of 64 bits as text (\"0x…\") is wanted here");
    } else if (!json_is_integer(value)) {
        return refuse(r, where, RIG_E_SYNTAX, "a whole number is wanted here");
    } else {
        number = (uint64_t)json_integer_value(value); /* a negative one is too large */
    }
    if (!rec_number_set(member, out, number))
        return refuse(r, where, RIG_E_LIMIT, "this number is out of range");
    return RIG_OK;
}

static rig_status read_bool(const reader *r, const place *where, const rig_member *member,
                            const json_t *value, void *out)
{
    (void)member;
    if (!json_is_boolean(value))
        return refuse(r, where, RIG_E_SYNTAX, "true or false is wanted here");
    *(bool *)out = json_is_true(value);
    return RIG_OK;
}

static rig_status read_bytes(const reader *r, const place *where, const rig_member *member,
                             const json_t *value, void *out)
{
    const json_t *text = json_object_get(value, "text"), *hex = json_object_get(value, "hex");
    const json_t *given = text ? text : hex;
    if (json_object_size(value) != 1 || !json_is_string(given))
        return refuse(r, where, RIG_E_SYNTAX, "{\"text\":…} or {\"hex\":…} is wanted here");
    rig_view view = text_of(given);
    rig_status status;
    if (member->kind == RIG_MEMBER_BYTES)
        status = text ? rig_bytes_set(r->alloc, out, view) : rec_bytes_hex(r->alloc, out, view);
    else
        status = text ? rig_octets_set(out, view) : rec_octets_hex(out, view);
    if (!status)
        return RIG_OK;
    return refuse(r, where, status,
                  status == RIG_E_SYNTAX  ? "pairs of hex digits are wanted here"
                  : status == RIG_E_LIMIT ? "these are too many bytes"
                                          : "no memory for these bytes");
}

static rig_status read_record(const reader *r, const place *where, const rig_shape *shape,
                              const json_t *value, void *out);

static rig_status read_part(const reader *r, const place *where, const rig_member *member,
                            const json_t *value, void *out)
{
    return read_record(r, where, rig_shape_of(member->record), value, out);
}

static rig_status read_list(const reader *r, const place *where, const rig_member *member,
                            const json_t *value, void *out)
{
    const rig_shape *shape = rig_shape_of(member->record);
    if (!json_is_array(value))
        return refuse(r, where, RIG_E_SYNTAX, "a list is wanted here");
    if (json_array_size(value) > RIG_LIST_MAX)
        return refuse(r, where, RIG_E_LIMIT, "this list is too long");
    rig_status status = RIG_OK;
    for (size_t i = 0; i < json_array_size(value) && !status; i++) {
        const place entry = {where, NULL, i};
        void *record = rig_list_add(r->alloc, shape, out);
        status = record ? read_record(r, &entry, shape, json_array_get(value, i), record)
                        : refuse(r, &entry, RIG_E_NOMEM, "no memory for this list");
    }
    return status;
}

typedef rig_status read_fn(const reader *r, const place *where, const rig_member *member, const json_t *value,
                           void *out);

static read_fn *const readers[] = {
    [RIG_MEMBER_TEXT] = read_text,    [RIG_MEMBER_NUMBER] = read_number, [RIG_MEMBER_BOOL] = read_bool,
    [RIG_MEMBER_OCTETS] = read_bytes, [RIG_MEMBER_SECRET] = read_bytes,  [RIG_MEMBER_BYTES] = read_bytes,
    [RIG_MEMBER_PART] = read_part,    [RIG_MEMBER_LIST] = read_list,
};

static rig_status read_record(const reader *r, const place *where, const rig_shape *shape,
                              const json_t *value, void *out)
{
    const char *word;
    json_t *inner;
    if (!json_is_object(value))
        return refuse(r, where, RIG_E_SYNTAX, "a record {…} is wanted here");
    json_object_foreach((json_t *)(uintptr_t)value, word, inner)
    {
        const rig_member *member = rec_member(shape, rig_view_str(word));
        if (!member) {
            refuse(r, where, RIG_E_SYNTAX, "");
            return rec_unknown(shape, rig_view_str(word), RIG_E_SYNTAX, r->err);
        }
        const place here = {where, member->word, 0};
        rig_status status = readers[member->kind](r, &here, member, inner, at(out, member));
        if (status)
            return status;
    }
    return RIG_OK;
}

/* How deep brackets stand inside each other, texts left out: the parser goes down one call a level. */
static size_t depth_of(rig_view text)
{
    size_t depth = 0, deepest = 0;
    bool in_text = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (in_text && c == '\\')
            i++;
        else if (c == '"')
            in_text = !in_text;
        else if (!in_text && (c == '{' || c == '['))
            depth++;
        else if (!in_text && (c == '}' || c == ']') && depth > 0)
            depth--;
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest;
}

/* The parser's own words quote the text. */
static rig_status not_json(const json_error_t *why, rig_error *err)
{
    static const struct {
        enum json_error_code code;
        rig_status status;
        const char *text;
    } rows[] = {
        {json_error_out_of_memory, RIG_E_NOMEM, "no memory to read JSON"},
        {json_error_numeric_overflow, RIG_E_LIMIT, "a number that is too large"},
        {json_error_stack_overflow, RIG_E_LIMIT, "JSON that is too deep"},
        {json_error_invalid_utf8, RIG_E_SYNTAX, "JSON with bytes that are no UTF-8"},
        {json_error_null_character, RIG_E_SYNTAX, "JSON with a NUL in a text"},
        {json_error_null_byte_in_key, RIG_E_SYNTAX, "JSON with a NUL in a word"},
        {json_error_duplicate_key, RIG_E_SYNTAX, "JSON with a word twice in one record"},
        {json_error_premature_end_of_input, RIG_E_SYNTAX, "JSON that ends too early"},
        {json_error_end_of_input_expected, RIG_E_SYNTAX, "JSON with something behind its end"},
    };
    const uint64_t offset = why->position > 0 ? (uint64_t)why->position : 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (json_error_code(why) == rows[i].code)
            return rig_fail_at(err, rows[i].status, offset, NULL, "%s (at byte %d)", rows[i].text,
                               (int)offset);
    return rig_fail_at(err, RIG_E_SYNTAX, offset, NULL, "this is no JSON (at byte %d)", (int)offset);
}

rig_status rig_record_from_json(const rig_alloc *alloc, const rig_shape *shape, rig_view text,
                                void *out_record, rig_error *err)
{
    const reader r = {alloc, err};
    json_error_t why = {0};
    memset(out_record, 0, shape->size);
    if (depth_of(text) > DEPTH_MAX)
        return rig_fail(err, RIG_E_LIMIT, "JSON with more than %d brackets inside each other", DEPTH_MAX);
    json_t *root = json_loadb(text.ptr ? (const char *)text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return not_json(&why, err);
    rig_status status = read_record(&r, NULL, shape, root, out_record);
    json_decref(root);
    if (status)
        rig_record_clear(alloc, shape, out_record);
    return status;
}
