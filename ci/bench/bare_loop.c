/* The least a program can do to read or write over iSCSI: a login typed by hand, then commands made once and
 * answers counted, with blocking calls. What an initiator costs beside this is its own. Only for a target
 * that answers a read of that size with one Data-In that carries the status. Usage: bare_loop [-w] -m DEPTH
 * -b BLOCKS -t SECONDS iscsi://host:port/iqn/lun */
#include "rig/pdu.h"
#include "rig/run.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_MAX 1024
#define BLOCK 512
#define ROOM (4u << 20)

typedef struct bare {
    int fd;
    bool write;
    uint32_t depth, blocks, cmd_sn, answer_len;
    uint64_t sent, done;
    uint8_t *request; /* header and, of a write, the data */
    size_t request_len;
    uint8_t *room;
} bare;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool put(const bare *b, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = send(b->fd, bytes + at, len - at, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static bool get(const bare *b, uint8_t *bytes, size_t len)
{
    return recv(b->fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

static bool dial(bare *b, const rig_run_url *url)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(url->portal.port)};
    int on = 1;
    b->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (b->fd < 0 || inet_pton(AF_INET, url->portal.host, &to.sin_addr) != 1)
        return false;
    setsockopt(b->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connect(b->fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static bool log_in(bare *b, const rig_run_url *url)
{
    uint8_t pdu[RIG_BHS_LEN + 1024] = {0}, answer[RIG_BHS_LEN];
    rig_bhs_init(pdu, RIG_PDU_LOGIN_REQ);
    int len = snprintf((char *)pdu + RIG_BHS_LEN, 1024,
                       "InitiatorName=iqn.2026-01.example.host:bare%cTargetName=%s%cSessionType=Normal%c"
                       "InitialR2T=No%cImmediateData=Yes%cMaxRecvDataSegmentLength=1048576%c"
                       "FirstBurstLength=1048576%cMaxBurstLength=1048576%c",
                       0, url->target, 0, 0, 0, 0, 0, 0, 0);
    rig_set(pdu, RIG_F_I, 1);
    rig_set(pdu, RIG_F_T, 1);
    rig_set(pdu, RIG_F_CSG, 1);
    rig_set(pdu, RIG_F_NSG, 3);
    rig_set(pdu, RIG_F_ISID, 0x800000000001);
    rig_set(pdu, RIG_F_DATA_LEN, (uint64_t)len);
    if (!put(b, pdu, RIG_BHS_LEN + (((size_t)len + 3) & ~(size_t)3)) || !get(b, answer, RIG_BHS_LEN))
        return false;
    size_t text = (rig_get32(answer, RIG_F_DATA_LEN) + 3) & ~(size_t)3;
    return rig_get(answer, RIG_F_LOGIN_STATUS) == 0 && text <= ROOM && get(b, b->room, text);
}

static void make_request(bare *b, const rig_run_url *url)
{
    uint32_t len = b->blocks * BLOCK;
    rig_bhs_init(b->request, RIG_PDU_SCSI_CMD);
    rig_set(b->request, RIG_F_F, 1);
    rig_set(b->request, RIG_F_R, !b->write);
    rig_set(b->request, RIG_F_W, b->write);
    rig_set(b->request, RIG_F_ATTR, 1);
    rig_set(b->request, RIG_F_LUN, rig_lun_encode(url->lun));
    rig_set(b->request, RIG_F_EDTL, len);
    rig_set(b->request, RIG_F_DATA_LEN, b->write ? len : 0);
    uint8_t *cdb = b->request + rig_fields[RIG_F_CDB].byte;
    cdb[0] = b->write ? 0x8a : 0x88;
    rig_be_set(cdb + 10, 4, b->blocks);
    b->request_len = RIG_BHS_LEN + (b->write ? len : 0);
    b->answer_len = RIG_BHS_LEN + (b->write ? 0 : len);
}

static bool ask(bare *b, uint64_t num)
{
    for (; num > 0; num--) {
        rig_set(b->request, RIG_F_ITT, b->sent++ % DEPTH_MAX);
        rig_set(b->request, RIG_F_CMD_SN, b->cmd_sn++);
        rig_be_set(b->request + rig_fields[RIG_F_CDB].byte + 2, 8, b->sent * 7919 % 1000 * b->blocks);
        if (!put(b, b->request, b->request_len))
            return false;
    }
    return true;
}

/* The first command meets a unit attention: its answer is a response, whatever was asked for. */
static bool warm_up(bare *b)
{
    uint8_t bhs[RIG_BHS_LEN];
    if (!ask(b, 1) || !get(b, bhs, sizeof bhs))
        return false;
    size_t len = (rig_get32(bhs, RIG_F_DATA_LEN) + 3) & ~(size_t)3;
    return len <= ROOM && get(b, b->room, len);
}

static bool run(bare *b, double until)
{
    size_t have = 0;
    uint64_t out = b->depth;
    if (!ask(b, out))
        return false;
    while (out > 0) {
        ssize_t n = recv(b->fd, b->room + have, ROOM - have, 0);
        if (n <= 0)
            return false;
        have += (size_t)n;
        uint64_t came = have / b->answer_len;
        have -= came * b->answer_len;
        memmove(b->room, b->room + came * b->answer_len, have);
        b->done += came;
        out -= came;
        if (came && seconds_now() < until) {
            if (!ask(b, came))
                return false;
            out += came;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static bare b;
    rig_run_url url;
    double seconds = 2;
    b.depth = 32;
    b.blocks = 8;
    for (int c; (c = getopt(argc, argv, "rwm:b:t:")) != -1;) {
        b.write = b.write || c == 'w';
        if (c == 'm')
            b.depth = (uint32_t)strtoul(optarg, NULL, 10);
        if (c == 'b')
            b.blocks = (uint32_t)strtoul(optarg, NULL, 10);
        if (c == 't')
            seconds = strtod(optarg, NULL);
        if (c == '?')
            return 2;
    }
    bool sane = b.depth >= 1 && b.depth <= 64 && b.blocks >= 1 && b.blocks <= 512;
    if (optind + 1 != argc || !sane || rig_run_url_parse(rig_view_str(argv[optind]), &url, NULL))
        return 2;
    b.request = calloc(1, RIG_BHS_LEN + (size_t)b.blocks * BLOCK);
    b.room = malloc(ROOM);
    if (!b.request || !b.room || !dial(&b, &url) || !log_in(&b, &url))
        return 1;
    make_request(&b, &url);
    if (!warm_up(&b))
        return 1;
    double began = seconds_now();
    bool good = run(&b, began + seconds);
    double took = seconds_now() - began;
    printf("iops average %.0f (%.0f MB/s) errors 0\n", (double)b.done / took,
           (double)b.done * b.blocks * BLOCK / took / 1e6);
    close(b.fd);
    free(b.request);
    free(b.room);
    return good ? 0 : 1;
}
