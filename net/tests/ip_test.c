#include "rig/link_ops.h"
#include "tests/world.h"

static world w;
static uint8_t bytes[RIG_SIM_MTU_MAX];

static rig_packet udp_packet(const char *from, const char *to, const char *text)
{
    static uint8_t data[100];
    memset(data, 0, sizeof(data));
    memcpy(data, text, strlen(text));
    rig_packet packet = {.source = world_ip(from), .destination = world_ip(to), .protocol = RIG_PROTOCOL_UDP};
    packet.header_len = RIG_UDP_HEADER;
    packet.payload_len = (uint32_t)strlen(text);
    packet.num_iov = 1;
    packet.iov[0] = (struct iovec){data, packet.payload_len};
    rig_put_be16(packet.header, 1000);
    rig_put_be16(packet.header + 2, 2000);
    rig_put_be16(packet.header + 4, (uint16_t)(RIG_UDP_HEADER + packet.payload_len));
    return packet;
}

/* The IPv4 header of length 115, UDP, 192.168.0.1 to 192.168.0.199 sums to 0x479c + 2, so its checksum is
 * b861. */
static void ipv4_header_checksum(void)
{
    static const uint8_t header[] = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                                     0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
    rig_packet packet = udp_packet("192.168.0.1", "192.168.0.199", "");
    packet.payload_len = 87;
    packet.iov[0].iov_len = 87;
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 115);
    CU_ASSERT(memcmp(bytes, header, sizeof(header)) == 0);
}

/* 0a00+0001+0a00+0002 +0011+000a +03e8+07d0+000a+6162 = 8142; its complement is 7ebd. One byte less, padded:
 * 80de. */
static void udp_checksum_over_ipv4(void)
{
    rig_packet packet = udp_packet("10.0.0.1", "10.0.0.2", "ab");
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 30);
    CU_ASSERT_EQUAL(rig_be16(bytes + 26), 0x7ebd);
    packet = udp_packet("10.0.0.1", "10.0.0.2", "a");
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 29);
    CU_ASSERT_EQUAL(rig_be16(bytes + 26), 0x7f21);
}

/* fd00+0001+fd00+0002 +000a+0011 +03e8+07d0+000a+6162 = 26742, folded 6744; its complement is 98bb. */
static void udp_checksum_over_ipv6(void)
{
    rig_packet packet = udp_packet("fd00::1", "fd00::2", "ab");
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 50);
    CU_ASSERT_EQUAL(bytes[0], 0x60);
    CU_ASSERT_EQUAL(rig_be16(bytes + 4), 10);
    CU_ASSERT_EQUAL(rig_be16(bytes + 46), 0x98bb);
}

/* 0a00+0001+0a00+0002 +0006+0014 +03e8+0cbc +0001 +0002 +5010+0100 = 75d4; its complement is 8a2b. */
static void tcp_checksum(void)
{
    static const uint8_t header[] = {0x03, 0xe8, 0x0c, 0xbc, 0,    0, 0, 1, 0, 0,
                                     0,    2,    0x50, 0x10, 0x01, 0, 0, 0, 0, 0};
    rig_packet packet = udp_packet("10.0.0.1", "10.0.0.2", "");
    packet.protocol = RIG_PROTOCOL_TCP;
    packet.header_len = sizeof(header);
    memcpy(packet.header, header, sizeof(header));
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 40);
    CU_ASSERT_EQUAL(rig_be16(bytes + 36), 0x8a2b);
    packet.corrupt_checksum = true;
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 40);
    CU_ASSERT_NOT_EQUAL(rig_be16(bytes + 36), 0x8a2b);
}

static void packets_that_do_not_fit(void)
{
    rig_packet packet = udp_packet("10.0.0.1", "10.0.0.2", "ab");
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, 30), 30);
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, 29), 0);
    static uint8_t large[RIG_SIM_MTU_MAX];
    packet.iov[0] = (struct iovec){large, 65507};
    packet.payload_len = 65507;
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 65535);
    packet.iov[0].iov_len = packet.payload_len = 65508;
    CU_ASSERT_EQUAL(rig_packet_bytes(&packet, bytes, sizeof(bytes)), 0);
}

typedef struct mailbox {
    size_t num;
    size_t len;
    uint8_t data[2000];
    rig_address from;
    rig_address to;
} mailbox;

static void receive(void *ctx, const rig_address *from, const rig_address *to, rig_view data, uint64_t now)
{
    mailbox *box = ctx;
    (void)now;
    box->num++;
    box->len = data.len;
    if (data.len)
        memcpy(box->data, data.ptr, data.len);
    box->from = *from;
    box->to = *to;
}

static rig_status send_text(rig_simhost *from, uint16_t port, const char *to, uint16_t to_port,
                            const char *text)
{
    rig_address source = {.port = port};
    rig_address destination = {world_ip(to), to_port};
    return rig_simhost_udp_send(from, &source, &destination, rig_view_str(text));
}

static void datagrams_reach_their_port(void)
{
    mailbox any = {0}, exact = {0};
    world_start(&w, 1, RIG_MILLISECOND, NULL);
    rig_address at = {.port = 3205};
    rig_address at6 = {world_ip("fd00::2"), 500};
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &at, receive, &any), RIG_OK);
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &at6, receive, &exact), RIG_OK);
    CU_ASSERT_EQUAL(send_text(w.client, 99, "10.0.0.2", 3205, "four"), RIG_OK);
    CU_ASSERT_EQUAL(send_text(w.client, 99, "fd00::2", 3205, "sixes"), RIG_OK);
    CU_ASSERT_EQUAL(send_text(w.client, 98, "fd00::2", 500, ""), RIG_OK);
    CU_ASSERT_EQUAL(send_text(w.client, 98, "10.0.0.2", 500, "not for it"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(any.num, 2);
    CU_ASSERT_EQUAL(any.len, 5);
    CU_ASSERT(memcmp(any.data, "sixes", 5) == 0);
    CU_ASSERT_EQUAL(any.from.port, 99);
    CU_ASSERT_EQUAL(exact.num, 1);
    CU_ASSERT_EQUAL(exact.len, 0);
    CU_ASSERT(rig_ip_eq(&exact.to.ip, &at6.ip) && exact.to.port == 500);
    world_stop(&w);
}

static void udp_ports_have_one_user(void)
{
    mailbox box = {0};
    world_start(&w, 1, 0, NULL);
    rig_address free_port = {0}, taken, foreign = {world_ip("10.0.0.1"), 7};
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &free_port, receive, &box), RIG_OK);
    CU_ASSERT(free_port.port != 0);
    taken = (rig_address){world_ip("10.0.0.2"), free_port.port};
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &taken, receive, &box), RIG_E_EXISTS);
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &foreign, receive, &box), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &free_port, NULL, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &free_port, NULL, NULL), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &taken, receive, &box), RIG_OK);
    world_stop(&w);
}

static void udp_limits(void)
{
    static const uint8_t data[RIG_SIM_MTU];
    world_start(&w, 1, 0, NULL);
    rig_address from = {.port = 1}, to = {world_ip("10.0.0.2"), 2}, to6 = {world_ip("fd00::2"), 2};
    rig_address wrong = {world_ip("10.0.0.2"), 1};
    CU_ASSERT_EQUAL(rig_simhost_udp_send(w.client, &from, &to, rig_view_of(data, 1472)), RIG_OK);
    CU_ASSERT_EQUAL(rig_simhost_udp_send(w.client, &from, &to, rig_view_of(data, 1473)), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_simhost_udp_send(w.client, &from, &to6, rig_view_of(data, 1452)), RIG_OK);
    CU_ASSERT_EQUAL(rig_simhost_udp_send(w.client, &from, &to6, rig_view_of(data, 1453)), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_simhost_udp_send(w.client, &wrong, &to, rig_view_of(data, 1)), RIG_E_UNREACHABLE);
    CU_ASSERT_EQUAL(rig_simhost_udp_send(w.client, &wrong, &to6, rig_view_of(data, 1)), RIG_E_UNREACHABLE);
    world_stop(&w);
}

static void corrupted_datagrams_do_not_arrive(void)
{
    static const char *const links[] = {"corrupt nth=2", "drop nth=3", NULL};
    mailbox box = {0};
    rig_address at = {.port = 3205};
    world_start(&w, 1, 0, links);
    CU_ASSERT_EQUAL(rig_simhost_udp_bind(w.server, &at, receive, &box), RIG_OK);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(send_text(w.client, 99, "10.0.0.2", 3205, "text"), RIG_OK);
    CU_ASSERT(world_run(&w, RIG_NEVER));
    CU_ASSERT_EQUAL(box.num, 3);
    CU_ASSERT_EQUAL(w.num_packets, 4); /* the tap sees the damaged one */
    world_stop(&w);
}

static void configurations_out_of_range(void)
{
    rig_simnet *net;
    rig_simnet_config config = {.alloc = rig_alloc_libc(), .mtu = RIG_SIM_MTU_MIN - 1};
    CU_ASSERT_EQUAL(rig_simnet_new(&config, &net), RIG_E_ARGUMENT);
    config.mtu = RIG_SIM_MTU_MAX + 1;
    CU_ASSERT_EQUAL(rig_simnet_new(&config, &net), RIG_E_ARGUMENT);
    config.mtu = RIG_SIM_MTU_MAX;
    CU_ASSERT_EQUAL(rig_simnet_new(&config, &net), RIG_OK);
    rig_simnet_free(net);
    rig_simnet_free(NULL);
}

static void host_limits(void)
{
    world_start(&w, 1, 0, NULL);
    rig_ip ip = world_ip("10.0.0.2");
    CU_ASSERT_EQUAL(rig_simhost_address(w.client, &ip), RIG_E_EXISTS);
    for (uint32_t i = 2; i < RIG_SIM_HOST_ADDRESSES; i++) {
        ip = (rig_ip){.bytes = {10, 1, 0, (uint8_t)i}, .version = 4};
        CU_ASSERT_EQUAL(rig_simhost_address(w.client, &ip), RIG_OK);
    }
    ip.bytes[1] = 2;
    CU_ASSERT_EQUAL(rig_simhost_address(w.client, &ip), RIG_E_LIMIT);
    rig_simhost *host;
    for (uint32_t i = 2; i < RIG_SIM_HOSTS; i++)
        CU_ASSERT_EQUAL(rig_simhost_new(w.net, "host", &host), RIG_OK);
    CU_ASSERT_EQUAL(rig_simhost_new(w.net, "host", &host), RIG_E_LIMIT);
    world_stop(&w);
}

RIG_SUITE("net ip", {"IPv4 header checksum", ipv4_header_checksum},
          {"UDP checksum over IPv4", udp_checksum_over_ipv4},
          {"UDP checksum over IPv6", udp_checksum_over_ipv6}, {"TCP checksum", tcp_checksum},
          {"packets that do not fit", packets_that_do_not_fit},
          {"datagrams reach their port", datagrams_reach_their_port},
          {"UDP ports have one user", udp_ports_have_one_user}, {"UDP limits", udp_limits},
          {"corrupted datagrams do not arrive", corrupted_datagrams_do_not_arrive},
          {"configurations out of range", configurations_out_of_range}, {"host limits", host_limits})
