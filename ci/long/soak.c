/* The soak: many sessions over sockets read and write a troubled target for a while, every byte is looked at,
 * and the target's memory is watched. What was written with GOOD has to be there, whatever was lost, spoilt
 * and reset meanwhile. */
#include "soak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "usage: soak [--sessions N] [--seconds N] [--seed N] [--watch PID] URL\n"
                            "  --sessions  at once, at the levels 0, 1 and 2 in turn (100)\n"
                            "  --seconds   behind the first write of every block (600)\n"
                            "  --seed      of places, lengths and data (1)\n"
                            "  --watch     fails when the resident memory of that process grows meanwhile\n";

static bool number(const char *text, uint64_t most, uint64_t *out)
{
    return text && rig_view_u64(rig_view_str(text), out) && *out > 0 && *out <= most;
}

static bool take_option(soak_config *c, const char *name, const char *value)
{
    uint64_t n = 0;
    if (!number(value, INT32_MAX, &n))
        return false;
    if (strcmp(name, "--sessions") == 0)
        c->sessions = (uint32_t)n;
    else if (strcmp(name, "--seconds") == 0)
        c->seconds = n;
    else if (strcmp(name, "--seed") == 0)
        c->seed = n;
    else if (strcmp(name, "--watch") == 0)
        c->watched = n;
    else
        return false;
    return c->sessions <= SOAK_SESSIONS_MAX;
}

static bool take_options(soak_config *c, int argc, char **argv)
{
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2)
        if (!take_option(c, argv[i], argv[i + 1]))
            return false;
    rig_error error = {0};
    return i + 1 == argc && !rig_run_url_parse(rig_view_str(argv[i]), &c->where, &error);
}

/* ---- the memory of the target ---- */

static uint64_t resident(uint64_t pid)
{
    char path[64], text[128];
    uint64_t pages = 0;
    snprintf(path, sizeof path, "/proc/%llu/statm", (unsigned long long)pid);
    FILE *file = fopen(path, "r");
    rig_view rest = rig_view_of(text, file ? fread(text, 1, sizeof text, file) : 0);
    if (file)
        fclose(file);
    rig_view_split(&rest, ' '); /* all of its memory */
    if (!rig_view_u64(rig_view_split(&rest, ' '), &pages))
        pages = 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

static uint64_t most_of(const uint64_t *samples, size_t from, size_t to)
{
    uint64_t most = 0;
    for (size_t i = from; i < to; i++)
        most = samples[i] > most ? samples[i] : most;
    return most;
}

/* Flat: the last quarter never needs more than the three before it did, but for what is under way. */
static bool is_flat(const soak_memory *m, uint32_t sessions)
{
    uint64_t slack = (uint64_t)sessions * SOAK_GROWTH_KIB;
    uint64_t most[4];
    for (size_t i = 0; i < 4; i++)
        most[i] = most_of(m->samples, m->num * i / 4, m->num * (i + 1) / 4);
    printf("memory of the target: at most %llu, %llu, %llu and %llu kB in the quarters of that time\n",
           (unsigned long long)most[0], (unsigned long long)most[1], (unsigned long long)most[2],
           (unsigned long long)most[3]);
    uint64_t before = most_of(most, 0, 3);
    return before > 0 && most[3] > 0 &&
           most[3] <= before + (slack < SOAK_GROWTH_MAX_KIB ? slack : SOAK_GROWTH_MAX_KIB);
}

void soak_sample(soak_memory *m, uint64_t pid)
{
    if (pid && m->num < SOAK_SAMPLES_MAX)
        m->samples[m->num++] = resident(pid);
}

/* ---- what came of it ---- */

static void tell(const soak_config *c, const soak_sums *s)
{
    printf("%u sessions, %llu s: %llu commands (%llu/s), %llu MiB written, %llu MiB read and compared\n",
           c->sessions, (unsigned long long)c->seconds, (unsigned long long)s->commands,
           (unsigned long long)(s->commands / c->seconds), (unsigned long long)(s->written >> 20),
           (unsigned long long)(s->compared >> 20));
    printf("troubles: %llu commands given again, %llu retries and %llu SNACKs of the engine, %llu "
           "connections lost, %llu recovered, "
           "%llu sessions lost\n",
           (unsigned long long)s->repeated, (unsigned long long)s->retries, (unsigned long long)s->snacks,
           (unsigned long long)s->closed, (unsigned long long)s->recovered,
           (unsigned long long)s->nexus_losses);
}

int main(int argc, char **argv)
{
    static soak_memory memory;
    soak_config config = {.sessions = 100, .seconds = 600, .seed = 1};
    soak_sums sums = {.memory = &memory};
    if (!take_options(&config, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    bool good = soak_play(&config, &sums);
    tell(&config, &sums);
    if (!good)
        printf("FAILED: %s\n", sums.why);
    bool flat = !config.watched || is_flat(&memory, config.sessions);
    if (!flat)
        printf("FAILED: the memory of the target grows\n");
    return !good || !flat;
}
