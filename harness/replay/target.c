/* What the capture tells of its target: portals, nodes, logical units. */
#include "rig/cdb.h"
#include "rig/trace.h"

#include "replay.h"

#define NODES_MAX 64
#define LUNS_MAX 64
#define BLOCK 512

typedef struct seen_lun {
    uint64_t lun;
    uint64_t blocks; /* 0: not known */
    uint32_t block;
} seen_lun;

static bool listed(const rig_view *list, uint32_t num, rig_view item)
{
    for (uint32_t i = 0; i < num; i++)
        if (rig_view_eq(list[i], item))
            return true;
    return false;
}

uint32_t rpl_portals(const rig_replay *replay, rig_view portals[RIG_REPLAY_PORTALS_MAX])
{
    uint32_t num = 0;
    for (size_t i = 0; i < replay->steps->num && num < RIG_REPLAY_PORTALS_MAX; i++) {
        const rig_step *step = &replay->steps->ptr[i];
        bool event = step->kind == RIG_STEP_CONNECT && step->item.kind == RIG_ITEM_EVENT;
        if (event && !listed(portals, num, step->item.args))
            portals[num++] = step->item.args;
    }
    return num;
}

rig_view rpl_key(const rig_step *step, const char *key)
{
    const rig_item item = rig_step_item(step);
    rig_pair pair;
    rig_view text = rig_item_text(&item), rest = text;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK)
        if (rig_view_is(pair.key, key))
            return pair.value;
    return (rig_view){0};
}

static uint32_t nodes_of(const rig_replay *replay, rig_view nodes[NODES_MAX])
{
    uint32_t num = 0;
    for (size_t i = 0; i < replay->steps->num && num < NODES_MAX; i++) {
        const rig_step *step = &replay->steps->ptr[i];
        rig_view name = rpl_kind(step) == RIG_PDU_LOGIN_REQ ? rpl_key(step, "TargetName") : (rig_view){0};
        if (name.len && !listed(nodes, num, name))
            nodes[num++] = name;
    }
    return num;
}

/* ---- logical units ---- */

static seen_lun *lun_of(seen_lun luns[LUNS_MAX], uint32_t *num, uint64_t lun)
{
    for (uint32_t i = 0; i < *num; i++)
        if (luns[i].lun == lun)
            return &luns[i];
    if (*num == LUNS_MAX)
        return NULL;
    luns[*num] = (seen_lun){.lun = lun, .block = BLOCK};
    return &luns[(*num)++];
}

/* READ CAPACITY tells the last block, and the bytes of one (SBC-3 5.15, 5.16). */
static void read_capacity(seen_lun *lun, const rig_step *command, const rig_step *data)
{
    rig_view bytes = data->item.pdu.data;
    uint8_t code = command->bhs[rig_fields[RIG_F_CDB].byte];
    if (code == 0x25 && bytes.len >= 8) {
        lun->blocks = (uint64_t)rig_be_get32(bytes.ptr) + 1;
        lun->block = rig_be_get32(bytes.ptr + 4);
    } else if (code == 0x9e && bytes.len >= 12) {
        lun->blocks = ((uint64_t)rig_be_get32(bytes.ptr) << 32 | rig_be_get32(bytes.ptr + 4)) + 1;
        lun->block = rig_be_get32(bytes.ptr + 8);
    }
}

static const rig_step *command_of(const rig_steps *steps, size_t at)
{
    for (size_t i = at; i > 0; i--)
        if (steps->ptr[i - 1].exchange == steps->ptr[at].exchange &&
            rpl_kind(&steps->ptr[i - 1]) == RIG_PDU_SCSI_CMD)
            return &steps->ptr[i - 1];
    return NULL;
}

static uint32_t luns_of(const rig_replay *replay, seen_lun luns[LUNS_MAX])
{
    uint32_t num = 0;
    const rig_steps *steps = replay->steps;
    for (size_t i = 0; i < steps->num; i++) {
        const rig_step *step = &steps->ptr[i];
        rig_pdu_kind kind = rpl_kind(step);
        const rig_step *command = kind == RIG_PDU_DATA_IN ? command_of(steps, i) : NULL;
        uint64_t lun = rig_get(command ? command->bhs : step->bhs, RIG_F_LUN);
        bool asks = kind == RIG_PDU_SCSI_CMD || command;
        seen_lun *entry = asks ? lun_of(luns, &num, lun) : NULL;
        if (entry && command)
            read_capacity(entry, command, step);
    }
    return num;
}

static void put_lun(rig_text *out, const seen_lun *lun)
{
    uint64_t number = lun->lun >> 48;
    uint64_t size = lun->blocks && lun->block && lun->blocks < UINT64_MAX / lun->block
                        ? lun->blocks * lun->block
                        : UINT64_C(64) << 20;
    if (number > RIG_LUN_MAX || lun->lun << 16)
        return;
    rig_text_add(out, "    lun %llu ram %llu", (unsigned long long)number, (unsigned long long)size);
    if (lun->block != BLOCK)
        rig_text_add(out, " block %u", lun->block);
    rig_text_add(out, "\n");
}

static void put_node(rig_text *out, rig_view name, const seen_lun *luns, uint32_t num)
{
    rig_text_add(out, "  node ");
    rig_trace_word(out, name);
    rig_text_add(out, "\n");
    for (uint32_t i = 0; i < num; i++)
        put_lun(out, &luns[i]);
}

void rpl_target(const rig_replay *replay, rig_text *out)
{
    rig_view portals[RIG_REPLAY_PORTALS_MAX], nodes[NODES_MAX];
    seen_lun luns[LUNS_MAX];
    bool played = replay->role != RIG_REPLAY_INITIATOR;
    uint32_t num_portals = rpl_portals(replay, portals), num_nodes = nodes_of(replay, nodes);
    uint32_t num_luns = played || replay->bare ? 0 : luns_of(replay, luns);
    rig_text_add(out, "target\n");
    for (uint32_t i = 0; i < num_portals && (played || !replay->bare); i++)
        rig_text_add(out, "  portal %.*s\n", RIG_VIEW_ARG(portals[i]));
    for (uint32_t i = 0; i < num_nodes && !played && (i == 0 || !replay->bare); i++)
        if (rig_iname_check(nodes[i], NULL, NULL) == RIG_OK)
            put_node(out, nodes[i], luns, num_luns);
    if (num_nodes == 0 && !played)
        rig_text_add(out, "  node iqn.2026-01.example.replay:unnamed\n");
}
