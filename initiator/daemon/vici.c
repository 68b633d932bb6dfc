/* IPsec by a charon that runs on this machine: its socket, and what the adapters can do by it. */
#include "daemon_internal.h"

#define LEAVE_WAIT (2 * RIG_SECOND) /* for charon, when the service ends */

static rig_status dial(void *ctx, const rig_stream_user *user, rig_stream **out_stream)
{
    const rig_daemon *daemon = ctx;
    return rig_connect_local(daemon->loop, daemon->config.vici, user, out_stream);
}

static void log_line(void *ctx, const char *text)
{
    daemon_log(ctx, "%s", text);
}

/* Of Microsoft's software initiator there is no aggressive mode. */
static void give_abilities(rig_hba *hba)
{
    for (uint32_t i = 0; i < hba->num_adapters; i++)
        hba->adapters[i].abilities =
            (rig_security_abilities){.ipsec = true, .aggressive = hba->adapters[i].hardware, .tunnel = true};
}

static rig_status open_device(rig_daemon *daemon, const rig_transport **out, rig_error *err)
{
    const char *device = daemon->config.vici_device;
    *out = device ? rig_loop_transport_via(daemon->loop, device) : NULL;
    return device && !*out ? rig_fail(err, RIG_E_ARGUMENT, "\"%s\": a network device has 1 to %d bytes",
                                      device, RIG_DEVICE_NAME_MAX)
                           : RIG_OK;
}

rig_status daemon_vici_init(rig_daemon *daemon, rig_error *err)
{
    rig_vici_config config = {.alloc = rig_alloc_libc(),
                              .dial = dial,
                              .below = rig_loop_transport(daemon->loop),
                              .log = log_line,
                              .ctx = daemon};
    daemon->transport = config.below;
    if (!daemon->config.vici)
        return RIG_OK;
    rig_status status = open_device(daemon, &config.device, err);
    if (status)
        return status;
    if (rig_vici_new(&config, &daemon->vici) != RIG_OK)
        return rig_fail(err, RIG_E_NOMEM, "no memory for what asks charon");
    daemon->transport = rig_vici_transport(daemon->vici);
    give_abilities(&daemon->hba);
    return RIG_OK;
}

/* Nothing is connected any more, so that keys and associations need not stay with charon. */
void daemon_vici_free(rig_daemon *daemon)
{
    if (!daemon->vici)
        return;
    uint64_t until = rig_loop_now(daemon->loop) + LEAVE_WAIT;
    rig_vici_leave(daemon->vici);
    rig_vici_tick(daemon->vici, rig_loop_now(daemon->loop));
    while (!rig_vici_leave(daemon->vici) && rig_loop_now(daemon->loop) < until) {
        uint64_t next = rig_vici_next_deadline(daemon->vici);
        if (rig_loop_run_once(daemon->loop, next < until ? next : until) != RIG_OK)
            break;
        rig_vici_tick(daemon->vici, rig_loop_now(daemon->loop));
    }
    rig_vici_free(daemon->vici);
}
