/* The provider in front of a charon that says what the test wants, and a transport that counts what is
 * connected. */
#include <stdio.h>
#include <stdlib.h>

#include "rig/socket.h"
#include "rig/vici.h"
#include "rig/vici_message.h"
#include "suite.h"

#define TURNS 20000 /* of the loop, before a test counts as hanging */
#define SAID_MAX 64
#define PACKET_MAX 8192
#define LOG_MAX 8192
#define KEY "a key that nobody is told"

/* How the charon of a test differs from one that does all that is asked. */
typedef struct manner {
    const char *plugin;    /* what carries ESP */
    const char *refuse;    /* command that fails … */
    const char *errmsg;    /* … with these words */
    const char *key, *is;  /* member of the association with another value; NULL is: it is missing */
    const char *silent_at; /* command without an answer */
    const char *close_at;  /* command at which the connection ends */
    const char *raw_at;    /* command that is answered by raw */
    rig_view raw;
    const char *state;  /* of the association */
    bool up_already;    /* there is one before it is asked for */
    bool never;         /* there is none behind the negotiation */
    const char *old;    /* a connection and a key of an earlier service */
    bool no_policy;     /* the kernel has none */
    const char *two_ts; /* a second selector */
} manner;

typedef struct charon {
    rig_listener *listener;
    rig_stream *stream;
    char name[RIG_LOCAL_NAME_MAX + 1];
    manner manner;
    uint8_t in[PACKET_MAX];
    size_t have;
    uint8_t out[4 * PACKET_MAX];
    size_t out_len, sent;
    char said[SAID_MAX][40]; /* commands, in order */
    uint32_t num_said;
    char conn[64]; /* name of the connection that was loaded last */
    uint8_t loaded[PACKET_MAX];
    size_t loaded_len;
    bool key_came, up, old_conn, old_key;
} charon;

typedef struct user {
    rig_stream *stream;
    uint32_t connected, failed, closed;
    rig_status why;
    size_t got;
    bool again; /* connects again when it fails */
} user;

static rig_alloc_meter meter;
static rig_loop *loop;
static rig_vici *vici;
static charon peer;
static user users[4];
static rig_transport below, device;
static rig_stream below_stream[4];
static rig_stream_user below_user[4];
static uint32_t num_below, num_device;
static rig_address below_local;
static rig_portal below_portal;
static rig_status below_status;
static char said[LOG_MAX];
static bool dial_fails;

/* ---- what charon says ---- */

static rig_vici_writer begin(rig_vici_op op, const char *name)
{
    rig_vici_writer writer;
    rig_vici_begin(&writer, peer.out + peer.out_len, sizeof peer.out - peer.out_len, op, name);
    return writer;
}

static void finish(rig_vici_writer *writer)
{
    size_t len = rig_vici_finish(writer);
    CU_ASSERT_FATAL(len > 0);
    peer.out_len += len;
}

/* Each member as wished, unless the manner has it otherwise. */
static void member(rig_vici_writer *writer, const char *where, const char *key, const char *value)
{
    char path[64];
    snprintf(path, sizeof path, "%s%s", where, key);
    bool other = peer.manner.key && strcmp(peer.manner.key, path) == 0;
    if (!other)
        rig_vici_put_text(writer, key, value);
    else if (peer.manner.is)
        rig_vici_put_text(writer, key, peer.manner.is);
}

static void selectors(rig_vici_writer *writer, const char *list, const char *value)
{
    bool other = peer.manner.key && strcmp(peer.manner.key, list) == 0;
    const char *values[] = {other && peer.manner.is ? peer.manner.is : value, peer.manner.two_ts};
    if (other && !peer.manner.is)
        return;
    rig_vici_put_list(writer, list, values, peer.manner.two_ts ? 2 : 1);
}

static bool loaded_has(const char *text)
{
    return memmem(peer.loaded, peer.loaded_len, text, strlen(text)) != NULL;
}

static void say_child(rig_vici_writer *writer, bool pfs)
{
    rig_vici_open(writer, "child-sas");
    rig_vici_open(writer, "c-1");
    member(writer, "child.", "name", peer.conn);
    member(writer, "child.", "state", "INSTALLED");
    member(writer, "child.", "mode", loaded_has("transport") ? "TRANSPORT" : "TUNNEL");
    member(writer, "child.", "protocol", "ESP");
    member(writer, "child.", "encap", "yes");
    member(writer, "child.", "encr-alg", "AES_CBC");
    member(writer, "child.", "encr-keysize", "128");
    member(writer, "child.", "integ-alg", "HMAC_SHA2_256_128");
    bool other = peer.manner.key && strcmp(peer.manner.key, "child.dh-group") == 0;
    if (pfs || (other && peer.manner.is))
        member(writer, "child.", "dh-group", "MODP_2048");
    selectors(writer, "local-ts", "192.0.2.1/32[tcp]");
    selectors(writer, "remote-ts", "192.0.2.2/32[tcp/iscsi-target]");
    rig_vici_close(writer);
    rig_vici_close(writer);
}

static void say_sa(void)
{
    rig_vici_writer writer = begin(RIG_VICI_EVENT, "list-sa");
    rig_vici_open(&writer, peer.conn);
    member(&writer, "", "version", "1");
    member(&writer, "", "state", peer.manner.state ? peer.manner.state : "ESTABLISHED");
    member(&writer, "", "remote-host", loaded_has("192.0.2.9") ? "192.0.2.9" : "192.0.2.2");
    member(&writer, "", "encr-alg", "AES_CBC");
    member(&writer, "", "encr-keysize", "128");
    member(&writer, "", "dh-group", "MODP_2048");
    say_child(&writer, !loaded_has("aes128-sha256\x05") && !loaded_has("aes128-sha1\x06"));
    rig_vici_close(&writer);
    finish(&writer);
}

static void say_policy(void)
{
    rig_vici_writer writer = begin(RIG_VICI_EVENT, "list-policy");
    rig_vici_open(&writer, "a policy");
    member(&writer, "policy.", "child", peer.conn);
    member(&writer, "policy.", "mode", loaded_has("transport") ? "TRANSPORT" : "TUNNEL");
    bool other = peer.manner.key && strcmp(peer.manner.key, "policy.local-ts") == 0;
    const char *local = other ? peer.manner.is : "192.0.2.1/32[tcp]";
    rig_vici_put_list(&writer, "local-ts", &local, 1);
    selectors(&writer, "remote-ts", "192.0.2.2/32[tcp/3260]");
    rig_vici_close(&writer);
    finish(&writer);
}

static void say_line(const char *group, const char *line)
{
    rig_vici_writer writer = begin(RIG_VICI_EVENT, "control-log");
    rig_vici_put_text(&writer, "group", group);
    rig_vici_put_text(&writer, "msg", line);
    finish(&writer);
}

static void say_log(void)
{
    say_line("NET", "received packet");
    say_line("IKE", "received NO_PROPOSAL_CHOSEN error notify");
    say_line("ENC", "generating request");
    say_line("NET", "sending packet");
}

static void say_list(rig_vici_writer *writer, const char *list, const char *old)
{
    const char *values[] = {"somebody-elses", old};
    rig_vici_put_list(writer, list, values, old ? 2 : 1);
}

static void say_members(rig_vici_writer *writer, const char *command)
{
    const char *plugins[] = {"aes", peer.manner.plugin ? peer.manner.plugin : "kernel-netlink"};
    bool refused = peer.manner.refuse && strcmp(peer.manner.refuse, command) == 0;
    rig_vici_put_text(writer, "success", refused ? "no" : "yes");
    if (refused)
        rig_vici_put_text(writer, "errmsg", peer.manner.errmsg);
    if (strcmp(command, "version") == 0) {
        rig_vici_put_text(writer, "daemon", "charon");
        rig_vici_put_text(writer, "version", "5.9.8");
    }
    if (strcmp(command, "stats") == 0)
        rig_vici_put_list(writer, "plugins", plugins, 2);
    if (strcmp(command, "get-conns") == 0)
        say_list(writer, "conns", peer.old_conn ? peer.manner.old : NULL);
    if (strcmp(command, "get-shared") == 0)
        say_list(writer, "keys", peer.old_key ? peer.manner.old : NULL);
}

static bool is_up(void)
{
    return !peer.manner.never && (peer.up || peer.manner.up_already);
}

static void answer(const char *command)
{
    bool registers = strcmp(command, "list-sa") == 0 || strcmp(command, "control-log") == 0 ||
                     strcmp(command, "list-policy") == 0;
    if (strcmp(command, "initiate") == 0) {
        say_log();
        peer.up = true;
    }
    if (strcmp(command, "list-sas") == 0 && is_up())
        say_sa();
    if (strcmp(command, "list-policies") == 0 && !peer.manner.no_policy)
        say_policy();
    rig_vici_writer writer = begin(registers ? RIG_VICI_CONFIRM : RIG_VICI_RESPONSE, NULL);
    if (!registers)
        say_members(&writer, command);
    finish(&writer);
}

/* ---- what charon hears ---- */

static void note_loaded(const rig_vici_packet *packet)
{
    rig_view rest = packet->message, name, inside;
    CU_ASSERT_FATAL(rig_vici_section(&rest, &name, &inside) && name.len < sizeof peer.conn);
    memcpy(peer.conn, name.ptr, name.len);
    peer.conn[name.len] = 0;
    memcpy(peer.loaded, packet->message.ptr, packet->message.len);
    peer.loaded_len = packet->message.len;
}

static bool is_at(const char *step, const char *command)
{
    return step && strcmp(step, command) == 0;
}

static void hear(const char *command, const rig_vici_packet *packet)
{
    if (strcmp(command, "load-conn") == 0)
        note_loaded(packet);
    if (strcmp(command, "load-shared") == 0)
        peer.key_came = rig_view_is(rig_vici_value(packet->message, "data"), KEY);
    if (strcmp(command, "unload-conn") == 0 && peer.manner.old &&
        rig_view_is(rig_vici_value(packet->message, "name"), peer.manner.old))
        peer.old_conn = false;
    if (strcmp(command, "unload-shared") == 0 && peer.manner.old &&
        rig_view_is(rig_vici_value(packet->message, "id"), peer.manner.old))
        peer.old_key = false;
    if (strcmp(command, "terminate") == 0)
        peer.up = false;
}

static void handle(rig_view bytes)
{
    rig_vici_packet packet;
    rig_error error = {0};
    CU_ASSERT_EQUAL_FATAL(rig_vici_packet_get(bytes, &packet, &error), RIG_OK);
    char *command = peer.said[peer.num_said < SAID_MAX - 1 ? peer.num_said++ : SAID_MAX - 1];
    snprintf(command, sizeof peer.said[0], "%.*s", RIG_VIEW_ARG(packet.name));
    hear(command, &packet);
    if (is_at(peer.manner.close_at, command)) {
        rig_close(peer.stream, RIG_CLOSE_RESET);
        peer.stream = NULL;
    } else if (is_at(peer.manner.raw_at, command)) {
        memcpy(peer.out + peer.out_len, peer.manner.raw.ptr, peer.manner.raw.len);
        peer.out_len += peer.manner.raw.len;
    } else if (!is_at(peer.manner.silent_at, command)) {
        answer(command);
    }
}

static int charon_space(void *ctx, struct iovec *iov, int max)
{
    (void)ctx, (void)max;
    iov[0] = (struct iovec){peer.in + peer.have, sizeof peer.in - peer.have};
    return 1;
}

static void charon_received(void *ctx, size_t len, uint64_t now)
{
    (void)ctx, (void)now;
    peer.have += len;
    while (peer.stream && peer.have >= RIG_VICI_HEADER_LEN) {
        size_t size = RIG_VICI_HEADER_LEN + ((size_t)peer.in[2] << 8 | peer.in[3]);
        if (peer.have < size)
            break;
        handle(rig_view_of(peer.in + RIG_VICI_HEADER_LEN, size - RIG_VICI_HEADER_LEN));
        memmove(peer.in, peer.in + size, peer.have - size);
        peer.have -= size;
    }
    if (peer.stream)
        rig_wake(peer.stream);
}

static int charon_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    (void)ctx, (void)max, (void)now;
    iov[0] = (struct iovec){peer.out + peer.sent, peer.out_len - peer.sent};
    return peer.out_len > peer.sent;
}

static void charon_sent(void *ctx, size_t len, uint64_t now)
{
    (void)ctx, (void)now;
    peer.sent += len;
}

static void charon_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    (void)ctx, (void)why, (void)now;
    if (event == RIG_STREAM_PEER_CLOSED && peer.stream)
        rig_close(peer.stream, RIG_CLOSE_RESET);
    peer.stream = NULL;
}

static const rig_stream_user_ops charon_ops = {charon_space, charon_received, charon_output, charon_sent,
                                               charon_event};

static bool charon_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    (void)ctx, (void)now;
    peer.stream = stream;
    peer.have = peer.out_len = peer.sent = 0;
    *out_user = (rig_stream_user){&charon_ops, NULL};
    return true;
}

/* ---- the transport below ---- */

static rig_status note_connect(uint32_t *count, const rig_address *local, const rig_portal *remote,
                               const rig_stream_user *from, rig_stream **out_stream)
{
    if (below_status)
        return below_status;
    uint32_t at = num_below + num_device;
    CU_ASSERT_FATAL(at < 4);
    (*count)++;
    below_local = local ? *local : (rig_address){0};
    below_portal = *remote;
    below_user[at] = *from;
    below_stream[at].ops = below.ops;
    *out_stream = &below_stream[at];
    return RIG_OK;
}

static rig_status below_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                                const rig_stream_user *from, rig_stream **out_stream)
{
    return note_connect(ctx, local, remote, from, out_stream);
}

static uint32_t num_closed, num_woken;

static void below_wake(rig_stream *stream)
{
    (void)stream;
    num_woken++;
}

static void below_close(rig_stream *stream, rig_close_how how)
{
    (void)stream, (void)how;
    num_closed++;
}

static void below_ends(const rig_stream *stream, rig_address *out_local, rig_address *out_remote)
{
    (void)stream;
    *out_local = (rig_address){.port = 7};
    *out_remote = (rig_address){.port = 8};
}

static const rig_transport_ops below_ops = {
    .connect = below_connect, .wake = below_wake, .close = below_close, .ends = below_ends};

/* ---- its user ---- */

static int user_space(void *ctx, struct iovec *iov, int max)
{
    static uint8_t room[16];
    (void)ctx, (void)max;
    iov[0] = (struct iovec){room, sizeof room};
    return 1;
}

static void user_received(void *ctx, size_t len, uint64_t now)
{
    user *u = ctx;
    (void)now;
    u->got += len;
}

static int user_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    (void)ctx, (void)iov, (void)max, (void)now;
    return 0;
}

static void user_sent(void *ctx, size_t len, uint64_t now)
{
    (void)ctx, (void)len, (void)now;
}

static rig_status connect_user(user *u, const char *host);

static void user_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    user *u = ctx;
    (void)now;
    u->connected += event == RIG_STREAM_CONNECTED;
    u->closed += event == RIG_STREAM_CLOSED;
    u->why = why;
    if (event == RIG_STREAM_FAILED && ++u->failed < 3 && u->again)
        CU_ASSERT_EQUAL(connect_user(u, "192.0.2.2"), RIG_OK);
}

static const rig_stream_user_ops user_ops = {user_space, user_received, user_output, user_sent, user_event};

static rig_status connect_user(user *u, const char *host)
{
    rig_portal portal = {.port = 3260, .group = -1};
    const rig_stream_user from = {&user_ops, u};
    snprintf(portal.host, sizeof portal.host, "%s", host);
    return rig_connect(rig_vici_transport(vici), NULL, &portal, &from, &u->stream);
}

/* ---- one test ---- */

static rig_status dial(void *ctx, const rig_stream_user *from, rig_stream **out_stream)
{
    (void)ctx;
    return dial_fails ? RIG_E_REFUSED : rig_connect_local(loop, peer.name, from, out_stream);
}

static void note_line(void *ctx, const char *text)
{
    size_t used = strlen(said);
    (void)ctx;
    snprintf(said + used, sizeof said - used, "%s\n", text);
}

static rig_ipsec_wish a_wish(void)
{
    return (rig_ipsec_wish){.portal = {"192.0.2.2", 3260, -1}, .tunnel = true, .key = rig_view_str(KEY)};
}

static rig_status protect(const rig_ipsec_wish *wish)
{
    const rig_ipsec_provider *provider = rig_vici_provider(vici);
    return provider->protect(provider->ctx, wish, NULL);
}

static void set_up(const manner *how, bool has_device)
{
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    peer = (charon){.manner = how ? *how : (manner){0}, .old_conn = true, .old_key = true};
    memset(users, 0, sizeof users);
    num_below = num_device = num_closed = num_woken = 0;
    below_status = RIG_OK;
    said[0] = 0;
    dial_fails = false;
    below = (rig_transport){&below_ops, &num_below};
    device = (rig_transport){&below_ops, &num_device};
    CU_ASSERT_EQUAL_FATAL(rig_loop_new(rig_alloc_libc(), &loop), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_listen_local(loop, "", 0600, charon_accept, NULL, peer.name, &peer.listener),
                          RIG_OK);
    const rig_vici_config config = {.alloc = &meter.alloc,
                                    .dial = dial,
                                    .below = &below,
                                    .device = has_device ? &device : NULL,
                                    .log = note_line};
    CU_ASSERT_EQUAL_FATAL(rig_vici_new(&config, &vici), RIG_OK);
}

static void tear_down(void)
{
    rig_vici_free(vici);
    rig_loop_free(loop);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    CU_ASSERT_PTR_NULL(strstr(said, KEY));
}

/* Until nothing more is to be done at once: charon waits for us, or we for it. */
static void run(void)
{
    for (int i = 0; i < TURNS && (rig_vici_next_deadline(vici) == 0 || i < 400); i++) {
        rig_vici_tick(vici, rig_loop_now(loop));
        rig_loop_run_once(loop, 0);
    }
    CU_ASSERT_NOT_EQUAL(rig_vici_next_deadline(vici), 0);
}

static void play(const manner *how, bool has_device, const rig_ipsec_wish *wish)
{
    set_up(how, has_device);
    CU_ASSERT_EQUAL(protect(wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[0], "192.0.2.2"), RIG_OK);
    CU_ASSERT_EQUAL(num_below + num_device, 0);
    run();
}

static bool was_said(const char *command)
{
    for (uint32_t i = 0; i < peer.num_said; i++)
        if (strcmp(peer.said[i], command) == 0)
            return true;
    return false;
}

/* It fails closed: told once, and nothing was connected. */
static void check_refused(const char *words)
{
    CU_ASSERT_EQUAL(users[0].failed, 1);
    CU_ASSERT_EQUAL(users[0].why, RIG_E_SECURITY);
    CU_ASSERT_EQUAL(num_below + num_device, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, words));
    if (!strstr(said, words))
        fprintf(stderr, "wanted \"%s\" in: %s", words, said);
}

static void refused_as(const manner *how, bool has_device, const rig_ipsec_wish *wish, const char *words)
{
    play(how, has_device, wish);
    check_refused(words);
    tear_down();
}

/* ---- agreed ---- */

static void check_order(const char *const *wanted, size_t num)
{
    CU_ASSERT_EQUAL(peer.num_said, num);
    for (size_t i = 0; i < num && i < peer.num_said; i++)
        CU_ASSERT_STRING_EQUAL(peer.said[i], wanted[i]);
}

static const rig_ip ours = {.version = 4, .bytes = {192, 0, 2, 1}};

/* Only behind what was read back, from the address that is protected, through the device. */
static void agreed(void)
{
    static const char *const order[] = {"get-conns",   "get-shared", "list-sa",     "list-sas",
                                        "version",     "stats",      "load-shared", "load-conn",
                                        "control-log", "initiate",   "list-sas"};
    rig_ipsec_wish wish = a_wish();
    play(&(manner){.plugin = "kernel-libipsec"}, true, &wish);
    check_order(order, sizeof order / sizeof order[0]);
    CU_ASSERT(peer.key_came && num_device == 1 && num_below == 0);
    CU_ASSERT(rig_ip_eq(&below_local.ip, &ours));
    CU_ASSERT_STRING_EQUAL(below_portal.host, "192.0.2.2");
    CU_ASSERT_EQUAL(below_portal.port, 3260);
    CU_ASSERT(loaded_has("192.0.2.2/32[tcp/3260]") == false && loaded_has("192.0.2.2[tcp/3260]"));
    CU_ASSERT(loaded_has("dynamic[tcp]") && loaded_has("tunnel") && !loaded_has("trap"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "IPsec to 192.0.2.2:3260: main mode, tunnel mode, by charon 5.9.8"));
    CU_ASSERT_EQUAL(users[0].connected + users[0].failed, 0);
    tear_down();
}

static void handed_on(void)
{
    rig_ipsec_wish wish = a_wish();
    rig_address local, remote;
    struct iovec iov;
    play(&(manner){.plugin = "kernel-libipsec"}, true, &wish);
    const rig_stream_user *from = &below_user[0];
    from->ops->event(from->ctx, RIG_STREAM_CONNECTED, RIG_OK, 0);
    CU_ASSERT_EQUAL(users[0].connected, 1);
    CU_ASSERT(from->ops->space(from->ctx, &iov, 1) == 1 && iov.iov_len == 16);
    from->ops->received(from->ctx, 5, 0);
    CU_ASSERT_EQUAL(users[0].got, 5);
    CU_ASSERT_EQUAL(from->ops->output(from->ctx, &iov, 1, 0), 0);
    rig_wake(users[0].stream);
    rig_ends(users[0].stream, &local, &remote);
    CU_ASSERT(num_woken == 1 && local.port == 7 && remote.port == 8);
    rig_close(users[0].stream, RIG_CLOSE_FLUSH);
    CU_ASSERT_EQUAL(num_closed, 1);
    from->ops->event(from->ctx, RIG_STREAM_CLOSED, RIG_OK, 0);
    CU_ASSERT_EQUAL(users[0].closed, 1);
    tear_down();
}

static void loads_what_was_wished(void)
{
    rig_ipsec_wish wish = a_wish();
    wish.aggressive = wish.pfs = true;
    wish.local.ip = ours;
    wish.outer = (rig_ip){.version = 4, .bytes = {192, 0, 2, 9}};
    wish.id_type = RIG_IPSEC_ID_USER_FQDN;
    wish.id = rig_view_str("host@example.com");
    play(NULL, false, &wish);
    CU_ASSERT_EQUAL(num_below, 1);
    CU_ASSERT(loaded_has("userfqdn:host@example.com") && loaded_has("192.0.2.1[tcp]"));
    CU_ASSERT(loaded_has("192.0.2.2[tcp/3260]") && loaded_has("192.0.2.9") && loaded_has("trap"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "aggressive mode with PFS, tunnel mode"));
    tear_down();
}

static void transport_by_the_kernel(void)
{
    static const uint8_t id[] = {192, 0, 2, 1};
    rig_ipsec_wish wish = a_wish();
    wish.tunnel = false;
    wish.id_type = RIG_IPSEC_ID_IPV4;
    wish.id = rig_view_of(id, sizeof id);
    play(NULL, false, &wish);
    CU_ASSERT(num_below == 1 && loaded_has("transport") && loaded_has("ipv4:192.0.2.1"));
    tear_down();
}

/* charon looks a name up, and what it has found is connected. */
static void portal_by_name(void)
{
    rig_ipsec_wish wish = a_wish();
    wish.portal = (rig_portal){"disk.example.com", 3260, -1};
    set_up(NULL, false);
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[0], "DISK.example.com"), RIG_OK);
    run();
    CU_ASSERT(num_below == 1 && loaded_has("disk.example.com") && loaded_has("dynamic[tcp/3260]"));
    CU_ASSERT_STRING_EQUAL(below_portal.host, "192.0.2.2");
    CU_ASSERT_EQUAL(connect_user(&users[1], "192.0.2.2"), RIG_OK);
    CU_ASSERT_EQUAL(num_below, 1);
    tear_down();
}

static void again_by_what_is_there(void)
{
    static const char *const order[] = {"list-sa", "list-sas", "list-policy", "list-policies"};
    rig_ipsec_wish wish = a_wish();
    play(NULL, false, &wish);
    peer.num_said = 0;
    CU_ASSERT_EQUAL(connect_user(&users[1], "192.0.2.2"), RIG_OK);
    CU_ASSERT_EQUAL(num_below, 1);
    run();
    check_order(order, 4);
    CU_ASSERT_EQUAL(num_below, 2);
    peer.up = false; /* it has ended meanwhile: a reconnect negotiates anew */
    CU_ASSERT_EQUAL(connect_user(&users[2], "192.0.2.2"), RIG_OK);
    run();
    CU_ASSERT(was_said("initiate") && num_below == 3);
    tear_down();
}

static void others_go_straight_through(void)
{
    rig_ipsec_wish wish = a_wish();
    set_up(NULL, false);
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[0], "192.0.2.3"), RIG_OK);
    CU_ASSERT(num_below == 1 && below_user[0].ops == &user_ops && below_user[0].ctx == &users[0]);
    CU_ASSERT(users[0].stream == &below_stream[0] && peer.num_said == 0);
    CU_ASSERT_EQUAL(rig_vici_next_deadline(vici), RIG_NEVER);
    tear_down();
}

static void what_an_earlier_service_has_left(void)
{
    rig_ipsec_wish wish = a_wish();
    play(&(manner){.old = "iscsirig-77"}, false, &wish);
    CU_ASSERT(!peer.old_conn && !peer.old_key && num_below == 1);
    CU_ASSERT_STRING_EQUAL(peer.said[1], "terminate");
    tear_down();
}

/* ---- in doubt ---- */

static void read_back(void)
{
    static const struct {
        const char *key, *is;
        bool pfs;
        const char *words;
    } rows[] = {
        {"child.mode", "TRANSPORT", false, "mode is \"TRANSPORT\", not \"TUNNEL\""},
        {"child.mode", NULL, false, "mode is \"\""},
        {"child.dh-group", NULL, true, "dh-group is \"\", not \"MODP_2048\""},
        {"child.dh-group", "MODP_1024", true, "dh-group is \"MODP_1024\""},
        {"child.dh-group", "MODP_2048", false, "dh-group is \"MODP_2048\", not \"\""},
        {"child.protocol", "AH", false, "protocol is \"AH\""},
        {"child.encap", "no", false, "encap is \"no\""},
        {"child.encr-alg", "NULL", false, "encr-alg is \"NULL\""},
        {"child.encr-keysize", "256", false, "encr-keysize is \"256\""},
        {"child.integ-alg", NULL, false, "integ-alg is \"\""},
        {"child.state", "DELETING", false, "shows no association"},
        {"local-ts", NULL, false, "local-ts is \"\", not \"one selector\""},
        {"local-ts", "192.0.2.0/24[tcp]", false, "not \"one address\""},
        {"local-ts", "192.0.2.1/32", false, "not \"TCP\""},
        {"local-ts", "host/32[tcp]", false, "not \"an address\""},
        {"remote-ts", "192.0.2.3/32[tcp/3260]", false, "remote-ts is \"192.0.2.3\", not \"the one wished\""},
        {"remote-ts", "192.0.2.2/32[tcp/3261]", false, "not \"the portal's port\""},
        {"remote-ts", "192.0.2.2/32[tcp]", false, "not \"TCP to the portal's port\""},
        {"remote-ts", "192.0.2.2/32[udp/3260]", false, "not \"TCP to the portal's port\""},
        {"version", "2", false, "version is \"2\""},
        {"state", "CONNECTING", false, "shows no association"},
        {"remote-host", "192.0.2.8", false, "remote-host is \"192.0.2.8\""},
        {"dh-group", "MODP_1024", false, "dh-group is \"MODP_1024\""},
        {"encr-alg", NULL, false, "encr-alg is \"\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_ipsec_wish wish = a_wish();
        const manner how = {.plugin = "kernel-libipsec", .key = rows[i].key, .is = rows[i].is};
        wish.pfs = rows[i].pfs;
        refused_as(&how, true, &wish, rows[i].words);
    }
    rig_ipsec_wish wish = a_wish();
    refused_as(&(manner){.two_ts = "0.0.0.0/0[tcp]"}, false, &wish, "not \"one selector\"");
    refused_as(&(manner){.never = true}, false, &wish, "shows no association");
}

/* By the kernel's ESP it takes a policy that outlives the association. */
static void policies(void)
{
    static const struct {
        const char *key, *is, *words;
    } rows[] = {
        {"policy.mode", "PASS", "mode is \"PASS\", not \"TUNNEL\""},
        {"policy.child", "another", "no policy that keeps packets from leaving"},
        {"policy.local-ts", "192.0.2.7/32[tcp]", "not \"that of the association\""},
        {"policy.local-ts", "192.0.2.1/32[udp]", "not \"TCP\""},
    };
    rig_ipsec_wish wish = a_wish();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused_as(&(manner){.key = rows[i].key, .is = rows[i].is}, false, &wish, rows[i].words);
    refused_as(&(manner){.no_policy = true}, false, &wish, "no policy that keeps packets from leaving");
}

/* What is there already, and not as wished, is as bad. */
static void wrong_from_the_beginning(void)
{
    rig_ipsec_wish wish = a_wish();
    play(NULL, false, &wish);
    peer.manner = (manner){.key = "child.mode", .is = "TRANSPORT"};
    CU_ASSERT_EQUAL(connect_user(&users[1], "192.0.2.2"), RIG_OK);
    run();
    CU_ASSERT(users[1].failed == 1 && users[1].why == RIG_E_SECURITY && num_below == 1);
    CU_ASSERT(was_said("terminate") && was_said("unload-conn") && was_said("unload-shared"));
    tear_down();
}

static void refused(void)
{
    static const char *const rows[] = {"load-shared", "load-conn", "initiate"};
    rig_ipsec_wish wish = a_wish();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        play(&(manner){.refuse = rows[i], .errmsg = "no \x1b[1m"}, false, &wish);
        check_refused("charon refuses: no \\x1b[1m");
        bool negotiated = strcmp(rows[i], "initiate") == 0;
        CU_ASSERT_EQUAL(strstr(said, "(received NO_PROPOSAL_CHOSEN error notify)") != NULL, negotiated);
        CU_ASSERT_STRING_EQUAL(peer.said[peer.num_said - 3], "terminate");
        CU_ASSERT_STRING_EQUAL(peer.said[peer.num_said - 2], "unload-conn");
        CU_ASSERT_STRING_EQUAL(peer.said[peer.num_said - 1], "unload-shared");
        tear_down();
    }
}

static void abilities(void)
{
    rig_ipsec_wish wish = a_wish(), transport = a_wish();
    const manner userspace = {.plugin = "kernel-libipsec"};
    transport.tunnel = false;
    refused_as(&userspace, false, &wish, "its device is not configured");
    refused_as(NULL, true, &wish, "a device of userspace ESP is configured");
    refused_as(&userspace, false, &transport, "its device is not configured");
    set_up(&userspace, true);
    CU_ASSERT_EQUAL(protect(&transport), RIG_E_UNSUPPORTED);
    tear_down();
}

static const char *const all_steps[] = {"get-conns",   "get-shared", "list-sa",     "list-sas",
                                        "version",     "stats",      "load-shared", "load-conn",
                                        "control-log", "initiate",   "list-policy", "list-policies"};
#define ALL_STEPS (sizeof all_steps / sizeof all_steps[0])

/* Not before its time, and then at once, whichever answer is missing. */
static void silence(void)
{
    rig_ipsec_wish wish = a_wish();
    for (size_t i = 0; i < ALL_STEPS; i++) {
        play(&(manner){.silent_at = all_steps[i]}, false, &wish);
        uint64_t due = rig_vici_next_deadline(vici), now = rig_loop_now(loop);
        CU_ASSERT(due > now && due <= now + RIG_VICI_WAIT + 5 * RIG_SECOND);
        rig_vici_tick(vici, due - 1);
        CU_ASSERT_EQUAL(users[0].failed, 0);
        rig_vici_tick(vici, due);
        check_refused("charon does not answer in time");
        tear_down();
    }
}

static void connection_lost(void)
{
    rig_ipsec_wish wish = a_wish();
    for (size_t i = 0; i < ALL_STEPS; i++)
        refused_as(&(manner){.close_at = all_steps[i]}, false, &wish, "IPsec to 192.0.2.2:3260: ");
    set_up(NULL, false);
    dial_fails = true;
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[0], "192.0.2.2"), RIG_OK);
    CU_ASSERT_EQUAL(users[0].failed, 0); /* never before the call has returned */
    run();
    check_refused("charon cannot be asked");
    tear_down();
}

static void hostile(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *words;
    } rows[] = {
        {"\0\0\0\0", 4, "no possible length"},          {"\0\x08\0\x01", 4, "no possible length"},
        {"\xff\xff\xff\xff", 4, "no possible length"},  {"\0\0\0\1\x08", 5, "byte 0, type: packet type 8"},
        {"\0\0\0\2\1\7", 6, "byte 1, element: type 7"}, {"\0\0\0\1\2", 5, "by packet type 2"},
        {"\0\0\0\1\5", 5, "by packet type 5"},          {"\0\0\0\2\1\2", 6, "no section is open"},
    };
    rig_ipsec_wish wish = a_wish();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        refused_as(&(manner){.raw_at = "load-conn", .raw = rig_view_of(rows[i].bytes, rows[i].len)}, false,
                   &wish, rows[i].words);
    /* an answer that says nothing is no success, and there is none to what was not asked */
    refused_as(&(manner){.raw_at = "initiate", .raw = rig_view_of("\0\0\0\1\1\0\0\0\1\1", 10)}, false, &wish,
               "charon refuses: ");
}

/* ---- pairs ---- */

static void another_wish(void)
{
    rig_ipsec_wish wish = a_wish();
    play(NULL, false, &wish);
    char before[64];
    snprintf(before, sizeof before, "%s", peer.conn);
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_NOT_EQUAL(rig_vici_next_deadline(vici), 0); /* the same: nothing is to be done */
    wish.pfs = true;
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    peer.num_said = 0;
    run();
    CU_ASSERT_EQUAL(peer.num_said, 0); /* what runs by the old one goes on by it */
    CU_ASSERT_EQUAL(connect_user(&users[1], "192.0.2.2"), RIG_OK);
    run();
    CU_ASSERT(num_below == 2 && strcmp(before, peer.conn) != 0 && was_said("initiate"));
    peer.num_said = 0;
    below_user[0].ops->event(below_user[0].ctx, RIG_STREAM_CLOSED, RIG_OK, 0);
    run();
    CU_ASSERT(was_said("terminate") && was_said("unload-conn") && was_said("unload-shared"));
    tear_down();
}

static void released(void)
{
    rig_ipsec_wish wish = a_wish();
    set_up(NULL, false);
    const rig_ipsec_provider *provider = rig_vici_provider(vici);
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    provider->release(provider->ctx, &wish.local, &wish.portal);
    run();
    CU_ASSERT_EQUAL(meter.num_live, 1);
    CU_ASSERT_EQUAL(connect_user(&users[0], "192.0.2.2"), RIG_OK);
    CU_ASSERT(num_below == 1 && peer.num_said == 0);
    tear_down();
}

/* Whoever asks for the portal without IPsec does not take it from a session that may yet come back. */
static void not_released(void)
{
    rig_ipsec_wish wish = a_wish();
    play(NULL, false, &wish);
    const rig_ipsec_provider *provider = rig_vici_provider(vici);
    wish.pfs = true;
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    provider->release(provider->ctx, &wish.local, &wish.portal);
    run();
    CU_ASSERT_EQUAL(num_below, 1);
    peer.num_said = 0;
    CU_ASSERT_EQUAL(connect_user(&users[1], "192.0.2.2"), RIG_OK);
    CU_ASSERT_EQUAL(num_below, 1); /* it waits */
    run();
    CU_ASSERT(num_below == 2 && was_said("initiate"));
    tear_down();
}

static void left_behind_nothing(void)
{
    rig_ipsec_wish wish = a_wish();
    play(NULL, false, &wish);
    peer.num_said = 0;
    CU_ASSERT(!rig_vici_leave(vici));
    run();
    CU_ASSERT(!rig_vici_leave(vici) && peer.num_said == 0); /* it is connected */
    rig_close(users[0].stream, RIG_CLOSE_RESET);
    run();
    CU_ASSERT(was_said("terminate") && was_said("unload-conn") && was_said("unload-shared"));
    CU_ASSERT(rig_vici_leave(vici) && rig_vici_next_deadline(vici) == RIG_NEVER);
    tear_down();
}

static rig_status connect_from(user *u, const rig_ip *from_ip)
{
    const rig_portal portal = {"192.0.2.2", 3260, -1};
    const rig_address local = {.ip = *from_ip};
    const rig_stream_user from = {&user_ops, u};
    return rig_connect(rig_vici_transport(vici), &local, &portal, &from, &u->stream);
}

/* What routing decides may be the address of the pair. */
static void which_pair(void)
{
    static const rig_ip other = {.version = 4, .bytes = {192, 0, 2, 77}};
    rig_ipsec_wish wish = a_wish();
    wish.local.ip = ours;
    set_up(NULL, false);
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_from(&users[0], &other), RIG_OK);
    CU_ASSERT_EQUAL(num_below, 1);
    CU_ASSERT_EQUAL(connect_from(&users[1], &ours), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[2], "192.0.2.2"), RIG_OK);
    CU_ASSERT_EQUAL(num_below, 1);
    tear_down();
}

static void closed_while_it_waits(void)
{
    rig_ipsec_wish wish = a_wish();
    set_up(NULL, false);
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[0], "192.0.2.2"), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[1], "192.0.2.2"), RIG_OK);
    rig_close(users[0].stream, RIG_CLOSE_RESET);
    rig_close(users[1].stream, RIG_CLOSE_FLUSH);
    rig_wake(users[1].stream);
    run();
    CU_ASSERT(num_below == 1 && num_closed == 1 && users[0].failed == 0);
    tear_down();
}

/* Who connects again from inside the call waits for another negotiation. */
static void again_and_again(void)
{
    rig_ipsec_wish wish = a_wish();
    set_up(&(manner){.refuse = "initiate", .errmsg = "no"}, false);
    users[0].again = true;
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[0], "192.0.2.2"), RIG_OK);
    run();
    run();
    run();
    CU_ASSERT(users[0].failed == 3 && num_below == 0);
    tear_down();
}

static void no_way_inside(void)
{
    static const struct {
        rig_status is;
        bool has_device;
        rig_status told;
    } rows[] = {{RIG_E_UNREACHABLE, true, RIG_E_SECURITY},
                {RIG_E_IO, true, RIG_E_SECURITY},
                {RIG_E_NOMEM, true, RIG_E_NOMEM},
                {RIG_E_UNREACHABLE, false, RIG_E_UNREACHABLE}};
    rig_ipsec_wish wish = a_wish();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up(&(manner){.plugin = rows[i].has_device ? "kernel-libipsec" : NULL}, rows[i].has_device);
        below_status = rows[i].is;
        CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
        CU_ASSERT_EQUAL(connect_user(&users[0], "192.0.2.2"), RIG_OK);
        run();
        CU_ASSERT(users[0].failed == 1 && users[0].why == rows[i].told);
        tear_down();
    }
}

static void what_cannot_be_wished(void)
{
    char long_id[RIG_IPSEC_ID_MAX + 1];
    const struct {
        rig_ipsec_id_type type;
        rig_view id;
        rig_status status;
    } rows[] = {{RIG_IPSEC_ID_FQDN, rig_view_of(long_id, RIG_IPSEC_ID_MAX), RIG_OK},
                {RIG_IPSEC_ID_FQDN, rig_view_of(long_id, RIG_IPSEC_ID_MAX + 1), RIG_E_LIMIT},
                {RIG_IPSEC_ID_FQDN, rig_view_of("", 0), RIG_E_LIMIT},
                {RIG_IPSEC_ID_FQDN, rig_view_of("a\0b", 3), RIG_E_UNSUPPORTED},
                {RIG_IPSEC_ID_IPV4, rig_view_of("12345", 5), RIG_E_UNSUPPORTED},
                {RIG_IPSEC_ID_IPV6, rig_view_of("1234", 4), RIG_E_UNSUPPORTED},
                {(rig_ipsec_id_type)9, rig_view_of("abc", 3), RIG_E_UNSUPPORTED}};
    memset(long_id, 'a', sizeof long_id);
    set_up(NULL, false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_ipsec_wish wish = a_wish();
        wish.id_type = rows[i].type;
        wish.id = rows[i].id;
        CU_ASSERT_EQUAL(protect(&wish), rows[i].status);
    }
    rig_ipsec_wish wish = a_wish();
    wish.key.len = 0;
    CU_ASSERT_EQUAL(protect(&wish), RIG_E_LIMIT);
    wish = a_wish();
    wish.portal = (rig_portal){"disk.example.com", 3260, -1};
    wish.outer = ours;
    CU_ASSERT_EQUAL(protect(&wish), RIG_E_UNSUPPORTED);
    tear_down();
}

/* The longest of everything fits into a request. */
static void longest(void)
{
    char id[RIG_IPSEC_ID_MAX], key[RIG_IPSEC_KEY_MAX];
    rig_ipsec_wish wish = a_wish();
    memset(id, 'i', sizeof id);
    memset(key, 'k', sizeof key);
    wish.id_type = RIG_IPSEC_ID_FQDN;
    wish.id = rig_view_of(id, sizeof id);
    wish.key = rig_view_of(key, sizeof key);
    memset(wish.portal.host, 'h', RIG_HOST_MAX);
    set_up(NULL, false);
    CU_ASSERT_EQUAL(protect(&wish), RIG_OK);
    CU_ASSERT_EQUAL(connect_user(&users[0], wish.portal.host), RIG_OK);
    run();
    CU_ASSERT(was_said("initiate") && num_below == 1);
    tear_down();
}

static void no_memory(void)
{
    bool all = false;
    for (uint64_t at = 1; !all && at < 1000; at++) {
        rig_ipsec_wish wish = a_wish();
        set_up(NULL, false);
        meter.fail_at = meter.num_calls + at;
        rig_status status = protect(&wish);
        if (!status)
            status = connect_user(&users[0], "192.0.2.2");
        CU_ASSERT(status == RIG_OK || status == RIG_E_NOMEM);
        run();
        all = num_below == 1;
        CU_ASSERT(all || status == RIG_E_NOMEM || (users[0].failed == 1 && users[0].why == RIG_E_SECURITY));
        tear_down();
    }
    CU_ASSERT(all);
}

/* ---- the codec ---- */

static void codec(void)
{
    uint8_t buffer[256];
    const char *values[] = {"one", ""};
    rig_vici_writer writer;
    rig_vici_packet packet;
    rig_view name, inside, value;
    rig_vici_begin(&writer, buffer, sizeof buffer, RIG_VICI_EVENT, "event");
    rig_vici_put_text(&writer, "key", "outer");
    rig_vici_open(&writer, "section");
    rig_vici_put_text(&writer, "key", "value");
    rig_vici_put_list(&writer, "list", values, 2);
    rig_vici_close(&writer);
    size_t len = rig_vici_finish(&writer);
    static const uint8_t wanted[] = "\0\0\0\x39\x07\x05"
                                    "event\x03\x03key\0\x05outer\x01\x07section\x03\x03key\0\x05value"
                                    "\x04\x04list\x05\0\x03one\x05\0\0\x06\x02";
    CU_ASSERT_EQUAL_FATAL(len, sizeof wanted - 1);
    CU_ASSERT_EQUAL(memcmp(buffer, wanted, len), 0);
    CU_ASSERT_EQUAL(rig_vici_packet_get(rig_view_of(buffer + 4, len - 4), &packet, NULL), RIG_OK);
    CU_ASSERT(packet.op == RIG_VICI_EVENT && rig_view_is(packet.name, "event"));
    CU_ASSERT(rig_view_is(rig_vici_value(packet.message, "key"), "outer"));
    CU_ASSERT_EQUAL(rig_vici_value(packet.message, "list").len, 0);
    CU_ASSERT(!rig_vici_item(packet.message, "list", 0, &value));
    CU_ASSERT_FATAL(rig_vici_section(&packet.message, &name, &inside));
    CU_ASSERT(rig_view_is(name, "section") && rig_view_is(rig_vici_value(inside, "key"), "value"));
    CU_ASSERT(rig_vici_item(inside, "list", 1, &value) && value.len == 0);
    CU_ASSERT(!rig_vici_item(inside, "list", 2, &value));
    CU_ASSERT(!rig_vici_section(&packet.message, &name, &inside));
}

/* Each at its byte. */
static void broken_messages(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        rig_status status;
        uint64_t offset;
        const char *field;
    } rows[] = {
        {"", 0, RIG_E_TRUNCATED, 0, "type"},
        {"\x08", 1, RIG_E_FORMAT, 0, "type"},
        {"\0", 1, RIG_E_TRUNCATED, 1, "name"},
        {"\0\0", 2, RIG_E_FORMAT, 1, "name"},
        {"\0\5abc", 5, RIG_E_TRUNCATED, 2, "name"},
        {"\1\0", 2, RIG_E_FORMAT, 1, "element"},
        {"\1\7", 2, RIG_E_FORMAT, 1, "element"},
        {"\1\1", 2, RIG_E_TRUNCATED, 2, "section"},
        {"\1\1\1s", 4, RIG_E_TRUNCATED, 4, "section"},
        {"\1\2", 2, RIG_E_FORMAT, 1, "section-end"},
        {"\1\3\1k", 4, RIG_E_TRUNCATED, 4, "key-value"},
        {"\1\3\1k\0\3ab", 8, RIG_E_TRUNCATED, 6, "key-value"},
        {"\1\3\0", 3, RIG_E_FORMAT, 2, "key-value"},
        {"\1\5\0\1a", 5, RIG_E_FORMAT, 1, "item"},
        {"\1\6", 2, RIG_E_FORMAT, 1, "list-end"},
        {"\1\4\1l", 4, RIG_E_TRUNCATED, 4, "list"},
        {"\1\4\1l\3\1k\0\0", 9, RIG_E_FORMAT, 4, "key-value"},
        {"\1\4\1l\1\1s\2", 8, RIG_E_FORMAT, 4, "section"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_vici_packet packet;
        rig_error error = {0};
        CU_ASSERT_EQUAL(rig_vici_packet_get(rig_view_of(rows[i].bytes, rows[i].len), &packet, &error),
                        rows[i].status);
        CU_ASSERT_EQUAL(error.offset, rows[i].offset);
        CU_ASSERT_STRING_EQUAL(error.field, rows[i].field);
    }
}

static rig_status nested(unsigned depth)
{
    uint8_t buffer[256];
    rig_vici_writer writer;
    rig_vici_packet packet;
    rig_vici_begin(&writer, buffer, sizeof buffer, RIG_VICI_RESPONSE, NULL);
    for (unsigned i = 0; i < depth; i++)
        rig_vici_open(&writer, "s");
    for (unsigned i = 0; i < depth; i++)
        rig_vici_close(&writer);
    size_t len = rig_vici_finish(&writer);
    return rig_vici_packet_get(rig_view_of(buffer + 4, len - 4), &packet, NULL);
}

static void limits(void)
{
    static uint8_t big[RIG_VICI_PACKET_MAX + 1];
    char name[RIG_VICI_NAME_MAX + 2] = {0};
    rig_vici_writer writer;
    rig_vici_packet packet;
    CU_ASSERT_EQUAL(nested(RIG_VICI_DEPTH_MAX), RIG_OK);
    CU_ASSERT_EQUAL(nested(RIG_VICI_DEPTH_MAX + 1), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_vici_packet_get(rig_view_of(big, sizeof big), &packet, NULL), RIG_E_LIMIT);
    memset(name, 'n', RIG_VICI_NAME_MAX);
    rig_vici_begin(&writer, big, sizeof big, RIG_VICI_REQUEST, name);
    CU_ASSERT_NOT_EQUAL(rig_vici_finish(&writer), 0);
    name[RIG_VICI_NAME_MAX] = 'n';
    rig_vici_begin(&writer, big, sizeof big, RIG_VICI_REQUEST, name);
    CU_ASSERT_EQUAL(rig_vici_finish(&writer), 0);
    rig_vici_begin(&writer, big, sizeof big, RIG_VICI_RESPONSE, NULL);
    rig_vici_put(&writer, "k", rig_view_of(big, RIG_VICI_VALUE_MAX + 1));
    CU_ASSERT_EQUAL(rig_vici_finish(&writer), 0);
    rig_vici_begin(&writer, big, 8, RIG_VICI_RESPONSE, NULL);
    rig_vici_put_text(&writer, "k", "v");
    CU_ASSERT_EQUAL(rig_vici_finish(&writer), 0);
}

RIG_SUITE("net vici", {"agreed: only then connected", agreed}, {"the stream below is handed on", handed_on},
          {"what is loaded is what was wished", loads_what_was_wished},
          {"transport mode by the kernel", transport_by_the_kernel}, {"a portal by name", portal_by_name},
          {"a second connection finds what is there", again_by_what_is_there},
          {"what is not protected goes straight through", others_go_straight_through},
          {"what an earlier service has left is removed", what_an_earlier_service_has_left},
          {"read back, and in doubt", read_back}, {"the kernel's policy", policies},
          {"in doubt from the beginning", wrong_from_the_beginning}, {"charon refuses", refused},
          {"charon is not able to", abilities}, {"charon is silent", silence},
          {"the connection to charon is lost", connection_lost}, {"messages that are none", hostile},
          {"another wish for the same pair", another_wish}, {"a released pair", released},
          {"a pair that is kept", not_released}, {"nothing is left behind", left_behind_nothing},
          {"which pair a connection is of", which_pair}, {"closed while it waits", closed_while_it_waits},
          {"connects again from inside the failure", again_and_again},
          {"no way through the protection", no_way_inside}, {"what cannot be wished", what_cannot_be_wished},
          {"the longest of everything", longest}, {"no memory", no_memory}, {"codec", codec},
          {"broken messages", broken_messages}, {"limits", limits})
