/* Which PDU is behind a step that failed: the answer that says so, the one the engine could not take, or the
 * request that nothing came for. */
#include "world.h"

void run_trouble_keep(run_world *world, const rig_event *event)
{
    run_trouble *trouble = &world->trouble;
    if (event->status == RIG_OK || event->status == RIG_E_ABORTED)
        return;
    *trouble = (run_trouble){.session = event->session,
                             .time = event->now,
                             .items = world->result->items.num,
                             .frame = world->recorder.frames};
    if (event->error)
        trouble->error = *event->error;
    trouble->error.status = event->status;
}

/* The last PDU of that direction among the first `end` items; SIZE_MAX none. */
static size_t last_pdu(const run_world *world, bool to_target, size_t end)
{
    const rig_items *items = &world->result->items;
    while (end-- > 0)
        if (items->ptr[end].kind == RIG_ITEM_PDU && items->ptr[end].to_target == to_target)
            return end;
    return SIZE_MAX;
}

/* The last PDU with that tag, of any connection: a tag is not used again while its answer may come. */
static size_t tagged_pdu(const run_world *world, bool to_target, uint32_t itt)
{
    const rig_items *items = &world->result->items;
    for (size_t i = items->num; i-- > 0;) {
        const rig_item *item = &items->ptr[i];
        if (item->kind == RIG_ITEM_PDU && item->to_target == to_target &&
            rig_get32(item->pdu.bhs, RIG_F_ITT) == itt)
            return i;
    }
    return SIZE_MAX;
}

/* The PDU in whose header the error's place in the stream is. One that did not come whole is no item. */
static size_t pdu_at(const run_world *world, const run_trouble *trouble)
{
    for (size_t end = trouble->items, at; (at = last_pdu(world, false, end)) != SIZE_MAX; end = at)
        if (trouble->error.offset - world->result->items.ptr[at].pdu.offset < RIG_BHS_LEN)
            return at;
    return SIZE_MAX;
}

/* An error that names no field is about the PDU that came last. */
static void find_pdu(const run_world *world, const run_trouble *trouble, rig_cause *cause)
{
    bool placed = trouble->error.field[0] != '\0';
    cause->item = placed ? pdu_at(world, trouble) : last_pdu(world, false, trouble->items);
    cause->frame = placed && cause->item == SIZE_MAX ? trouble->frame : 0;
}

static void say(rig_cause *cause, const char *text)
{
    rig_text out;
    rig_text_init(&out, cause->text, sizeof cause->text);
    rig_text_add(&out, "%s", text);
}

static void name_field(rig_cause *cause, const char *field)
{
    rig_text out;
    rig_text_init(&out, cause->field, sizeof cause->field);
    rig_text_add(&out, "%s", field);
}

/* Which field of an answer carries the verdict, by the kind of PDU. */
static const struct {
    rig_pdu_kind pdu;
    rig_field_id field;
    const char *text;
} verdicts[] = {
    {RIG_PDU_SCSI_RESP, RIG_F_SCSI_STATUS, "the target answered the command so"},
    {RIG_PDU_DATA_IN, RIG_F_SCSI_STATUS, "the target answered the command so"},
    {RIG_PDU_TMF_RESP, RIG_F_TMF_RESPONSE, "the target answered the request so"},
    {RIG_PDU_LOGOUT_RESP, RIG_F_LOGOUT_RESPONSE, "the target answered the logout so"},
    {RIG_PDU_REJECT, RIG_F_REJECT_REASON, "the target rejected the request"},
};

static bool answered(const run_op *op, rig_cause *cause)
{
    const run_world *world = op->world;
    bool rejected = op->task.status == RIG_E_REFUSED;
    cause->item =
        rejected ? last_pdu(world, false, world->result->items.num) : tagged_pdu(world, false, op->task.itt);
    if (cause->item == SIZE_MAX)
        return false;
    const uint8_t *bhs = world->result->items.ptr[cause->item].pdu.bhs;
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        if (verdicts[i].pdu != rig_pdu_kind_of(bhs))
            continue;
        bool response = verdicts[i].field == RIG_F_SCSI_STATUS && op->task.response;
        name_field(cause, rig_fields[response ? RIG_F_SCSI_RESPONSE : verdicts[i].field].name);
        say(cause, verdicts[i].text);
        return true;
    }
    return false;
}

/* What nothing came for. */
static bool unanswered(const run_op *op, const char *why, rig_cause *cause)
{
    const run_world *world = op->world;
    bool sent = op->task.kind != RIG_TASK_SCSI || op->task.cdb.len;
    cause->item = sent ? tagged_pdu(world, true, op->task.itt) : SIZE_MAX;
    if (cause->item == SIZE_MAX)
        cause->item = last_pdu(world, true, world->result->items.num);
    say(cause, why);
    return cause->item != SIZE_MAX;
}

static bool lost(const run_op *op, rig_cause *cause)
{
    const rig_error *error = &op->trouble.error;
    const char *text = error->text[0] ? error->text : rig_status_meaning(error->status);
    char why[sizeof cause->text];
    rig_text out;
    rig_text_init(&out, why, sizeof why);
    switch (error->status) {
    case RIG_E_CLOSED:
    case RIG_E_RESET:
        return unanswered(op,
                          error->status == RIG_E_RESET ? "nothing came for this; the connection was reset"
                                                       : "nothing came for this; the target closed",
                          cause);
    case RIG_E_TIMEOUT:
        rig_text_add(&out, "nothing came for this: %s", text);
        return unanswered(op, why, cause);
    default:
        find_pdu(op->world, &op->trouble, cause);
        name_field(cause, error->field);
        say(cause, text);
        return true;
    }
}

/* False when no PDU tells more than the outcome does. */
bool run_cause(const run_op *op, rig_cause *out_cause)
{
    *out_cause = (rig_cause){.item = SIZE_MAX};
    if (!op->done)
        return unanswered(op, "nothing came for this", out_cause);
    if (!op->failed)
        return false;
    if (op->trouble.session)
        return lost(op, out_cause);
    if (op->task.status == RIG_E_TIMEOUT)
        return unanswered(op, "nothing came for this", out_cause);
    return op->task.done && (!op->task.status || op->task.status == RIG_E_REFUSED) && answered(op, out_cause);
}
