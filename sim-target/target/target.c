/* The target device: nodes, portals, and the calls of its owner. */
#include "tgt.h"

#define READ_AHEAD_MIN 4096

/* ---- making and freeing ---- */

static void take_defaults(rig_target *target)
{
    rig_target_config *config = &target->config;
    if (config->login_timeout == 0)
        config->login_timeout = TGT_LOGIN_TIMEOUT;
    if (config->window == 0)
        config->window = TGT_WINDOW;
    for (unsigned key = 0; key < TGT_KEYS; key++)
        target->own[key] = tgt_key_rows[key].own;
    target->next_ttt = (uint32_t)rig_draw(&config->draws, "target.ttt", 0);
}

static void init_lists(rig_target *target)
{
    tgt_list_init(&target->conns);
    tgt_list_init(&target->dirty);
    tgt_list_init(&target->dead);
    tgt_list_init(&target->sessions);
    tgt_list_init(&target->buried);
    tgt_list_init(&target->stirred);
    tgt_list_init(&target->pool[0]);
    tgt_list_init(&target->pool[1]);
}

static rig_status init_maps(rig_target *target)
{
    rig_map *const maps[] = {&target->node_map, &target->tsih_map, &target->name_map, &target->tasks,
                             &target->pending};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        if (rig_map_init(maps[i], target->alloc) != RIG_OK)
            return RIG_E_NOMEM;
    return RIG_OK;
}

rig_status rig_target_new(const rig_target_config *config, rig_target **out_target)
{
    if (!config->alloc || !config->transport || config->read_ahead.iov_len < READ_AHEAD_MIN ||
        config->window > RIG_TARGET_WINDOW_MAX)
        return RIG_E_ARGUMENT;
    rig_target *target = rig_new(config->alloc, sizeof(*target));
    if (!target)
        return RIG_E_NOMEM;
    target->alloc = config->alloc;
    target->config = *config;
    init_lists(target);
    take_defaults(target);
    if (init_maps(target) != RIG_OK) {
        rig_target_free(target);
        return RIG_E_NOMEM;
    }
    *out_target = target;
    return RIG_OK;
}

/* A view borrows all but its LUNs. */
void tgt_node_free(rig_target *target, rig_target_node *node)
{
    const rig_alloc *alloc = target->alloc;
    tgt_units_free(node);
    if (node->head) {
        rig_delete(alloc, node, sizeof(*node));
        return;
    }
    tgt_access_cleanup(&node->access, alloc);
    tgt_admission_cleanup(&node->admission, alloc);
    rig_delete(alloc, node->own, TGT_KEYS * sizeof(*node->own));
    if (node->alias)
        rig_delete(alloc, node->alias, node->alias_len + 1u);
    if (node->name)
        rig_delete(alloc, node->name, node->name_len + 1u);
    rig_delete(alloc, node, sizeof(*node));
}

static void end_conns(rig_target *target)
{
    tgt_enter(target, target->now);
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        if (conn->closing == TGT_FLUSHING)
            tgt_conn_cut(conn);
        else
            tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_ABORTED, "the target is freed");
    }
    while (!tgt_list_empty(&target->sessions))
        tgt_session_end(TGT_OF(target->sessions.next, tgt_session, in_target), TGT_TIMEOUT, RIG_E_ABORTED);
    tgt_leave(target);
}

void rig_target_free(rig_target *target)
{
    if (!target)
        return;
    end_conns(target);
    tgt_portals_cleanup(target);
    tgt_formers_free(target);
    for (uint32_t i = 0; i < target->num_nodes; i++)
        tgt_node_free(target, target->nodes[i]);
    rig_delete(target->alloc, target->nodes, target->size_nodes * sizeof(*target->nodes));
    rig_delete(target->alloc, target->rules, target->num_rules * sizeof(*target->rules));
    tgt_access_cleanup(&target->discovery, target->alloc);
    tgt_task_pool_cleanup(target);
    rig_map_cleanup(&target->node_map);
    rig_map_cleanup(&target->tsih_map);
    rig_map_cleanup(&target->name_map);
    rig_map_cleanup(&target->tasks);
    rig_map_cleanup(&target->pending);
    rig_delete(target->alloc, target, sizeof(*target));
}

/* ---- calls in progress ---- */

void tgt_enter(rig_target *target, uint64_t now)
{
    target->depth++;
    if (now > target->now)
        target->now = now;
}

static void send_all(rig_target *target)
{
    while (!tgt_list_empty(&target->dirty)) {
        tgt_conn *conn = TGT_OF(target->dirty.next, tgt_conn, in_dirty);
        tgt_list_remove(&conn->in_dirty);
        conn->dirty = false;
        tgt_conn_pump(conn);
        if (conn->closing == TGT_OPEN && conn->stream)
            rig_wake(conn->stream);
    }
}

static void bury_all(rig_target *target)
{
    while (!tgt_list_empty(&target->dead)) {
        tgt_conn *conn = TGT_OF(target->dead.next, tgt_conn, in_dirty);
        tgt_list_remove(&conn->in_dirty);
        tgt_conn_bury(conn);
    }
    while (!tgt_list_empty(&target->buried))
        tgt_session_free(TGT_OF(target->buried.next, tgt_session, in_target));
}

void tgt_leave(rig_target *target)
{
    do { /* what ends on the way makes room for tasks that were blocked */
        if (target->depth > 1)
            break;
        tgt_units_go_on(target);
        send_all(target);
        bury_all(target);
    } while (!tgt_list_empty(&target->stirred));
    target->depth--;
}

void tgt_event(rig_target *target, rig_target_event *event, const tgt_conn *conn, const tgt_session *session)
{
    if (!target->config.event)
        return;
    event->now = target->now;
    if (conn) {
        event->peer = conn->peer;
        event->cid = conn->cid;
        if (event->kind == RIG_TARGET_CLOSED || event->kind == RIG_TARGET_MADE_WRONG)
            event->bhs = conn->reading;
        if (event->bhs && !event->field)
            event->field = conn->blame;
    }
    if (session) {
        event->tsih = session->tsih;
        event->initiator = rig_view_of(session->initiator, session->initiator_len);
        if (session->node)
            event->target = rig_view_of(session->node->name, session->node->name_len);
    }
    target->config.event(target->config.ctx, event);
}

void tgt_made_wrong(tgt_conn *conn, const char *what)
{
    rig_target_event event = {
        .kind = RIG_TARGET_MADE_WRONG, .text = rig_view_str(what), .offset = conn->txq.newest};
    tgt_event(conn->target, &event, conn, conn->session);
}

void tgt_deviated(tgt_conn *conn, const char *what)
{
    rig_target_event event = {
        .kind = RIG_TARGET_MADE_WRONG, .text = rig_view_str(what), .offset = UINT64_MAX};
    tgt_event(conn->target, &event, conn, conn->session);
}

uint8_t tgt_blame(tgt_conn *conn, rig_field_id field, uint8_t reason)
{
    conn->blame = rig_fields[field].name;
    return reason;
}

uint16_t tgt_blame_key(tgt_conn *conn, tgt_key key, uint16_t status)
{
    conn->blame = tgt_key_rows[key].name;
    return status;
}

uint32_t tgt_new_ttt(rig_target *target)
{
    if (target->next_ttt == RIG_TAG_NONE)
        target->next_ttt = 0;
    return target->next_ttt++;
}

/* ---- nodes ---- */

rig_target_node *tgt_node_find(const rig_target *target, rig_view name)
{
    rig_map_link *link = rig_map_first(&target->node_map, rig_hash64(name.ptr, name.len, 0));
    for (; link; link = rig_map_next(link)) {
        rig_target_node *node = TGT_OF(link, rig_target_node, by_name);
        if (rig_view_eq(rig_view_of(node->name, node->name_len), name))
            return node;
    }
    return NULL;
}

rig_target_node *rig_target_node_find(const rig_target *target, rig_view name)
{
    return tgt_node_find(target, name);
}

bool tgt_node_at(const rig_target_node *node, const tgt_portal *portal)
{
    return node->portals >> portal->index & 1;
}

static rig_status grow_nodes(rig_target *target)
{
    uint32_t size = target->size_nodes ? target->size_nodes * 2 : 4;
    if (target->num_nodes < target->size_nodes)
        return RIG_OK;
    rig_target_node **nodes =
        rig_resize(target->alloc, target->nodes, target->size_nodes * sizeof(*nodes), size * sizeof(*nodes));
    if (!nodes)
        return RIG_E_NOMEM;
    target->nodes = nodes;
    target->size_nodes = size;
    return RIG_OK;
}

rig_status rig_target_node_add(rig_target *target, rig_view name, rig_target_node **out_node, rig_error *err)
{
    rig_status status = rig_iname_check(name, NULL, err);
    if (status != RIG_OK)
        return RIG_E_SYNTAX;
    if (tgt_node_find(target, name))
        return rig_fail(err, RIG_E_EXISTS, "the node %.*s is there already", RIG_VIEW_ARG(name));
    if (target->num_nodes >= RIG_TARGET_NODES_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a target has at most %d nodes", RIG_TARGET_NODES_MAX);
    rig_target_node *node = grow_nodes(target) == RIG_OK ? rig_new(target->alloc, sizeof(*node)) : NULL;
    if (node)
        node->name = rig_copy_text(target->alloc, name.ptr, name.len);
    if (!node || !node->name) {
        rig_delete(target->alloc, node, sizeof(*node));
        return rig_fail(err, RIG_E_NOMEM, "no memory for a node");
    }
    node->name_len = (uint16_t)name.len;
    node->target = target;
    node->portals = UINT64_MAX;
    rig_map_add(&target->node_map, &node->by_name, rig_hash64(name.ptr, name.len, 0));
    target->nodes[target->num_nodes++] = node;
    *out_node = node;
    return RIG_OK;
}

rig_status rig_target_node_alias(rig_target_node *node, rig_view alias)
{
    const rig_alloc *alloc = node->target->alloc;
    if (alias.len > RIG_VALUE_MAX)
        return RIG_E_LIMIT;
    char *copy = rig_copy_text(alloc, alias.ptr, alias.len);
    if (!copy)
        return RIG_E_NOMEM;
    if (node->alias)
        rig_delete(alloc, node->alias, node->alias_len + 1u);
    node->alias = copy;
    node->alias_len = (uint16_t)alias.len;
    return RIG_OK;
}

void rig_target_node_portals(rig_target_node *node, uint64_t portal_mask)
{
    node->portals = portal_mask;
}

/* ---- what is offered, and what goes wrong ---- */

static rig_status check_own(tgt_key key, uint32_t value, rig_error *err)
{
    if (key == TGT_KEY_MAX_CONNECTIONS && value > RIG_TARGET_CONNECTIONS_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a session has at most %d connections", RIG_TARGET_CONNECTIONS_MAX);
    return RIG_OK;
}

static rig_status unknown_key(rig_view key, rig_error *err)
{
    const char *names[TGT_KEYS];
    for (unsigned i = 0; i < TGT_KEYS; i++)
        names[i] = tgt_key_rows[i].name;
    size_t nearest = rig_nearest(key, names, TGT_KEYS);
    return rig_fail(err, RIG_E_NOT_FOUND, "no key %.*s%s%s", RIG_VIEW_ARG(key),
                    nearest < TGT_KEYS ? "; did you mean " : "", nearest < TGT_KEYS ? names[nearest] : "");
}

rig_status rig_target_offer(rig_target *target, rig_target_node *node, rig_view key, rig_view value,
                            rig_error *err)
{
    tgt_key which = tgt_key_find(key);
    uint32_t number;
    if (which == TGT_KEYS)
        return unknown_key(key, err);
    rig_status status = tgt_key_parse_own(which, value, &number, err);
    if (status == RIG_OK)
        status = check_own(which, number, err);
    if (status != RIG_OK)
        return status;
    if (node && !node->own) {
        node->own = rig_new(target->alloc, TGT_KEYS * sizeof(*node->own));
        if (!node->own)
            return rig_fail(err, RIG_E_NOMEM, "no memory for a node's offers");
        memcpy(node->own, target->own, TGT_KEYS * sizeof(*node->own));
    }
    (node ? node->own : target->own)[which] = number;
    return RIG_OK;
}

static bool waits(const rig_rule *rule)
{
    for (uint32_t i = 0; i < rule->num_actions; i++)
        if (rule->actions[i].verb == RIG_DO_HOLD || rule->actions[i].verb == RIG_DO_DELAY)
            return true;
    return false;
}

rig_status rig_target_rule_add(rig_target *target, const rig_rule *rule)
{
    uint32_t num = target->num_rules;
    if (num >= RIG_RULES_MAX || rule->num_actions > RIG_RULE_ACTIONS ||
        rule->num_conditions > RIG_RULE_CONDITIONS)
        return RIG_E_LIMIT;
    rig_rule *rules =
        rig_resize(target->alloc, target->rules, num * sizeof(*rules), (num + 1) * sizeof(*rules));
    if (!rules)
        return RIG_E_NOMEM;
    rules[num] = *rule;
    rules[num].seen = 0;
    if (waits(rule))
        target->wait_rules |= UINT64_C(1) << num;
    target->rules = rules;
    target->num_rules = num + 1;
    return RIG_OK;
}

void rig_target_fault_on(rig_target *target, rig_fault fault)
{
    rig_fault_add(&target->faults, fault);
    target->faulty = true;
}

static bool holds_for(const rig_rule *rule, rig_view event)
{
    for (uint32_t i = 0; i < rule->num_actions; i++)
        if (rule->actions[i].verb == RIG_DO_HOLD && rig_view_eq(rule->actions[i].text, event))
            return true;
    return false;
}

static void release_tasks(tgt_conn *conn, uint64_t rules)
{
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (!task->held || !(task->waits & rules))
            continue;
        task->waits &= ~rules;
        task->held = false;
        tgt_task_ready(task);
    }
}

void rig_target_release(rig_target *target, rig_view event, uint64_t now)
{
    uint64_t rules = 0;
    tgt_enter(target, now);
    for (uint32_t i = 0; i < target->num_rules; i++)
        if (holds_for(&target->rules[i], event))
            rules |= UINT64_C(1) << i;
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next)
        release_tasks(TGT_OF(at, tgt_conn, in_target), rules);
    tgt_leave(target);
}

void rig_target_ping(rig_target *target, uint64_t now)
{
    tgt_enter(target, now);
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next)
        tgt_ping(TGT_OF(at, tgt_conn, in_target));
    tgt_leave(target);
}

void rig_target_drop(rig_target *target, bool reset, uint64_t now)
{
    tgt_enter(target, now);
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next)
        tgt_conn_end(TGT_OF(at, tgt_conn, in_target), TGT_TRANSPORT_LOST, !reset, RIG_E_ABORTED,
                     "the target drops its connections");
    tgt_leave(target);
}

bool rig_target_drop_connection(rig_target *target, uint16_t cid, bool reset, uint64_t now)
{
    bool any = false;
    tgt_enter(target, now);
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        bool in_phase = conn->state >= TGT_S5_LOGGED_IN && conn->state <= TGT_S7_LOGOUT_REQUESTED;
        if (conn->cid != cid || !in_phase || conn->closing != TGT_OPEN)
            continue;
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, !reset, RIG_E_ABORTED, "the target drops the connection");
        any = true;
    }
    tgt_leave(target);
    return any;
}

/* ---- time ---- */

uint64_t rig_target_next_deadline(const rig_target *target)
{
    return rig_timerq_next(&target->timers);
}

static void expired(rig_timer *timer)
{
    switch (timer->kind) {
    case TGT_TIMER_CONN:
        tgt_conn_timer(TGT_OF(timer, tgt_conn, timer));
        return;
    case TGT_TIMER_DATA:
        tgt_conn_data_timer(TGT_OF(timer, tgt_conn, data_timer));
        return;
    case TGT_TIMER_LOGOUT:
        tgt_logout_overdue(TGT_OF(timer, tgt_conn, logout_timer));
        return;
    case TGT_TIMER_RETENTION:
        tgt_retain_timer(TGT_OF(timer, tgt_retention, timer));
        return;
    default:
        tgt_task_timer(TGT_OF(timer, tgt_task, timer));
    }
}

void rig_target_tick(rig_target *target, uint64_t now)
{
    rig_timer *timer;
    tgt_enter(target, now);
    while ((timer = rig_timerq_pop(&target->timers, now)))
        expired(timer);
    tgt_leave(target);
}

void rig_target_count(const rig_target *target, rig_target_counts *out_counts)
{
    *out_counts = (rig_target_counts){.commands = target->num_commands, .sessions = target->num_up};
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next)
        out_counts->connections += TGT_OF(at, tgt_conn, in_target)->stream != NULL;
}
