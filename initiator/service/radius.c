/* Targets that RADIUS verifies: one question a login, asked of one server after the other (RFC 2865
 * section 2.5 leaves their order to the client: ours is that of adding). */
#include "internal.h"

typedef struct verdict {
    struct verdict *next, *prev;
    rig_service *service;
    rig_initiator *initiator; /* whom to tell, and … */
    uint64_t number;          /* … about which question */
    rig_timer timer;
    uint64_t last; /* row of the server that was asked last */
    bool asking;   /* it is being asked … */
    bool answered; /* … and has answered */
    rig_status answer;
    uint8_t identifier;
    uint8_t response[RIG_RADIUS_RESPONSE];
    uint8_t user[RIG_RADIUS_VALUE_MAX], challenge[RIG_RADIUS_VALUE_MAX];
    size_t user_len, challenge_len;
} verdict;

static void verdict_free(verdict *on)
{
    rig_service *service = on->service;
    rig_timerq_disarm(&service->timers, &on->timer);
    if (on->prev)
        on->prev->next = on->next;
    else
        service->verdicts = on->next;
    if (on->next)
        on->next->prev = on->prev;
    service->num_verdicts--;
    rig_delete(service->config.alloc, on, sizeof *on);
}

static void finish(verdict *on, rig_status status, uint64_t now)
{
    rig_initiator *initiator = on->initiator;
    uint64_t number = on->number;
    verdict_free(on);
    rig_initiator_verified(initiator, number, status, now);
}

/* ---- servers ---- */

/* Rows stand in the order of adding, and may come and go while one is asked. */
static const svc_row *next_server(const verdict *on)
{
    const svc_table *table = &on->service->tables[SVC_RADIUS];
    uint32_t i = 0;
    while (i < table->num && table->rows[i]->id <= on->last)
        i++;
    return i < table->num ? table->rows[i] : NULL;
}

static void go_on(verdict *on, uint64_t now);

static bool is_verdict(rig_status answer)
{
    return answer == RIG_OK || answer == RIG_E_AUTH;
}

static void answered(void *ctx, rig_status answer, uint64_t now)
{
    verdict *on = ctx;
    on->answered = true;
    on->answer = answer;
    if (on->asking)
        return;
    rig_timerq_disarm(&on->service->timers, &on->timer);
    if (is_verdict(answer))
        finish(on, answer, now);
    else
        go_on(on, now);
}

/* True when the answer is there already. */
static bool ask(verdict *on, const svc_row *server, const rig_octets *secret, uint64_t now)
{
    rig_service *service = on->service;
    const rig_radius *radius = service->config.radius;
    const rig_radius_question question = {.server = ((const rig_label *)server->record)->text,
                                          .secret = rig_octets_view(secret),
                                          .user = rig_view_of(on->user, on->user_len),
                                          .identifier = on->identifier,
                                          .response = rig_view_of(on->response, sizeof on->response),
                                          .challenge = rig_view_of(on->challenge, on->challenge_len),
                                          .wait = service->config.settings.radius_wait};
    on->last = server->id;
    on->answered = false;
    on->asking = true;
    radius->ask(radius->ctx, &question, now, answered, on);
    on->asking = false;
    if (!on->answered)
        rig_timerq_arm(&service->timers, &on->timer, now + question.wait);
    return on->answered;
}

/* A server that has no answer leaves it to the next one; a refusal is one (RFC 2865 section 2). */
static void go_on(verdict *on, uint64_t now)
{
    const rig_octets *secret = svc_setting(on->service, SVC_SETTING_RADIUS_SECRET);
    const svc_row *server;
    while (secret && (server = next_server(on)) != NULL) {
        if (!ask(on, server, secret, now))
            return;
        if (is_verdict(on->answer)) {
            finish(on, on->answer, now);
            return;
        }
    }
    finish(on, RIG_E_TIMEOUT, now);
}

void svc_radius_timer(rig_service *service, rig_timer *timer, uint64_t now)
{
    verdict *on = (verdict *)(void *)((char *)timer - offsetof(verdict, timer));
    service->config.radius->cancel(service->config.radius->ctx, on);
    go_on(on, now);
}

/* ---- questions ---- */

static verdict *verdict_new(rig_service *service, const rig_chap_question *question)
{
    verdict *on = rig_new(service->config.alloc, sizeof *on);
    if (!on)
        return NULL;
    on->service = service;
    on->initiator = question->initiator;
    on->number = question->number;
    on->identifier = question->identifier;
    on->timer.kind = SVC_TIMER_RADIUS;
    on->user_len = question->name.len;
    on->challenge_len = question->challenge.len;
    memcpy(on->user, question->name.ptr, on->user_len);
    memcpy(on->challenge, question->challenge.ptr, on->challenge_len);
    memcpy(on->response, question->response.ptr, sizeof on->response);
    on->next = service->verdicts;
    if (on->next)
        on->next->prev = on;
    service->verdicts = on;
    service->num_verdicts++;
    return on;
}

/* A name that is no User-Name is one that RADIUS does not know. */
static rig_status check(const rig_service *service, const rig_chap_question *question)
{
    if (question->name.len == 0 || question->name.len > RIG_RADIUS_VALUE_MAX)
        return RIG_E_AUTH;
    if (question->challenge.len > RIG_RADIUS_VALUE_MAX || question->response.len != RIG_RADIUS_RESPONSE)
        return RIG_E_ARGUMENT;
    return service->num_verdicts < RIG_SERVICE_VERDICTS_MAX ? RIG_OK : RIG_E_LIMIT;
}

void svc_radius_verify(void *ctx, const rig_chap_question *question)
{
    rig_service *service = ctx;
    rig_status status = check(service, question);
    verdict *on = status ? NULL : verdict_new(service, question);
    if (on)
        go_on(on, question->now);
    else
        rig_initiator_verified(question->initiator, question->number, status ? status : RIG_E_NOMEM,
                               question->now);
}

void svc_radius_free(rig_service *service)
{
    while (service->verdicts) {
        verdict *on = service->verdicts;
        service->config.radius->cancel(service->config.radius->ctx, on);
        verdict_free(on);
    }
}
