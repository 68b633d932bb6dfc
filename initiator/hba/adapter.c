/* Which adapter, and which of its ports, leads to a portal. */
#include <string.h>

#include "rig/hba.h"

static bool named(const char *instance)
{
    return instance[0] != 0;
}

/* An adapter that names no ports has one, whose address is the host's affair. */
static uint32_t num_ports(const rig_adapter *adapter)
{
    return adapter->num_ports ? adapter->num_ports : 1;
}

rig_adapter *rig_hba_find(rig_hba *hba, const char *instance)
{
    for (uint32_t i = 0; i < hba->num_adapters; i++)
        if (strcmp(hba->adapters[i].name, instance) == 0)
            return &hba->adapters[i];
    return NULL;
}

rig_code rig_hba_port(const rig_hba *hba, const char *instance, uint32_t port)
{
    if (!named(instance))
        return port == RIG_PORT_ANY ? RIG_CODE_SUCCESS : RIG_CODE_INVALID_PORT_NUMBER;
    const rig_adapter *adapter = NULL;
    for (uint32_t i = 0; i < hba->num_adapters && !adapter; i++)
        if (strcmp(hba->adapters[i].name, instance) == 0)
            adapter = &hba->adapters[i];
    if (!adapter)
        return RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND;
    return port == RIG_PORT_ANY || port < num_ports(adapter) ? RIG_CODE_SUCCESS
                                                             : RIG_CODE_INVALID_PORT_NUMBER;
}

static bool same_bits(const rig_ip *a, const rig_ip *b, uint8_t bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

#define NO_WAY (-1)

/* How well a port leads to an address: the bits of its network, 0 for one of the same family only. What is
 * not known, a name to be looked up or the port's own address, is no hindrance. */
static int fitness(const rig_adapter *adapter, uint32_t number, const rig_ip *to)
{
    static const rig_adapter_port unnamed = {0};
    const rig_adapter_port *port = adapter->num_ports ? &adapter->ports[number] : &unnamed;
    if (port->down)
        return NO_WAY;
    if (port->local.ip.version == 0 || to->version == 0)
        return 0;
    if (port->local.ip.version != to->version)
        return NO_WAY;
    uint8_t bits = to->version == 4 ? 32 : 128;
    if (port->prefix <= bits && same_bits(&port->local.ip, to, port->prefix))
        return port->prefix;
    return 0;
}

static void consider(rig_adapter *adapter, uint32_t port, const rig_ip *to, int *best, rig_route *out_route)
{
    int fits = fitness(adapter, port, to);
    if (fits <= *best)
        return;
    *best = fits;
    *out_route = (rig_route){.adapter = adapter, .port = port};
    if (adapter->num_ports)
        out_route->local = adapter->ports[port].local;
}

rig_code rig_hba_route(rig_hba *hba, const char *instance, uint32_t port, const rig_portal *portal,
                       rig_route *out_route)
{
    rig_ip to = {0};
    int best = NO_WAY;
    rig_code code = rig_hba_port(hba, instance, port);
    if (code != RIG_CODE_SUCCESS)
        return code;
    rig_ip_parse(rig_view_str(portal->host), &to);
    for (uint32_t i = 0; i < hba->num_adapters; i++) {
        rig_adapter *adapter = &hba->adapters[i];
        bool meant = !named(instance) || strcmp(adapter->name, instance) == 0;
        for (uint32_t p = 0; meant && p < num_ports(adapter); p++)
            if (port == RIG_PORT_ANY || port == p)
                consider(adapter, p, &to, &best, out_route);
    }
    return best == NO_WAY ? RIG_CODE_CONNECTION_FAILED : RIG_CODE_SUCCESS;
}
