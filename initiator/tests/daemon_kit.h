/* A service in a process of its own, on a socket and a store in a folder of its own. */
#ifndef TESTS_DAEMON_KIT_H
#define TESTS_DAEMON_KIT_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig/client.h"
#include "rig/daemon.h"
#include "suite.h"

typedef struct server {
    char folder[64], socket[96], store[96];
    uint32_t login_attempts; /* 0 = as ever */
    pid_t pid;
} server;

static inline void server_ready(void *ctx)
{
    const int *ready = ctx;
    CU_ASSERT_EQUAL(write(*ready, "!", 1), 1);
}

/* The child's whole life: 0 when it was ended in order, by its signal. */
static inline int server_run(const server *s, int ready)
{
    rig_error error = {0};
    rig_daemon *daemon = NULL;
    rig_daemon_config config = {.socket = s->socket, .store = s->store, .ready = server_ready, .ctx = &ready};
    rig_service_settings_init(&config.settings);
    if (s->login_attempts)
        config.settings.login_attempts = s->login_attempts;
    rig_status status = rig_daemon_new(&config, &daemon, &error);
    if (!status)
        status = rig_daemon_run(daemon, true, &error);
    rig_daemon_free(daemon);
    return status ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline void server_start(server *s)
{
    int ready[2];
    char byte = 0;
    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    s->pid = fork();
    CU_ASSERT_TRUE_FATAL(s->pid >= 0);
    if (s->pid == 0)
        _exit(server_run(s, ready[1]));
    close(ready[1]);
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

static inline void server_new_in(server *s, const char *where)
{
    *s = (server){.pid = 0};
    snprintf(s->folder, sizeof s->folder, "%s/iscsirig-daemon-XXXXXX", where);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->folder));
    snprintf(s->socket, sizeof s->socket, "%s/socket", s->folder);
    snprintf(s->store, sizeof s->store, "%s/store", s->folder);
    server_start(s);
}

static inline void server_new(server *s)
{
    server_new_in(s, "/tmp");
}

static inline int server_end(const server *s, int signum)
{
    int status = 0;
    CU_ASSERT_EQUAL(kill(s->pid, signum), 0);
    CU_ASSERT_EQUAL(waitpid(s->pid, &status, 0), s->pid);
    return status;
}

static inline void server_clean(const server *s)
{
    static const char *const names[] = {"socket", "store", "store-wal", "store-shm"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
        unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(s->folder), 0);
}

static inline rig_code server_call(const char *where, rig_call_id id, const void *request, void *reply)
{
    rig_caller caller = rig_client_caller(where);
    return caller.call(caller.ctx, id, request, reply, NULL);
}

#endif
