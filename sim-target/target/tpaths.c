/* What logical units ask of the target around them: the ports they are reached through (a port is a node on a
 * portal group, RFC 7143 section 4.4.2), who is there, and what else can be addressed. */
#include "tgt.h"

/* Portals of one group are one port. */
static bool first_of_group(const rig_target_node *node, uint32_t portal)
{
    const tgt_portal *portals = node->target->portals;
    for (uint32_t i = 0; i < portal; i++)
        if (portals[i].group == portals[portal].group && tgt_node_at(node, &portals[i]))
            return false;
    return tgt_node_at(node, &portals[portal]);
}

static void name_port(const rig_target_node *node, uint16_t group, rig_device_port *out)
{
    rig_text text;
    rig_text_init(&text, out->name, sizeof(out->name));
    rig_text_add(&text, "%s,t,0x%04x", node->name, group);
    out->len = (uint16_t)text.len;
}

/* Numbered over all nodes that show the unit, so that no two have the same identifier. */
static bool port_at(void *ctx, size_t i, rig_device_port *out_port)
{
    const tgt_unit *unit = ctx;
    const rig_target *target = unit->target;
    size_t seen = 0;
    for (uint32_t n = 0; n < unit->num_nodes; n++)
        for (uint32_t p = 0; p < target->num_portals; p++) {
            if (!first_of_group(unit->nodes[n], p) || seen++ < i)
                continue;
            out_port->id = (uint16_t)(i + 1);
            name_port(unit->nodes[n], target->portals[p].group, out_port);
            return true;
        }
    return false;
}

static rig_nexus_id nexus_at(void *ctx, rig_view initiator, rig_view port)
{
    const tgt_unit *unit = ctx;
    const rig_target *target = unit->target;
    for (tgt_list *at = target->sessions.next; at != &target->sessions; at = at->next) {
        const tgt_session *session = TGT_OF(at, tgt_session, in_target);
        if (session->ports &&
            rig_view_eq(rig_view_of(session->ports, session->initiator_port_len), initiator) &&
            rig_view_eq(rig_view_of(session->ports + session->initiator_port_len, session->target_port_len),
                        port))
            return session->nexus;
    }
    return 0;
}

static tgt_scsi *asker(const rig_scsi *by)
{
    return TGT_OF(by, tgt_scsi, scsi);
}

static void abort_tasks(void *ctx, const rig_scsi *by, rig_nexus_id nexus)
{
    (void)ctx;
    tgt_abort_preempted(asker(by), nexus);
}

/* What the session of a command can address is what it may copy. */
static rig_device *peer_at(void *ctx, const rig_scsi *by, size_t i)
{
    const rig_target_node *node = asker(by)->task.conn->session->node;
    (void)ctx;
    return i < node->num_luns ? node->units[i]->device : NULL;
}

const rig_device_target_ops tgt_device_ops = {port_at, nexus_at, abort_tasks, peer_at};
