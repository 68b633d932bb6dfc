/* The play of one side. */
#include "rig/trace.h"

#include "replay.h"

static void put_line(rig_text *out, rig_view line)
{
    for (rig_view rest = line; rest.ptr;) {
        rig_text_add(out, "  ");
        rig_text_view(out, rig_view_split(&rest, '\n'));
        rig_text_add(out, "\n");
    }
}

static rig_status put_step(rig_steps_printer *printer, rig_text *out, rig_text *line, const rig_step *step)
{
    line->len = 0;
    line->ptr[0] = '\0';
    rig_status status = rig_steps_line(printer, line, step);
    if (status)
        return status;
    if (printer->spoilt)
        rig_text_add(out, "  # %s\n", printer->said);
    put_line(out, rig_view_of(line->ptr, line->len));
    return RIG_OK;
}

static rig_status put_steps(const rig_replay *replay, rig_steps_printer *printer, rig_text *out, char *room)
{
    rig_text line;
    rig_status status = RIG_OK;
    rig_text_init(&line, room, RIG_STEPS_LINE_MAX);
    rig_text_add(out, "play %s%s\n", printer->target ? "target" : "initiator",
                 replay->timing == RIG_STEP_LOOSE ? " loose" : "");
    for (size_t i = 0; i < replay->steps->num && !status; i++)
        status = put_step(printer, out, &line, &replay->steps->ptr[i]);
    return status;
}

rig_status rpl_play(const rig_replay *replay, bool target, rig_text *out)
{
    rig_view portals[RIG_REPLAY_PORTALS_MAX];
    rig_steps_printer printer = {.alloc = replay->alloc,
                                 .target = target,
                                 .addresses = rpl_portals(replay, portals) > 1 || replay->with.len,
                                 .timing = replay->timing,
                                 .pattern = rpl_pattern,
                                 .num_secrets = replay->num_secrets};
    memcpy(printer.secrets, replay->secrets, sizeof printer.secrets);
    char *room = rig_new(replay->alloc, RIG_STEPS_LINE_MAX);
    rig_status status = room ? rig_steps_printer_init(&printer, replay->steps) : RIG_E_NOMEM;
    if (!status)
        status = put_steps(replay, &printer, out, room);
    rig_steps_printer_cleanup(&printer);
    rig_delete(replay->alloc, room, room ? RIG_STEPS_LINE_MAX : 0);
    return status;
}
