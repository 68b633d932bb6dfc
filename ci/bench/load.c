#include "load.h"
#include "clock.h"

#include "rig/view.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool take_option(load *l, int option)
{
    switch (option) {
    case 'r':
        return l->random = true;
    case 'w':
        return l->write = true;
    case 'l':
        return l->logins = true;
    case 'm':
        l->depth = (uint32_t)strtoul(optarg, NULL, 10);
        return l->depth >= 1 && l->depth <= LOAD_DEPTH_MAX;
    case 'b':
        l->blocks = (uint32_t)strtoul(optarg, NULL, 10);
        return l->blocks >= 1 && l->blocks <= 32768;
    case 't':
        l->seconds = strtod(optarg, NULL);
        return l->seconds > 0;
    default:
        return false;
    }
}

bool load_options(load *l, int argc, char **argv)
{
    rig_error error = {0};
    *l = (load){.depth = 32, .blocks = 8, .seconds = 2};
    bool sane = true;
    for (int c; sane && (c = getopt(argc, argv, "rwlm:b:t:")) != -1;)
        sane = take_option(l, c);
    if (!sane || optind + 1 != argc) {
        fprintf(stderr,
                "usage: %s [-r] [-w] [-l] [-m DEPTH] [-b BLOCKS] [-t SECONDS] iscsi://host:port/iqn/lun\n",
                argv[0]);
        return false;
    }
    l->url = argv[optind];
    if (rig_run_url_parse(rig_view_str(l->url), &l->where, &error)) {
        fprintf(stderr, "%s: %s\n", l->url, error.text);
        return false;
    }
    const char *from = l->url + strlen("iscsi://");
    snprintf(l->portal, sizeof l->portal, "%.*s", (int)strcspn(from, "/"), from);
    return true;
}

void load_begin(load *l, uint64_t num_blocks)
{
    l->num_places = num_blocks / l->blocks;
    l->began = seconds_now();
    l->cpu_began = cpu_now();
}

bool load_more(const load *l)
{
    return seconds_now() - l->began < l->seconds;
}

/* As the pattern disk of our target has it: each 8-byte word is its own byte offset. */
static void fill(uint8_t *data, uint64_t offset, size_t len)
{
    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t word = htobe64(offset + at);
        memcpy(data + at, &word, sizeof word);
    }
}

uint64_t load_next(load *l, uint8_t *data)
{
    uint64_t turn = l->issued++;
    uint64_t place = (l->random ? rig_draw(&l->draws, "place", turn) : turn) % l->num_places;
    uint64_t block = place * l->blocks;
    if (l->write)
        fill(data, block * LOAD_BLOCK, (size_t)l->blocks * LOAD_BLOCK);
    return block;
}

int load_end(load *l)
{
    l->took = seconds_now() - l->began;
    l->cpu = cpu_now() - l->cpu_began;
    double rate = (double)l->done / l->took;
    double bytes = l->logins ? 0 : (double)l->blocks * LOAD_BLOCK;
    printf("rate %.0f mbps %.0f cpu %.2f errors %llu allocations ", rate, rate * bytes / 1e6,
           l->done ? l->cpu * 1e6 / (double)l->done : 0, (unsigned long long)l->errors);
    if (l->counted)
        printf("%llu\n", (unsigned long long)l->allocations);
    else
        printf("-\n");
    return l->errors || !l->done ? 1 : 0;
}
