#include "divergence.h"

#include "rig/trace.h"

#include <stdlib.h>
#include <string.h>

#define BEFORE 3 /* lines shown in front of the difference */
#define AHEAD 16 /* lines, and items, compared from the difference on */

typedef struct side_line {
    const rig_scn_line *line; /* of the play, or … */
    const rig_item *item;     /* … what came */
} side_line;

typedef struct diff {
    side_line expected[AHEAD], came[AHEAD];
    size_t num_expected, num_came;
    uint8_t common[AHEAD + 1][AHEAD + 1]; /* length of what both have in order from here on */
    char *room;                           /* RIG_TRACE_LINE_MAX bytes */
    rig_trace trace;
    FILE *out;
} diff;

static const rig_finding *finding_of(const rig_result *result)
{
    for (uint32_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].kind == RIG_FINDING_PLAY && result->findings[i].line_number)
            return &result->findings[i];
    return NULL;
}

static const rig_scn_play *play_of(const rig_result *result, const rig_finding *finding)
{
    for (uint32_t i = 0; i < result->scn->num_plays; i++) {
        const rig_scn_play *play = &result->scn->plays[i];
        const rig_scn_line *last = play->num_lines ? &play->lines[play->num_lines - 1] : NULL;
        if (play->num_lines == finding->num_lines && last && finding->place.line >= play->place.line &&
            finding->place.line <= last->place.line + last->place.len)
            return play;
    }
    return NULL;
}

/* ---- printing ---- */

static void put_text(diff *d, char mark, rig_view text)
{
    for (rig_view rest = text; rest.ptr;) {
        rig_view line = rig_view_split(&rest, '\n');
        fprintf(d->out, "%c %.*s\n", mark, RIG_VIEW_ARG(line));
    }
}

static void put(diff *d, char mark, const side_line *what)
{
    rig_text text;
    rig_text_init(&text, d->room, RIG_TRACE_LINE_MAX);
    if (what->line && what->line->is_raw)
        rig_text_add(&text, "raw (%zu bytes)", what->line->raw.len);
    else if (what->line)
        rig_scn_line_print(&text, what->line);
    else if (rig_trace_item(&d->trace, &text, what->item))
        return;
    put_text(d, mark, rig_view_of(d->room, text.len));
}

/* ---- aligning ---- */

static bool alike(const side_line *expected, const side_line *came)
{
    const rig_scn_line *line = expected->line;
    const rig_item *item = came->item;
    if (line->kind == RIG_SCN_EVENT)
        return item->kind == RIG_ITEM_EVENT && rig_view_is(item->event, line->event->name);
    if (item->kind != RIG_ITEM_PDU || (line->kind == RIG_SCN_TO_TARGET) != item->to_target)
        return false;
    return line->is_raw || line->pdu == rig_pdu_kind_of(item->pdu.bhs) ||
           (unsigned)line->pdu == RIG_SCN_ANY_PDU;
}

static void align(diff *d)
{
    for (size_t i = d->num_expected; i-- > 0;)
        for (size_t j = d->num_came; j-- > 0;) {
            uint8_t skip =
                d->common[i + 1][j] > d->common[i][j + 1] ? d->common[i + 1][j] : d->common[i][j + 1];
            uint8_t both = (uint8_t)(d->common[i + 1][j + 1] + 1);
            d->common[i][j] = alike(&d->expected[i], &d->came[j]) ? both : skip;
        }
}

/* The first pair differs in what it says, even when it is alike. */
static void put_aligned(diff *d)
{
    size_t i = 0, j = 0;
    while (i < d->num_expected || j < d->num_came) {
        bool pair = i < d->num_expected && j < d->num_came && alike(&d->expected[i], &d->came[j]);
        bool first = i == 0 && j == 0;
        bool minus = i < d->num_expected &&
                     (j == d->num_came || d->common[i + 1][j] >= d->common[i][j + 1] || (pair && first));
        if (pair && !first) {
            put(d, ' ', &d->came[j]);
            i++, j++;
        } else if (minus) {
            put(d, '-', &d->expected[i++]);
            if (pair)
                put(d, '+', &d->came[j++]);
        } else {
            put(d, '+', &d->came[j++]);
        }
    }
}

/* ---- both sides ---- */

static void take_expected(diff *d, const rig_scn_play *play, uint32_t from)
{
    for (uint32_t i = from; i < play->num_lines && d->num_expected < AHEAD; i++)
        d->expected[d->num_expected++] = (side_line){.line = &play->lines[i]};
}

static void take_came(diff *d, const rig_result *result, size_t from)
{
    for (size_t i = from; i < result->items.num && d->num_came < AHEAD; i++)
        d->came[d->num_came++] = (side_line){.item = &result->items.ptr[i]};
}

static void put_before(diff *d, const rig_result *result, size_t until)
{
    size_t from = until > BEFORE ? until - BEFORE : 0;
    for (size_t i = from; i < until; i++) {
        const side_line what = {.item = &result->items.ptr[i]};
        put(d, ' ', &what);
    }
}

static void show(diff *d, const rig_result *result, const rig_finding *finding)
{
    const rig_scn_play *play = play_of(result, finding);
    size_t at = finding->item < result->items.num ? finding->item : result->items.num;
    fprintf(d->out, "--- the capture, line %u of %u\n+++ what came\n", finding->line_number,
            finding->num_lines);
    if (play)
        take_expected(d, play, finding->line_number - 1);
    take_came(d, result, at);
    put_before(d, result, at);
    align(d);
    put_aligned(d);
}

rig_status cli_divergence(const rig_result *result, FILE *out)
{
    const rig_finding *finding = finding_of(result);
    if (!finding)
        return RIG_OK;
    diff *d = calloc(1, sizeof *d);
    char *room = malloc(RIG_TRACE_LINE_MAX);
    if (d && room) {
        d->room = room;
        d->out = out;
        rig_trace_init(&d->trace, rig_alloc_libc(), RIG_TRACE_PLAIN);
        show(d, result, finding);
        rig_trace_cleanup(&d->trace);
    }
    rig_status status = d && room ? RIG_OK : RIG_E_NOMEM;
    free(d);
    free(room);
    return status;
}
