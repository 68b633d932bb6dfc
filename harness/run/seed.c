/* What a case draws must not depend on how the path of its file was typed. */
#include "world.h"

#include <limits.h>
#include <stdlib.h>

#define PACK "scenarios" /* the folder whose name begins the name of a scenario */

/* From the nearest folder of that name on; the file's own name when there is none. */
static const char *from_pack(const char *path)
{
    const char *best = strrchr(path, '/');
    best = best ? best + 1 : path;
    for (const char *at = path; (at = strstr(at, PACK "/")); at++)
        if (at == path || at[-1] == '/')
            best = at;
    return best;
}

uint64_t run_name_hash(const char *path, uint64_t seed)
{
    char whole[PATH_MAX];
    const char *name = from_pack(realpath(path, whole) ? whole : path);
    return rig_hash64(name, strlen(name), seed);
}

uint64_t rig_run_seed(const char *path)
{
    return run_name_hash(path, 0) & 0xffffffff;
}
