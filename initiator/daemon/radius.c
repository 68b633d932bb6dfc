/* Access-Requests over libradcli (RFC 2865), which blocks: each in a thread of its own, a few at a time, so
 * that names are still looked up meanwhile. */
#include "daemon_internal.h"

#include <radcli/radcli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_A_TIME 2
#define ATTEMPTS 2 /* Access-Requests to one server, equally far apart */

struct daemon_question {
    daemon_question *next, *prev;
    rig_daemon *daemon;
    rig_radius_fn *done; /* NULL: nobody waits for it any more */
    void *done_ctx;
    bool runs;
    char server[RIG_RADIUS_VALUE_MAX + 1];
    char secret[MAX_SECRET_LENGTH + 1];
    uint8_t user[RIG_RADIUS_VALUE_MAX], challenge[RIG_RADIUS_VALUE_MAX];
    uint8_t password[1 + RIG_RADIUS_RESPONSE]; /* CHAP-Password (RFC 2865 section 5.3) */
    int user_len, challenge_len;
    unsigned pause; /* seconds behind each attempt */
    uint16_t port;
    int answer; /* of libradcli */
};

/* What requests are made of, and what may be read in answers: no dictionary of the machine is needed. */
static const char dictionary[] = "ATTRIBUTE User-Name 1 string\n"
                                 "ATTRIBUTE CHAP-Password 3 string\n"
                                 "ATTRIBUTE NAS-IP-Address 4 ipv4addr\n"
                                 "ATTRIBUTE Reply-Message 18 string\n"
                                 "ATTRIBUTE CHAP-Challenge 60 string\n"
                                 "ATTRIBUTE NAS-IPv6-Address 95 ipv6addr\n";

/* ---- in the other thread ---- */

static bool set(rc_handle *handle, const char *option, unsigned value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    return rc_add_config(handle, option, text, __func__, 0) == 0;
}

/* A secret is any octets but NUL: the text of a configuration could not say it. */
static bool aim(rc_handle *handle, const daemon_question *question)
{
    SERVER *server = rc_conf_srv(handle, "authserver");
    if (!server)
        return false;
    server->name[0] = strdup(question->server);
    server->secret[0] = strdup(question->secret);
    server->port[0] = question->port;
    server->max = 1;
    return server->name[0] && server->secret[0];
}

static bool configure(rc_handle *handle, const daemon_question *question)
{
    return set(handle, "radius_timeout", question->pause) && set(handle, "radius_retries", ATTEMPTS - 1) &&
           aim(handle, question) && rc_apply_config(handle) == 0 &&
           rc_read_dictionary_from_buffer(handle, dictionary, sizeof dictionary - 1) == 0;
}

static int exchange(rc_handle *handle, const daemon_question *question)
{
    VALUE_PAIR *request = NULL, *reply = NULL;
    int answer = ERROR_RC;
    if (rc_avpair_add(handle, &request, PW_USER_NAME, question->user, question->user_len, 0) &&
        rc_avpair_add(handle, &request, PW_CHAP_PASSWORD, question->password, sizeof question->password, 0) &&
        rc_avpair_add(handle, &request, PW_CHAP_CHALLENGE, question->challenge, question->challenge_len, 0))
        answer = rc_aaa(handle, 0, request, &reply, NULL, 0, PW_ACCESS_REQUEST);
    rc_avpair_free(request);
    rc_avpair_free(reply);
    return answer;
}

static void forget(rc_handle *handle)
{
    const SERVER *server = rc_conf_srv(handle, "authserver");
    if (server && server->secret[0])
        rig_secret_wipe(server->secret[0], strlen(server->secret[0]));
    rc_destroy(handle);
}

static void work(void *ctx)
{
    daemon_question *question = ctx;
    rc_handle *handle = rc_new();
    question->answer = ERROR_RC;
    if (!handle || !rc_config_init(handle)) /* which frees it when it fails */
        return;
    if (configure(handle, question))
        question->answer = exchange(handle, question);
    forget(handle);
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

/* An Access-Challenge asks for more than a response to a challenge can give (RFC 2865 section 2.2: it is to
 * be treated as a reject). */
static const struct {
    int answer;
    rig_status verdict;
    const char *text;
} answers[] = {
    {OK_RC, RIG_OK, "the target is who it says"},
    {REJECT_RC, RIG_E_AUTH, "refuses the target"},
    {CHALLENGE_RC, RIG_E_AUTH, "asks the target for more, which counts as a refusal"},
    {TIMEOUT_RC, RIG_E_TIMEOUT, "does not answer"},
    {BADRESP_RC, RIG_E_FORMAT, "gives an answer that is not made with the shared secret"},
};

static rig_status verdict_of(const daemon_question *question)
{
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (answers[i].answer != question->answer)
            continue;
        daemon_log(question->daemon, "RADIUS server %s: %s", question->server, answers[i].text);
        return answers[i].verdict;
    }
    daemon_log(question->daemon, "RADIUS server %s: cannot be asked, the system's log may tell why",
               question->server);
    return RIG_E_IO;
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
    if (question->done)
        status = status ? status : verdict_of(question);
    answer(question, status, now);
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

static bool take_view(rig_view from, void *out, size_t size, int *out_len)
{
    if (from.len == 0 || from.len > size)
        return false;
    memcpy(out, from.ptr, from.len);
    *out_len = (int)from.len;
    return true;
}

/* libradcli takes the secret as a text. */
static bool fill(daemon_question *out, const rig_radius_question *from)
{
    int secret_len;
    size_t name_len = strlen(from->server);
    if (name_len >= sizeof out->server || from->response.len != RIG_RADIUS_RESPONSE ||
        rig_view_find(from->secret, 0) < from->secret.len)
        return false;
    memcpy(out->server, from->server, name_len + 1);
    out->password[0] = from->identifier;
    memcpy(out->password + 1, from->response.ptr, RIG_RADIUS_RESPONSE);
    uint64_t pause = from->wait / (ATTEMPTS * RIG_SECOND);
    out->pause = pause == 0 ? 1 : pause < UINT16_MAX ? (unsigned)pause : UINT16_MAX;
    return take_view(from->secret, out->secret, sizeof out->secret - 1, &secret_len) &&
           take_view(from->user, out->user, sizeof out->user, &out->user_len) &&
           take_view(from->challenge, out->challenge, sizeof out->challenge, &out->challenge_len);
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
    out->port = daemon->config.radius_port ? daemon->config.radius_port : PW_AUTH_UDP_PORT;
    out->next = daemon->questions;
    if (out->next)
        out->next->prev = out;
    daemon->questions = out;
    if (fill(out, question)) {
        start_more(daemon, now);
        return;
    }
    daemon_log(daemon, "RADIUS server %s: cannot be asked, by a secret with a NUL in it for one",
               question->server);
    answer(out, RIG_E_UNSUPPORTED, now);
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
