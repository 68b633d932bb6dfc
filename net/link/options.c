/* Options of links, and the choice of packets that drop, corrupt and reset share. */
#include "links.h"

void *link_new(rig_simnet *net, size_t size, const rig_link_ops *ops)
{
    rig_link *link = rig_new(rig_simnet_alloc(net), size);
    if (link) {
        link->ops = ops;
        link->net = net;
    }
    return link;
}

void link_free(rig_link *link, size_t size)
{
    rig_delete(rig_simnet_alloc(link->net), link, size);
}

static rig_status take_word(rig_link *link, rig_view word, link_option_fn *option, rig_error *err)
{
    size_t at = rig_view_find(word, '=');
    rig_view key = at < word.len ? rig_view_sub(word, 0, at) : (rig_view){NULL, 0};
    rig_view value = at < word.len ? rig_view_sub(word, at + 1, word.len) : word;
    if (option(link, key, value))
        return RIG_OK;
    char field[sizeof(err->field)];
    rig_text text;
    rig_text_init(&text, field, sizeof(field));
    rig_text_escaped(&text, key.len ? key : word);
    return rig_fail_at(err, RIG_E_SYNTAX, 0, field, "this link does not take the option \"%.*s\"",
                       RIG_VIEW_ARG(word));
}

/* Reads the options into a new link; frees it when one is wrong. */
rig_status link_finish(void *made, rig_view options, link_option_fn *option, rig_link **out_link,
                       rig_error *err)
{
    rig_link *link = made;
    if (!link)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a link");
    for (rig_view rest = options; rest.ptr;) {
        rig_view word = rig_view_split(&rest, ' ');
        rig_status status = word.len ? take_word(link, word, option, err) : RIG_OK;
        if (status != RIG_OK) {
            link->ops->free(link);
            return status;
        }
    }
    *out_link = link;
    return RIG_OK;
}

bool link_dir_option(link_dir *dir, rig_view key, rig_view value)
{
    static const char *const names[] = {"both", "to-target", "to-initiator"};
    if (!rig_view_is(key, "dir"))
        return false;
    for (int i = 0; i < 3; i++) {
        if (rig_view_is(value, names[i])) {
            *dir = (link_dir)i;
            return true;
        }
    }
    return false;
}

bool link_dir_matches(link_dir dir, const rig_packet *packet)
{
    return dir == LINK_BOTH || (dir == LINK_TO_TARGET) == packet->to_listener;
}

static bool positive(rig_view value, uint64_t *out)
{
    return rig_view_u64(value, out) && *out > 0;
}

bool link_choice_option(link_choice *choice, rig_view key, rig_view value)
{
    if (rig_view_is(key, "nth"))
        return positive(value, &choice->nth);
    if (rig_view_is(key, "every"))
        return positive(value, &choice->every);
    if (rig_view_is(key, "rate")) {
        rig_view rest = value;
        rig_view number = rig_view_split(&rest, '/');
        return rig_view_u64(number, &choice->rate) && positive(rest, &choice->rate_of) &&
               choice->rate <= choice->rate_of;
    }
    return link_dir_option(&choice->dir, key, value);
}

uint64_t link_draw(const rig_link *link, const char *name, uint64_t index)
{
    return rig_draw(rig_simnet_draws(link->net), name, (uint64_t)link->number << 48 | index);
}

/* Counts the packet and tells whether it is one to act on: any of the conditions given is enough. */
bool link_choice_hits(const rig_link *link, link_choice *choice, const char *draw, const rig_packet *packet)
{
    if (!link_dir_matches(choice->dir, packet))
        return false;
    uint64_t number = ++choice->count;
    if (!choice->nth && !choice->every && !choice->rate_of)
        return true;
    return number == choice->nth || (choice->every && number % choice->every == 0) ||
           (choice->rate_of && link_draw(link, draw, number) % choice->rate_of < choice->rate);
}

bool link_time_parse(rig_view text, uint64_t *out_time)
{
    static const struct {
        const char *name;
        uint64_t unit;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", RIG_MILLISECOND}, {"s", RIG_SECOND}, {"", 1}};
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    rig_view unit = rig_view_sub(text, digits, text.len);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!rig_view_is(unit, units[i].name))
            continue;
        uint64_t number;
        if (!rig_view_u64(rig_view_sub(text, 0, digits), &number) ||
            number > UINT32_MAX * RIG_SECOND / units[i].unit)
            return false;
        *out_time = number * units[i].unit;
        return true;
    }
    return false;
}
