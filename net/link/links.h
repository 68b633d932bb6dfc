/* What the kinds of links share: options, choosing packets, making and freeing. */
#ifndef LINKS_H
#define LINKS_H

#include "rig/link_ops.h"

typedef enum link_dir { LINK_BOTH, LINK_TO_TARGET, LINK_TO_INITIATOR } link_dir;

/* Which of the packets that come by are acted on. All zero: every one. */
typedef struct link_choice {
    uint64_t nth;   /* this one, counted from 1 */
    uint64_t every; /* and each multiple of this */
    uint64_t rate;  /* rate in rate_of, by draws */
    uint64_t rate_of;
    uint64_t count; /* packets seen so far */
    link_dir dir;
} link_choice;

/* Takes one option of a link; false when it does not know the key or the value is wrong. */
typedef bool link_option_fn(rig_link *link, rig_view key, rig_view value);

void *link_new(rig_simnet *net, size_t size, const rig_link_ops *ops);
void link_free(rig_link *link, size_t size);
rig_status link_finish(void *made, rig_view options, link_option_fn *option, rig_link **out_link,
                       rig_error *err);

bool link_dir_option(link_dir *dir, rig_view key, rig_view value);
bool link_dir_matches(link_dir dir, const rig_packet *packet);
bool link_choice_option(link_choice *choice, rig_view key, rig_view value);
bool link_choice_hits(const rig_link *link, link_choice *choice, const char *draw, const rig_packet *packet);
bool link_time_parse(rig_view text, uint64_t *out_time);
uint64_t link_draw(const rig_link *link, const char *name, uint64_t index);

static inline bool link_is_segment(const rig_packet *packet)
{
    return packet->protocol == RIG_PROTOCOL_TCP && packet->payload_len > 0;
}

#define RIG_LINK(name, options, what)                                                                        \
    rig_status link_##name##_make(rig_simnet *net, rig_view options_text, rig_link **out_link,               \
                                  rig_error *err);
#include "links.def"

#endif
