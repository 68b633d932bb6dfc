/* An adapter opens sessions; the security decision stands before the first packet. */
#include "rig/hba.h"

rig_status rig_adapter_login(rig_adapter *adapter, const rig_session_config *config, uint64_t flags,
                             bool require_ipsec, uint64_t now, rig_session **out_session, rig_error *err)
{
    const rig_security_request request = {
        .flags = flags, .require_ipsec = require_ipsec, .abilities = adapter->abilities};
    rig_security_decision decision = rig_security_decide(&request);
    if (decision.outcome != RIG_SECURITY_PLAIN)
        return rig_fail(err, RIG_E_REFUSED, "security: %s", rig_security_outcome_name(decision.outcome));
    rig_session *session = NULL;
    rig_status status = rig_session_new(adapter->initiator, config, &session, err);
    if (status)
        return status;
    *out_session = session;
    status = rig_session_login(session, now);
    if (status) {
        rig_session_free(session);
        *out_session = NULL;
        rig_fail(err, status, "cannot connect: %s", rig_status_meaning(status));
    }
    return status;
}
