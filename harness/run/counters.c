/* Members of results that are counters of the engine, and the last failures of its node. */
#include <stddef.h>

#include "world.h"

typedef struct counter {
    const char *name;
    bool of_node;
    size_t offset, size; /* of the field */
} counter;

#define FIELD_OF(whose, field)                                                                               \
    offsetof(rig_##whose##_counters, field), sizeof(((rig_##whose##_counters *)NULL)->field)
#define IS_session false
#define IS_node true

static const counter counters[] = {
#define RIG_SCN_COUNTER(name, whose, field, what) {name, IS_##whose, FIELD_OF(whose, field)},
#include "rig/scn_counters.def"
};

static rig_initiator *node_of(const run_op *op)
{
    return op->initiator ? op->initiator : op->world->initiator;
}

static uint64_t value_of(const counter *row, const void *all)
{
    const char *at = (const char *)all + row->offset;
    uint32_t small;
    uint64_t large;
    if (row->size == sizeof large) {
        memcpy(&large, at, sizeof large);
        return large;
    }
    memcpy(&small, at, sizeof small);
    return small;
}

static uint64_t count_of(const run_op *op, const counter *row)
{
    rig_session_counters session;
    rig_node_counters node;
    if (row->of_node) {
        rig_initiator_count(node_of(op), &node);
        return value_of(row, &node);
    }
    rig_session_count(op->session, &session);
    return value_of(row, &session);
}

bool run_put_counter(const run_op *op, rig_view name, rig_text *out)
{
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        if (op->session && rig_view_is(name, counters[i].name)) {
            rig_text_add(out, "%llu", (unsigned long long)count_of(op, &counters[i]));
            return true;
        }
    return false;
}

bool run_put_login_failure(const run_op *op, rig_text *out)
{
    static const char *const names[] = {
        [RIG_LOGIN_FAILURE_NONE] = "none",
        [RIG_LOGIN_FAILURE_OTHER] = "other",
        [RIG_LOGIN_FAILURE_REDIRECT] = "redirect",
        [RIG_LOGIN_FAILURE_AUTH] = "auth",
        [RIG_LOGIN_FAILURE_AUTHENTICATE] = "authenticate",
        [RIG_LOGIN_FAILURE_NEGOTIATE] = "negotiate",
        [RIG_LOGIN_FAILURE_AUTHORIZE] = "authorize",
    };
    rig_last_failures last;
    rig_initiator_last_failures(node_of(op), &last);
    rig_text_add(out, "%s", names[last.login.type]);
    return true;
}

bool run_put_login_failure_portal(const run_op *op, rig_text *out)
{
    rig_last_failures last;
    rig_initiator_last_failures(node_of(op), &last);
    rig_portal portal = last.login.portal;
    portal.group = -1;
    if (last.login.status)
        rig_portal_print(out, &portal);
    return last.login.status != RIG_OK;
}

bool run_put_ssn_failure(const run_op *op, rig_text *out)
{
    static const char *const names[] = {
        [RIG_SESSION_FAILURE_NONE] = "none",
        [RIG_SESSION_FAILURE_DIGEST] = "digest",
        [RIG_SESSION_FAILURE_TIMEOUT] = "timeout",
        [RIG_SESSION_FAILURE_FORMAT] = "format",
    };
    rig_last_failures last;
    rig_initiator_last_failures(node_of(op), &last);
    rig_text_add(out, "%s", names[last.session.type]);
    return true;
}
