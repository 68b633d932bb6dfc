#include "rig/isns_server.h"

#include "rig/pdu.h"
#include "rig/simnet.h"
#include "suite.h"

/* A client that says what it is told to, and keeps the last message that came. */
typedef struct bench {
    rig_alloc_meter meter;
    rig_simnet *net;
    rig_simhost *ours, *theirs;
    rig_isns_server *server;
    rig_stream *stream;
    rig_isns_framer framer;
    rig_gather out;
    size_t sent;
    rig_isns_header header;
    uint8_t answer[4096];
    size_t answer_len;
    uint32_t num_answers, num_events, last_status;
    bool closed;
} bench;

static int on_space(void *ctx, struct iovec *iov, int max)
{
    bench *b = ctx;
    (void)max;
    iov[0] = rig_isns_framer_space(&b->framer);
    return 1;
}

static void on_received(void *ctx, size_t len, uint64_t now)
{
    bench *b = ctx;
    bool whole = false;
    (void)now;
    CU_ASSERT_EQUAL(rig_isns_framer_commit(&b->framer, len, &whole, NULL), RIG_OK);
    if (!whole || b->framer.len > sizeof b->answer)
        return;
    b->header = b->framer.header;
    b->answer_len = b->framer.len;
    if (b->framer.len)
        memcpy(b->answer, b->framer.message, b->framer.len);
    b->num_answers++;
    rig_isns_framer_next(&b->framer);
}

static int on_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    bench *b = ctx;
    (void)max, (void)now;
    if (b->sent == b->out.len)
        return 0;
    iov[0] = (struct iovec){b->out.ptr + b->sent, b->out.len - b->sent};
    return 1;
}

static void on_sent(void *ctx, size_t len, uint64_t now)
{
    (void)now;
    ((bench *)ctx)->sent += len;
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    bench *b = ctx;
    (void)why, (void)now;
    b->closed = b->closed || event != RIG_STREAM_CONNECTED;
    if (event == RIG_STREAM_PEER_CLOSED)
        rig_close(b->stream, RIG_CLOSE_FLUSH);
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        b->stream = NULL;
}

static const rig_stream_user_ops bench_ops = {on_space, on_received, on_output, on_sent, on_event};

static void on_server(void *ctx, const rig_isns_server_event *event)
{
    bench *b = ctx;
    b->num_events++;
    b->last_status = event->status;
}

static void settle(bench *b)
{
    while (rig_simnet_next(b->net) <= rig_simnet_now(b->net) + RIG_SECOND)
        rig_simnet_step(b->net);
}

static void later(bench *b, uint64_t ns)
{
    uint64_t until = rig_simnet_now(b->net) + ns;
    while (rig_simnet_next(b->net) <= until)
        rig_simnet_step(b->net);
    rig_simnet_advance(b->net, until);
    if (rig_isns_server_next_deadline(b->server) <= until)
        rig_isns_server_tick(b->server, until);
}

static void call_server(bench *b)
{
    const rig_portal at = {.host = "192.0.2.9", .port = RIG_ISNS_PORT, .group = -1};
    const rig_stream_user user = {&bench_ops, b};
    b->closed = false;
    CU_ASSERT_EQUAL_FATAL(rig_connect(rig_simhost_transport(b->ours), NULL, &at, &user, &b->stream), RIG_OK);
    settle(b);
}

static void begin(bench *b)
{
    static const rig_ip ours = {.version = 4, .bytes = {192, 0, 2, 100}},
                        theirs = {.version = 4, .bytes = {192, 0, 2, 9}};
    *b = (bench){.sent = 0};
    rig_alloc_meter_init(&b->meter, rig_alloc_libc());
    const rig_simnet_config net = {.alloc = rig_alloc_libc()};
    CU_ASSERT_EQUAL_FATAL(rig_simnet_new(&net, &b->net), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_simhost_new(b->net, "client", &b->ours), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_simhost_new(b->net, "server", &b->theirs), RIG_OK);
    rig_simhost_address(b->ours, &ours);
    rig_simhost_address(b->theirs, &theirs);
    const rig_isns_server_config config = {.alloc = &b->meter.alloc,
                                           .transport = rig_simhost_transport(b->theirs),
                                           .period = 100,
                                           .event = on_server,
                                           .ctx = b};
    rig_address at = {.ip = theirs, .port = RIG_ISNS_PORT};
    b->server = rig_isns_server_new(&config);
    CU_ASSERT_EQUAL_FATAL(rig_isns_server_listen(b->server, &at), RIG_OK);
    rig_isns_framer_init(&b->framer, rig_alloc_libc());
    call_server(b);
}

static void end(bench *b)
{
    rig_isns_server_free(b->server);
    CU_ASSERT_EQUAL(b->meter.num_live, 0);
    rig_simnet_free(b->net);
    rig_isns_framer_cleanup(&b->framer);
    rig_gather_cleanup(&b->out, rig_alloc_libc());
}

/* Sends a request and gives the status of its answer, UINT32_MAX when none came. */
static uint32_t ask(bench *b, uint16_t function, const rig_gather *message)
{
    const rig_isns_header like = {
        .function = function, .flags = RIG_ISNS_FROM_CLIENT, .transaction = (uint16_t)(100 + function)};
    uint32_t before = b->num_answers;
    b->out.len = b->sent = 0;
    rig_isns_pack(rig_alloc_libc(), &like, rig_view_of(message->ptr, message->len), 0, &b->out);
    rig_wake(b->stream);
    settle(b);
    if (b->num_answers == before || b->answer_len < 4)
        return UINT32_MAX;
    CU_ASSERT_EQUAL(b->header.function, function | RIG_ISNS_RESPONSE);
    CU_ASSERT_EQUAL(b->header.transaction, like.transaction);
    return rig_be_get32(b->answer);
}

static void text(rig_gather *out, uint32_t tag, const char *value)
{
    rig_isns_add_text(out, rig_alloc_libc(), tag, rig_view_str(value));
}

static void number(rig_gather *out, uint32_t tag, uint32_t value)
{
    rig_isns_add_number(out, rig_alloc_libc(), tag, value);
}

static void empty(rig_gather *out, uint32_t tag)
{
    rig_isns_add(out, rig_alloc_libc(), tag, (rig_view){0});
}

static uint32_t ask_and_free(bench *b, uint16_t function, rig_gather *message)
{
    uint32_t status = ask(b, function, message);
    rig_gather_cleanup(message, rig_alloc_libc());
    return status;
}

static uint32_t enter(bench *b, const char *node, uint16_t port)
{
    const rig_ip ip = {.version = 4, .bytes = {192, 0, 2, 100}};
    rig_gather m = {0};
    text(&m, RIG_ISNS_TAG_NODE, node);
    text(&m, RIG_ISNS_TAG_ENTITY, node);
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    text(&m, RIG_ISNS_TAG_ENTITY, node);
    rig_isns_add_ip(&m, rig_alloc_libc(), RIG_ISNS_TAG_PORTAL_IP, &ip);
    number(&m, RIG_ISNS_TAG_PORTAL_PORT, 5000);
    if (port) {
        number(&m, RIG_ISNS_TAG_ESI_PORT, port);
        number(&m, RIG_ISNS_TAG_SCN_PORT, port);
    }
    text(&m, RIG_ISNS_TAG_NODE, node);
    number(&m, RIG_ISNS_TAG_NODE_TYPE, RIG_ISNS_TYPE_INITIATOR);
    return ask_and_free(b, RIG_ISNS_DEV_ATTR_REG, &m);
}

static uint32_t query(bench *b, const char *node)
{
    rig_gather m = {0};
    text(&m, RIG_ISNS_TAG_NODE, node);
    number(&m, RIG_ISNS_TAG_NODE_TYPE, RIG_ISNS_TYPE_TARGET);
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    empty(&m, RIG_ISNS_TAG_NODE);
    empty(&m, RIG_ISNS_TAG_PORTAL_IP);
    empty(&m, RIG_ISNS_TAG_GROUP_TAG);
    return ask_and_free(b, RIG_ISNS_DEV_ATTR_QRY, &m);
}

static void add_node(bench *b, const char *name, const char *only, int32_t group)
{
    const rig_isns_server_portal portal = {
        .at = {.ip = {.version = 4, .bytes = {192, 0, 2, 1}}, .port = 3260}, .group = group};
    uint32_t node = 0;
    CU_ASSERT_EQUAL(rig_isns_server_node(b->server, rig_view_str(name), rig_view_str(""), &node), RIG_OK);
    CU_ASSERT_EQUAL(rig_isns_server_place(b->server, node, &portal), RIG_OK);
    if (only)
        CU_ASSERT_EQUAL(rig_isns_server_only(b->server, node, rig_view_str(only)), RIG_OK);
    CU_ASSERT_EQUAL(rig_isns_server_show(b->server, rig_view_str(name), true, 0), RIG_OK);
}

/* Tags of the answer, as "32 16 51 ". */
static void answer_tags(const bench *b, rig_text *out)
{
    rig_view rest = rig_view_of(b->answer + 4, b->answer_len - 4);
    rig_isns_attr attr;
    while (rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK)
        rig_text_add(out, "%u ", attr.tag);
}

/* ---- the tests ---- */

/* Keys, delimiter, and the period in front of the first portal (ISNS-004 to ISNS-006). */
static void registration(void)
{
    bench b;
    char tags[128];
    rig_text out;
    begin(&b);
    CU_ASSERT_EQUAL(enter(&b, "iqn.a", 0), RIG_ISNS_ST_SUCCESSFUL);
    rig_text_init(&out, tags, sizeof tags);
    answer_tags(&b, &out);
    CU_ASSERT_STRING_EQUAL(tags, "1 0 1 6 16 17 32 33 ");
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 1);
    CU_ASSERT_EQUAL(enter(&b, "iqn.a", 0), RIG_ISNS_ST_SUCCESSFUL);
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 1);
    later(&b, 99 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 1);
    later(&b, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 0);
    end(&b);
}

static void registrations_that_are_none(void)
{
    bench b;
    rig_gather m = {0};
    begin(&b);
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a"); /* in front of its entity */
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_ATTR_REG, &m), RIG_ISNS_ST_FORMAT_ERROR);
    m = (rig_gather){0};
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    text(&m, RIG_ISNS_TAG_ENTITY, "one");
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    text(&m, RIG_ISNS_TAG_ENTITY, "another");
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_ATTR_REG, &m), RIG_ISNS_ST_INVALID_REGISTRATION);
    m = (rig_gather){0};
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a"); /* no delimiter */
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_ATTR_QRY, &m), RIG_ISNS_ST_FORMAT_ERROR);
    m = (rig_gather){0};
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_ATTR_QRY, &m), RIG_ISNS_ST_FORMAT_ERROR);
    m = (rig_gather){0};
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DD_REG, &m), RIG_ISNS_ST_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(b.last_status, RIG_ISNS_ST_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 0);
    end(&b);
}

static void clients_have_a_limit(void)
{
    bench b;
    char name[32];
    rig_text out;
    begin(&b);
    for (uint32_t i = 0; i <= RIG_ISNS_SERVER_CLIENTS_MAX; i++) {
        rig_text_init(&out, name, sizeof name);
        rig_text_add(&out, "iqn.%u", i);
        CU_ASSERT_EQUAL(enter(&b, name, 0),
                        i < RIG_ISNS_SERVER_CLIENTS_MAX ? RIG_ISNS_ST_SUCCESSFUL : RIG_ISNS_ST_BUSY);
    }
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), RIG_ISNS_SERVER_CLIENTS_MAX);
    end(&b);
}

/* What is in no discovery domain of the source is not told, nor is a portal with a null tag (ISNS-007). */
static void queries(void)
{
    bench b;
    char tags[128];
    rig_text out;
    begin(&b);
    add_node(&b, "iqn.t1", NULL, 1);
    add_node(&b, "iqn.t2", "iqn.b", 1);
    add_node(&b, "iqn.t3", NULL, -1);
    CU_ASSERT_EQUAL(query(&b, "iqn.a"), RIG_ISNS_ST_SOURCE_UNKNOWN);
    enter(&b, "iqn.a", 0);
    CU_ASSERT_EQUAL(query(&b, "iqn.a"), RIG_ISNS_ST_SUCCESSFUL);
    rig_text_init(&out, tags, sizeof tags);
    answer_tags(&b, &out);
    CU_ASSERT_STRING_EQUAL(tags, "33 0 32 16 51 32 ");
    enter(&b, "iqn.b", 0);
    CU_ASSERT_EQUAL(query(&b, "iqn.b"), RIG_ISNS_ST_SUCCESSFUL);
    rig_text_init(&out, tags, sizeof tags);
    answer_tags(&b, &out);
    CU_ASSERT_STRING_EQUAL(tags, "33 0 32 16 51 32 16 51 32 ");
    end(&b);
}

static void queries_for_one(void)
{
    bench b;
    rig_gather m = {0};
    begin(&b);
    add_node(&b, "iqn.t1", NULL, 1);
    add_node(&b, "iqn.t2", NULL, 1);
    enter(&b, "iqn.a", 0);
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    text(&m, RIG_ISNS_TAG_NODE, "iqn.t2");
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    empty(&m, RIG_ISNS_TAG_NODE);
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_ATTR_QRY, &m), RIG_ISNS_ST_SUCCESSFUL);
    CU_ASSERT_EQUAL(b.answer_len, 4 + 16 + 8 + 16);
    m = (rig_gather){0};
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    text(&m, RIG_ISNS_TAG_ENTITY, "iqn.a");
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_ATTR_QRY, &m), RIG_ISNS_ST_INVALID_QUERY);
    end(&b);
}

static uint32_t want_notices(bench *b, const char *node)
{
    rig_gather m = {0};
    text(&m, RIG_ISNS_TAG_NODE, node);
    text(&m, RIG_ISNS_TAG_NODE, node);
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    number(&m, RIG_ISNS_TAG_SCN_BITMAP, RIG_ISNS_SCN_ADDED);
    return ask_and_free(b, RIG_ISNS_SCN_REG, &m);
}

/* Without a port for them there can be no notifications (ISNS-008). */
static void notices_want_a_port(void)
{
    bench b;
    begin(&b);
    CU_ASSERT_EQUAL(want_notices(&b, "iqn.a"), RIG_ISNS_ST_SOURCE_UNKNOWN);
    enter(&b, "iqn.a", 0);
    CU_ASSERT_EQUAL(want_notices(&b, "iqn.a"), RIG_ISNS_ST_SCN_REJECTED);
    enter(&b, "iqn.a", 4000);
    CU_ASSERT_EQUAL(want_notices(&b, "iqn.a"), RIG_ISNS_ST_SUCCESSFUL);
    end(&b);
}

/* Who does not answer an inquiry is forgotten; nobody listens at that port (ISNS-009). */
static void inquiries(void)
{
    bench b;
    begin(&b);
    enter(&b, "iqn.a", 4000);
    enter(&b, "iqn.b", 0);
    rig_isns_server_inquire(b.server, rig_simnet_now(b.net));
    settle(&b);
    later(&b, RIG_ISNS_SERVER_PATIENCE);
    CU_ASSERT_EQUAL(b.last_status, RIG_ISNS_ST_SOURCE_ABSENT);
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 1);
    end(&b);
}

static void deregistration(void)
{
    bench b;
    rig_gather m = {0};
    begin(&b);
    enter(&b, "iqn.a", 0);
    enter(&b, "iqn.b", 0);
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    text(&m, RIG_ISNS_TAG_ENTITY, "iqn.b"); /* somebody else's */
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_DEREG, &m), RIG_ISNS_ST_SOURCE_UNAUTHORIZED);
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 2);
    m = (rig_gather){0};
    text(&m, RIG_ISNS_TAG_NODE, "iqn.a");
    empty(&m, RIG_ISNS_TAG_DELIMITER);
    text(&m, RIG_ISNS_TAG_ENTITY, "iqn.a");
    CU_ASSERT_EQUAL(ask(&b, RIG_ISNS_DEV_DEREG, &m), RIG_ISNS_ST_SUCCESSFUL);
    CU_ASSERT_EQUAL(rig_isns_server_clients(b.server), 1);
    CU_ASSERT_EQUAL(ask_and_free(&b, RIG_ISNS_DEV_DEREG, &m), RIG_ISNS_ST_SUCCESSFUL); /* section 5.6.5.4 */
    end(&b);
}

/* A version that is not served gets its status, and nothing behind it is read (ISNS-001). */
static void another_version(void)
{
    static const uint8_t pdu[RIG_ISNS_HEADER_LEN] = {0, 2, 0, 1, 0, 0, 0x8c, 0, 0, 9, 0, 0};
    bench b;
    begin(&b);
    rig_gather_add(&b.out, rig_alloc_libc(), rig_view_of(pdu, sizeof pdu), 100);
    rig_wake(b.stream);
    settle(&b);
    CU_ASSERT_EQUAL(b.num_answers, 1);
    CU_ASSERT_EQUAL(rig_be_get32(b.answer), RIG_ISNS_ST_VERSION_NOT_SUPPORTED);
    CU_ASSERT_EQUAL(b.header.transaction, 9);
    CU_ASSERT(b.closed);
    end(&b);
}

static void nodes_have_portals_up_to_a_limit(void)
{
    bench b;
    const rig_isns_server_portal portal = {.group = 1};
    char name[RIG_INAME_TEXT + 1];
    uint32_t node = 0;
    begin(&b);
    rig_isns_server_node(b.server, rig_view_str("iqn.t"), rig_view_str(""), &node);
    for (uint32_t i = 0; i <= RIG_ISNS_SERVER_PORTALS_MAX; i++)
        CU_ASSERT_EQUAL(rig_isns_server_place(b.server, node, &portal),
                        i < RIG_ISNS_SERVER_PORTALS_MAX ? RIG_OK : RIG_E_LIMIT);
    memset(name, 'a', sizeof name);
    CU_ASSERT_EQUAL(rig_isns_server_node(b.server, rig_view_of(name, 224), rig_view_str(""), &node),
                    RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_isns_server_only(b.server, node, rig_view_of(name, 224)), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_isns_server_show(b.server, rig_view_str("iqn.x"), true, 0), RIG_E_NOT_FOUND);
    end(&b);
}

static void shut_and_opened(void)
{
    bench b;
    begin(&b);
    rig_isns_server_shut(b.server);
    settle(&b);
    CU_ASSERT(b.closed);
    CU_ASSERT_EQUAL(rig_isns_server_open(b.server), RIG_OK);
    call_server(&b);
    CU_ASSERT_FALSE(b.closed);
    CU_ASSERT_EQUAL(enter(&b, "iqn.a", 0), RIG_ISNS_ST_SUCCESSFUL);
    end(&b);
}

RIG_SUITE("isns server", {"registration", registration},
          {"registrations that are none", registrations_that_are_none},
          {"clients have a limit", clients_have_a_limit}, {"queries", queries},
          {"queries for one", queries_for_one}, {"notices want a port", notices_want_a_port},
          {"inquiries", inquiries}, {"deregistration", deregistration}, {"another version", another_version},
          {"nodes have portals up to a limit", nodes_have_portals_up_to_a_limit},
          {"shut and opened", shut_and_opened})
