/* Hosts: addresses, names, ephemeral ports. */
#include "sim.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

rig_status rig_simhost_new(rig_simnet *net, const char *name, rig_simhost **out_host)
{
    if (net->num_hosts >= RIG_SIM_HOSTS)
        return RIG_E_LIMIT;
    rig_simhost *host = rig_new(net->config.alloc, sizeof(*host));
    if (!host)
        return RIG_E_NOMEM;
    host->name = rig_copy_text(net->config.alloc, name, strlen(name));
    if (!host->name) {
        rig_delete(net->config.alloc, host, sizeof(*host));
        return RIG_E_NOMEM;
    }
    host->net = net;
    host->number = net->num_hosts++;
    host->transport = (rig_transport){&sim_transport_ops, host};
    host->first_port = (uint16_t)(rig_draw(&net->config.draws, "net.port", host->number) % SIM_PORTS);
    host->ip_id = (uint16_t)rig_draw(&net->config.draws, "net.ip-id", host->number);
    *(net->last_host ? &net->last_host->next : &net->hosts) = host;
    net->last_host = host;
    *out_host = host;
    return RIG_OK;
}

const rig_transport *rig_simhost_transport(rig_simhost *host)
{
    return &host->transport;
}

void rig_simhost_down(rig_simhost *host, bool down)
{
    host->down = down;
}

void rig_simhost_filter(rig_simhost *host, rig_packet_filter_fn *leaving, rig_packet_filter_fn *arriving,
                        void *ctx)
{
    host->leaving = leaving;
    host->arriving = arriving;
    host->filter_ctx = ctx;
}

static uint32_t ip_hash(const rig_ip *ip)
{
    return sim_mix(sim_ip_hash(ip), 1);
}

static bool same_address(const sim_node *node, const void *key)
{
    return sim_ip_same(&SIM_OF(const sim_address, node, node)->ip, key);
}

rig_simhost *sim_host_of(const rig_simnet *net, const rig_ip *ip)
{
    sim_node *node = sim_table_find(&net->addresses, ip_hash(ip), same_address, ip);
    return node ? SIM_OF(sim_address, node, node)->host : NULL;
}

rig_status rig_simhost_address(rig_simhost *host, const rig_ip *ip)
{
    rig_simnet *net = host->net;
    if (ip->version != 4 && ip->version != 6)
        return RIG_E_ARGUMENT;
    if (sim_host_of(net, ip))
        return RIG_E_EXISTS;
    if (host->num_addresses >= RIG_SIM_HOST_ADDRESSES)
        return RIG_E_LIMIT;
    sim_address *address = &host->addresses[host->num_addresses];
    address->ip = *ip;
    address->host = host;
    if (!sim_table_add(&net->addresses, net->config.alloc, &address->node, ip_hash(ip)))
        return RIG_E_NOMEM;
    host->num_addresses++;
    return RIG_OK;
}

const rig_ip *sim_host_source(const rig_simhost *host, uint8_t version)
{
    for (uint32_t i = 0; i < host->num_addresses; i++)
        if (host->addresses[i].ip.version == version)
            return &host->addresses[i].ip;
    return NULL;
}

bool sim_host_has(const rig_simhost *host, const rig_ip *ip)
{
    return sim_host_of(host->net, ip) == host;
}

uint16_t sim_host_port(rig_simhost *host)
{
    return (uint16_t)(SIM_PORT_FIRST + (host->first_port + host->num_ports++) % SIM_PORTS);
}

static uint32_t name_hash(const char *text)
{
    uint64_t hash = 0;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)lower(*text)) * UINT64_C(0x100000001b3);
    return sim_mix(hash, 2);
}

static bool same_name(const sim_node *node, const void *key)
{
    const char *a = SIM_OF(const sim_name, node, node)->text;
    const char *b = key;
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

static sim_name *find_name(const rig_simnet *net, const char *text)
{
    sim_node *node = sim_table_find(&net->names, name_hash(text), same_name, text);
    return node ? SIM_OF(sim_name, node, node) : NULL;
}

bool sim_resolve(const rig_simnet *net, const char *text, rig_ip *out_ip)
{
    if (rig_ip_parse(rig_view_str(text), out_ip))
        return true;
    const sim_name *name = find_name(net, text);
    if (name)
        *out_ip = name->ip;
    return name != NULL;
}

bool rig_simhost_source(const rig_simhost *host, uint8_t version, rig_ip *out_ip)
{
    const rig_ip *source = sim_host_source(host, version);
    if (source)
        *out_ip = *source;
    return source != NULL;
}

rig_status rig_simnet_resolve(const rig_simnet *net, const char *text, rig_ip *out_ip)
{
    return sim_resolve(net, text, out_ip) ? RIG_OK : RIG_E_NOT_FOUND;
}

static rig_status add_name(rig_simnet *net, const char *text, const rig_ip *ip)
{
    const rig_alloc *alloc = net->config.alloc;
    sim_name *name = rig_new(alloc, sizeof(*name));
    char *copy = rig_copy_text(alloc, text, strlen(text));
    if (!name || !copy || !sim_table_add(&net->names, alloc, &name->node, name_hash(text))) {
        rig_delete(alloc, name, sizeof(*name));
        rig_delete(alloc, copy, strlen(text) + 1);
        return RIG_E_NOMEM;
    }
    name->text = copy;
    name->ip = *ip;
    name->next = net->all_names;
    net->all_names = name;
    return RIG_OK;
}

rig_status rig_simnet_name(rig_simnet *net, const char *text, const rig_ip *ip)
{
    size_t len = strlen(text);
    if (len == 0 || len > RIG_HOST_MAX || (ip->version != 4 && ip->version != 6))
        return RIG_E_ARGUMENT;
    sim_name *name = find_name(net, text);
    if (!name)
        return net->names.num < SIM_NAMES_MAX ? add_name(net, text, ip) : RIG_E_LIMIT;
    name->ip = *ip;
    return RIG_OK;
}

void sim_hosts_cleanup(rig_simnet *net)
{
    const rig_alloc *alloc = net->config.alloc;
    while (net->hosts) {
        rig_simhost *host = net->hosts;
        net->hosts = host->next;
        rig_delete(alloc, host->name, strlen(host->name) + 1);
        rig_delete(alloc, host, sizeof(*host));
    }
    while (net->all_names) {
        sim_name *name = net->all_names;
        net->all_names = name->next;
        rig_delete(alloc, name->text, strlen(name->text) + 1);
        rig_delete(alloc, name, sizeof(*name));
    }
}
