/* Processes: other products under test. */
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SHELL "/bin/sh"
#define CHILD_SIGNALLED 128 /* shells report a death by signal as this plus the signal's number */

struct rig_child {
    uv_process_t process;
    rig_loop *loop;
    rig_child *next;
    rig_child *prev;
    void (*done)(void *ctx, int exit_status);
    void *ctx;
};

static void on_closed(uv_handle_t *handle)
{
    rig_child *child = SOCK_OF(rig_child, process, handle);
    rig_delete(child->loop->alloc, child, sizeof(*child));
}

static void unlink_child(rig_child *child)
{
    *(child->prev ? &child->prev->next : &child->loop->children) = child->next;
    if (child->next)
        child->next->prev = child->prev;
}

static void on_exit(uv_process_t *process, int64_t status, int signum)
{
    rig_child *child = SOCK_OF(rig_child, process, process);
    child->loop->handled = true;
    unlink_child(child);
    child->done(child->ctx, signum ? CHILD_SIGNALLED + signum : (int)status);
    uv_close((uv_handle_t *)process, on_closed);
}

static int spawn(rig_child *child, const char *command, int log)
{
    char *arguments[] = {(char[]){"sh"}, (char[]){"-c"}, NULL, NULL};
    char *copy = rig_copy_text(child->loop->alloc, command, strlen(command));
    if (!copy)
        return UV_ENOMEM;
    arguments[2] = copy;
    uv_stdio_container_t io[3] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    for (int i = 1; i < 3 && log >= 0; i++) {
        io[i].flags = UV_INHERIT_FD;
        io[i].data.fd = log;
    }
    uv_process_options_t options = {.file = CHILD_SHELL, .args = arguments, .exit_cb = on_exit};
    options.flags = UV_PROCESS_DETACHED; /* a session, and so a process group, of its own */
    options.stdio = io;
    options.stdio_count = 3;
    int result = uv_spawn(&child->loop->uv, &child->process, &options);
    rig_delete(child->loop->alloc, copy, strlen(command) + 1);
    return result;
}

static rig_status start(rig_child *child, const char *command, int log, rig_error *err)
{
    rig_loop *loop = child->loop;
    int result = spawn(child, command, log);
    if (result < 0) {
        /* libuv has made a handle of it unless the command was not even copied */
        if (child->process.type == UV_PROCESS)
            uv_close((uv_handle_t *)&child->process, on_closed);
        else
            rig_delete(loop->alloc, child, sizeof(*child));
        return rig_fail(err, result == UV_ENOMEM ? RIG_E_NOMEM : RIG_E_IO, "%s: %s", CHILD_SHELL,
                        uv_strerror(result));
    }
    child->next = loop->children;
    if (loop->children)
        loop->children->prev = child;
    loop->children = child;
    return RIG_OK;
}

rig_status rig_child_start(rig_loop *loop, const char *command, const char *log_path,
                           void (*done)(void *ctx, int exit_status), void *ctx, rig_child **out_child,
                           rig_error *err)
{
    int log = -1;
    if (log_path) {
        log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
        if (log < 0)
            return rig_fail(err, RIG_E_IO, "%s: %s", log_path, uv_strerror(-errno));
    }
    rig_child *child = rig_new(loop->alloc, sizeof(*child));
    rig_status status = child ? RIG_OK : rig_fail(err, RIG_E_NOMEM, "no memory for a process");
    if (child) {
        child->loop = loop;
        child->done = done;
        child->ctx = ctx;
        status = start(child, command, log, err);
    }
    if (status == RIG_OK)
        *out_child = child;
    if (log >= 0)
        close(log);
    return status;
}

int rig_child_pid(const rig_child *child)
{
    return child->process.pid;
}

void rig_child_kill(rig_child *child, int signum)
{
    kill(-child->process.pid, signum);
}

void sock_children_free(rig_loop *loop)
{
    while (loop->children) {
        rig_child *child = loop->children;
        pid_t pid = child->process.pid;
        unlink_child(child);
        uv_close((uv_handle_t *)&child->process, on_closed);
        kill(-pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
}
