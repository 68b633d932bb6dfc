/* Whether two cases mean the same: both are written out, places left out, and compared. */
#include "lang.h"

typedef struct writer {
    lang_arena *arena;
    lang_vec bytes;
    bool ok;
} writer;

static void put(writer *w, const void *ptr, size_t len)
{
    for (size_t i = 0; i < len && w->ok; i++) {
        uint8_t *byte = lang_vec_add(w->arena, &w->bytes, 1);
        w->ok = byte != NULL;
        if (byte)
            *byte = ((const uint8_t *)ptr)[i];
    }
}

static void put_number(writer *w, uint64_t number)
{
    uint8_t bytes[8];
    rig_be_set(bytes, sizeof(bytes), number);
    put(w, bytes, sizeof(bytes));
}

static void put_view(writer *w, rig_view v)
{
    put_number(w, v.len);
    put(w, v.ptr, v.len);
}

static void put_views(writer *w, const rig_view *views, uint32_t num)
{
    put_number(w, num);
    for (uint32_t i = 0; i < num; i++)
        put_view(w, views[i]);
}

static void put_value(writer *w, const rig_scn_value *value)
{
    put_view(w, value->text);
    put_number(w, value->var);
    put_number(w, (uint64_t)value->offset);
    put_number(w, value->is_number ? value->number : 0);
    put_number(w, value->is_number);
    put_view(w, value->bytes);
    put_view(w, value->mask);
}

static void put_pairs(writer *w, const rig_scn_pair *pairs, uint32_t num)
{
    put_number(w, num);
    for (uint32_t i = 0; i < num; i++) {
        put_view(w, pairs[i].key);
        put_view(w, pairs[i].value);
    }
}

static void put_data(writer *w, const rig_scn_data *data)
{
    put_number(w, data->kind);
    put_view(w, data->bytes);
    put_number(w, data->seed);
    put_number(w, data->len);
}

static void put_pattern(writer *w, const rig_scn_pattern *pattern)
{
    put_number(w, pattern->match);
    put_value(w, &pattern->low);
    put_value(w, &pattern->high);
    for (uint32_t i = 0; pattern->call && i < pattern->call->num_args; i++)
        put_value(w, &pattern->call->args[i]);
}

static void put_conds(writer *w, const rig_scn_cond *conds, uint32_t num)
{
    put_number(w, num);
    for (uint32_t i = 0; i < num; i++) {
        put_number(w, conds[i].kind);
        put_number(w, conds[i].field);
        put_view(w, conds[i].name);
        put_pattern(w, &conds[i].pattern);
        put_data(w, &conds[i].data);
    }
}

static void put_line(writer *w, const rig_scn_line *line)
{
    put_number(w, line != NULL);
    if (!line)
        return;
    put_number(w, line->kind);
    put_number(w, line->pdu);
    put_number(w, line->event ? line->event->id : RIG_SCN_EVENTS);
    put_conds(w, line->conds, line->num_conds);
    put_number(w, (uint64_t)line->maybe << 4 | (uint64_t)line->timed << 3 | (uint64_t)line->keys_open << 2 |
                      (uint64_t)line->has_keys << 1 | line->is_raw);
    put_number(w, line->time_low);
    put_number(w, line->time_high);
    put_view(w, line->raw);
    put_number(w, line->within);
}

static void put_lines(writer *w, const rig_scn_line *lines, uint32_t num)
{
    put_number(w, num);
    for (uint32_t i = 0; i < num; i++)
        put_line(w, &lines[i]);
}

static void put_must(writer *w, const rig_scn_must *must)
{
    put_number(w, must->kind);
    put_number(w, must->quantity);
    put_value(w, &must->number);
    put_line(w, must->line);
    put_line(w, must->after);
    put_line(w, must->before);
    put_conds(w, must->has, must->num_has);
    put_number(w, must->alone);
    put_number(w, must->result);
    put_view(w, must->member);
    put_number(w, must->op);
    put_value(w, &must->value);
    put_views(w, must->ids, must->num_ids);
}

static void put_members(writer *w, const rig_scn_member *members, uint32_t num)
{
    put_number(w, num);
    for (uint32_t i = 0; i < num; i++) {
        put_view(w, members[i].path);
        put_view(w, members[i].value);
        put_number(w, members[i].result);
    }
}

static void put_args(writer *w, const rig_scn_arg *args, uint32_t num)
{
    put_number(w, num);
    for (uint32_t i = 0; i < num; i++) {
        put_view(w, rig_view_str(args[i].row->name));
        put_value(w, &args[i].value);
        put_pairs(w, args[i].pairs, args[i].num_pairs);
        put_data(w, &args[i].data);
        put_members(w, args[i].members, args[i].num_members);
    }
}

static void put_step(writer *w, const rig_scn_step *step)
{
    put_number(w, step->id);
    put_number(w, (uint64_t)step->async << 1 | step->again);
    put_number(w, step->result);
    put_number(w, step->within);
    put_lines(w, step->events, step->num_events);
    put_args(w, step->args, step->num_args);
}

static void put_auth(writer *w, const rig_scn_auth *auth)
{
    put_view(w, auth->method);
    put_view(w, auth->user);
    put_view(w, auth->secret);
    put_view(w, auth->target_user);
    put_view(w, auth->target_secret);
    put_view(w, auth->algorithms);
    put_number(w, auth->challenge_len);
    put_number(w, auth->hold_transit);
    put_number(w, auth->ipsec);
}

static void put_admission(writer *w, const rig_scn_node *node)
{
    put_views(w, node->allows, node->num_allows);
    put_number(w, (uint64_t)node->full_status << 32 | node->max_initiators);
    put_number(w, node->num_redirects);
    for (uint32_t i = 0; i < node->num_redirects; i++) {
        put_view(w, node->redirects[i].to);
        put_number(w, (uint64_t)node->redirects[i].permanent << 32 | (uint32_t)node->redirects[i].group);
    }
}

static void put_error(writer *w, const rig_device_error *error)
{
    put_number(w, (uint64_t)error->any << 24 | (uint64_t)error->has_lba << 16 | (uint64_t)error->opcode << 8 |
                      (uint8_t)error->service);
    put_number(w, error->first);
    put_number(w, error->last);
    put_number(w, (uint64_t)error->nth << 32 | error->every);
    put_number(w, (uint64_t)error->after << 32 | error->count);
    put_number(w, (uint64_t)error->kind << 24 | (uint64_t)error->key << 16 | (uint64_t)error->asc << 8 |
                      error->ascq);
}

static void put_node(writer *w, const rig_scn_node *node)
{
    put_view(w, node->name);
    put_view(w, node->alias);
    put_auth(w, &node->auth);
    put_number(w, node->num_hosts);
    for (uint32_t i = 0; i < node->num_hosts; i++) {
        put_view(w, node->hosts[i].name);
        put_auth(w, &node->hosts[i].auth);
    }
    put_pairs(w, node->offers, node->num_offers);
    put_number(w, (uint64_t)node->refuse << 33 | (uint64_t)node->numbered << 32 | node->count);
    for (uint32_t i = 0; i < node->num_groups; i++)
        put_number(w, node->groups[i]);
    put_admission(w, node);
    put_number(w, node->num_luns);
    for (uint32_t i = 0; i < node->num_luns; i++) {
        put_number(w, (uint64_t)node->luns[i].block << 32 | node->luns[i].lun);
        put_view(w, node->luns[i].kind);
        put_view(w, node->luns[i].same);
        put_number(w, node->luns[i].same_lun);
        put_number(w, node->luns[i].size);
        put_number(w, (uint64_t)node->luns[i].protection << 4 | (uint64_t)node->luns[i].has_serial << 3 |
                          (uint64_t)node->luns[i].removable << 2 | (uint64_t)node->luns[i].empty << 1 |
                          node->luns[i].read_only);
        put_number(w, node->luns[i].serial);
        put_number(w, node->luns[i].sanitize);
        for (uint32_t k = 0; k < node->luns[i].num_errors; k++)
            put_error(w, &node->luns[i].errors[k]);
    }
}

static void put_action(writer *w, const rig_rule_action *action)
{
    put_number(w, action->verb);
    put_number(w, action->time);
    put_view(w, action->text);
    put_number(w, (uint64_t)action->fault << 32 | action->bit);
    put_number(w, action->numbered ? UINT64_C(1) << 32 | action->number : 0);
    put_number(w, (uint64_t)action->pdu << 32 | action->field);
    put_number(w, action->value);
    put(w, action->bhs, sizeof(action->bhs));
    for (size_t i = 0; i < sizeof(action->given) / sizeof(action->given[0]); i++)
        put_number(w, action->given[i]);
    put_view(w, action->data);
}

static void put_rule(writer *w, const rig_rule *rule)
{
    put_number(w, rule->on);
    put_number(w, (uint64_t)rule->nth << 32 | rule->every);
    put_number(w, rule->after);
    put_number(w, rule->num_conditions);
    for (uint32_t i = 0; i < rule->num_conditions; i++) {
        const rig_rule_condition *condition = &rule->conditions[i];
        put_number(w, (uint64_t)condition->field << 1 | condition->differs);
        put_number(w, condition->low);
        put_number(w, condition->high);
        put(w, condition->cdb, sizeof(condition->cdb));
        put(w, condition->mask, sizeof(condition->mask));
    }
    put_number(w, rule->num_actions);
    for (uint32_t i = 0; i < rule->num_actions; i++)
        put_action(w, &rule->actions[i]);
}

static void put_target(writer *w, const rig_scn_target *target)
{
    put_number(w, target->num_portals);
    for (uint32_t i = 0; i < target->num_portals; i++) {
        put_view(w, target->portals[i].address);
        put_view(w, target->portals[i].name);
        put_number(w, (uint64_t)target->portals[i].port << 16 | target->portals[i].group);
    }
    put_number(w, target->num_nodes);
    for (uint32_t i = 0; i < target->num_nodes; i++)
        put_node(w, &target->nodes[i]);
    put_auth(w, &target->discovery);
    put_pairs(w, target->offers, target->num_offers);
    for (unsigned i = 0; i < RIG_FAULTS; i++)
        put_number(w, rig_fault_has(&target->faults, (rig_fault)i));
    put_number(w, target->num_rules);
    for (uint32_t i = 0; i < target->num_rules; i++)
        put_rule(w, &target->rules[i]);
    put_number(w, (uint64_t)target->window << 2 | (uint64_t)target->tell_nexus_loss << 1 |
                      target->no_phase_collapse);
    put_number(w, target->login_timeout);
    put_number(w, target->nop_interval);
}

static void put_initiator(writer *w, const rig_scn_initiator *initiator)
{
    put_view(w, initiator->name);
    put_view(w, initiator->alias);
    put_pairs(w, initiator->offers, initiator->num_offers);
    put_number(w, initiator->isid);
    put_number(w, (uint64_t)initiator->has_isid << 3 | (uint64_t)initiator->has_cmdsn << 2 |
                      (uint64_t)initiator->tell_architecture << 2 |
                      (uint64_t)initiator->has_noop_interval << 1 | initiator->reconnect);
    put_number(w, initiator->cmdsn);
    put_number(w, initiator->login_timeout);
    put_number(w, initiator->command_timeout);
    put_number(w, initiator->noop_interval);
    put_number(w, initiator->noop_timeout);
    put_number(w, initiator->recovery_timeout);
    put_number(w, initiator->stage);
    put_auth(w, &initiator->auth);
}

static void put_adapter(writer *w, const rig_scn_adapter *adapter)
{
    put_view(w, adapter->name);
    put_view(w, adapter->quirk);
    put_number(w, (uint64_t)adapter->hardware << 3 | (uint64_t)adapter->ipsec << 2 |
                      (uint64_t)adapter->aggressive << 1 | adapter->tunnel);
    put_number(w, adapter->num_ports);
    for (uint32_t i = 0; i < adapter->num_ports; i++) {
        put_view(w, adapter->ports[i].address);
        put_number(w, (uint64_t)adapter->ports[i].strict_gateway << 9 |
                          (uint64_t)adapter->ports[i].down << 8 | adapter->ports[i].prefix);
    }
}

static void put_rows(writer *w, const rig_scn_row *rows, uint32_t num)
{
    put_number(w, num);
    for (uint32_t i = 0; i < num; i++) {
        put_view(w, rows[i].kind);
        put_members(w, rows[i].members, rows[i].num_members);
    }
}

static void put_policy(writer *w, const rig_scn_policy *policy)
{
    put_view(w, policy->portal);
    put_number(w, (uint64_t)policy->adapter << 32 | policy->port);
    put_number(w, (uint64_t)policy->ipsec << 3 | (uint64_t)policy->aggressive << 2 |
                      (uint64_t)policy->pfs << 1 | policy->tunnel);
}

static void put_isns(writer *w, const rig_scn_isns *isns)
{
    put_view(w, isns->portal);
    put_number(w, (uint64_t)isns->split << 32 | isns->period);
    put_number(w, isns->fault);
    put_number(w, isns->num_nodes);
    for (uint32_t i = 0; i < isns->num_nodes; i++) {
        const rig_scn_isns_node *node = &isns->nodes[i];
        put_view(w, node->name);
        put_view(w, node->alias);
        put_view(w, node->portal);
        put_view(w, node->only);
        put_number(w, (uint64_t)(uint32_t)node->group << 2 | (uint64_t)node->has_flags << 1 | node->hidden);
        put_number(w, node->flags);
    }
    put_number(w, isns->num_refusals);
    for (uint32_t i = 0; i < isns->num_refusals; i++)
        put_number(w, (uint64_t)isns->refusals[i].function << 32 | isns->refusals[i].status);
}

static void put_profile(writer *w, const rig_ipsec_profile *profile)
{
    put_number(w, (uint64_t)profile->refuses << 48 | (uint64_t)profile->aggressive << 32 |
                      (uint64_t)profile->pfs << 16 | (uint64_t)profile->tunnel);
    put_number(w, (uint64_t)profile->suites << 32 | profile->ike_suites);
    put_number(w, (uint64_t)profile->life << 32 | profile->ike_life);
    put_number(w, (uint64_t)profile->esn << 16 | profile->group);
}

static void put_ipsec(writer *w, const rig_scn_ipsec *ipsec)
{
    put_number(w, (uint64_t)ipsec->said << 2 | (uint64_t)ipsec->required << 1 | ipsec->keyless);
    for (unsigned side = 0; side < 2; side++) {
        put_profile(w, &ipsec->profile[side]);
        put_number(w, ipsec->faults[side]);
    }
    put_view(w, ipsec->gateway);
    put_number(w, ipsec->num_keys);
    for (uint32_t i = 0; i < ipsec->num_keys; i++) {
        put_view(w, ipsec->keys[i].key);
        put_view(w, ipsec->keys[i].id);
    }
}

static void put_hba(writer *w, const rig_scn *scn)
{
    put_number(w, scn->num_adapters);
    for (uint32_t i = 0; i < scn->num_adapters; i++)
        put_adapter(w, &scn->adapters[i]);
    put_args(w, scn->tuning.args, scn->tuning.num_args);
    put_number(w, scn->num_policies);
    for (uint32_t i = 0; i < scn->num_policies; i++)
        put_policy(w, &scn->policies[i]);
    put_rows(w, scn->boots, scn->num_boots);
    put_rows(w, scn->rows, scn->num_rows);
    put_ipsec(w, &scn->ipsec);
    put_isns(w, &scn->isns);
}

static void put_head(writer *w, const rig_scn *scn)
{
    put_view(w, scn->title);
    put_number(w, (uint64_t)scn->level << 32 | scn->needs);
    put_number(w, scn->num_refs);
    for (uint32_t i = 0; i < scn->num_refs; i++) {
        put_view(w, scn->refs[i].document);
        put_view(w, scn->refs[i].section);
    }
    put_views(w, scn->tags, scn->num_tags);
    put_views(w, scn->choices, scn->num_choices);
    put_number(w, scn->num_seeds);
    for (uint32_t i = 0; i < scn->num_seeds; i++)
        put_number(w, scn->seeds[i]);
    for (uint32_t i = 0; i < scn->num_bindings; i++) {
        put_view(w, scn->bindings[i].name);
        put_view(w, scn->bindings[i].value);
    }
    put_number(w, scn->num_links);
    for (uint32_t i = 0; i < scn->num_links; i++)
        put_view(w, scn->links[i].spec);
    put_number(w, scn->latency);
}

static void put_case(writer *w, const rig_scn *scn)
{
    put_head(w, scn);
    put_target(w, &scn->target);
    put_initiator(w, &scn->initiator);
    put_hba(w, scn);
    put_number(w, scn->num_steps);
    for (uint32_t i = 0; i < scn->num_steps; i++)
        put_step(w, &scn->steps[i]);
    put_number(w, scn->num_plays);
    for (uint32_t i = 0; i < scn->num_plays; i++) {
        put_number(w, scn->plays[i].target);
        put_number(w, scn->plays[i].loose);
        put_lines(w, scn->plays[i].lines, scn->plays[i].num_lines);
    }
    put_number(w, scn->num_musts);
    for (uint32_t i = 0; i < scn->num_musts; i++)
        put_must(w, &scn->musts[i]);
    put_number(w, scn->num_traces);
    for (uint32_t i = 0; i < scn->num_traces; i++) {
        put_number(w, scn->traces[i].some);
        put_lines(w, scn->traces[i].lines, scn->traces[i].num_lines);
    }
}

bool rig_scn_equal(const rig_scn *a, const rig_scn *b)
{
    lang_arena arena = {.alloc = a->memory->arena.alloc};
    writer first = {.arena = &arena, .ok = true}, second = {.arena = &arena, .ok = true};
    put_case(&first, a);
    put_case(&second, b);
    bool same = first.ok && second.ok && first.bytes.num == second.bytes.num &&
                memcmp(first.bytes.ptr, second.bytes.ptr, first.bytes.num) == 0;
    lang_arena_cleanup(&arena);
    return same;
}
