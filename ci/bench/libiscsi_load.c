/* The same loads with libiscsi, written as its own iscsi-perf is: callbacks, one poll for all sockets, data
 * read and written in place. */
#include "load.h"

#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct perf_slot perf_slot;

typedef struct perf {
    load load;
    struct iscsi_context *iscsi;
    uint32_t running;
    bool failed;
    perf_slot *slots;
} perf;

struct perf_slot {
    perf *perf;
    struct scsi_iovec iov;
    struct iscsi_context *iscsi; /* of a login */
    bool over;                   /* its context can go */
};

static void submit(perf *p, perf_slot *slot);

static void io_done(struct iscsi_context *iscsi, int status, void *command_data, void *private_data)
{
    (void)iscsi;
    perf_slot *slot = private_data;
    perf *p = slot->perf;
    scsi_free_scsi_task(command_data);
    p->running--;
    p->load.done++;
    p->load.errors += status != SCSI_STATUS_GOOD;
    if (!p->failed && load_more(&p->load))
        submit(p, slot);
}

static void submit(perf *p, perf_slot *slot)
{
    uint64_t block = load_next(&p->load, slot->iov.iov_base);
    uint32_t len = p->load.blocks * LOAD_BLOCK;
    int lun = (int)p->load.where.lun;
    struct scsi_task *task = p->load.write
                                 ? iscsi_write16_iov_task(p->iscsi, lun, block, NULL, len, LOAD_BLOCK, 0, 0,
                                                          0, 0, 0, io_done, slot, &slot->iov, 1)
                                 : iscsi_read16_iov_task(p->iscsi, lun, block, len, LOAD_BLOCK, 0, 0, 0, 0, 0,
                                                         io_done, slot, &slot->iov, 1);
    p->failed = p->failed || !task;
    p->running += task != NULL;
}

/* Its own ISIDs are random in 24 bits: with tens of thousands of sessions two at once have the same one, and
 * the second ends the first. */
static struct iscsi_context *new_context(const perf *p)
{
    static uint32_t isid;
    struct iscsi_context *iscsi = iscsi_create_context(LOAD_IQN);
    if (!iscsi)
        return NULL;
    iscsi_set_targetname(iscsi, p->load.where.target);
    iscsi_set_isid_random(iscsi, isid++ & 0xffffff, 0);
    iscsi_set_session_type(iscsi, ISCSI_SESSION_NORMAL);
    iscsi_set_header_digest(iscsi, ISCSI_HEADER_DIGEST_NONE);
    return iscsi;
}

static uint64_t read_capacity(perf *p)
{
    struct scsi_task *task = iscsi_readcapacity16_sync(p->iscsi, (int)p->load.where.lun);
    struct scsi_readcapacity16 *size =
        task && task->status == SCSI_STATUS_GOOD ? scsi_datain_unmarshall(task) : NULL;
    uint64_t num_blocks = size ? size->returned_lba + 1 : 0;
    if (task)
        scsi_free_scsi_task(task);
    return num_blocks;
}

static bool make_slots(perf *p)
{
    p->slots = calloc(p->load.depth, sizeof *p->slots);
    for (uint32_t i = 0; p->slots && i < p->load.depth; i++) {
        size_t len = p->load.logins ? 1 : (size_t)p->load.blocks * LOAD_BLOCK;
        p->slots[i] = (perf_slot){.perf = p, .iov = {calloc(1, len), len}};
        if (!p->slots[i].iov.iov_base)
            return false;
    }
    return p->slots != NULL;
}

static bool measure_ios(perf *p)
{
    p->iscsi = new_context(p);
    if (!p->iscsi || iscsi_full_connect_sync(p->iscsi, p->load.portal, (int)p->load.where.lun))
        return false;
    uint64_t num_blocks = read_capacity(p);
    if (num_blocks < p->load.blocks)
        return false;
    load_begin(&p->load, num_blocks);
    for (uint32_t i = 0; i < p->load.depth; i++)
        submit(p, &p->slots[i]);
    while (p->running > 0 && !p->failed) {
        struct pollfd pfd = {.fd = iscsi_get_fd(p->iscsi), .events = (short)iscsi_which_events(p->iscsi)};
        if (poll(&pfd, 1, -1) < 0 || iscsi_service(p->iscsi, pfd.revents))
            p->failed = true;
    }
    return !p->failed;
}

static void log_in(perf *p, perf_slot *slot);

static void logged_out(struct iscsi_context *iscsi, int status, void *command_data, void *private_data)
{
    (void)iscsi;
    (void)command_data;
    perf_slot *slot = private_data;
    slot->perf->load.errors += status != SCSI_STATUS_GOOD;
    slot->over = true; /* a context cannot be destroyed from inside its own callback */
}

static void logged_in(struct iscsi_context *iscsi, int status, void *command_data, void *private_data)
{
    (void)command_data;
    perf_slot *slot = private_data;
    if (status != SCSI_STATUS_GOOD || iscsi_logout_async(iscsi, logged_out, slot))
        slot->perf->failed = true;
}

static void connected(struct iscsi_context *iscsi, int status, void *command_data, void *private_data)
{
    (void)command_data;
    perf_slot *slot = private_data;
    if (status != SCSI_STATUS_GOOD || iscsi_login_async(iscsi, logged_in, slot))
        slot->perf->failed = true;
}

static void log_in(perf *p, perf_slot *slot)
{
    slot->over = false;
    slot->iscsi = new_context(p);
    p->failed =
        p->failed || !slot->iscsi || iscsi_connect_async(slot->iscsi, p->load.portal, connected, slot);
    p->running += !p->failed;
}

static void next_login(perf *p, perf_slot *slot)
{
    iscsi_destroy_context(slot->iscsi);
    slot->iscsi = NULL;
    p->running--;
    p->load.done++;
    if (!p->failed && load_more(&p->load))
        log_in(p, slot);
}

static void serve_logins(perf *p, struct pollfd *pfds)
{
    for (uint32_t i = 0; i < p->load.depth; i++) {
        struct iscsi_context *iscsi = p->slots[i].iscsi;
        pfds[i] = (struct pollfd){.fd = iscsi ? iscsi_get_fd(iscsi) : -1,
                                  .events = iscsi ? (short)iscsi_which_events(iscsi) : (short)0};
    }
    if (poll(pfds, p->load.depth, -1) < 0)
        p->failed = true;
    for (uint32_t i = 0; i < p->load.depth && !p->failed; i++) {
        perf_slot *slot = &p->slots[i];
        if (slot->iscsi && pfds[i].revents && iscsi_service(slot->iscsi, pfds[i].revents) && !slot->over)
            p->failed = true;
        if (slot->over && slot->iscsi)
            next_login(p, slot);
    }
}

static bool measure_logins(perf *p)
{
    static struct pollfd pfds[LOAD_DEPTH_MAX];
    load_begin(&p->load, p->load.blocks);
    for (uint32_t i = 0; i < p->load.depth; i++)
        log_in(p, &p->slots[i]);
    while (p->running > 0 && !p->failed)
        serve_logins(p, pfds);
    return !p->failed;
}

int main(int argc, char **argv)
{
    static perf p;
    if (!load_options(&p.load, argc, argv))
        return 2;
    if (!make_slots(&p))
        return 1;
    bool well = p.load.logins ? measure_logins(&p) : measure_ios(&p);
    int bad = load_end(&p.load);
    if (p.iscsi)
        iscsi_destroy_context(p.iscsi);
    return !well || bad;
}
