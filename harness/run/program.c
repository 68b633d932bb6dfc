/* A program of the host's: it makes its calls one by one, and while it waits for an answer the case goes on.
 */
#include "rig/client.h"
#include "world.h"

#define CALL_TAKES RIG_MILLISECOND      /* behind each, so that a program that polls sees time pass */
#define ANSWER_TAKES (600 * RIG_SECOND) /* at most */

/* A call that is under way. */
typedef struct asking {
    run_world *world;
    const rig_call *call;
    void *reply;
    rig_error *why; /* may be NULL */
    rig_code code;
    bool answered;
} asking;

static void answered(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    asking *a = ctx;
    const rig_shape *shape = rig_shape_of(a->call->reply);
    (void)now;
    a->answered = true;
    a->code = code;
    if (why && a->why)
        *a->why = *why;
    if (reply && rig_record_copy(rig_alloc_libc(), shape, reply, a->reply) != RIG_OK)
        a->code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    else if (reply)
        run_portals_swap(a->world, shape, a->reply, false);
}

static bool is_answered(void *ctx)
{
    return ((const asking *)ctx)->answered;
}

/* Only the first is told: what stops one call stops those behind it. */
static void not_answered(const asking *a, rig_status status)
{
    run_world *world = a->world;
    char text[128];
    rig_text out;
    rig_service_cancel(world->service, a);
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "the program's call %s was not answered: %s", a->call->word,
                 run_why_stopped(world, status));
    rig_finding *finding = world->result->num_findings ? NULL
                                                       : rig_result_finding(world->result, RIG_FINDING_STEP,
                                                                            world->scn->target.place, text);
    if (finding)
        finding->time = run_now(world);
}

static void wait_for_answer(asking *a)
{
    run_world *world = a->world;
    rig_status status = run_pump(world, is_answered, a, run_now(world) + ANSWER_TAKES);
    if (a->answered)
        run_pump(world, NULL, NULL, run_now(world) + CALL_TAKES);
    else
        not_answered(a, status);
}

/* The code stays as it is when no answer comes. */
static rig_code program_call(void *ctx, rig_call_id id, const void *request, void *reply, rig_error *err)
{
    run_world *world = ctx;
    asking a = {.world = world,
                .call = rig_call_of(id),
                .reply = reply,
                .why = err,
                .code = RIG_CODE_SERVICE_DID_NOT_RESPOND};
    const rig_shape *shape = rig_shape_of(a.call->request);
    void *actual = rig_new(world->alloc, shape->size);
    if (!actual)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    if (rig_record_copy(world->alloc, shape, request, actual) == RIG_OK) {
        run_portals_swap(world, shape, actual, true);
        rig_service_call(world->service, id, actual, run_now(world), answered, &a);
        wait_for_answer(&a);
    } else
        a.code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    rig_record_clear(world->alloc, shape, actual);
    rig_delete(world->alloc, actual, shape->size);
    return a.code;
}

bool run_program(run_world *world)
{
    const rig_caller caller = {program_call, world};
    if (world->config->host && world->service)
        world->config->host(world->config->host_ctx, &caller);
    return world->result->num_findings == 0;
}
