#include "trace_forms.h"

#include <stdio.h>

#define SECOND UINT64_C(1000000000)
#define PLACES 6              /* of a second */
#define GUTTER 20             /* columns of time and frame */
#define TEXT (TRACE_LANE - 6) /* columns of words between the ends of an arrow */

/* As many whole words as fit, all of a word that is longer than that. */
static rig_view take_words(rig_view *rest)
{
    size_t end = rest->len;
    if (end > TEXT) {
        end = TEXT;
        while (end > 0 && rest->ptr[end] != ' ')
            end--;
        if (end == 0)
            end = TEXT;
    }
    rig_view words = rig_view_sub(*rest, 0, end);
    while (end < rest->len && rest->ptr[end] == ' ')
        end++;
    *rest = rig_view_sub(*rest, end, rest->len);
    return words;
}

static rig_view trim(rig_view line)
{
    while (line.len && line.ptr[0] == ' ')
        line = rig_view_sub(line, 1, line.len);
    return line;
}

static void fill(char with, size_t num)
{
    while (num--)
        putchar(with);
}

/* What continues it stands between the sides, without an arrow. */
static void put_more(rig_view words)
{
    printf("%*s|    %.*s", GUTTER, "", RIG_VIEW_ARG(words));
    fill(' ', TRACE_LANE - 4 - words.len);
    printf("|\n");
}

static void put_arrow(const rig_item *item, rig_view words)
{
    if (item->kind == RIG_ITEM_EVENT) {
        printf("| ! %.*s", RIG_VIEW_ARG(words));
        fill(' ', TRACE_LANE - 3 - words.len);
        printf("|\n");
    } else if (item->to_target) {
        printf("|-- %.*s ", RIG_VIEW_ARG(words));
        fill('-', TRACE_LANE - 5 - words.len);
        printf(">|\n");
    } else {
        printf("|<");
        fill('-', TRACE_LANE - 5 - words.len);
        printf(" %.*s --|\n", RIG_VIEW_ARG(words));
    }
}

void trace_ladder(const rig_item *item, rig_view text, uint64_t first)
{
    uint64_t time = item->time > first ? item->time - first : 0;
    rig_view rest = text, line = trim(rig_view_sub(rig_view_split(&rest, '\n'), 2, text.len));
    printf("%*llu.%0*llu %6u ", GUTTER - PLACES - 9, (unsigned long long)(time / SECOND), PLACES,
           (unsigned long long)(time % SECOND / 1000), item->frame);
    put_arrow(item, take_words(&line));
    while (line.len)
        put_more(take_words(&line));
    while (rest.ptr)
        for (line = trim(rig_view_split(&rest, '\n')); line.len;)
            put_more(take_words(&line));
}
