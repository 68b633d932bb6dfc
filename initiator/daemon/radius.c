/* RADIUS servers, each asked in a thread of its own that blocks, a few at a time, so that names are still
 * looked up meanwhile (RFC 2865 section 2.4: an exchange is one datagram each way, and the client's to
 * repeat). */
#include "daemon_internal.h"
#include "radius_packet.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AT_A_TIME 2
#define ATTEMPTS 2 /* datagrams to one server, equally far apart */
#define RADIUS_PORT 1812
#define CLIENT "iscsirigd" /* NAS-Identifier where the machine has no name */
#define CLIENT_MAX 64

struct daemon_question {
    daemon_question *next, *prev;
    rig_daemon *daemon;
    rig_radius_fn *done; /* NULL: nobody waits for it any more */
    void *done_ctx;
    bool runs;
    char server[RIG_RADIUS_VALUE_MAX + 1], port[8];
    uint64_t pause;         /* ns behind each datagram */
    radius_request request; /* of what is below */
    uint8_t secret[RIG_OCTETS_MAX], user[RIG_RADIUS_VALUE_MAX], challenge[RIG_RADIUS_VALUE_MAX];
    uint8_t password[1 + RIG_RADIUS_RESPONSE];
    char client[CLIENT_MAX];
    rig_status verdict;
};

/* ---- in the other thread ---- */

static uint64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * RIG_SECOND + (uint64_t)now.tv_nsec;
}

/* A connected socket hears nobody but the server, and that nobody listens there. */
static int open_to(const struct addrinfo *at)
{
    for (; at; at = at->ai_next) {
        int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) == 0)
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

/* What is no answer is passed over, but remembered: RIG_E_FORMAT instead of RIG_E_TIMEOUT. */
static rig_status listen_until(int fd, const radius_request *request, uint64_t until)
{
    rig_status status = RIG_E_TIMEOUT;
    uint8_t packet[RADIUS_PACKET_MAX];
    for (uint64_t now; (now = clock_now()) < until;) {
        struct pollfd at = {.fd = fd, .events = POLLIN};
        if (poll(&at, 1, (int)((until - now + RIG_MILLISECOND - 1) / RIG_MILLISECOND)) <= 0)
            continue;
        ssize_t len = recv(fd, packet, sizeof packet, 0);
        if (len < 0 && errno != EINTR)
            return errno == ECONNREFUSED ? RIG_E_REFUSED : RIG_E_IO;
        if (len < 0)
            continue;
        status = radius_verdict(request, rig_view_of(packet, (size_t)len));
        if (status != RIG_E_FORMAT)
            return status;
    }
    return status;
}

static bool is_open(rig_status status)
{
    return status == RIG_E_TIMEOUT || status == RIG_E_FORMAT;
}

static rig_status exchange(int fd, const daemon_question *question)
{
    uint8_t packet[RADIUS_REQUEST_MAX];
    size_t len = radius_request_make(&question->request, packet);
    rig_status status = len ? RIG_E_TIMEOUT : RIG_E_UNSUPPORTED;
    for (int i = 0; i < ATTEMPTS && is_open(status); i++) {
        if (send(fd, packet, len, 0) != (ssize_t)len)
            return errno == ECONNREFUSED ? RIG_E_REFUSED : RIG_E_IO;
        rig_status came = listen_until(fd, &question->request, clock_now() + question->pause);
        status = came == RIG_E_TIMEOUT ? status : came;
    }
    return status;
}

static void work(void *ctx)
{
    daemon_question *question = ctx;
    radius_request *request = &question->request;
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *at = NULL;
    question->verdict = RIG_E_IO;
    if (getentropy(&request->identifier, sizeof request->identifier) != 0 ||
        getentropy(request->authenticator, sizeof request->authenticator) != 0)
        return;
    if (getaddrinfo(question->server, question->port, &hints, &at) != 0) {
        question->verdict = RIG_E_NOT_FOUND;
        return;
    }
    int fd = open_to(at);
    freeaddrinfo(at);
    question->verdict = fd < 0 ? RIG_E_UNREACHABLE : exchange(fd, question);
    if (fd >= 0)
        close(fd);
}

/* ---- in the loop ---- */

static void question_free(daemon_question *question)
{
    rig_daemon *daemon = question->daemon;
    *(question->prev ? &question->prev->next : &daemon->questions) = question->next;
    if (question->next)
        question->next->prev = question->prev;
    rig_secret_wipe(question, sizeof *question);
    rig_delete(rig_alloc_libc(), question, sizeof *question);
}

static const struct {
    rig_status verdict;
    const char *text;
} verdicts[] = {
    {RIG_OK, "the target is who it says"},
    {RIG_E_AUTH, "refuses the target"},
    {RIG_E_TIMEOUT, "does not answer"},
    {RIG_E_FORMAT, "what it answers is not made with the shared secret"},
    {RIG_E_REFUSED, "nobody listens there"},
    {RIG_E_NOT_FOUND, "its name leads nowhere"},
    {RIG_E_UNREACHABLE, "no way leads there"},
};

static void log_verdict(const daemon_question *question)
{
    size_t i = 0;
    while (i < sizeof verdicts / sizeof verdicts[0] && verdicts[i].verdict != question->verdict)
        i++;
    daemon_log(question->daemon, "RADIUS server %s: %s", question->server,
               i < sizeof verdicts / sizeof verdicts[0] ? verdicts[i].text
                                                        : rig_status_meaning(question->verdict));
}

static void start_more(rig_daemon *daemon, uint64_t now);

static void answer(daemon_question *question, rig_status verdict, uint64_t now)
{
    rig_radius_fn *done = question->done;
    void *done_ctx = question->done_ctx;
    question_free(question);
    if (done)
        done(done_ctx, verdict, now);
}

static void on_done(void *ctx, rig_status status)
{
    daemon_question *question = ctx;
    rig_daemon *daemon = question->daemon;
    uint64_t now = rig_loop_now(daemon->loop);
    daemon->num_asking--;
    if (!status && question->done)
        log_verdict(question);
    answer(question, status ? status : question->verdict, now);
    start_more(daemon, now);
}

static daemon_question *oldest_waiting(const rig_daemon *daemon)
{
    daemon_question *oldest = NULL;
    for (daemon_question *question = daemon->questions; question; question = question->next)
        oldest = question->runs ? oldest : question;
    return oldest;
}

static void start_more(rig_daemon *daemon, uint64_t now)
{
    daemon_question *question;
    while (daemon->num_asking < AT_A_TIME && (question = oldest_waiting(daemon)) != NULL) {
        question->runs = true;
        daemon->num_asking++;
        rig_status status = rig_loop_work(daemon->loop, work, on_done, question);
        if (!status)
            continue;
        daemon->num_asking--;
        answer(question, status, now);
    }
}

static bool keep(rig_view from, void *room, size_t size, rig_view *out)
{
    if (from.len > size)
        return false;
    if (from.len)
        memcpy(room, from.ptr, from.len);
    *out = rig_view_of(room, from.len);
    return true;
}

static bool fill(daemon_question *out, const rig_radius_question *from)
{
    const rig_daemon_config *config = &out->daemon->config;
    const char *host = config->settings.host_name;
    size_t name_len = strlen(from->server);
    if (name_len >= sizeof out->server || from->response.len != RIG_RADIUS_RESPONSE)
        return false;
    memcpy(out->server, from->server, name_len + 1);
    snprintf(out->port, sizeof out->port, "%u", config->radius_port ? config->radius_port : RADIUS_PORT);
    snprintf(out->client, sizeof out->client, "%s", host && host[0] ? host : CLIENT);
    out->pause = from->wait / ATTEMPTS;
    out->password[0] = from->identifier;
    memcpy(out->password + 1, from->response.ptr, RIG_RADIUS_RESPONSE);
    out->request.password = rig_view_of(out->password, sizeof out->password);
    out->request.client = rig_view_str(out->client);
    return keep(from->secret, out->secret, sizeof out->secret, &out->request.secret) &&
           keep(from->user, out->user, sizeof out->user, &out->request.user) &&
           keep(from->challenge, out->challenge, sizeof out->challenge, &out->request.challenge);
}

static void ask(void *ctx, const rig_radius_question *question, uint64_t now, rig_radius_fn *done,
                void *done_ctx)
{
    rig_daemon *daemon = ctx;
    daemon_question *out = rig_new(rig_alloc_libc(), sizeof *out);
    if (!out) {
        done(done_ctx, RIG_E_NOMEM, now);
        return;
    }
    out->daemon = daemon;
    out->done = done;
    out->done_ctx = done_ctx;
    out->next = daemon->questions;
    if (out->next)
        out->next->prev = out;
    daemon->questions = out;
    if (fill(out, question)) {
        start_more(daemon, now);
        return;
    }
    answer(out, RIG_E_LIMIT, now);
}

static void cancel(void *ctx, const void *done_ctx)
{
    const rig_daemon *daemon = ctx;
    for (daemon_question *question = daemon->questions, *next; question; question = next) {
        next = question->next;
        if (question->done_ctx != done_ctx)
            continue;
        question->done = NULL;
        question->done_ctx = NULL;
        if (!question->runs)
            question_free(question);
    }
}

void daemon_radius_init(rig_daemon *daemon)
{
    daemon->radius = (rig_radius){ask, cancel, daemon};
}
