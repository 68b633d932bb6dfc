/* Records as JSON. Written twice over, once only counted: the text gets its memory in one piece, and no half
 * of a secret stays behind in another. */
#include <inttypes.h>

#include "internal.h"

typedef struct sink {
    char *ptr; /* NULL: only counted */
    size_t len;
    rig_json_secrets secrets;
} sink;

static void put(sink *out, const void *bytes, size_t len)
{
    if (out->ptr)
        memcpy(out->ptr + out->len, bytes, len);
    out->len += len;
}

static void put_word(sink *out, const char *word)
{
    put(out, word, strlen(word));
}

static void put_escape(sink *out, uint32_t code)
{
    char escape[8];
    rig_text text;
    rig_text_init(&text, escape, sizeof escape);
    if (code < 0x20)
        rig_text_add(&text, "\\u%04" PRIx32, code);
    else
        rig_text_add(&text, "\\%c", (char)code);
    put(out, escape, text.len);
}

/* What is no UTF-8 becomes '?', which makes no text longer than its member. */
static void put_text(sink *out, rig_view rest)
{
    put_word(out, "\"");
    while (rest.len) {
        const uint8_t *from = rest.ptr;
        uint32_t code = 0;
        if (!rig_utf8_next(&rest, &code)) {
            put_word(out, "?");
            rest = rig_view_sub(rest, 1, rest.len);
        } else if (code < 0x20 || code == '"' || code == '\\') {
            put_escape(out, code);
        } else {
            put(out, from, (size_t)(rest.ptr - from));
        }
    }
    put_word(out, "\"");
}

static void put_number(sink *out, const rig_member *member, const void *value)
{
    char digits[24];
    rig_text text;
    rig_text_init(&text, digits, sizeof digits);
    rig_text_add(&text, member->size == sizeof(uint64_t) ? "\"0x%" PRIx64 "\"" : "%" PRIu64,
                 rec_number(member, value));
    put(out, digits, text.len);
}

static void put_bytes(sink *out, rig_view bytes)
{
    static const char digits[] = "0123456789abcdef";
    bool printable = rec_printable(bytes);
    put_word(out, printable ? "{\"text\":" : "{\"hex\":\"");
    if (printable)
        put_text(out, bytes);
    for (size_t i = 0; !printable && i < bytes.len; i++) {
        put(out, &digits[bytes.ptr[i] >> 4], 1);
        put(out, &digits[bytes.ptr[i] & 15], 1);
    }
    put_word(out, printable ? "}" : "\"}");
}

static bool record_is_empty(const rig_shape *shape, const void *record, rig_json_secrets secrets);

static bool is_empty(const rig_member *member, const void *value, rig_json_secrets secrets)
{
    switch (member->kind) {
    case RIG_MEMBER_TEXT:
        return *(const char *)value == '\0';
    case RIG_MEMBER_SECRET:
        return secrets == RIG_JSON_HIDE || ((const rig_octets *)value)->len == 0;
    case RIG_MEMBER_OCTETS:
        return ((const rig_octets *)value)->len == 0;
    case RIG_MEMBER_BYTES:
        return ((const rig_bytes *)value)->len == 0;
    case RIG_MEMBER_LIST:
        return ((const list *)value)->num == 0;
    case RIG_MEMBER_PART:
        return record_is_empty(rig_shape_of(member->record), value, secrets);
    case RIG_MEMBER_BOOL:
        return !*(const bool *)value;
    case RIG_MEMBER_NUMBER:
        break;
    }
    return rec_number(member, value) == 0;
}

static bool record_is_empty(const rig_shape *shape, const void *record, rig_json_secrets secrets)
{
    bool empty = true;
    for (size_t i = 0; i < shape->num_members && empty; i++)
        empty = is_empty(&shape->members[i], at(record, &shape->members[i]), secrets);
    return empty;
}

static void put_record(sink *out, const rig_shape *shape, const void *record);

static void put_list(sink *out, const rig_shape *shape, const list *entries)
{
    put_word(out, "[");
    for (uint32_t i = 0; i < entries->num; i++) {
        put_word(out, i ? "," : "");
        put_record(out, shape, entries->ptr + i * shape->size);
    }
    put_word(out, "]");
}

static void put_value(sink *out, const rig_member *member, const void *value)
{
    switch (member->kind) {
    case RIG_MEMBER_TEXT:
        put_text(out, rig_view_str(value));
        break;
    case RIG_MEMBER_NUMBER:
        put_number(out, member, value);
        break;
    case RIG_MEMBER_BOOL:
        put_word(out, "true");
        break;
    case RIG_MEMBER_OCTETS:
    case RIG_MEMBER_SECRET:
        put_bytes(out, rig_octets_view(value));
        break;
    case RIG_MEMBER_BYTES:
        put_bytes(out, rig_view_of(((const rig_bytes *)value)->ptr, ((const rig_bytes *)value)->len));
        break;
    case RIG_MEMBER_PART:
        put_record(out, rig_shape_of(member->record), value);
        break;
    case RIG_MEMBER_LIST:
        put_list(out, rig_shape_of(member->record), value);
        break;
    }
}

static void put_record(sink *out, const rig_shape *shape, const void *record)
{
    const char *before = "{\"";
    bool any = false;
    for (size_t i = 0; i < shape->num_members; i++) {
        const rig_member *member = &shape->members[i];
        const void *value = at(record, member);
        if (is_empty(member, value, out->secrets))
            continue;
        put_word(out, before);
        put_word(out, member->word);
        put_word(out, "\":");
        put_value(out, member, value);
        before = ",\"";
        any = true;
    }
    put_word(out, any ? "}" : "{}");
}

rig_status rig_record_to_json(const rig_alloc *alloc, const rig_shape *shape, const void *record,
                              rig_json_secrets secrets, char **out_text, size_t *out_len)
{
    sink out = {NULL, 0, secrets};
    put_record(&out, shape, record);
    const size_t len = out.len;
    out = (sink){rig_new(alloc, len + 1), 0, secrets};
    if (!out.ptr)
        return RIG_E_NOMEM;
    put_record(&out, shape, record);
    *out_text = out.ptr;
    *out_len = len;
    return RIG_OK;
}
