/* The kinds of links, one row each, and the chain they are put in. */
#include "links.h"

const rig_link_kind rig_link_rows[] = {
#define RIG_LINK(name, options, what) {#name, options, what, link_##name##_make},
#include "links.def"
    {NULL, NULL, NULL, NULL},
};

#define NUM_KINDS (sizeof(rig_link_rows) / sizeof(rig_link_rows[0]) - 1)

static rig_status unknown_kind(rig_view word, rig_error *err)
{
    const char *names[NUM_KINDS];
    for (size_t i = 0; i < NUM_KINDS; i++)
        names[i] = rig_link_rows[i].name;
    size_t nearest = rig_nearest(word, names, NUM_KINDS);
    const char *hint = nearest < NUM_KINDS ? names[nearest] : NULL;
    return rig_fail_at(err, RIG_E_NOT_FOUND, 0, NULL, "no link is called \"%.*s\"%s%s%s", RIG_VIEW_ARG(word),
                       hint ? ", did you mean " : "", hint ? hint : "", hint ? "?" : "");
}

rig_status rig_link_add(rig_simnet *net, rig_view spec, rig_error *err)
{
    rig_view rest = spec;
    while (rest.len && rest.ptr[0] == ' ')
        rest = rig_view_sub(rest, 1, rest.len);
    rig_view word = rig_view_split(&rest, ' ');
    for (const rig_link_kind *kind = rig_link_rows; kind->name; kind++) {
        if (!rig_view_is(word, kind->name))
            continue;
        rig_link *link;
        rig_status status = kind->make(net, rest, &link, err);
        if (status != RIG_OK)
            return status;
        status = rig_simnet_link(net, link);
        if (status == RIG_OK)
            return RIG_OK;
        link->ops->free(link);
        return rig_fail(err, status, "a network has at most %d links", RIG_LINKS_MAX);
    }
    return unknown_kind(word, err);
}

void rig_tap_set(rig_simnet *net, rig_tap_fn *tap, void *ctx)
{
    rig_simnet_tap(net, tap, ctx);
}
