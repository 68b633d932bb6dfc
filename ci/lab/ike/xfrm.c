/* A kernel's IPsec that is none, for a charon whose kernel has no ESP: preloaded, it answers what is asked on
 * sockets of NETLINK_XFRM, says yes to everything, and writes each SA that would have been installed as a
 * line into the file of IKE_XFRM_LOG: SPI, mode, keys of encryption and integrity, addresses. charon goes on
 * as if its packets could be protected; here nobody sends any. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX 8192
#define SOCKETS_MAX 64 /* file descriptors that are looked after */
#define FIRST_SPI 0xc0000001u

static bool ours[SOCKETS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t next_spi = FIRST_SPI;

/* ---- what was asked ---- */

static size_t aligned(size_t len)
{
    return (len + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO;
}

static const void *attribute(const uint8_t *bytes, size_t len, uint16_t type, size_t *out_len)
{
    struct nlattr head;
    for (size_t at = 0; at + sizeof head <= len; at += aligned(head.nla_len)) {
        memcpy(&head, bytes + at, sizeof head);
        if (head.nla_len < sizeof head || head.nla_len > len - at)
            return NULL;
        if (head.nla_type != type)
            continue;
        *out_len = head.nla_len - sizeof head;
        return bytes + at + sizeof head;
    }
    return NULL;
}

/* An algorithm's attribute begins with its name, the bits of the key, and for a truncated one those left. */
static void put_key(FILE *to, const uint8_t *bytes, size_t len, size_t head)
{
    uint32_t bits = 0;
    if (bytes && len >= head)
        memcpy(&bits, bytes + offsetof(struct xfrm_algo, alg_key_len), sizeof bits);
    size_t num = bits / 8;
    fputs(num ? " 0x" : " -", to);
    for (size_t i = 0; i < num && head + i < len; i++)
        fprintf(to, "%02x", bytes[head + i]);
}

static void put_address(FILE *to, int family, const xfrm_address_t *address)
{
    char text[INET6_ADDRSTRLEN];
    fprintf(to, " %s", inet_ntop(family, address, text, sizeof text) ? text : "?");
}

static void note(const uint8_t *body, size_t len)
{
    struct xfrm_usersa_info info;
    const char *path = getenv("IKE_XFRM_LOG");
    FILE *to = path ? fopen(path, "a") : NULL;
    size_t fixed = aligned(sizeof info), cipher_len = 0, auth_len = 0;
    if (!to || len < fixed) {
        if (to)
            fclose(to);
        return;
    }
    memcpy(&info, body, sizeof info);
    const void *cipher = attribute(body + fixed, len - fixed, XFRMA_ALG_CRYPT, &cipher_len);
    const void *auth = attribute(body + fixed, len - fixed, XFRMA_ALG_AUTH_TRUNC, &auth_len);
    size_t head = auth ? sizeof(struct xfrm_algo_auth) : sizeof(struct xfrm_algo);
    if (!auth) /* as long as is usual for it */
        auth = attribute(body + fixed, len - fixed, XFRMA_ALG_AUTH, &auth_len);
    fprintf(to, "0x%08x %s", ntohl(info.id.spi), info.mode == XFRM_MODE_TUNNEL ? "tunnel" : "transport");
    put_key(to, cipher, cipher_len, sizeof(struct xfrm_algo));
    put_key(to, auth, auth_len, head);
    put_address(to, info.family, &info.saddr);
    put_address(to, info.family, &info.id.daddr);
    fputc('\n', to);
    fclose(to);
}

/* ---- what is answered ---- */

static size_t answer(uint8_t *out, const struct nlmsghdr *to, uint16_t type, const void *body, size_t len)
{
    struct nlmsghdr head = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
                            .nlmsg_type = type,
                            .nlmsg_seq = to->nlmsg_seq,
                            .nlmsg_pid = to->nlmsg_pid};
    memcpy(out, &head, sizeof head);
    memcpy(out + NLMSG_HDRLEN, body, len);
    return NLMSG_LENGTH(len);
}

static size_t say_yes(uint8_t *out, const struct nlmsghdr *to)
{
    struct nlmsgerr yes = {.error = 0, .msg = *to};
    return answer(out, to, NLMSG_ERROR, &yes, sizeof yes);
}

/* Both begin with the particulars of an SA, and are answered by them: a free SPI, or what it has done. */
static size_t tell_sa(uint8_t *out, const struct nlmsghdr *to, const uint8_t *body, size_t len)
{
    struct xfrm_usersa_info info = {0};
    memcpy(&info, body, len < sizeof info ? len : sizeof info);
    if (to->nlmsg_type == XFRM_MSG_ALLOCSPI) {
        pthread_mutex_lock(&lock);
        info.id.spi = htonl(next_spi++);
        pthread_mutex_unlock(&lock);
    }
    return answer(out, to, XFRM_MSG_NEWSA, &info, sizeof info);
}

static size_t obey(uint8_t *out, const struct nlmsghdr *head, const uint8_t *body, size_t len)
{
    if (head->nlmsg_type == XFRM_MSG_ALLOCSPI || head->nlmsg_type == XFRM_MSG_GETSA)
        return tell_sa(out, head, body, len);
    if (head->nlmsg_type == XFRM_MSG_NEWSA || head->nlmsg_type == XFRM_MSG_UPDSA)
        note(body, len);
    return say_yes(out, head);
}

static void *serve(void *ctx)
{
    int fd = (int)(intptr_t)ctx;
    uint8_t in[MESSAGE_MAX], out[MESSAGE_MAX];
    struct nlmsghdr head;
    ssize_t len;
    while ((len = recv(fd, in, sizeof in, 0)) > 0) {
        if ((size_t)len < sizeof head)
            continue;
        memcpy(&head, in, sizeof head);
        size_t said = obey(out, &head, in + NLMSG_HDRLEN, (size_t)len - NLMSG_HDRLEN);
        if (send(fd, out, said, MSG_NOSIGNAL) < 0)
            break;
    }
    close(fd);
    return NULL;
}

/* ---- the calls in front of those of libc ---- */

/* dlsym gives a pointer to an object; ISO C has no cast from there to a function. */
static void next_call(const char *name, void *out_call, size_t size)
{
    void *found = dlsym(dlopen("libc.so.6", RTLD_LAZY), name);
    memcpy(out_call, &found, size);
}

static int kernel_like_socket(void)
{
    int ends[2];
    pthread_t thread;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    if (ends[0] >= SOCKETS_MAX || pthread_create(&thread, NULL, serve, (void *)(intptr_t)ends[1]) != 0) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    pthread_detach(thread);
    ours[ends[0]] = true;
    return ends[0];
}

int socket(int domain, int type, int protocol)
{
    int (*real)(int, int, int);
    if (domain == AF_NETLINK && protocol == NETLINK_XFRM)
        return kernel_like_socket();
    next_call("socket", &real, sizeof real);
    int fd = real(domain, type, protocol);
    if (fd >= 0 && fd < SOCKETS_MAX)
        ours[fd] = false;
    return fd;
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    int (*real)(int, const struct sockaddr *, socklen_t);
    if (fd >= 0 && fd < SOCKETS_MAX && ours[fd])
        return 0;
    next_call("bind", &real, sizeof real);
    return real(fd, address, len);
}

/* Messages of the kernel have a sender, whose number is 0. */
ssize_t recvfrom(int fd, void *restrict bytes, size_t size, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict from_len)
{
    ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    next_call("recvfrom", &real, sizeof real);
    if (fd < 0 || fd >= SOCKETS_MAX || !ours[fd])
        return real(fd, bytes, size, flags, from, from_len);
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (from && *from_len >= sizeof kernel)
        memcpy(from, &kernel, sizeof kernel);
    return real(fd, bytes, size, flags, NULL, NULL);
}
