/* Attributes: tag, length, value (RFC 4171 section 5.3). */
#include "rig/isns_pdu.h"
#include "rig/pdu.h"

#define ATTR_HEAD 8
#define MAPPED 12 /* bytes in front of an IPv4 address in an IPv4-mapped one (section 6.3.1) */

static const uint8_t mapped[MAPPED] = {[10] = 0xff, [11] = 0xff};

rig_status rig_isns_attr_next(rig_view *rest, rig_isns_attr *out_attr, rig_error *err)
{
    if (rest->len == 0)
        return RIG_E_NOT_FOUND;
    if (rest->len < ATTR_HEAD)
        return rig_fail(err, RIG_E_TRUNCATED, "%zu bytes are no attribute", rest->len);
    uint32_t tag = rig_be_get32(rest->ptr), len = rig_be_get32(rest->ptr + 4);
    if (len % 4)
        return rig_fail(err, RIG_E_FORMAT, "attribute %u has %u bytes, which is not aligned", tag, len);
    if (len > rest->len - ATTR_HEAD)
        return rig_fail(err, RIG_E_TRUNCATED, "attribute %u says %u bytes, there are %zu", tag, len,
                        rest->len - ATTR_HEAD);
    *out_attr = (rig_isns_attr){tag, rig_view_of(rest->ptr + ATTR_HEAD, len)};
    *rest = rig_view_of(rest->ptr + ATTR_HEAD + len, rest->len - ATTR_HEAD - len);
    return RIG_OK;
}

bool rig_isns_number(rig_view value, uint32_t *out_number)
{
    if (value.len != 4)
        return false;
    *out_number = rig_be_get32(value.ptr);
    return true;
}

bool rig_isns_text(rig_view value, rig_view *out_text)
{
    size_t len = rig_view_find(value, 0);
    if (len == 0 || len >= value.len)
        return false;
    for (size_t i = len; i < value.len; i++)
        if (value.ptr[i])
            return false;
    *out_text = rig_view_of(value.ptr, len);
    return true;
}

bool rig_isns_ip(rig_view value, rig_ip *out_ip)
{
    if (value.len != sizeof out_ip->bytes)
        return false;
    bool is_mapped = memcmp(value.ptr, mapped, MAPPED) == 0;
    *out_ip = (rig_ip){.version = is_mapped ? 4 : 6};
    memcpy(out_ip->bytes, value.ptr + (is_mapped ? MAPPED : 0), is_mapped ? 4 : 16);
    return true;
}

rig_status rig_isns_add(rig_gather *message, const rig_alloc *alloc, uint32_t tag, rig_view value)
{
    static const uint8_t zeros[4];
    uint8_t head[ATTR_HEAD];
    size_t padding = (4 - value.len % 4) % 4;
    if (value.len > RIG_ISNS_MESSAGE_MAX)
        return RIG_E_LIMIT;
    rig_be_set(head, 4, tag);
    rig_be_set(head + 4, 4, value.len + padding);
    rig_status status = rig_gather_add(message, alloc, rig_view_of(head, sizeof head), RIG_ISNS_MESSAGE_MAX);
    if (!status && value.len)
        status = rig_gather_add(message, alloc, value, RIG_ISNS_MESSAGE_MAX);
    if (!status && padding)
        status = rig_gather_add(message, alloc, rig_view_of(zeros, padding), RIG_ISNS_MESSAGE_MAX);
    return status;
}

rig_status rig_isns_add_number(rig_gather *message, const rig_alloc *alloc, uint32_t tag, uint32_t number)
{
    uint8_t bytes[4];
    rig_be_set(bytes, sizeof bytes, number);
    return rig_isns_add(message, alloc, tag, rig_view_of(bytes, sizeof bytes));
}

rig_status rig_isns_add_text(rig_gather *message, const rig_alloc *alloc, uint32_t tag, rig_view text)
{
    char bytes[256];
    if (text.len >= sizeof bytes)
        return RIG_E_LIMIT;
    if (text.len)
        memcpy(bytes, text.ptr, text.len);
    bytes[text.len] = 0;
    return rig_isns_add(message, alloc, tag, rig_view_of(bytes, text.len + 1));
}

rig_status rig_isns_add_ip(rig_gather *message, const rig_alloc *alloc, uint32_t tag, const rig_ip *ip)
{
    uint8_t bytes[16];
    memcpy(bytes, mapped, MAPPED);
    if (ip->version == 4)
        memcpy(bytes + MAPPED, ip->bytes, 4);
    else
        memcpy(bytes, ip->bytes, sizeof bytes);
    return rig_isns_add(message, alloc, tag, rig_view_of(bytes, sizeof bytes));
}
