#include "target_options.h"

#include "cli.h"
#include "manual.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define LISTEN_TEXT 512 /* bytes of an address to listen on */
#define GRACE_MAX (600 * RIG_SECOND)
#define TIME_MAX (24 * 3600 * RIG_SECOND)

static int wants(const char *option, const char *what, const char *value)
{
    return cli_complain("--%s: wanted %s, came \"%s\"", option, what, value);
}

static int too_many(const char *option, unsigned max)
{
    return cli_complain("at most %u --%s", max, option);
}

/* ---- values ---- */

/* Seconds, or a number with ms, s or m. */
static bool read_time(const char *text, uint64_t max, uint64_t *out)
{
    static const struct {
        const char *name;
        uint64_t unit;
    } units[] = {{"ms", RIG_MILLISECOND}, {"s", RIG_SECOND}, {"m", 60 * RIG_SECOND}, {"", RIG_SECOND}};
    size_t digits = strspn(text, "0123456789");
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + digits, units[i].name) != 0)
            continue;
        bool good = rig_view_u64(rig_view_of(text, digits), &number) && number <= max / units[i].unit;
        *out = number * units[i].unit;
        return good;
    }
    return false;
}

static int take_time(const char *option, const char *value, uint64_t max, uint64_t *out)
{
    return read_time(value, max, out) ? CLI_OK : wants(option, "a time: 3, 500ms, 2m", value);
}

static int take_number(const char *option, const char *value, const char *range, uint64_t low, uint64_t high,
                       uint64_t *out)
{
    if (rig_view_u64(rig_view_str(value), out) && *out >= low && *out <= high)
        return CLI_OK;
    return wants(option, range, value);
}

static int take_text(const char *option, const char *value, const char **list, uint32_t *num, uint32_t max)
{
    if (*num == max)
        return too_many(option, max);
    list[(*num)++] = value;
    return CLI_OK;
}

/* ADDR:PORT[,TAG][=ADVERTISED:PORT] */
static int take_listen(target_options *o, const char *value)
{
    char text[LISTEN_TEXT];
    rig_error error = {0};
    rig_portal portal;
    if (o->num_listens == TARGET_LISTENS_MAX)
        return too_many("listen", TARGET_LISTENS_MAX);
    target_listen *listen = &o->listens[o->num_listens];
    size_t len = strcspn(value, "=");
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), value);
    *listen = (target_listen){.text = value, .advertised = value[len] ? value + len + 1 : NULL};
    rig_status status = rig_portal_parse(rig_view_str(text), &portal, &error);
    if (!status && !rig_ip_parse(rig_view_str(portal.host), &listen->at.ip))
        status = rig_fail(&error, RIG_E_SYNTAX, "wanted ADDR:PORT with a numeric address, came \"%s\"", text);
    if (!status && listen->advertised && !*listen->advertised)
        status = rig_fail(&error, RIG_E_SYNTAX, "wanted HOST:PORT behind the =");
    if (status)
        return cli_complain("--listen %s: %s", value, error.text);
    listen->at.port = portal.port;
    listen->group = portal.group;
    o->num_listens++;
    return CLI_OK;
}

static int split(const char *option, const char *value, rig_view *out_name, rig_view *out_value)
{
    const char *equal = strchr(value, '=');
    if (!equal || equal == value)
        return wants(option, "NAME=VALUE", value);
    *out_name = rig_view_of(value, (size_t)(equal - value));
    *out_value = rig_view_str(equal + 1);
    return CLI_OK;
}

static int take_offer(target_options *o, const char *value)
{
    if (o->num_offers == TARGET_OPTIONS_MAX)
        return too_many("offer", TARGET_OPTIONS_MAX);
    rig_scn_pair *pair = &o->offers[o->num_offers++];
    return split("offer", value, &pair->key, &pair->value);
}

static int take_define(target_options *o, const char *value)
{
    if (o->num_defines == TARGET_OPTIONS_MAX)
        return cli_complain("at most %d -D", TARGET_OPTIONS_MAX);
    rig_scn_binding *define = &o->defines[o->num_defines++];
    return split("D", value, &define->name, &define->value);
}

static int no_fault(const char *value)
{
    const char *names[RIG_FAULTS];
    for (unsigned i = 0; i < RIG_FAULTS; i++)
        names[i] = rig_fault_rows[i].name;
    size_t near = rig_nearest(rig_view_str(value), names, RIG_FAULTS);
    if (near < RIG_FAULTS)
        return cli_complain("--fault %s: no such fault; did you mean %s?", value, names[near]);
    return cli_complain("--fault %s: no such fault; --faults lists them", value);
}

static int take_fault(target_options *o, const char *value)
{
    rig_fault fault = rig_fault_find(rig_view_str(value));
    if (fault == RIG_FAULTS)
        return no_fault(value);
    rig_fault_add(&o->faults, fault);
    return CLI_OK;
}

static int take_log(target_options *o, const char *value)
{
    o->json = strcmp(value, "json") == 0;
    return o->json || strcmp(value, "text") == 0 ? CLI_OK : wants("log", "text or json", value);
}

static int take_group(target_options *o, const char *value)
{
    uint64_t group = 0;
    int bad = take_number("portal-group", value, "0 to 65535", 0, UINT16_MAX, &group);
    o->portal_group = (int32_t)group;
    return bad;
}

static int take_login_timeout(target_options *o, const char *value)
{
    int bad = take_time("login-timeout", value, TIME_MAX, &o->login_timeout);
    return bad || o->login_timeout ? bad : wants("login-timeout", "a time above 0", value);
}

/* 13.6: what goes behind TargetAlias=. */
static int take_alias(target_options *o, const char *value)
{
    bool good = strlen(value) <= RIG_VALUE_MAX;
    for (rig_view rest = rig_view_str(value); good && rest.len;) {
        uint32_t code;
        good = rig_utf8_next(&rest, &code) && code >= ' ' && (code < 0x7f || code >= 0xa0);
    }
    o->alias = value;
    return good ? CLI_OK
                : cli_complain(
                      "--alias: wanted at most %d bytes of UTF-8 without control characters, came %zu",
                      RIG_VALUE_MAX, strlen(value));
}

/* ---- options ---- */

static int take_serving(target_options *o, int c, const char *value)
{
    switch (c) {
    case 'l':
        return take_listen(o, value);
    case 'g':
        return take_group(o, value);
    case 'w':
        return take_number("window", value, "1 to 4096", 1, RIG_TARGET_WINDOW_MAX, &o->window);
    case 'i':
        return take_time("nop-interval", value, TIME_MAX, &o->nop_interval);
    case 't':
        return take_login_timeout(o, value);
    case 'G':
        return take_time("grace", value, GRACE_MAX, &o->grace);
    case 'L':
        return take_log(o, value);
    default:
        return target_auth_option(&o->auth, c, value);
    }
}

static int take_option(target_options *o, int c, const char *value)
{
    switch (c) {
    case 'n':
        o->name = value;
        return CLI_OK;
    case 'a':
        return take_alias(o, value);
    case 'u':
        return take_text("lun", value, o->luns, &o->num_luns, TARGET_OPTIONS_MAX);
    case 'f':
        return take_fault(o, value);
    case 'o':
        return take_offer(o, value);
    case 'D':
        return take_define(o, value);
    case 'r':
        o->ready_file = value;
        return CLI_OK;
    case 'q':
        o->quiet = true;
        return CLI_OK;
    case 'F':
        o->list_faults = true;
        return CLI_OK;
    default:
        return take_serving(o, c, value);
    }
}

/* What the file says is not said a second time. */
static int check_file(const target_options *o)
{
    static const char why[] = "says which nodes there are, so";
    if (!o->scenario)
        return o->num_defines ? cli_complain("-D wants FILE.scn, whose sweeps it gives values") : CLI_OK;
    if (target_auth_given(&o->auth))
        return cli_complain("%s says who may log in, so --chap does not", o->scenario);
    if (o->name || o->alias || o->num_luns)
        return cli_complain("%s %s --%s does not", o->scenario, why,
                            o->name    ? "name"
                            : o->alias ? "alias"
                                       : "lun");
    return CLI_OK;
}

int target_options_read(target_options *options, int argc, char **argv)
{
    cli_args args;
    *options = (target_options){.portal_group = -1, .nop_interval = RIG_NEVER, .grace = TARGET_GRACE};
    cli_args_begin(&args, "target", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        int bad = c < 0 ? args.end : take_option(options, c, optarg);
        options->help = c < 0;
        if (bad || options->help || options->list_faults)
            return bad;
    }
    if (optind + 1 < argc)
        return cli_complain("target: wanted one scenario file, came %d", argc - optind);
    options->scenario = argv[optind];
    return check_file(options);
}

static const cli_option where_rows[] = {
    {0, NULL, NULL, "where it listens", 0},
    {'l', "listen", "ADDR:PORT[,TAG][=HOST:PORT]",
     "where to listen (default 127.0.0.1:3260; port 0 = any free; IPv6 as in [::1]:0; repeatable), the "
     "portal group tag, and "
     "the address initiators are told of it",
     0},
    {'g', "portal-group", "TAG",
     "of those that name no TAG (default 1, or that of the file's portals in turn)", 0},
    {'r', "ready-file", "FILE", "gets ADDR:PORT of the first once connections are accepted", 0},
    {0, NULL, NULL, "what is there", 0},
    {'n', "name", "IQN", "name of the target node", 0},
    {'a', "alias", "TEXT", "the alias it declares", 0},
    {'u', "lun", "BACKING",
     "ram:SIZE, file:PATH, pattern:SIZE or null:SIZE (repeatable: LUN 0, 1 …), and behind commas: block=N, "
     "physical=N, "
     "serial=N, protection=1|2|3, lbprz=0|1, lbpws10=0|1, sanitize=TIME|none (how long SANITIZE takes, with "
     "its unit: 6s; or "
     "that there is none), removable, empty, read-only, always-on",
     0},
    {0, NULL, NULL, "how it behaves", 0},
    {'o', "offer", "KEY=VALUE", "what it accepts for a key (repeatable)", 0},
    {'w', "window", "N", "commands a session may queue", 0},
    {'i', "nop-interval", "T", "silence after which it pings (0: never)", 0},
    {'t', "login-timeout", "T", "time a login may take", 0},
    {'f', "fault", "FAULT", "a deviation (repeatable)", 0},
    {'F', "faults", NULL, "one row a fault: name, deviation, requirement, judge, PDU", 0},
    {0}};

static const cli_option told_rows[] = {
    {0, NULL, NULL, "what is told", 0},
    {'L', "log", "text|json", "one line an event on standard error, for people or for programs", 0},
    {'q', "quiet", NULL, "nothing", 'q'},
    {'G', "grace", "T",
     "at SIGTERM or SIGINT: sessions are asked for their logout, and get that time (default 3 s); a second "
     "signal ends at once",
     0},
    {0, NULL, NULL, "with FILE.scn", 0},
    {'D', "D", "NAME=VALUE", "value of a sweep", 0},
    {0}};

const cli_manual cmd_target_manual = {
    .synopsis = "[OPTION…] [FILE.scn]",
    .about =
        (const char *const[]){TARGET_AUTH_SECRET, "T is a number of seconds, or has its unit: 500ms, 2m.",
                              "With FILE.scn its target section is served, rules and faults included; of its "
                              "sweeps the first values. It "
                              "listens on its portals: an address that this machine does not have becomes "
                              "127.0.0.1 with the same port, and "
                              "127.0.0.2 … where that is taken by another of them; ::1 for IPv6, on any free "
                              "port where it is taken. With "
                              "--listen nothing but that: the first takes the place of the file's first "
                              "portal, and so on. At SIGHUP the "
                              "file is read again: see iscsirig-scenario(5).",
                              NULL},
    .options = {where_rows, cli_auth_rows, told_rows},
    .status = (const cli_status[]){{0, "it was told to end"}, {2, "usage or environment"}, {0}},
    .examples =
        (const char *const[]){"--lun ram:64MiB --fault r2t-length-zero",
                              "--listen 127.0.0.1:0 --ready-file ready scenarios/presets/vip-redirect.scn",
                              NULL},
    .takes = ".scn"};
