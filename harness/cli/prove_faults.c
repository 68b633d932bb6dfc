/* prove --faults: the judge that a fault's row names notices it. */
#include "proofs.h"
#include "rig/lint.h"

#include <stdio.h>
#include <string.h>

#define MADE_TEXT_MAX 2048  /* bytes of a made scenario */
#define CHECK_SAID_MAX 1024 /* bytes of what a judge says */

rig_fault_set cli_faults_of(const rig_scn *scn)
{
    rig_fault_set on = scn->target.faults;
    for (uint32_t r = 0; r < scn->target.num_rules; r++)
        for (uint32_t a = 0; a < scn->target.rules[r].num_actions; a++)
            if (scn->target.rules[r].actions[a].verb == RIG_DO_FAULT)
                rig_fault_add(&on, scn->target.rules[r].actions[a].fault);
    return on;
}

/* ---- engine: it says by a name what it found, and does not say so without the fault ---- */

static bool is_verdict(const rig_item *item)
{
    static const rig_scn_event_id ids[] = {RIG_SCN_EV_CLOSE, RIG_SCN_EV_LOGIN_FAILED, RIG_SCN_EV_IGNORED,
                                           RIG_SCN_EV_SESSION_DOWN};
    const rig_scn_word *word = item->kind == RIG_ITEM_EVENT ? rig_scn_event_find(item->event) : NULL;
    rig_view by = rig_view_str("reason=logout");
    bool logout = item->args.len >= by.len && rig_view_eq(rig_view_sub(item->args, 0, by.len), by);
    for (size_t i = 0; word && !logout && i < sizeof ids / sizeof ids[0]; i++)
        if (word->id == ids[i])
            return true;
    return false;
}

static bool has_event(const rig_items *items, const rig_item *wanted)
{
    for (size_t i = 0; i < items->num; i++)
        if (items->ptr[i].kind == RIG_ITEM_EVENT && rig_view_eq(items->ptr[i].event, wanted->event) &&
            rig_view_eq(rig_scn_event_plain(items->ptr[i].args), rig_scn_event_plain(wanted->args)))
            return true;
    return false;
}

/* The first verdict is the check; what comes behind it follows from it. */
static void engine_says(const rig_result *with, const rig_result *without, rig_text *check)
{
    const rig_item *verdict = NULL;
    for (size_t i = 0; i < with->items.num && !verdict; i++)
        if (is_verdict(&with->items.ptr[i]) && !has_event(&without->items, &with->items.ptr[i]))
            verdict = &with->items.ptr[i];
    if (verdict)
        rig_text_add(check, "%.*s %.*s", RIG_VIEW_ARG(verdict->event), RIG_VIEW_ARG(verdict->args));
}

/* ---- lint: a rule of the row's id fires, and does not without the fault ---- */

typedef struct lint_look {
    const char *id;
    bool fires;
    rig_text *says; /* of the first finding */
} lint_look;

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    lint_look *look = ctx;
    if (look->fires || strcmp(finding->rule->id, look->id) != 0)
        return RIG_OK;
    look->fires = true;
    rig_text_add(look->says, "%s %s: %s", finding->rule->name, finding->field, finding->expected);
    return RIG_OK;
}

static bool rule_fires(const rig_items *items, const char *id, rig_text *out_says)
{
    lint_look look = {.id = id, .says = out_says};
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = &look};
    rig_lint *lint = NULL;
    rig_status status = rig_lint_new(&config, &lint);
    for (size_t i = 0; i < items->num && !status; i++)
        status = rig_lint_item(lint, &items->ptr[i]);
    rig_lint_free(lint);
    return look.fires;
}

/* A rule may ask for several things: what it wanted instead says which of them is missing. */
static void lint_says(const char *id, const rig_result *with, const rig_result *without, rig_text *check)
{
    char said[CHECK_SAID_MAX];
    rig_text other;
    rig_text_init(&other, said, sizeof said);
    if (!rule_fires(&without->items, id, &other))
        rule_fires(&with->items, id, check);
}

/* ---- tolerated: other PDUs, and for the host nothing else ---- */

static size_t next_event(const rig_items *items, size_t from)
{
    while (from < items->num && items->ptr[from].kind != RIG_ITEM_EVENT)
        from++;
    return from;
}

static bool same_events(const rig_items *a, const rig_items *b)
{
    size_t i = next_event(a, 0), j = next_event(b, 0);
    while (i < a->num && j < b->num) {
        if (!rig_view_eq(a->ptr[i].event, b->ptr[j].event) || !rig_view_eq(a->ptr[i].args, b->ptr[j].args))
            return false;
        i = next_event(a, i + 1);
        j = next_event(b, j + 1);
    }
    return i == a->num && j == b->num;
}

static bool same_pdu(const rig_item *a, const rig_item *b)
{
    return a->kind == b->kind &&
           (a->kind != RIG_ITEM_PDU ||
            (memcmp(a->pdu.bhs, b->pdu.bhs, RIG_BHS_LEN) == 0 && rig_view_eq(a->text, b->text)));
}

static bool same_pdus(const rig_items *a, const rig_items *b)
{
    bool same = a->num == b->num;
    for (size_t i = 0; i < a->num && same; i++)
        same = same_pdu(&a->ptr[i], &b->ptr[i]);
    return same;
}

static bool tolerated(const rig_result *with, const rig_result *without)
{
    return with->verdict == RIG_VERDICT_PASS && same_events(&with->items, &without->items) &&
           !same_pdus(&with->items, &without->items);
}

/* ---- contents: what is read at the end is something else ---- */

static rig_view last_read(const rig_items *items)
{
    rig_view data = {0};
    for (size_t i = 0; i < items->num; i++)
        if (items->ptr[i].kind == RIG_ITEM_PDU && rig_pdu_kind_of(items->ptr[i].pdu.bhs) == RIG_PDU_DATA_IN)
            data = items->ptr[i].pdu.data;
    return data;
}

static bool contents_differ(const rig_result *with, const rig_result *without)
{
    rig_view a = last_read(&with->items), b = last_read(&without->items);
    return a.len && b.len && !rig_view_eq(a, b);
}

static bool is_alone(const rig_scn *scn)
{
    unsigned num = 0;
    rig_fault_set on = cli_faults_of(scn);
    for (unsigned f = 0; f < RIG_FAULTS; f++)
        num += rig_fault_has(&on, (rig_fault)f);
    return num == 1;
}

static void judge_says(const rig_fault_row *row, const rig_result *with, const rig_result *without,
                       rig_text *check)
{
    if (strcmp(row->judge, "engine") == 0)
        engine_says(with, without, check);
    else if (strcmp(row->judge, "lint") == 0)
        lint_says(row->requirement, with, without, check);
    else if (strcmp(row->judge, "contents") == 0 ? contents_differ(with, without) : tolerated(with, without))
        rig_text_add(check, "%s", row->judge);
}

rig_status cli_fault_judge(rig_noticed_list *noticed, rig_fault fault, const rig_result *with,
                           const rig_result *without)
{
    char said[CHECK_SAID_MAX];
    rig_text check;
    rig_text_init(&check, said, sizeof said);
    judge_says(&rig_fault_rows[fault], with, without, &check);
    if (check.len == 0)
        return RIG_OK;
    return rig_noticed_add(noticed, rig_alloc_libc(), fault, is_alone(with->scn), rig_view_str(said));
}

/* ---- made scenarios ---- */

#define DISK "iqn.2026-01.example.sim:disk0"
#define HOST_KEY "user=host secret=\"a secret of the host\""
#define DISK_KEY " target-user=disk target-secret=\"a secret of the disk\""

#define HEAD "scenario \"made for a fault\"\nref RFC7143 7\nlevel CHOICE\nmust ! connect\n"
#define HOST(level) "initiator\n  command-timeout 5s\n  offer ErrorRecoveryLevel=" level SMALL "\n"
#define TARGET(level) "target\n  node " DISK " lun 0 ram 1MiB\n  offer ErrorRecoveryLevel=" level SMALL "\n"
#define SMALL                                                                                                \
    " MaxRecvDataSegmentLength=512 MaxBurstLength=1024 FirstBurstLength=512 InitialR2T=Yes ImmediateData=No" \
    " MaxOutstandingR2T=4"
#define BOTH(level) HEAD HOST(level) TARGET(level)
#define RUN "run\n  login " DISK "\n"
#define READ "  scsi lun 0 read-10 lba=0 blocks=8 edtl 8192 -> $done\n"
#define WRITE "  write lun 0 lba 0 blocks 8 pattern 1 -> $done\n"
#define AFTERWARDS "  scsi lun 0 test-unit-ready -> $after\n  pass 30s\n"

#define PLAYED_LOGIN                                                                                         \
    "  > Login T=1 CSG=1 NSG=3 ISID=80:00:00:01:00:01 ITT=1 CmdSN=1 TargetName=" DISK                        \
    " InitiatorName=iqn.2026-01.example.host:player ErrorRecoveryLevel=1\n  < LoginResp ITT=1 StatSN=$s\n"
#define PLAYED_WRITE(itt, sn, seed)                                                                          \
    "  > ScsiCmd F=1 W=1 ITT=" itt " EDTL=512 CmdSN=" sn " ExpStatSN=$s+1 CDB=write-10(blocks=1) "           \
    "data pattern " seed " 512\n"
#define PLAYED_ANSWER(itt) "  < ScsiResp ITT=" itt "\n"
#define PLAYED_READ                                                                                          \
    "  > ScsiCmd F=1 R=1 ITT=4 EDTL=512 CmdSN=3 ExpStatSN=$s+1 CDB=read-10(blocks=1)\n  < DataIn ITT=4\n"
#define PLAYED_RETRY                                                                                         \
    PLAYED_LOGIN                                                                                             \
    PLAYED_WRITE("2", "1", "1")                                                                              \
    PLAYED_ANSWER("2")                                                                                       \
    PLAYED_WRITE("3", "2", "2") PLAYED_ANSWER("3") PLAYED_WRITE("2", "1", "1") PLAYED_READ

/* Reads and writes of several PDUs each, at every level of recovery, authentication, and a write that is
 * retried behind another one to its place; %s is the fault. */
static const char *const made[] = {
    BOTH("0") "  on ScsiCmd nth 1 do fault %s\n" RUN READ AFTERWARDS,
    BOTH("0") "  on ScsiCmd nth 1 do fault %s\n" RUN WRITE AFTERWARDS,
    BOTH("0") "  on ScsiCmd nth 1 do fault %s number 1\n" RUN WRITE AFTERWARDS,
    BOTH("1") "  on ScsiCmd nth 1 do fault %s\n" RUN READ AFTERWARDS,
    BOTH("1") "  on ScsiCmd nth 1 do fault data-in-lost number 1\n  fault %s\n" RUN READ AFTERWARDS,
    BOTH("1") "  on ScsiCmd nth 1 do fault status-lost\n  fault %s\n" RUN "  async" READ AFTERWARDS,
    BOTH("1") "  on ScsiCmd nth 1 do fault data-in-lost number 6\n  on ScsiCmd nth 1 do fault data-in-lost "
              "number 7\n"
              "  fault %s\n" RUN "  async  scsi lun 0 read-10 lba=0 blocks=8 -> $done\n"
              "  pass 1s\n  text MaxRecvDataSegmentLength=1024\n  await $done\n" AFTERWARDS,
    BOTH("2") "  no-phase-collapse\n  on ScsiCmd nth 1 do fault status-lost\n  fault %s\n" RUN "  async" READ
              "  pass 1s\n  target reset\n  await $done\n" AFTERWARDS,
    HEAD "initiator auth CHAP " HOST_KEY DISK_KEY "\ntarget\n  node " DISK " chap " HOST_KEY DISK_KEY
         "\n  fault %s\nrun\n  login " DISK "\n  logout\n  login " DISK "\n",
    HEAD "initiator auth CHAP " HOST_KEY
         " target-user=disk target-secret=\"a secret of the host\"\ntarget\n  node " DISK " chap " HOST_KEY
         "\n  fault %s\nrun\n  login " DISK "\n",
    HEAD TARGET("1") "  fault %s\nplay initiator\n" PLAYED_RETRY,
};

static rig_status play_made(const run_options *options, const rig_scn_file *file, const rig_fault_set *off,
                            rig_result *result)
{
    rig_run_config config = options->run;
    config.without = off;
    return rig_run_case(&config, file, "made.scn", 0, result);
}

static rig_status try_made(const run_options *options, rig_fault fault, const rig_scn_file *file,
                           rig_noticed_list *noticed)
{
    rig_fault_set off = {{0}};
    rig_result with, without;
    rig_fault_add(&off, fault);
    rig_status status = play_made(options, file, NULL, &with);
    rig_status other = play_made(options, file, &off, &without);
    if (!status && !other)
        status = cli_fault_judge(noticed, fault, &with, &without);
    rig_result_cleanup(&with);
    rig_result_cleanup(&without);
    return status;
}

/* NULL, and said why, when the language does not take the text: then the fault stays unnoticed. */
static rig_scn_file *open_made(rig_fault fault, const char *text)
{
    static rig_scn_problems problems;
    const rig_scn_config config = {.alloc = rig_alloc_libc()};
    rig_scn_file *file = NULL;
    problems.num = 0;
    if (rig_scn_open(&config, rig_view_str("made.scn"), rig_view_str(text), &file, &problems))
        printf("%s: %s line %u\n", rig_fault_rows[fault].name, problems.list[0].text, problems.list[0].line);
    return file;
}

rig_status cli_fault_made(const run_options *options, rig_fault fault, rig_noticed_list *noticed,
                          uint64_t *pairs)
{
    char text[MADE_TEXT_MAX];
    rig_status status = RIG_OK;
    for (size_t i = 0; i < sizeof made / sizeof made[0] && !status && !rig_noticed_has(noticed, fault); i++) {
        const char *gap = strstr(made[i], "%s");
        snprintf(text, sizeof text, "%.*s%s%s", (int)(gap - made[i]), made[i], rig_fault_rows[fault].name,
                 gap + 2);
        rig_scn_file *file = open_made(fault, text);
        if (!file)
            continue;
        status = try_made(options, fault, file, noticed);
        ++*pairs;
        rig_scn_file_free(file);
    }
    return status;
}
