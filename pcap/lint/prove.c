/* Shows that a rule can fail: a list it says nothing of, and the same list with one PDU changed. */
#include "lint.h"

#define OTHER_CONNECTION (UINT32_MAX - 1) /* index of the second connection of a joined session */

typedef struct proof {
    const rig_alloc *alloc;
    const rig_lint_rule *rule;
    const rig_items *items;
    size_t at;                 /* the changed item */
    rig_lint_changed *changed; /* NULL = none */
    rig_lint *lint;
    bool fires, joined;
    bool without; /* the rule is switched off: who else has its id? */
} proof;

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    proof *p = ctx;
    p->fires |= finding->rule == p->rule || (p->without && strcmp(finding->rule->id, p->rule->id) == 0);
    return RIG_OK;
}

static bool last_login_response(const rig_item *item)
{
    return item->kind == RIG_ITEM_PDU && !item->to_target &&
           rig_pdu_kind_of(item->pdu.bhs) == RIG_PDU_LOGIN_RESP && rig_get(item->pdu.bhs, RIG_F_T) &&
           rig_get(item->pdu.bhs, RIG_F_NSG) == 3 && rig_get(item->pdu.bhs, RIG_F_LOGIN_STATUS) == 0;
}

static rig_status join_pdu(proof *p, const uint8_t *bhs, bool to_target, rig_view text)
{
    const rig_item item = {.kind = RIG_ITEM_PDU,
                           .connection = OTHER_CONNECTION,
                           .to_target = to_target,
                           .pdu = {.bhs = bhs, .data = text},
                           .data_len = (uint32_t)text.len,
                           .text = text};
    return rig_lint_item(p->lint, &item);
}

/* The names as the session's own login has them, for they say which session is meant. */
static size_t copy_names(const proof *p, uint32_t connection, uint8_t *out, size_t size)
{
    static const char *const keys[] = {"InitiatorName", "TargetName"};
    rig_text text;
    rig_view value;
    rig_text_init(&text, (char *)out, size);
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < p->items->num; i++)
            if (p->items->ptr[i].connection == connection && p->items->ptr[i].to_target &&
                lint_has_key(p->items->ptr[i].text, keys[k], &value)) {
                rig_text_add(&text, "%s=", keys[k]);
                rig_text_view(&text, value);
                rig_text_view(&text, rig_view_of("", 1));
                break;
            }
    return text.len;
}

/* One more connection for the session whose login just ended. */
static rig_status join(proof *p, const rig_item *response)
{
    uint8_t bhs[RIG_BHS_LEN], names[2 * RIG_NAME_MAX + 64];
    const rig_item connect = {
        .kind = RIG_ITEM_EVENT, .connection = OTHER_CONNECTION, .event = rig_view_str("connect")};
    rig_view text = rig_view_of(names, copy_names(p, response->connection, names, sizeof names));
    rig_status status = rig_lint_item(p->lint, &connect);
    memcpy(bhs, response->pdu.bhs, sizeof bhs);
    uint32_t cmd_sn = rig_get32(bhs, RIG_F_EXP_CMD_SN);
    rig_bhs_init(bhs, RIG_PDU_LOGIN_REQ);
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_CSG, 1);
    rig_set(bhs, RIG_F_NSG, 3);
    rig_set(bhs, RIG_F_ISID, rig_get(response->pdu.bhs, RIG_F_ISID));
    rig_set(bhs, RIG_F_TSIH, rig_get(response->pdu.bhs, RIG_F_TSIH));
    rig_set(bhs, RIG_F_ITT, 1);
    rig_set(bhs, RIG_F_CID, 99);
    rig_set(bhs, RIG_F_CMD_SN, cmd_sn);
    if (!status)
        status = join_pdu(p, bhs, true, text);
    memcpy(bhs, response->pdu.bhs, sizeof bhs);
    rig_set(bhs, RIG_F_CSG, 1);
    rig_set(bhs, RIG_F_ITT, 1);
    p->joined = true;
    return status ? status : join_pdu(p, bhs, false, rig_view_of("TargetPortalGroupTag=1", 23));
}

static rig_status give(proof *p, const rig_item *item)
{
    rig_item other = *item;
    if (p->changed && p->changed->other)
        other.connection = OTHER_CONNECTION;
    return rig_lint_item(p->lint, &other);
}

static rig_status give_changed(proof *p)
{
    rig_status status = p->changed->drop ? RIG_OK : give(p, &p->changed->item);
    return status || !p->changed->twice ? status : give(p, &p->changed->item);
}

/* The PDU that the changed one is sent before: the sender's last one. */
static size_t place_of(const proof *p)
{
    const rig_item *item = &p->items->ptr[p->at];
    size_t i = p->at;
    while (p->changed->earlier && i > 0) {
        const rig_item *before = &p->items->ptr[--i];
        if (before->kind == RIG_ITEM_PDU && before->connection == item->connection &&
            before->to_target == item->to_target)
            return i;
    }
    return p->at;
}

static rig_status give_all(proof *p, bool joins)
{
    size_t place = p->changed ? place_of(p) : SIZE_MAX;
    rig_status status = RIG_OK;
    for (size_t i = 0; i < p->items->num && status == RIG_OK; i++) {
        const rig_item *item = &p->items->ptr[i];
        if (i == place)
            status = give_changed(p);
        if (!status && !(p->changed && i == p->at))
            status = rig_lint_item(p->lint, item);
        if (!status && joins && !p->joined && last_login_response(item))
            status = join(p, item);
    }
    return status;
}

static rig_status run(proof *p, bool joins)
{
    const rig_lint_config config = {
        .alloc = p->alloc, .finding = on_finding, .ctx = p, .without = p->without ? p->rule : NULL};
    rig_status status = rig_lint_new(&config, &p->lint);
    p->fires = p->joined = false;
    if (!status)
        status = give_all(p, joins);
    rig_lint_free(p->lint);
    return status;
}

/* One place: with the second connection alone the rule has to be silent, too. */
static rig_status try_place(proof *p, rig_lint_changed *changed, rig_lint_proof *out_proof)
{
    rig_status status = RIG_OK;
    p->changed = NULL;
    *out_proof = RIG_LINT_SURVIVED;
    if (changed->joined)
        status = run(p, true);
    if (status || (changed->joined && p->fires))
        return status;
    p->changed = changed;
    status = run(p, changed->joined);
    if (status || !p->fires)
        return status;
    p->without = true;
    status = run(p, changed->joined);
    p->without = false;
    *out_proof = p->fires ? RIG_LINT_SHARED : RIG_LINT_PROVED;
    return status;
}

static rig_status try_places(proof *p, rig_lint_changed *changed, rig_lint_proof *out_proof, size_t *out_item)
{
    unsigned tries = 0;
    for (size_t i = 0; i < p->items->num && tries < RIG_LINT_TRIES_MAX && *out_proof != RIG_LINT_PROVED;
         i++) {
        rig_status status = rig_lint_change(p->rule->change, &p->items->ptr[i], changed);
        if (status == RIG_E_NOT_FOUND)
            continue;
        p->at = i;
        tries++;
        if (!status)
            status = try_place(p, changed, out_proof);
        if (status)
            return status;
        if (out_item)
            *out_item = i;
    }
    return RIG_OK;
}

rig_status rig_lint_prove(const rig_alloc *alloc, const rig_lint_rule *rule, const rig_items *items,
                          rig_lint_proof *out_proof, size_t *out_item)
{
    proof p = {.alloc = alloc, .rule = rule, .items = items};
    *out_proof = RIG_LINT_NO_PLACE;
    rig_status status = run(&p, false);
    if (status)
        return status;
    if (p.fires) {
        *out_proof = RIG_LINT_UNCLEAN;
        return RIG_OK;
    }
    rig_lint_changed *changed = rig_new(alloc, sizeof *changed);
    if (!changed)
        return RIG_E_NOMEM;
    status = try_places(&p, changed, out_proof, out_item);
    rig_delete(alloc, changed, sizeof *changed);
    return status;
}
