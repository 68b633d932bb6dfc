/* What iscsicli shows of each reply, for people; --json is the record itself. */
#include "cli_kit.h"

#define DISK "iqn.2026-01.org.example:disk"

typedef struct output_row {
    const char *line, *reply, *out;
} output_row;

static const output_row outputs[] = {
    {"ClearPersistentDevices", NULL, "done\n"},
    {"NodeName", "{\"text\":\"iqn.2026-01.org.example:us\"}", "iqn.2026-01.org.example:us\n"},
    {"ListTargets", NULL, "Targets                         0\n"},
    {"ListTargets", "{\"labels\":[{\"text\":\"" DISK "\"},{\"text\":\"eui.02004567A425678D\"}]}",
     "Targets                         2\n"
     "  " DISK "\n"
     "  eui.02004567A425678D\n"},
    {"ListInitiators", "{\"labels\":[{\"text\":\"Root\\\\ISCSIPRT\\\\0000_0\"}]}",
     "Initiators                      1\n"
     "  Root\\ISCSIPRT\\0000_0\n"},
    {"ListiSNSServers", "{\"labels\":[{\"text\":\"isns.example.org\"}]}",
     "iSNS servers                    1\n"
     "  isns.example.org\n"},
    {"ReportPersistentDevices", "{\"labels\":[{\"text\":\"/dev/sda\"}]}",
     "Bound devices                   1\n"
     "  /dev/sda\n"},
    /* what a target says is not obeyed by the terminal */
    {"ListTargets", "{\"labels\":[{\"text\":\"a\\u001b[2Jb\\u0085c\\u00e4\"}]}",
     "Targets                         1\n"
     "  a?[2Jb?c\xc3\xa4\n"},
    {"ListTargetPortals",
     "{\"portals\":[{\"port\":4294967295,\"portal\":{\"address\":\"192.0.2.1\",\"socket\":3260}},"
     "{\"initiator\":\"host\",\"port\":1,\"security-flags\":\"0x3\",\"portal\":{\"symbolic-name\":\"the "
     "store\","
     "\"address\":\"2001:db8::1\",\"socket\":3261},\"options\":{\"specified\":255,\"flags\":2,"
     "\"header-digest\":1,\"data-digest\":0,\"max-connections\":4,\"time2wait\":2,\"time2retain\":20,"
     "\"username\":{\"text\":\"joe\"},\"auth-type\":2}}]}",
     "Discovery portals               2\n"
     "  Portal                        192.0.2.1:3260\n"
     "    Initiator                   any\n"
     "    Port number                 any\n"
     "    Security flags              none\n"
     "    Login flags                 0x00000000\n"
     "  Portal                        [2001:db8::1]:3261  the store\n"
     "    Initiator                   host\n"
     "    Port number                 1\n"
     "    Security flags              VALID+IKE\n"
     "    Login flags                 0x00000002\n"
     "      Header digest             CRC32C\n"
     "      Data digest               none\n"
     "      MaxConnections            4\n"
     "      DefaultTime2Wait          2\n"
     "      DefaultTime2Retain        20\n"
     "      User                      joe\n"
     "      Authentication            mutual CHAP\n"},
    {"TargetInfo " DISK,
     "{\"targets\":[{\"target\":\"" DISK "\",\"mechanism\":\"SendTargets:192.0.2.1 3260\",\"groups\":["
     "{\"tag\":1,\"portals\":[{\"address\":\"192.0.2.1\",\"socket\":3260}]},{\"tag\":2,\"portals\":["
     "{\"address\":\"192.0.2.2\",\"socket\":3260,\"symbolic-name\":\"two\"}]}]},"
     "{\"target\":\"" DISK "\",\"mechanism\":\"Static:\",\"alias\":\"store\",\"initiator\":\"host\","
     "\"flags\":2,\"has-mapping\":true,\"mapping\":{\"os-bus\":0,\"os-target\":4294967295,\"luns\":["
     "{\"os-lun\":3,\"target-lun\":\"0x4100000000000000\"}]},\"has-options\":true,\"options\":"
     "{\"specified\":32,\"username\":{\"hex\":\"00ff\"}}}]}",
     "Known by                        2\n"
     "  Mechanism                     SendTargets:192.0.2.1 3260\n"
     "    Target                      " DISK "\n"
     "    Alias                       -\n"
     "    Initiator                   any\n"
     "    Protocol                    TCP\n"
     "    Target flags                0x00000000\n"
     "    Portal group                1\n"
     "      Portal                    192.0.2.1\n"
     "        Socket                  3260\n"
     "        Symbolic name           -\n"
     "    Portal group                2\n"
     "      Portal                    192.0.2.2\n"
     "        Socket                  3260\n"
     "        Symbolic name           two\n"
     "  Mechanism                     Static:\n"
     "    Target                      " DISK "\n"
     "    Alias                       store\n"
     "    Initiator                   host\n"
     "    Protocol                    TCP\n"
     "    Target flags                0x00000002\n"
     "    Mapping to bus              0\n"
     "      Target number             any\n"
     "      LUN of the system         3\n"
     "        LUN of the target       0x4100000000000000  (256)\n"
     "    Login flags                 0x00000000\n"
     "      User                      0x00ff\n"},
    {"ListPersistentTargets",
     "{\"logins\":[{\"target\":\"" DISK "\",\"port\":4294967295,\"persistent\":true},"
     "{\"target\":\"" DISK "\",\"informational\":true,\"initiator\":\"host\",\"port\":0,\"has-portal\":true,"
     "\"portal\":{\"address\":\"192.0.2.1\",\"socket\":3260},\"security-flags\":\"0x1\",\"has-options\":true,"
     "\"options\":{\"specified\":32},\"persistent\":true}]}",
     "Kept logins                     2\n"
     "  Target                        " DISK "\n"
     "    Portal                      any\n"
     "    Initiator                   any\n"
     "    Port number                 any\n"
     "    Informational               no\n"
     "    Security flags              none\n"
     "  Target                        " DISK "\n"
     "    Portal                      192.0.2.1:3260\n"
     "    Initiator                   host\n"
     "    Port number                 0\n"
     "    Informational               yes\n"
     "    Security flags              VALID\n"
     "    Login flags                 0x00000000\n"
     "      User                      node name\n"},
    /* kept, and not carried out: there is no session that could be named */
    {"PersistentLoginTarget " DISK " T * * * * * * * * * * * * * * * 0", NULL, "done\n"},
    {"QLoginTarget " DISK,
     "{\"session\":{\"adapter\":\"0x1f\",\"specific\":\"0xab\"},\"connection\":{\"adapter\":\"0x1f\","
     "\"specific\":\"0x1\"}}",
     "Session                         000000000000001f-00000000000000ab\n"
     "  Connection                    000000000000001f-0000000000000001\n"},
    {"SessionList",
     "{\"sessions\":[{\"id\":{\"adapter\":\"0x1f\",\"specific\":\"0xab\"},\"initiator-node\":\"iqn.us\","
     "\"initiator\":\"host\",\"target-node\":\"" DISK "\",\"target\":\"" DISK "\","
     "\"isid\":{\"hex\":\"404142434445\"},\"tsih\":10,\"type\":2,\"initial-r2t\":true,\"immediate-data\":"
     "true,"
     "\"data-sequence-in-order\":true,\"data-pdu-in-order\":true,\"error-recovery-level\":2,"
     "\"max-outstanding-r2t\":1,\"first-burst\":65536,\"max-burst\":262144,\"max-connections\":8,"
     "\"persistent\":true,\"connections\":[{\"id\":{\"adapter\":\"0x1f\",\"specific\":\"0x1\"},"
     "\"local-address\":\"192.0.2.9\",\"local-port\":40000,\"remote-address\":\"192.0.2.1\","
     "\"remote-port\":3260,\"cid\":1,\"state\":1,\"protocol\":6,\"header-digest\":1,\"max-recv\":262144,"
     "\"auth-type\":1}]}]}",
     "Sessions                        1\n"
     "  Session                       000000000000001f-00000000000000ab\n"
     "    Target                      " DISK "\n"
     "    Target in the login         " DISK "\n"
     "    Initiator node              iqn.us\n"
     "    Initiator                   host\n"
     "    ISID                        0x404142434445\n"
     "    TSIH                        0x000a\n"
     "    Type                        data\n"
     "    From a kept login           yes\n"
     "    InitialR2T                  yes\n"
     "    ImmediateData               yes\n"
     "    DataSequenceInOrder         yes\n"
     "    DataPDUInOrder              yes\n"
     "    ErrorRecoveryLevel          2\n"
     "    MaxOutstandingR2T           1\n"
     "    FirstBurstLength            65536\n"
     "    MaxBurstLength              262144\n"
     "    MaxConnections              8\n"
     "    Connection                  000000000000001f-0000000000000001\n"
     "      CID                       1\n"
     "      State                     full feature phase\n"
     "      Our address               192.0.2.9\n"
     "      Our socket                40000\n"
     "      Portal                    192.0.2.1\n"
     "      Socket                    3260\n"
     "      IP protocol               6\n"
     "      Header digest             CRC32C\n"
     "      Data digest               none\n"
     "      MaxRecvDataSegmentLength  262144\n"
     "      Authentication            CHAP\n"
     "      Bytes a second            not known\n"
     "      Largest datagram          not known\n"},
    {"SessionList F",
     "{\"sessions\":[{\"id\":{\"adapter\":\"0x1f\",\"specific\":\"0xab\"},\"target\":\"" DISK "\"},"
     "{\"id\":{\"adapter\":\"0x1f\",\"specific\":\"0xac\"},\"target\":\"" DISK "\"}]}",
     "Sessions                        2\n"
     "  000000000000001f-00000000000000ab  " DISK "\n"
     "  000000000000001f-00000000000000ac  " DISK "\n"},
    {"ReportTargetMappings",
     "{\"mappings\":[{\"initiator\":\"host\",\"target\":\"" DISK "\",\"os-device\":\"scsi2\",\"session\":"
     "{\"adapter\":\"0x1f\",\"specific\":\"0xab\"},\"os-bus\":0,\"os-target\":7,\"luns\":[{\"os-lun\":0},"
     "{\"os-lun\":1,\"target-lun\":\"0x1000200000000\"}]}]}",
     "Mappings                        1\n"
     "  Session                       000000000000001f-00000000000000ab\n"
     "    Target                      " DISK "\n"
     "    Initiator                   host\n"
     "    Adapter of the system       scsi2\n"
     "    Bus number                  0\n"
     "    Target number               7\n"
     "    LUN of the system           0\n"
     "      LUN of the target         0x0000000000000000  (0)\n"
     "    LUN of the system           1\n"
     "      LUN of the target         0x0001000200000000\n"},
    {"Ping * 192.0.2.1", "{\"received\":4}", "Answers                         4\n"},
    {"GetPSKey * * 1 192.0.2.9",
     "{\"port\":4294967295,\"method\":1,\"security-flags\":\"0x7\",\"id-type\":1,\"id\":{\"hex\":"
     "\"c0000209\"},"
     "\"persist\":true}",
     "Initiator                       every one\n"
     "  Port number                   any\n"
     "  Method                        pre-shared key\n"
     "  Security flags                VALID+IKE+MAIN\n"
     "  Type of identity              IPv4\n"
     "  Identity                      0xc0000209\n"
     "  Kept over a restart           yes\n"},
    /* SBC-3: the last block, and the bytes of one */
    {"ReadCapacity 1-1 0", "{\"data\":{\"hex\":\"0001ffff00000200\"}}",
     "Last block                      131071\n"
     "Bytes of a block                512\n"
     "Bytes                           67108864\n"},
    {"ReadCapacity 1-1 0", "{\"data\":{\"hex\":\"0000000100000000000010000000000000000000\"}}",
     "Last block                      4294967296\n"
     "Bytes of a block                4096\n"
     "Bytes                           17592186048512\n"},
    {"ReadCapacity 1-1 0", "{\"data\":{\"hex\":\"ffffffffffffffff00000200\"}}",
     "Last block                      18446744073709551615\n"
     "Bytes of a block                512\n"},
    {"ReadCapacity 1-1 0", "{\"data\":{\"hex\":\"0001\"}}",
     "  0000  00 01                                            ..\n"},
    {"ReportLUNs 1-1",
     "{\"data\":{\"hex\":\"000000180000000000000000000000000001000000000000c101000000000000\"}}",
     "LUNs                            3\n"
     "  0x0000000000000000  (0)\n"
     "  0x0001000000000000  (1)\n"
     "  0xc101000000000000\n"},
    {"ReportLUNs 1-1", "{\"data\":{\"hex\":\"0000100000000000000000000000\"}}",
     "LUNs                            512\n"},
    {"ReportLUNs 1-1", NULL, "LUNs                            0\n"},
    {"ScsiInquiry 1-1 0 0 0",
     "{\"data\":{\"hex\":\"000006021f0000005445535420202020443153434b202020202020202020200731303030\"}}",
     "Peripheral qualifier            0\n"
     "Device type                     direct access block device\n"
     "Vendor                          TEST\n"
     "Product                         D1SCK          ?\n"
     "Revision                        1000\n"
     "Bytes                           36\n"
     "  0000  00 00 06 02 1f 00 00 00 54 45 53 54 20 20 20 20  ........TEST    \n"
     "  0010  44 31 53 43 4b 20 20 20 20 20 20 20 20 20 20 07  D1SCK          .\n"
     "  0020  31 30 30 30                                      1000\n"},
    {"ScsiInquiry 1-1 0 1 0", "{\"data\":{\"hex\":\"000000020083\"}}",
     "Bytes                           6\n"
     "  0000  00 00 00 02 00 83                                ......\n"},
};

static void shows(void)
{
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        kit_cli k = {.reply = outputs[i].reply};
        kit_run(&k, outputs[i].line);
        bool good = k.end == CLI_DONE && strcmp(k.out, outputs[i].out) == 0 && !k.err[0];
        if (!good)
            printf("\n  %s\n%s%swanted\n%s", outputs[i].line, k.out, k.err, outputs[i].out);
        CU_ASSERT_TRUE(good);
        kit_forget_cli(&k);
    }
}

/* --json gives the reply as the record has it, whatever the verb. */
static void shows_json(void)
{
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        kit_cli k = {.reply = outputs[i].reply};
        char line[256];
        const rig_shape *shape = NULL;
        rig_error error = {0};
        snprintf(line, sizeof line, "--json %s", outputs[i].line);
        kit_run(&k, line);
        shape = rig_shape_of(rig_call_of(k.call)->reply);
        void *wanted = rig_new(rig_alloc_libc(), shape->size), *got = rig_new(rig_alloc_libc(), shape->size);
        CU_ASSERT_FATAL(wanted && got);
        CU_ASSERT_EQUAL(rig_record_from_json(rig_alloc_libc(), shape,
                                             rig_view_str(outputs[i].reply ? outputs[i].reply : "{}"), wanted,
                                             &error),
                        RIG_OK);
        CU_ASSERT_EQUAL(
            rig_record_from_json(rig_alloc_libc(), shape, rig_view_of(k.out, strlen(k.out) - 1), got, &error),
            RIG_OK);
        CU_ASSERT_TRUE(rig_record_equal(shape, wanted, got));
        rig_record_clear(rig_alloc_libc(), shape, wanted);
        rig_record_clear(rig_alloc_libc(), shape, got);
        rig_delete(rig_alloc_libc(), wanted, shape->size);
        rig_delete(rig_alloc_libc(), got, shape->size);
        kit_forget_cli(&k);
    }
}

/* SPC-4 section 4.5: fixed and descriptor format; what is too short is shown as it is. */
static void shows_sense(void)
{
    static const struct {
        const char *reply, *out;
    } rows[] = {
        {"{\"status\":2,\"sense\":{\"hex\":\"70000500000000000000000025000000\"}}",
         "SCSI status                     CHECK-CONDITION\n"
         "Sense                           ILLEGAL-REQUEST, ASC/ASCQ 0x25/0x00\n"
         "  0000  70 00 05 00 00 00 00 00 00 00 00 00 25 00 00 00  p...........%...\n"},
        {"{\"status\":2,\"sense\":{\"hex\":\"7206290000000000\"}}",
         "SCSI status                     CHECK-CONDITION\n"
         "Sense                           UNIT-ATTENTION, ASC/ASCQ 0x29/0x00\n"
         "  0000  72 06 29 00 00 00 00 00                          r.).....\n"},
        {"{\"status\":2,\"sense\":{\"hex\":\"7000\"}}",
         "SCSI status                     CHECK-CONDITION\n"
         "  0000  70 00                                            p.\n"},
        {"{\"status\":8}", "SCSI status                     BUSY\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kit_cli k = {.code = RIG_CODE_SCSI_REQUEST_FAILED, .reply = rows[i].reply};
        kit_run(&k, "ReadCapacity 1-1 5");
        CU_ASSERT_EQUAL(k.end, CLI_FAILED);
        CU_ASSERT_STRING_EQUAL(k.out, rows[i].out);
        CU_ASSERT_PTR_NOT_NULL(strstr(k.err, "scsi-request-failed (0xefff001d)"));
        kit_forget_cli(&k);
    }
}

RIG_SUITE("iscsicli's output", {"each reply, for people", shows}, {"each reply, as JSON", shows_json},
          {"SCSI failures", shows_sense})
