/* Where a run leaves what the next one or a reader needs, and folders on the way there. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool cli_state_path(const char *name, char *out, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int len = -1;
    if (state && state[0] == '/')
        len = snprintf(out, size, "%s/iscsirig/%s", state, name);
    else if (home && home[0] == '/')
        len = snprintf(out, size, "%s/.local/state/iscsirig/%s", home, name);
    return len > 0 && (size_t)len < size;
}

bool cli_make_folder(const char *path)
{
    char part[CLI_PATH_SIZE];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(part, path, len + 1);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(part, 0777);
        *slash = '/';
    }
    struct stat about;
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
        return false;
    if (stat(part, &about) != 0)
        return false;
    if (!S_ISDIR(about.st_mode))
        errno = ENOTDIR;
    return S_ISDIR(about.st_mode) && access(part, W_OK | X_OK) == 0;
}
