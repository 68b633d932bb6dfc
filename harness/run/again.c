/* The command that repeats a case, as a shell takes it. */
#include "world.h"

#define AGAIN_MAX 16384

static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           memchr("_@%+=:,./-", c, 10) != NULL;
}

void rig_run_quote(rig_text *out, rig_view word)
{
    size_t plain = 0;
    while (plain < word.len && is_plain(word.ptr[plain]))
        plain++;
    if (word.len && plain == word.len) {
        rig_text_view(out, word);
        return;
    }
    rig_text_add(out, "'");
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '\'')
            rig_text_add(out, "'\\''");
        else
            rig_text_view(out, rig_view_sub(word, i, 1));
    rig_text_add(out, "'");
}

/* Values of -D are written as those of a sweep: these would be several, a range, or trimmed. */
static bool is_entry(rig_view value)
{
    bool bare = value.len && value.ptr[0] != ' ' && value.ptr[value.len - 1] != ' ';
    for (size_t i = 0; i < value.len && bare; i++)
        bare = value.ptr[i] >= ' ' && value.ptr[i] != 0x7f && !memchr(",\"\\", value.ptr[i], 3) &&
               !(value.ptr[i] == '.' && i + 1 < value.len && value.ptr[i + 1] == '.');
    return bare;
}

static void put_binding(rig_text *out, const rig_scn_binding *binding)
{
    char word[AGAIN_MAX];
    rig_text text;
    bool bare = is_entry(binding->value);
    rig_text_init(&text, word, sizeof word);
    rig_text_add(&text, "%.*s=%s", RIG_VIEW_ARG(binding->name), bare ? "" : "\"");
    if (bare)
        rig_text_view(&text, binding->value);
    else
        rig_text_escaped(&text, binding->value);
    rig_text_add(&text, "%s", bare ? "" : "\"");
    rig_text_add(out, " -D ");
    rig_run_quote(out, rig_view_of(word, text.len));
}

rig_status run_again(const rig_run_config *config, rig_result *result)
{
    char line[AGAIN_MAX];
    rig_text out;
    rig_text_init(&out, line, sizeof line);
    rig_text_add(&out, "%s run ", config->program ? config->program : "iscsirig");
    rig_run_quote(&out, rig_view_str(result->path));
    rig_text_add(&out, " --seed %llu", (unsigned long long)result->seed);
    for (uint32_t i = 0; i < result->scn->num_bindings; i++)
        put_binding(&out, &result->scn->bindings[i]);
    if (config->link && config->link[0]) {
        rig_text_add(&out, " --link ");
        rig_run_quote(&out, rig_view_str(config->link));
    }
    if (config->mode == RIG_RUN_TCP)
        rig_text_add(&out, " --tcp");
    if (config->again)
        rig_text_view(&out, rig_view_str(config->again));
    return rig_result_text(result, &result->repeat, rig_view_of(line, out.len));
}

/* Of the values, not of the case's number, so that -D NAME=VALUE plays the very case of a whole sweep. */
uint64_t run_draws_seed(const rig_result *result)
{
    uint64_t seed = run_name_hash(result->path, result->seed);
    for (uint32_t i = 0; i < result->scn->num_bindings; i++) {
        const rig_scn_binding *binding = &result->scn->bindings[i];
        seed = rig_hash64(binding->name.ptr, binding->name.len, seed);
        seed = rig_hash64(binding->value.ptr, binding->value.len, seed);
    }
    return seed;
}
