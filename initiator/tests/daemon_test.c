/* The service behind its socket: clients one after another and at once, strangers, and the end. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "daemon_kit.h"
#include "iscsidsc/internal.h"
#include "rig/message.h"
#include "rig/socket.h"

#define THREADS 8
#define CALLS 50

static rig_code node_name(const char *where, rig_label *out)
{
    const rig_nothing nothing = {0};
    *out = (rig_label){0};
    return server_call(where, RIG_CALL_GET_NODE_NAME, &nothing, out);
}

/* What one client sets another one reads; a daemon that is killed comes back with it. */
static void kept_over_a_kill(void)
{
    const rig_label wanted = {.text = "iqn.2026-01.example:of-the-test"};
    rig_nothing nothing = {0};
    rig_label name;
    server s;
    server_new(&s);
    CU_ASSERT_EQUAL(server_call(s.socket, RIG_CALL_SET_NODE_NAME, &wanted, &nothing), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(name.text, wanted.text);
    CU_ASSERT_TRUE(WIFSIGNALED(server_end(&s, SIGKILL)));
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SERVICE_NOT_RUNNING);
    server_start(&s);
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(name.text, wanted.text);
    CU_ASSERT_EQUAL(server_end(&s, SIGTERM), 0);
    CU_ASSERT_EQUAL(access(s.socket, F_OK), -1);
    server_clean(&s);
}

static void *many_calls(void *ctx)
{
    uintptr_t failed = 0;
    for (int i = 0; i < CALLS; i++) {
        rig_label name;
        failed += node_name(ctx, &name) != RIG_CODE_SUCCESS || name.text[0] == 0;
    }
    return (void *)failed;
}

static void many_at_once(void)
{
    pthread_t threads[THREADS];
    server s;
    server_new(&s);
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, many_calls, s.socket), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        CU_ASSERT_PTR_NULL(failed);
    }
    CU_ASSERT_EQUAL(server_end(&s, SIGTERM), 0);
    server_clean(&s);
}

/* Everything the service sends until it closes; as text. */
static void talk(const char *where, const char *request, size_t len, char *answer, size_t size)
{
    size_t got = 0;
    int fd = -1;
    ssize_t part = 0;
    CU_ASSERT_EQUAL_FATAL(rig_local_connect(where, &fd), RIG_OK);
    for (size_t sent = 0; sent < len; sent += (size_t)part) {
        part = send(fd, request + sent, len - sent, MSG_NOSIGNAL);
        if (part < 0)
            break;
    }
    shutdown(fd, SHUT_WR);
    while (got < size - 1 && (part = recv(fd, answer + got, size - 1 - got, 0)) > 0)
        got += (size_t)part;
    answer[got] = 0;
    close(fd);
}

static void by_hand(void)
{
    static const char two[] = "get-node-name {}\nreport-isns-servers {}\n";
    static const char wrong[] = "no-such-call {}\nget-node-name {\"x\":1}\nget-node-name\n";
    char answer[4096];
    server s;
    server_new(&s);
    talk(s.socket, two, sizeof two - 1, answer, sizeof answer);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0x00000000 {\"text\":"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0x00000000 {}\n"));
    talk(s.socket, wrong, sizeof wrong - 1, answer, sizeof answer);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "there is no management call \"no-such-call\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0x00000057 {}\t"));
    talk(s.socket, "get-node-name {", 15, answer, sizeof answer);
    CU_ASSERT_STRING_EQUAL(answer, "");
    CU_ASSERT_EQUAL(server_end(&s, SIGTERM), 0);
    server_clean(&s);
}

/* A request at the limit is looked at, one past it ends the connection. */
static void too_long(void)
{
    char *request = malloc(RIG_REQUEST_MAX + 2), answer[512];
    rig_label name;
    server s;
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    server_new(&s);
    memset(request, ' ', RIG_REQUEST_MAX + 2);
    memcpy(request, "get-node-name {}", 16);
    request[RIG_REQUEST_MAX] = '\n';
    talk(s.socket, request, RIG_REQUEST_MAX + 1, answer, sizeof answer);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0x00000000 {\"text\":"));
    request[RIG_REQUEST_MAX] = ' ';
    request[RIG_REQUEST_MAX + 1] = '\n';
    talk(s.socket, request, RIG_REQUEST_MAX + 2, answer, sizeof answer);
    CU_ASSERT_STRING_EQUAL(answer, "");
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(server_end(&s, SIGTERM), 0);
    server_clean(&s);
    free(request);
}

/* A target that takes connections and says nothing; its port. */
static int silent_target(uint16_t *out_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, SOMAXCONN), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *out_port = ntohs(at.sin_port);
    return fd;
}

/* Asks for a login, and is gone before it has an answer. */
static void ask_and_go(const char *where, const char *request)
{
    int fd = -1;
    CU_ASSERT_EQUAL_FATAL(rig_local_connect(where, &fd), RIG_OK);
    CU_ASSERT_EQUAL(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    close(fd);
}

/* Clients that went away while their logins go on leave their places to others. */
static void gone_while_waiting(void)
{
    char request[512], answer[512];
    rig_label name;
    uint16_t port = 0;
    int silent = silent_target(&port);
    server s;
    server_new(&s);
    snprintf(request, sizeof request, "add-static-target {\"target\":\"iqn.2026-01.example:silent\"}\n");
    talk(s.socket, request, strlen(request), answer, sizeof answer);
    CU_ASSERT_STRING_EQUAL(answer, "0x00000000 {}\n");
    snprintf(request, sizeof request,
             "login {\"target\":\"iqn.2026-01.example:silent\",\"port\":4294967295,\"has-portal\":true,"
             "\"portal\":{\"address\":\"127.0.0.1\",\"socket\":%u},\"has-options\":true,"
             "\"options\":{\"flags\":%u}}\n",
             port, (unsigned)RIG_LOGIN_FLAG_MULTIPATH);
    for (int i = 0; i < RIG_DAEMON_CLIENTS_MAX; i++)
        ask_and_go(s.socket, request);
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(server_end(&s, SIGTERM), 0);
    server_clean(&s);
    close(silent);
}

/* One owner of a socket and of a store; both are told what stands in the way. */
static void second_owner(void)
{
    rig_error error = {0};
    rig_daemon *daemon = NULL;
    server s;
    server_new(&s);
    rig_daemon_config config = {.socket = s.socket};
    rig_service_settings_init(&config.settings);
    CU_ASSERT_EQUAL(rig_daemon_new(&config, &daemon, &error), RIG_E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, s.socket));
    config = (rig_daemon_config){.socket = "", .store = s.store, .settings = config.settings};
    CU_ASSERT_EQUAL(rig_daemon_new(&config, &daemon, &error), RIG_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, s.store));
    CU_ASSERT_EQUAL(server_end(&s, SIGTERM), 0);
    server_clean(&s);
}

/* Only a socket is replaced; another file in its place is the user's. */
static void not_a_socket(void)
{
    char path[] = "/tmp/iscsirig-daemon-XXXXXX";
    rig_error error = {0};
    rig_daemon *daemon = NULL;
    int fd = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    close(fd);
    rig_daemon_config config = {.socket = path};
    rig_service_settings_init(&config.settings);
    CU_ASSERT_EQUAL(rig_daemon_new(&config, &daemon, &error), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    unlink(path);
}

/* charon is asked when something is to be protected, not before; a device has a name. */
static void without_charon(void)
{
    rig_error error = {0};
    rig_daemon *daemon = NULL;
    rig_daemon_config config = {.socket = "", .vici = "/no/such/charon", .vici_device = "sixteen-letters-"};
    rig_service_settings_init(&config.settings);
    CU_ASSERT_EQUAL(rig_daemon_new(&config, &daemon, &error), RIG_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "sixteen-letters-"));
    config.vici_device = "ipsec0";
    CU_ASSERT_EQUAL(rig_daemon_new(&config, &daemon, &error), RIG_OK);
    rig_daemon_free(daemon);
}

/* One thread's calls of Microsoft's API: what it keeps is its own, whatever the others keep meanwhile.
 * Returns how many went wrong. */
static void *keep_and_forget(void *ctx)
{
    const int *number = ctx;
    char target[64], name[MAX_ISCSI_NAME_LEN + 1];
    uintptr_t wrong = 0;
    snprintf(target, sizeof target, "iqn.2026-01.example:thread-%d", *number);
    ISCSI_TARGET_PORTALA portal = {.Socket = (USHORT)(3260 + *number)};
    snprintf(portal.Address, sizeof portal.Address, "192.0.2.1");
    for (int i = 0; i < CALLS / 5; i++) {
        ISCSI_LOGIN_OPTIONS options = {.InformationSpecified = ISCSI_LOGIN_OPTIONS_DEFAULT_TIME_2_WAIT,
                                       .DefaultTime2Wait = (ULONG)i};
        wrong += AddIScsiStaticTargetA(target, NULL, 0, TRUE, NULL, NULL, NULL) != 0;
        wrong += LoginIScsiTargetA(target, FALSE, NULL, ISCSI_ANY_INITIATOR_PORT, &portal, 0, NULL, &options,
                                   0, NULL, TRUE, NULL, NULL) != 0;
        wrong += GetIScsiInitiatorNodeNameA(name) != 0;
        wrong += RemoveIScsiPersistentTargetA(NULL, ISCSI_ALL_INITIATOR_PORTS, target, &portal) != 0;
        wrong += RemoveIScsiStaticTargetA(target) != 0;
    }
    return (void *)wrong;
}

/* The first of them starts the service, while the others want to. */
static void all_at_once(const char *where)
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    ULONG num = 0, size = 0;
    CU_ASSERT_EQUAL_FATAL(setenv(RIG_SOCKET_VARIABLE, where, 1), 0);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, keep_and_forget, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        pthread_join(threads[i], &wrong);
        CU_ASSERT_PTR_NULL(wrong);
    }
    CU_ASSERT_EQUAL(ReportIScsiPersistentLoginsA(&num, NULL, &size), 0);
    CU_ASSERT_EQUAL(num, 0);
    unsetenv(RIG_SOCKET_VARIABLE);
}

/* A service in the process: the same store finds the same one, another is refused. */
static void embedded(void)
{
    char folder[] = "/tmp/iscsirig-daemon-XXXXXX", where[96], other[96];
    const rig_label wanted = {.text = "iqn.2026-01.example:inside"};
    rig_nothing nothing = {0};
    rig_label name;
    server s = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(s.folder, sizeof s.folder, "%s", folder);
    snprintf(where, sizeof where, RIG_SOCKET_EMBEDDED "%s/store", folder);
    snprintf(other, sizeof other, RIG_SOCKET_EMBEDDED "%s/other", folder);
    rig_iscsidsc_use(NULL);
    all_at_once(where);
    CU_ASSERT_EQUAL(server_call(where, RIG_CALL_SET_NODE_NAME, &wanted, &nothing), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(node_name(where, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(name.text, wanted.text);
    CU_ASSERT_EQUAL(node_name(other, &name), RIG_CODE_SERVICE_NOT_RUNNING);
    server_clean(&s);
}

RIG_SUITE("the service behind its socket", {"what was set is there after a kill", kept_over_a_kill},
          {"many clients at once", many_at_once}, {"requests by hand, good and bad", by_hand},
          {"a request at the limit and past it", too_long},
          {"clients that are gone before their answer", gone_while_waiting},
          {"one owner of a socket and of a store", second_owner}, {"a file that is no socket", not_a_socket},
          {"a charon that is not there yet", without_charon}, {"a service inside the process", embedded})
