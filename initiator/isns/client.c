/* A question from its connection to its answer, step by step. */
#include "internal.h"
#include "rig/pdu.h"

#define BIT(step) (1u << (step))

static isc_taken question_taken;
static isc_over question_over;

/* ---- its end ---- */

static void answer_end(rig_isns_client *client, rig_status status, const rig_error *error, uint64_t now)
{
    rig_isns_answer answer = client->answer;
    rig_timerq_disarm(client->config.timers, &client->timer);
    client->asking = false;
    answer.status = status;
    answer.error = status ? error : NULL;
    client->config.answered(client->config.ctx, &answer, now);
}

/* Our node is not known there any more, as far as we know. */
static void leave_end(rig_isns_client *client, uint64_t now)
{
    rig_timerq_disarm(client->config.timers, &client->timer);
    client->leaving = false;
    client->known[0] = 0;
    isc_unlisten(client);
    client->config.left(client->config.ctx, now);
}

static void question_end(rig_isns_client *client, rig_status status, const rig_error *error, uint64_t now)
{
    if (client->leaving)
        leave_end(client, now);
    else
        answer_end(client, status, error, now);
}

/* The link is of no more use. */
static void question_over(isc_link *link, rig_status why, uint64_t now)
{
    rig_isns_client *client = link->client;
    const rig_error error = link->error;
    client->link = NULL;
    isc_link_free(link);
    question_end(client, why, &error, now);
}

/* ---- the steps ---- */

static rig_status send_step(rig_isns_client *client, uint64_t now)
{
    rig_gather message = {0};
    const rig_alloc *alloc = client->config.alloc;
    isc_step step = ISC_FORGET;
    while (!(client->todo & BIT(step)))
        step++;
    client->step = step;
    client->todo &= ~BIT(step);
    const rig_isns_header like = {.function = isc_function(step),
                                  .flags = RIG_ISNS_FROM_CLIENT |
                                           (step == ISC_REGISTER && !client->known[0] ? RIG_ISNS_REPLACE : 0),
                                  .transaction = ++client->transaction};
    rig_status status = isc_request(client, step, &message);
    if (!status)
        status = isc_link_send(client->link, &like, rig_view_of(message.ptr, message.len));
    rig_gather_cleanup(&message, alloc);
    rig_timerq_arm(client->config.timers, &client->timer,
                   now + (client->config.timeout ? client->config.timeout : RIG_ISNS_TIMEOUT));
    return status;
}

static bool step_on(rig_isns_client *client, uint64_t now)
{
    isc_link *link = client->link;
    if (client->todo) {
        rig_status status = send_step(client, now);
        if (!status)
            return true;
        rig_fail(&link->error, status, "a request: %s", rig_status_meaning(status));
        question_over(link, status, now);
        return false;
    }
    if (!client->leaving) {
        client->link = NULL;
        link->over = NULL;
    } /* who leaves waits for the end of the connection, too */
    isc_link_close(link);
    if (!client->leaving)
        answer_end(client, RIG_OK, NULL, now);
    return false;
}

static void read_period(rig_isns_client *client, rig_view attributes)
{
    rig_isns_attr attr;
    while (rig_isns_attr_next(&attributes, &attr, NULL) == RIG_OK)
        if (attr.tag == RIG_ISNS_TAG_PERIOD)
            rig_isns_number(attr.value, &client->answer.period);
}

static void registered(rig_isns_client *client, rig_view attributes)
{
    memcpy(client->known, client->node, sizeof client->known);
    client->answer.registered = true;
    read_period(client, attributes);
    if (client->listener)
        client->todo |= BIT(ISC_NOTIFY);
}

/* A node that was forgotten may have been so before. A server that takes no registration may answer questions
 * all the same. */
static rig_status take_step(isc_link *link, uint32_t code, rig_view attributes)
{
    rig_isns_client *client = link->client;
    bool well = code == RIG_ISNS_ST_SUCCESSFUL;
    client->answer.code = well ? client->answer.code : code;
    if (code == RIG_ISNS_ST_VERSION_NOT_SUPPORTED)
        return rig_fail(&link->error, RIG_E_UNSUPPORTED, "the server does not speak version %d",
                        RIG_ISNS_VERSION);
    if (client->step == ISC_FORGET)
        client->known[0] = 0;
    if (client->step == ISC_REGISTER && well)
        registered(client, attributes);
    if (client->step == ISC_NOTIFY)
        client->answer.notified = well;
    if (client->step != ISC_QUERY)
        return RIG_OK;
    client->answer.objects = attributes;
    const char *name = rig_name(&rig_names_isns_status, code);
    return well ? RIG_OK
                : rig_fail(&link->error, RIG_E_REFUSED, "the server refuses the query: %s (%u)",
                           name ? name : "unknown", code);
}

static rig_status judge_answer(isc_link *link, rig_view message, rig_view *out_attributes, uint32_t *out_code)
{
    const rig_isns_client *client = link->client;
    const rig_isns_header *header = &link->framer.header;
    if (header->function != (isc_function(client->step) | RIG_ISNS_RESPONSE))
        return rig_fail(&link->error, RIG_E_PROTOCOL, "function 0x%04x answers 0x%04x", header->function,
                        isc_function(client->step));
    if (header->transaction != client->transaction)
        return rig_fail(&link->error, RIG_E_PROTOCOL, "transaction %u answers %u", header->transaction,
                        client->transaction);
    if (message.len < 4)
        return rig_fail(&link->error, RIG_E_FORMAT, "an answer without a status");
    *out_code = rig_be_get32(message.ptr);
    *out_attributes = rig_view_of(message.ptr + 4, message.len - 4);
    return RIG_OK;
}

/* Notifications and inquiries may come where the server has a connection (section 5.6.5.8). */
static bool served(isc_link *link, rig_view message, uint64_t now)
{
    rig_isns_client *client = link->client;
    bool changed = false;
    if (!isc_serve(link, message, &changed)) {
        rig_fail(&link->error, RIG_E_LIMIT, "the server asks, and reads no answers");
        question_over(link, RIG_E_LIMIT, now);
        return false;
    }
    rig_isns_framer_next(&link->framer);
    if (changed)
        client->config.changed(client->config.ctx, now);
    return false;
}

static bool question_taken(isc_link *link, rig_view message, uint64_t now)
{
    rig_view attributes = {0};
    uint32_t code = 0;
    if (!(link->framer.header.function & RIG_ISNS_RESPONSE))
        return served(link, message, now);
    rig_status status = judge_answer(link, message, &attributes, &code);
    if (!status)
        status = take_step(link, code, attributes);
    if (!status)
        return step_on(link->client, now);
    question_over(link, status, now);
    return false;
}

/* ---- its beginning ---- */

static void connected(isc_link *link, uint64_t now)
{
    rig_isns_client *client = link->client;
    rig_address remote;
    rig_ends(link->stream, &client->local, &remote);
    client->server = remote.ip;
    if (!client->leaving)
        isc_listen(client);
    step_on(client, now);
}

static rig_status connect_link(rig_isns_client *client, uint64_t now)
{
    isc_link *link = isc_link_new(client, question_taken, question_over);
    if (!link)
        return RIG_E_NOMEM;
    link->connected = connected;
    const rig_stream_user user = {&isc_link_ops, link};
    rig_status status =
        rig_connect(client->config.transport, NULL, &client->config.server, &user, &link->stream);
    if (status) {
        link->stream = NULL;
        isc_link_free(link);
        return status;
    }
    client->link = link;
    rig_timerq_arm(client->config.timers, &client->timer,
                   now + (client->config.timeout ? client->config.timeout : RIG_ISNS_TIMEOUT));
    return RIG_OK;
}

rig_status rig_isns_ask(rig_isns_client *client, rig_view node, uint64_t now)
{
    if (client->asking || client->leaving)
        return RIG_E_BUSY;
    if (node.len == 0 || node.len >= sizeof client->node)
        return RIG_E_LIMIT;
    bool renamed = client->known[0] && !rig_view_is(node, client->known);
    rig_status status = connect_link(client, now);
    if (status)
        return status;
    memset(client->node, 0, sizeof client->node);
    memcpy(client->node, node.ptr, node.len);
    client->answer = (rig_isns_answer){0};
    client->todo = BIT(ISC_REGISTER) | BIT(ISC_QUERY) | (renamed ? BIT(ISC_FORGET) : 0);
    client->asking = true;
    return RIG_OK;
}

void rig_isns_leave(rig_isns_client *client, uint64_t now)
{
    static const rig_error ended = {.status = RIG_E_ABORTED, .text = "the question was taken back"};
    bool was_asking = client->asking;
    if (client->leaving)
        return;
    if (client->link)
        isc_link_free(client->link);
    client->link = NULL;
    client->leaving = true;
    client->todo = BIT(ISC_LEAVE);
    bool begun = client->known[0] && connect_link(client, now) == RIG_OK;
    if (was_asking) {
        client->asking = false;
        const rig_isns_answer answer = {.status = RIG_E_ABORTED, .error = &ended};
        client->config.answered(client->config.ctx, &answer, now);
    }
    if (!begun)
        leave_end(client, now);
}

bool rig_isns_client_tick(rig_isns_client *client, const rig_timer *timer, uint64_t now)
{
    if (timer != &client->timer)
        return false;
    if (client->link) {
        rig_fail(&client->link->error, RIG_E_TIMEOUT, "the server does not answer");
        question_over(client->link, RIG_E_TIMEOUT, now);
    }
    return true;
}

/* ---- the client ---- */

rig_isns_client *rig_isns_client_new(const rig_isns_client_config *config)
{
    rig_isns_client *client = rig_new(config->alloc, sizeof *client);
    if (!client)
        return NULL;
    client->config = *config;
    client->timer.kind = config->timer_kind;
    return client;
}

void rig_isns_client_free(rig_isns_client *client)
{
    if (!client)
        return;
    rig_timerq_disarm(client->config.timers, &client->timer);
    isc_unlisten(client);
    while (client->links)
        isc_link_free(client->links);
    rig_delete(client->config.alloc, client, sizeof *client);
}
