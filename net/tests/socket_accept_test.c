/* What is taken from a listener: all of a crowd, each with both its ends, and no packet more than it needs.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rig/socket.h"
#include "suite.h"

#define CROWD 150
#define DESCRIPTORS 1024 /* looked at for sockets */

typedef struct host {
    rig_loop *loop;
    rig_listener *listener;
    rig_address at;
    rig_address local, remote; /* ends of the connection that came last */
    uint32_t accepted;
    bool says; /* ten bytes, and closes; else it declines */
    size_t sent;
    bool closed;
} host;

static int no_space(void *ctx, struct iovec *iov, int max)
{
    static uint8_t place[16];
    (void)ctx;
    iov[0] = (struct iovec){place, sizeof(place)};
    return max > 0;
}

static void no_bytes(void *ctx, size_t len, uint64_t now)
{
    (void)ctx;
    (void)len;
    (void)now;
    CU_FAIL("the clients say nothing");
}

static int ten_bytes(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    static char words[] = "0123456789";
    const host *h = ctx;
    (void)max;
    (void)now;
    iov[0] = (struct iovec){words + h->sent, 10 - h->sent};
    return h->sent < 10;
}

static void on_sent(void *ctx, size_t len, uint64_t now)
{
    (void)now;
    ((host *)ctx)->sent += len;
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    (void)why;
    (void)now;
    ((host *)ctx)->closed |= event == RIG_STREAM_CLOSED;
}

static bool on_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    static const rig_stream_user_ops ops = {no_space, no_bytes, ten_bytes, on_sent, on_event};
    host *h = ctx;
    (void)now;
    h->accepted++;
    rig_ends(stream, &h->local, &h->remote);
    *out_user = (rig_stream_user){&ops, h};
    if (h->says)
        rig_close(stream, RIG_CLOSE_FLUSH);
    return h->says;
}

static void start(host *h, const char *ip)
{
    rig_address at = {0};
    *h = (host){0};
    if (ip)
        CU_ASSERT(rig_ip_parse(rig_view_str(ip), &at.ip));
    CU_ASSERT_EQUAL_FATAL(rig_loop_new(rig_alloc_libc(), &h->loop), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_listen(rig_loop_transport(h->loop), &at, on_accept, h, &h->listener), RIG_OK);
    rig_bound(h->listener, &h->at);
}

static void turn(host *h)
{
    CU_ASSERT_EQUAL(rig_loop_run_once(h->loop, rig_loop_now(h->loop) + RIG_SECOND), RIG_OK);
}

static int client(const host *h)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(h->at.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void a_crowd_is_taken_in_few_turns(void)
{
    static int clients[CROWD];
    host h;
    start(&h, "127.0.0.1");
    for (int i = 0; i < CROWD; i++)
        clients[i] = client(&h);
    turn(&h);
    CU_ASSERT_EQUAL(h.accepted, 1);
    for (int i = 0; i < 7; i++) /* 2, 4 … 64, 23 */
        turn(&h);
    CU_ASSERT_EQUAL(h.accepted, CROWD);
    close(client(&h));
    turn(&h);
    CU_ASSERT_EQUAL(h.accepted, CROWD + 1);
    for (int i = 0; i < CROWD; i++)
        close(clients[i]);
    rig_loop_free(h.loop);
}

static void ends(const char *ip)
{
    host h;
    char text[64];
    rig_text out;
    start(&h, ip);
    int fd = client(&h);
    turn(&h);
    rig_text_init(&out, text, sizeof(text));
    rig_ip_print(&out, &h.local.ip);
    CU_ASSERT_STRING_EQUAL(text, "127.0.0.1");
    CU_ASSERT_EQUAL(h.local.port, h.at.port);
    struct sockaddr_in name;
    socklen_t len = sizeof(name);
    CU_ASSERT_EQUAL(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    CU_ASSERT_EQUAL(h.remote.port, ntohs(name.sin_port));
    CU_ASSERT(rig_ip_eq(&h.remote.ip, &h.local.ip));
    close(fd);
    rig_loop_free(h.loop);
}

static void both_ends_are_known(void)
{
    ends("127.0.0.1");
    ends(NULL);
}

/* Of the sockets of this process that are connected from the port, all send at once. */
static uint32_t num_prompt(uint16_t port)
{
    uint32_t num = 0;
    for (int fd = 3; fd < DESCRIPTORS; fd++) {
        struct sockaddr_in name = {0}, peer;
        socklen_t len = sizeof(name), peer_len = sizeof(peer);
        int on = 0;
        socklen_t on_len = sizeof(on);
        if (getsockname(fd, (struct sockaddr *)&name, &len) || name.sin_family != AF_INET ||
            ntohs(name.sin_port) != port || getpeername(fd, (struct sockaddr *)&peer, &peer_len))
            continue;
        num += getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &on_len) == 0 && on;
    }
    return num;
}

static uint32_t packets_to(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    CU_ASSERT_EQUAL(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_segs_in;
}

static void the_last_bytes_bring_the_fin(void)
{
    char got[16];
    host h;
    start(&h, "127.0.0.1");
    h.says = true;
    int fd = client(&h);
    for (int i = 0; i < 10 && h.sent < 10; i++)
        turn(&h);
    CU_ASSERT_EQUAL(num_prompt(h.at.port), 1);
    CU_ASSERT_EQUAL(recv(fd, got, sizeof(got), 0), 10);
    CU_ASSERT_EQUAL(recv(fd, got, sizeof(got), 0), 0);
    CU_ASSERT_EQUAL(packets_to(fd), 2); /* the first was SYN */
    close(fd);
    for (int i = 0; i < 10 && !h.closed; i++)
        turn(&h);
    CU_ASSERT(h.closed);
    rig_loop_free(h.loop);
}

RIG_SUITE("net socket accept", {"a crowd is taken in few turns", a_crowd_is_taken_in_few_turns},
          {"both ends are known", both_ends_are_known},
          {"the last bytes bring the FIN", the_last_bytes_bring_the_fin})
