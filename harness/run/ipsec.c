/* IPsec of a case: both hosts' edges, the keys beside the capture, and what a second reading of the capture
 * says of them. */
#include "world.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PEER_KEY "the simulated peer's pre-shared key" /* where the scenario names none */

enum { INITIATOR, TARGET };

/* ---- what the edges tell ---- */

static const char *yes_no(bool value)
{
    return value ? "yes" : "no";
}

static void particulars(run_world *world, const char *event, const rig_ipsec_notice *notice)
{
    char peer[RIG_PORTAL_TEXT];
    rig_text text;
    rig_text_init(&text, peer, sizeof peer);
    rig_ip_print(&text, &notice->remote.ip);
    run_event(world, event, "peer=%s mode=%s phase1=%s pfs=%s", peer, notice->tunnel ? "tunnel" : "transport",
              notice->aggressive ? "aggressive" : "main", yes_no(notice->pfs));
}

static void ended(run_world *world, const char *event, const rig_ipsec_notice *notice)
{
    char peer[RIG_PORTAL_TEXT], said[RUN_SAID_MAX];
    rig_text text;
    rig_text_init(&text, peer, sizeof peer);
    rig_ip_print(&text, &notice->remote.ip);
    run_event(world, event, "peer=%s%s", peer, run_said(said, notice->error));
}

/* The last that was asked for between these ends. */
static run_ipsec_wish *wish_of(run_world *world, const rig_ipsec_notice *notice)
{
    for (uint32_t i = world->ipsec.num_wishes; i-- > 0;) {
        run_ipsec_wish *wish = &world->ipsec.wishes[i];
        if (rig_ip_eq(&wish->local, &notice->local.ip) && wish->portal.port == notice->remote.port &&
            rig_ip_eq(&wish->portal.ip, &notice->remote.ip))
            return wish;
    }
    return NULL;
}

static bool asks_the_same(const run_ipsec_wish *wish, const rig_ipsec_notice *notice)
{
    return wish->aggressive == notice->aggressive && wish->pfs == notice->pfs &&
           wish->tunnel == notice->tunnel && rig_ip_eq(&wish->outer, &notice->outer);
}

static rig_ipsec_end how_it_ended(const run_ipsec_wish *wish)
{
    if (wish->agreed)
        return RIG_IPSEC_AGREED;
    if (!wish->failed)
        return RIG_IPSEC_UNDER_WAY;
    if (wish->phase1)
        return RIG_IPSEC_REFUSED_QUICK;
    return wish->why == RIG_E_TIMEOUT || wish->why == RIG_E_AUTH ? RIG_IPSEC_BAD_KEY
                                                                 : RIG_IPSEC_REFUSED_PHASE1;
}

/* Tries that go one after the other and all fail in the same way are one. */
static run_ipsec_wish *tried_before(run_world *world, const run_ipsec_wish *last)
{
    run_ipsec_wish *wish = world->ipsec.wishes;
    for (uint32_t i = 0; i < world->ipsec.num_wishes; i++, wish++)
        if (wish->until == last->since && last->since && rig_ip_eq(&wish->local, &last->local) &&
            wish->portal.port == last->portal.port && rig_ip_eq(&wish->portal.ip, &last->portal.ip) &&
            wish->aggressive == last->aggressive && wish->pfs == last->pfs && wish->tunnel == last->tunnel &&
            rig_ip_eq(&wish->outer, &last->outer) && how_it_ended(wish) == how_it_ended(last))
            return wish;
    return NULL;
}

/* Room for the next try between ends that were asked for before: it counts for what is begun from now on. */
static run_ipsec_wish *next_wish(run_world *world, run_ipsec_wish *before, uint32_t since)
{
    run_ipsec_wish *first = before && !before->until ? tried_before(world, before) : NULL;
    if (before && !before->until)
        before->until = since;
    if (first) {
        first->until = since;
        return before;
    }
    if (world->ipsec.num_wishes == RUN_IPSEC_WISHES) {
        world->ipsec.crowded = true;
        return NULL;
    }
    return &world->ipsec.wishes[world->ipsec.num_wishes++];
}

static bool came_to_nothing(const run_ipsec_wish *wish)
{
    return wish->failed && !wish->agreed;
}

static bool same_address(const rig_address *a, const rig_address *b)
{
    return a->port == b->port && rig_ip_eq(&a->ip, &b->ip);
}

static bool was_plain(const run_world *world, const rig_address *portal)
{
    for (uint32_t i = 0; i < world->ipsec.num_plains; i++)
        if (same_address(&world->ipsec.plains[i], portal))
            return true;
    return false;
}

/* The service connects to a portal without IPsec: what was tried there before, and came to nothing, says
 * nothing of what comes now, nor does this of what is asked for later. */
void run_ipsec_plain(run_world *world, const rig_portal *portal)
{
    run_ipsec *ipsec = &world->ipsec;
    rig_address at = {.port = portal->port};
    ipsec->plain = true;
    if (!rig_ip_parse(rig_view_str(portal->host), &at.ip) &&
        rig_simnet_resolve(world->net, portal->host, &at.ip))
        return;
    if (!was_plain(world, &at) && ipsec->num_plains < RUN_IPSEC_WISHES)
        ipsec->plains[ipsec->num_plains++] = at;
    for (uint32_t i = 0; i < ipsec->num_wishes; i++) {
        run_ipsec_wish *wish = &ipsec->wishes[i];
        if (same_address(&wish->portal, &at) && came_to_nothing(wish) && !wish->until)
            wish->until = world->recorder.frames + 1;
    }
}

static void remember(run_world *world, const rig_ipsec_notice *notice)
{
    run_ipsec_wish *before = wish_of(world, notice);
    uint32_t since = before || was_plain(world, &notice->remote) ? world->recorder.frames + 1 : 0;
    bool over = before && came_to_nothing(before);
    if (before && !over && asks_the_same(before, notice))
        return;
    run_ipsec_wish *wish = next_wish(world, before, since);
    if (wish)
        *wish = (run_ipsec_wish){.local = notice->local.ip,
                                 .since = since,
                                 .outer = notice->outer,
                                 .portal = notice->remote,
                                 .aggressive = notice->aggressive,
                                 .pfs = notice->pfs,
                                 .tunnel = notice->tunnel};
}

static void failed(run_ipsec_wish *wish, const rig_ipsec_notice *notice)
{
    if (!wish)
        return;
    wish->failed = true;
    wish->phase1 |= notice->phase1;
    wish->why = notice->error ? notice->error->status : RIG_OK;
}

static void initiator_tells(void *ctx, const rig_ipsec_notice *notice)
{
    run_world *world = ctx;
    run_ipsec_wish *wish = wish_of(world, notice);
    char said[RUN_SAID_MAX];
    switch (notice->kind) {
    case RIG_IPSEC_REQUEST:
        remember(world, notice);
        particulars(world, "ipsec-request", notice);
        break;
    case RIG_IPSEC_PHASE1:
        break;
    case RIG_IPSEC_INSTALLED:
        if (wish)
            wish->agreed = true;
        particulars(world, "ipsec-up", notice);
        break;
    case RIG_IPSEC_FAILED:
        failed(wish, notice);
        ended(world, "ipsec-failed", notice);
        break;
    case RIG_IPSEC_DELETED:
        ended(world, "ipsec-deleted", notice);
        break;
    case RIG_IPSEC_REFUSED:
        run_event(world, "ipsec-refused", "initiator%s", run_said(said, notice->error));
        break;
    }
}

static void target_tells(void *ctx, const rig_ipsec_notice *notice)
{
    char said[RUN_SAID_MAX];
    if (notice->kind == RIG_IPSEC_REFUSED)
        run_event(ctx, "ipsec-refused", "target%s", run_said(said, notice->error));
}

/* ---- keys for readers ---- */

static const char *const key_files[RIG_IPSEC_SHOWN_KINDS] = {
    [RIG_IPSEC_SHOWN_IKE] = ".ike", [RIG_IPSEC_SHOWN_ESP] = ".esp", [RIG_IPSEC_SHOWN_KEYMAT] = ".keymat"};

static void show(void *ctx, rig_ipsec_shown kind, rig_view line)
{
    static const rig_ipsec_keys kinds[RIG_IPSEC_SHOWN_KINDS] = {[RIG_IPSEC_SHOWN_IKE] = RIG_IPSEC_KEYS_IKE,
                                                                [RIG_IPSEC_SHOWN_ESP] = RIG_IPSEC_KEYS_ESP,
                                                                [RIG_IPSEC_SHOWN_KEYMAT] =
                                                                    RIG_IPSEC_KEYS_KEYMAT};
    run_world *world = ctx;
    rig_gather *file = &world->ipsec.keys[kind];
    rig_status status = rig_ipsec_keys_add(world->ipsec.reader, kinds[kind], line, NULL);
    if (!status)
        status = rig_gather_add(file, world->alloc, line, RUN_IPSEC_KEYS_MAX);
    if (!status)
        status = rig_gather_add(file, world->alloc, rig_view_str("\n"), RUN_IPSEC_KEYS_MAX);
    if (status && !world->recorder.status)
        world->recorder.status = status;
}

static void write_keys(const char *capture, const char *suffix, rig_view text)
{
    char path[4096];
    rig_text name;
    rig_text_init(&name, path, sizeof path);
    rig_text_add(&name, "%s%s", capture, suffix);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (write(fd, text.ptr, text.len) != (ssize_t)text.len)
        unlink(path);
    close(fd);
}

void run_ipsec_drop_keys(const char *capture)
{
    char path[4096];
    rig_text name;
    for (unsigned kind = 0; kind < RIG_IPSEC_SHOWN_KINDS; kind++) {
        rig_text_init(&name, path, sizeof path);
        rig_text_add(&name, "%s%s", capture, key_files[kind]);
        unlink(path);
    }
}

void run_ipsec_keep_keys(run_world *world, const char *capture)
{
    for (unsigned kind = 0; kind < RIG_IPSEC_SHOWN_KINDS; kind++)
        if (world->ipsec.keys[kind].len)
            write_keys(capture, key_files[kind],
                       rig_view_of(world->ipsec.keys[kind].ptr, world->ipsec.keys[kind].len));
}

/* ---- the edges ---- */

static rig_status add_key(run_world *world, const rig_scn_ipsec_key *key)
{
    rig_ip ip;
    rig_ipsec_id_type type = RIG_IPSEC_ID_NONE;
    rig_view id = key->id;
    if (rig_ip_parse(key->id, &ip)) {
        type = ip.version == 4 ? RIG_IPSEC_ID_IPV4 : RIG_IPSEC_ID_IPV6;
        id = rig_view_of(ip.bytes, ip.version == 4 ? 4 : 16);
    } else if (id.len) {
        type = rig_view_find(id, '@') < id.len ? RIG_IPSEC_ID_USER_FQDN : RIG_IPSEC_ID_FQDN;
    }
    return rig_ipsec_key(world->ipsec.edges[TARGET], type, id, key->key);
}

static rig_status serve(run_world *world, rig_error *err)
{
    const rig_scn_target *target = &world->scn->target;
    rig_address at = {.port = world->portal.port};
    rig_status status = RIG_OK;
    if (target->num_portals == 0 && rig_ip_parse(rig_view_str(world->portal.host), &at.ip))
        return rig_ipsec_serve(world->ipsec.edges[TARGET], &at, world->scn->ipsec.required);
    for (uint32_t i = 0; i < target->num_portals && !status; i++) {
        status = run_portal_address(world, target->portals[i].address, target->portals[i].port, &at, err);
        if (!status)
            status = rig_ipsec_serve(world->ipsec.edges[TARGET], &at, world->scn->ipsec.required);
    }
    return status;
}

static rig_status build_edge(run_world *world, unsigned side)
{
    const rig_scn_ipsec *said = &world->scn->ipsec;
    const rig_ipsec_config config = {.alloc = world->alloc,
                                     .draws = world->draws,
                                     .net = world->net,
                                     .host = side == INITIATOR ? world->host : world->target_host,
                                     .number = side,
                                     .profile = said->profile[side],
                                     .faults = said->faults[side],
                                     .tell = side == INITIATOR ? initiator_tells : target_tells,
                                     .show = show,
                                     .ctx = world};
    return rig_ipsec_new(&config, &world->ipsec.edges[side]);
}

static rig_status seen(void *ctx, const rig_ipsec_event *event)
{
    run_world *world = ctx;
    const rig_ipsec_guard *guard = event->is.guard;
    if (event->kind == RIG_IPSEC_GUARD)
        rig_streams_guard(world->recorder.streams, &guard->ends[0], &guard->ends[1], guard->port);
    run_ipsec_tell(world, event);
    return rig_ipsec_seen_event(world->ipsec.seen, event);
}

rig_status run_build_ipsec(run_world *world, rig_error *err)
{
    const rig_scn_ipsec *said = &world->scn->ipsec;
    const rig_ipsec_reader_config reading = {world->alloc, seen, world};
    const rig_scn_ipsec_key any = {.key = rig_view_str(PEER_KEY)};
    if (!said->said)
        return RIG_OK;
    world->ipsec.wants_esp = run_mentions(world->scn, RIG_SCN_EV_ESP);
    rig_status status = rig_ipsec_seen_new(world->alloc, &world->ipsec.seen);
    if (!status)
        status = rig_ipsec_reader_new(&reading, &world->ipsec.reader);
    for (unsigned side = 0; side < 2 && !status; side++)
        status = build_edge(world, side);
    if (!status)
        status = serve(world, err);
    if (!status && said->num_keys == 0)
        status = add_key(world, &any);
    for (uint32_t i = 0; i < said->num_keys && !status; i++)
        status = rig_scn_error(err, said->keys[i].place, add_key(world, &said->keys[i]));
    return status;
}

/* What the service has for all who have no key of their own: the peer's, unless the scenario says otherwise.
 */
rig_view run_ipsec_group_key(const run_world *world)
{
    const rig_scn_ipsec *said = &world->scn->ipsec;
    if (!said->said || said->keyless)
        return (rig_view){0};
    for (uint32_t i = 0; i < said->num_keys; i++)
        if (said->keys[i].id.len == 0)
            return said->keys[i].key;
    return said->num_keys ? (rig_view){0} : rig_view_str(PEER_KEY);
}

const rig_ipsec_provider *run_ipsec_provider(const run_world *world)
{
    return world->ipsec.edges[INITIATOR] ? rig_ipsec_provide(world->ipsec.edges[INITIATOR]) : NULL;
}

void run_ipsec_free(run_world *world)
{
    for (unsigned side = 0; side < 2; side++)
        rig_ipsec_free(world->ipsec.edges[side]);
    for (unsigned kind = 0; kind < RIG_IPSEC_SHOWN_KINDS; kind++)
        rig_gather_cleanup(&world->ipsec.keys[kind], world->alloc);
    rig_ipsec_reader_free(world->ipsec.reader);
    rig_ipsec_seen_free(world->ipsec.seen);
    world->ipsec = (run_ipsec){0};
}

/* ---- time ---- */

uint64_t run_ipsec_deadline(const run_world *world)
{
    uint64_t next = RIG_NEVER;
    for (unsigned side = 0; side < 2; side++) {
        const rig_ipsec *edge = world->ipsec.edges[side];
        uint64_t at = edge ? rig_ipsec_next_deadline(edge) : RIG_NEVER;
        next = at < next ? at : next;
    }
    return next;
}

void run_ipsec_tick(run_world *world, uint64_t now)
{
    for (unsigned side = 0; side < 2; side++)
        if (world->ipsec.edges[side] && rig_ipsec_next_deadline(world->ipsec.edges[side]) <= now)
            rig_ipsec_tick(world->ipsec.edges[side], now);
}

/* ---- evidence ---- */

/* What was inside ESP goes on to be read like any other packet. */
rig_status run_ipsec_read(run_world *world, uint64_t now, rig_view packet, rig_view *out_inside)
{
    return world->ipsec.reader ? rig_ipsec_packet(world->ipsec.reader, now, RIG_LINK_RAW, packet,
                                                  (uint32_t)packet.len, out_inside)
                               : RIG_OK;
}

/* Where links stand between those who speak and the tap, what it sees is what was left of what they said. */
static bool is_lossy(const run_world *world)
{
    return world->scn->num_links || (world->config->link && world->config->link[0]);
}

/* Where no connection was let through, none has to be seen. */
static void judge(run_world *world, const rig_ipsec_wanted *wanted)
{
    rig_ipsec_finding findings[RIG_IPSEC_FACTS_MAX];
    char want[RUN_WORD_MAX], saw[RUN_WORD_MAX];
    size_t num = rig_ipsec_check(wanted, world->ipsec.seen, findings);
    for (size_t i = 0; i < num; i++)
        if (wanted->ipsec || world->ipsec.plain || strcmp(findings[i].fact->id, "off-tcp") != 0)
            run_event(world, "ipsec-finding", "fact=%s wanted=%s seen=%s frame=%u", findings[i].fact->id,
                      run_word(want, rig_view_str(findings[i].wanted)),
                      run_word(saw, rig_view_str(findings[i].seen)), findings[i].frame);
}

/* The capture, read again by somebody who knows nothing of who spoke, against what was asked for. */
void run_ipsec_judge(run_world *world)
{
    rig_ipsec_wanted wanted = {
        .port = world->portal.port, .group = 14, .keymat = true, .lossy = is_lossy(world)};
    if (!world->ipsec.seen)
        return;
    if (world->ipsec.crowded)
        run_event(world, "ipsec-finding", "fact=all-seen wanted=\"%d requests at most\" seen=more frame=0",
                  RUN_IPSEC_WISHES);
    for (uint32_t i = 0; i < world->ipsec.num_wishes; i++) {
        const run_ipsec_wish *wish = &world->ipsec.wishes[i];
        wanted.ipsec = true;
        wanted.aggressive = wish->aggressive;
        wanted.pfs = wish->pfs;
        wanted.tunnel = wish->tunnel;
        wanted.end = how_it_ended(wish);
        wanted.ends[0] = wish->local;
        wanted.ends[1] = wish->portal.ip;
        wanted.outer[0] = wish->outer.version ? wish->local : wish->outer;
        wanted.outer[1] = wish->outer;
        wanted.port = wish->portal.port;
        wanted.since = wish->since;
        wanted.until = wish->until;
        judge(world, &wanted);
    }
    if (world->ipsec.num_wishes)
        return;
    rig_ip_parse(rig_view_str(world->portal.host), &wanted.ends[1]);
    rig_simhost_source(world->host, wanted.ends[1].version, &wanted.ends[0]);
    judge(world, &wanted);
}
