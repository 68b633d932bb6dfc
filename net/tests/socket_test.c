#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rig/socket.h"
#include "suite.h"

#define TURNS 200000 /* of the loop, before a test counts as hanging */

/* Sends `size` bytes, checks what comes, closes as told. */
typedef struct end {
    rig_stream *stream;
    size_t size;
    size_t sent;
    size_t got;
    size_t want;
    size_t wrong;
    size_t reset_at;
    bool blocked;
    bool close_when_sent;
    rig_close_how how;
    bool close_on_fin;
    bool connected;
    bool peer_closed;
    bool closed;
    bool failed;
    rig_status why;
    uint8_t place[4096];
} end;

static rig_alloc_meter meter;
static rig_loop *loop;
static rig_listener *listener;
static rig_address address;
static uint8_t pattern[1 << 20];
static end a, b;
static bool refuse;

static int end_space(void *ctx, struct iovec *iov, int max)
{
    end *e = ctx;
    if (e->blocked || max < 2)
        return 0;
    iov[0] = (struct iovec){e->place, 1000};
    iov[1] = (struct iovec){e->place + 1000, sizeof(e->place) - 1000};
    return 2;
}

static void end_received(void *ctx, size_t len, uint64_t now)
{
    end *e = ctx;
    (void)now;
    for (size_t i = 0; i < len; i++)
        e->wrong += e->place[i] != pattern[(e->got + i) % sizeof(pattern)];
    e->got += len;
    if (e->reset_at && e->got >= e->reset_at) {
        rig_close(e->stream, RIG_CLOSE_RESET);
        e->stream = NULL;
    }
}

static int end_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    end *e = ctx;
    (void)max;
    (void)now;
    size_t at = e->sent % sizeof(pattern);
    size_t part = e->size - e->sent < sizeof(pattern) - at ? e->size - e->sent : sizeof(pattern) - at;
    iov[0] = (struct iovec){pattern + at, part};
    return part > 0;
}

static void end_sent(void *ctx, size_t len, uint64_t now)
{
    end *e = ctx;
    (void)now;
    e->sent += len;
    if (e->sent == e->size && e->close_when_sent)
        rig_close(e->stream, e->how);
}

static void end_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    end *e = ctx;
    (void)now;
    CU_ASSERT(!e->closed && !e->failed);
    e->connected |= event == RIG_STREAM_CONNECTED;
    e->peer_closed |= event == RIG_STREAM_PEER_CLOSED;
    e->closed |= event == RIG_STREAM_CLOSED;
    e->failed |= event == RIG_STREAM_FAILED;
    e->why = why;
    if (event == RIG_STREAM_PEER_CLOSED && e->close_on_fin)
        rig_close(e->stream, RIG_CLOSE_FLUSH);
    if (e->closed || e->failed)
        rig_close(e->stream, RIG_CLOSE_RESET); /* late, and without effect */
}

static const rig_stream_user_ops end_ops = {end_space, end_received, end_output, end_sent, end_event};

static bool accept_end(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    (void)now;
    if (refuse)
        return false;
    b.stream = stream;
    *out_user = (rig_stream_user){&end_ops, ctx};
    return true;
}

static rig_status try_start(const char *ip)
{
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    refuse = false;
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (uint8_t)(i * 11 + i / 256);
    rig_address at = {0};
    if (ip)
        CU_ASSERT(rig_ip_parse(rig_view_str(ip), &at.ip));
    loop = NULL;
    rig_status status = rig_loop_new(&meter.alloc, &loop);
    if (status == RIG_OK)
        status = rig_listen(rig_loop_transport(loop), &at, accept_end, &b, &listener);
    if (status == RIG_OK)
        rig_bound(listener, &address);
    return status;
}

static void start(const char *ip)
{
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    CU_ASSERT_EQUAL_FATAL(try_start(ip), RIG_OK);
    CU_ASSERT(address.port != 0);
}

static void stop(void)
{
    rig_loop_free(loop);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static rig_status connect_to(const char *host)
{
    rig_portal portal = {.port = address.port};
    rig_text text;
    rig_text_init(&text, portal.host, sizeof(portal.host));
    rig_text_add(&text, "%s", host);
    rig_stream_user user = {&end_ops, &a};
    return rig_connect(rig_loop_transport(loop), NULL, &portal, &user, &a.stream);
}

static bool over(const end *e)
{
    return e->closed || e->failed;
}

static void run_until_over(const end *first, const end *second)
{
    for (int i = 0; i < TURNS && !(over(first) && over(second)); i++)
        if (rig_loop_run_once(loop, rig_loop_now(loop) + 20 * RIG_SECOND) != RIG_OK)
            return;
}

static void transfer(const char *ip, const char *host, size_t there, size_t back)
{
    start(ip);
    a.size = there;
    b.size = back;
    a.close_when_sent = b.close_on_fin = true;
    CU_ASSERT_EQUAL(connect_to(host), RIG_OK);
    CU_ASSERT(!a.connected);
    run_until_over(&a, &b);
    CU_ASSERT(a.connected && a.closed && b.closed && b.peer_closed);
    CU_ASSERT_EQUAL(b.got, there);
    CU_ASSERT_EQUAL(a.got, back);
    CU_ASSERT_EQUAL(a.wrong + b.wrong, 0);
    stop();
}

static void moves_bytes_over_ipv4(void)
{
    transfer("127.0.0.1", "127.0.0.1", 1, 0);
    transfer("127.0.0.1", "127.0.0.1", 5000000, 3000000);
    transfer(NULL, "127.0.0.1", 70000, 5);
}

static void moves_bytes_over_ipv6(void)
{
    transfer("::1", "::1", 5000000, 3000000);
    transfer(NULL, "::1", 70000, 5);
}

static void resolves_names(void)
{
    transfer(NULL, "localhost", 1000, 1000);
    start(NULL);
    CU_ASSERT_EQUAL(connect_to("no-such-host.invalid"), RIG_OK);
    run_until_over(&a, &a);
    CU_ASSERT(a.failed && a.why == RIG_E_UNREACHABLE);
    stop();
}

static void a_lookup_may_be_given_up(void)
{
    start(NULL);
    CU_ASSERT_EQUAL(connect_to("localhost"), RIG_OK);
    rig_close(a.stream, RIG_CLOSE_RESET);
    CU_ASSERT_EQUAL(connect_to("localhost"), RIG_OK);
    stop();
    CU_ASSERT(!a.failed && !a.connected);
}

static void refused_where_nobody_listens(void)
{
    start("127.0.0.1");
    rig_unlisten(listener);
    CU_ASSERT_EQUAL(connect_to("127.0.0.1"), RIG_OK);
    CU_ASSERT(!a.failed);
    run_until_over(&a, &a);
    CU_ASSERT(a.failed && a.why == RIG_E_REFUSED);
    stop();
}

static void accept_may_decline(void)
{
    start("127.0.0.1");
    refuse = true;
    a.size = 10;
    CU_ASSERT_EQUAL(connect_to("127.0.0.1"), RIG_OK);
    run_until_over(&a, &a);
    CU_ASSERT(a.failed && a.why == RIG_E_RESET);
    stop();
}

static void reset_in_the_middle(void)
{
    start("127.0.0.1");
    a.size = 5000000;
    b.reset_at = 100000;
    CU_ASSERT_EQUAL(connect_to("127.0.0.1"), RIG_OK);
    run_until_over(&a, &a);
    CU_ASSERT(a.failed && a.why == RIG_E_RESET);
    CU_ASSERT(!over(&b) && b.got >= 100000 && b.wrong == 0);
    stop();
}

static void who_is_done_waits_for_no_fin(void)
{
    start("127.0.0.1");
    b.size = 5000000;
    b.close_when_sent = true;
    b.how = RIG_CLOSE_DONE;
    CU_ASSERT_EQUAL(connect_to("127.0.0.1"), RIG_OK);
    run_until_over(&b, &b);
    CU_ASSERT(b.closed && !over(&a));
    for (int i = 0; i < TURNS && !a.peer_closed && !over(&a); i++)
        CU_ASSERT_EQUAL(rig_loop_run_once(loop, rig_loop_now(loop) + 20 * RIG_SECOND), RIG_OK);
    CU_ASSERT(a.peer_closed && !over(&a));
    CU_ASSERT_EQUAL(a.got, 5000000);
    CU_ASSERT_EQUAL(a.wrong, 0);
    stop();
}

static void a_user_without_space_stops_the_sender(void)
{
    start("127.0.0.1");
    a.size = 50000000;
    a.close_when_sent = b.close_on_fin = b.blocked = true;
    CU_ASSERT_EQUAL(connect_to("127.0.0.1"), RIG_OK);
    size_t before = 1;
    while (!b.stream || a.sent != before) { /* until the kernel takes no more */
        before = a.sent;
        CU_ASSERT_EQUAL_FATAL(rig_loop_run_once(loop, rig_loop_now(loop) + 50 * RIG_MILLISECOND), RIG_OK);
    }
    CU_ASSERT(a.sent < a.size && b.got == 0);
    b.blocked = false;
    rig_wake(b.stream);
    run_until_over(&a, &b);
    CU_ASSERT(a.closed && b.closed);
    CU_ASSERT_EQUAL(b.got, 50000000);
    CU_ASSERT_EQUAL(b.wrong, 0);
    stop();
}

static void ends_and_local_addresses(void)
{
    start("127.0.0.1");
    rig_portal portal = {.host = "127.0.0.1", .port = address.port};
    rig_address local = {.ip = {.bytes = {127, 0, 0, 2}, .version = 4}}, foreign = {.ip.version = 6};
    rig_stream_user user = {&end_ops, &a};
    const rig_transport *transport = rig_loop_transport(loop);
    CU_ASSERT_EQUAL(rig_connect(transport, &foreign, &portal, &user, &a.stream), RIG_E_UNREACHABLE);
    foreign = (rig_address){.ip = {.bytes = {192, 0, 2, 1}, .version = 4}}; /* RFC 5737: nobody's */
    CU_ASSERT_EQUAL(rig_connect(transport, &foreign, &portal, &user, &a.stream), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(rig_connect(transport, &local, &portal, &user, &a.stream), RIG_OK);
    for (int i = 0; i < TURNS && !(a.connected && b.stream); i++)
        CU_ASSERT_EQUAL(rig_loop_run_once(loop, RIG_NEVER), RIG_OK);
    rig_address near, far, seen;
    rig_ends(a.stream, &near, &far);
    CU_ASSERT(rig_ip_eq(&near.ip, &local.ip) && near.port != 0);
    CU_ASSERT(rig_ip_eq(&far.ip, &address.ip) && far.port == address.port);
    rig_ends(b.stream, &far, &seen);
    CU_ASSERT(rig_ip_eq(&seen.ip, &near.ip) && seen.port == near.port);
    CU_ASSERT_EQUAL(rig_listen(transport, &address, accept_end, &b, &listener), RIG_E_EXISTS);
    stop(); /* with both streams open */
    CU_ASSERT(!over(&a) && !over(&b));
}

static void nothing_to_wait_for(void)
{
    start("127.0.0.1");
    rig_unlisten(listener);
    CU_ASSERT_EQUAL(rig_loop_run_once(loop, rig_loop_now(loop)), RIG_OK);
    uint64_t deadline = rig_loop_now(loop) + 3 * RIG_MILLISECOND;
    CU_ASSERT_EQUAL(rig_loop_run_once(loop, deadline), RIG_OK);
    CU_ASSERT(rig_loop_now(loop) >= deadline);
    CU_ASSERT_EQUAL(rig_loop_run_once(loop, RIG_NEVER), RIG_E_STATE);
    stop();
}

static void on_signal(void *ctx, int signum)
{
    *(int *)ctx = signum;
}

static void signals_are_calls(void)
{
    int seen = 0;
    start("127.0.0.1");
    CU_ASSERT_EQUAL(rig_loop_on_signal(loop, SIGUSR1, on_signal, &seen), RIG_OK);
    CU_ASSERT_EQUAL(rig_loop_on_signal(loop, 4711, on_signal, &seen), RIG_E_IO);
    raise(SIGUSR1);
    for (int i = 0; i < TURNS && !seen; i++)
        rig_loop_run_once(loop, rig_loop_now(loop) + RIG_SECOND);
    CU_ASSERT_EQUAL(seen, SIGUSR1);
    stop();
}

static void on_done(void *ctx, int status)
{
    *(int *)ctx = status;
}

static int run_child(const char *command, const char *log, int kill_with)
{
    int status = -1;
    rig_child *child;
    rig_error err = {0};
    CU_ASSERT_EQUAL_FATAL(rig_child_start(loop, command, log, on_done, &status, &child, &err), RIG_OK);
    if (kill_with)
        rig_child_kill(child, kill_with);
    for (int i = 0; i < TURNS && status < 0; i++)
        rig_loop_run_once(loop, rig_loop_now(loop) + RIG_SECOND);
    return status;
}

static void children_start_and_end(void)
{
    char path[] = "/tmp/rig-child-XXXXXX", text[64] = "";
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    start("127.0.0.1");
    CU_ASSERT_EQUAL(run_child("exit 3", NULL, 0), 3);
    CU_ASSERT_EQUAL(run_child("read line; echo \"out\"; echo err >&2", path, 0), 0);
    CU_ASSERT_EQUAL(read(fd, text, sizeof(text) - 1), 8);
    CU_ASSERT_STRING_EQUAL(text, "out\nerr\n");
    CU_ASSERT_EQUAL(run_child("kill -TERM $$", NULL, 0), 128 + SIGTERM);
    CU_ASSERT_EQUAL(run_child("tail -f /dev/null | cat", NULL, SIGKILL), 128 + SIGKILL);
    rig_child *child;
    rig_error err = {0};
    int status = -1;
    CU_ASSERT_EQUAL(rig_child_start(loop, ":", "/no/such/folder/log", on_done, &status, &child, &err),
                    RIG_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/no/such/folder/log"));
    CU_ASSERT_EQUAL(rig_child_start(loop, "tail -f /dev/null", NULL, on_done, &status, &child, &err), RIG_OK);
    stop(); /* kills it */
    CU_ASSERT_EQUAL(status, -1);
    close(fd);
    unlink(path);
}

static void every_allocation_may_fail(void)
{
    for (uint64_t n = 1;; n++) {
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = n;
        rig_status status = try_start("127.0.0.1");
        a.size = b.size = 10;
        a.close_when_sent = b.close_on_fin = true;
        if (status == RIG_OK)
            status = connect_to("127.0.0.1");
        CU_ASSERT(status == RIG_OK || status == RIG_E_NOMEM);
        if (status == RIG_OK)
            run_until_over(&a, &a);
        bool reached = meter.num_calls >= n;
        CU_ASSERT(status != RIG_OK || a.closed || (a.failed && reached));
        stop();
        if (!reached)
            break;
    }
}

static rig_status connect_by(const rig_transport *transport)
{
    const rig_portal portal = {.host = "127.0.0.1", .port = address.port};
    const rig_stream_user user = {&end_ops, &a};
    memset(&a, 0, sizeof(a));
    return rig_connect(transport, NULL, &portal, &user, &a.stream);
}

/* Through that device alone, or not at all. */
static void by_a_device(void)
{
    start("127.0.0.1");
    CU_ASSERT_PTR_NULL(rig_loop_transport_via(loop, ""));
    CU_ASSERT_PTR_NULL(rig_loop_transport_via(loop, "sixteen-letters-"));
    CU_ASSERT_EQUAL(connect_by(rig_loop_transport_via(loop, "no-such-device0")), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(connect_by(rig_loop_transport_via(loop, "lo")), RIG_OK);
    a.size = 70000;
    a.close_when_sent = b.close_on_fin = true;
    run_until_over(&a, &b);
    CU_ASSERT(a.closed && b.closed && b.got == 70000);
    rig_loop_transport_via(loop, "no-such-device0");
    CU_ASSERT_EQUAL(connect_by(rig_loop_transport(loop)), RIG_OK); /* which is not that of the device */
    stop();
}

static void local_sockets(void)
{
    char name[RIG_LOCAL_NAME_MAX + 1];
    const rig_stream_user user = {&end_ops, &a};
    rig_listener *local = NULL;
    start("127.0.0.1");
    CU_ASSERT_EQUAL(rig_connect_local(loop, "/no/such/socket", &user, &a.stream), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(rig_connect_local(loop, "@nobody-listens-there", &user, &a.stream), RIG_E_REFUSED);
    CU_ASSERT_EQUAL(rig_connect_local(loop, "", &user, &a.stream), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL_FATAL(rig_listen_local(loop, "", 0600, accept_end, &b, name, &local), RIG_OK);
    CU_ASSERT_EQUAL(rig_connect_local(loop, name, &user, &a.stream), RIG_OK);
    CU_ASSERT(!a.connected && !a.failed);
    a.size = 100000;
    b.size = 50000;
    a.close_when_sent = b.close_on_fin = true;
    run_until_over(&a, &b);
    CU_ASSERT(a.connected && a.closed && b.closed && b.got == 100000 && a.got == 50000);
    meter.fail_at = meter.num_calls + 1;
    CU_ASSERT_EQUAL(rig_connect_local(loop, name, &user, &a.stream), RIG_E_NOMEM);
    meter.fail_at = 0;
    stop();
}

RIG_SUITE("net socket", {"moves bytes over IPv4", moves_bytes_over_ipv4},
          {"moves bytes over IPv6", moves_bytes_over_ipv6}, {"resolves names", resolves_names},
          {"a lookup may be given up", a_lookup_may_be_given_up},
          {"refused where nobody listens", refused_where_nobody_listens},
          {"accept may decline", accept_may_decline}, {"reset in the middle", reset_in_the_middle},
          {"a user without space stops the sender", a_user_without_space_stops_the_sender},
          {"who is done waits for no FIN", who_is_done_waits_for_no_fin},
          {"ends and local addresses", ends_and_local_addresses}, {"by a device", by_a_device},
          {"local sockets", local_sockets}, {"nothing to wait for", nothing_to_wait_for},
          {"signals are calls", signals_are_calls}, {"children start and end", children_start_and_end},
          {"every allocation may fail", every_allocation_may_fail})
