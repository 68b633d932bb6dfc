/* Evidence: packets go into the capture and through reassembly; PDUs and events become items in the order
 * seen. */
#include "world.h"

#include <stdio.h>
#include <sys/stat.h>

#define PACKET_MAX (RIG_SIM_MTU_MAX + 64)
#define COMMENT_MAX 256
#define EVENT_ARGS_MAX (RUN_WORD_MAX + RUN_SAID_MAX + 256)

static bool is_made_wrong(run_world *world, const rig_flow *flow, const rig_item *item)
{
    for (uint32_t i = 0; i < world->num_wrongs && !item->to_target; i++)
        if (world->wrongs[i].port == flow->initiator_port && world->wrongs[i].offset == item->pdu.offset) {
            world->wrongs[i] = world->wrongs[--world->num_wrongs];
            return true;
        }
    return false;
}

static rig_status take_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    run_world *world = ctx;
    rig_item copy = *item;
    copy.step = world->step;
    if (item->kind == RIG_ITEM_PDU)
        copy.made_wrong = run_plays_speak(world, item->to_target) || is_made_wrong(world, flow, item);
    if (item->kind == RIG_ITEM_EVENT && world->recorder.engine_tells_close &&
        rig_view_is(item->event, "close"))
        return RIG_OK;
    return rig_items_add(&world->result->items, &copy);
}

static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
    return true;
}

/* <folder>/<scenario path without .scn>[.case][.link].pcapng */
static void capture_path(const run_world *world, rig_text *out)
{
    const rig_result *result = world->result;
    rig_view path = rig_view_str(result->path);
    size_t len = path.len > 4 ? path.len - 4 : path.len;
    rig_text_add(out, "%s/%.*s", world->config->pcap_dir, (int)len, result->path);
    if (rig_scn_cases(result->file) > 1)
        rig_text_add(out, ".%u", result->case_index);
    rig_text_add(out, ".pcapng");
}

static rig_status open_file(run_world *world, rig_error *err)
{
    run_recorder *recorder = &world->recorder;
    char path[4096], comment[COMMENT_MAX];
    rig_text text, about;
    if (!world->config->pcap_dir || world->config->keep == RIG_RUN_KEEP_NEVER)
        return RIG_OK;
    rig_text_init(&text, path, sizeof path);
    capture_path(world, &text);
    rig_text_init(&about, comment, sizeof comment);
    rig_text_add(&about, "scenario %s case %u seed %llu", world->result->path, world->result->case_index,
                 (unsigned long long)world->result->seed);
    make_folders(path);
    recorder->path = rig_copy_text(world->alloc, path, text.len);
    if (!recorder->path)
        return RIG_E_NOMEM;
    return rig_pcapng_open(world->alloc, path, rig_view_of(comment, about.len), &recorder->file, err);
}

static bool shows(const rig_scn_line *line, rig_scn_event_id event)
{
    return line && line->event && line->event->id == event;
}

/* What happens often is only told to those who ask. */
bool run_mentions(const rig_scn *scn, rig_scn_event_id event)
{
    for (uint32_t i = 0; i < scn->num_musts; i++)
        if (shows(scn->musts[i].line, event) || shows(scn->musts[i].after, event) ||
            shows(scn->musts[i].before, event))
            return true;
    for (uint32_t t = 0; t < scn->num_traces; t++)
        for (uint32_t i = 0; i < scn->traces[t].num_lines; i++)
            if (shows(&scn->traces[t].lines[i], event))
                return true;
    return false;
}

rig_status run_recorder_open(run_world *world, rig_error *err)
{
    run_recorder *recorder = &world->recorder;
    const rig_streams_config config = {
        .alloc = world->alloc, .port = world->portal.port, .item = take_item, .ctx = world};
    recorder->packet = rig_new(world->alloc, PACKET_MAX);
    recorder->wants_transitions = run_mentions(world->scn, RIG_SCN_EV_TRANSITION);
    if (!recorder->packet)
        return RIG_E_NOMEM;
    rig_status status = rig_streams_new(&config, &recorder->streams);
    return status ? status : open_file(world, err);
}

void run_recorder_close(run_world *world)
{
    run_recorder *recorder = &world->recorder;
    rig_result *result = world->result;
    rig_streams_free(recorder->streams);
    rig_delete(world->alloc, recorder->packet, recorder->packet ? PACKET_MAX : 0);
    rig_status status = rig_pcapng_close(recorder->file);
    if (recorder->path && !status)
        rig_result_text(result, &result->capture, rig_view_str(recorder->path));
    rig_delete(world->alloc, recorder->path, recorder->path ? strlen(recorder->path) + 1 : 0);
    *recorder = (run_recorder){.status = status};
}

/* The first packet of each step says so in its comment. */
static void write_packet(run_world *world, uint64_t now, rig_view packet)
{
    run_recorder *recorder = &world->recorder;
    char comment[COMMENT_MAX];
    rig_text text;
    rig_text_init(&text, comment, sizeof comment);
    if (world->step && recorder->commented_step != world->step) {
        const rig_scn_step *step = &world->scn->steps[world->step - 1];
        recorder->commented_step = world->step;
        rig_text_add(&text, "%s:%u step %u: %.*s", world->result->path, step->place.line, world->step,
                     RIG_VIEW_ARG(step->text));
    }
    rig_status status = rig_pcapng_ip(recorder->file, now, packet, rig_view_of(comment, text.len));
    if (status && !recorder->status)
        recorder->status = status;
}

void run_recorder_packet(run_world *world, uint64_t now, rig_view packet)
{
    run_recorder *recorder = &world->recorder;
    recorder->frames++;
    if (recorder->file)
        write_packet(world, now, packet);
    rig_view inside = {0};
    rig_status status = run_ipsec_read(world, now, packet, &inside);
    if (!status)
        status = inside.len
                     ? rig_streams_inside(recorder->streams, now, inside)
                     : rig_streams_packet(recorder->streams, now, RIG_LINK_RAW, packet, (uint32_t)packet.len);
    if (status && !recorder->status)
        recorder->status = status;
}

void run_tap(void *ctx, uint64_t now, const rig_packet *packet)
{
    run_world *world = ctx;
    size_t len = rig_packet_bytes(packet, world->recorder.packet, PACKET_MAX);
    run_recorder_packet(world, now, rig_view_of(world->recorder.packet, len));
}

const char *run_word(char word[RUN_WORD_MAX], rig_view name)
{
    rig_text text;
    rig_text_init(&text, word, RUN_WORD_MAX);
    rig_trace_word(&text, rig_view_sub(name, 0, RIG_NAME_MAX));
    return word;
}

const char *run_said(char said[RUN_SAID_MAX], const rig_error *error)
{
    rig_text text;
    rig_text_init(&text, said, RUN_SAID_MAX);
    if (!error || !error->text[0])
        return said;
    rig_text_add(&text, " error=");
    rig_trace_quoted(&text, rig_view_str(error->text));
    return said;
}

void run_event(run_world *world, const char *name, const char *format, ...)
{
    char args[EVENT_ARGS_MAX];
    va_list list;
    if (world->tearing_down)
        return;
    va_start(list, format);
    int len = vsnprintf(args, sizeof args, format, list);
    va_end(list);
    rig_item item = {
        .kind = RIG_ITEM_EVENT,
        .time = run_now(world),
        .connection = UINT32_MAX,
        .event = rig_view_str(name),
        .args = rig_view_of(args, len < 0                     ? 0
                                  : (size_t)len < sizeof args ? (size_t)len
                                                              : sizeof args - 1),
        .step = world->step,
    };
    rig_status status = rig_items_add(&world->result->items, &item);
    if (status && !world->recorder.status)
        world->recorder.status = status;
}
