/*
 * Another configuration under living sessions. What a session sees of its node must not change: where the
 * LUNs of a node do, its sessions go on with a view, a node object that has the old list and shares the
 * devices. Retired nodes and views stand in target->formers until nothing refers to them.
 */
#include "tlogin.h"

/* ---- what is no longer needed ---- */

/* Text exchanges, and answers that still leave behind a logout, may refer to any node. */
static bool may_refer(const rig_target *target)
{
    for (const tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        const tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        if (conn->text || (conn->closing == TGT_FLUSHING && !conn->session))
            return true;
    }
    return false;
}

static bool in_use(const rig_target *target, const rig_target_node *node)
{
    for (const tgt_list *at = target->sessions.next; at != &target->sessions; at = at->next)
        if (TGT_OF(at, tgt_session, in_target)->node == node)
            return true;
    for (const rig_target_node *view = target->formers; view; view = view->former)
        if (view->head == node)
            return true;
    return may_refer(target);
}

/* A retired node outlives its views by one sweep. */
static void sweep(rig_target *target)
{
    rig_target_node **at = &target->formers;
    while (*at) {
        rig_target_node *node = *at;
        if (in_use(target, node)) {
            at = &node->former;
            continue;
        }
        *at = node->former;
        tgt_node_free(target, node);
    }
}

void tgt_formers_free(rig_target *target)
{
    while (target->formers) {
        rig_target_node *node = target->formers;
        target->formers = node->former;
        tgt_node_free(target, node);
    }
}

static void end_logins(rig_target *target)
{
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        if (conn->login)
            tgt_conn_end(conn, TGT_LOGIN_FAILED, false, RIG_E_ABORTED,
                         "the configuration changed during the login");
    }
}

/* ---- finding ---- */

static rig_view name_of(const rig_target_node *node)
{
    return rig_view_of(node->name, node->name_len);
}

static rig_target_node *find_retired(const rig_target *target, rig_view name)
{
    for (rig_target_node *node = target->formers; node; node = node->former)
        if (!node->head && rig_view_eq(name_of(node), name))
            return node;
    return NULL;
}

/* The node of that name, alive or retired. */
static rig_target_node *find_old(const rig_target *target, rig_view name)
{
    rig_target_node *node = tgt_node_find(target, name);
    return node ? node : find_retired(target, name);
}

/* ---- what a reload takes ---- */

typedef struct reload {
    rig_target *target, *from;
    rig_target_keep_fn *keep;
    void *ctx;
    rig_target_node **nodes; /* the list that will be, in the order of `from` */
    rig_target_node **views; /* of the living ones among them, for the sessions that are there; or NULL */
} reload;

static uint32_t unit_at(const rig_target_node *node, uint64_t sam)
{
    uint32_t at = 0;
    while (at < node->num_luns && node->sam_luns[at] != sam)
        at++;
    return at;
}

/* The position of a LUN among those of the old node when its device stays, else their number. */
static uint32_t kept_at(const reload *r, const rig_target_node *old, uint64_t sam)
{
    uint32_t at = unit_at(old, sam), lun;
    bool stays =
        at < old->num_luns && rig_lun_decode(sam, &lun) && r->keep && r->keep(r->ctx, name_of(old), lun);
    return stays ? at : old->num_luns;
}

static bool same_luns(const reload *r, const rig_target_node *old, const rig_target_node *fresh)
{
    for (uint32_t i = 0; i < fresh->num_luns; i++)
        if (kept_at(r, old, fresh->sam_luns[i]) == old->num_luns)
            return false;
    return old->num_luns == fresh->num_luns;
}

/* ---- preparing: all that may fail ---- */

static rig_status copy_units(const rig_target_node *node, rig_target_node *view)
{
    const rig_alloc *alloc = node->target->alloc;
    uint32_t num = node->num_luns;
    if (num == 0)
        return RIG_OK;
    view->units = rig_new(alloc, num * sizeof(*view->units));
    view->sam_luns = view->units ? rig_new(alloc, num * sizeof(*view->sam_luns)) : NULL;
    if (!view->sam_luns) {
        rig_delete(alloc, view->units, num * sizeof(*view->units));
        return RIG_E_NOMEM;
    }
    memcpy(view->units, node->units, num * sizeof(*view->units));
    memcpy(view->sam_luns, node->sam_luns, num * sizeof(*view->sam_luns));
    view->num_luns = view->size_luns = num;
    for (uint32_t i = 0; i < num; i++)
        view->units[i]->num_views++;
    return RIG_OK;
}

static rig_status view_of(rig_target_node *node, rig_target_node **out_view)
{
    const rig_alloc *alloc = node->target->alloc;
    rig_target_node *view = rig_new(alloc, sizeof(*view));
    if (!view)
        return RIG_E_NOMEM;
    view->target = node->target;
    view->head = node;
    view->name = node->name;
    view->name_len = node->name_len;
    view->own = node->own;
    view->portals = node->portals;
    if (copy_units(node, view) != RIG_OK) {
        rig_delete(alloc, view, sizeof(*view));
        return RIG_E_NOMEM;
    }
    *out_view = view;
    return RIG_OK;
}

static void free_lists(reload *r, uint32_t num)
{
    rig_delete(r->target->alloc, r->nodes, r->nodes ? num * sizeof(*r->nodes) : 0);
    rig_delete(r->target->alloc, r->views, r->views ? num * sizeof(*r->views) : 0);
}

static rig_status new_lists(reload *r, uint32_t num)
{
    if (num == 0)
        return RIG_OK;
    r->nodes = rig_new(r->target->alloc, num * sizeof(*r->nodes));
    r->views = rig_new(r->target->alloc, num * sizeof(*r->views));
    return r->nodes && r->views ? RIG_OK : RIG_E_NOMEM;
}

static rig_status prepare(reload *r)
{
    uint32_t num = r->from->num_nodes;
    rig_status status = new_lists(r, num);
    for (uint32_t i = 0; i < num && !status; i++) {
        const rig_target_node *fresh = r->from->nodes[i];
        rig_target_node *old = find_old(r->target, name_of(fresh));
        if (old && !same_luns(r, old, fresh) && in_use(r->target, old))
            status = view_of(old, &r->views[i]);
    }
    for (uint32_t i = 0; status && r->views && i < num; i++)
        if (r->views[i])
            tgt_node_free(r->target, r->views[i]);
    if (status)
        free_lists(r, num);
    return status;
}

/* ---- identities ---- */

/* Who a session's initiator was when its identity is no longer known: equal to nobody's. */
static const tgt_account nobody;

static bool same_account(const tgt_account *a, const tgt_account *b)
{
    return rig_view_eq(a->initiator, b->initiator) && rig_view_eq(a->user, b->user) &&
           rig_view_eq(a->secret, b->secret) && rig_view_eq(a->target_user, b->target_user) &&
           rig_view_eq(a->target_secret, b->target_secret);
}

static const tgt_account *renamed(const tgt_account *old, const tgt_access *fresh)
{
    if (!old || old == &nobody)
        return old;
    for (const tgt_account *account = fresh->accounts; account; account = account->next)
        if (same_account(account, old))
            return account;
    return &nobody;
}

/* 9.2: one identity for all connections of a session, so it must be found again. NULL: discovery. */
static void rename_accounts(const reload *r, const rig_target_node *node, const tgt_access *fresh)
{
    for (tgt_list *at = r->target->sessions.next; at != &r->target->sessions; at = at->next) {
        tgt_session *session = TGT_OF(at, tgt_session, in_target);
        if (tgt_node_head(session->node) == node)
            session->account = renamed(session->account, fresh);
    }
}

/* ---- nodes ---- */

/* Sessions that are on the node itself go on with the view. */
static void use_view(const reload *r, const rig_target_node *node, rig_target_node *view)
{
    for (tgt_list *at = r->target->sessions.next; at != &r->target->sessions; at = at->next) {
        tgt_session *session = TGT_OF(at, tgt_session, in_target);
        if (session->node == node)
            session->node = view;
    }
    view->former = r->target->formers;
    r->target->formers = view;
}

/* Devices that stay change places with those made for nothing; then the lists change hands. */
static void take_units(const reload *r, rig_target_node *node, rig_target_node *fresh)
{
    for (uint32_t i = 0; i < fresh->num_luns; i++) {
        uint32_t at = kept_at(r, node, fresh->sam_luns[i]);
        if (at == node->num_luns)
            continue;
        tgt_unit *made = fresh->units[i];
        fresh->units[i] = node->units[at];
        node->units[at] = made;
    }
}

static void adopt_units(rig_target *target, rig_target_node *node, const rig_target_node *fresh)
{
    for (uint32_t i = 0; i < node->num_luns; i++) {
        node->units[i]->target = target;
        tgt_unit_moved(node->units[i], fresh, node);
    }
}

/* Values that a negotiation looks at stay where they are. */
static void take_own(const rig_target *from, rig_target_node *node, rig_target_node *fresh)
{
    uint32_t *old = node->own;
    if (!old)
        return;
    memcpy(old, fresh->own ? fresh->own : from->own, TGT_KEYS * sizeof(*old));
    node->own = fresh->own;
    fresh->own = old;
}

/* All of the fresh node but what the living one is known by; the old things go away with the fresh one. */
static void exchange(const reload *r, rig_target_node *node, rig_target_node *fresh)
{
    rig_target_node old = *node;
    *node = *fresh;
    *fresh = old;
    fresh->by_name = node->by_name;
    fresh->target = node->target;
    fresh->name = node->name;
    node->by_name = old.by_name;
    node->target = old.target;
    node->name = old.name;
    node->former = old.former;
    adopt_units(r->target, node, fresh);
}

static void take_over(const reload *r, rig_target_node *node, rig_target_node *fresh, rig_target_node *view)
{
    if (view)
        use_view(r, node, view);
    if (node->access.accounts)
        rename_accounts(r, node, &fresh->access);
    take_units(r, node, fresh);
    take_own(r->from, node, fresh);
    exchange(r, node, fresh);
}

static void unlink_former(rig_target *target, const rig_target_node *node)
{
    rig_target_node **at = &target->formers;
    while (*at && *at != node)
        at = &(*at)->former;
    if (*at)
        *at = node->former;
}

static void list(rig_target *target, rig_target_node *node)
{
    rig_map_add(&target->node_map, &node->by_name, rig_hash64(node->name, node->name_len, 0));
}

/* Nodes of the new list: those there are, those that come back, those that are new. */
static void take_node(const reload *r, uint32_t i)
{
    rig_target *target = r->target;
    rig_target_node *fresh = r->from->nodes[i];
    rig_target_node *node = find_old(target, name_of(fresh));
    r->nodes[i] = node ? node : fresh;
    if (node) {
        if (!tgt_node_find(target, name_of(fresh))) {
            unlink_former(target, node);
            list(target, node);
        }
        take_over(r, node, fresh, r->views[i]);
        return;
    }
    rig_map_remove(&r->from->node_map, &fresh->by_name);
    fresh->target = target;
    adopt_units(target, fresh, fresh);
    list(target, fresh);
}

static void retire(rig_target *target, rig_target_node *node)
{
    rig_map_remove(&target->node_map, &node->by_name);
    node->former = target->formers;
    target->formers = node;
}

static void take_nodes(reload *r)
{
    rig_target *target = r->target, *from = r->from;
    for (uint32_t i = 0; i < from->num_nodes; i++)
        take_node(r, i);
    for (uint32_t i = 0; i < target->num_nodes; i++)
        if (!tgt_node_find(from, name_of(target->nodes[i]))) /* new ones have left that map */
            retire(target, target->nodes[i]);
    rig_delete(target->alloc, target->nodes, target->size_nodes * sizeof(*target->nodes));
    uint32_t left = 0; /* exchanged ones, for their owner to free */
    for (uint32_t i = 0; i < from->num_nodes; i++)
        if (r->nodes[i] != from->nodes[i])
            from->nodes[left++] = from->nodes[i];
    target->nodes = r->nodes;
    target->num_nodes = target->size_nodes = from->num_nodes;
    from->num_nodes = left;
    r->nodes = NULL;
}

/* ---- rules and faults ---- */

/* Tasks know rules by their numbers, which mean others now. */
static void forget_rules(tgt_conn *conn)
{
    rig_target *target = conn->target;
    conn->effects = 0;
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        bool held = task->held;
        next = at->next;
        task->effects = task->waits = task->sent = task->spent = 0;
        task->held = false;
        if (!held)
            continue;
        rig_timerq_disarm(&target->timers, &task->timer);
        tgt_task_ready(task);
    }
}

static void take_rules(rig_target *target, rig_target *from)
{
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        forget_rules(conn);
        if (conn->raw.len > 0) /* its bytes are the rule's */
            tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_ABORTED,
                         "the rule it was answering by is gone");
        conn->raw = (rig_view){0};
    }
    rig_rule *rules = target->rules;
    uint32_t num = target->num_rules;
    target->rules = from->rules;
    target->num_rules = from->num_rules;
    target->wait_rules = from->wait_rules;
    target->faults = from->faults;
    target->faulty = from->faulty;
    from->rules = rules;
    from->num_rules = num;
}

static void take_discovery(const reload *r)
{
    tgt_access old = r->target->discovery;
    rename_accounts(r, NULL, &r->from->discovery);
    r->target->discovery = r->from->discovery;
    r->from->discovery = old;
}

static void take_config(rig_target *target, const rig_target *from)
{
    memcpy(target->own, from->own, sizeof(target->own));
    target->config.login_timeout = from->config.login_timeout;
    target->config.nop_interval = from->config.nop_interval;
    target->config.window = from->config.window;
    target->config.no_data_in_status = from->config.no_data_in_status;
    target->config.tell_nexus_loss = from->config.tell_nexus_loss;
}

rig_status rig_target_reload(rig_target *target, rig_target *from, rig_target_keep_fn *keep, void *ctx,
                             uint64_t now)
{
    reload r = {.target = target, .from = from, .keep = keep, .ctx = ctx};
    if (from->alloc != target->alloc || from->num_portals || !tgt_list_empty(&from->conns))
        return RIG_E_ARGUMENT;
    uint32_t num = from->num_nodes;
    tgt_enter(target, now);
    sweep(target);
    rig_status status = prepare(&r);
    if (!status) {
        end_logins(target);
        take_nodes(&r);
        take_discovery(&r);
        take_rules(target, from);
        take_config(target, from);
        free_lists(&r, num);
    }
    tgt_leave(target);
    if (status)
        return status;
    sweep(target);
    rig_target_free(from);
    return RIG_OK;
}
