#include "rig/iname.h"
#include "rig/pdu.h"

static rig_status bad_portal(rig_error *err, size_t offset, const char *why)
{
    return rig_fail_at(err, RIG_E_SYNTAX, offset, NULL, "not a portal address: %s", why);
}

static bool host_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' ||
           c == '_';
}

static bool dns_name(rig_view host)
{
    bool letter = false;
    for (size_t i = 0; i < host.len; i++) {
        if (!host_char(host.ptr[i]))
            return false;
        letter |= host.ptr[i] != '.' && (host.ptr[i] < '0' || host.ptr[i] > '9');
    }
    return letter;
}

static bool tag_parse(rig_view text, uint32_t *out_value)
{
    uint64_t value;
    if (text.len > 5 || !rig_view_u64(text, &value) || value > UINT16_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    *out_value = (uint32_t)value;
    return true;
}

/* A colon ends the host, except in a bare IPv6 address, which has two of them and no port. */
static size_t host_end(rig_view address, rig_view *out_host)
{
    size_t colon = rig_view_find(address, ':');
    if (address.len && address.ptr[0] == '[') {
        size_t close = rig_view_find(address, ']');
        *out_host = rig_view_sub(address, 1, close ? close - 1 : 0);
        return close < address.len ? close + 1 : address.len;
    }
    rig_view behind = rig_view_sub(address, colon + 1, address.len);
    size_t end = rig_view_find(behind, ':') < behind.len ? address.len : colon;
    *out_host = rig_view_sub(address, 0, end);
    return end;
}

static rig_status check_host(rig_view address, rig_view host, rig_error *err)
{
    rig_ip ip;
    bool bracketed = address.len && address.ptr[0] == '[';
    if (host.len == 0)
        return bad_portal(err, bracketed, "no host");
    if (bracketed && host.ptr + host.len == address.ptr + address.len)
        return bad_portal(err, address.len, "a bracket that is not closed");
    if (host.len > RIG_HOST_MAX)
        return rig_fail_at(err, RIG_E_LIMIT, RIG_HOST_MAX, NULL, "a host has at most %d bytes", RIG_HOST_MAX);
    bool numeric = rig_ip_parse(host, &ip);
    if (bracketed && !(numeric && ip.version == 6))
        return bad_portal(err, 1, "brackets hold an IPv6 address");
    if (!numeric && !dns_name(host))
        return bad_portal(err, 0, "a host that is no IPv4 or IPv6 address and no DNS name");
    return RIG_OK;
}

rig_status rig_portal_parse(rig_view text, rig_portal *out_portal, rig_error *err)
{
    rig_view host;
    uint32_t port = RIG_PORT, group = 0;
    size_t comma = rig_view_find(text, ',');
    rig_view address = rig_view_sub(text, 0, comma);
    size_t end = host_end(address, &host);
    rig_status status = check_host(address, host, err);
    if (status != RIG_OK)
        return status;
    if (end < address.len &&
        (address.ptr[end] != ':' || !tag_parse(rig_view_sub(address, end + 1, 6), &port)))
        return bad_portal(err, end, "a port is a number 0..65535 behind ':'");
    if (comma < text.len && !tag_parse(rig_view_sub(text, comma + 1, text.len), &group))
        return bad_portal(err, comma + 1, "a portal group tag is a number 0..65535");
    memcpy(out_portal->host, host.ptr, host.len);
    out_portal->host[host.len] = '\0';
    out_portal->port = (uint16_t)port;
    out_portal->group = comma < text.len ? (int32_t)group : -1;
    return RIG_OK;
}

void rig_portal_print(rig_text *out, const rig_portal *portal)
{
    bool ip6 = strchr(portal->host, ':') != NULL;
    rig_text_add(out, ip6 ? "[%s]:%u" : "%s:%u", portal->host, portal->port);
    if (portal->group >= 0)
        rig_text_add(out, ",%d", portal->group);
}
