/* iscsirigd: the initiator service as a daemon. */
#include "rig/client.h"
#include "rig/daemon.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define DEFAULT_STORE "/var/lib/iscsirig/store"
#define USER_TEXT_MAX 4096 /* bytes of an entry of the users' database */
#define VALUES_A_LINE 5    /* of the usage */
#define FIRST_INHERITED 3  /* descriptor, sd_listen_fds(3) */

typedef struct options {
    rig_daemon_config config;
    const char *ready_file;
    bool quiet;
} options;

static const char usage[] =
    "usage: iscsirigd [OPTION…]\n"
    "The initiator service: keeps portals, targets and logins, and carries them out.\n\n"
    "  --socket PATH        where clients connect (default " RIG_SOCKET_DEFAULT ")\n"
    "  --store PATH         what outlives a restart (default " DEFAULT_STORE "; \"\" = nothing does)\n"
    "  --adapter NAME[,hardware][,quirk=ROW][,port=ADDRESS[/PREFIX]]…\n"
    "                       an adapter (repeatable; default one software initiator)\n"
    "  --allow USER         a user who may connect besides root and the own one (repeatable)\n"
    "  --security FLAGS     security flags for when nothing else says any (default none)\n"
    "  --set NAME=VALUE     one of the values below (repeatable)\n"
    "  --radius-port N      UDP port of RADIUS servers (default 1812)\n"
    "  --vici SOCKET        strongSwan's charon carries IPsec, asked there (default nobody does)\n"
    "  --vici-device DEVICE its ESP is in userspace, behind that network device\n"
    "  --host-name NAME     for the default node name (default the machine's)\n"
    "  --ready-file PATH    written once the service has started\n"
    "  --quiet              nothing on the standard error output\n"
    "  --help, --version\n";

static void say(void *ctx, const char *text)
{
    const options *all = ctx;
    if (!all->quiet)
        fprintf(stderr, "iscsirigd: %s\n", text);
}

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("iscsirigd: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    return EXIT_USAGE;
}

/* ---- readiness ---- */

/* sd_notify(3): one datagram to the socket that the environment names. */
static void notify_manager(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t len = name ? strlen(name) : 0;
    if (len == 0 || len >= sizeof at.sun_path)
        return;
    memcpy(at.sun_path, name, len);
    if (name[0] == '@')
        at.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    static const char state[] = "READY=1";
    sendto(fd, state, sizeof state - 1, MSG_NOSIGNAL, (struct sockaddr *)&at,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    close(fd);
}

static void on_ready(void *ctx)
{
    const options *all = ctx;
    notify_manager();
    FILE *file = all->ready_file ? fopen(all->ready_file, "w") : NULL;
    if (file)
        fclose(file);
    else if (all->ready_file)
        complain("--ready-file %s: %s", all->ready_file, strerror(errno));
}

/* ---- options ---- */

/* What stands behind a word and '=', in *out; false for another word. */
static bool value_of(rig_view text, const char *word, rig_view *out)
{
    *out = rig_view_sub(text, strlen(word), text.len);
    return rig_view_starts(text, word);
}

static bool take_port(rig_adapter *adapter, rig_view text)
{
    size_t slash = rig_view_find(text, '/');
    rig_ip ip = {0};
    if (adapter->num_ports == RIG_ADAPTER_PORTS_MAX || !rig_ip_parse(rig_view_sub(text, 0, slash), &ip))
        return false;
    uint64_t most = ip.version == 6 ? 128 : 32, prefix = most;
    if (slash < text.len && !rig_view_u64(rig_view_sub(text, slash + 1, text.len), &prefix))
        return false;
    adapter->ports[adapter->num_ports++] = (rig_adapter_port){.local.ip = ip, .prefix = (uint8_t)prefix};
    return prefix <= most;
}

static bool take_quirk(rig_adapter *adapter, rig_view name)
{
    const rig_adapter_quirks *row = rig_quirks_find(name);
    if (row)
        adapter->quirks = *row;
    return row != NULL;
}

static bool take_trait(rig_adapter *adapter, rig_view word)
{
    rig_view value;
    if (value_of(word, "port=", &value))
        return take_port(adapter, value);
    if (value_of(word, "quirk=", &value))
        return take_quirk(adapter, value);
    adapter->hardware = adapter->hardware || rig_view_is(word, "hardware");
    return rig_view_is(word, "hardware");
}

static int take_adapter(options *all, char *text)
{
    rig_hba *hba = &all->config.hba;
    if (hba->num_adapters == RIG_ADAPTERS_MAX)
        return complain("--adapter: more than %d", RIG_ADAPTERS_MAX);
    rig_adapter *adapter = &hba->adapters[hba->num_adapters++];
    rig_view rest = rig_view_str(text);
    rig_view name = rig_view_split(&rest, ',');
    text[name.len] = 0;
    adapter->name = text;
    while (rest.ptr) {
        rig_view word = rig_view_split(&rest, ',');
        if (!take_trait(adapter, word))
            return complain("--adapter %s: \"%.*s\" is not hardware, quirk=ROW or port=ADDRESS[/PREFIX]",
                            text, RIG_VIEW_ARG(word));
    }
    return 0;
}

static bool user_of(const char *text, uint32_t *out_uid)
{
    char names[USER_TEXT_MAX];
    struct passwd entry, *found = NULL;
    uint64_t number = 0;
    if (getpwnam_r(text, &entry, names, sizeof names, &found) == 0 && found)
        number = found->pw_uid;
    else if (!rig_view_u64(rig_view_str(text), &number) || number > UINT32_MAX)
        return false;
    *out_uid = (uint32_t)number;
    return true;
}

static int take_user(options *all, const char *text)
{
    if (all->config.num_users == RIG_DAEMON_USERS_MAX)
        return complain("--allow: more than %d", RIG_DAEMON_USERS_MAX);
    if (!user_of(text, &all->config.users[all->config.num_users]))
        return complain("--allow %s: no such user", text);
    all->config.num_users++;
    return 0;
}

static int take_security(options *all, const char *text)
{
    rig_error error = {0};
    if (rig_security_parse(rig_view_str(text), &all->config.settings.default_security, &error) == RIG_OK)
        return 0;
    return complain("--security %s: %s", text, error.text);
}

static int take_setting(options *all, const char *text)
{
    rig_error error = {0};
    if (rig_daemon_set(&all->config.settings, rig_view_str(text), &error) == RIG_OK)
        return 0;
    return complain("--set %s: %s", text, error.text);
}

static void tell_usage(FILE *out)
{
    fputs(usage, out);
    const char *name, *before = "\nvalues, and iscsirigd(8) says more of them:";
    for (size_t i = 0; (name = rig_daemon_setting_at(i)) != NULL; i++) {
        fprintf(out, "%s%s%s", before, i % VALUES_A_LINE ? " " : "\n  ", name);
        before = "";
    }
    fputs("\n", out);
}

static int take_radius_port(options *all, const char *text)
{
    uint64_t port = 0;
    if (!rig_view_u64(rig_view_str(text), &port) || port == 0 || port > UINT16_MAX)
        return complain("--radius-port %s: a port is a number from 1 to 65535", text);
    all->config.radius_port = (uint16_t)port;
    return 0;
}

enum {
    OPT_SOCKET = 1,
    OPT_STORE,
    OPT_ADAPTER,
    OPT_ALLOW,
    OPT_SECURITY,
    OPT_SET,
    OPT_RADIUS,
    OPT_VICI,
    OPT_VICI_DEVICE,
    OPT_HOST,
    OPT_READY,
    OPT_QUIET,
    OPT_HELP,
    OPT_VERSION
};

static const struct option longs[] = {{"socket", required_argument, NULL, OPT_SOCKET},
                                      {"store", required_argument, NULL, OPT_STORE},
                                      {"adapter", required_argument, NULL, OPT_ADAPTER},
                                      {"allow", required_argument, NULL, OPT_ALLOW},
                                      {"security", required_argument, NULL, OPT_SECURITY},
                                      {"set", required_argument, NULL, OPT_SET},
                                      {"radius-port", required_argument, NULL, OPT_RADIUS},
                                      {"vici", required_argument, NULL, OPT_VICI},
                                      {"vici-device", required_argument, NULL, OPT_VICI_DEVICE},
                                      {"host-name", required_argument, NULL, OPT_HOST},
                                      {"ready-file", required_argument, NULL, OPT_READY},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"help", no_argument, NULL, OPT_HELP},
                                      {"version", no_argument, NULL, OPT_VERSION},
                                      {NULL, 0, NULL, 0}};

/* -1: go on, else the status to end with. */
static int take_option(options *all, int which)
{
    switch (which) {
    case OPT_SOCKET:
        all->config.socket = optarg;
        return -1;
    case OPT_STORE:
        all->config.store = optarg[0] ? optarg : NULL;
        return -1;
    case OPT_ADAPTER:
        return take_adapter(all, optarg) ? EXIT_USAGE : -1;
    case OPT_ALLOW:
        return take_user(all, optarg) ? EXIT_USAGE : -1;
    case OPT_SECURITY:
        return take_security(all, optarg) ? EXIT_USAGE : -1;
    case OPT_SET:
        return take_setting(all, optarg) ? EXIT_USAGE : -1;
    case OPT_RADIUS:
        return take_radius_port(all, optarg) ? EXIT_USAGE : -1;
    case OPT_VICI:
        all->config.vici = optarg;
        return -1;
    case OPT_VICI_DEVICE:
        all->config.vici_device = optarg;
        return -1;
    case OPT_HOST:
        all->config.settings.host_name = optarg;
        return -1;
    case OPT_READY:
        all->ready_file = optarg;
        return -1;
    case OPT_QUIET:
        all->quiet = true;
        return -1;
    case OPT_HELP:
        tell_usage(stdout);
        return EXIT_SUCCESS;
    case OPT_VERSION:
        puts("iscsirigd " RIG_VERSION);
        return EXIT_SUCCESS;
    default:
        tell_usage(stderr);
        return EXIT_USAGE;
    }
}

/* sd_listen_fds(3): descriptors that were handed to this very process. */
static bool is_inherited(void)
{
    const char *pid = getenv("LISTEN_PID"), *num = getenv("LISTEN_FDS");
    uint64_t number = 0;
    return pid && num && rig_view_u64(rig_view_str(pid), &number) && number == (uint64_t)getpid() &&
           strcmp(num, "1") == 0;
}

static void use_defaults(options *all, char host[HOST_NAME_MAX + 1])
{
    rig_service_settings_init(&all->config.settings);
    if (gethostname(host, HOST_NAME_MAX + 1) == 0 && host[0])
        all->config.settings.host_name = host;
    all->config.store = DEFAULT_STORE;
    all->config.log = say;
    all->config.ready = on_ready;
    all->config.ctx = all;
    if (is_inherited())
        all->config.inherited = FIRST_INHERITED;
    else
        all->config.socket = RIG_SOCKET_DEFAULT;
}

/* Each session holds a descriptor, as each client does: the usual limit would keep kept logins from coming
 * up at a thousand of them. */
static void allow_descriptors(void)
{
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most) != 0)
        return;
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
}

int main(int argc, char **argv)
{
    static options all;
    static char host[HOST_NAME_MAX + 1];
    rig_error error = {0};
    rig_daemon *daemon = NULL;
    int end = -1;
    use_defaults(&all, host);
    for (int which; end < 0 && (which = getopt_long(argc, argv, "", longs, NULL)) != -1;)
        end = take_option(&all, which);
    if (end >= 0)
        return end;
    if (optind < argc)
        return complain("\"%s\": only options are known, see --help", argv[optind]);
    umask(077);
    allow_descriptors();
    if (rig_daemon_new(&all.config, &daemon, &error) != RIG_OK)
        return complain("%s", error.text);
    rig_status status = rig_daemon_run(daemon, true, &error);
    rig_daemon_free(daemon);
    if (status)
        complain("%s", error.text);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
