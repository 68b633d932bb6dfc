/* IPsec at the edges of two simulated hosts: what a transfer inside it looks like, and what happens without.
 */
#include "rig/ipsec.h"

#include "rig/link_ops.h"
#include "tests/world.h"

#define KEY "the key of both ends"
#define EVENTS 64

typedef struct end {
    rig_ipsec *ipsec;
    rig_ipsec_notice events[EVENTS];
    unsigned num_events;
    rig_error last;
    char lines[8][1024];
    unsigned num_lines, num_of[RIG_IPSEC_SHOWN_KINDS];
} end;

static world w;
static end ends[2];       /* client, server */
static unsigned clear[2]; /* TCP segments in the clear: to the portal, from it */
static unsigned sealed, ike[64], num_ike;

static void tell(void *ctx, const rig_ipsec_notice *event)
{
    end *e = ctx;
    CU_ASSERT_FATAL(e->num_events < EVENTS);
    e->events[e->num_events++] = *event;
    if (event->error)
        e->last = *event->error;
}

static void keys(void *ctx, rig_ipsec_shown kind, rig_view line)
{
    end *e = ctx;
    rig_text text;
    CU_ASSERT_FATAL(e->num_lines < 8);
    rig_text_init(&text, e->lines[e->num_lines], sizeof e->lines[0]);
    rig_text_view(&text, line);
    e->num_lines++;
    e->num_of[kind]++;
}

static unsigned count(const end *e, rig_ipsec_notice_kind kind)
{
    unsigned num = 0;
    for (unsigned i = 0; i < e->num_events; i++)
        num += e->events[i].kind == kind;
    return num;
}

static void tap(void *ctx, uint64_t now, const rig_packet *packet)
{
    world_tap(ctx, now, packet);
    if (packet->protocol == RIG_PROTOCOL_TCP)
        clear[rig_be16(packet->header) == 3260]++;
    sealed += packet->protocol == RIG_PROTOCOL_ESP;
    if (packet->protocol == RIG_PROTOCOL_UDP && num_ike < 64)
        ike[num_ike++] = ((const uint8_t *)packet->iov[0].iov_base)[18];
}

static void edge(unsigned at, rig_simhost *host, const rig_ipsec_profile *profile, uint64_t faults)
{
    const rig_ipsec_config config = {.alloc = &w.meter.alloc,
                                     .draws = {.seed = 7},
                                     .net = w.net,
                                     .host = host,
                                     .number = at,
                                     .profile = *profile,
                                     .faults = faults,
                                     .tell = tell,
                                     .show = keys,
                                     .ctx = &ends[at]};
    memset(&ends[at], 0, sizeof ends[at]);
    CU_ASSERT_EQUAL_FATAL(rig_ipsec_new(&config, &ends[at].ipsec), RIG_OK);
}

typedef struct setting {
    bool aggressive, pfs, tunnel;
    const char *host; /* of the portal */
    rig_ipsec_profile client, server;
    uint64_t faults;
    const char *key; /* of the server, NULL: the same */
} setting;

static void begin(const setting *s)
{
    static const rig_ipsec_wish nothing;
    const char *host = s->host ? s->host : "10.0.0.2";
    const char *key = s->key ? s->key : KEY;
    rig_ipsec_wish wish = nothing;
    rig_address portal = {.ip = world_ip(host), .port = 3260};
    world_start(&w, 5, 1000, NULL);
    rig_tap_set(w.net, tap, &w);
    memset(clear, 0, sizeof clear);
    sealed = num_ike = 0;
    edge(0, w.client, &s->client, s->faults);
    edge(1, w.server, &s->server, 0);
    wish.aggressive = s->aggressive;
    wish.pfs = s->pfs;
    wish.tunnel = s->tunnel;
    wish.key = rig_view_str(KEY);
    wish.portal.port = 3260;
    snprintf(wish.portal.host, sizeof wish.portal.host, "%s", host);
    const rig_ipsec_provider *provider = rig_ipsec_provide(ends[0].ipsec);
    CU_ASSERT_EQUAL(provider->protect(provider->ctx, &wish, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_ipsec_serve(ends[1].ipsec, &portal, true), RIG_OK);
    CU_ASSERT_EQUAL(rig_ipsec_key(ends[1].ipsec, RIG_IPSEC_ID_NONE, (rig_view){0}, rig_view_str(key)),
                    RIG_OK);
}

/* Both edges and the network, until nothing waits or that time. */
static void run(uint64_t until)
{
    for (int i = 0; i < WORLD_STEPS; i++) {
        uint64_t a = rig_ipsec_next_deadline(ends[0].ipsec), b = rig_ipsec_next_deadline(ends[1].ipsec);
        uint64_t edges = a < b ? a : b, net = rig_simnet_next(w.net), next = edges < net ? edges : net;
        if (next > until)
            return;
        if (edges < net) {
            rig_simnet_advance(w.net, edges);
            rig_ipsec_tick(ends[0].ipsec, edges);
            rig_ipsec_tick(ends[1].ipsec, edges);
        } else {
            rig_simnet_step(w.net);
        }
    }
    CU_FAIL("it never ends");
}

static void transfer(const setting *s, size_t there, size_t back)
{
    begin(s);
    w.a.size = there;
    w.accepts.size = back;
    w.a.close_when_sent = w.accepts.close_on_fin = true;
    CU_ASSERT_EQUAL(world_connect(&w, s->host ? s->host : "10.0.0.2"), RIG_OK);
    run(30 * RIG_SECOND);
}

static void stop(void)
{
    rig_ipsec_free(ends[0].ipsec);
    rig_ipsec_free(ends[1].ipsec);
    world_stop(&w);
}

static void check_exchanges(const setting *s)
{
    unsigned first = s->aggressive ? 3 : 6;
    CU_ASSERT_EQUAL(num_ike, first + 3);
    for (unsigned i = 0; i < num_ike; i++)
        CU_ASSERT_EQUAL(ike[i], i < first ? (s->aggressive ? 4 : 2) : 32);
}

static void check_transfer(const setting *s)
{
    transfer(s, 30000, 5000);
    CU_ASSERT(w.a.closed && w.num_b == 1 && w.b[0].closed);
    CU_ASSERT_EQUAL(w.b[0].got, 30000);
    CU_ASSERT_EQUAL(w.a.got, 5000);
    CU_ASSERT_EQUAL(w.a.wrong + w.b[0].wrong, 0);
    CU_ASSERT_EQUAL(clear[0] + clear[1], 0);
    CU_ASSERT(sealed > 30);
    check_exchanges(s);
    CU_ASSERT_EQUAL(count(&ends[0], RIG_IPSEC_REQUEST), 1);
    CU_ASSERT_EQUAL(count(&ends[0], RIG_IPSEC_INSTALLED), 1);
    CU_ASSERT_EQUAL(count(&ends[1], RIG_IPSEC_INSTALLED), 1);
    CU_ASSERT_EQUAL(count(&ends[0], RIG_IPSEC_REFUSED) + count(&ends[1], RIG_IPSEC_REFUSED), 0);
    CU_ASSERT_EQUAL(ends[0].num_of[RIG_IPSEC_SHOWN_ESP], 2);
    if (ends[0].last.text[0] || ends[1].last.text[0])
        fprintf(stderr, "(%s | %s)", ends[0].last.text, ends[1].last.text);
    stop();
}

static void all_combinations(void)
{
    for (unsigned bits = 0; bits < 16; bits++)
        check_transfer(&(setting){.aggressive = bits & 1,
                                  .pfs = bits & 2,
                                  .tunnel = bits & 4,
                                  .host = bits & 8 ? "fd00::2" : "10.0.0.2"});
}

static void suites(void)
{
    static const unsigned each[] = {RIG_IPSEC_AES128_SHA256, RIG_IPSEC_AES128_SHA1, RIG_IPSEC_AES256_SHA256,
                                    RIG_IPSEC_NULL_SHA256};
    for (unsigned i = 0; i < 4; i++) {
        setting s = {.tunnel = i & 1, .pfs = true};
        s.client.suites = s.server.suites = each[i];
        if (i < 3)
            s.client.ike_suites = s.server.ike_suites = each[i];
        check_transfer(&s);
    }
}

/* The same bytes at every run. */
static void same_bytes(void)
{
    const setting s = {.pfs = true, .tunnel = true};
    uint64_t hashes[2];
    for (unsigned i = 0; i < 2; i++) {
        transfer(&s, 3000, 3000);
        hashes[i] = w.hash;
        stop();
    }
    CU_ASSERT_EQUAL(hashes[0], hashes[1]);
}

static void check_refused(const setting *s, uint64_t within)
{
    transfer(s, 10, 10);
    CU_ASSERT(w.a.failed);
    CU_ASSERT_EQUAL(w.a.why, RIG_E_SECURITY);
    CU_ASSERT(w.a.ended_at <= within);
    CU_ASSERT_EQUAL(w.num_b, 0);
    CU_ASSERT_EQUAL(clear[0] + clear[1] + sealed, 0);
    CU_ASSERT_EQUAL(count(&ends[0], RIG_IPSEC_FAILED), 1);
    stop();
}

static void refusals(void)
{
    const uint64_t at_once = RIG_SECOND / 10, silence = 10 * RIG_SECOND;
    check_refused(&(setting){.server.refuses = true}, at_once);
    check_refused(&(setting){.server.aggressive = RIG_IPSEC_NEVER, .aggressive = true}, at_once);
    check_refused(&(setting){.server.aggressive = RIG_IPSEC_ALWAYS}, at_once);
    check_refused(&(setting){.server.pfs = RIG_IPSEC_ALWAYS}, at_once);
    check_refused(&(setting){.server.pfs = RIG_IPSEC_NEVER, .pfs = true}, at_once);
    check_refused(&(setting){.server.tunnel = RIG_IPSEC_ALWAYS}, at_once);
    check_refused(&(setting){.server.tunnel = RIG_IPSEC_NEVER, .tunnel = true}, at_once);
    check_refused(&(setting){.client.suites = RIG_IPSEC_AES128_NONE}, at_once);
    check_refused(&(setting){.client.ike_suites = RIG_IPSEC_DES3_SHA1}, at_once);
    check_refused(&(setting){.client.group = 2}, at_once);
    check_refused(&(setting){.key = "another", .aggressive = true}, at_once);
    check_refused(&(setting){.key = "another"}, silence);
}

RIG_SUITE("ipsec", {"every combination carries a transfer", all_combinations}, {"suites", suites},
          {"the same bytes every time", same_bytes}, {"refusals", refusals})
