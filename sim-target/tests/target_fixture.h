/* A target on a transport made of memory, and a client that sends literal PDUs and takes the answers apart.
 */
#ifndef TARGET_FIXTURE_H
#define TARGET_FIXTURE_H

#include <stdlib.h>

#include "rig/crc32c.h"
#include "rig/target.h"
#include "rig/text.h"
#include "suite.h"

#define TT_LISTENERS 8
#define TT_STREAMS 16
#define TT_EVENTS 64
#define TT_TARGET "iqn.2026-01.example.sim:disk0"
#define TT_INITIATOR "iqn.2026-01.example.host:a"

typedef struct tt_listener {
    rig_listener base;
    rig_address at;
    rig_accept_fn *accept;
    void *ctx;
} tt_listener;

typedef struct tt_stream {
    rig_stream base;
    struct tt_world *world;
    rig_stream_user user;
    rig_address local, remote;
    bool open, flushing, reset, told;
    uint8_t *out; /* what the target has sent, and the client has not read */
    size_t out_len, out_size, out_at;
} tt_stream;

typedef struct tt_event {
    rig_target_event_kind kind;
    rig_status why;
    uint16_t tsih;
    char text[64];
} tt_event;

typedef struct tt_world {
    rig_transport transport;
    rig_alloc_meter meter;
    rig_target *target;
    rig_target_node *node;
    rig_device *device;
    uint64_t now;
    tt_listener listeners[TT_LISTENERS];
    uint32_t num_listeners;
    tt_stream streams[TT_STREAMS];
    uint32_t num_streams;
    tt_event events[TT_EVENTS];
    uint32_t num_events;
    bool stuck; /* the peer takes no bytes */
    uint8_t read_ahead[65536];
} tt_world;

/* ---- the transport ---- */

static inline void tt_pull(tt_stream *stream)
{
    struct iovec iov[RIG_STREAM_IOV];
    int num;
    while (stream->open && !stream->world->stuck &&
           (num = stream->user.ops->output(stream->user.ctx, iov, RIG_STREAM_IOV, stream->world->now)) > 0) {
        size_t total = 0;
        for (int i = 0; i < num; i++) {
            if (stream->out_len + iov[i].iov_len > stream->out_size) {
                stream->out_size = 2 * (stream->out_len + iov[i].iov_len);
                stream->out = realloc(stream->out, stream->out_size);
            }
            memcpy(stream->out + stream->out_len, iov[i].iov_base, iov[i].iov_len);
            stream->out_len += iov[i].iov_len;
            total += iov[i].iov_len;
        }
        stream->user.ops->sent(stream->user.ctx, total, stream->world->now);
    }
}

static inline rig_status tt_connect_op(void *ctx, const rig_address *local, const rig_portal *remote,
                                       const rig_stream_user *user, rig_stream **out_stream)
{
    (void)ctx, (void)local, (void)remote, (void)user, (void)out_stream;
    return RIG_E_UNSUPPORTED;
}

static const rig_transport_ops *tt_ops(void);

static inline rig_status tt_listen_op(void *ctx, const rig_address *at, rig_accept_fn *accept,
                                      void *accept_ctx, rig_listener **out_listener)
{
    tt_world *world = ctx;
    tt_listener *listener = &world->listeners[world->num_listeners++];
    *listener = (tt_listener){{tt_ops()}, *at, accept, accept_ctx};
    if (listener->at.port == 0)
        listener->at.port = (uint16_t)(40000 + world->num_listeners);
    *out_listener = &listener->base;
    return RIG_OK;
}

static inline void tt_unlisten_op(rig_listener *listener)
{
    (void)listener;
}

static inline void tt_bound_op(const rig_listener *listener, rig_address *out_address)
{
    *out_address = ((const tt_listener *)(const void *)listener)->at;
}

static inline void tt_wake_op(rig_stream *stream)
{
    (void)stream;
}

static inline void tt_close_op(rig_stream *base, rig_close_how how)
{
    tt_stream *stream = (tt_stream *)(void *)base;
    if (how != RIG_CLOSE_RESET)
        stream->flushing = true;
    else
        stream->open = false, stream->reset = true;
}

static inline void tt_ends_op(const rig_stream *base, rig_address *out_local, rig_address *out_remote)
{
    const tt_stream *stream = (const tt_stream *)(const void *)base;
    *out_local = stream->local;
    *out_remote = stream->remote;
}

static inline const rig_transport_ops *tt_ops(void)
{
    static const rig_transport_ops ops = {tt_connect_op, tt_listen_op, tt_unlisten_op, tt_bound_op,
                                          tt_wake_op,    tt_close_op,  tt_ends_op};
    return &ops;
}

/* Lets everything leave that can, and ends streams that were closed in order. */
static inline void tt_run(tt_world *world)
{
    for (uint32_t i = 0; i < world->num_streams; i++) {
        tt_stream *stream = &world->streams[i];
        tt_pull(stream);
        if (!stream->open || !stream->flushing || world->stuck)
            continue;
        stream->open = false;
        stream->user.ops->event(stream->user.ctx, RIG_STREAM_CLOSED, RIG_OK, world->now);
    }
}

static inline void tt_pass(tt_world *world, uint64_t time)
{
    world->now += time;
    rig_target_tick(world->target, world->now);
    tt_run(world);
}

/* Gives the target bytes in pieces of at most step; false when it takes no more. */
static inline bool tt_bytes(tt_stream *stream, const uint8_t *bytes, size_t len, size_t step)
{
    while (len > 0 && stream->open) {
        struct iovec iov[RIG_STREAM_IOV];
        int num = stream->user.ops->space(stream->user.ctx, iov, RIG_STREAM_IOV);
        size_t taken = 0;
        for (int i = 0; i < num && taken < len && taken < step; i++) {
            size_t part = iov[i].iov_len < len - taken ? iov[i].iov_len : len - taken;
            part = part < step - taken ? part : step - taken;
            memcpy(iov[i].iov_base, bytes + taken, part);
            taken += part;
        }
        if (taken == 0)
            return false;
        stream->user.ops->received(stream->user.ctx, taken, stream->world->now);
        bytes += taken;
        len -= taken;
        tt_run(stream->world);
    }
    return len == 0;
}

/* ---- the target ---- */

static inline void tt_on_event(void *ctx, const rig_target_event *event)
{
    tt_world *world = ctx;
    if (world->num_events == TT_EVENTS)
        return;
    tt_event *to = &world->events[world->num_events++];
    rig_text text;
    to->kind = event->kind;
    to->why = event->why;
    to->tsih = event->tsih;
    rig_text_init(&text, to->text, sizeof(to->text));
    rig_text_view(&text, event->text);
}

static inline unsigned tt_count_events(const tt_world *world, rig_target_event_kind kind)
{
    unsigned num = 0;
    for (uint32_t i = 0; i < world->num_events; i++)
        num += world->events[i].kind == kind;
    return num;
}

static inline const tt_event *tt_last_event(const tt_world *world, rig_target_event_kind kind)
{
    for (uint32_t i = world->num_events; i-- > 0;)
        if (world->events[i].kind == kind)
            return &world->events[i];
    return NULL;
}

static inline rig_address tt_address(const char *ip, uint16_t port)
{
    rig_address address = {.port = port};
    rig_ip_parse(rig_view_str(ip), &address.ip);
    return address;
}

/* What a config adds to the fixture's own. */
static inline tt_world *tt_bare(const rig_target_config *wanted)
{
    tt_world *world = calloc(1, sizeof(*world));
    rig_target_config config = wanted ? *wanted : (rig_target_config){0};
    world->transport = (rig_transport){tt_ops(), world};
    rig_alloc_meter_init(&world->meter, rig_alloc_libc());
    config.alloc = &world->meter.alloc;
    config.transport = &world->transport;
    config.read_ahead = (struct iovec){world->read_ahead, sizeof(world->read_ahead)};
    config.event = tt_on_event;
    config.ctx = world;
    if (rig_target_new(&config, &world->target) != RIG_OK)
        world->target = NULL;
    return world;
}

static inline rig_device *tt_ram(tt_world *world, uint64_t size)
{
    rig_backing *backing = NULL;
    rig_device *device = NULL;
    if (rig_backing_ram_new(&world->meter.alloc, size, &backing) == RIG_OK)
        rig_device_new(&(rig_device_config){.alloc = &world->meter.alloc, .backing = backing, .serial = 1},
                       &device);
    return device;
}

static inline tt_world *tt_new_with(const rig_target_config *wanted)
{
    tt_world *world = tt_bare(wanted);
    rig_address at = tt_address("192.0.2.10", 3260);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world->target);
    CU_ASSERT_EQUAL(rig_target_portal_add(world->target, &at, 1, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_node_add(world->target, rig_view_str(TT_TARGET), &world->node, NULL), RIG_OK);
    world->device = tt_ram(world, 1 << 20);
    CU_ASSERT_EQUAL(rig_target_node_lun(world->node, 0, world->device), RIG_OK);
    return world;
}

static inline tt_world *tt_new(void)
{
    return tt_new_with(NULL);
}

/* Ends everything; nothing may be left. */
static inline void tt_free(tt_world *world)
{
    rig_target_free(world->target);
    CU_ASSERT_EQUAL(world->meter.num_live, 0);
    for (uint32_t i = 0; i < world->num_streams; i++)
        free(world->streams[i].out);
    free(world);
}

static inline void tt_offer(tt_world *world, const char *key, const char *value)
{
    CU_ASSERT_EQUAL(
        rig_target_offer(world->target, world->node, rig_view_str(key), rig_view_str(value), NULL), RIG_OK);
}

/* ---- the client ---- */

typedef struct tt_client {
    tt_world *world;
    tt_stream *stream;
    uint32_t itt, cmd_sn, exp_stat_sn;
    bool header_digest, data_digest;
    uint16_t tsih, cid;
    uint8_t isid;
} tt_client;

/* One PDU of the target; data and ahs point into the stream's buffer until it is freed. */
typedef struct tt_pdu {
    bool here;
    rig_pdu_kind kind;
    uint8_t bhs[RIG_BHS_LEN];
    const uint8_t *data;
    uint32_t len;
    bool header_ok, data_ok;
} tt_pdu;

static inline tt_stream *tt_connect(tt_world *world, unsigned listener)
{
    tt_stream *stream = NULL;
    for (uint32_t i = 0; i < world->num_streams && !stream; i++)
        if (!world->streams[i].open)
            stream = &world->streams[i];
    if (!stream)
        stream = &world->streams[world->num_streams++];
    free(stream->out);
    *stream = (tt_stream){.base = {tt_ops()}, .world = world, .local = world->listeners[listener].at};
    stream->remote = tt_address("192.0.2.99", 50000);
    tt_listener *at = &world->listeners[listener];
    stream->open = at->accept(at->ctx, &stream->base, &stream->user, world->now);
    return stream;
}

static inline tt_client tt_client_at(tt_world *world, unsigned listener)
{
    return (tt_client){
        .world = world, .stream = tt_connect(world, listener), .cmd_sn = 1, .itt = 0x10, .isid = 1};
}

static inline size_t tt_digest(uint8_t *at, const uint8_t *from, size_t len)
{
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, from, len), at);
    return 4;
}

static inline size_t tt_build(const tt_client *client, uint8_t *out, uint8_t *bhs, const void *data,
                              size_t len)
{
    size_t at = RIG_BHS_LEN, start;
    rig_set(bhs, RIG_F_DATA_LEN, len);
    memcpy(out, bhs, RIG_BHS_LEN);
    if (client->header_digest)
        at += tt_digest(out + at, out, RIG_BHS_LEN);
    if (len == 0 || !data)
        return at;
    start = at;
    memcpy(out + at, data, len);
    at += len;
    while ((at - start) % 4)
        out[at++] = 0;
    if (client->data_digest)
        at += tt_digest(out + at, out + start, at - start);
    return at;
}

/* Sends a PDU with the client's ExpStatSN. */
static inline bool tt_send(tt_client *client, uint8_t *bhs, const void *data, size_t len)
{
    uint8_t *wire = malloc(RIG_BHS_LEN + len + 16);
    rig_set(bhs, RIG_F_EXP_STAT_SN, client->exp_stat_sn);
    size_t size = tt_build(client, wire, bhs, data, len);
    bool taken = tt_bytes(client->stream, wire, size, SIZE_MAX);
    free(wire);
    tt_run(client->world);
    return taken;
}

static inline bool tt_good(const uint8_t *digest, const uint8_t *from, size_t len)
{
    uint8_t own[4];
    tt_digest(own, from, len);
    return memcmp(own, digest, 4) == 0;
}

/* Takes the next PDU off what came; here is false when there is none. */
static inline tt_pdu tt_next(tt_client *client)
{
    tt_stream *stream = client->stream;
    tt_pdu pdu = {.header_ok = true, .data_ok = true};
    size_t have = stream->out_len - stream->out_at, need = RIG_BHS_LEN + (client->header_digest ? 4u : 0u);
    if (have < need)
        return pdu;
    const uint8_t *at = stream->out + stream->out_at;
    memcpy(pdu.bhs, at, RIG_BHS_LEN);
    pdu.len = rig_get32(pdu.bhs, RIG_F_DATA_LEN);
    uint32_t padded = (pdu.len + 3) & ~3u, digest = client->data_digest && pdu.len ? 4u : 0u;
    if (have < need + padded + digest)
        return pdu;
    pdu.here = true;
    pdu.kind = rig_pdu_kind_of(pdu.bhs);
    pdu.data = at + need;
    pdu.header_ok = !client->header_digest || tt_good(at + RIG_BHS_LEN, at, RIG_BHS_LEN);
    pdu.data_ok = !digest || tt_good(pdu.data + padded, pdu.data, padded);
    stream->out_at += need + padded + digest;
    CU_ASSERT_EQUAL(rig_bhs_reserved(pdu.bhs, pdu.kind), RIG_BHS_LEN);
    if (rig_fields[RIG_F_STAT_SN].pdus >> pdu.kind & 1 && pdu.kind != RIG_PDU_DATA_IN &&
        pdu.kind != RIG_PDU_R2T)
        client->exp_stat_sn = rig_get32(pdu.bhs, RIG_F_STAT_SN) + 1;
    if (pdu.kind == RIG_PDU_DATA_IN && rig_get(pdu.bhs, RIG_F_S))
        client->exp_stat_sn = rig_get32(pdu.bhs, RIG_F_STAT_SN) + 1;
    if (pdu.kind == RIG_PDU_NOP_IN && rig_get32(pdu.bhs, RIG_F_ITT) == RIG_TAG_NONE)
        client->exp_stat_sn--;
    return pdu;
}

static inline tt_pdu tt_expect(tt_client *client, rig_pdu_kind kind)
{
    tt_pdu pdu = tt_next(client);
    CU_ASSERT_TRUE(pdu.here);
    CU_ASSERT_EQUAL(pdu.kind, kind);
    return pdu;
}

static inline bool tt_silent(tt_client *client)
{
    return client->stream->out_at == client->stream->out_len;
}

/* ---- requests ---- */

/* Text with '\n' between pairs becomes pairs with NULs; returns its bytes. */
static inline size_t tt_pairs(uint8_t *out, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(text[i] == '\n' ? 0 : text[i]);
    out[len] = 0;
    return len ? len + 1 : 0;
}

static inline void tt_login_bhs(const tt_client *client, uint8_t *bhs, bool t, unsigned csg, unsigned nsg)
{
    rig_bhs_init(bhs, RIG_PDU_LOGIN_REQ);
    rig_set(bhs, RIG_F_I, 1);
    rig_set(bhs, RIG_F_T, t);
    rig_set(bhs, RIG_F_CSG, csg);
    rig_set(bhs, RIG_F_NSG, nsg);
    rig_set(bhs, RIG_F_ISID, 0x800000010000u | client->isid);
    rig_set(bhs, RIG_F_TSIH, client->tsih);
    rig_set(bhs, RIG_F_CID, client->cid);
    rig_set(bhs, RIG_F_ITT, 7);
    rig_set(bhs, RIG_F_CMD_SN, client->cmd_sn);
}

static inline tt_pdu tt_login_step(tt_client *client, bool t, unsigned csg, unsigned nsg, const char *keys)
{
    uint8_t bhs[RIG_BHS_LEN], text[8192];
    tt_login_bhs(client, bhs, t, csg, nsg);
    tt_send(client, bhs, text, tt_pairs(text, keys));
    return tt_expect(client, RIG_PDU_LOGIN_RESP);
}

static inline unsigned tt_status(const tt_pdu *pdu)
{
    return (unsigned)rig_get(pdu->bhs, RIG_F_LOGIN_STATUS);
}

/* A login in one PDU with the names and some keys; the status. */
static inline unsigned tt_login_keys(tt_client *client, const char *keys)
{
    char all[4096];
    rig_text text;
    rig_text_init(&text, all, sizeof(all));
    rig_text_add(&text, "InitiatorName=%s\nTargetName=%s%s%s", TT_INITIATOR, TT_TARGET, *keys ? "\n" : "",
                 keys);
    tt_pdu pdu = tt_login_step(client, true, 1, 3, all);
    if (tt_status(&pdu) == 0)
        client->tsih = (uint16_t)rig_get(pdu.bhs, RIG_F_TSIH);
    return tt_status(&pdu);
}

/* A client in full feature phase. */
static inline tt_client tt_login(tt_world *world, const char *keys)
{
    tt_client client = tt_client_at(world, 0);
    CU_ASSERT_EQUAL(tt_login_keys(&client, keys), 0);
    return client;
}

static inline tt_client tt_discovery(tt_world *world, const char *keys)
{
    tt_client client = tt_client_at(world, 0);
    char all[1024];
    rig_text text;
    rig_text_init(&text, all, sizeof(all));
    rig_text_add(&text, "InitiatorName=%s\nSessionType=Discovery%s%s", TT_INITIATOR, *keys ? "\n" : "", keys);
    tt_pdu pdu = tt_login_step(&client, true, 1, 3, all);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    return client;
}

/* A request header with the next tag and number. */
static inline void tt_request(tt_client *client, uint8_t *bhs, rig_pdu_kind kind, bool immediate)
{
    rig_bhs_init(bhs, kind);
    rig_set(bhs, RIG_F_I, immediate);
    rig_set(bhs, RIG_F_ITT, client->itt++);
    rig_set(bhs, RIG_F_CMD_SN, client->cmd_sn);
    client->cmd_sn += !immediate;
}

/* A SCSI command: flags F R W as in byte 1; CDB READ(10)/WRITE(10) of blocks at lba, or another opcode alone.
 */
static inline void tt_scsi(tt_client *client, uint8_t *bhs, const char *flags, uint32_t edtl, uint8_t opcode,
                           uint32_t lba, uint16_t blocks)
{
    uint8_t *cdb = bhs + 32;
    tt_request(client, bhs, RIG_PDU_SCSI_CMD, false);
    rig_set(bhs, RIG_F_F, strchr(flags, 'F') != NULL);
    rig_set(bhs, RIG_F_R, strchr(flags, 'R') != NULL);
    rig_set(bhs, RIG_F_W, strchr(flags, 'W') != NULL);
    rig_set(bhs, RIG_F_EDTL, edtl);
    cdb[0] = opcode;
    rig_be_set(cdb + 2, 4, lba);
    rig_be_set(cdb + 7, 2, blocks);
}

static inline void tt_data_out(uint8_t *bhs, uint32_t itt, uint32_t ttt, uint32_t data_sn, uint32_t offset,
                               bool final)
{
    rig_bhs_init(bhs, RIG_PDU_DATA_OUT);
    rig_set(bhs, RIG_F_F, final);
    rig_set(bhs, RIG_F_ITT, itt);
    rig_set(bhs, RIG_F_TTT, ttt);
    rig_set(bhs, RIG_F_DATA_SN, data_sn);
    rig_set(bhs, RIG_F_BUFFER_OFFSET, offset);
}

static inline tt_pdu tt_text(tt_client *client, const char *pairs, uint32_t ttt, bool final)
{
    uint8_t bhs[RIG_BHS_LEN], text[4096];
    tt_request(client, bhs, RIG_PDU_TEXT_REQ, false);
    if (ttt != RIG_TAG_NONE)
        rig_set(bhs, RIG_F_ITT, --client->itt - 1); /* the tag of the exchange */
    rig_set(bhs, RIG_F_F, final);
    rig_set(bhs, RIG_F_TTT, ttt);
    tt_send(client, bhs, text, tt_pairs(text, pairs));
    return tt_next(client);
}

/* Status of a TEST UNIT READY, or 0xffff when something else came. */
static inline unsigned tt_ready(tt_client *client)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "F", 0, 0x00, 0, 0);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_next(client);
    return pdu.here && pdu.kind == RIG_PDU_SCSI_RESP ? (unsigned)rig_get(pdu.bhs, RIG_F_SCSI_STATUS)
                                                     : 0xffffu;
}

static inline uint64_t tt_field(const tt_pdu *pdu, rig_field_id field)
{
    return rig_get(pdu->bhs, field);
}

/* The value of a key in a text PDU, empty when it is not there. */
static inline rig_view tt_value(const tt_pdu *pdu, const char *key)
{
    rig_pair pair;
    for (rig_view rest = rig_view_of(pdu->data, pdu->len);
         rig_pair_next(pdu->data, &rest, &pair, NULL) == RIG_OK;)
        if (rig_view_is(pair.key, key))
            return pair.value;
    return (rig_view){0};
}

#endif
