/*
 * Hostile captures as scenarios: whatever is said of one can be read, in every role; else it is refused.
 * Records as those of fuzz_lint: a control byte (bit 0 direction, bit 1 an event, bits 2 and 3 the
 * connection, bit 4 a payload that was cut, bits 5 to 7 bad digests and padding) and a byte of length; a PDU
 * goes on with its header and that many bytes of data. The first byte of all chooses role and timing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rig/player.h"
#include "rig/replay.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static rig_view take(rig_view *rest, size_t len)
{
    rig_view taken = rig_view_sub(*rest, 0, len);
    *rest = rig_view_sub(*rest, len, rest->len);
    return taken;
}

static void add(rig_items *items, const rig_item *item)
{
    require(rig_items_add(items, item) == RIG_OK);
}

static void event(rig_items *items, uint32_t connection, uint8_t which)
{
    static const struct {
        const char *name, *args;
    } events[] = {{"connect", "192.0.2.1:3260"},   {"connect", "[2001:db8::1]:3261"},
                  {"close", "by initiator"},       {"close", "by target reason=reset"},
                  {"gap", "bytes=1 to-target=no"}, {"midstream", "192.0.2.1:3260"}};
    const size_t num = sizeof events / sizeof events[0];
    const rig_item item = {.kind = RIG_ITEM_EVENT,
                           .connection = connection,
                           .time = items->num * 700000000,
                           .event = rig_view_str(events[which % num].name),
                           .args = rig_view_str(events[which % num].args)};
    add(items, &item);
}

static void pdu(rig_items *items, uint8_t control, rig_view header, rig_view data)
{
    uint8_t bhs[RIG_BHS_LEN] = {0};
    if (header.len)
        memcpy(bhs, header.ptr, header.len);
    rig_item item = {.kind = RIG_ITEM_PDU,
                     .connection = control >> 2 & 3,
                     .time = items->num * 700000000,
                     .frame = (uint32_t)items->num + 1,
                     .to_target = control & 1,
                     .pdu = {.bhs = bhs, .data = data},
                     .data_len = rig_get32(bhs, RIG_F_DATA_LEN)};
    item.pdu.ahs = rig_view_sub(data, 0, 4 * rig_get32(bhs, RIG_F_AHS_WORDS));
    item.missing = control & 16 && item.data_len > data.len ? item.data_len - (uint32_t)data.len : 0;
    item.pdu.data.len = data.len < item.data_len ? data.len : item.data_len;
    if (!item.missing && item.data_len == item.pdu.data.len)
        item.text = item.pdu.data;
    item.pdu.bad_header_digest = control & 32;
    item.pdu.bad_data_digest = control & 64;
    item.pdu.bad_padding = control & 128;
    add(items, &item);
}

static void read_items(rig_items *items, rig_view rest)
{
    while (rest.len >= 2) {
        rig_view head = take(&rest, 2);
        if (head.ptr[0] & 2) {
            event(items, head.ptr[0] >> 2 & 3, head.ptr[1]);
            continue;
        }
        rig_view header = take(&rest, RIG_BHS_LEN);
        pdu(items, head.ptr[0], header, take(&rest, head.ptr[1]));
    }
}

static void show(const rig_scn_problem *problem, rig_view text)
{
    rig_view line = {NULL, 0};
    for (uint32_t i = 0; i < problem->line; i++)
        line = rig_view_split(&text, '\n');
    fprintf(stderr, "%u:%u: %s\n%.*s\n", problem->line, problem->col, problem->text, RIG_VIEW_ARG(line));
}

/* What is made of a capture is a scenario without problems, and its plays can be played. */
static void check(const rig_replay *replay, char *room)
{
    const rig_scn_config config = {.alloc = replay->alloc};
    static rig_scn_problems problems;
    rig_scn_file *file = NULL;
    rig_scn *scn = NULL;
    rig_error error = {0};
    rig_text text;
    rig_text_init(&text, room, RIG_SCN_FILE_MAX);
    if (rig_replay_text(replay, &text, &error))
        return;
    problems.num = 0;
    rig_status status =
        rig_scn_open(&config, rig_view_str("x"), rig_view_of(room, text.len), &file, &problems);
    if (status && status != RIG_E_LIMIT)
        show(&problems.list[0], rig_view_of(room, text.len));
    require(status == RIG_OK || status == RIG_E_LIMIT);
    if (!status)
        require(rig_scn_case(file, 0, &scn, NULL) == RIG_OK);
    for (uint32_t i = 0; !status && i < scn->num_plays; i++)
        require(rig_player_check(&scn->plays[i], 0, &error) == RIG_OK);
    rig_scn_free(scn);
    rig_scn_file_free(file);
}

static void leave_out(rig_steps *steps, uint8_t which)
{
    bool *keep = rig_new(steps->alloc, (size_t)steps->num_exchanges + 1);
    require(keep != NULL);
    for (uint32_t i = 0; i < steps->num_exchanges; i++)
        keep[i] = i % 3 != which % 3;
    require(rig_steps_needed(steps, keep) == RIG_OK);
    require(rig_steps_keep(steps, keep) == RIG_OK);
    rig_delete(steps->alloc, keep, (size_t)steps->num_exchanges + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rig_view rest = {data, size};
    rig_view first = take(&rest, 1);
    uint8_t how = first.len ? first.ptr[0] : 0;
    rig_items items = {.alloc = rig_alloc_libc(), .keep_data = true};
    rig_steps steps = {.alloc = rig_alloc_libc()};
    char *room = malloc(RIG_SCN_FILE_MAX);
    require(room != NULL);
    read_items(&items, rest);
    require(rig_steps_make(&steps, &items) == RIG_OK);
    if (how & 64)
        leave_out(&steps, how);
    rig_replay replay = {.alloc = rig_alloc_libc(),
                         .steps = &steps,
                         .name = rig_view_str("x"),
                         .role = (rig_replay_role)(how % 3),
                         .timing = (rig_step_timing)(how / 3 % 3)};
    replay.as_steps = replay.role == RIG_REPLAY_INITIATOR && how & 16;
    replay.as_logins = replay.role == RIG_REPLAY_INITIATOR && how & 32;
    check(&replay, room);
    free(room);
    rig_steps_cleanup(&steps);
    rig_items_cleanup(&items);
    return 0;
}
