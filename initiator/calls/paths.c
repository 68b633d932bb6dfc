/* Single members of records as text, by their path: what scenarios, command lines and reports say and ask. */
#include <inttypes.h>

#include "internal.h"

static bool is_hex(rig_view value)
{
    return rig_view_starts(value, "0x") || rig_view_starts(value, "0X");
}

/* ---- set ---- */

static rig_status set_text(const rig_member *member, void *out, rig_view value, rig_error *err)
{
    rig_view rest = value;
    uint32_t code;
    if (value.len >= member->size)
        return rig_fail(err, RIG_E_LIMIT, "%s: at most %zu bytes", member->word, member->size - 1);
    while (rest.len)
        if (!rig_utf8_next(&rest, &code) || code == 0)
            return rig_fail(err, RIG_E_SYNTAX, "%s: UTF-8 without NUL is wanted", member->word);
    memset(out, 0, member->size);
    if (value.len)
        memcpy(out, value.ptr, value.len);
    return RIG_OK;
}

static rig_status set_number(const rig_member *member, void *out, rig_view value, rig_error *err)
{
    uint64_t number;
    if (!rig_view_u64(value, &number))
        return rig_fail(err, RIG_E_SYNTAX, "%s: a number is wanted, decimal or 0x hex", member->word);
    if (!rec_number_set(member, out, number))
        return rig_fail(err, RIG_E_LIMIT, "%s: a number of %zu bits is wanted", member->word,
                        member->size * 8);
    return RIG_OK;
}

static rig_status set_bool(const rig_member *member, void *out, rig_view value, rig_error *err)
{
    if (!rig_view_is(value, "yes") && !rig_view_is(value, "no"))
        return rig_fail(err, RIG_E_SYNTAX, "%s: yes or no is wanted", member->word);
    *(bool *)out = rig_view_is(value, "yes");
    return RIG_OK;
}

static rig_status set_bytes(const rig_alloc *alloc, const rig_member *member, void *out, rig_view value,
                            rig_error *err)
{
    const bool hex = is_hex(value), owned = member->kind == RIG_MEMBER_BYTES;
    rig_status status;
    if (hex)
        value = rig_view_sub(value, 2, value.len);
    if (hex && value.len == 0)
        status = RIG_E_SYNTAX;
    else if (hex)
        status = owned ? rec_bytes_hex(alloc, out, value) : rec_octets_hex(out, value);
    else
        status = owned ? rig_bytes_set(alloc, out, value) : rig_octets_set(out, value);
    if (status == RIG_E_SYNTAX)
        return rig_fail(err, status, "%s: pairs of hex digits are wanted behind 0x", member->word);
    if (status == RIG_E_LIMIT)
        return rig_fail(err, status, "%s: at most %d bytes", member->word,
                        owned ? RIG_BYTES_MAX : RIG_OCTETS_MAX);
    return status ? rig_fail(err, status, "no memory for %s", member->word) : RIG_OK;
}

static rig_status set_list(const rig_alloc *alloc, const rig_member *member, list *entries, rig_view path,
                           rig_view value, rig_error *err)
{
    const rig_shape *shape = rig_shape_of(member->record);
    const rig_view index = rig_view_split(&path, '.');
    const uint32_t before = entries->num;
    uint64_t number;
    if (!rig_view_u64(index, &number))
        return rig_fail(err, RIG_E_SYNTAX, "%s is a list: \"%s.0.…\"", member->word, member->word);
    if (number > before)
        return rig_fail(err, RIG_E_NOT_FOUND, "%s has %" PRIu32 " entries, the next is number %" PRIu32,
                        member->word, before, before);
    if (number == before && before >= RIG_LIST_MAX)
        return rig_fail(err, RIG_E_LIMIT, "%s: at most %d entries", member->word, RIG_LIST_MAX);
    if (number == before && !rig_list_add(alloc, shape, entries))
        return rig_fail(err, RIG_E_NOMEM, "no memory for one more of %s", member->word);
    rig_status status =
        rig_record_set(alloc, shape, entries->ptr + (size_t)number * shape->size, path, value, err);
    if (status && entries->num > before)
        rig_list_remove(alloc, shape, entries, before);
    return status;
}

static rig_status set_value(const rig_alloc *alloc, const rig_member *member, void *out, rig_view value,
                            rig_error *err)
{
    switch (member->kind) {
    case RIG_MEMBER_TEXT:
        return set_text(member, out, value, err);
    case RIG_MEMBER_NUMBER:
        return set_number(member, out, value, err);
    case RIG_MEMBER_BOOL:
        return set_bool(member, out, value, err);
    case RIG_MEMBER_OCTETS:
    case RIG_MEMBER_SECRET:
    case RIG_MEMBER_BYTES:
        return set_bytes(alloc, member, out, value, err);
    case RIG_MEMBER_PART:
    case RIG_MEMBER_LIST:
        break;
    }
    return rig_fail(err, RIG_E_SYNTAX, "%s is no single value", member->word);
}

rig_status rig_record_set(const rig_alloc *alloc, const rig_shape *shape, void *record, rig_view path,
                          rig_view value, rig_error *err)
{
    if (!path.ptr)
        return rig_fail(err, RIG_E_SYNTAX, "%s is a record: which of its members?", shape->name);
    const rig_view word = rig_view_split(&path, '.');
    const rig_member *member = rec_member(shape, word);
    if (!member)
        return rec_unknown(shape, word, RIG_E_NOT_FOUND, err);
    void *out = at(record, member);
    if (member->kind == RIG_MEMBER_PART)
        return rig_record_set(alloc, rig_shape_of(member->record), out, path, value, err);
    if (member->kind == RIG_MEMBER_LIST)
        return set_list(alloc, member, out, path, value, err);
    if (path.ptr)
        return rig_fail(err, RIG_E_NOT_FOUND, "%s has no members", member->word);
    return set_value(alloc, member, out, value, err);
}

/* ---- get ---- */

static void get_bytes(rig_view bytes, rig_text *out)
{
    if (rec_printable(bytes) && !is_hex(bytes)) {
        rig_text_view(out, bytes);
        return;
    }
    rig_text_add(out, "0x");
    rig_text_hex(out, bytes, 0);
}

static rig_status get_list(const rig_member *member, const list *entries, rig_view path, rig_text *out,
                           rig_error *err)
{
    const rig_shape *shape = rig_shape_of(member->record);
    const rig_view index = rig_view_split(&path, '.');
    uint64_t number;
    if (rig_view_is(index, "num") && !path.ptr) {
        rig_text_add(out, "%" PRIu32, entries->num);
        return RIG_OK;
    }
    if (!rig_view_u64(index, &number))
        return rig_fail(err, RIG_E_NOT_FOUND, "%s is a list: \"%s.num\" or \"%s.0.…\"", member->word,
                        member->word, member->word);
    if (number >= entries->num)
        return rig_fail(err, RIG_E_NOT_FOUND, "%s has %" PRIu32 " entries", member->word, entries->num);
    return rig_record_get(shape, entries->ptr + (size_t)number * shape->size, path, out, err);
}

static void get_value(const rig_member *member, const void *value, rig_text *out)
{
    switch (member->kind) {
    case RIG_MEMBER_TEXT:
        rig_text_view(out, rig_view_str(value));
        break;
    case RIG_MEMBER_NUMBER:
        rig_text_add(out, member->size == sizeof(uint64_t) ? "0x%" PRIx64 : "%" PRIu64,
                     rec_number(member, value));
        break;
    case RIG_MEMBER_BOOL:
        rig_text_add(out, *(const bool *)value ? "yes" : "no");
        break;
    case RIG_MEMBER_SECRET:
        rig_text_add(out, ((const rig_octets *)value)->len ? "(secret)" : "");
        break;
    case RIG_MEMBER_OCTETS:
        get_bytes(rig_octets_view(value), out);
        break;
    case RIG_MEMBER_BYTES:
        get_bytes(rig_view_of(((const rig_bytes *)value)->ptr, ((const rig_bytes *)value)->len), out);
        break;
    case RIG_MEMBER_PART:
    case RIG_MEMBER_LIST:
        break;
    }
}

rig_status rig_record_get(const rig_shape *shape, const void *record, rig_view path, rig_text *out,
                          rig_error *err)
{
    if (!path.ptr)
        return rig_fail(err, RIG_E_NOT_FOUND, "%s is a record: which of its members?", shape->name);
    const rig_view word = rig_view_split(&path, '.');
    const rig_member *member = rec_member(shape, word);
    if (!member)
        return rec_unknown(shape, word, RIG_E_NOT_FOUND, err);
    const void *value = at(record, member);
    if (member->kind == RIG_MEMBER_PART)
        return rig_record_get(rig_shape_of(member->record), value, path, out, err);
    if (member->kind == RIG_MEMBER_LIST)
        return get_list(member, value, path, out, err);
    if (path.ptr)
        return rig_fail(err, RIG_E_NOT_FOUND, "%s has no members", member->word);
    get_value(member, value, out);
    return RIG_OK;
}
