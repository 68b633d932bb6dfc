/* The floor under 256 KiB transfers: one process streams PDU-like pieces, a header and 256 KiB out of or into
 * a buffer of the disk's size, to another that has one place for them; no protocol, no answer. */
#include "clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER 48
#define PIECE (256u << 10)
#define DISK (64u << 20)

typedef struct end {
    int fd;
    uint8_t header[HEADER];
    uint8_t *memory; /* DISK bytes, or one place of PIECE */
    size_t size, at;
} end;

/* One header and one piece, whole; false at the end of the stream. */
static bool move(end *e, bool sends)
{
    struct iovec both[2] = {{e->header, HEADER}, {e->memory + e->at, PIECE}};
    struct iovec *iov = both;
    for (int left = 2; left > 0;) {
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)left};
        ssize_t done = sends ? sendmsg(e->fd, &message, MSG_NOSIGNAL) : readv(e->fd, iov, left);
        if (done <= 0)
            return false;
        for (; left > 0 && (size_t)done >= iov->iov_len; left--)
            done -= (ssize_t)iov++->iov_len;
        if (left > 0) {
            iov->iov_base = (uint8_t *)iov->iov_base + done;
            iov->iov_len -= (size_t)done;
        }
    }
    e->at = (e->at + PIECE) % e->size;
    return true;
}

static bool make_end(end *e, int fd, size_t size)
{
    int on = 1;
    *e = (end){.fd = fd, .memory = malloc(size), .size = size};
    if (!e->memory || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        return false;
    memset(e->memory, 0x5a, size); /* its pages are there */
    return true;
}

/* The host's end, as long as it is served. */
static int play_host(const struct sockaddr_in *to, bool sends)
{
    end e;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) || !make_end(&e, fd, PIECE))
        return 1;
    while (move(&e, sends))
        ;
    return 0;
}

/* The disk's end, for so long. */
static bool play_disk(int fd, bool sends, double seconds)
{
    end e;
    uint64_t pieces = 0;
    if (!make_end(&e, fd, DISK))
        return false;
    double began = seconds_now(), cpu = cpu_now(), took;
    do
        pieces += move(&e, sends);
    while ((took = seconds_now() - began) < seconds);
    printf("rate %.0f mbps %.0f cpu %.2f\n", (double)pieces / took, (double)pieces * PIECE / took / 1e6,
           pieces ? (cpu_now() - cpu) * 1e6 / (double)pieces : 0);
    return pieces > 0;
}

int main(int argc, char **argv)
{
    bool writes = argc > 1 && strcmp(argv[1], "-w") == 0;
    double seconds = argc > 1 + writes ? strtod(argv[1 + writes], NULL) : 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (seconds <= 0 || listener < 0 || bind(listener, (struct sockaddr *)&at, len) || listen(listener, 1) ||
        getsockname(listener, (struct sockaddr *)&at, &len)) {
        fprintf(stderr, "usage: bare_stream [-w] [SECONDS]: %s\n", strerror(errno));
        return 2;
    }
    pid_t host = fork();
    if (host == 0)
        _exit(play_host(&at, writes));
    int fd = host > 0 ? accept(listener, NULL, NULL) : -1;
    bool well = fd >= 0 && play_disk(fd, !writes, seconds);
    close(fd);
    return host > 0 && waitpid(host, NULL, 0) == host && well ? 0 : 1;
}
