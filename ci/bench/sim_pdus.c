/* PDUs a second through initiator, simulated network and target on one core: 4 KiB reads, depth 32.
 * Usage: sim_pdus [READS [MTU]]. With CAPTURE=FILE in the environment the network is tapped into a pcapng
 * file. */
#include "rig/capture.h"
#include "rig/initiator.h"
#include "rig/link.h"
#include "rig/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define DEPTH 32
#define IO 4096
#define READ_AHEAD 65536

static struct {
    rig_simnet *net;
    rig_initiator *initiator;
    rig_target *target;
    rig_session *session;
    rig_pcapng *capture;
    rig_streams *streams;
    uint8_t packet[RIG_SIM_MTU_MAX + 64];
    uint64_t left, done, pdus;
    bool up;
} b;

static void on_event(void *ctx, const rig_event *event)
{
    (void)ctx;
    b.up = b.up || event->kind == RIG_EVENT_SESSION_UP;
}

static rig_status count_pdu(void *ctx, const rig_flow *flow, const rig_item *item)
{
    (void)ctx;
    (void)flow;
    b.pdus += item->kind == RIG_ITEM_PDU;
    return RIG_OK;
}

static void tap(void *ctx, uint64_t now, const rig_packet *packet)
{
    (void)ctx;
    size_t len = rig_packet_bytes(packet, b.packet, sizeof b.packet);
    rig_pcapng_ip(b.capture, now, rig_view_of(b.packet, len), (rig_view){0});
    rig_streams_packet(b.streams, now, RIG_LINK_RAW, rig_view_of(b.packet, len), (uint32_t)len);
}

static void read_done(rig_task *task, uint64_t now)
{
    b.done++;
    if (b.left > 0) {
        b.left--;
        rig_session_submit(b.session, task, now);
    }
}

static bool build(uint32_t mtu)
{
    static uint8_t ahead[2][READ_AHEAD];
    const rig_alloc *alloc = rig_alloc_libc();
    rig_error error = {0};
    const rig_simnet_config net = {.alloc = alloc, .mtu = mtu};
    rig_simhost *host, *target;
    rig_address at = {.port = RIG_PORT};
    rig_ip ip;
    rig_target_node *node;
    rig_device_config unit = {.alloc = alloc};
    rig_device *device;
    rig_ip_parse(rig_view_str("10.0.0.1"), &ip);
    rig_ip_parse(rig_view_str("192.0.2.1"), &at.ip);
    if (rig_simnet_new(&net, &b.net) || rig_simhost_new(b.net, "i", &host) ||
        rig_simhost_new(b.net, "t", &target) || rig_simhost_address(host, &ip) ||
        rig_simhost_address(target, &at.ip))
        return false;
    const rig_target_config server = {
        .alloc = alloc, .transport = rig_simhost_transport(target), .read_ahead = {ahead[0], READ_AHEAD}};
    const rig_initiator_config client = {.alloc = alloc,
                                         .transport = rig_simhost_transport(host),
                                         .read_ahead = {ahead[1], READ_AHEAD},
                                         .name = rig_view_str("iqn.2026-01.example.host:bench"),
                                         .event = on_event};
    return !rig_target_new(&server, &b.target) && !rig_target_portal_add(b.target, &at, 1, &error) &&
           !rig_target_node_add(b.target, rig_view_str("iqn.2026-01.example.sim:disk"), &node, &error) &&
           !rig_backing_ram_new(alloc, 64u << 20, &unit.backing) && !rig_device_new(&unit, &device) &&
           !rig_target_node_lun(node, 0, device) && !rig_initiator_new(&client, &b.initiator, &error);
}

static bool log_in(void)
{
    rig_session_config config;
    rig_session_config_init(&config);
    config.target = rig_view_str("iqn.2026-01.example.sim:disk");
    if (rig_portal_parse(rig_view_str("192.0.2.1"), &config.portal, NULL) ||
        rig_session_new(b.initiator, &config, &b.session, NULL) || rig_session_login(b.session, 0))
        return false;
    while (!b.up && rig_simnet_step(b.net))
        continue;
    return b.up;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void play(uint64_t reads)
{
    static rig_task tasks[DEPTH];
    static uint8_t buffers[DEPTH][IO];
    static struct iovec iovs[DEPTH];
    static const uint8_t cdb[10] = {0x28, [8] = IO / 512};
    b.left = reads - DEPTH;
    for (int i = 0; i < DEPTH; i++) {
        iovs[i] = (struct iovec){buffers[i], IO};
        tasks[i] = (rig_task){.kind = RIG_TASK_SCSI,
                              .cdb = rig_view_of(cdb, sizeof cdb),
                              .read = true,
                              .edtl = IO,
                              .in = &iovs[i],
                              .num_in = 1,
                              .attr = 1,
                              .done = read_done};
        rig_session_submit(b.session, &tasks[i], rig_simnet_now(b.net));
    }
    while (b.done < reads && rig_simnet_step(b.net))
        continue;
}

int main(int argc, char **argv)
{
    uint64_t reads = argc > 1 ? strtoull(argv[1], NULL, 10) : 500000;
    uint32_t mtu = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    const char *path = getenv("CAPTURE");
    if (reads < DEPTH || !build(mtu) || !log_in())
        return 1;
    if (path) {
        const rig_streams_config config = {.alloc = rig_alloc_libc(), .item = count_pdu};
        if (rig_pcapng_open(rig_alloc_libc(), path, (rig_view){0}, &b.capture, NULL) ||
            rig_streams_new(&config, &b.streams))
            return 1;
        rig_tap_set(b.net, tap, NULL);
    }
    double began = seconds();
    play(reads);
    double took = seconds() - began;
    /* A read is a SCSI Command and one Data-In with status. */
    printf("%s: %.2f M PDUs/s, %.0f k reads/s, %llu reads\n", path ? "tapped into pcapng" : "untapped",
           (double)b.done * 2 / took / 1e6, (double)b.done / took / 1e3, (unsigned long long)b.done);
    rig_initiator_free(b.initiator);
    rig_target_free(b.target);
    rig_simnet_free(b.net);
    rig_streams_free(b.streams);
    return rig_pcapng_close(b.capture) || b.done < reads;
}
