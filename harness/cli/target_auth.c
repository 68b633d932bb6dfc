#include "target_auth.h"
#include "manual.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char by_environment[] = ":env:";

/* ---- where secrets come from ---- */

/* Complaints name the user alone: what stands behind the colon may be a secret, written there by mistake. */
static int no_secret(const target_identity *of, const char *why)
{
    return cli_complain("the secret of %.*s: %s", RIG_VIEW_ARG(of->user), why);
}

static int keep(target_identity *out, const void *bytes, size_t len)
{
    char why[64];
    rig_text text;
    rig_text_init(&text, why, sizeof why);
    rig_text_add(&text, "it has 1 to %zu bytes", sizeof out->secret);
    if (len == 0 || len > sizeof out->secret)
        return no_secret(out, why);
    memcpy(out->secret, bytes, len);
    out->len = len;
    return CLI_OK;
}

static int secret_of_environment(const char *name, target_identity *out)
{
    const char *value = getenv(name);
    return value ? keep(out, value, strlen(value)) : no_secret(out, "no such environment variable");
}

static int read_secret(int fd, target_identity *out)
{
    uint8_t bytes[sizeof out->secret + 2];
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return no_secret(out, "not a file");
    if (about.st_mode & (S_IRWXG | S_IRWXO))
        return no_secret(out, "others than its owner may use the file; chmod 600");
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0)
        return no_secret(out, strerror(errno));
    size_t len = (size_t)got;
    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    int bad = keep(out, bytes, len);
    explicit_bzero(bytes, sizeof bytes);
    return bad;
}

static int secret_of_file(const char *path, target_identity *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return no_secret(out, strerror(errno));
    int bad = read_secret(fd, out);
    close(fd);
    return bad;
}

/* USER:FILE or USER:env:NAME; a user may be an iSCSI name, with colons of its own. */
static int read_identity(const char *argument, target_identity *out)
{
    const char *environment = strstr(argument, by_environment);
    const char *colon = environment ? environment : strrchr(argument, ':');
    if (!colon || colon == argument || !colon[1])
        return cli_complain("--chap and --chap-own want USER:FILE or USER:env:NAME");
    out->user = rig_view_of(argument, (size_t)(colon - argument));
    return environment ? secret_of_environment(environment + sizeof by_environment - 1, out)
                       : secret_of_file(colon + 1, out);
}

/* ---- options ---- */

int target_auth_option(target_auth *auth, int option, const char *argument)
{
    switch (option) {
    case OPT_CHAP:
        if (auth->num == TARGET_AUTH_MAX)
            return cli_complain("at most %d --chap", TARGET_AUTH_MAX);
        return read_identity(argument, &auth->identities[auth->num++]);
    case OPT_CHAP_OWN:
        return read_identity(argument, &auth->own);
    case OPT_CHAP_ALGORITHMS:
        auth->algorithms = argument;
        return CLI_OK;
    case OPT_CHAP_DISCOVERY:
        auth->discovery = true;
        return CLI_OK;
    case OPT_CHAP_OPTIONAL:
        auth->optional = true;
        return CLI_OK;
    default:
        return CLI_USAGE;
    }
}

const cli_option cli_auth_rows[] = {
    {0, NULL, NULL, "who may log in", 0},
    {OPT_CHAP, "chap", "USER:SECRET", "initiators log in by CHAP under this name (repeatable)", 0},
    {OPT_CHAP_OWN, "chap-own", "USER:SECRET",
     "the target's own name and secret, for initiators that ask (mutual CHAP)", 0},
    {OPT_CHAP_ALGORITHMS, "chap-algorithms", "LIST",
     "hashes it takes, as in CHAP_A: of 5 MD5, 6 SHA-1, 7 SHA-256, 8 SHA3-256", 0},
    {OPT_CHAP_DISCOVERY, "chap-discovery", NULL, "discovery sessions log in the same way", 0},
    {OPT_CHAP_OPTIONAL, "chap-optional", NULL, "logins without authentication are taken as well", 0},
    {0}};

bool target_auth_given(const target_auth *auth)
{
    return auth->num || auth->own.user.len || auth->algorithms || auth->discovery || auth->optional;
}

static rig_view secret_view(const target_identity *identity)
{
    return rig_view_of(identity->secret, identity->len);
}

/* 9.2.1: a secret of one direction must not be configured for the other. */
static int check(const target_auth *auth)
{
    if (auth->num == 0)
        return target_auth_given(auth) ? cli_complain("the --chap-… options want --chap") : CLI_OK;
    for (uint32_t i = 0; i < auth->num; i++)
        if (auth->own.user.len && rig_view_eq(secret_view(&auth->identities[i]), secret_view(&auth->own)))
            return cli_complain("--chap-own wants another secret than --chap");
    return CLI_OK;
}

static rig_status offer(rig_target *target, rig_target_node *node, const char *key, const char *value,
                        rig_error *err)
{
    return rig_target_offer(target, node, rig_view_str(key), rig_view_str(value), err);
}

static rig_status apply_at(const target_auth *auth, rig_target *target, rig_target_node *node, rig_error *err)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < auth->num && !status; i++) {
        const rig_target_chap chap = {.user = auth->identities[i].user,
                                      .secret = secret_view(&auth->identities[i]),
                                      .target_user = auth->own.user,
                                      .target_secret = secret_view(&auth->own)};
        status = rig_target_chap_add(target, node, &chap, err);
    }
    if (!status && auth->algorithms)
        status = offer(target, node, "CHAP_A", auth->algorithms, err);
    if (!status && auth->optional)
        status = offer(target, node, "AuthMethod", "CHAP,None", err);
    return status;
}

int target_auth_apply(target_auth *auth, rig_target *target, rig_target_node *node)
{
    rig_error err = {0};
    int bad = check(auth);
    if (bad || auth->num == 0)
        return bad;
    rig_status status = apply_at(auth, target, node, &err);
    if (!status && auth->discovery)
        status = apply_at(auth, target, NULL, &err);
    target_auth_wipe(auth);
    return status ? cli_complain("--chap: %s", err.text) : CLI_OK;
}

void target_auth_wipe(target_auth *auth)
{
    explicit_bzero(auth, sizeof *auth);
}

uint64_t target_auth_draw(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    uint64_t random;
    (void)ctx;
    (void)index;
    bool wanted = strcmp(name, "target.chap.challenge") == 0;
    return wanted && getentropy(&random, sizeof random) == 0 ? random : drawn;
}
