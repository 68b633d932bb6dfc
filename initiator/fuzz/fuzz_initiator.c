/*
 * A whole initiator in front of a hostile target. Two bytes choose the session: error recovery level,
 * digests, CHAP, connections, the size of pieces, which tasks run. Then come records: a byte of control, two
 * bytes of length, and that many bytes. A record is raw stream, or a PDU that gets lengths, digests, and on
 * request the numbers that the last request on that connection makes right; between records time passes.
 * Whatever comes, each task ends once and all memory comes back.
 */
#include <stdlib.h>

#include "rig/crc32c.h"
#include "rig/initiator.h"

#define STREAMS 12
#define TASKS 6
#define PIECE 7
#define RECORDS_MAX 256
#define DATA_MAX 8192
#define IO 4096

/* Bits of a record's control byte; the low three choose the stream. */
#define HOW_RAW 0x08     /* the bytes as they are */
#define HOW_NUMBERS 0x10 /* StatSN, ExpCmdSN and MaxCmdSN are right */
#define HOW_TAG 0x20     /* the tag is that of the last request */
#define HOW_WAIT 0x40    /* time passes */
#define HOW_CLOSE 0x80   /* the target closes behind it */

typedef struct fuzz_stream {
    rig_stream stream;
    rig_stream_user user;
    bool open, up, flushing;
    bool digests;                 /* behind the login */
    uint8_t request[RIG_BHS_LEN]; /* the last one */
    uint8_t head[RIG_BHS_LEN];
    uint32_t have, skip; /* bytes of the present request's header, and of what follows it */
    uint32_t stat_sn;
} fuzz_stream;

typedef struct fuzz_world {
    rig_transport transport;
    rig_alloc_meter meter;
    rig_initiator *initiator;
    rig_session *session;
    fuzz_stream streams[STREAMS];
    uint32_t num_streams;
    uint64_t now;
    uint8_t mode, wants;
    rig_task tasks[TASKS];
    bool busy[TASKS];
    uint8_t given[TASKS];
    uint8_t buffers[TASKS][IO];
    struct iovec iovs[TASKS];
    uint8_t read_ahead[RIG_READ_AHEAD_MIN];
    uint8_t pdu[RIG_BHS_LEN + DATA_MAX + 16];
} fuzz_world;

static fuzz_world *world;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- the transport ---- */

static rig_status on_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                             const rig_stream_user *user, rig_stream **out_stream)
{
    (void)local, (void)remote;
    if (world->num_streams == STREAMS)
        return RIG_E_LIMIT;
    fuzz_stream *s = &world->streams[world->num_streams++];
    *s = (fuzz_stream){.stream = {((const rig_transport *)ctx)->ops}, .user = *user, .open = true};
    *out_stream = &s->stream;
    return RIG_OK;
}

static rig_status on_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                            rig_listener **out_listener)
{
    (void)ctx, (void)at, (void)accept, (void)accept_ctx, (void)out_listener;
    return RIG_E_UNSUPPORTED;
}

static void on_unlisten(rig_listener *listener)
{
    (void)listener;
}

static void on_bound(const rig_listener *listener, rig_address *out_address)
{
    (void)listener, (void)out_address;
}

static void on_wake(rig_stream *stream)
{
    (void)stream;
}

static void on_close(rig_stream *stream, rig_close_how how)
{
    fuzz_stream *s = (fuzz_stream *)stream;
    if (how == RIG_CLOSE_RESET)
        s->open = false;
    else
        s->flushing = true;
}

static void on_ends(const rig_stream *stream, rig_address *out_local, rig_address *out_remote)
{
    (void)stream;
    *out_local = *out_remote = (rig_address){.ip = {.version = 4}, .port = RIG_PORT};
}

static const rig_transport_ops ops = {on_connect, on_listen, on_unlisten, on_bound,
                                      on_wake,    on_close,  on_ends};

/* ---- what the engine says ---- */

static uint32_t length_behind(const fuzz_stream *s)
{
    uint32_t len = rig_get32(s->head, RIG_F_DATA_LEN);
    uint32_t digests = s->digests ? 4 + (len ? 4 : 0) : 0;
    return s->head[4] * 4u + (len + 3) / 4 * 4 + digests;
}

static void read_requests(fuzz_stream *s, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        size_t part = s->skip ? s->skip : RIG_BHS_LEN - s->have;
        part = part < len ? part : len;
        if (s->skip) {
            s->skip -= (uint32_t)part;
        } else {
            memcpy(s->head + s->have, bytes, part);
            s->have += (uint32_t)part;
        }
        bytes += part;
        len -= part;
        if (s->have < RIG_BHS_LEN)
            continue;
        s->have = 0;
        s->digests = s->digests || ((world->mode & 4) && rig_pdu_kind_of(s->head) != RIG_PDU_LOGIN_REQ);
        memcpy(s->request, s->head, sizeof s->request);
        s->skip = length_behind(s);
    }
}

static void drain(fuzz_stream *s)
{
    struct iovec iov[RIG_STREAM_IOV];
    int num;
    while (s->open && s->up &&
           (num = s->user.ops->output(s->user.ctx, iov, RIG_STREAM_IOV, world->now)) > 0) {
        size_t total = 0;
        for (int i = 0; i < num; i++) {
            read_requests(s, iov[i].iov_base, iov[i].iov_len);
            total += iov[i].iov_len;
        }
        s->user.ops->sent(s->user.ctx, total, world->now);
    }
    if (!s->open || !s->flushing)
        return;
    s->open = false;
    s->user.ops->event(s->user.ctx, RIG_STREAM_CLOSED, RIG_OK, world->now);
}

static void drain_all(void)
{
    for (uint32_t i = 0; i < world->num_streams; i++) {
        fuzz_stream *s = &world->streams[i];
        if (s->open && !s->up) {
            s->up = true;
            s->user.ops->event(s->user.ctx, RIG_STREAM_CONNECTED, RIG_OK, world->now);
        }
        drain(s);
    }
}

/* ---- what the target says ---- */

static void feed(fuzz_stream *s, const uint8_t *bytes, size_t len)
{
    size_t step = world->mode & 0x20 ? PIECE : SIZE_MAX;
    while (len > 0 && s->open) {
        struct iovec iov[RIG_STREAM_IOV];
        int num = s->user.ops->space(s->user.ctx, iov, RIG_STREAM_IOV);
        size_t taken = 0;
        for (int i = 0; i < num && taken < len && taken < step; i++) {
            size_t part = iov[i].iov_len < len - taken ? iov[i].iov_len : len - taken;
            part = part < step - taken ? part : step - taken;
            memcpy(iov[i].iov_base, bytes + taken, part);
            taken += part;
        }
        if (taken == 0)
            return;
        s->user.ops->received(s->user.ctx, taken, world->now);
        bytes += taken;
        len -= taken;
        drain_all();
    }
}

static void set_numbers(fuzz_stream *s, uint8_t *bhs)
{
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    uint32_t cmd_sn = rig_get32(s->request, RIG_F_CMD_SN);
    bool login = kind == RIG_PDU_LOGIN_RESP;
    rig_set(bhs, RIG_F_STAT_SN, s->stat_sn);
    rig_set(bhs, RIG_F_EXP_CMD_SN, cmd_sn + !login);
    rig_set(bhs, RIG_F_MAX_CMD_SN, cmd_sn + 64);
    if (login) {
        memcpy(bhs + 8, s->request + 8, 6); /* ISID */
        rig_set(bhs, RIG_F_TSIH, 1);
    }
    s->stat_sn += kind != RIG_PDU_R2T && (kind != RIG_PDU_DATA_IN || rig_get(bhs, RIG_F_S));
}

static size_t add_digest(uint8_t *at, const uint8_t *from, size_t len)
{
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, from, len), at);
    return 4;
}

static void feed_pdu(fuzz_stream *s, rig_view record, uint8_t how)
{
    uint8_t *bhs = world->pdu;
    rig_view data = rig_view_sub(record, RIG_BHS_LEN, record.len);
    size_t len = RIG_BHS_LEN;
    memset(bhs, 0, sizeof world->pdu);
    memcpy(bhs, record.ptr, record.len < RIG_BHS_LEN ? record.len : RIG_BHS_LEN);
    data.len = data.len < DATA_MAX ? data.len : DATA_MAX;
    bhs[4] = 0;
    rig_be_set(bhs + 5, 3, data.len);
    if (how & HOW_TAG)
        memcpy(bhs + 16, s->request + 16, 4);
    if (how & HOW_NUMBERS)
        set_numbers(s, bhs);
    bool digests = s->digests && rig_pdu_kind_of(bhs) != RIG_PDU_LOGIN_RESP;
    if (digests)
        len += add_digest(bhs + len, bhs, RIG_BHS_LEN);
    if (data.len)
        memcpy(bhs + len, data.ptr, data.len);
    size_t padded = (data.len + 3) / 4 * 4;
    if (digests && data.len)
        add_digest(bhs + len + padded, bhs + len, padded);
    feed(s, bhs, len + padded + (digests && data.len ? 4 : 0));
}

/* ---- the session ---- */

static void done(rig_task *task, uint64_t now)
{
    size_t i = (size_t)(task - world->tasks);
    (void)now;
    require(world->busy[i]);
    world->busy[i] = false;
}

static void make_task(size_t i)
{
    static const uint8_t read_cdb[10] = {0x28, [8] = IO / 512}, write_cdb[10] = {0x2a, [8] = IO / 512};
    static const rig_task_kind kinds[TASKS] = {RIG_TASK_SCSI, RIG_TASK_SCSI, RIG_TASK_PING,
                                               RIG_TASK_TEXT, RIG_TASK_TMF,  RIG_TASK_SCSI};
    rig_task *task = &world->tasks[i];
    world->iovs[i] = (struct iovec){world->buffers[i], i == 3 ? 0 : IO};
    *task = (rig_task){.kind = kinds[i], .function = 5, .attr = 1, .done = done};
    task->in = task->out = &world->iovs[i];
    task->num_in = task->num_out = 1;
    if (task->kind != RIG_TASK_SCSI)
        return;
    task->read = i != 1;
    task->write = i != 0;
    task->edtl = task->bidi_len = IO;
    task->cdb = i == 1 ? rig_view_of(write_cdb, sizeof write_cdb) : rig_view_of(read_cdb, sizeof read_cdb);
}

/* Each kind of task three times, when the session can take it. */
static void give_tasks(void)
{
    for (size_t i = 0; i < TASKS; i++) {
        if (world->busy[i] || world->given[i] == 3 || !(world->wants >> i & 1) ||
            !rig_session_is_up(world->session))
            continue;
        make_task(i);
        world->busy[i] = rig_session_submit(world->session, &world->tasks[i], world->now) == RIG_OK;
        world->given[i]++;
    }
}

static void configure(rig_session_config *config)
{
    rig_session_config_init(config);
    config->target = rig_view_str("iqn.2026-01.example.sim:fuzz");
    require(rig_portal_parse(rig_view_str("192.0.2.1"), &config->portal, NULL) == RIG_OK);
    config->offer[RIG_KEY_RECOVERY_LEVEL].value = world->mode % 4 % 3;
    config->offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    if (world->mode & 4)
        config->offer[RIG_KEY_HEADER_DIGEST].value = config->offer[RIG_KEY_DATA_DIGEST].value = 2;
    if (world->mode & 8) {
        config->auth.user = rig_view_str("user");
        config->auth.secret = rig_view_str("a secret of the host");
        config->auth.target_secret = rig_view_str("a secret of the disk");
    }
    config->has_cmd_sn = true;
    config->command_timeout = 20 * RIG_SECOND;
    config->nop_interval = 10 * RIG_SECOND;
    config->reconnect = config->retry_login = true;
}

static void begin(void)
{
    rig_session_config config;
    rig_initiator_config node = {.transport = &world->transport,
                                 .name = rig_view_str("iqn.2026-01.example.host:f")};
    world->transport = (rig_transport){&ops, &world->transport};
    rig_alloc_meter_init(&world->meter, rig_alloc_libc());
    node.alloc = &world->meter.alloc;
    node.read_ahead = (struct iovec){world->read_ahead, sizeof world->read_ahead};
    configure(&config);
    require(rig_initiator_new(&node, &world->initiator, NULL) == RIG_OK);
    require(rig_session_new(world->initiator, &config, &world->session, NULL) == RIG_OK);
    rig_session_login(world->session, 0);
    drain_all();
}

static void play(rig_view record, uint8_t how)
{
    fuzz_stream *s = &world->streams[(how & 7) % (world->num_streams ? world->num_streams : 1)];
    if (s->open && s->up && how & HOW_RAW)
        feed(s, record.ptr, record.len);
    else if (s->open && s->up)
        feed_pdu(s, record, how);
    if (s->open && how & HOW_CLOSE) {
        s->open = false;
        s->user.ops->event(s->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET, world->now);
    }
    give_tasks();
    if (world->mode & 0x10 && rig_session_is_up(world->session)) {
        rig_portal portal;
        rig_portal_parse(rig_view_str("192.0.2.1"), &portal, NULL);
        rig_session_add_connection(world->session, &portal, world->now);
    }
    drain_all();
    world->now += how & HOW_WAIT ? 3 * RIG_SECOND : RIG_MILLISECOND;
    rig_initiator_tick(world->initiator, world->now);
    drain_all();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig_view rest = rig_view_of(data, size);
    if (size < 2)
        return 0;
    world = calloc(1, sizeof *world);
    require(world != NULL);
    world->mode = data[0];
    world->wants = data[1];
    rest = rig_view_sub(rest, 2, size);
    begin();
    for (int i = 0; i < RECORDS_MAX && rest.len >= 3; i++) {
        size_t len = (size_t)rig_be_get(rest.ptr + 1, 2);
        rig_view record = rig_view_sub(rest, 3, len);
        uint8_t how = rest.ptr[0];
        rest = rig_view_sub(rest, 3 + len, rest.len);
        play(record, how);
    }
    rig_initiator_free(world->initiator);
    for (size_t i = 0; i < TASKS; i++)
        require(!world->busy[i]);
    require(world->meter.num_live == 0);
    free(world);
    return 0;
}
