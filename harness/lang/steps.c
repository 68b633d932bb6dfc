/* The steps a host can take: one row each, in the order of RIG_SCN_STEP_ROWS. */
#include "lang.h"

#define BARE RIG_SCN_BARE
#define AFTER RIG_SCN_WORD
#define T(type) RIG_SCN_T_##type
#define ROW(id, name, who, what) name, NULL, who, what, RIG_SCN_STEP_##id
#define ON_SESSION                                                                                           \
    {                                                                                                        \
        "on", T(RESULT), AFTER, false, "$session", NULL                                                      \
    }
#define LUN                                                                                                  \
    {                                                                                                        \
        "lun", T(NUMBER), AFTER, true, NULL, NULL                                                            \
    }
#define BLOCKS                                                                                               \
    LUN, {"lba", T(NUMBER), AFTER, true, NULL, NULL}, {"blocks", T(NUMBER), AFTER, true, NULL, NULL},        \
        {"pattern", T(NUMBER), AFTER, true, "SEED", NULL}, ON_SESSION

const rig_scn_word lang_steps[] = {
    {ROW(DISCOVER, "discover", "engine", "asks a portal for its targets with SendTargets"),
     {{"ADDR:PORT", T(PORTAL), BARE, false, NULL, NULL}, {"target", T(WORD), AFTER, false, "IQN|All", NULL}}},
    {ROW(LOGIN, "login", "engine", "opens a session and waits for its full feature phase"),
     {{"IQN", T(NAME), BARE, true, NULL, NULL},
      {"at", T(PORTAL), AFTER, false, NULL, NULL},
      {"offer", T(PAIRS), AFTER, false, NULL, NULL},
      {"as", T(NAME), AFTER, false, NULL, NULL}}},
    {ROW(LOGOUT, "logout", "engine", "ends a session; the last one opened when none is named"),
     {{"$session", T(RESULT), BARE, false, NULL, NULL}}},
    {ROW(SCSI, "scsi", "engine",
         "sends one command; direction and length follow from the CDB when not given"),
     {LUN,
      {"CDB", T(CDB), BARE, true, "COMMAND [FIELD=N…]", NULL},
      {"edtl", T(NUMBER), AFTER, false, NULL, NULL},
      {"read", T(FLAG), AFTER, false, NULL, NULL},
      {"write", T(FLAG), AFTER, false, NULL, NULL},
      {"none", T(FLAG), AFTER, false, NULL, NULL},
      {"data", T(DATA), AFTER, false, NULL, NULL},
      {"attr", T(NAMED), AFTER, false, "ATTR", &rig_names_task_attr},
      {"immediate", T(FLAG), AFTER, false, NULL, NULL},
      ON_SESSION}},
    {ROW(WRITE, "write", "engine", "writes blocks filled with the pattern of a seed"), {BLOCKS}},
    {ROW(VERIFY, "verify", "engine", "reads blocks and compares them with the pattern of a seed"), {BLOCKS}},
    {ROW(PING, "ping", "engine", "sends a NOP-Out with that many bytes and waits for the answer"),
     {{"BYTES", T(NUMBER), BARE, false, NULL, NULL}, ON_SESSION}},
    {ROW(TEXT, "text", "engine", "negotiates keys in full feature phase"),
     {{"KEY=VALUE…", T(PAIRS), BARE, true, NULL, NULL}, ON_SESSION}},
    {ROW(ABORT, "abort", "engine", "aborts the task an async step started"),
     {{"$task", T(RESULT), BARE, true, NULL, NULL}}},
    {ROW(LUN_RESET, "lun-reset", "engine", "resets a logical unit"), {LUN, ON_SESSION}},
    {ROW(TASK_SET, "task-set", "engine", "aborts or clears the task set of a logical unit"),
     {{"abort|clear", T(CHOICE), BARE, true, "abort|clear", NULL}, LUN, ON_SESSION}},
    {ROW(AWAIT, "await", "runner", "waits for the end of an async step"),
     {{"$task", T(RESULT), BARE, true, NULL, NULL}}},
    {ROW(WAIT, "wait", "runner",
         "waits for an event that no wait took before; with again, for one still to come"),
     {{"EVENT", T(EVENTS), BARE, true, "EVENT [again]", NULL}}},
    {ROW(UNTIL, "until", "runner", "waits for the first of several events"),
     {{"EVENT", T(EVENTS), BARE, true, "EVENT [| EVENT…]", NULL}}},
    {ROW(PASS, "pass", "runner", "lets that much time go by"), {{"T", T(TIME), BARE, true, NULL, NULL}}},
    {ROW(HBA_LOAD, "hba load", "hba", "loads the driver: persistent logins are carried out"), {{0}}},
    {ROW(RESTART, "restart", "runner", "ends and starts the service: sessions are gone, the store stays"),
     {{0}}},
    {ROW(TARGET_PING, "target ping", "target", "the target pings every connection"), {{0}}},
    {ROW(TARGET_DROP, "target drop", "target", "the target closes every connection with a FIN"), {{0}}},
    {ROW(TARGET_RESET, "target reset", "target", "the target closes every connection with a RST"), {{0}}},
    {ROW(TARGET_RELEASE, "target release", "target", "lets answers go that a rule holds"),
     {{"NAME", T(WORD), BARE, true, NULL, NULL}}},
    {ROW(TARGET_SILENCE, "target silence", "target", "the target answers nothing from now on"), {{0}}},
    {ROW(DROP_LINK, "drop-link", "network", "packets vanish both ways from now on, until host up"), {{0}}},
    {ROW(HOST_DOWN, "host down", "network", "takes the target's host off the network"), {{0}}},
    {ROW(HOST_UP, "host up", "network", "brings the target's host, and the link, back"), {{0}}},
};

const size_t lang_num_steps = sizeof(lang_steps) / sizeof(lang_steps[0]);

/* Steps that leave something in a $variable. */
bool lang_step_has_result(rig_scn_step_id step)
{
    return step <= RIG_SCN_STEP_TASK_SET;
}

bool lang_step_writes(rig_scn_step_id step)
{
    return step == RIG_SCN_STEP_WRITE;
}

rig_scn_result_kind lang_result_kind(rig_scn_step_id step)
{
    if (step == RIG_SCN_STEP_DISCOVER)
        return RIG_SCN_R_LIST;
    return step == RIG_SCN_STEP_LOGIN ? RIG_SCN_R_SESSION : RIG_SCN_R_TASK;
}
