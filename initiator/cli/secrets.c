/* Secrets that need not stand in the list of processes: read from a file or a line, and wiped where they do.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define OTHERS (S_IRWXG | S_IRWXO)

void cli_wipe_word(char *word)
{
    bool stands_for_one = word[0] == '@' || strcmp(word, "-") == 0 || strcmp(word, "*") == 0;
    if (!stands_for_one)
        rig_secret_wipe(word, strlen(word));
}

static rig_status finish(char *line, size_t len, rig_view *out, rig_error *err)
{
    if (len > CLI_SECRET_LINE_MAX)
        return rig_fail(err, RIG_E_LIMIT, "the secret is longer than %d bytes", RIG_OCTETS_MAX);
    len -= len && line[len - 1] == '\n';
    *out = rig_view_of(line, len);
    return len ? RIG_OK : rig_fail(err, RIG_E_SYNTAX, "the secret is empty; * is none");
}

/* Whoever may read the file knows the secret. */
static rig_status check_file(int fd, const char *path, rig_error *err)
{
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0)
        return rig_fail(err, RIG_E_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return rig_fail(err, RIG_E_IO, "%s is no file", path);
    if (about.st_mode & OTHERS)
        return rig_fail(err, RIG_E_IO, "others may use %s: chmod 600", path);
    return RIG_OK;
}

static rig_status read_file(const char *path, char line[CLI_SECRET_LINE_MAX + 1], rig_view *out,
                            rig_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    rig_status status = check_file(fd, path, err);
    size_t len = 0;
    for (ssize_t got = 1; !status && got > 0 && len <= CLI_SECRET_LINE_MAX;
         len += got > 0 ? (size_t)got : 0) {
        got = read(fd, line + len, CLI_SECRET_LINE_MAX + 1 - len);
        if (got < 0)
            status = rig_fail(err, RIG_E_IO, "%s: %s", path, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return status ? status : finish(line, len, out, err);
}

/* Off while a secret is typed; false when there is no terminal. */
static bool echo(FILE *in, bool on)
{
    struct termios state;
    int fd = fileno(in);
    if (fd < 0 || tcgetattr(fd, &state) != 0)
        return false;
    state.c_lflag = on ? state.c_lflag | ECHO : state.c_lflag & ~(tcflag_t)ECHO;
    return tcsetattr(fd, TCSAFLUSH, &state) == 0;
}

static rig_status read_line(const cli *c, char line[CLI_SECRET_LINE_MAX + 1], rig_view *out, rig_error *err)
{
    size_t len = 0;
    bool asked = echo(c->in, false);
    if (asked)
        fputs("secret: ", c->err);
    for (int byte = 0; byte != '\n' && len <= CLI_SECRET_LINE_MAX;) {
        byte = getc(c->in);
        if (byte == EOF)
            break;
        line[len++] = (char)byte;
    }
    if (asked) {
        echo(c->in, true);
        fputs("\n", c->err);
    }
    return finish(line, len, out, err);
}

rig_status cli_secret(const cli *c, rig_view word, char line[CLI_SECRET_LINE_MAX + 1], rig_view *out,
                      rig_error *err)
{
    char path[4096];
    rig_text text;
    *out = word;
    if (rig_view_is(word, "-"))
        return read_line(c, line, out, err);
    if (!rig_view_starts(word, "@"))
        return RIG_OK;
    rig_text_init(&text, path, sizeof path);
    rig_text_view(&text, rig_view_sub(word, 1, word.len));
    if (text.cut)
        return rig_fail(err, RIG_E_LIMIT, "the name of the file is too long");
    return read_file(path, line, out, err);
}
