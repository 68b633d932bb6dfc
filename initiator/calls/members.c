/* Single members of records: found by their words, numbers of any width, bytes from hex digits. */
#include "internal.h"

#define MEMBERS_MAX 32 /* words that are compared with a wrong one */

const rig_member *rec_member(const rig_shape *shape, rig_view word)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (rig_view_is(word, shape->members[i].word))
            return &shape->members[i];
    return NULL;
}

rig_status rec_unknown(const rig_shape *shape, rig_view word, rig_status status, rig_error *err)
{
    const char *words[MEMBERS_MAX];
    char shown[64];
    size_t num = 0;
    rig_text text;
    rig_text_init(&text, shown, sizeof shown);
    rig_text_escaped(&text, word);
    while (num < shape->num_members && num < MEMBERS_MAX) {
        words[num] = shape->members[num].word;
        num++;
    }
    size_t nearest = rig_nearest(word, words, num);
    if (nearest == num)
        return rig_fail(err, status, "%s has no \"%s\"", shape->name, shown);
    return rig_fail(err, status, "%s has no \"%s\"; did you mean \"%s\"?", shape->name, shown,
                    words[nearest]);
}

uint64_t rec_number(const rig_member *member, const void *value)
{
    uint32_t wide;
    uint16_t half;
    uint64_t number;
    switch (member->size) {
    case sizeof number:
        memcpy(&number, value, sizeof number);
        return number;
    case sizeof wide:
        memcpy(&wide, value, sizeof wide);
        return wide;
    case sizeof half:
        memcpy(&half, value, sizeof half);
        return half;
    default:
        return *(const uint8_t *)value;
    }
}

bool rec_number_set(const rig_member *member, void *value, uint64_t number)
{
    const uint32_t wide = (uint32_t)number;
    const uint16_t half = (uint16_t)number;
    const uint8_t byte = (uint8_t)number;
    if (member->size < sizeof number && number >> (8 * member->size))
        return false;
    switch (member->size) {
    case sizeof number:
        memcpy(value, &number, sizeof number);
        break;
    case sizeof wide:
        memcpy(value, &wide, sizeof wide);
        break;
    case sizeof half:
        memcpy(value, &half, sizeof half);
        break;
    default:
        *(uint8_t *)value = byte;
    }
    return true;
}

bool rec_printable(rig_view bytes)
{
    uint32_t code;
    while (bytes.len)
        if (!rig_utf8_next(&bytes, &code) || code < 0x20 || (code >= 0x7f && code < 0xa0))
            return false;
    return true;
}

rig_status rec_hex(rig_view digits, uint8_t *out, size_t size, size_t *out_len)
{
    if (digits.len % 2)
        return RIG_E_SYNTAX;
    if (digits.len / 2 > size)
        return RIG_E_LIMIT;
    /* Gaps between pairs are for figures: with one, there are fewer bytes than pairs. */
    *out_len = digits.len / 2;
    return rig_hex_parse(digits, out, size) == *out_len ? RIG_OK : RIG_E_SYNTAX;
}

rig_status rec_bytes_hex(const rig_alloc *alloc, rig_bytes *bytes, rig_view digits)
{
    size_t size = digits.len / 2, len = 0;
    if (size > RIG_BYTES_MAX)
        return RIG_E_LIMIT;
    uint8_t *ptr = size ? rig_new(alloc, size) : NULL;
    if (size && !ptr)
        return RIG_E_NOMEM;
    rig_status status = rec_hex(digits, ptr, size, &len);
    if (status) {
        rig_delete(alloc, ptr, size);
        return status;
    }
    rig_delete(alloc, bytes->ptr, bytes->len);
    *bytes = (rig_bytes){(uint32_t)size, ptr};
    return RIG_OK;
}

rig_status rec_octets_hex(rig_octets *octets, rig_view digits)
{
    rig_octets read = {0};
    size_t len = 0;
    rig_status status = rec_hex(digits, read.bytes, sizeof read.bytes, &len);
    read.len = (uint16_t)len;
    if (!status)
        *octets = read;
    rig_secret_wipe(&read, sizeof read);
    return status;
}
