/* Whatever is wrong in a file is found before anything runs, with its place, its reason and the nearest known
 * word. */
#include "lang_helper.h"

typedef struct wrong {
    const char *text;
    uint32_t line, col;
    const char *says; /* part of the message */
} wrong;

static void expect(const wrong *all, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        rig_scn_file *file;
        rig_scn_problems problems;
        rig_status status = help_open(all[i].text, NULL, &file, &problems);
        bool ok = status != RIG_OK && file == NULL && problems.num > 0 &&
                  problems.list[0].line == all[i].line && problems.list[0].col == all[i].col &&
                  strstr(problems.list[0].text, all[i].says);
        if (!ok)
            printf("\n  %zu: want %u:%u %s, got %u:%u %s\n%s", i, all[i].line, all[i].col, all[i].says,
                   problems.list[0].line, problems.list[0].col, problems.list[0].text, all[i].text);
        CU_ASSERT_TRUE(ok);
        rig_scn_file_free(file);
    }
}

#define EXPECT(...)                                                                                          \
    static const wrong all[] = {__VA_ARGS__};                                                                \
    expect(all, sizeof(all) / sizeof(all[0]))

static void notation(void)
{
    EXPECT({HELP_HEAD "target\n\tnode x\n", 4, 1, "tab"},
           {HELP_HEAD "choice \"never closed\n", 3, 8, "quote is never closed"},
           {HELP_HEAD "choice read-10(lba=0\n", 3, 15, "parenthesis is never closed"},
           {HELP_HEAD "tags a\xff"
                      "b\n",
            3, 7, "UTF-8"},
           {HELP_HEAD "tags a\x01\n", 3, 7, "control character"},
           {HELP_HEAD "target\n    node iqn.2026-01.example.sim:a\n  lun 0 ram 1MiB\n", 5, 3,
            "fits no line above; 4"},
           {"  scenario \"t\"\n", 1, 3, "fits no line above; 0"});
}

static void missing_things(void)
{
    EXPECT({"level MUST\n" HELP_TARGET HELP_RUN HELP_MUST, 1, 1, "title is missing"},
           {"scenario \"t\"\n" HELP_TARGET HELP_RUN HELP_MUST, 1, 1, "level is missing"},
           {HELP_HEAD HELP_TARGET HELP_RUN, 1, 1, "level MUST wants a must or never line"},
           {HELP_HEAD HELP_TARGET HELP_RUN "trace\n  ! connect\n", 1, 1,
            "level MUST wants a must or never line"},
           {"scenario \"t\"\nlevel MAY\n" HELP_TARGET HELP_RUN, 1, 1, "nothing is checked"},
           {HELP_HEAD HELP_TARGET HELP_MUST, 1, 1, "a run or play section is missing"},
           {HELP_HEAD HELP_RUN HELP_MUST, 1, 1, "a target or play target section is missing"},
           {HELP_HEAD HELP_TARGET "run\n" HELP_MUST, 1, 1, "has no steps"}, {"", 0, 0, "title is missing"},
           {HELP_ALL "trace\n", 8, 1, "no lines"});
}

static void unknown_words(void)
{
    EXPECT(
        {HELP_HEAD "targte\n", 3, 1,
         "unknown word at the beginning of a line \"targte\"; the nearest known is \"target\""},
        {HELP_HEAD "level MUTS\n", 3, 7, "none of MUST|SHOULD|MAY|CHOICE"},
        {HELP_HEAD "target\n  prtal 1.2.3.4:3260\n", 4, 3, "\"portal\""},
        {HELP_HEAD HELP_TARGET "run\n  logni iqn.2026-01.example.sim:a\n", 6, 3,
         "unknown step \"logni\"; the nearest known is \"login\""},
        {HELP_HEAD "run\n  read lun 0 lba 0\n", 4, 3, "commands are sent by scsi: \"scsi lun 0 read-6 …\""},
        {HELP_HEAD "run\n  inquiry lun 0\n", 4, 3, "commands are sent by scsi: \"scsi lun 0 inquiry …\""},
        {HELP_HEAD HELP_TARGET "run\n  target pnig\n", 6, 3, "\"target ping\""},
        {HELP_HEAD HELP_TARGET "run\n  login iqn.2026-01.example.sim:a ofer A=b\n", 6, 35,
         "unknown argument of login \"ofer\"; the nearest known is \"offer\""},
        {HELP_ALL "never > Snak\n", 8, 9, "unknown PDU \"Snak\"; the nearest known is \"Snack\""},
        {HELP_ALL "never > Login TSHI=0\n", 8, 15,
         "unknown field or key of Login \"TSHI\"; the nearest known is \"TSIH\""},
        {HELP_ALL "never > Login HeaderDigst=None\n", 8, 15, "\"HeaderDigest\""},
        {HELP_ALL "never > Snack lun=0\n", 8, 15,
         "unknown field of Snack \"lun\"; the nearest known is \"LUN\""},
        {HELP_ALL "never < ScsiResp sence=NO-SENSE/00/00\n", 8, 18,
         "unknown field of ScsiResp \"sence\"; the nearest known is \"sense\""},
        {HELP_ALL "never < NopIn sense=NO-SENSE/00/00\n", 8, 15, "unknown field of NopIn \"sense\""},
        {HELP_ALL "never > _ text-bytes=1\n", 8, 11, "unknown field of every PDU \"text-bytes\""},
        {HELP_ALL "never ! garbage ofset=5\n", 8, 17,
         "unknown argument of garbage \"ofset\"; the nearest known is \"offset\""},
        {HELP_ALL "never ! garbage hex:00 hex:01\n", 8, 24, "unknown argument of garbage \"hex:01\""},
        {HELP_ALL "never ! conect\n", 8, 9, "unknown event \"conect\"; the nearest known is \"connect\""},
        {HELP_ALL "never ! close raeson=header-digest\n", 8, 15,
         "unknown argument of close \"raeson\"; the nearest known is \"reason\""},
        {HELP_ALL "never ! close reason=header-digset\n", 8, 22,
         "unknown status \"header-digset\"; the nearest known is \"header-digest\""},
        {HELP_ALL "never < ScsiResp !bad-heder-digest\n", 8, 19,
         "unknown mark \"bad-heder-digest\"; the nearest known is \"bad-header-digest\""},
        {HELP_HEAD "target\n  fault silense\n", 4, 9,
         "unknown fault \"silense\"; the nearest known is \"silence\""},
        {HELP_HEAD "target\n  node iqn.2026-01.example.sim:a\n  offer MaxBurstLenght=1\n", 5, 9,
         "unknown key \"MaxBurstLenght\"; the nearest known is \"MaxBurstLength\""},
        {HELP_HEAD "target\n  on NopOut do dorp\n", 4, 16,
         "unknown action \"dorp\"; the nearest known is \"drop\""},
        {HELP_HEAD "initiator nmae x\n", 3, 11, "\"name\""},
        {HELP_HEAD HELP_TARGET "run\n  scsi lun 0 raed-10 lba=0\n", 6, 14, "read-10"},
        {HELP_HEAD HELP_TARGET "run\n  scsi lun 0 read-10 lab=0\n", 6, 22,
         "unknown CDB field \"lab\"; the nearest known is \"lba\""},
        {HELP_ALL "must $s.stauts == ok\n", 8, 9,
         "unknown member \"stauts\"; the nearest known is \"status\""},
        {HELP_ALL "trace\n  login-fase $s\n", 9, 3, "unknown macro"},
        {HELP_ALL "trace\n  Login T=1\n", 9, 3, "a line begins with >, < or !"});
}

#define CALLS HELP_HEAD HELP_TARGET "run\n  call report-targets -> $t\n"

static void calls_and_rows(void)
{
    EXPECT({HELP_HEAD "run\n  call report-targtes\n", 4, 8,
            "unknown call \"report-targtes\"; the nearest known is \"report-targets\""},
           {HELP_HEAD "run\n  call logout sesion=1-2\n", 4, 15,
            "unknown member of session_ref \"sesion\"; the nearest known is \"session\""},
           {HELP_HEAD "run\n  call login portal.adress=x\n", 4, 14,
            "unknown member of target_portal \"adress\"; the nearest known is \"address\""},
           {HELP_HEAD "run\n  call login target.x=1\n", 4, 14, "unknown member of target \"x\""},
           {HELP_HEAD "run\n  call login port=soon\n", 4, 19, "a number is wanted"},
           {HELP_HEAD "run\n  call login options.flags=multipth\n", 4, 28, "a number is wanted"},
           {HELP_HEAD "run\n  call logout session=1\n", 4, 23, "is named HEX-HEX"},
           {HELP_HEAD "run\n  call logout session=1-2-3\n", 4, 23, "is named HEX-HEX"},
           {HELP_HEAD "run\n  call logout session=1-x\n", 4, 23, "is named HEX-HEX"},
           {HELP_HEAD "run\n  call login portal=1.2.3.4:99999\n", 4, 21, "port"},
           {HELP_HEAD "run\n  call login mapping.luns.1.os-lun=1\n", 4, 36, "has 0 entries"},
           {HELP_HEAD "run\n  call logout session=$s\n", 4, 23, "no earlier step sets $s"},
           {CALLS "  call logout session=$t\n", 7, 23, "$call.MEMBER"},
           {CALLS "  call logout session=$t.lables\n", 7, 23,
            "unknown member of labels \"lables\"; the nearest known is \"labels\""},
           {CALLS "  call report-sessions -> $t\n", 7, 27, "$t holds something else since line 6"},
           {CALLS "  scsi lun 0 test-unit-ready on $t\n", 7, 33, "$t is no session"},
           {CALLS "  answer label\n", 7, 10, "the nearest known is \"labels\""},
           {CALLS "  answer labels.nmu\n", 7, 10, "the nearest known is \"num\""},
           {HELP_HEAD "run\n  answer labels\n", 4, 10, "no call stands before"},
           {HELP_HEAD HELP_TARGET "run\n  ping -> $p\n  answer labels of $p\n", 7, 20, "$p is no call"},
           {CALLS "must $t == target-not-fond\n", 7, 12,
            "unknown code \"target-not-fond\"; the nearest known is \"target-not-found\""},
           {CALLS "must $t.label == 1\n", 7, 9, "the nearest known is \"labels\""},
           {HELP_HEAD "persist row logn target=x\n", 3, 13,
            "unknown kind of row \"logn\"; the nearest known is \"login\""},
           {HELP_HEAD "persist row device path=x\n", 3, 20, "unknown member of label \"path\""},
           {HELP_HEAD "persist row device\n", 3, 19, "row wants PATH=VALUE"},
           {HELP_HEAD "persist login iqn.2026-01.example.sim:a offer MaxBurstLength=1\n", 3, 47,
            "a login keeps HeaderDigest"},
           {HELP_HEAD "persist login iqn.2026-01.example.sim:a user=x\n", 3, 9, "behind the authentication"},
           {HELP_HEAD "persist login iqn.2026-01.example.sim:a auth CHAP\n", 3, 9, "user= and secret="},
           {HELP_HEAD "hba adapter a kind hardware quirk own-bot\n", 3, 35,
            "unknown quirk \"own-bot\"; the nearest known is \"own-boot\""},
           {HELP_HEAD "run\n  hba hold $d\n", 4, 12, "no earlier step sets $d"},
           {HELP_HEAD "hba port 192.0.2.1/24\n", 3, 5, "wants an adapter above it"},
           {HELP_HEAD "hba boots target=x\n", 3, 5, "wants an adapter above it"},
           {HELP_HEAD "isns split 6\n", 3, 6, "a multiple of 4"},
           {HELP_HEAD "isns period 0s\n", 3, 6, "lasts some seconds"},
           {HELP_HEAD "isns at server:3205\n", 3, 9, "numeric addresses"},
           {HELP_HEAD "isns at 192.0.2.9:3205 at 192.0.2.9:3206\n", 3, 24, "there is one iSNS server"},
           {HELP_HEAD "isns at 192.0.2.9:3205 node iqn.2026-01.example.sim:a group 65536\n", 3, 61,
            "a portal group tag is"},
           {HELP_HEAD "isns at 192.0.2.9:3205 node iqn.2026-01.example.sim:a flags VALD\n", 3, 61,
            "flags are a number"},
           {HELP_HEAD "hba policy 192.0.2.1:3260 plain\n", 3, 5, "policy wants an adapter above it"},
           {HELP_HEAD "hba\n  adapter a kind hardware\n  policy 192.0.2.1:3260 clear\n", 5, 25,
            "is none of plain|ipsec"},
           {HELP_HEAD "hba\n  adapter a kind hardware\n  policy 192.0.2.1:3260 plain port 8\n", 5, 36,
            "at most 8 ports"},
           {HELP_HEAD "hba\n  adapter a kind software\n  port 192.0.2.1/33\n", 5, 8, "ADDRESS/BITS"},
           {HELP_HEAD "hba tune default-security VALDI\n", 3, 27, "flags are a number"},
           {HELP_HEAD "hba tune login-attempts 1 tune login-pause 1s\n", 3, 27, "tune is given twice"});
}

/* What one word needs of another stands in different lines. */
static void one_secret_of_targets(void)
{
    static const char text[] =
        HELP_HEAD "persist\n"
                  "  login iqn.2026-01.example.sim:a auth CHAP user=a secret=b target-secret=c\n"
                  "  login iqn.2026-01.example.sim:b auth CHAP user=a secret=b target-secret=d\n";
    EXPECT({text, 5, 3, "all targets prove themselves with one"});
}

static void impossible_values(void)
{
    EXPECT({HELP_ALL "never > Login CSG=4\n", 8, 19, "CSG"},
           {HELP_ALL "never > Login TSIH=65536\n", 8, 20, "TSIH"},
           {HELP_ALL "never < ScsiResp Status=GOD\n", 8, 25, "Status"},
           {HELP_ALL "never > Login TSIH=5..3\n", 8, 20, "the range is empty"},
           {HELP_ALL "never > Login TSIH=\n", 8, 20, "a value is missing"},
           {HELP_ALL "never > Login TSIH\n", 8, 15, "write TSIH=VALUE"},
           {HELP_ALL "never > Login TSIH~1\n", 8, 20, "~ looks into lists"},
           {HELP_ALL "never < ScsiResp sense=UNIT-ATENTION/29/00\n", 8, 24,
            "\"UNIT-ATENTION/29/00\" is no sense: write sense=KEY/ASC/ASCQ"},
           {HELP_ALL "never < Reject Rejected=Snak\n", 8, 25, "\"Snak\" is no Rejected: write Rejected=PDU"},
           {HELP_ALL "never > DataOut DataLen=16777216\n", 8, 25, "is no DataLen"},
           {HELP_ALL "never > DataOut DataLen=5..3\n", 8, 25, "the range is empty"},
           {HELP_ALL "never > DataOut DataLen~1\n", 8, 25, "~ looks into lists"},
           {HELP_HEAD "target\n  node IQN.x\n", 4, 8, "no iSCSI name"},
           {HELP_HEAD "target\n  portal host:3260\n", 4, 10, "numeric address"},
           {HELP_HEAD "target\n  portal 1.2.3.4:99999\n", 4, 10, "ADDR:PORT"},
           {HELP_HEAD "target\n  lun 0 ram 1MiB\n", 4, 3, "wants a node above"},
           {HELP_HEAD HELP_TARGET "  lun 0 ram 1MiB\n", 5, 3, "lun 0 already"},
           {HELP_HEAD HELP_TARGET "  lun 1 disk 1MiB\n", 5, 9, "none of ram|pattern|null"},
           {HELP_HEAD HELP_TARGET "  lun 1 ram 1Mb\n", 5, 13, "no size"},
           {HELP_HEAD HELP_TARGET "  lun 16384 ram 1M\n", 5, 7, "N is 0 to 16383"},
           {HELP_HEAD HELP_TARGET "  lun 1 ram 1M empty\n", 5, 16, "empty wants removable"},
           {HELP_HEAD HELP_TARGET "  lun 1 ram 1M protection 4\n", 5, 27, "protection is 1 to 3"},
           {HELP_HEAD HELP_TARGET "  lun 1 ram 1M serial x\n", 5, 23, "no number"},
           {HELP_HEAD "target\n  error any busy\n", 4, 3, "an error wants a lun above it"},
           {HELP_HEAD HELP_TARGET "  error busy\n", 5, 13, "error wants COMMAND|any here"},
           {HELP_HEAD HELP_TARGET "  error raed-10 busy\n", 5, 9, "the nearest known is \"read-10\""},
           {HELP_HEAD HELP_TARGET "  error any lba 5..3 busy\n", 5, 17, "the range is empty"},
           {HELP_HEAD HELP_TARGET "  error any lba 5. busy\n", 5, 17, "lba wants N or N..N"},
           {HELP_HEAD HELP_TARGET "  error any lba 5.. busy\n", 5, 17, "lba wants N or N..N"},
           {HELP_HEAD HELP_TARGET "  error any nth 0 busy\n", 5, 17, "nth counts from 1"},
           {HELP_HEAD HELP_TARGET "  error any count 4294967296 busy\n", 5, 19, "count counts from 1"},
           {HELP_HEAD HELP_TARGET "  error any\n", 5, 3, "an error is one of"},
           {HELP_HEAD HELP_TARGET "  error any busy task-set-full\n", 5, 3, "an error is one of"},
           {HELP_HEAD HELP_TARGET "  error any sense 3/11\n", 5, 19, "sense wants KEY/ASC/ASCQ"},
           {HELP_HEAD HELP_TARGET "  window 4097\n", 5, 10, "window"},
           {HELP_HEAD "initiator isid 0102\n", 3, 16, "6 bytes"},
           {HELP_HEAD "initiator login-timeout 5\n", 3, 25, "no time"},
           {HELP_HEAD "initiator reconnect maybe\n", 3, 21, "no yes or no"},
           {HELP_HEAD HELP_TARGET "run\n  scsi lun 0 read-10 blocks=65536\n", 6, 29, "does not fit"},
           {HELP_HEAD HELP_TARGET "run\n  login iqn.2026-01.example.sim:a within 0\n", 6, 42, "future"},
           {HELP_ALL "must $s has\n", 8, 12, "value is missing"},
           {HELP_ALL "must $s < good\n", 8, 11, "< compares numbers"},
           {HELP_HEAD "persist login iqn.2026-01.example.sim:a flags VALID+MIAN\n", 3, 47,
            "flags are a number"});
}

static void variables(void)
{
    EXPECT({HELP_ALL "must $x == good\n", 8, 6, "no step sets $x"},
           {HELP_HEAD HELP_TARGET "run\n  abort $t\n", 6, 9, "no earlier step sets $t"},
           {HELP_HEAD HELP_TARGET "run\n  login iqn.2026-01.example.sim:a -> $s\n  abort $s\n", 7, 9,
            "$s is no task"},
           {HELP_HEAD HELP_TARGET "run\n  ping -> $p\n  logout $p\n", 7, 10, "$p is no session"},
           {HELP_HEAD HELP_TARGET "run\n  ping -> $p\n  discover -> $p\n", 7, 15,
            "$p holds something else since line 6"},
           {HELP_HEAD HELP_TARGET "run\n  pass 1s -> $p\n", 6, 14, "pass leaves no result"},
           {HELP_ALL "trace\n  > ScsiCmd CmdSN=$c+1\n", 9, 19, "$c has no value yet"},
           {HELP_ALL "trace\n  > ScsiCmd CmdSN!=$c\n", 9, 20, "$c has no value yet"},
           {HELP_ALL "trace\n  > ScsiCmd CmdSN=$c\n  < LoginResp CHAP_I=$c\n", 10, 22, "$c holds a number"},
           {HELP_ALL "trace\n  > ScsiCmd CDB=$c\n", 9, 17, "CDB cannot be held"},
           {HELP_ALL "must > Login ITT=$a\nnever > Login ITT!=$a\n", 9, 20, "$a has no value yet"},
           {HELP_ALL "trace\n  > Login CHAP_R=chap($i,\"x\",$c)\n", 9, 23, "$i has no value yet"});
}

static void forms(void)
{
    EXPECT({HELP_ALL "must\n", 8, 5, "must what?"},
           {"scenario \"t\"\nlevel MUST must ! close\n", 2, 12, "too many"},
           {HELP_ALL "never ; must ! close\n", 8, 7, "never what?"},
           {HELP_ALL "must every > TextReq\n", 8, 21, "has FIELD=VALUE"},
           {HELP_ALL "must every ! close has x\n", 8, 12, "every wants"},
           {HELP_ALL "must exactly ! close\n", 8, 14, "no number"},
           {HELP_ALL "must ! close after ! connect after ! connect\n", 8, 30, "after is given twice"},
           {HELP_ALL "must ! close [DIG-001\n", 8, 22, "never closed"},
           {HELP_ALL "must $s == ok good\n", 8, 15, "one word too many"},
           {HELP_ALL "must $s ok\n", 8, 9, "== != < <= > >= has"},
           {HELP_ALL "trace\n  > raw 00\n", 9, 5, "in a play"},
           {HELP_ALL "trace\n  +soon > Login\n", 9, 3, "+TIME"},
           {HELP_ALL "play nobody\n  ! connect\n", 8, 6, "initiator or target"},
           {HELP_HEAD "target\n  on ScsiResp do drop\n", 4, 6, "never receives ScsiResp"},
           {HELP_HEAD "target\n  on NopOut drop\n", 4, 17, "do ACTION"},
           {HELP_HEAD "target\n  on NopOut do reply ScsiCmd\n", 4, 22, "never sends ScsiCmd"},
           {HELP_HEAD "target\n  on NopOut do set Status=0\n", 4, 20, "differs from PDU to PDU"},
           {HELP_HEAD "target\n  on NopOut nth 0 do drop\n", 4, 17, "counts from 1"},
           {HELP_HEAD "target\n  on NopOut ITT=$x do drop\n", 4, 13, "a rule compares"},
           {HELP_HEAD "target\n  node iqn.2026-01.example.sim:a chap user=x\n", 4, 3, "user= and secret="},
           {HELP_HEAD "initiator\n  auth None ipsec=yes\n", 4, 3, "behind the authentication method"},
           {HELP_HEAD "ipsec\n  offer both group 5\n", 4, 20, "groups are 14, or 2"},
           {HELP_HEAD "ipsec\n  offer both group 65550\n", 4, 20, "groups are 14, or 2"},
           {HELP_HEAD "ipsec\n  offer both life 1500ms\n", 4, 19, "lives are whole seconds"},
           {HELP_HEAD "ipsec\n  offer both ike-life 0s\n", 4, 23, "lives are whole seconds"},
           {HELP_HEAD "ipsec\n  offer both life 4294967296s\n", 4, 19, "lives are whole seconds"},
           {HELP_HEAD "ipsec\n  key \"\"\n", 4, 7, "a key has 1 to"},
           {HELP_HEAD "ipsec\n  gateway disk.example\n", 4, 3, "numeric address"},
           {HELP_HEAD "ipsec\n  offer both esp aes128-sha256+\n", 4, 18, "joined by +"},
           {HELP_HEAD "initiator\n  auth CHAP user=x secret=y challenge-length=0\n", 4, 46, "is 1 to 65535"},
           {HELP_HEAD HELP_TARGET "run\n  scsi read-10\n", 6, 15, "scsi wants lun here"},
           {HELP_HEAD HELP_TARGET "run\n  ping 1 2\n", 6, 10, "unknown argument of ping"},
           {HELP_HEAD HELP_TARGET "run\n  scsi lun 0 lun 1 test-unit-ready\n", 6, 14, "lun is given twice"},
           {HELP_HEAD HELP_TARGET "run\n  async pass 1s\n", 6, 14, "cannot be async"},
           {HELP_HEAD HELP_TARGET "run\n  wait session up | refused\n", 6, 28, "use until"},
           {HELP_HEAD HELP_TARGET "must ! close\nrun\n  pass 1s\n  begin play\n", 8, 3, "no play initiator"},
           {HELP_HEAD HELP_TARGET
            "must ! close\nrun\n  begin play\n  begin play\nplay initiator\n  ! connect\n",
            8, 3, "begun already"});
}

static void several_problems_at_once(void)
{
    rig_scn_file *file;
    rig_scn_problems problems;
    const char *text = HELP_ALL "never > Snak\nnever > Login TSHI=0\nmust $q == good\n";
    CU_ASSERT_EQUAL(help_open(text, NULL, &file, &problems), RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(problems.num, 3);
    CU_ASSERT_EQUAL(problems.list[0].line, 8);
    CU_ASSERT_EQUAL(problems.list[1].line, 9);
    CU_ASSERT_EQUAL(problems.list[2].line, 10);
    char line[400];
    rig_text shown;
    rig_text_init(&shown, line, sizeof(line));
    rig_scn_problem_print(&shown, &problems.list[0]);
    CU_ASSERT_STRING_EQUAL(line, "t.scn:8:9: unknown PDU \"Snak\"; the nearest known is \"Snack\"");
}

static void requirement_ids_are_checked(void)
{
    const char *text = HELP_ALL "never > Snack [SNACK-003 SNACK-999]\n";
    rig_scn_config config = {.alloc = rig_alloc_libc(),
                             .requirements = rig_view_str("id\tsection\nSNACK-003\t11.16\nDIG-001\t7.8\n")};
    rig_scn_problems problems = {.num = 0};
    rig_scn_file *file;
    rig_status status = rig_scn_open(&config, rig_view_str("t.scn"), rig_view_str(text), &file, &problems);
    CU_ASSERT_EQUAL(status, RIG_E_NOT_FOUND);
    CU_ASSERT_EQUAL(problems.list[0].line, 8);
    CU_ASSERT_EQUAL(problems.list[0].col, 26);
    CU_ASSERT_PTR_NOT_NULL(strstr(problems.list[0].text, "SNACK-999"));
}

static char *repeated(const char *head, const char *part, size_t times)
{
    size_t len = strlen(part), before = strlen(head);
    char *text = calloc(1, before + len * times + 1);
    if (!text)
        abort();
    memcpy(text, head, before);
    for (size_t i = 0; i < times; i++)
        memcpy(text + before + i * len, part, len);
    return text;
}

static rig_status status_of(char *text)
{
    rig_scn_file *file;
    rig_scn_problems problems;
    rig_status status = help_open(text, NULL, &file, &problems);
    rig_scn_file_free(file);
    free(text);
    return status;
}

static void limits_hold_at_the_limit_and_one_past(void)
{
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL, "\n", RIG_SCN_LINES_MAX - 7)), RIG_OK);
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL, "\n", RIG_SCN_LINES_MAX - 6)), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL "#", "x", RIG_SCN_LINE_MAX - 1)), RIG_OK);
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL "#", "x", RIG_SCN_LINE_MAX)), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL "never > Login", " TSIH=0", RIG_SCN_CONDS_MAX)), RIG_OK);
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL "never > Login", " TSIH=0", RIG_SCN_CONDS_MAX + 1)),
                    RIG_E_LIMIT);
    size_t left = RIG_SCN_FILE_MAX - strlen(HELP_ALL);
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL, "#\n", left / 2)), RIG_E_LIMIT); /* by its lines */
    CU_ASSERT_EQUAL(status_of(repeated(HELP_ALL, "\n", left + 1)), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(status_of(repeated(HELP_HEAD HELP_TARGET, "  on Snack do drop\n", RIG_RULES_MAX + 1)),
                    RIG_E_LIMIT);
}

static void circles_of_includes(void)
{
    static const struct {
        const char *text, *path, *chain;
    } circles[] = {
        {"include \"a.inc\"\n", "c.inc", "a.inc includes b.inc which includes c.inc which includes a.inc"},
        {"include \"own.inc\"\n", "own.inc", "own.inc includes own.inc"},
    };
    static const help_file files[] = {{"a.inc", "include \"b.inc\"\n"},
                                      {"b.inc", "include \"c.inc\"\n"},
                                      {"c.inc", "include \"a.inc\"\n"},
                                      {"own.inc", "include \"own.inc\"\n"},
                                      {NULL, NULL}};
    for (size_t i = 0; i < sizeof circles / sizeof circles[0]; i++) {
        char text[512];
        rig_scn_file *file;
        rig_scn_problems problems;
        snprintf(text, sizeof text, HELP_HEAD "%s", circles[i].text);
        CU_ASSERT(help_open(text, files, &file, &problems) != RIG_OK);
        CU_ASSERT_FATAL(problems.num > 0);
        CU_ASSERT_STRING_EQUAL(problems.list[0].path, circles[i].path);
        CU_ASSERT_EQUAL(problems.list[0].line, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(problems.list[0].text, circles[i].chain));
        rig_scn_file_free(file);
    }
}

RIG_SUITE("lang_error", {"notation", notation}, {"missing things", missing_things},
          {"unknown words", unknown_words}, {"calls and rows", calls_and_rows},
          {"one secret of targets", one_secret_of_targets}, {"impossible values", impossible_values},
          {"variables", variables}, {"forms", forms}, {"several problems at once", several_problems_at_once},
          {"requirement ids are checked", requirement_ids_are_checked},
          {"limits hold at the limit and one past", limits_hold_at_the_limit_and_one_past},
          {"circles of includes", circles_of_includes})
