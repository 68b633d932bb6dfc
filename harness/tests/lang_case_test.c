/* The three worked sketches and a file with every word become the data that runner and matcher expect. */
#include "lang_helper.h"

#include "rig/cdb.h"

static rig_scn_file *opened;
static char *texts[2];
static help_file files[3];

static rig_scn *corpus(const char *name)
{
    char path[200];
    snprintf(path, sizeof(path), "harness/fuzz/corpus/scenario/%s", name);
    texts[0] = help_read(path);
    texts[1] = help_read("scenarios/include/login.inc");
    files[0] = (help_file){"login.inc", texts[1]};
    files[1] = (help_file){"other.inc",
                           "macro pair $x with A B=1\n  > NopOut ITT=$x F=$A\n  < NopIn ITT=$x TTT=$B\n"};
    rig_scn *made = texts[0] && texts[1] ? help_case(texts[0], files, &opened) : NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    return made;
}

static void done(rig_scn *made)
{
    rig_scn_free(made);
    rig_scn_file_free(opened);
    free(texts[0]);
    free(texts[1]);
}

static const rig_scn_cond *cond(const rig_scn_line *line, const char *name)
{
    for (uint32_t i = 0; i < line->num_conds; i++)
        if (rig_view_is(line->conds[i].name, name))
            return &line->conds[i];
    return NULL;
}

static bool var_is(const rig_scn *scn, const rig_scn_value *value, const char *name)
{
    return value->var < scn->num_vars && rig_view_is(scn->vars[value->var].name, name);
}

static void discovery_sketch(void)
{
    rig_scn *scn = corpus("discovery.scn");
    CU_ASSERT_TRUE(rig_view_is(scn->title, "SendTargets=All lists every node and portal"));
    CU_ASSERT_EQUAL(scn->level, RIG_SCN_MUST);
    CU_ASSERT_EQUAL(scn->num_refs, 4);
    CU_ASSERT_TRUE(rig_view_is(scn->refs[3].section, "appendix-C"));
    CU_ASSERT_EQUAL(scn->num_tags, 2);
    CU_ASSERT_EQUAL(scn->target.num_portals, 1);
    CU_ASSERT_TRUE(rig_view_is(scn->target.portals[0].address, "192.0.2.10"));
    CU_ASSERT_EQUAL(scn->target.portals[0].port, 3260);
    CU_ASSERT_EQUAL(scn->target.portals[0].group, 1);
    CU_ASSERT_EQUAL(scn->target.num_nodes, 2);
    CU_ASSERT_TRUE(rig_view_is(scn->initiator.name, "iqn.2026-01.example.host:a"));
    CU_ASSERT_TRUE(scn->initiator.reconnect);
    CU_ASSERT_EQUAL(scn->num_steps, 1);
    CU_ASSERT_EQUAL(scn->steps[0].id, RIG_SCN_STEP_DISCOVER);
    CU_ASSERT_EQUAL(scn->steps[0].result, 0);
    CU_ASSERT_EQUAL(scn->steps[0].within, RIG_SCN_WITHIN);
    CU_ASSERT_EQUAL(scn->results[0].kind, RIG_SCN_R_LIST);
    CU_ASSERT_EQUAL(scn->num_musts, 2);
    CU_ASSERT_EQUAL(scn->musts[0].kind, RIG_SCN_M_COUNT);
    CU_ASSERT_EQUAL(scn->musts[0].value.number, 2);
    CU_ASSERT_EQUAL(scn->musts[1].kind, RIG_SCN_M_EVERY);
    CU_ASSERT_EQUAL(scn->musts[1].line->kind, RIG_SCN_TO_TARGET);
    CU_ASSERT_EQUAL(scn->musts[1].has[0].pattern.match, RIG_SCN_ANY);
    CU_ASSERT_TRUE(scn->musts[1].alone);
    done(scn);
}

static void trace_of_the_discovery_sketch(void)
{
    rig_scn *scn = corpus("discovery.scn");
    CU_ASSERT_EQUAL_FATAL(scn->num_traces, 1);
    const rig_scn_trace *trace = &scn->traces[0];
    CU_ASSERT_FALSE(trace->some);
    CU_ASSERT_EQUAL_FATAL(trace->num_lines, 10);
    const rig_scn_line *login = &trace->lines[1];
    CU_ASSERT_EQUAL(login->place.line, 14);
    CU_ASSERT_EQUAL(login->place.col, 3);
    const rig_scn_cond *csg = cond(login, "CSG");
    CU_ASSERT_EQUAL(csg->kind, RIG_SCN_C_FIELD);
    CU_ASSERT_EQUAL(csg->field, RIG_F_CSG);
    CU_ASSERT_EQUAL(csg->pattern.low.number, 0);
    CU_ASSERT_EQUAL(csg->place.col, 23);
    CU_ASSERT_EQUAL(csg->pattern.low.place.col, 27);
    CU_ASSERT_EQUAL(cond(login, "AuthMethod")->kind, RIG_SCN_C_KEY);
    CU_ASSERT_TRUE(login->has_keys);
    CU_ASSERT_FALSE(login->keys_open);
    CU_ASSERT_TRUE(trace->lines[3].keys_open);
    const rig_scn_cond *exp = cond(&trace->lines[3], "ExpStatSN");
    CU_ASSERT_TRUE(var_is(scn, &exp->pattern.low, "s"));
    CU_ASSERT_EQUAL(exp->pattern.low.offset, 1);
    const rig_scn_cond *tsih = cond(&trace->lines[4], "TSIH");
    CU_ASSERT_EQUAL(tsih->pattern.match, RIG_SCN_BIND_DIFFERS);
    CU_ASSERT_TRUE(var_is(scn, &tsih->pattern.low, "h"));
    CU_ASSERT_EQUAL(tsih->pattern.high.number, 0);
    CU_ASSERT_EQUAL(cond(&trace->lines[5], "TTT")->pattern.low.number, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(trace->lines[6].num_conds, 10);
    CU_ASSERT_EQUAL(trace->lines[9].event->id, RIG_SCN_EV_CLOSE);
    done(scn);
}

/* A login as its row says it. */
static void fill(const rig_scn_row *row, rig_login *out)
{
    rig_scn_record_init(RIG_SHAPE(login), out);
    for (uint32_t i = 0; i < row->num_members; i++)
        CU_ASSERT_EQUAL(rig_scn_record_set(rig_alloc_libc(), RIG_SHAPE(login), out, row->members[i].path,
                                           row->members[i].value, NULL),
                        RIG_OK);
}

static void boot_sketch(void)
{
    rig_scn *scn = corpus("boot.scn");
    CU_ASSERT_EQUAL(rig_scn_cases(opened), 8);
    CU_ASSERT_EQUAL(scn->num_bindings, 2);
    CU_ASSERT_TRUE(rig_view_is(scn->bindings[0].value, "VALID+IKE+MAIN+PFS+TRANSPORT"));
    CU_ASSERT_TRUE(scn->ipsec.said && !scn->ipsec.profile[1].refuses);
    CU_ASSERT_EQUAL_FATAL(scn->num_rows, 1);
    CU_ASSERT_EQUAL(scn->rows[0].record, RIG_RECORD_login);
    rig_login login;
    fill(&scn->rows[0], &login);
    CU_ASSERT_EQUAL(login.security_flags, 0x37);
    CU_ASSERT_EQUAL(login.port, RIG_PORT_ANY);
    CU_ASSERT_TRUE(login.has_portal && login.has_options && login.persistent);
    CU_ASSERT_STRING_EQUAL(login.portal.address, "192.0.2.20");
    CU_ASSERT_EQUAL(login.portal.socket, 3260);
    CU_ASSERT_EQUAL(login.options.specified,
                    RIG_LOGIN_HAS_AUTH_TYPE | RIG_LOGIN_HAS_USERNAME | RIG_LOGIN_HAS_PASSWORD);
    CU_ASSERT_EQUAL(login.options.auth_type, 1);
    CU_ASSERT_TRUE(rig_view_is(rig_octets_view(&login.options.password), "long-enough-secret"));
    CU_ASSERT_TRUE(rig_view_is(scn->target.nodes[0].auth.user, "host"));
    CU_ASSERT_EQUAL(scn->num_musts, 1);
    CU_ASSERT_EQUAL(scn->musts[0].line->event->id, RIG_SCN_EV_IPSEC_REQUEST);
    CU_ASSERT_TRUE(rig_view_is(cond(scn->musts[0].line, "mode")->pattern.low.text, "transport"));
    CU_ASSERT_TRUE(rig_view_is(cond(scn->musts[0].line, "pfs")->pattern.low.text, "yes"));
    CU_ASSERT_EQUAL(scn->musts[0].before->event->id, RIG_SCN_EV_CONNECT);
    CU_ASSERT_EQUAL(scn->num_traces, 1);
    CU_ASSERT_TRUE(scn->traces[0].some);
    const rig_scn_cond *response = cond(&scn->traces[0].lines[5], "CHAP_R");
    CU_ASSERT_EQUAL(response->pattern.match, RIG_SCN_CALL);
    CU_ASSERT_TRUE(rig_view_is(response->pattern.call->args[1].text, "long-enough-secret"));
    CU_ASSERT_EQUAL(scn->needs & (RIG_SCN_NEEDS_HBA | RIG_SCN_NEEDS_IPSEC),
                    RIG_SCN_NEEDS_HBA | RIG_SCN_NEEDS_IPSEC);
    CU_ASSERT_EQUAL(scn->steps[1].num_events, 2);
    rig_scn *refused;
    CU_ASSERT_EQUAL_FATAL(rig_scn_case(opened, 1, &refused, NULL), RIG_OK);
    CU_ASSERT_EQUAL(refused->num_musts, 2);
    CU_ASSERT_EQUAL(refused->musts[0].line->event->id, RIG_SCN_EV_REFUSED);
    CU_ASSERT_EQUAL(refused->musts[1].kind, RIG_SCN_M_NEVER);
    CU_ASSERT_EQUAL(refused->num_traces, 0);
    rig_scn_free(refused);
    done(scn);
}

static void digest_sketch(void)
{
    rig_scn *scn = corpus("digest.scn");
    const rig_rule *rule = &scn->target.rules[0];
    CU_ASSERT_EQUAL_FATAL(scn->target.num_rules, 1);
    CU_ASSERT_EQUAL(rule->on, RIG_PDU_SCSI_CMD);
    CU_ASSERT_EQUAL(rule->nth, 1);
    CU_ASSERT_EQUAL(rule->num_actions, 1);
    CU_ASSERT_EQUAL(rule->actions[0].verb, RIG_DO_FAULT);
    CU_ASSERT_EQUAL(rule->actions[0].fault, RIG_FAULT_HEADER_DIGEST_FLIP);
    CU_ASSERT_EQUAL(rule->actions[0].bit, 3);
    CU_ASSERT_EQUAL(rule->actions[0].pdu, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(scn->target.nodes[0].luns[0].size, 1 << 20);
    CU_ASSERT_EQUAL(scn->target.nodes[0].num_offers, 3);
    CU_ASSERT_EQUAL(scn->initiator.num_offers, 2);
    CU_ASSERT_TRUE(rig_view_is(scn->initiator.offers[0].value, "CRC32C,None"));
    CU_ASSERT_TRUE(scn->needs & RIG_SCN_NEEDS_OUR_TARGET);
    CU_ASSERT_EQUAL(scn->num_musts, 5);
    CU_ASSERT_EQUAL(scn->musts[2].quantity, RIG_SCN_Q_EXACTLY);
    CU_ASSERT_EQUAL(scn->musts[2].number.number, 1);
    CU_ASSERT_EQUAL(scn->musts[4].after->event->id, RIG_SCN_EV_CLOSE);
    CU_ASSERT_TRUE(scn->steps[2].again);
    CU_ASSERT_EQUAL(scn->steps[2].within, UINT64_C(10000000000));
    const rig_scn_trace *trace = &scn->traces[0];
    CU_ASSERT_EQUAL_FATAL(trace->num_lines, 16);
    CU_ASSERT_EQUAL(trace->lines[0].place.file, 1);
    CU_ASSERT_EQUAL(trace->lines[0].call.line, 19);
    CU_ASSERT_TRUE(rig_view_is(rig_scn_path(opened, 1), "login.inc"));
    CU_ASSERT_EQUAL(trace->lines[5].conds[2].kind, RIG_SCN_C_MARK);
    CU_ASSERT_PTR_EQUAL(trace->lines[5].conds[2].mark, rig_mark_find(rig_view_str("bad-header-digest")));
    CU_ASSERT_TRUE(trace->lines[8].timed);
    CU_ASSERT_EQUAL(trace->lines[8].time_low, UINT64_C(2000000000));
    done(scn);
}

static void errors_of_a_unit(void)
{
    rig_scn *scn = corpus("all.scn");
    const rig_scn_lun *unit = &scn->target.nodes[0].luns[2];
    CU_ASSERT_EQUAL(scn->target.nodes[0].luns[0].num_errors, 0);
    CU_ASSERT_EQUAL_FATAL(unit->num_errors, 6);
    const rig_device_error *errors = unit->errors;
    CU_ASSERT_FALSE(errors[0].any);
    CU_ASSERT_EQUAL(errors[0].opcode, 0x28);
    CU_ASSERT_EQUAL(errors[0].first, 100);
    CU_ASSERT_EQUAL(errors[0].last, 120);
    CU_ASSERT_EQUAL(errors[0].nth, 2);
    CU_ASSERT_EQUAL(errors[0].kind, RIG_DEVICE_MEDIUM_ERROR);
    CU_ASSERT_TRUE(errors[1].any);
    CU_ASSERT_FALSE(errors[1].has_lba);
    CU_ASSERT_EQUAL(errors[1].after, 1);
    CU_ASSERT_EQUAL(errors[1].count, 3);
    CU_ASSERT_EQUAL(errors[1].kind, RIG_DEVICE_BUSY);
    CU_ASSERT_EQUAL(errors[2].first, 16);
    CU_ASSERT_EQUAL(errors[2].last, 16);
    CU_ASSERT_EQUAL(errors[2].every, 2);
    CU_ASSERT_EQUAL(errors[2].key << 16 | errors[2].asc << 8 | errors[2].ascq, 0x030c00);
    CU_ASSERT_EQUAL(errors[3].key << 16 | errors[3].asc << 8 | errors[3].ascq, 0x062900);
    CU_ASSERT_EQUAL(errors[4].kind, RIG_DEVICE_TASK_SET_FULL);
    CU_ASSERT_EQUAL(errors[5].kind, RIG_DEVICE_RESERVATION_CONFLICT);
    done(scn);
}

static void target_words(void)
{
    rig_scn *scn = corpus("all.scn");
    const rig_scn_target *target = &scn->target;
    CU_ASSERT_TRUE(rig_view_is(target->portals[1].address, "2001:db8::1"));
    CU_ASSERT_EQUAL(target->portals[1].group, 2);
    const rig_scn_node *node = &target->nodes[0];
    CU_ASSERT_EQUAL(node->num_luns, 3);
    CU_ASSERT_EQUAL(node->luns[0].block, 4096);
    CU_ASSERT_EQUAL(node->luns[1].size, UINT64_C(1) << 40);
    char unit[160];
    rig_text text;
    rig_text_init(&text, unit, sizeof unit);
    rig_scn_lun_print(&text, &node->luns[2]);
    CU_ASSERT_STRING_EQUAL(
        unit, "null:1073741824,serial=42,protection=3,sanitize=6000000000ns,removable,empty,read-only");
    rig_text_init(&text, unit, sizeof unit);
    rig_scn_lun_print(&text, &node->luns[0]);
    CU_ASSERT_STRING_EQUAL(unit, "ram:1048576,block=4096");
    CU_ASSERT_EQUAL(node->num_offers, 4);
    CU_ASSERT_TRUE(rig_view_is(node->offers[3].key, "Strange"));
    CU_ASSERT_EQUAL(node->num_groups, 2);
    CU_ASSERT_TRUE(rig_view_is(node->auth.target_secret, "another long secret"));
    CU_ASSERT_EQUAL(target->nodes[1].count, 3);
    CU_ASSERT_TRUE(target->nodes[1].numbered);
    CU_ASSERT_EQUAL(target->nodes[1].refuse, 0x0101);
    CU_ASSERT_TRUE(rig_fault_has(&target->faults, RIG_FAULT_SILENCE));
    CU_ASSERT_EQUAL(target->window, 4);
    CU_ASSERT_TRUE(target->no_phase_collapse);
    CU_ASSERT_EQUAL(target->nop_interval, UINT64_C(10000000000));
    CU_ASSERT_EQUAL(scn->num_links, 2);
    CU_ASSERT_TRUE(rig_view_is(scn->links[0].spec, "delay 20ms"));
    CU_ASSERT_TRUE(rig_view_is(scn->links[1].spec, "drop every=5 dir=to-target"));
    CU_ASSERT_EQUAL(scn->latency, 1000000);
    CU_ASSERT_TRUE(rig_view_is(scn->choices[0], "text with \"quotes\" and A"));
    CU_ASSERT_EQUAL(scn->seeds[2], 16);
    done(scn);
}

static void rules_become_the_targets_rules(void)
{
    rig_scn *scn = corpus("all.scn");
    const rig_rule *rules = scn->target.rules;
    CU_ASSERT_EQUAL_FATAL(scn->target.num_rules, 9);
    CU_ASSERT_EQUAL(rules[0].num_conditions, 3);
    CU_ASSERT_EQUAL(rules[0].conditions[0].cdb[0], 0x28);
    CU_ASSERT_EQUAL(rules[0].conditions[0].mask[0], 0xff);
    CU_ASSERT_EQUAL(rules[0].conditions[2].low, 512);
    CU_ASSERT_EQUAL(rules[0].conditions[2].high, 4096);
    CU_ASSERT_EQUAL(rules[0].actions[0].time, UINT64_C(2000000000));
    CU_ASSERT_EQUAL(rules[0].actions[1].fault, RIG_FAULT_STAT_SN_SKIP);
    CU_ASSERT_TRUE(rules[1].conditions[0].differs);
    CU_ASSERT_EQUAL(rules[1].every, 2);
    const rig_rule_action *reply = &rules[2].actions[0];
    static const char answer[] = "TargetName=iqn.2026-01.example.sim:x";
    CU_ASSERT_EQUAL(rules[2].after, 1);
    CU_ASSERT_EQUAL(reply->verb, RIG_DO_REPLY);
    CU_ASSERT_EQUAL(rig_get(reply->bhs, RIG_F_F), 1);
    CU_ASSERT_TRUE(reply->given[RIG_F_F / 64] >> RIG_F_F % 64 & 1);
    CU_ASSERT_FALSE(reply->given[RIG_F_STAT_SN / 64] >> RIG_F_STAT_SN % 64 & 1);
    CU_ASSERT_TRUE(rig_view_eq(reply->data, rig_view_of(answer, sizeof(answer))));
    CU_ASSERT_EQUAL(rules[2].actions[1].verb, RIG_DO_CLOSE);
    CU_ASSERT_EQUAL(rig_get(rules[3].actions[0].bhs, RIG_F_LOGIN_STATUS), 0x0301);
    CU_ASSERT_TRUE(rig_view_is(rules[4].actions[0].text, "later"));
    CU_ASSERT_EQUAL(rules[4].actions[1].pdu, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(rules[4].actions[1].field, RIG_F_TMF_RESPONSE);
    CU_ASSERT_EQUAL(rules[4].actions[1].value, 255);
    CU_ASSERT_EQUAL(rules[5].actions[0].verb, RIG_DO_SEND);
    CU_ASSERT_EQUAL(rig_get(rules[5].actions[0].bhs, RIG_F_PARAMETER3), 1);
    CU_ASSERT_EQUAL(rules[5].actions[1].bit, 3);
    CU_ASSERT_EQUAL(rules[7].actions[0].data.len, 2);
    CU_ASSERT_EQUAL(rules[8].on, RIG_PDU_UNKNOWN);
    done(scn);
}

static void initiator_words(void)
{
    rig_scn *scn = corpus("all.scn");
    const rig_scn_initiator *initiator = &scn->initiator;
    CU_ASSERT_EQUAL(initiator->isid, UINT64_C(0x80000001002a));
    CU_ASSERT_TRUE(initiator->has_cmdsn);
    CU_ASSERT_EQUAL(initiator->cmdsn, UINT32_C(0xfffffffe));
    CU_ASSERT_EQUAL(initiator->login_timeout, UINT64_C(15000000000));
    CU_ASSERT_EQUAL(initiator->noop_interval, 0);
    CU_ASSERT_TRUE(initiator->has_noop_interval);
    CU_ASSERT_FALSE(initiator->reconnect);
    CU_ASSERT_EQUAL(initiator->stage, RIG_SCN_STAGE_OPERATIONAL);
    CU_ASSERT_TRUE(rig_view_is(initiator->auth.method, "CHAP"));
    CU_ASSERT_EQUAL(initiator->auth.challenge_len, 32);
    CU_ASSERT_TRUE(initiator->auth.hold_transit);
    CU_ASSERT_TRUE(initiator->auth.ipsec);
    done(scn);
}

static void adapters_and_rows(void)
{
    rig_login login;
    rig_scn *scn = corpus("all.scn");
    CU_ASSERT_EQUAL_FATAL(scn->num_adapters, 2);
    const rig_scn_adapter *soft = &scn->adapters[0], *card = &scn->adapters[1];
    CU_ASSERT_FALSE(soft->hardware || soft->ipsec || soft->num_ports);
    CU_ASSERT_TRUE(card->hardware && card->ipsec && card->aggressive && card->tunnel);
    CU_ASSERT_EQUAL_FATAL(card->num_ports, 2);
    CU_ASSERT_TRUE(rig_view_is(card->ports[0].address, "192.0.2.80"));
    CU_ASSERT_EQUAL(card->ports[0].prefix, 24);
    CU_ASSERT_FALSE(card->ports[0].down);
    CU_ASSERT_EQUAL(card->ports[1].prefix, 64);
    CU_ASSERT_TRUE(card->ports[1].down && card->ports[1].strict_gateway);
    CU_ASSERT_FALSE(card->ports[0].strict_gateway);
    CU_ASSERT_EQUAL_FATAL(scn->num_policies, 2);
    const rig_scn_policy *ipsec = &scn->policies[0], *plain = &scn->policies[1];
    CU_ASSERT_TRUE(ipsec->ipsec && ipsec->aggressive && ipsec->pfs && ipsec->tunnel);
    CU_ASSERT_EQUAL(ipsec->adapter, 1);
    CU_ASSERT_EQUAL(ipsec->port, 1);
    CU_ASSERT_TRUE(rig_view_is(plain->portal, "192.0.2.10:3261"));
    CU_ASSERT_FALSE(plain->ipsec || plain->aggressive || plain->pfs || plain->tunnel || plain->port);
    CU_ASSERT_EQUAL(scn->tuning.num_args, 14);
    CU_ASSERT_TRUE(rig_view_is(card->quirk, "own-boot"));
    CU_ASSERT_EQUAL_FATAL(scn->num_boots, 1);
    CU_ASSERT_TRUE(rig_view_is(scn->boots[0].members[0].value, "card"));
    CU_ASSERT_EQUAL(scn->boots[0].num_members, 3);
    CU_ASSERT_EQUAL_FATAL(scn->num_rows, 3);
    CU_ASSERT_TRUE(rig_view_is(scn->rows[0].kind, "setting"));
    CU_ASSERT_TRUE(rig_view_is(scn->rows[0].members[1].value, "another long secret"));
    fill(&scn->rows[1], &login);
    CU_ASSERT_EQUAL(login.port, 2);
    CU_ASSERT_TRUE(login.informational);
    CU_ASSERT_EQUAL(login.security_flags, 7);
    CU_ASSERT_EQUAL(login.isid_id, 1);
    CU_ASSERT_EQUAL(login.options.max_connections, 2);
    CU_ASSERT_EQUAL(login.options.auth_type, 2);
    CU_ASSERT_EQUAL(scn->rows[2].record, RIG_RECORD_static_target);
    CU_ASSERT_EQUAL(scn->rows[2].num_members, 4);
    done(scn);
}

static const rig_scn_step *step_of(const rig_scn *scn, rig_scn_step_id id)
{
    for (uint32_t i = 0; i < scn->num_steps; i++)
        if (scn->steps[i].id == id)
            return &scn->steps[i];
    CU_FAIL_FATAL("no such step");
    return NULL;
}

static void management_calls(void)
{
    rig_scn *scn = corpus("all.scn");
    const rig_scn_step *call = step_of(scn, RIG_SCN_STEP_CALL), *answer = step_of(scn, RIG_SCN_STEP_ANSWER);
    CU_ASSERT_TRUE(call->async);
    CU_ASSERT_EQUAL(call->args[0].value.number, RIG_CALL_LOGIN);
    CU_ASSERT_EQUAL(call->args[1].num_members, 3);
    CU_ASSERT_EQUAL(scn->results[call->result].kind, RIG_SCN_R_CALL);
    CU_ASSERT_EQUAL(scn->results[call->result].call->id, RIG_CALL_LOGIN);
    CU_ASSERT_EQUAL(scn->results[answer->result].kind, RIG_SCN_R_ANSWER);
    const rig_scn_member *device = step_of(scn, RIG_SCN_STEP_HBA_RELEASE)->args[0].members;
    CU_ASSERT_EQUAL(device->result, answer->result);
    const rig_scn_arg *id = &answer[2].args[1];
    CU_ASSERT_EQUAL(id->members[0].result, answer->result);
    CU_ASSERT_EQUAL(id->members[0].value.len, 0);
    CU_ASSERT_EQUAL(id->members[1].result, RIG_SCN_NO_VAR);
    const rig_scn_member *session = &answer[3].args[1].members[0];
    CU_ASSERT_EQUAL(session->result, call->result);
    CU_ASSERT_TRUE(rig_view_is(session->value, "session"));
    done(scn);
}

static void steps(void)
{
    rig_scn *scn = corpus("all.scn");
    const rig_scn_step *read = &scn->steps[2], *write = &scn->steps[3];
    CU_ASSERT_TRUE(read->async);
    CU_ASSERT_EQUAL(rig_scn_step_arg(read, "CDB")->value.bytes.len, 10);
    CU_ASSERT_EQUAL(rig_scn_step_arg(read, "CDB")->value.bytes.ptr[8], 8);
    CU_ASSERT_EQUAL(rig_scn_step_arg(read, "edtl")->value.number, 4096);
    CU_ASSERT_PTR_NOT_NULL(rig_scn_step_arg(read, "read"));
    CU_ASSERT_PTR_NULL(rig_scn_step_arg(read, "write"));
    CU_ASSERT_EQUAL(rig_scn_step_arg(read, "attr")->value.number, 2);
    CU_ASSERT_EQUAL(scn->results[rig_scn_step_arg(read, "on")->value.var].kind, RIG_SCN_R_SESSION);
    CU_ASSERT_EQUAL(write->args[1].value.bytes.ptr[0], 0x2a);
    CU_ASSERT_EQUAL(rig_scn_step_arg(write, "data")->data.kind, RIG_SCN_DATA_PATTERN);
    CU_ASSERT_EQUAL(rig_scn_step_arg(write, "data")->data.seed, 7);
    CU_ASSERT_EQUAL(rig_scn_step_arg(&scn->steps[4], "data")->data.len, 512);
    CU_ASSERT_EQUAL(rig_scn_step_arg(&scn->steps[5], "pattern")->value.number, 1);
    CU_ASSERT_TRUE(
        rig_view_is(rig_scn_step_arg(&scn->steps[1], "as")->value.text, "iqn.2026-01.example.host:b"));
    CU_ASSERT_EQUAL(rig_scn_step_arg(&scn->steps[11], "abort|clear")->value.number, 1);
    CU_ASSERT_TRUE(scn->needs & RIG_SCN_NEEDS_WRITES);
    CU_ASSERT_TRUE(rig_view_is(scn->steps[12].text, "await $task within 5s"));
    CU_ASSERT_EQUAL(scn->steps[15].id, RIG_SCN_STEP_PASS);
    CU_ASSERT_EQUAL(rig_scn_step_arg(&scn->steps[15], "T")->value.number, UINT64_C(60000000000));
    done(scn);
}

static void play_lines(void)
{
    rig_scn *scn = corpus("all.scn");
    CU_ASSERT_EQUAL_FATAL(scn->num_plays, 2);
    CU_ASSERT_FALSE(scn->plays[0].target);
    CU_ASSERT_EQUAL(scn->plays[0].num_lines, 7);
    CU_ASSERT_EQUAL(scn->plays[0].lines[2].within, UINT64_C(5000000000));
    CU_ASSERT_TRUE(scn->plays[0].lines[3].is_raw);
    CU_ASSERT_EQUAL(scn->plays[0].lines[3].kind, RIG_SCN_TO_TARGET);
    CU_ASSERT_EQUAL(scn->plays[0].lines[3].raw.len, 2);
    CU_ASSERT_TRUE(scn->plays[0].lines[5].maybe);
    CU_ASSERT_EQUAL(scn->plays[0].lines[5].within, UINT64_C(2000000000));
    CU_ASSERT_FALSE(scn->plays[0].lines[6].maybe);
    CU_ASSERT_TRUE(scn->plays[1].target);
    const rig_scn_cond *data = &scn->plays[1].lines[0].conds[1];
    CU_ASSERT_EQUAL(data->kind, RIG_SCN_C_DATA);
    CU_ASSERT_EQUAL(data->data.seed, 3);
    CU_ASSERT_EQUAL(data->data.len, 8);
    done(scn);
}

static void patterns_and_ids(void)
{
    rig_scn *scn = corpus("all.scn");
    CU_ASSERT_EQUAL(scn->musts[1].num_ids, 2);
    CU_ASSERT_TRUE(rig_view_is(scn->musts[2].ids[0], "CMD-022"));
    CU_ASSERT_TRUE(rig_view_is(scn->musts[2].member, "data-equal"));
    CU_ASSERT_EQUAL(scn->musts[3].op, RIG_SCN_OP_LE);
    CU_ASSERT_PTR_NULL(scn->musts[4].member_row);
    CU_ASSERT_EQUAL(scn->musts[5].op, RIG_SCN_OP_HAS);
    const rig_scn_line *every = scn->musts[7].line;
    CU_ASSERT_EQUAL(cond(every, "LUN")->pattern.low.number, 0);
    CU_ASSERT_EQUAL(scn->musts[7].has[0].pattern.match, RIG_SCN_RANGE);
    CU_ASSERT_EQUAL((unsigned)scn->musts[9].line->pdu, RIG_SCN_ANY_PDU);
    CU_ASSERT_EQUAL(scn->musts[9].line->conds[0].kind, RIG_SCN_C_CONNECTION);
    const rig_scn_trace *trace = &scn->traces[0];
    const rig_scn_cond *sn = cond(&trace->lines[5], "StatSN");
    CU_ASSERT_EQUAL(sn->pattern.match, RIG_SCN_RANGE);
    CU_ASSERT_EQUAL(sn->pattern.low.text.len, 0);
    CU_ASSERT_FALSE(sn->pattern.low.is_number);
    CU_ASSERT_EQUAL(sn->pattern.high.offset, 9);
    CU_ASSERT_EQUAL(cond(&trace->lines[1], "Odd")->pattern.match, RIG_SCN_DIFFERS);
    CU_ASSERT_EQUAL(cond(&trace->lines[1], "AuthMethod")->pattern.match, RIG_SCN_HAS);
    const rig_scn_cond *cdb = cond(&trace->lines[4], "CDB");
    CU_ASSERT_EQUAL(cdb->pattern.low.bytes.len, 16);
    CU_ASSERT_EQUAL(cdb->pattern.low.bytes.ptr[0], 0x28);
    CU_ASSERT_EQUAL(trace->lines[1].time_low, 1000000000);
    CU_ASSERT_EQUAL(trace->lines[1].time_high, 2000000000);
    CU_ASSERT_EQUAL(trace->lines[7].num_conds, 1); /* the parameter A was not given */
    done(scn);
}

static void event_arguments_are_found(void)
{
    const rig_scn_word *close = rig_scn_event_find(rig_view_str("close"));
    const rig_scn_word *connect = rig_scn_event_find(rig_view_str("connect"));
    rig_view args = rig_view_str("reason=header-digest by initiator"), value;
    CU_ASSERT_TRUE(rig_scn_event_arg(close, &close->args[0], args, &value));
    CU_ASSERT_TRUE(rig_view_is(value, "header-digest"));
    CU_ASSERT_TRUE(rig_scn_event_arg(close, &close->args[1], args, &value));
    CU_ASSERT_TRUE(rig_view_is(value, "initiator"));
    CU_ASSERT_FALSE(rig_scn_event_arg(close, &close->args[1], rig_view_str("reason=by"), &value));
    CU_ASSERT_TRUE(rig_scn_event_arg(connect, &connect->args[0], rig_view_str("192.0.2.10:3260"), &value));
    CU_ASSERT_TRUE(rig_view_is(value, "192.0.2.10:3260"));
    CU_ASSERT_PTR_NULL(rig_scn_event_find(rig_view_str("nothing")));
    args = rig_view_str("reason=ok by target error=\"no error=\\x22 here\"");
    CU_ASSERT_TRUE(rig_scn_event_arg(close, &close->args[2], args, &value));
    CU_ASSERT_TRUE(rig_scn_text_has(value, rig_view_str("error=\" here")));
    CU_ASSERT_FALSE(rig_scn_text_has(value, rig_view_str("error=\"  here")));
    CU_ASSERT_TRUE(rig_view_is(rig_scn_event_plain(args), "reason=ok by target"));
    CU_ASSERT_TRUE(rig_view_is(rig_scn_event_plain(rig_view_str("reason=ok")), "reason=ok"));
}

static void selection(void)
{
    rig_scn *scn = corpus("all.scn");
    CU_ASSERT_TRUE(rig_scn_selected(scn, rig_view_str("parser")));
    CU_ASSERT_TRUE(rig_scn_selected(scn, rig_view_str("RFC7143/11.10")));
    CU_ASSERT_TRUE(rig_scn_selected(scn, rig_view_str("RFC7143/11")));
    CU_ASSERT_FALSE(rig_scn_selected(scn, rig_view_str("RFC7143/1")));
    CU_ASSERT_TRUE(rig_scn_selected(scn, rig_view_str("SNACK-003")));
    CU_ASSERT_FALSE(rig_scn_selected(scn, rig_view_str("SNACK-004")));
    done(scn);
}

static void the_data_pattern_depends_on_place_and_seed(void)
{
    uint8_t whole[64], part[24], other[64];
    rig_scn_pattern_fill(whole, sizeof(whole), 7, 0);
    rig_scn_pattern_fill(part, sizeof(part), 7, 13);
    rig_scn_pattern_fill(other, sizeof(other), 8, 0);
    CU_ASSERT_EQUAL(memcmp(whole + 13, part, sizeof(part)), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(whole, other, sizeof(other)), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(whole, whole + 8, 8), 0);
}

/* Parameters of a macro are variables of different kinds: a field's number, a key's text. */
static void macro_of_numbers_and_text(void)
{
    static const help_file includes[] = {
        {"login.inc", "macro both $n $t\n  < LoginResp StatSN=$n CHAP_I=$t\n"}, {0}};
    rig_scn *made = help_case("scenario \"a test\"\nlevel CHOICE\ntarget\n  node "
                              "iqn.2026-01.example:t\nrun\n  pass 1s\ntrace\n  both $a $b\n",
                              includes, &opened);
    CU_ASSERT_PTR_NOT_NULL_FATAL(made);
    const rig_scn_line *line = &made->traces[0].lines[0];
    CU_ASSERT_FALSE(made->vars[cond(line, "StatSN")->pattern.low.var].is_text);
    CU_ASSERT(made->vars[cond(line, "CHAP_I")->pattern.low.var].is_text);
    rig_scn_free(made);
    rig_scn_file_free(opened);
}

RIG_SUITE("lang_case", {"discovery sketch", discovery_sketch},
          {"trace of the discovery sketch", trace_of_the_discovery_sketch}, {"boot sketch", boot_sketch},
          {"digest sketch", digest_sketch}, {"target words", target_words},
          {"errors of a unit", errors_of_a_unit},
          {"rules become the target's rules", rules_become_the_targets_rules},
          {"initiator words", initiator_words}, {"adapters and rows", adapters_and_rows},
          {"management calls", management_calls}, {"steps", steps}, {"play lines", play_lines},
          {"patterns and ids", patterns_and_ids}, {"event arguments are found", event_arguments_are_found},
          {"selection", selection},
          {"the data pattern depends on place and seed", the_data_pattern_depends_on_place_and_seed},
          {"macros of numbers and text", macro_of_numbers_and_text})
