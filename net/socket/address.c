/* Addresses and errors of the operating system in our terms. */
#include "sock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

socklen_t sock_address_out(const rig_address *address, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (address->ip.version == 4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&in.sin_addr, address->ip.bytes, 4);
        memcpy(out, &in, sizeof(in));
        return sizeof(in);
    }
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
    if (address->ip.version == 6)
        memcpy(&in6.sin6_addr, address->ip.bytes, 16);
    memcpy(out, &in6, sizeof(in6));
    return sizeof(in6);
}

static rig_ip ip_from_v6(const struct in6_addr *in)
{
    rig_ip ip = {.version = 6};
    memcpy(ip.bytes, in, 16);
    if (!IN6_IS_ADDR_V4MAPPED(in))
        return ip;
    rig_ip mapped = {.version = 4};
    memcpy(mapped.bytes, ip.bytes + 12, 4);
    return mapped;
}

bool sock_address_in(const struct sockaddr *in, rig_address *out_address)
{
    *out_address = (rig_address){0};
    if (in->sa_family == AF_INET) {
        struct sockaddr_in in4;
        memcpy(&in4, in, sizeof(in4));
        out_address->ip.version = 4;
        memcpy(out_address->ip.bytes, &in4.sin_addr, 4);
        out_address->port = ntohs(in4.sin_port);
        return true;
    }
    if (in->sa_family != AF_INET6)
        return false;
    struct sockaddr_in6 in6;
    memcpy(&in6, in, sizeof(in6));
    out_address->ip = ip_from_v6(&in6.sin6_addr);
    out_address->port = ntohs(in6.sin6_port);
    return true;
}

void sock_local(int fd, rig_address *out_local)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } name = {.storage = {0}};
    socklen_t len = sizeof(name);
    if (getsockname(fd, &name.any, &len) == 0)
        sock_address_in(&name.any, out_local);
}

rig_status sock_status(int error)
{
    static const struct {
        int error;
        rig_status status;
    } rows[] = {
        {0, RIG_OK},
        {ECONNREFUSED, RIG_E_REFUSED},
        {ECONNRESET, RIG_E_RESET},
        {ECONNABORTED, RIG_E_RESET},
        {EPIPE, RIG_E_RESET},
        {ENOTCONN, RIG_E_RESET}, /* of a connection that was there */
        {ETIMEDOUT, RIG_E_TIMEOUT},
        {EHOSTUNREACH, RIG_E_UNREACHABLE},
        {ENODEV, RIG_E_UNREACHABLE},
        {ENETUNREACH, RIG_E_UNREACHABLE},
        {EADDRINUSE, RIG_E_EXISTS},
        {EADDRNOTAVAIL, RIG_E_ARGUMENT},
        {EACCES, RIG_E_REFUSED},
        {EMFILE, RIG_E_LIMIT},
        {ENFILE, RIG_E_LIMIT},
        {ENOMEM, RIG_E_NOMEM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].error == error)
            return rows[i].status;
    return RIG_E_IO;
}

/* A TCP socket that does not block and does not wait for more output; -1 with errno set. */
int sock_open(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd >= 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}
