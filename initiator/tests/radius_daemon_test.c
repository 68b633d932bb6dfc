/* RADIUS servers over real sockets: a server that says what the tests let it say. */
#include "daemon/daemon_internal.h"
#include "engine/internal.h"
#include "suite.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHARED "twenty-two octets of it"
#define TURNS 200000 /* of the loop, before a test counts as hanging */
#define ACCEPT 2
#define REJECT 3

typedef struct asker {
    uint32_t told;
    rig_status verdict;
} asker;

typedef struct world {
    rig_daemon daemon;
    int server;
    struct sockaddr_in client; /* of the last datagram */
    uint8_t heard[1024];
    char log[512];
} world;

static void on_log(void *ctx, const char *text)
{
    world *w = ctx;
    snprintf(w->log, sizeof w->log, "%s", text);
}

static void world_open(world *w)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    *w = (world){.server = socket(AF_INET, SOCK_DGRAM, 0)};
    CU_ASSERT_FATAL(w->server >= 0 && bind(w->server, (struct sockaddr *)&at, size) == 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(w->server, (struct sockaddr *)&at, &size), 0);
    w->daemon.config = (rig_daemon_config){.radius_port = ntohs(at.sin_port), .log = on_log, .ctx = w};
    CU_ASSERT_EQUAL_FATAL(rig_loop_new(rig_alloc_libc(), &w->daemon.loop), RIG_OK);
    daemon_radius_init(&w->daemon);
}

static void world_close(world *w)
{
    rig_loop_free(w->daemon.loop);
    CU_ASSERT(w->daemon.questions == NULL && w->daemon.num_asking == 0);
    close(w->server);
}

static void told(void *ctx, rig_status verdict, uint64_t now)
{
    asker *on = ctx;
    (void)now;
    on->told++;
    on->verdict = verdict;
}

static void ask_at(world *w, asker *on, const char *server, uint64_t wait)
{
    static const uint8_t response[RIG_RADIUS_RESPONSE] = {1};
    const rig_radius_question question = {.server = server,
                                          .secret = rig_view_str(SHARED),
                                          .user = rig_view_str("disk"),
                                          .identifier = 9,
                                          .response = rig_view_of(response, sizeof response),
                                          .challenge = rig_view_str("challenge"),
                                          .wait = wait};
    *on = (asker){.verdict = RIG_E_STATE};
    w->daemon.radius.ask(w->daemon.radius.ctx, &question, 0, told, on);
}

static void ask(world *w, asker *on)
{
    ask_at(w, on, "127.0.0.1", 60 * RIG_SECOND);
}

static void hear(world *w)
{
    socklen_t size = sizeof w->client;
    ssize_t len = recvfrom(w->server, w->heard, sizeof w->heard, 0, (struct sockaddr *)&w->client, &size);
    CU_ASSERT_FATAL(len > 20 && w->heard[0] == 1 && len == (w->heard[2] << 8 | w->heard[3]));
}

static bool hears_nothing(world *w)
{
    return recv(w->server, w->heard, sizeof w->heard, MSG_DONTWAIT) < 0;
}

/* An answer to what was heard last, made with that secret. */
static void say(const world *w, uint8_t code, const char *secret)
{
    uint8_t answer[20] = {code, w->heard[1], 0, 20}, digest[ENG_HASH_MAX];
    const rig_view parts[] = {rig_view_of(answer, 4), rig_view_of(w->heard + 4, 16), rig_view_str(secret)};
    CU_ASSERT_EQUAL(eng_hash(RIG_CHAP_MD5, parts, 3, digest), RIG_OK);
    memcpy(answer + 4, digest, 16);
    CU_ASSERT_EQUAL(
        sendto(w->server, answer, sizeof answer, 0, (const struct sockaddr *)&w->client, sizeof w->client),
        (ssize_t)sizeof answer);
}

static void run_until(const world *w, const asker *on)
{
    for (uint32_t i = 0; i < TURNS && on->told == 0; i++)
        CU_ASSERT_EQUAL_FATAL(rig_loop_run_once(w->daemon.loop, RIG_NEVER), RIG_OK);
    CU_ASSERT_EQUAL(on->told, 1);
}

static void verdicts(void)
{
    static const struct {
        uint8_t code;
        rig_status verdict;
        const char *log;
    } rows[] = {{ACCEPT, RIG_OK, "RADIUS server 127.0.0.1: the target is who it says"},
                {REJECT, RIG_E_AUTH, "RADIUS server 127.0.0.1: refuses the target"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world w;
        asker on;
        world_open(&w);
        ask(&w, &on);
        hear(&w);
        CU_ASSERT_EQUAL(on.told, 0);
        say(&w, rows[i].code, SHARED);
        run_until(&w, &on);
        CU_ASSERT_EQUAL(on.verdict, rows[i].verdict);
        CU_ASSERT_STRING_EQUAL(w.log, rows[i].log);
        world_close(&w);
    }
}

/* Whoever does not know the secret is not listened to, neither before the answer nor instead of it. */
static void forged(void)
{
    world w;
    asker on;
    world_open(&w);
    ask(&w, &on);
    hear(&w);
    say(&w, ACCEPT, "another secret of them");
    say(&w, REJECT, SHARED);
    run_until(&w, &on);
    CU_ASSERT_EQUAL(on.verdict, RIG_E_AUTH);
    ask_at(&w, &on, "127.0.0.1", 400 * RIG_MILLISECOND);
    hear(&w);
    say(&w, ACCEPT, "another secret of them");
    hear(&w);
    say(&w, ACCEPT, "another secret of them");
    run_until(&w, &on);
    CU_ASSERT_EQUAL(on.verdict, RIG_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(w.log, "not made with the shared secret"));
    CU_ASSERT_PTR_NULL(strstr(w.log, SHARED));
    world_close(&w);
}

/* A datagram may be lost: the same one goes out again, octet by octet, and no third. */
static void repeated(void)
{
    world w;
    asker on;
    uint8_t first[sizeof w.heard];
    world_open(&w);
    ask_at(&w, &on, "127.0.0.1", 100 * RIG_MILLISECOND);
    hear(&w);
    memcpy(first, w.heard, sizeof first);
    hear(&w);
    CU_ASSERT(memcmp(first, w.heard, (size_t)(first[2] << 8 | first[3])) == 0);
    run_until(&w, &on);
    CU_ASSERT(on.verdict == RIG_E_TIMEOUT && hears_nothing(&w));
    world_close(&w);
}

/* No two requests are alike in what nobody may foresee (RFC 2865 section 3). */
static void fresh(void)
{
    world w;
    asker on;
    uint8_t first[16];
    world_open(&w);
    for (int i = 0; i < 2; i++) {
        ask(&w, &on);
        hear(&w);
        CU_ASSERT(i == 0 || memcmp(first, w.heard + 4, sizeof first) != 0);
        memcpy(first, w.heard + 4, sizeof first);
        say(&w, ACCEPT, SHARED);
        run_until(&w, &on);
    }
    world_close(&w);
}

static void nobody_there(void)
{
    world w;
    asker on;
    world_open(&w);
    ask_at(&w, &on, "::g", 60 * RIG_SECOND);
    run_until(&w, &on);
    CU_ASSERT_EQUAL(on.verdict, RIG_E_NOT_FOUND);
    close(w.server);
    ask(&w, &on);
    run_until(&w, &on);
    CU_ASSERT_EQUAL(on.verdict, RIG_E_REFUSED);
    w.server = -1;
    world_close(&w);
}

/* Two at a time; the next one begins when one of them is answered. */
static void a_few_at_a_time(void)
{
    world w;
    asker on[3];
    world_open(&w);
    for (int i = 0; i < 3; i++)
        ask(&w, &on[i]);
    CU_ASSERT_EQUAL(w.daemon.num_asking, 2);
    hear(&w);
    say(&w, ACCEPT, SHARED);
    hear(&w);
    while (on[0].told + on[1].told == 0)
        CU_ASSERT_EQUAL_FATAL(rig_loop_run_once(w.daemon.loop, RIG_NEVER), RIG_OK);
    say(&w, REJECT, SHARED);
    hear(&w);
    say(&w, REJECT, SHARED);
    for (int i = 0; i < 3; i++)
        run_until(&w, &on[i]);
    CU_ASSERT(on[0].verdict != on[1].verdict && on[2].verdict == RIG_E_AUTH);
    world_close(&w);
}

/* Whoever is not waited for tells nobody, whether it was asked already or not. */
static void cancelled(void)
{
    world w;
    asker on[4];
    world_open(&w);
    for (int i = 0; i < 3; i++)
        ask(&w, &on[i]);
    for (int i = 1; i < 3; i++)
        w.daemon.radius.cancel(w.daemon.radius.ctx, &on[i]);
    for (int i = 0; i < 2; i++) {
        hear(&w);
        say(&w, ACCEPT, SHARED);
    }
    run_until(&w, &on[0]);
    while (w.daemon.num_asking)
        CU_ASSERT_EQUAL_FATAL(rig_loop_run_once(w.daemon.loop, RIG_NEVER), RIG_OK);
    CU_ASSERT(on[0].verdict == RIG_OK && on[1].told == 0 && on[2].told == 0 && hears_nothing(&w));
    ask_at(&w, &on[3], "127.0.0.1", 20 * RIG_MILLISECOND);
    w.daemon.radius.cancel(w.daemon.radius.ctx, &on[3]);
    world_close(&w);
    CU_ASSERT_EQUAL(on[3].told, 0);
}

RIG_SUITE("daemon: RADIUS", {"a server accepts and refuses", verdicts},
          {"forged answers are passed over", forged}, {"a request is repeated once", repeated},
          {"requests are fresh", fresh}, {"nobody is there", nobody_there},
          {"a few at a time", a_few_at_a_time}, {"who is not waited for any more", cancelled})
