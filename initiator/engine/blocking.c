/* Waiting for the engine: a driver is pumped until a condition holds. */
#include "rig/blocking.h"

#include "internal.h"

typedef struct waited {
    void (*done)(rig_task *task, uint64_t now);
    void *user;
    bool over;
} waited;

static uint64_t behind(uint64_t now, uint64_t timeout)
{
    return timeout == 0 || timeout > RIG_NEVER - now ? RIG_NEVER : now + timeout;
}

/* Until the task is over, or with none until the session is up, or will not come up by itself. */
static rig_status pump(const rig_driver *driver, const rig_session *session, const waited *task,
                       uint64_t deadline)
{
    while (task ? !task->over : !rig_session_is_up(session) && !eng_is_idle(session)) {
        if (driver->now(driver->ctx) >= deadline)
            return RIG_E_TIMEOUT;
        rig_status status = driver->turn(driver->ctx, deadline);
        if (status)
            return status;
    }
    return RIG_OK;
}

rig_status rig_wait_up(const rig_driver *driver, rig_session *session, uint64_t timeout)
{
    rig_status status = pump(driver, session, NULL, behind(driver->now(driver->ctx), timeout));
    if (status || rig_session_is_up(session))
        return status;
    return RIG_E_STATE;
}

rig_status rig_wait_login(const rig_driver *driver, rig_session *session, uint64_t timeout)
{
    uint64_t now = driver->now(driver->ctx);
    rig_status status = rig_session_login(session, now);
    if (!status)
        status = pump(driver, session, NULL, behind(now, timeout));
    if (status || rig_session_is_up(session))
        return status;
    return session->last_status ? session->last_status : RIG_E_STATE;
}

static void waited_done(rig_task *task, uint64_t now)
{
    waited *w = task->user;
    (void)now;
    task->done = w->done;
    task->user = w->user;
    w->over = true;
}

rig_status rig_wait_task(const rig_driver *driver, rig_session *session, rig_task *task, uint64_t timeout)
{
    uint64_t now = driver->now(driver->ctx);
    waited w = {task->done, task->user, false};
    task->done = waited_done;
    task->user = &w;
    rig_status status = rig_session_submit(session, task, now);
    if (status) {
        task->done = w.done;
        task->user = w.user;
        return status;
    }
    status = pump(driver, session, &w, behind(now, timeout));
    if (!w.over)
        rig_session_drop(session, true, driver->now(driver->ctx));
    return status ? status : task->status;
}

rig_status rig_wait_logout(const rig_driver *driver, rig_session *session, uint64_t timeout)
{
    rig_task task = {.kind = RIG_TASK_LOGOUT};
    return rig_wait_task(driver, session, &task, timeout);
}
