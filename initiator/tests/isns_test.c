/* The client of an iSNS server in front of one that says what the test wants, and what the service makes of
 * it. */
#include "rig/isns_client.h"
#include "rig/pdu.h"
#include "rig/simnet.h"
#include "service/isns.h"
#include "suite.h"

#define NODE "iqn.2026-01.example.host:initiator"
#define ENDS 8

/* One end of the server's: what the client says on it, message by message. */
typedef struct server_end {
    struct bench *bench;
    rig_stream *stream;
    rig_isns_framer framer;
    rig_gather out;
    size_t sent;
} server_end;

typedef struct bench {
    rig_alloc_meter meter;
    rig_simnet *net;
    rig_simhost *ours, *theirs;
    rig_isns_client *client;
    rig_timerq timers;
    rig_listener *listener;
    server_end ends[ENDS];
    uint32_t num_ends;
    char asked[256]; /* functions of the requests, as "1 5 2 " */
    uint16_t flags;  /* of the last request */
    uint16_t scn_port;
    char source[RIG_INAME_TEXT];
    /* how it answers: */
    uint32_t status[16]; /* by function */
    bool silent;
    const uint8_t *objects;
    size_t objects_len;
    /* what the client told: */
    uint32_t num_answers, num_changes, num_left;
    rig_isns_answer answer;
    rig_error error;
    bool ask_again;
} bench;

/* ---- the server's side ---- */

static int on_space(void *ctx, struct iovec *iov, int max)
{
    (void)max;
    iov[0] = rig_isns_framer_space(&((server_end *)ctx)->framer);
    return 1;
}

static void note_request(bench *b, const rig_isns_header *header, rig_view rest)
{
    rig_isns_attr attr;
    rig_text text = {b->asked, sizeof b->asked, strlen(b->asked), false};
    rig_view name;
    uint32_t port;
    bool first = true;
    rig_text_add(&text, "%u ", header->function);
    b->flags = header->flags;
    for (; rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK; first = false) {
        if (first && rig_isns_text(attr.value, &name)) {
            rig_text_init(&text, b->source, sizeof b->source);
            rig_text_view(&text, name);
        }
        if (attr.tag == RIG_ISNS_TAG_SCN_PORT && rig_isns_number(attr.value, &port))
            b->scn_port = (uint16_t)port;
    }
}

static void say(server_end *end, uint16_t function, uint16_t transaction, rig_view message)
{
    const rig_isns_header like = {
        .function = function, .flags = RIG_ISNS_FROM_SERVER, .transaction = transaction};
    rig_isns_pack(rig_alloc_libc(), &like, message, 0, &end->out);
    rig_wake(end->stream);
}

static void answer_request(server_end *end, const rig_isns_header *header)
{
    bench *b = end->bench;
    uint8_t message[1024];
    rig_be_set(message, 4, b->status[header->function & 15]);
    bool tells = header->function == RIG_ISNS_DEV_ATTR_QRY || header->function == RIG_ISNS_DEV_ATTR_REG;
    size_t len = tells ? b->objects_len : 0;
    if (len)
        memcpy(message + 4, b->objects, len);
    say(end, header->function | RIG_ISNS_RESPONSE, header->transaction, rig_view_of(message, 4 + len));
}

static void on_received(void *ctx, size_t len, uint64_t now)
{
    server_end *end = ctx;
    bool whole = false;
    (void)now;
    CU_ASSERT_EQUAL(rig_isns_framer_commit(&end->framer, len, &whole, NULL), RIG_OK);
    if (!whole)
        return;
    const rig_isns_header header = end->framer.header;
    note_request(end->bench, &header, rig_view_of(end->framer.message, end->framer.len));
    rig_isns_framer_next(&end->framer);
    if (!(header.function & RIG_ISNS_RESPONSE) && !end->bench->silent)
        answer_request(end, &header);
}

static int on_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    server_end *end = ctx;
    (void)max, (void)now;
    if (end->sent == end->out.len)
        return 0;
    iov[0] = (struct iovec){end->out.ptr + end->sent, end->out.len - end->sent};
    return 1;
}

static void on_sent(void *ctx, size_t len, uint64_t now)
{
    (void)now;
    ((server_end *)ctx)->sent += len;
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    server_end *end = ctx;
    (void)why, (void)now;
    if (event == RIG_STREAM_PEER_CLOSED)
        rig_close(end->stream, RIG_CLOSE_FLUSH);
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        end->stream = NULL;
}

static const rig_stream_user_ops end_ops = {on_space, on_received, on_output, on_sent, on_event};

static server_end *end_new(bench *b, rig_stream *stream)
{
    CU_ASSERT_FATAL(b->num_ends < ENDS);
    server_end *end = &b->ends[b->num_ends++];
    *end = (server_end){.bench = b, .stream = stream};
    rig_isns_framer_init(&end->framer, rig_alloc_libc());
    return end;
}

static bool on_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    (void)now;
    *out_user = (rig_stream_user){&end_ops, end_new(ctx, stream)};
    return true;
}

/* ---- the client's side ---- */

static void on_answered(void *ctx, const rig_isns_answer *answer, uint64_t now)
{
    bench *b = ctx;
    b->num_answers++;
    b->answer = *answer;
    b->error = answer->error ? *answer->error : (rig_error){0};
    if (b->ask_again) {
        b->ask_again = false;
        CU_ASSERT_EQUAL(rig_isns_ask(b->client, rig_view_str(NODE), now), RIG_OK);
    }
}

static void on_changed(void *ctx, uint64_t now)
{
    (void)now;
    ((bench *)ctx)->num_changes++;
}

static void on_left(void *ctx, uint64_t now)
{
    (void)now;
    ((bench *)ctx)->num_left++;
}

static const rig_ip ours = {.version = 4, .bytes = {192, 0, 2, 100}},
                    other = {.version = 4, .bytes = {192, 0, 2, 10}},
                    theirs = {.version = 4, .bytes = {192, 0, 2, 9}};

static void begin(bench *b)
{
    *b = (bench){.silent = false};
    rig_alloc_meter_init(&b->meter, rig_alloc_libc());
    const rig_simnet_config net = {.alloc = rig_alloc_libc()};
    CU_ASSERT_EQUAL_FATAL(rig_simnet_new(&net, &b->net), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_simhost_new(b->net, "client", &b->ours), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_simhost_new(b->net, "server", &b->theirs), RIG_OK);
    rig_simhost_address(b->ours, &ours);
    rig_simhost_address(b->theirs, &theirs);
    rig_simhost_address(b->theirs, &other);
    const rig_isns_client_config config = {
        .alloc = &b->meter.alloc,
        .transport = rig_simhost_transport(b->ours),
        .timers = &b->timers,
        .server = {.host = "192.0.2.9", .port = RIG_ISNS_PORT, .group = -1},
        .answered = on_answered,
        .changed = on_changed,
        .left = on_left,
        .ctx = b};
    const rig_address at = {.ip = theirs, .port = RIG_ISNS_PORT};
    b->client = rig_isns_client_new(&config);
    CU_ASSERT_EQUAL_FATAL(rig_listen(rig_simhost_transport(b->theirs), &at, on_accept, b, &b->listener),
                          RIG_OK);
}

static void end(bench *b)
{
    rig_isns_client_free(b->client);
    CU_ASSERT_EQUAL(b->meter.num_live, 0);
    CU_ASSERT_EQUAL(b->timers.num_armed, 0);
    rig_simnet_free(b->net);
    for (uint32_t i = 0; i < b->num_ends; i++) {
        rig_isns_framer_cleanup(&b->ends[i].framer);
        rig_gather_cleanup(&b->ends[i].out, rig_alloc_libc());
    }
}

static void later(bench *b, uint64_t ns)
{
    uint64_t until = rig_simnet_now(b->net) + ns;
    const rig_timer *timer;
    while (rig_simnet_next(b->net) <= until)
        rig_simnet_step(b->net);
    rig_simnet_advance(b->net, until);
    while ((timer = rig_timerq_pop(&b->timers, until)) != NULL)
        CU_ASSERT(rig_isns_client_tick(b->client, timer, until));
}

static void ask(bench *b, const char *node)
{
    b->asked[0] = 0;
    CU_ASSERT_EQUAL(rig_isns_ask(b->client, rig_view_str(node), rig_simnet_now(b->net)), RIG_OK);
    later(b, RIG_SECOND);
}

/* A connection of the server to the port that the client registered. */
static server_end *call_back(bench *b, const rig_ip *from)
{
    const rig_address local = {.ip = *from};
    const rig_portal at = {.host = "192.0.2.100", .port = b->scn_port, .group = -1};
    server_end *end = end_new(b, NULL);
    const rig_stream_user user = {&end_ops, end};
    CU_ASSERT_EQUAL_FATAL(rig_connect(rig_simhost_transport(b->theirs), &local, &at, &user, &end->stream),
                          RIG_OK);
    later(b, RIG_SECOND);
    return end;
}

static void tell(bench *b, server_end *to, const char *destination, const char *source)
{
    rig_gather m = {0};
    rig_isns_add_text(&m, rig_alloc_libc(), RIG_ISNS_TAG_NODE, rig_view_str(destination));
    rig_isns_add_number(&m, rig_alloc_libc(), RIG_ISNS_TAG_SCN_BITMAP, RIG_ISNS_SCN_ADDED);
    rig_isns_add_text(&m, rig_alloc_libc(), RIG_ISNS_TAG_NODE, rig_view_str(source));
    say(to, RIG_ISNS_SCN, 77, rig_view_of(m.ptr, m.len));
    rig_gather_cleanup(&m, rig_alloc_libc());
    later(b, RIG_SECOND);
}

/* ---- the tests ---- */

/* Registration, notifications, query, in this order; the first registration replaces what a node of that name
 * has left behind (ISNS-006, ISNS-008). */
static void steps_of_a_question(void)
{
    bench b;
    begin(&b);
    ask(&b, NODE);
    CU_ASSERT_STRING_EQUAL(b.asked, "1 5 2 ");
    CU_ASSERT_STRING_EQUAL(b.source, NODE);
    CU_ASSERT_EQUAL(b.num_answers, 1);
    CU_ASSERT(b.answer.status == RIG_OK && b.answer.registered && b.answer.notified);
    CU_ASSERT_EQUAL(rig_isns_ask(b.client, rig_view_str(NODE), rig_simnet_now(b.net)), RIG_OK);
    CU_ASSERT_EQUAL(rig_isns_ask(b.client, rig_view_str(NODE), rig_simnet_now(b.net)), RIG_E_BUSY);
    later(&b, RIG_SECOND);
    CU_ASSERT_EQUAL(b.num_answers, 2);
    end(&b);
}

/* What is registered is known under its name only, and leaves under it. */
static void another_name(void)
{
    bench b;
    begin(&b);
    ask(&b, NODE);
    ask(&b, "iqn.2026-01.example.host:renamed");
    CU_ASSERT_STRING_EQUAL(b.asked, "4 1 5 2 ");
    b.asked[0] = 0;
    rig_isns_leave(b.client, rig_simnet_now(b.net));
    later(&b, RIG_SECOND);
    CU_ASSERT_STRING_EQUAL(b.asked, "4 ");
    CU_ASSERT_STRING_EQUAL(b.source, "iqn.2026-01.example.host:renamed");
    CU_ASSERT_EQUAL(b.num_left, 1);
    end(&b);
}

static void names_have_a_limit(void)
{
    bench b;
    char name[RIG_INAME_TEXT + 1];
    begin(&b);
    memset(name, 'a', sizeof name);
    CU_ASSERT_EQUAL(rig_isns_ask(b.client, rig_view_of(name, RIG_NAME_MAX + 1), 0), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_isns_ask(b.client, (rig_view){0}, 0), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_isns_ask(b.client, rig_view_of(name, RIG_NAME_MAX), 0), RIG_OK);
    later(&b, RIG_SECOND);
    CU_ASSERT_EQUAL(b.answer.status, RIG_OK);
    end(&b);
}

/* Each refusal, and what it comes to (ISNS-005). */
static void refusals(void)
{
    static const struct {
        uint16_t function;
        uint32_t code;
        rig_status status;
        const char *asked;
    } rows[] = {
        {RIG_ISNS_DEV_ATTR_REG, RIG_ISNS_ST_SOURCE_UNAUTHORIZED, RIG_OK, "1 2 "},
        {RIG_ISNS_SCN_REG, RIG_ISNS_ST_SCN_REJECTED, RIG_OK, "1 5 2 "},
        {RIG_ISNS_DEV_ATTR_QRY, RIG_ISNS_ST_SOURCE_UNKNOWN, RIG_E_REFUSED, "1 5 2 "},
        {RIG_ISNS_DEV_ATTR_QRY, 4711, RIG_E_REFUSED, "1 5 2 "},
        {RIG_ISNS_DEV_ATTR_REG, RIG_ISNS_ST_VERSION_NOT_SUPPORTED, RIG_E_UNSUPPORTED, "1 "},
        {RIG_ISNS_SCN_REG, RIG_ISNS_ST_VERSION_NOT_SUPPORTED, RIG_E_UNSUPPORTED, "1 5 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench b;
        begin(&b);
        b.status[rows[i].function] = rows[i].code;
        ask(&b, NODE);
        CU_ASSERT_EQUAL(b.num_answers, 1);
        CU_ASSERT_EQUAL(b.answer.status, rows[i].status);
        CU_ASSERT_EQUAL(b.answer.code, rows[i].code);
        CU_ASSERT_STRING_EQUAL(b.asked, rows[i].asked);
        end(&b);
    }
}

static void silence_has_an_end(void)
{
    bench b;
    begin(&b);
    b.silent = true;
    ask(&b, NODE);
    later(&b, RIG_ISNS_TIMEOUT - 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(b.num_answers, 0);
    later(&b, RIG_SECOND);
    CU_ASSERT_EQUAL(b.num_answers, 1);
    CU_ASSERT_EQUAL(b.answer.status, RIG_E_TIMEOUT);
    CU_ASSERT_EQUAL(b.error.status, RIG_E_TIMEOUT);
    b.silent = false;
    ask(&b, NODE);
    CU_ASSERT_EQUAL(b.answer.status, RIG_OK);
    end(&b);
}

static void nobody_there(void)
{
    bench b;
    begin(&b);
    rig_unlisten(b.listener);
    ask(&b, NODE);
    CU_ASSERT_EQUAL(b.num_answers, 1);
    CU_ASSERT_EQUAL(b.answer.status, RIG_E_REFUSED);
    CU_ASSERT_EQUAL(b.answer.code, 0);
    b.num_left = 0;
    rig_isns_leave(b.client, rig_simnet_now(b.net));
    CU_ASSERT_EQUAL(b.num_left, 1); /* nothing to take back */
    end(&b);
}

/* Changes of others count, those of ourselves do not, nor what is meant for somebody else (ISNS-008). */
static void notices(void)
{
    static const struct {
        const char *destination, *source;
        uint32_t code, changes;
    } rows[] = {
        {NODE, "iqn.2026-01.example.sim:disk", RIG_ISNS_ST_SUCCESSFUL, 1},
        {NODE, NODE, RIG_ISNS_ST_SUCCESSFUL, 0},
        {"iqn.2026-01.example.host:other", "iqn.2026-01.example.sim:disk", RIG_ISNS_ST_SOURCE_UNKNOWN, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench b;
        begin(&b);
        ask(&b, NODE);
        b.asked[0] = 0;
        server_end *back = call_back(&b, &theirs);
        tell(&b, back, rows[i].destination, rows[i].source);
        CU_ASSERT_STRING_EQUAL(b.asked, "32776 ");
        CU_ASSERT_EQUAL(b.num_changes, rows[i].changes);
        CU_ASSERT_EQUAL(back->framer.header.transaction, 77);
        CU_ASSERT_EQUAL(rig_be_get32(back->framer.message), rows[i].code);
        end(&b);
    }
}

/* Whoever is not the server is not listened to. */
static void notices_of_others(void)
{
    bench b;
    begin(&b);
    ask(&b, NODE);
    server_end *back = call_back(&b, &other);
    CU_ASSERT_PTR_NULL(back->stream);
    end(&b);
}

static void notices_have_a_limit(void)
{
    bench b;
    begin(&b);
    ask(&b, NODE);
    for (uint32_t i = 0; i <= RIG_ISNS_NOTICES_MAX; i++) {
        const server_end *back = call_back(&b, &theirs);
        CU_ASSERT_EQUAL(back->stream != NULL, i < RIG_ISNS_NOTICES_MAX);
    }
    end(&b);
}

/* Inquiries are answered with what they said, and what nobody asks of clients with its status (ISNS-008). */
static void inquiries(void)
{
    bench b;
    begin(&b);
    ask(&b, NODE);
    server_end *back = call_back(&b, &theirs);
    say(back, RIG_ISNS_ESI, 5, rig_view_of("\0\0\0\1\0\0\0\4abc", 12));
    later(&b, RIG_SECOND);
    CU_ASSERT_EQUAL(back->framer.header.function, RIG_ISNS_ESI | RIG_ISNS_RESPONSE);
    CU_ASSERT(memcmp(back->framer.message, "\0\0\0\0\0\0\0\1\0\0\0\4abc", 16) == 0);
    say(back, RIG_ISNS_DD_REG, 6, (rig_view){0});
    later(&b, RIG_SECOND);
    CU_ASSERT_EQUAL(rig_be_get32(back->framer.message), RIG_ISNS_ST_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(b.num_changes, 0);
    end(&b);
}

static void asked_again_from_inside(void)
{
    bench b;
    begin(&b);
    b.ask_again = true;
    ask(&b, NODE);
    CU_ASSERT_EQUAL(b.num_answers, 2);
    CU_ASSERT_EQUAL(b.answer.status, RIG_OK);
    end(&b);
}

static void taken_back(void)
{
    bench b;
    begin(&b);
    b.silent = true;
    ask(&b, NODE);
    rig_isns_leave(b.client, rig_simnet_now(b.net));
    CU_ASSERT_EQUAL(b.num_answers, 1);
    CU_ASSERT_EQUAL(b.answer.status, RIG_E_ABORTED);
    CU_ASSERT_EQUAL(b.num_left, 1);
    end(&b);
}

static void ended_at_any_time(void)
{
    for (uint32_t events = 0; events < 60; events++) {
        bench b;
        begin(&b);
        CU_ASSERT_EQUAL(rig_isns_ask(b.client, rig_view_str(NODE), 0), RIG_OK);
        for (uint32_t i = 0; i < events && rig_simnet_next(b.net) != RIG_NEVER; i++)
            rig_simnet_step(b.net);
        end(&b);
    }
}

static void every_failing_allocation(void)
{
    uint64_t calls = 1;
    for (uint64_t at = 1; at <= calls; at++) {
        bench b;
        begin(&b);
        b.meter.fail_at = at + 1; /* behind the client itself */
        bool begun = rig_isns_ask(b.client, rig_view_str(NODE), 0) == RIG_OK;
        later(&b, 20 * RIG_SECOND);
        CU_ASSERT_EQUAL(b.num_answers, begun);
        calls = b.meter.num_calls;
        end(&b);
    }
    CU_ASSERT(calls > 5);
}

/* ---- objects ---- */

static void objects_of_an_answer(void)
{
    const rig_alloc *alloc = rig_alloc_libc();
    const rig_ip ip = {.version = 4, .bytes = {192, 0, 2, 1}};
    rig_isns_object object;
    rig_gather m = {0};
    rig_isns_add_number(&m, alloc, RIG_ISNS_TAG_NODE_TYPE, 1); /* the key, in front of the delimiter */
    rig_isns_add(&m, alloc, RIG_ISNS_TAG_DELIMITER, (rig_view){0});
    rig_isns_add_text(&m, alloc, RIG_ISNS_TAG_NODE, rig_view_str("iqn.a"));
    rig_isns_add_text(&m, alloc, RIG_ISNS_TAG_ALIAS, rig_view_str("alias"));
    rig_isns_add_ip(&m, alloc, RIG_ISNS_TAG_PORTAL_IP, &ip);
    rig_isns_add_number(&m, alloc, RIG_ISNS_TAG_PORTAL_PORT, 0);
    rig_isns_add_number(&m, alloc, RIG_ISNS_TAG_SECURITY, 7);
    rig_isns_add_text(&m, alloc, RIG_ISNS_TAG_GROUP_NODE, rig_view_str("iqn.a"));
    rig_isns_add_ip(&m, alloc, RIG_ISNS_TAG_GROUP_IP, &ip);
    rig_isns_add_number(&m, alloc, RIG_ISNS_TAG_GROUP_PORT, RIG_ISNS_PORT_UDP | 3260);
    rig_isns_add(&m, alloc, RIG_ISNS_TAG_GROUP_TAG, (rig_view){0});
    rig_isns_add_ip(&m, alloc, RIG_ISNS_TAG_GROUP_IP, &ip);
    rig_isns_add_number(&m, alloc, RIG_ISNS_TAG_GROUP_TAG, 65535);
    rig_view rest = rig_view_of(m.ptr, m.len);
    CU_ASSERT(rig_isns_object_next(&rest, &object, NULL) == RIG_OK && object.kind == RIG_ISNS_OBJECT_OTHER);
    CU_ASSERT(rig_isns_object_next(&rest, &object, NULL) == RIG_OK && object.kind == RIG_ISNS_OBJECT_NODE);
    CU_ASSERT(rig_view_is(object.name, "iqn.a") && rig_view_is(object.alias, "alias"));
    CU_ASSERT(rig_isns_object_next(&rest, &object, NULL) == RIG_OK && object.kind == RIG_ISNS_OBJECT_PORTAL);
    CU_ASSERT(object.at.port == RIG_PORT && object.has_flags && object.flags == 7); /* section 6.3.2 */
    CU_ASSERT(rig_isns_object_next(&rest, &object, NULL) == RIG_OK && object.kind == RIG_ISNS_OBJECT_GROUP);
    CU_ASSERT(rig_view_is(object.name, "iqn.a") && object.at.ip.version == 0 && !object.has_tag);
    CU_ASSERT(rig_isns_object_next(&rest, &object, NULL) == RIG_OK && object.kind == RIG_ISNS_OBJECT_GROUP);
    CU_ASSERT(object.name.len == 0 && object.has_tag && object.tag == 65535);
    CU_ASSERT_EQUAL(rig_isns_object_next(&rest, &object, NULL), RIG_E_NOT_FOUND);
    rest = rig_view_of(m.ptr, m.len - 2);
    rig_status status = RIG_OK;
    while (!status)
        status = rig_isns_object_next(&rest, &object, NULL);
    CU_ASSERT_EQUAL(status, RIG_E_TRUNCATED);
    rig_gather_cleanup(&m, alloc);
}

/* ---- instances ---- */

static void add_node(rig_gather *m, const char *name, const rig_ip *ip, uint32_t flags)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_isns_add_text(m, alloc, RIG_ISNS_TAG_NODE, rig_view_str(name));
    rig_isns_add_number(m, alloc, RIG_ISNS_TAG_NODE_TYPE, RIG_ISNS_TYPE_TARGET);
    rig_isns_add_ip(m, alloc, RIG_ISNS_TAG_PORTAL_IP, ip);
    rig_isns_add_number(m, alloc, RIG_ISNS_TAG_PORTAL_PORT, 3260);
    rig_isns_add_number(m, alloc, RIG_ISNS_TAG_SECURITY, flags);
}

static void add_group(rig_gather *m, const char *name, const rig_ip *ip, uint32_t tag)
{
    const rig_alloc *alloc = rig_alloc_libc();
    rig_isns_add_text(m, alloc, RIG_ISNS_TAG_GROUP_NODE, rig_view_str(name));
    rig_isns_add_ip(m, alloc, RIG_ISNS_TAG_GROUP_IP, ip);
    rig_isns_add_number(m, alloc, RIG_ISNS_TAG_GROUP_PORT, 3260);
    rig_isns_add_number(m, alloc, RIG_ISNS_TAG_GROUP_TAG, tag);
}

static rig_status read_instances(const rig_gather *m, rig_target_instances *out)
{
    return svc_isns_read(rig_alloc_libc(), rig_view_of(m->ptr, m->len), "iSNS:x", &out->targets, NULL);
}

static void done(rig_gather *m, rig_target_instances *told)
{
    rig_gather_cleanup(m, rig_alloc_libc());
    rig_record_clear(rig_alloc_libc(), RIG_SHAPE(target_instances), told);
}

/* Without a group object a portal behind a node is its own, in group 1; with one, the object counts alone
 * (RFC 4171 section 6.5.4). */
static void portals_with_and_without_groups(void)
{
    rig_gather m = {0};
    rig_target_instances told = {0};
    add_node(&m, "iqn.a", &theirs, 1);
    add_node(&m, "iqn.b", &theirs, 3);
    add_group(&m, "iqn.b", &other, 5);
    add_group(&m, "iqn.a", &other, 9); /* of a node that is not the last one: not looked at */
    CU_ASSERT_EQUAL(read_instances(&m, &told), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(told.targets.num, 2);
    const rig_target_instance *a = &told.targets.ptr[0], *b = &told.targets.ptr[1];
    CU_ASSERT_EQUAL_FATAL(a->groups.num, 1);
    CU_ASSERT_EQUAL(a->groups.ptr[0].tag, 1);
    CU_ASSERT_STRING_EQUAL(a->groups.ptr[0].portals.ptr[0].address, "192.0.2.9");
    CU_ASSERT_EQUAL_FATAL(b->groups.num, 1);
    CU_ASSERT_EQUAL(b->groups.ptr[0].tag, 5);
    CU_ASSERT_EQUAL(b->groups.ptr[0].portals.num, 1);
    CU_ASSERT_STRING_EQUAL(b->groups.ptr[0].portals.ptr[0].address, "192.0.2.10");
    CU_ASSERT_EQUAL_FATAL(a->security.num, 1);
    CU_ASSERT_EQUAL(a->security.ptr[0].security_flags, 3); /* of two, the one with IPsec */
    CU_ASSERT_EQUAL(b->security.num, 0);
    done(&m, &told);
}

static void names_that_cannot_be_shown(void)
{
    rig_gather m = {0};
    rig_target_instances told = {0};
    add_node(&m, "iqn.\033[2J", &theirs, 0);
    add_node(&m, "iqn.\xff", &theirs, 0);
    add_node(&m, "iqn.ok", &theirs, 0);
    rig_isns_add(&m, rig_alloc_libc(), RIG_ISNS_TAG_NODE, rig_view_of("no-nul!!", 8));
    CU_ASSERT_EQUAL(read_instances(&m, &told), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(told.targets.num, 1);
    CU_ASSERT_STRING_EQUAL(told.targets.ptr[0].target, "iqn.ok");
    CU_ASSERT_STRING_EQUAL(told.targets.ptr[0].mechanism, "iSNS:x");
    done(&m, &told);
}

static void portals_of_a_target_have_a_limit(void)
{
    rig_gather m = {0};
    rig_target_instances told = {0};
    rig_ip ip = {.version = 4, .bytes = {10, 0, 0, 0}};
    add_node(&m, "iqn.a", &ip, 0);
    for (uint32_t i = 0; i <= SVC_TARGET_PORTALS_MAX; i++) {
        rig_be_set(ip.bytes + 2, 2, i);
        add_group(&m, "iqn.a", &ip, 1);
    }
    CU_ASSERT_EQUAL(read_instances(&m, &told), RIG_OK);
    CU_ASSERT_EQUAL(told.targets.ptr[0].groups.ptr[0].portals.num, SVC_TARGET_PORTALS_MAX);
    done(&m, &told);
}

RIG_SUITE("isns client", {"steps of a question", steps_of_a_question}, {"another name", another_name},
          {"names have a limit", names_have_a_limit}, {"refusals", refusals},
          {"silence has an end", silence_has_an_end}, {"nobody there", nobody_there}, {"notices", notices},
          {"notices of others", notices_of_others}, {"notices have a limit", notices_have_a_limit},
          {"inquiries", inquiries}, {"asked again from inside", asked_again_from_inside},
          {"taken back", taken_back}, {"ended at any time", ended_at_any_time},
          {"every failing allocation", every_failing_allocation},
          {"objects of an answer", objects_of_an_answer},
          {"portals with and without groups", portals_with_and_without_groups},
          {"names that cannot be shown", names_that_cannot_be_shown},
          {"portals of a target have a limit", portals_of_a_target_have_a_limit})
