/* iscsicli: what each verb asks of the service, with every argument and with none, and what it refuses. */
#include "cli_kit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- requests ---- */

#define ANY ",\"port\":4294967295"
#define NINE "0x2 1 1 4 5 0x14 joe secret.of.twelve 1"
#define NINE_STARS "* * * * * * * * *"
#define NINE_SET                                                                                             \
    "\"options\":{\"specified\":255,\"flags\":2,\"header-digest\":1,\"data-digest\":1,"                      \
    "\"max-connections\":4,\"time2wait\":5,\"time2retain\":20,\"username\":{\"text\":\"joe\"},"              \
    "\"password\":{\"text\":\"secret.of.twelve\"},\"auth-type\":1}"
#define QUICK_SET                                                                                            \
    "\"options\":{\"specified\":224,\"username\":{\"text\":\"joe\"},"                                        \
    "\"password\":{\"text\":\"secret.of.twelve\"},\"auth-type\":1}"
#define DISK "iqn.2026-01.org.example:disk"
#define ID "1f-ab"
#define ID_SET "\"session\":{\"adapter\":\"0x1f\",\"specific\":\"0xab\"}"
#define PORTAL_SET "\"portal\":{\"address\":\"192.0.2.1\",\"socket\":3260}"
#define MAPPED "2 1 0 7 0 0x4100000000000000 0 7 1"
#define MAPPED_SET                                                                                           \
    "\"has-mapping\":true,\"mapping\":{\"os-bus\":0,\"os-target\":7,\"luns\":["                              \
    "{\"os-lun\":0,\"target-lun\":\"0x1000000000000\"},"                                                     \
    "{\"os-lun\":1,\"target-lun\":\"0x4100000000000000\"}]}"

typedef struct request_row {
    const char *line, *call, *request;
} request_row;

static const request_row requests[] = {
    /* discovery */
    {"AddTargetPortal 192.0.2.1 3261 Root\\ISCSIPRT\\0000_0 2 VALID+IKE " NINE, "add-send-targets-portal",
     "{\"initiator\":\"Root\\\\ISCSIPRT\\\\0000_0\",\"port\":2,\"portal\":{\"address\":\"192.0.2.1\","
     "\"socket\":3261},\"security-flags\":\"0x3\"," NINE_SET "}"},
    {"AddTargetPortal 192.0.2.1 * * * * " NINE_STARS, "add-send-targets-portal", "{" PORTAL_SET ANY "}"},
    {"AddTargetPortal 192.0.2.1 3260", "add-send-targets-portal", "{" PORTAL_SET ANY "}"},
    {"QAddTargetPortal 192.0.2.1", "add-send-targets-portal", "{" PORTAL_SET ANY "}"},
    {"QAddTargetPortal 192.0.2.1 joe secret.of.twelve", "add-send-targets-portal",
     "{" PORTAL_SET ANY "," QUICK_SET "}"},
    {"QAddTargetPortal 192.0.2.1 joe", "add-send-targets-portal",
     "{" PORTAL_SET ANY ",\"options\":{\"specified\":32,\"username\":{\"text\":\"joe\"}}}"},
    {"RemoveTargetPortal 192.0.2.1 *", "remove-send-targets-portal", "{" PORTAL_SET ANY "}"},
    {"RemoveTargetPortal 192.0.2.1 0xcbc host 0", "remove-send-targets-portal",
     "{" PORTAL_SET ",\"initiator\":\"host\"}"},
    {"RefreshTargetPortal 192.0.2.1 3260 host *", "refresh-send-targets-portal",
     "{" PORTAL_SET ",\"initiator\":\"host\"" ANY "}"},
    {"ListTargetPortals", "report-send-targets-portals", "{}"},
    {"AddTarget " DISK " store 192.0.2.1 3260 2 T " NINE " " MAPPED, "add-static-target",
     "{\"target\":\"" DISK
     "\",\"alias\":\"store\",\"flags\":2,\"persist\":true,\"has-options\":true," NINE_SET "," MAPPED_SET
     ",\"portals\":[{\"address\":\"192.0.2.1\",\"socket\":3260}]}"},
    {"AddTarget " DISK " * * * * * " NINE_STARS " *", "add-static-target", "{\"target\":\"" DISK "\"}"},
    {"AddTarget " DISK " * * 3260 4 f " NINE_STARS " 0", "add-static-target",
     "{\"target\":\"" DISK "\",\"flags\":4}"},
    {"QAddTarget " DISK " 192.0.2.1", "add-static-target",
     "{\"target\":\"" DISK "\",\"persist\":true,\"portals\":[{\"address\":\"192.0.2.1\",\"socket\":3260}]}"},
    {"RemoveTarget " DISK, "remove-static-target", "{\"text\":\"" DISK "\"}"},
    {"ListTargets", "report-targets", "{}"},
    {"ListTargets *", "report-targets", "{}"},
    {"ListTargets t", "report-targets", "{\"force-update\":true}"},
    {"ListTargets F", "report-targets", "{}"},
    {"TargetInfo " DISK, "report-target-instances", "{\"target\":\"" DISK "\"}"},
    {"TargetInfo " DISK " Static:", "report-target-instances",
     "{\"target\":\"" DISK "\",\"mechanism\":\"Static:\"}"},
    {"AddiSNSServer isns.example.org", "add-isns-server", "{\"text\":\"isns.example.org\"}"},
    {"RemoveiSNSServer isns.example.org", "remove-isns-server", "{\"text\":\"isns.example.org\"}"},
    {"RefreshiSNSServer isns.example.org", "refresh-isns-server", "{\"text\":\"isns.example.org\"}"},
    {"ListiSNSServers", "report-isns-servers", "{}"},
    /* sessions */
    {"LoginTarget " DISK " T 192.0.2.1 3260 host 1 0x3 " NINE " key.of.ours " MAPPED, "login",
     "{\"target\":\"" DISK "\",\"has-portal\":true," PORTAL_SET
     ",\"initiator\":\"host\",\"port\":1,\"security-flags\":\"0x3\",\"has-options\":true," NINE_SET
     ",\"key\":{\"text\":\"key.of.ours\"}," MAPPED_SET "}"},
    {"LoginTarget " DISK " t * * * * * " NINE_STARS " * *", "login", "{\"target\":\"" DISK "\"" ANY "}"},
    {"LoginTarget " DISK " t * 3260 * * * " NINE_STARS " * 0", "login", "{\"target\":\"" DISK "\"" ANY "}"},
    {"LoginTarget " DISK " F 192.0.2.1 * * * * " NINE_STARS " * 0", "login",
     "{\"target\":\"" DISK "\",\"informational\":true,\"has-portal\":true," PORTAL_SET ANY "}"},
    {"LoginTarget " DISK " * * * * * * 0x0a * * * * * * * * * 0", "login",
     "{\"target\":\"" DISK "\",\"informational\":true,\"has-options\":true,\"options\":{\"flags\":10}" ANY
     "}"},
    {"LoginTarget " DISK " T * * * * * * 0 * * * * * * * * 1 3 * * 9", "login",
     "{\"target\":\"" DISK "\",\"has-options\":true,\"options\":{\"specified\":1},\"has-mapping\":true,"
     "\"mapping\":{\"os-bus\":4294967295,\"os-target\":4294967295,\"luns\":[{\"os-lun\":9,"
     "\"target-lun\":\"0x3000000000000\"}]}" ANY "}"},
    {"QLoginTarget " DISK, "login", "{\"target\":\"" DISK "\"" ANY "}"},
    {"QLoginTarget " DISK " joe secret.of.twelve", "login",
     "{\"target\":\"" DISK "\",\"has-options\":true," QUICK_SET ANY "}"},
    {"QLoginTarget " DISK " * 0x0102030405060708090a0b0c", "login",
     "{\"target\":\"" DISK "\",\"has-options\":true,\"options\":{\"specified\":192,\"auth-type\":1,"
     "\"password\":{\"hex\":\"0102030405060708090a0b0c\"}}" ANY "}"},
    {"LogoutTarget 0x1F-0xAB", "logout", "{" ID_SET "}"},
    {"LogoutTarget " ID, "logout", "{" ID_SET "}"},
    {"LogoutTarget ffffffffffffffff-0000000000000001", "logout",
     "{\"session\":{\"adapter\":\"0xffffffffffffffff\",\"specific\":\"0x1\"}}"},
    {"AddConnection " ID " host 1 192.0.2.1 3260 4 " NINE " key.of.ours", "add-connection",
     "{" ID_SET ",\"port\":1," PORTAL_SET ",\"security-flags\":\"0x4\",\"has-options\":true," NINE_SET
     ",\"key\":{\"text\":\"key.of.ours\"}}"},
    {"AddConnection " ID " * * 192.0.2.1 * * " NINE_STARS " *", "add-connection",
     "{" ID_SET "," PORTAL_SET ANY "}"},
    {"QAddConnection " ID " host 192.0.2.1", "add-connection", "{" ID_SET "," PORTAL_SET ANY "}"},
    {"QAddConnection " ID " * 192.0.2.1 joe secret.of.twelve", "add-connection",
     "{" ID_SET "," PORTAL_SET ",\"has-options\":true," QUICK_SET ANY "}"},
    {"RemoveConnection " ID " 1f-2", "remove-connection",
     "{" ID_SET ",\"connection\":{\"adapter\":\"0x1f\",\"specific\":\"0x2\"}}"},
    {"SessionList", "report-sessions", "{}"},
    {"SessionList F", "report-sessions", "{}"},
    {"ReportTargetMappings", "report-mappings", "{}"},
    {"ScsiInquiry " ID " 0 1 0x83", "send-inquiry", "{" ID_SET ",\"evpd\":1,\"page\":131}"},
    {"ScsiInquiry " ID " 255 * *", "send-inquiry", "{" ID_SET ",\"lun\":\"0xff000000000000\"}"},
    {"ScsiInquiry " ID " 256 0 0", "send-inquiry", "{" ID_SET ",\"lun\":\"0x4100000000000000\"}"},
    {"ReadCapacity " ID " 16383", "send-read-capacity", "{" ID_SET ",\"lun\":\"0x7fff000000000000\"}"},
    {"ReadCapacity " ID " 0x0001000000000000", "send-read-capacity",
     "{" ID_SET ",\"lun\":\"0x1000000000000\"}"},
    {"ReportLUNs " ID, "send-report-luns", "{" ID_SET "}"},
    {"Ping host 192.0.2.1 3 64 1000", "ping",
     "{\"initiator\":\"host\",\"address\":\"192.0.2.1\",\"count\":3,\"size\":64,\"timeout\":1000}"},
    {"Ping * 192.0.2.1", "ping", "{\"address\":\"192.0.2.1\"}"},
    /* what comes back */
    {"PersistentLoginTarget " DISK " T 192.0.2.1 3260 host 1 0x3 " NINE " key.of.ours " MAPPED, "login",
     "{\"target\":\"" DISK "\",\"persistent\":true,\"has-portal\":true," PORTAL_SET
     ",\"initiator\":\"host\",\"port\":1,\"security-flags\":\"0x3\",\"has-options\":true," NINE_SET
     ",\"key\":{\"text\":\"key.of.ours\"}," MAPPED_SET "}"},
    {"PersistentLoginTarget " DISK " T * * * * * " NINE_STARS " * *", "login",
     "{\"target\":\"" DISK "\",\"persistent\":true" ANY "}"},
    {"ListPersistentTargets", "report-logins", "{}"},
    {"RemovePersistentTarget host " DISK " 1 192.0.2.1 3260", "remove-login",
     "{\"initiator\":\"host\",\"target\":\"" DISK "\",\"port\":1,\"has-portal\":true," PORTAL_SET "}"},
    {"RemovePersistentTarget * " DISK " * * *", "remove-login", "{\"target\":\"" DISK "\"" ANY "}"},
    {"BindPersistentVolumes", "bind-devices", "{}"},
    {"BindPersistentDevices", "bind-devices", "{}"},
    {"ReportPersistentDevices", "report-bound-devices", "{}"},
    {"AddPersistentDevice /dev/sda", "add-device", "{\"text\":\"/dev/sda\"}"},
    {"RemovePersistentDevice /dev/sda", "remove-device", "{\"text\":\"/dev/sda\"}"},
    {"ClearPersistentDevices", "clear-devices", "{}"},
    /* identity and security */
    {"ListInitiators", "report-initiators", "{}"},
    {"NodeName iqn.2026-01.org.example:us", "set-node-name", "{\"text\":\"iqn.2026-01.org.example:us\"}"},
    {"NodeName *", "set-node-name", "{}"},
    {"NodeName", "get-node-name", "{}"},
    {"CHAPSecret secret.of.twelve", "set-chap-secret",
     "{\"secret\":{\"text\":\"secret.of.twelve\"},\"persist\":true}"},
    {"CHAPSecret 0x12345678", "set-chap-secret", "{\"secret\":{\"hex\":\"12345678\"},\"persist\":true}"},
    {"CHAPSecret *", "set-chap-secret", "{\"persist\":true}"},
    {"GroupKey key.of.all T", "set-group-key", "{\"secret\":{\"text\":\"key.of.all\"},\"persist\":true}"},
    {"GroupKey * *", "set-group-key", "{}"},
    {"PSKey host 1 VALID 1 192.0.2.9 key.of.ours t", "set-ike-info",
     "{\"initiator\":\"host\",\"port\":1,\"method\":1,\"security-flags\":\"0x1\",\"id-type\":1,"
     "\"id\":{\"hex\":\"c0000209\"},\"key\":{\"text\":\"key.of.ours\"},\"persist\":true}"},
    {"PSKey * * * 5 2001:db8::1 * F", "set-ike-info",
     "{\"method\":1,\"id-type\":5,\"id\":{\"hex\":\"20010db8000000000000000000000001\"}" ANY "}"},
    {"PSKey * * * 2 host.example.org * *", "set-ike-info",
     "{\"method\":1,\"id-type\":2,\"id\":{\"text\":\"host.example.org\"}" ANY "}"},
    {"GetPSKey * * 1 0xc0000209", "get-ike-info", "{\"id-type\":1,\"id\":{\"hex\":\"c0000209\"}" ANY "}"},
    {"GetPSKey host 0 3 us@example.org", "get-ike-info",
     "{\"initiator\":\"host\",\"id-type\":3,\"id\":{\"text\":\"us@example.org\"}}"},
    {"TunnelAddr host 1 192.0.2.1 198.51.100.1 T", "set-tunnel-address",
     "{\"initiator\":\"host\",\"port\":1,\"destination\":\"192.0.2.1\",\"outer\":\"198.51.100.1\","
     "\"persist\":true}"},
    {"TunnelAddr * * 192.0.2.1 * *", "set-tunnel-address", "{\"destination\":\"192.0.2.1\"" ANY "}"},
};

#define NUM_REQUESTS (sizeof requests / sizeof requests[0])

static void asks(void)
{
    for (size_t i = 0; i < NUM_REQUESTS; i++) {
        kit_cli k = {0};
        kit_run(&k, requests[i].line);
        bool good = k.end == CLI_DONE && k.num_calls == 1 &&
                    strcmp(rig_call_of(k.call)->word, requests[i].call) == 0 &&
                    kit_was(&k, requests[i].request);
        if (!good)
            printf("\n  %s\n  got    %s%s\n  wanted %s\n", requests[i].line, k.request ? k.request : "",
                   k.err, requests[i].request);
        CU_ASSERT_TRUE(good);
        kit_forget_cli(&k);
    }
}

/* Each allocation of each request fails once: the process says so, and nothing stays behind. */
static void no_memory(void)
{
    uint64_t num_failed = 0;
    for (size_t i = 0; i < NUM_REQUESTS; i++) {
        rig_alloc_meter meter;
        int end = CLI_FAILED;
        for (uint64_t n = 1; end != CLI_DONE && n < 100; n++) {
            kit_cli k = {0};
            char *words[KIT_WORDS], *said = NULL;
            size_t len = 0;
            FILE *out = open_memstream(&said, &len);
            CU_ASSERT_PTR_NOT_NULL_FATAL(out);
            rig_alloc_meter_init(&meter, rig_alloc_libc());
            meter.fail_at = n;
            const cli c = {.alloc = &meter.alloc,
                           .caller = {kit_answer, &k},
                           .in = stdin,
                           .out = out,
                           .err = out,
                           .json = i % 2};
            snprintf(k.line, sizeof k.line, "%s", requests[i].line);
            end = cli_run(&c, words, kit_cut(k.line, words));
            fclose(out);
            CU_ASSERT_TRUE(end == CLI_DONE || (end == CLI_FAILED && strstr(said, "memory")));
            CU_ASSERT_EQUAL(meter.num_live, 0);
            num_failed += end == CLI_FAILED;
            free(said);
            kit_forget_cli(&k);
        }
        CU_ASSERT_EQUAL(end, CLI_DONE);
    }
    CU_ASSERT_TRUE(num_failed >= 2 * NUM_REQUESTS);
}

/* Of the 43 verbs one makes no call; each other one has rows above, and is found in any case. */
static void all_verbs(void)
{
    size_t num_quiet = 0;
    CU_ASSERT_EQUAL(cli_num_verbs(), 43);
    for (size_t i = 0; i < cli_num_verbs(); i++) {
        const cli_verb *verb = cli_verb_at(i);
        char name[64];
        bool seen = false;
        for (size_t r = 0; r < NUM_REQUESTS; r++)
            seen = seen || (strncmp(requests[r].line, verb->name, strlen(verb->name)) == 0 &&
                            strchr(" ", requests[r].line[strlen(verb->name)]));
        num_quiet += !seen;
        snprintf(name, sizeof name, "%s", verb->name);
        for (char *c = name; *c; c++)
            *c = (char)(*c ^ (*c >= 'A' ? 0x20 : 0));
        CU_ASSERT_PTR_EQUAL(cli_verb_find(name), verb);
    }
    CU_ASSERT_EQUAL(num_quiet, 1);
}

/* ---- refusals ---- */

/* Nothing is asked of the service, and one line says why, not giving a secret away. */
static void refuses(void)
{
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"ListTargts", "there is no verb \"ListTargts\", did you mean ListTargets?"},
        {"logintargt x", "did you mean LoginTarget?"},
        {"Frobnicate", "there is no verb \"Frobnicate\"; iscsicli --help lists them"},
        {"AddTargetPortal", "AddTargetPortal: <portal-address> and what follows is missing"},
        {"AddTargetPortal *  3260", "<portal-address>: it has to be given, * is not enough"},
        {"AddTargetPortal 192.0.2.1", "<portal-socket> and what follows is missing"},
        {"AddTargetPortal 192.0.2.1 0", "<portal-socket>: a TCP port is wanted"},
        {"AddTargetPortal 192.0.2.1 65536", "<portal-socket>: a TCP port is wanted"},
        {"AddTargetPortal 192.0.2.1 3260 * x", "<port-number>: port: a number is wanted"},
        {"AddTargetPortal 192.0.2.1 3260 * * VALD", "did you mean VALID;"},
        {"AddTargetPortal 192.0.2.1 3260 * * * 4294967296", "<login-flags>: flags: a number of 32 bits"},
        {"ListTargets yes", "<force-update>: T or F is wanted"},
        {"ListTargets T F", "ListTargets: 1 words too many"},
        {"SessionList x", "<show-session-info>: T or F is wanted"},
        {"LogoutTarget", "<session-id> and what follows is missing"},
        {"LogoutTarget *", "<session-id>: it has to be given"},
        {"LogoutTarget 1f", "<session-id>: two hex numbers with a - between are wanted"},
        {"LogoutTarget 1f-", "<session-id>: two hex numbers"},
        {"LogoutTarget 1g-1", "<session-id>: two hex numbers"},
        {"LogoutTarget 1-1-1", "<session-id>: two hex numbers"},
        {"LogoutTarget 11111111111111111-1", "<session-id>: two hex numbers"},
        {"ReadCapacity 1-1 16384", "<lun>: a LUN below 16384 is wanted, or all 16 digits"},
        {"ReadCapacity 1-1 0x000100000000000", "<lun>: a LUN below 16384"},
        {"ScsiInquiry 1-1 0 256 0", "<evpd-cmddt>: evpd: a number of 8 bits"},
        {"GetPSKey * * 1 host.example.org", "<id>: an IPv4 address is wanted with that type"},
        {"GetPSKey * * 5 192.0.2.1", "<id>: an IPv6 address is wanted with that type"},
        {"GetPSKey * * * x", "<id-type>: it has to be given"},
        {"CHAPSecret 0x123", "<secret>: secret: pairs of hex digits are wanted"},
        {"CHAPSecret @/nowhere/at/all", "<secret>: /nowhere/at/all: No such file"},
        {"CHAPSecret @/dev/null", "<secret>: /dev/null is no file"},
        {"CHAPSecret -", "<secret>: the secret is empty; * is none"},
        {"LoginTarget " DISK " T * * * * * " NINE_STARS " *", "<mapping-count> and what follows is missing"},
        {"LoginTarget " DISK " T * * * * * " NINE_STARS " * 257", "<mapping-count>: a number up to 256"},
        {"LoginTarget " DISK " T * * * * * " NINE_STARS " * 1 0 0 0", "1 groups of 4 words are wanted"},
        {"LoginTarget " DISK " T * * * * * " NINE_STARS " * 1 0 0 0 0 0", "1 words too many"},
        {"LoginTarget " DISK " T * * * * * " NINE_STARS " * 2 0 0 1 0 1 0 2 1", "have one target number"},
        {"LoginTarget " DISK " T * * * * * " NINE_STARS " * 2 0 0 1 0 1 * 1 1", "have one bus number"},
        {"LoginTarget " DISK " T * * * * * " NINE_STARS " * 1 0 0 0 *", "<mapping-count>: os-lun"},
        {"--jsn ListTargets", "--jsn is no option"},
        {"--socket", "--socket is no option, or lacks its value"},
        {"--completion csh", "--completion is for bash, zsh or fish, not csh"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kit_cli k = {0};
        kit_run(&k, rows[i].line);
        bool good = k.end == CLI_USAGE && k.num_calls == 0 && strstr(k.err, rows[i].said) && !k.out[0] &&
                    strchr(k.err, '\n') == k.err + strlen(k.err) - 1;
        if (!good)
            printf("\n  %s\n  said   %s  wanted %s\n", rows[i].line, k.err, rows[i].said);
        CU_ASSERT_TRUE(good);
        kit_forget_cli(&k);
    }
}

/* What the service answers decides the status; a warning is told, and counts as done. */
static void codes(void)
{
    kit_cli k = {.code = RIG_CODE_TARGET_NOT_FOUND, .why = "nobody\x1b[2J knows it"};
    kit_run(&k, "QLoginTarget " DISK);
    CU_ASSERT_EQUAL(k.end, CLI_FAILED);
    CU_ASSERT_STRING_EQUAL(k.out, "");
    CU_ASSERT_STRING_EQUAL(k.err,
                           "iscsicli: target-not-found (0xefff0029): target name unknown or hidden from "
                           "login: nobody?[2J knows it\n");
    kit_run(&k, "--json QLoginTarget " DISK);
    CU_ASSERT_EQUAL(k.end, CLI_FAILED);
    CU_ASSERT_STRING_EQUAL(k.out, "");
    CU_ASSERT_STRING_EQUAL(k.err,
                           "{\"code\":\"target-not-found\",\"number\":\"0xefff0029\",\"meaning\":\"target "
                           "name unknown or hidden from login\",\"why\":\"nobody?[2J knows it\"}\n");
    kit_forget_cli(&k);
    k = (kit_cli){.code = RIG_CODE_OPERATION_NOT_ALL_SUCCESS, .reply = "{\"labels\":[{\"text\":\"a\"}]}"};
    kit_run(&k, "ListTargets T");
    CU_ASSERT_EQUAL(k.end, CLI_DONE);
    CU_ASSERT_PTR_NOT_NULL(strstr(k.out, "\n  a\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(k.err, "operation-not-all-success (0xafff002e): warning"));
    kit_run(&k, "--json ListTargets T");
    CU_ASSERT_STRING_EQUAL(k.out, "{\"labels\":[{\"text\":\"a\"}]}\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(k.err, "\"warning\":true"));
    kit_forget_cli(&k);
}

static void no_firewall(void)
{
    kit_cli k = {0};
    kit_run(&k, "FirewallExemptiSNSServer");
    CU_ASSERT_EQUAL(k.end, CLI_FAILED);
    CU_ASSERT_EQUAL(k.num_calls, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(k.err, "request-not-supported (0xefff0037)"));
    kit_run(&k, "FirewallExemptiSNSServer now");
    CU_ASSERT_EQUAL(k.end, CLI_USAGE);
    kit_forget_cli(&k);
}

/* ---- secrets ---- */

static bool holds(const kit_cli *k, const char *secret)
{
    return memmem(k->line, sizeof k->line, secret, strlen(secret)) || strstr(k->out, secret) ||
           strstr(k->err, secret);
}

/* The words of secrets are wiped, understood or not, and nothing says them again. */
static void wiped(void)
{
    static const char *const lines[] = {
        "CHAPSecret secret.of.twelve",
        "CHAPSecret secret.of.twelve and.more",
        "GroupKey secret.of.twelve maybe",
        "QLoginTarget " DISK " joe secret.of.twelve",
        "--json QAddTargetPortal 192.0.2.1 joe secret.of.twelve",
        "LoginTarget " DISK " T * x * * * * * * * * * joe secret.of.twelve 1 * 0",
        "LoginTarget " DISK " T * * * * * * * * * * * joe * 1 secret.of.twelve 0",
        "PSKey * * * 2 a secret.of.twelve T",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        kit_cli k = {.code = RIG_CODE_INVALID_CHAP_SECRET};
        kit_run(&k, lines[i]);
        CU_ASSERT_FALSE(holds(&k, "secret.of.twelve"));
        kit_forget_cli(&k);
    }
}

static void from_lines(void)
{
    kit_cli k = {.input = "secret.of.twelve\nanother"};
    kit_run(&k, "CHAPSecret -");
    CU_ASSERT_EQUAL(k.end, CLI_DONE);
    CU_ASSERT_TRUE(kit_was(&k, "{\"secret\":{\"text\":\"secret.of.twelve\"},\"persist\":true}"));
    CU_ASSERT_FALSE(holds(&k, "secret.of.twelve"));
    k.input = "0x00ff";
    kit_run(&k, "CHAPSecret -");
    CU_ASSERT_TRUE(kit_was(&k, "{\"secret\":{\"hex\":\"00ff\"},\"persist\":true}"));
    kit_forget_cli(&k);
}

/* A file of so many bytes. */
static void write_secret(const char *path, size_t len, bool newline, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    for (size_t i = 0; i < len; i++)
        CU_ASSERT_EQUAL(write(fd, "s", 1), 1);
    if (newline)
        CU_ASSERT_EQUAL(write(fd, "\n", 1), 1);
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    close(fd);
}

/* 255 bytes are the longest secret; the file is its owner's alone. */
static void from_files(void)
{
    char folder[] = "/tmp/iscsicli-XXXXXX", path[64], line[128];
    static const struct {
        size_t len;
        bool newline;
        mode_t mode;
        const char *said; /* NULL: taken */
    } rows[] = {
        {12, true, 0600, NULL},
        {12, false, 0400, NULL},
        {255, true, 0600, NULL},
        {256, true, 0600, "at most 255 bytes"},
        {515, false, 0600, "at most 255"},
        {516, false, 0600, "longer than 255 bytes"},
        {5000, true, 0600, "longer than 255 bytes"},
        {12, true, 0640, "chmod 600"},
        {12, true, 0602, "chmod 600"},
        {0, true, 0600, "the secret is empty"},
    };
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/secret", folder);
    snprintf(line, sizeof line, "GroupKey @%s T", path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kit_cli k = {0};
        write_secret(path, rows[i].len, rows[i].newline, rows[i].mode);
        kit_run(&k, line);
        CU_ASSERT_EQUAL(k.end, rows[i].said ? CLI_USAGE : CLI_DONE);
        CU_ASSERT_EQUAL(k.num_calls, rows[i].said ? 0 : 1);
        if (rows[i].said) {
            CU_ASSERT_PTR_NOT_NULL(strstr(k.err, rows[i].said));
        } else {
            char wanted[300] = {0};
            memset(wanted, 's', rows[i].len);
            CU_ASSERT_PTR_NOT_NULL(strstr(k.request, wanted));
        }
        kit_forget_cli(&k);
        unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* ---- the prompt ---- */

/* Each line is a command of its own; the last failure is what remains. */
static void prompt(void)
{
    kit_cli k = {
        .input = "\n# what is this\n  NodeName   \"a b\" \r\nListTargets F\nquit\nClearPersistentDevices\n"};
    kit_run(&k, "");
    CU_ASSERT_EQUAL(k.end, CLI_DONE);
    CU_ASSERT_EQUAL(k.num_calls, 2);
    CU_ASSERT_EQUAL(k.call, RIG_CALL_REPORT_TARGETS);
    CU_ASSERT_STRING_EQUAL(k.out, "done\nTargets                         0\n");
    k.input = "NodeName \"a b\"";
    kit_run(&k, "--json");
    CU_ASSERT_TRUE(kit_was(&k, "{\"text\":\"a b\"}"));
    CU_ASSERT_STRING_EQUAL(k.out, "{}\n");
    k.input = "ListTargts\nListTargets\nEXIT\n";
    kit_run(&k, "");
    CU_ASSERT_EQUAL(k.end, CLI_USAGE);
    CU_ASSERT_EQUAL(k.num_calls, 1);
    k.input = "help\nListTargets -?\n";
    kit_run(&k, "");
    CU_ASSERT_EQUAL(k.end, CLI_DONE);
    CU_ASSERT_EQUAL(k.num_calls, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(k.out, "TunnelAddr"));
    CU_ASSERT_PTR_NOT_NULL(strstr(k.out, "usage: iscsicli ListTargets [force-update]\n"));
    kit_forget_cli(&k);
}

/* A secret is the next line, and no command. */
static void prompted_secret(void)
{
    kit_cli k = {.input = "CHAPSecret -\nListTargets\nListInitiators\n"};
    kit_run(&k, "");
    CU_ASSERT_EQUAL(k.end, CLI_DONE);
    CU_ASSERT_EQUAL(k.num_calls, 2);
    CU_ASSERT_EQUAL(k.call, RIG_CALL_REPORT_INITIATORS);
    kit_forget_cli(&k);
}

/* Lines of 16382 bytes are taken, longer ones as a whole not. */
static void long_lines(void)
{
    static char lines[40000];
    for (size_t len = 16382; len <= 16383; len++) {
        kit_cli k = {.input = lines};
        memset(lines, ' ', sizeof lines);
        memcpy(lines, "ListTargets", 11);
        snprintf(lines + len, sizeof lines - len, "\nListInitiators\n");
        kit_run(&k, "");
        CU_ASSERT_EQUAL(k.end, len == 16382 ? CLI_DONE : CLI_USAGE);
        CU_ASSERT_EQUAL(k.num_calls, len == 16382 ? 2 : 1);
        CU_ASSERT_EQUAL(k.call, RIG_CALL_REPORT_INITIATORS);
        kit_forget_cli(&k);
    }
}

/* ---- usage, page, completions ---- */

static void usages(void)
{
    for (size_t i = 0; i < cli_num_verbs(); i++) {
        const cli_verb *verb = cli_verb_at(i);
        kit_cli k = {0};
        char line[64];
        snprintf(line, sizeof line, "%s -?", verb->name);
        kit_run(&k, line);
        CU_ASSERT_EQUAL(k.end, CLI_DONE);
        CU_ASSERT_EQUAL(k.num_calls, 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(k.out, verb->name));
        CU_ASSERT_PTR_NOT_NULL(strstr(k.out, verb->meaning));
        for (size_t a = 0; a < cli_num_args(verb); a++)
            CU_ASSERT_PTR_NOT_NULL(strstr(k.out, verb->args[a].name));
        kit_forget_cli(&k);
    }
    kit_cli k = {0};
    kit_run(&k, "RemovePersistentTarget /?");
    CU_ASSERT_PTR_EQUAL(strstr(k.out, "usage: iscsicli RemovePersistentTarget <initiator-name> <target-name> "
                                      "<port-number> <portal-address> <portal-socket>\n"),
                        k.out);
    kit_forget_cli(&k);
}

static char *page(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = fopen(RIG_SOURCE_DIR "/docs/man/iscsicli.1", "r"), *out = open_memstream(&text, &len);
    CU_ASSERT_FATAL(file && out);
    for (int byte; (byte = getc(file)) != EOF;)
        if (byte != '\\')
            fputc(byte, out);
    fclose(file);
    fclose(out);
    return text;
}

/* The page has a section for each verb, with the arguments of the table. */
static void on_the_page(void)
{
    char *text = page();
    size_t num = 0;
    for (char *at = text; (at = strstr(at, "\n.SS ")); at++)
        num++;
    CU_ASSERT_EQUAL(num, cli_num_verbs());
    for (size_t i = 0; i < cli_num_verbs(); i++) {
        const cli_verb *verb = cli_verb_at(i);
        char *section = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&section, &len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        fprintf(out, "\n.SS %s\n", verb->name);
        cli_usage_line(verb, out);
        fputs("\n.PP\n", out);
        fclose(out);
        if (!strstr(text, section))
            printf("\n  the page lacks:%s", section);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, section));
        free(section);
    }
    free(text);
}

static void completions(void)
{
    static const char *const shells[] = {"--completion bash", "--completion zsh", "--completion fish"};
    for (size_t s = 0; s < 3; s++) {
        kit_cli k = {0};
        kit_run(&k, shells[s]);
        CU_ASSERT_EQUAL(k.end, CLI_DONE);
        for (size_t i = 0; i < cli_num_verbs(); i++) {
            CU_ASSERT_PTR_NOT_NULL(strstr(k.out, cli_verb_at(i)->name));
            /* the shells are given them in single quotes */
            CU_ASSERT_PTR_NULL(strpbrk(cli_verb_at(i)->meaning, "'\\"));
        }
        kit_forget_cli(&k);
    }
    kit_cli k = {0};
    kit_run(&k, "--completion bash");
    CU_ASSERT_PTR_NOT_NULL(strstr(k.out, "persistentlogintarget.2) switches='T F' ;;"));
    kit_forget_cli(&k);
}

static void options(void)
{
    kit_cli k = {0};
    kit_run(&k, "--version");
    CU_ASSERT_EQUAL(k.end, CLI_DONE);
    CU_ASSERT_PTR_EQUAL(strstr(k.out, "iscsicli " RIG_VERSION_TEXT), k.out);
    kit_run(&k, "--help");
    CU_ASSERT_EQUAL(k.end, CLI_DONE);
    for (size_t i = 0; i < cli_num_verbs(); i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(k.out, cli_verb_at(i)->meaning));
    CU_ASSERT_EQUAL(k.num_calls, 0);
    kit_forget_cli(&k);
}

/* Without a service the code says so; a reply that nobody can read is a failure. */
static void real_ends(void)
{
    char socket[] = "--socket", where[] = "/nowhere/at/all", verb[] = "ListTargets";
    char *words[] = {socket, where, verb};
    char *said = NULL;
    size_t len = 0;
    FILE *in = fopen("/dev/null", "r"), *err = open_memstream(&said, &len), *full = fopen("/dev/full", "w");
    CU_ASSERT_FATAL(in && err && full);
    CU_ASSERT_EQUAL(cli_main(in, full, err, 3, words, NULL), CLI_FAILED);
    fflush(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "service-not-running (0xefff003e)"));
    kit_cli k = {0};
    const rig_caller caller = {kit_answer, &k};
    CU_ASSERT_EQUAL(cli_main(in, full, err, 1, words + 2, &caller), CLI_FAILED);
    fclose(err);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "the output cannot be written"));
    fclose(in);
    fclose(full);
    free(said);
    kit_forget_cli(&k);
}

RIG_SUITE("iscsicli", {"each verb asks what it says", asks}, {"memory that is not there", no_memory},
          {"there are 43 verbs, and each is found in any case", all_verbs},
          {"what is wrong is said in one line, and nothing is asked", refuses},
          {"codes decide the status of the process", codes}, {"the firewall is not touched", no_firewall},
          {"secrets on the command line are wiped", wiped}, {"secrets from the standard input", from_lines},
          {"secrets from files", from_files}, {"the prompt", prompt},
          {"a secret at the prompt", prompted_secret}, {"lines at the limit of the prompt", long_lines},
          {"usage of every verb", usages}, {"the manual page has every verb", on_the_page},
          {"completions have every verb", completions}, {"options of the tool itself", options},
          {"no service, no room for the reply", real_ends})
