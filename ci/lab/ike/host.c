/* A simulated host of ours under IPsec that talks IKE with somebody else's daemon: the other host of its
 * network has nothing but UDP port 500, which is tied to a socket. Virtual time is the machine's.
 *
 * As initiator it connects to port 3260 of the peer; as responder its own is protected and the peer begins.
 * Prints what happens, and the keys of each ESP SA, and ends behind --installs pairs of SAs, a failure, as
 * responder a refusal, or --seconds; status 0 when there were that many, 3 when not. */
#include "rig/ipsec.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IKE_PORT 500
#define ISCSI_PORT 3260
#define DATAGRAM_MAX 2048
#define TURN_MS 20               /* longest wait at the socket */
#define LINGER (RIG_SECOND / 20) /* for what is under way when it is to end */
#define UNANSWERED 3             /* status: less came up than was wanted */

typedef struct wanted {
    rig_ip local, peer;
    bool responder, aggressive, pfs, tunnel;
    rig_ipsec_profile profile;
    const char *key;
    uint64_t seconds, installs, seed;
    uint16_t port; /* of ours, as initiator */
} wanted;

typedef struct host {
    wanted want;
    rig_simnet *net;
    rig_simhost *ours, *stand_in;
    rig_ipsec *ipsec;
    int fd;
    uint64_t num_installed, end;
    uint8_t in[512];
} host;

static uint64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * RIG_SECOND + (uint64_t)now.tv_nsec;
}

/* ---- what is told ---- */

static void end_soon(host *h)
{
    uint64_t at = rig_simnet_now(h->net) + LINGER;
    h->end = at < h->end ? at : h->end;
}

static void tell(void *ctx, const rig_ipsec_notice *event)
{
    host *h = ctx;
    printf("%s %s pfs=%d %s in=0x%08x out=0x%08x %s\n", rig_ipsec_notice_word(event->kind),
           event->aggressive ? "aggressive" : "main", event->pfs, event->tunnel ? "tunnel" : "transport",
           event->spi_in, event->spi_out, event->error ? event->error->text : "");
    fflush(stdout);
    h->num_installed += event->kind == RIG_IPSEC_INSTALLED;
    bool over = event->kind == RIG_IPSEC_FAILED || (h->want.responder && event->kind == RIG_IPSEC_REFUSED);
    if (h->num_installed >= h->want.installs || over)
        end_soon(h);
}

static void show(void *ctx, rig_ipsec_shown kind, rig_view line)
{
    (void)ctx;
    if (kind == RIG_IPSEC_SHOWN_ESP)
        printf("esp %.*s\n", (int)line.len, (const char *)line.ptr);
}

/* ---- the connection that asks for SAs; it never comes up, as nobody carries its packets ---- */

static int space(void *ctx, struct iovec *iov, int max)
{
    host *h = ctx;
    (void)max;
    iov[0] = (struct iovec){h->in, sizeof h->in};
    return 1;
}

static void received(void *ctx, size_t len, uint64_t now)
{
    (void)ctx, (void)len, (void)now;
}

static int output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    (void)ctx, (void)iov, (void)max, (void)now;
    return 0;
}

static void ended(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    (void)ctx, (void)now;
    if (event == RIG_STREAM_FAILED)
        printf("connection failed: %s\n", rig_status_meaning(why));
}

static const rig_stream_user_ops stream_ops = {
    .space = space, .received = received, .output = output, .sent = received, .event = ended};

static rig_status begin(host *h)
{
    rig_ipsec_wish wish = {.portal = {.port = ISCSI_PORT, .group = -1},
                           .aggressive = h->want.aggressive,
                           .pfs = h->want.pfs,
                           .tunnel = h->want.tunnel,
                           .key = rig_view_str(h->want.key)};
    const rig_ipsec_provider *provider = rig_ipsec_provide(h->ipsec);
    const rig_address local = {h->want.local, h->want.port};
    const rig_stream_user user = {&stream_ops, h};
    rig_stream *stream;
    inet_ntop(AF_INET, h->want.peer.bytes, wish.portal.host, sizeof wish.portal.host);
    rig_status status = provider->protect(provider->ctx, &wish, NULL);
    return status ? status
                  : rig_connect(rig_simhost_transport(h->ours), &local, &wish.portal, &user, &stream);
}

static rig_status serve(host *h)
{
    const rig_address portal = {h->want.local, ISCSI_PORT};
    rig_status status = rig_ipsec_key(h->ipsec, RIG_IPSEC_ID_NONE, (rig_view){0}, rig_view_str(h->want.key));
    if (!status)
        status = rig_ipsec_serve(h->ipsec, &portal, true);
    printf("ready\n");
    fflush(stdout);
    return status;
}

/* ---- the socket ---- */

static void out_of_here(void *ctx, const rig_address *from, const rig_address *to, rig_view data,
                        uint64_t now)
{
    host *h = ctx;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(IKE_PORT)};
    (void)from, (void)to, (void)now;
    memcpy(&at.sin_addr, h->want.peer.bytes, sizeof at.sin_addr);
    if (sendto(h->fd, data.ptr, data.len, 0, (struct sockaddr *)&at, sizeof at) < 0)
        perror("sendto");
}

static void into_here(host *h)
{
    const rig_address from = {h->want.peer, IKE_PORT}, to = {h->want.local, IKE_PORT};
    uint8_t bytes[DATAGRAM_MAX];
    ssize_t len;
    while ((len = recv(h->fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0)
        rig_simhost_udp_send(h->stand_in, &from, &to, rig_view_of(bytes, (size_t)len));
}

static bool open_socket(host *h)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(IKE_PORT)};
    memcpy(&at.sin_addr, h->want.local.bytes, sizeof at.sin_addr);
    h->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return h->fd >= 0 && bind(h->fd, (struct sockaddr *)&at, sizeof at) == 0;
}

/* ---- the network ---- */

static rig_status make_hosts(host *h)
{
    const rig_simnet_config config = {.alloc = rig_alloc_libc(), .draws = {.seed = h->want.seed}};
    rig_address at = {.port = IKE_PORT};
    rig_status status = rig_simnet_new(&config, &h->net);
    if (!status)
        status = rig_simhost_new(h->net, "ours", &h->ours);
    if (!status)
        status = rig_simhost_new(h->net, "theirs", &h->stand_in);
    if (!status)
        status = rig_simhost_address(h->ours, &h->want.local);
    if (!status)
        status = rig_simhost_address(h->stand_in, &h->want.peer);
    return status ? status : rig_simhost_udp_bind(h->stand_in, &at, out_of_here, h);
}

static rig_status make_edge(host *h)
{
    const rig_ipsec_config config = {.alloc = rig_alloc_libc(),
                                     .draws = {.seed = h->want.seed},
                                     .net = h->net,
                                     .host = h->ours,
                                     .profile = h->want.profile,
                                     .tell = tell,
                                     .show = show,
                                     .all_keys = true,
                                     .ctx = h};
    return rig_ipsec_new(&config, &h->ipsec);
}

/* All that was due until now. */
static void catch_up(host *h, uint64_t now)
{
    for (;;) {
        uint64_t edge = rig_ipsec_next_deadline(h->ipsec), net = rig_simnet_next(h->net);
        if (edge > now && net > now)
            break;
        if (net <= edge) {
            rig_simnet_step(h->net);
            continue;
        }
        rig_simnet_advance(h->net, edge);
        rig_ipsec_tick(h->ipsec, edge);
    }
    rig_simnet_advance(h->net, now);
}

static void run(host *h)
{
    uint64_t epoch = clock_now();
    struct pollfd at = {.fd = h->fd, .events = POLLIN};
    for (uint64_t now = 0; now < h->end; now = clock_now() - epoch) {
        catch_up(h, now);
        into_here(h);
        catch_up(h, now);
        poll(&at, 1, TURN_MS);
    }
}

/* ---- the command line ---- */

static bool number(const char *text, uint64_t *out)
{
    char *rest;
    *out = strtoull(text, &rest, 10);
    return rest != text && *rest == 0;
}

static bool suite(const char *name, rig_ipsec_profile *out)
{
    out->suites = strcmp(name, "sha1") == 0     ? RIG_IPSEC_AES128_SHA1
                  : strcmp(name, "sha256") == 0 ? RIG_IPSEC_AES128_SHA256
                                                : 0;
    out->ike_suites = out->suites;
    return out->suites || strcmp(name, "both") == 0;
}

static bool take(int option, const char *value, wanted *out)
{
    uint64_t num = 0;
    switch (option) {
    case 'l':
        return rig_ip_parse(rig_view_str(value), &out->local);
    case 'r':
        return rig_ip_parse(rig_view_str(value), &out->peer);
    case 'k':
        out->key = value;
        return true;
    case 's':
        return suite(value, &out->profile);
    case 'S':
        return number(value, &out->seconds);
    case 'i':
        return number(value, &out->installs);
    case 'd':
        return number(value, &out->seed);
    case 'p':
        out->port = number(value, &num) && num <= UINT16_MAX ? (uint16_t)num : 0;
        return out->port != 0;
    case 'L':
        out->profile.life = number(value, &num) ? (uint32_t)num : 0;
        return out->profile.life != 0;
    default:
        return option == 0;
    }
}

/* A responder that refuses what is not like this. */
static void take_nothing_else(wanted *out)
{
    out->profile.aggressive = out->aggressive ? RIG_IPSEC_ALWAYS : RIG_IPSEC_NEVER;
    out->profile.pfs = out->pfs ? RIG_IPSEC_ALWAYS : RIG_IPSEC_NEVER;
    out->profile.tunnel = out->tunnel ? RIG_IPSEC_ALWAYS : RIG_IPSEC_NEVER;
}

static bool read_words(int argc, char **argv, wanted *out)
{
    int responder = 0, aggressive = 0, pfs = 0, tunnel = 0, strict = 0, option;
    const struct option options[] = {{"local", required_argument, NULL, 'l'},
                                     {"peer", required_argument, NULL, 'r'},
                                     {"key", required_argument, NULL, 'k'},
                                     {"suite", required_argument, NULL, 's'},
                                     {"seconds", required_argument, NULL, 'S'},
                                     {"installs", required_argument, NULL, 'i'},
                                     {"seed", required_argument, NULL, 'd'},
                                     {"port", required_argument, NULL, 'p'},
                                     {"life", required_argument, NULL, 'L'},
                                     {"responder", no_argument, &responder, 1},
                                     {"aggressive", no_argument, &aggressive, 1},
                                     {"pfs", no_argument, &pfs, 1},
                                     {"tunnel", no_argument, &tunnel, 1},
                                     {"strict", no_argument, &strict, 1},
                                     {NULL, 0, NULL, 0}};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take(option, optarg, out))
            return false;
    out->responder = responder;
    out->aggressive = aggressive;
    out->pfs = pfs;
    out->tunnel = tunnel;
    if (strict)
        take_nothing_else(out);
    return optind == argc && out->local.version == 4 && out->peer.version == 4;
}

int main(int argc, char **argv)
{
    host h = {.want = {.key = "", .seconds = 10, .installs = 1, .port = 40000}, .fd = -1};
    if (!read_words(argc, argv, &h.want)) {
        fprintf(stderr, "%s: --local and --peer with IPv4 addresses, and numbers where they belong\n",
                argv[0]);
        return 2;
    }
    h.end = h.want.seconds * RIG_SECOND;
    rig_status status = open_socket(&h) ? make_hosts(&h) : RIG_E_IO;
    if (!status)
        status = make_edge(&h);
    if (!status)
        status = h.want.responder ? serve(&h) : begin(&h);
    if (!status)
        run(&h);
    else
        fprintf(stderr, "%s: %s\n", argv[0], rig_status_meaning(status));
    rig_ipsec_free(h.ipsec);
    rig_simnet_free(h.net);
    if (h.fd >= 0)
        close(h.fd);
    return status ? 2 : h.num_installed >= h.want.installs ? 0 : UNANSWERED;
}
