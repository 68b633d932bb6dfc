/* The service behind its socket: clients one after another and at once, strangers, and the end. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig/client.h"
#include "rig/daemon.h"
#include "rig/message.h"
#include "rig/socket.h"
#include "suite.h"

#define THREADS 8
#define CALLS 50

typedef struct server {
    char folder[64], socket[96], store[96];
    pid_t pid;
} server;

static void tell_ready(void *ctx)
{
    const int *ready = ctx;
    CU_ASSERT_EQUAL(write(*ready, "!", 1), 1);
}

/* The child's whole life: 0 when it was ended in order, by its signal. */
static int serve(const server *s, int ready)
{
    rig_error error = {0};
    rig_daemon *daemon = NULL;
    rig_daemon_config config = {.socket = s->socket, .store = s->store, .ready = tell_ready, .ctx = &ready};
    rig_service_settings_init(&config.settings);
    rig_status status = rig_daemon_new(&config, &daemon, &error);
    if (!status)
        status = rig_daemon_run(daemon, true, &error);
    rig_daemon_free(daemon);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void start(server *s)
{
    int ready[2];
    char byte = 0;
    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    s->pid = fork();
    CU_ASSERT_TRUE_FATAL(s->pid >= 0);
    if (s->pid == 0)
        _exit(serve(s, ready[1]));
    close(ready[1]);
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static void start_anew(server *s)
{
    *s = (server){.folder = "/tmp/iscsirig-daemon-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->folder));
    snprintf(s->socket, sizeof s->socket, "%s/socket", s->folder);
    snprintf(s->store, sizeof s->store, "%s/store", s->folder);
    start(s);
}

static int end(const server *s, int signum)
{
    int status = 0;
    CU_ASSERT_EQUAL(kill(s->pid, signum), 0);
    CU_ASSERT_EQUAL(waitpid(s->pid, &status, 0), s->pid);
    return status;
}

static void clean(const server *s)
{
    static const char *const names[] = {"socket", "store", "store-wal", "store-shm"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(s->folder), 0);
}

static rig_code make(const char *where, rig_call_id id, const void *request, void *reply)
{
    rig_caller caller = rig_client_caller(where);
    return caller.call(caller.ctx, id, request, reply, NULL);
}

static rig_code node_name(const char *where, rig_label *out)
{
    const rig_nothing nothing = {0};
    *out = (rig_label){0};
    return make(where, RIG_CALL_GET_NODE_NAME, &nothing, out);
}

/* What one client sets another one reads; a daemon that is killed comes back with it. */
static void kept_over_a_kill(void)
{
    const rig_label wanted = {.text = "iqn.2026-01.example:of-the-test"};
    rig_nothing nothing = {0};
    rig_label name;
    server s;
    start_anew(&s);
    CU_ASSERT_EQUAL(make(s.socket, RIG_CALL_SET_NODE_NAME, &wanted, &nothing), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(name.text, wanted.text);
    CU_ASSERT_TRUE(WIFSIGNALED(end(&s, SIGKILL)));
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SERVICE_NOT_RUNNING);
    start(&s);
    CU_ASSERT_EQUAL(node_name(s.socket, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(name.text, wanted.text);
    CU_ASSERT_EQUAL(end(&s, SIGTERM), 0);
    CU_ASSERT_EQUAL(access(s.socket, F_OK), -1);
    clean(&s);
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
    start_anew(&s);
    for (int i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, many_calls, s.socket), 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        CU_ASSERT_PTR_NULL(failed);
    }
    CU_ASSERT_EQUAL(end(&s, SIGTERM), 0);
    clean(&s);
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
    start_anew(&s);
    talk(s.socket, two, sizeof two - 1, answer, sizeof answer);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0x00000000 {\"text\":"));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0x00000000 {}\n"));
    talk(s.socket, wrong, sizeof wrong - 1, answer, sizeof answer);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "there is no management call \"no-such-call\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, "0x00000057 {}\t"));
    talk(s.socket, "get-node-name {", 15, answer, sizeof answer);
    CU_ASSERT_STRING_EQUAL(answer, "");
    CU_ASSERT_EQUAL(end(&s, SIGTERM), 0);
    clean(&s);
}

/* A request at the limit is looked at, one past it ends the connection. */
static void too_long(void)
{
    char *request = malloc(RIG_REQUEST_MAX + 2), answer[512];
    rig_label name;
    server s;
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    start_anew(&s);
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
    CU_ASSERT_EQUAL(end(&s, SIGTERM), 0);
    clean(&s);
    free(request);
}

/* One owner of a socket and of a store; both are told what stands in the way. */
static void second_owner(void)
{
    rig_error error = {0};
    rig_daemon *daemon = NULL;
    server s;
    start_anew(&s);
    rig_daemon_config config = {.socket = s.socket};
    rig_service_settings_init(&config.settings);
    CU_ASSERT_EQUAL(rig_daemon_new(&config, &daemon, &error), RIG_E_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, s.socket));
    config = (rig_daemon_config){.socket = "", .store = s.store, .settings = config.settings};
    CU_ASSERT_EQUAL(rig_daemon_new(&config, &daemon, &error), RIG_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, s.store));
    CU_ASSERT_EQUAL(end(&s, SIGTERM), 0);
    clean(&s);
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
    CU_ASSERT_EQUAL(make(where, RIG_CALL_SET_NODE_NAME, &wanted, &nothing), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(node_name(where, &name), RIG_CODE_SUCCESS);
    CU_ASSERT_STRING_EQUAL(name.text, wanted.text);
    CU_ASSERT_EQUAL(node_name(other, &name), RIG_CODE_SERVICE_NOT_RUNNING);
    clean(&s);
}

RIG_SUITE("the service behind its socket", {"what was set is there after a kill", kept_over_a_kill},
          {"many clients at once", many_at_once}, {"requests by hand, good and bad", by_hand},
          {"a request at the limit and past it", too_long},
          {"one owner of a socket and of a store", second_owner}, {"a file that is no socket", not_a_socket},
          {"a service inside the process", embedded})
