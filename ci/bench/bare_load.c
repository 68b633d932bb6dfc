/* The same transfers by a bare socket loop: the floor under any initiator. It knows just enough of iSCSI to
 * be answered: one login without negotiation worth the name, tags that are slot numbers, no timers, no
 * digests, no checks beyond the status. */
#include "load.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define BHS 48
#define READ_AHEAD (256u << 10)
#define OUT_MAX 256 /* PDUs a sendmsg carries */
#define OFFERED "262144"

typedef struct bare_slot {
    uint8_t *data;
    uint32_t len;
} bare_slot;

typedef struct perf {
    load load;
    int fd;
    bool failed;
    uint32_t cmd_sn, exp_stat_sn, max_cmd_sn;
    uint32_t segment, first_burst; /* what the target takes */
    bool unsolicited;              /* InitialR2T=No was agreed */
    uint32_t running, num_waiting;
    bare_slot *slots;
    uint32_t waiting[LOAD_DEPTH_MAX]; /* slots behind a closed window */

    uint8_t *in; /* read ahead: begin..end are not parsed yet */
    size_t begin, end;
    uint8_t *rest; /* of a payload, still to come, goes here */
    size_t rest_len;
    uint32_t sized[8];   /* the answer to READ CAPACITY(16) */
    uint8_t scsi_status; /* of the last command */

    uint8_t headers[OUT_MAX][BHS];
    struct iovec out[2 * OUT_MAX];
    uint32_t num_headers, num_out;
} perf;

static void put32(uint8_t *at, uint32_t value)
{
    uint32_t wire = htonl(value);
    memcpy(at, &wire, sizeof wire);
}

static uint32_t get32(const uint8_t *at)
{
    uint32_t wire;
    memcpy(&wire, at, sizeof wire);
    return ntohl(wire);
}

static void flush(perf *p)
{
    struct iovec *iov = p->out;
    while (p->num_out > 0 && !p->failed) {
        struct msghdr message = {.msg_iov = iov, .msg_iovlen = p->num_out};
        ssize_t sent = sendmsg(p->fd, &message, MSG_NOSIGNAL);
        p->failed = sent < 0;
        while (sent > 0 && p->num_out > 0 && (size_t)sent >= iov->iov_len) {
            sent -= (ssize_t)iov->iov_len;
            iov++;
            p->num_out--;
        }
        if (sent > 0) {
            iov->iov_base = (uint8_t *)iov->iov_base + sent;
            iov->iov_len -= (size_t)sent;
        }
    }
    p->num_headers = p->num_out = 0;
}

/* The next header, its payload queued behind it. */
static uint8_t *queue(perf *p, uint8_t opcode, uint8_t *data, uint32_t len)
{
    if (p->num_headers == OUT_MAX)
        flush(p);
    uint8_t *bhs = memset(p->headers[p->num_headers++], 0, BHS);
    bhs[0] = opcode;
    put32(bhs + 4, len); /* no AHS: the top byte is 0 */
    p->out[p->num_out++] = (struct iovec){bhs, BHS};
    if (len)
        p->out[p->num_out++] = (struct iovec){data, len};
    return bhs;
}

static void queue_data_out(perf *p, uint32_t tag, uint32_t ttt, uint32_t offset, uint32_t len)
{
    for (uint32_t done = 0, sn = 0, part; done < len; done += part, sn++) {
        part = len - done < p->segment ? len - done : p->segment;
        uint8_t *bhs = queue(p, 0x05, p->slots[tag].data + offset + done, part);
        bhs[1] = done + part == len ? 0x80 : 0;
        bhs[9] = (uint8_t)p->load.where.lun;
        put32(bhs + 16, tag);
        put32(bhs + 20, ttt);
        put32(bhs + 28, p->exp_stat_sn);
        put32(bhs + 36, sn);
        put32(bhs + 40, offset + done);
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void queue_command(perf *p, uint32_t tag, const uint8_t cdb[16], bool write)
{
    uint32_t len = p->slots[tag].len;
    uint32_t burst = write && p->unsolicited ? least(len, p->first_burst) : 0;
    uint32_t immediate = write ? least(least(len, p->first_burst), p->segment) : 0;
    uint8_t *bhs = queue(p, 0x01, p->slots[tag].data, immediate);
    bhs[1] = (uint8_t)((burst <= immediate ? 0x80 : 0) | (write ? 0x20 : 0x40) | 0x01);
    bhs[9] = (uint8_t)p->load.where.lun;
    put32(bhs + 16, tag);
    put32(bhs + 20, len);
    put32(bhs + 24, p->cmd_sn++);
    put32(bhs + 28, p->exp_stat_sn);
    memcpy(bhs + 32, cdb, 16);
    if (burst > immediate)
        queue_data_out(p, tag, 0xffffffff, immediate, burst - immediate);
}

static void submit(perf *p, uint32_t tag)
{
    if ((int32_t)(p->max_cmd_sn - p->cmd_sn) < 0) {
        p->waiting[p->num_waiting++] = tag;
        return;
    }
    uint8_t cdb[16] = {p->load.write ? 0x8a : 0x88};
    uint64_t block = load_next(&p->load, p->slots[tag].data);
    put32(cdb + 2, (uint32_t)(block >> 32));
    put32(cdb + 6, (uint32_t)block);
    put32(cdb + 10, p->load.blocks);
    queue_command(p, tag, cdb, p->load.write);
    p->running++;
}

static void command_over(perf *p, uint32_t tag, uint8_t status)
{
    p->running--;
    p->scsi_status = status;
    if (!p->load.num_places)
        return;
    p->load.done++;
    p->load.errors += status != 0;
    if (load_more(&p->load))
        submit(p, tag);
    while (p->num_waiting > 0 && (int32_t)(p->max_cmd_sn - p->cmd_sn) >= 0)
        submit(p, p->waiting[--p->num_waiting]);
}

/* Where the data segment of a PDU goes; NULL: nowhere. */
static uint8_t *place_of(const perf *p, const uint8_t *bhs, uint32_t len)
{
    uint32_t tag = get32(bhs + 16), offset = get32(bhs + 40);
    if ((bhs[0] & 0x3f) != 0x25 || tag >= p->load.depth || offset > p->slots[tag].len ||
        len > p->slots[tag].len - offset)
        return NULL;
    return p->slots[tag].data + offset;
}

static void take_header(perf *p, const uint8_t *bhs)
{
    uint8_t opcode = bhs[0] & 0x3f;
    uint32_t tag = get32(bhs + 16);
    bool status = opcode == 0x21 || (opcode == 0x25 && (bhs[1] & 1));
    p->max_cmd_sn = get32(bhs + 32);
    if (status)
        p->exp_stat_sn = get32(bhs + 24) + 1;
    if (opcode == 0x31)
        queue_data_out(p, tag, get32(bhs + 20), get32(bhs + 40), get32(bhs + 44));
    else if (status)
        command_over(p, tag, bhs[3]);
    else if (opcode != 0x25 && opcode != 0x20)
        p->failed = true;
}

/* One PDU out of the read-ahead; false when its header is not there yet. A payload that is not whole is left
 * to the next read: the PDU is over as soon as its header was seen, which is fine where nobody looks at the
 * data. */
static bool take_pdu(perf *p)
{
    if (p->rest_len > 0 || p->end - p->begin < BHS)
        return false;
    uint8_t bhs[BHS];
    memcpy(bhs, p->in + p->begin, BHS);
    p->begin += BHS;
    uint32_t len = get32(bhs + 4) & 0xffffff;
    uint32_t padded = (len + 3) & ~3u;
    uint8_t *place = place_of(p, bhs, padded);
    size_t here = p->end - p->begin < padded ? p->end - p->begin : padded;
    if (place)
        memcpy(place, p->in + p->begin, here);
    p->begin += here;
    p->rest = place ? place + here : NULL;
    p->rest_len = padded - here;
    if (p->rest_len > 0 && !place)
        p->failed = true; /* sense and text fit in the read-ahead */
    else
        take_header(p, bhs);
    return !p->failed;
}

static void receive(perf *p)
{
    memmove(p->in, p->in + p->begin, p->end - p->begin);
    p->end -= p->begin;
    p->begin = 0;
    struct iovec iov[2] = {{p->rest, p->rest_len}, {p->in + p->end, READ_AHEAD - p->end}};
    ssize_t got = readv(p->fd, p->rest_len ? iov : iov + 1, p->rest_len ? 2 : 1);
    if (got <= 0) {
        p->failed = true;
        return;
    }
    size_t direct = (size_t)got < p->rest_len ? (size_t)got : p->rest_len;
    p->rest += direct;
    p->rest_len -= direct;
    p->end += (size_t)got - direct;
    while (take_pdu(p))
        ;
}

static void run(perf *p)
{
    while ((p->running > 0 || p->rest_len > 0) && !p->failed) {
        flush(p);
        if (!p->failed)
            receive(p);
    }
}

static bool connect_to(perf *p)
{
    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int on = 1;
    snprintf(port, sizeof port, "%u", p->load.where.portal.port);
    if (getaddrinfo(p->load.where.portal.host, port, &hints, &found))
        return false;
    p->fd = socket(found->ai_family, SOCK_STREAM, 0);
    bool well = p->fd >= 0 && !connect(p->fd, found->ai_addr, found->ai_addrlen) &&
                !setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    freeaddrinfo(found);
    return well;
}

static uint32_t number_of(const char *text, size_t len, const char *key, uint32_t otherwise)
{
    const char *at = memmem(text, len, key, strlen(key));
    return at ? (uint32_t)strtoul(at + strlen(key), NULL, 10) : otherwise;
}

/* One request with everything, one answer: whoever asks for more is not logged in to. */
static bool log_in(perf *p)
{
    char keys[1024];
    int len = snprintf(keys, sizeof keys,
                       "InitiatorName=" LOAD_IQN "%cSessionType=Normal%cTargetName=%s%cHeaderDigest=None%c"
                       "DataDigest=None%cInitialR2T=No%cImmediateData=Yes%cMaxRecvDataSegmentLength=" OFFERED
                       "%cMaxBurstLength=" OFFERED "%cFirstBurstLength=" OFFERED "%c",
                       0, 0, p->load.where.target, 0, 0, 0, 0, 0, 0, 0, 0);
    uint8_t *bhs = queue(p, 0x43, (uint8_t *)keys, (uint32_t)len);
    bhs[1] = 0x87;                                  /* T, operational stage to full feature phase */
    memcpy(bhs + 8, "\x80\xba\x5e\x00\x00\x01", 6); /* ISID, random type */
    static uint8_t pad[3];
    p->out[p->num_out++] = (struct iovec){pad, (size_t)(-len & 3)};
    flush(p);
    if (p->failed || recv(p->fd, p->in, BHS, MSG_WAITALL) != BHS || p->in[0] != 0x23 || p->in[1] != 0x87 ||
        p->in[36])
        return false;
    size_t answer = ((get32(p->in + 4) & 0xffffff) + 3) & ~3u;
    p->exp_stat_sn = get32(p->in + 24) + 1;
    p->max_cmd_sn = get32(p->in + 32);
    char *text = (char *)p->in + BHS;
    if (answer > READ_AHEAD - BHS - 1 || recv(p->fd, text, answer, MSG_WAITALL) != (ssize_t)answer)
        return false;
    text[answer] = 0;
    p->segment = number_of(text, answer, "MaxRecvDataSegmentLength=", 8192);
    p->first_burst = number_of(text, answer, "FirstBurstLength=", 65536);
    p->unsolicited = memmem(text, answer, "InitialR2T=No", 13) != NULL;
    return memmem(text, answer, "ImmediateData=No", 16) == NULL;
}

/* A unit attention may be waiting; then the size. */
static uint64_t read_capacity(perf *p)
{
    const uint8_t cdb[16] = {0x9e, 0x10, [13] = 32};
    bare_slot mine = p->slots[0];
    p->slots[0] = (bare_slot){(uint8_t *)p->sized, 32};
    for (int attempt = 0; attempt < 3 && !p->failed; attempt++) {
        queue_command(p, 0, cdb, false);
        p->running = 1;
        run(p);
        if (p->scsi_status == 0)
            break;
    }
    p->slots[0] = mine;
    const uint8_t *size = (const uint8_t *)p->sized;
    bool well = !p->failed && p->scsi_status == 0;
    return well ? ((uint64_t)get32(size) << 32 | get32(size + 4)) + 1 : 0;
}

static bool make_slots(perf *p)
{
    p->in = malloc(READ_AHEAD);
    p->slots = calloc(p->load.depth, sizeof *p->slots);
    for (uint32_t i = 0; p->slots && i < p->load.depth; i++) {
        uint32_t len = p->load.blocks * LOAD_BLOCK;
        p->slots[i] = (bare_slot){calloc(1, len), len};
        if (!p->slots[i].data)
            return false;
    }
    return p->in && p->slots;
}

int main(int argc, char **argv)
{
    static perf p;
    if (!load_options(&p.load, argc, argv) || p.load.logins)
        return 2;
    if (!make_slots(&p) || !connect_to(&p) || !log_in(&p))
        return 1;
    uint64_t num_blocks = read_capacity(&p);
    if (num_blocks < p.load.blocks)
        return 1;
    load_begin(&p.load, num_blocks);
    for (uint32_t i = 0; i < p.load.depth; i++)
        submit(&p, i);
    run(&p);
    int bad = load_end(&p.load);
    close(p.fd);
    return p.failed || bad;
}
