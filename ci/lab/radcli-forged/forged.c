/* What libradcli takes for the Access-Accept of a server: each of its calls, set up in each way it has, asks
 * about a CHAP response, and is answered rightly, and in ways that nobody who knows the secret answers
 * (RFC 2865 section 3, RFC 3579 section 3.2). Ends 0 when every way takes forged answers, 1 when one takes
 * none of them, 2 when that could not be tried. Or a real server is asked, whose port is given: ends 0 when
 * every way takes its answer, 1 when none does, 2 otherwise. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <radcli/radcli.h>

#define SHARED "the.secret.they.share"
#define FOREIGN "a.secret.of.others"
#define SECRET_MAX 64
#define HEADER 20
#define AUTHENTICATOR_AT 4
#define DIGEST 16
#define MARK 18 /* a Message-Authenticator */
#define PACKET_MAX 4096
#define LINE_MAX_LEN 256
#define PATH_MAX_LEN 512

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { SERVER_ITSELF, OTHER_PORT, OTHER_ADDRESS, NUM_SOCKETS };

typedef struct answer {
    const char *text;
    const char *secret; /* of the authenticator; NULL: it is zeros */
    const char *mark;   /* secret of the Message-Authenticator that stands first; NULL: there is none */
    int from;
    uint8_t other_id; /* is added to the identifier */
    bool no_length;   /* the length says 0 */
    bool forged;      /* not what the secret has made for that request (RFC 2865 section 3) */
} answer;

static const answer answers[] = {
    {"right", SHARED, SHARED, SERVER_ITSELF, 0, false, false},
    {"right but for its Message-Authenticator", SHARED, FOREIGN, SERVER_ITSELF, 0, false, false},
    {"right but for its authenticator", FOREIGN, SHARED, SERVER_ITSELF, 0, false, true},
    {"right but for its identifier", SHARED, SHARED, SERVER_ITSELF, 1, false, true},
    {"made with another secret", FOREIGN, NULL, SERVER_ITSELF, 0, false, true},
    {"made with another secret, both digests", FOREIGN, FOREIGN, SERVER_ITSELF, 0, false, true},
    {"made without any secret", NULL, NULL, SERVER_ITSELF, 0, false, true},
    {"made without any secret, by another port", NULL, NULL, OTHER_PORT, 0, false, true},
    {"made without any secret, by another address", NULL, NULL, OTHER_ADDRESS, 0, false, true},
    {"made without any secret, its length says 0", NULL, NULL, SERVER_ITSELF, 0, true, true},
};

typedef struct forger {
    int sockets[NUM_SOCKETS];
    uint16_t port;
    atomic_size_t now; /* which answer is given */
} forger;

/* ---- the server ---- */

static bool digest(const uint8_t *packet, size_t len, const char *secret, uint8_t out[DIGEST])
{
    uint8_t bytes[PACKET_MAX + SECRET_MAX], made[EVP_MAX_MD_SIZE];
    unsigned made_len = 0;
    size_t secret_len = strnlen(secret, SECRET_MAX);
    memcpy(bytes, packet, len);
    memcpy(bytes + len, secret, secret_len);
    if (EVP_Digest(bytes, len + secret_len, made, &made_len, EVP_md5(), NULL) != 1 || made_len != DIGEST)
        return false;
    memcpy(out, made, DIGEST);
    return true;
}

static size_t make(const answer *what, const uint8_t *request, uint8_t out[HEADER + MARK])
{
    size_t len = HEADER + (what->mark ? MARK : 0);
    memset(out, 0, HEADER + MARK);
    out[0] = PW_ACCESS_ACCEPT;
    out[1] = (uint8_t)(request[1] + what->other_id);
    out[3] = (uint8_t)len;
    memcpy(out + AUTHENTICATOR_AT, request + AUTHENTICATOR_AT, DIGEST);
    if (what->mark) {
        uint8_t made[DIGEST];
        out[HEADER] = PW_MESSAGE_AUTHENTICATOR;
        out[HEADER + 1] = MARK;
        if (!HMAC(EVP_md5(), what->mark, (int)strlen(what->mark), out, len, made, NULL))
            return 0;
        memcpy(out + HEADER + 2, made, DIGEST);
    }
    if (!what->secret)
        memset(out + AUTHENTICATOR_AT, 0, DIGEST);
    else if (!digest(out, len, what->secret, out + AUTHENTICATOR_AT))
        return 0;
    out[3] = what->no_length ? 0 : out[3];
    return len;
}

/* Ends at what is too short for a request. */
static void *serve(void *ctx)
{
    forger *self = ctx;
    uint8_t request[PACKET_MAX], out[HEADER + MARK];
    for (;;) {
        struct sockaddr_in by;
        socklen_t by_len = sizeof by;
        ssize_t len = recvfrom(self->sockets[SERVER_ITSELF], request, sizeof request, 0,
                               (struct sockaddr *)&by, &by_len);
        if (len < HEADER)
            return NULL;
        const answer *what = &answers[atomic_load(&self->now)];
        size_t out_len = make(what, request, out);
        if (out_len)
            sendto(self->sockets[what->from], out, out_len, 0, (struct sockaddr *)&by, by_len);
    }
}

static int bound(in_addr_t address)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(address)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool open_forger(forger *out)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    for (int i = 0; i < NUM_SOCKETS; i++)
        out->sockets[i] = bound(i == OTHER_ADDRESS ? INADDR_LOOPBACK + 1 : INADDR_LOOPBACK);
    for (int i = 0; i < NUM_SOCKETS; i++)
        if (out->sockets[i] < 0)
            return false;
    if (getsockname(out->sockets[SERVER_ITSELF], (struct sockaddr *)&at, &len) != 0)
        return false;
    out->port = ntohs(at.sin_port);
    return true;
}

static void close_forger(forger *self, pthread_t thread)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(self->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    sendto(self->sockets[OTHER_PORT], "", 0, 0, (struct sockaddr *)&at, sizeof at);
    pthread_join(thread, NULL);
    for (int i = 0; i < NUM_SOCKETS; i++)
        close(self->sockets[i]);
}

/* ---- the calls of the library ---- */

typedef int ask_fn(rc_handle *handle, VALUE_PAIR *send, VALUE_PAIR **received);

static int by_auth(rc_handle *handle, VALUE_PAIR *send, VALUE_PAIR **received)
{
    return rc_auth(handle, 0, send, received, NULL);
}

static int by_auth_proxy(rc_handle *handle, VALUE_PAIR *send, VALUE_PAIR **received)
{
    return rc_auth_proxy(handle, send, received, NULL);
}

static int by_aaa(rc_handle *handle, VALUE_PAIR *send, VALUE_PAIR **received)
{
    return rc_aaa(handle, 0, send, received, NULL, 0, PW_ACCESS_REQUEST);
}

static int by_aaa_ctx(rc_handle *handle, VALUE_PAIR *send, VALUE_PAIR **received)
{
    RC_AAA_CTX *ctx = NULL;
    int result = rc_aaa_ctx(handle, &ctx, 0, send, received, NULL, 0, PW_ACCESS_REQUEST);
    rc_aaa_ctx_free(ctx);
    return result;
}

static int by_aaa_ctx_server(rc_handle *handle, VALUE_PAIR *send, VALUE_PAIR **received)
{
    RC_AAA_CTX *ctx = NULL;
    int result = rc_aaa_ctx_server(handle, &ctx, rc_conf_srv(handle, "authserver"), AUTH, 0, send, received,
                                   NULL, 0, PW_ACCESS_REQUEST);
    rc_aaa_ctx_free(ctx);
    return result;
}

static int by_send_server(rc_handle *handle, VALUE_PAIR *send, VALUE_PAIR **received)
{
    SERVER *at = rc_conf_srv(handle, "authserver");
    SEND_DATA data = {.send_pairs = send};
    rc_buildreq(handle, &data, PW_ACCESS_REQUEST, at->name[0], at->port[0], at->secret[0],
                rc_conf_int(handle, "radius_timeout"), rc_conf_int(handle, "radius_retries"));
    int result = rc_send_server(handle, &data, NULL, AUTH);
    *received = data.receive_pairs;
    return result;
}

static const struct {
    const char *text;
    ask_fn *ask;
} calls[] = {
    {"rc_auth", by_auth},       {"rc_auth_proxy", by_auth_proxy},         {"rc_aaa", by_aaa},
    {"rc_aaa_ctx", by_aaa_ctx}, {"rc_aaa_ctx_server", by_aaa_ctx_server}, {"rc_send_server", by_send_server}};

/* ---- its ways to be set up ---- */

typedef struct question {
    const char *folder; /* for the files of the library */
    const char *secret, *user, *password;
    uint16_t port;
} question;

static const char attributes[] = "ATTRIBUTE User-Name 1 string\n"
                                 "ATTRIBUTE CHAP-Password 3 string\n"
                                 "ATTRIBUTE NAS-IP-Address 4 ipaddr\n"
                                 "ATTRIBUTE NAS-Port 5 integer\n"
                                 "ATTRIBUTE NAS-Identifier 32 string\n"
                                 "ATTRIBUTE CHAP-Challenge 60 string\n"
                                 "ATTRIBUTE Message-Authenticator 80 string\n";

static const char *path_of(const question *from, const char *name, char out[PATH_MAX_LEN])
{
    snprintf(out, PATH_MAX_LEN, "%s/%s", from->folder, name);
    return out;
}

static bool write_file(const question *from, const char *name, const char *text)
{
    char path[PATH_MAX_LEN];
    FILE *file = fopen(path_of(from, name, path), "w");
    if (!file)
        return false;
    bool written = fputs(text, file) >= 0;
    return fclose(file) == 0 && written;
}

static rc_handle *read_settings(const question *from, const char *server, const char *more)
{
    char text[4 * PATH_MAX_LEN], path[PATH_MAX_LEN];
    snprintf(text, sizeof text,
             "authserver %s\nacctserver %s\ndictionary %s\nradius_timeout 2\nradius_retries 1\n%s", server,
             server, path_of(from, "dictionary", path), more);
    if (!write_file(from, "dictionary", attributes) || !write_file(from, "settings", text))
        return NULL;
    return rc_read_config(path_of(from, "settings", path));
}

static rc_handle *by_file(const question *from)
{
    char server[LINE_MAX_LEN];
    snprintf(server, sizeof server, "127.0.0.1:%u:%s", from->port, from->secret);
    return read_settings(from, server, "");
}

static rc_handle *by_servers_file(const question *from)
{
    char server[LINE_MAX_LEN], secrets[LINE_MAX_LEN], more[PATH_MAX_LEN + 16], path[PATH_MAX_LEN];
    snprintf(server, sizeof server, "127.0.0.1:%u", from->port);
    snprintf(secrets, sizeof secrets, "127.0.0.1 %s\n", from->secret);
    snprintf(more, sizeof more, "servers %s\n", path_of(from, "servers", path));
    return write_file(from, "servers", secrets) ? read_settings(from, server, more) : NULL;
}

static rc_handle *by_calls(const question *from)
{
    char server[LINE_MAX_LEN];
    rc_handle *handle = rc_new();
    snprintf(server, sizeof server, "127.0.0.1:%u:%s", from->port, from->secret);
    const char *settings[][2] = {{"authserver", server},
                                 {"radius_timeout", "2"},
                                 {"radius_retries", "1"},
                                 {"serv-type", "udp"},
                                 {"nas-identifier", "judge"}};
    if (!handle || !rc_config_init(handle))
        return NULL;
    bool good = rc_read_dictionary_from_buffer(handle, attributes, sizeof attributes - 1) == 0;
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        good = good && rc_add_config(handle, settings[i][0], settings[i][1], "forged", 0) == 0;
    if (good && rc_apply_config(handle) == 0)
        return handle;
    rc_destroy(handle);
    return NULL;
}

static const struct {
    const char *text;
    rc_handle *(*make)(const question *from);
} setups[] = {{"a file", by_file}, {"a file, and one of secrets", by_servers_file}, {"calls", by_calls}};

#define NUM_WAYS (COUNT_OF(calls) * COUNT_OF(setups))

/* ---- asking ---- */

/* The response is MD5 over identifier, secret of the target and challenge (RFC 1994 section 4.1). */
static VALUE_PAIR *request_of(rc_handle *handle, const question *from)
{
    static const char challenge[] = "sixteen octets..";
    char password[1 + DIGEST] = {7};
    uint8_t start[1 + SECRET_MAX] = {7}, made[DIGEST];
    size_t len = strnlen(from->password, SECRET_MAX);
    VALUE_PAIR *list = NULL;
    memcpy(start + 1, from->password, len);
    if (!digest(start, 1 + len, challenge, made))
        return NULL;
    memcpy(password + 1, made, DIGEST);
    if (rc_avpair_add(handle, &list, PW_USER_NAME, from->user, -1, 0) &&
        rc_avpair_add(handle, &list, PW_CHAP_PASSWORD, password, sizeof password, 0) &&
        rc_avpair_add(handle, &list, PW_CHAP_CHALLENGE, challenge, sizeof challenge - 1, 0))
        return list;
    rc_avpair_free(list);
    return NULL;
}

static bool takes(rc_handle *handle, const question *from, ask_fn *ask)
{
    VALUE_PAIR *received = NULL, *send = request_of(handle, from);
    int result = send ? ask(handle, send, &received) : ERROR_RC;
    rc_avpair_free(send);
    rc_avpair_free(received);
    return result == OK_RC;
}

/* How many ways take the answer that is given now, and in out_taken which; -1 when one cannot be set up. */
static int ask_all(const question *from, bool out_taken[NUM_WAYS])
{
    int count = 0;
    for (size_t i = 0; i < COUNT_OF(setups); i++) {
        rc_handle *handle = setups[i].make(from);
        if (!handle)
            return -1;
        for (size_t k = 0; k < COUNT_OF(calls); k++) {
            bool *taken = &out_taken[i * COUNT_OF(calls) + k];
            *taken = takes(handle, from, calls[k].ask);
            count += *taken;
        }
        rc_destroy(handle);
    }
    return count;
}

static int ask_server(const question *from)
{
    bool taken[NUM_WAYS];
    int count = ask_all(from, taken);
    printf("the server's answer: taken in %d of %zu ways\n", count, NUM_WAYS);
    return count == (int)NUM_WAYS ? 0 : count == 0 ? 1 : 2;
}

/* Says which ways are fooled by nothing; 1 when there are such. */
static int judge(const bool fooled[NUM_WAYS])
{
    int status = 0;
    for (size_t k = 0; k < NUM_WAYS; k++) {
        if (fooled[k])
            continue;
        printf("%s, set up by %s, takes no forged answer: the decision has to be looked at again\n",
               calls[k % COUNT_OF(calls)].text, setups[k / COUNT_OF(calls)].text);
        status = 1;
    }
    return status;
}

/* Every way has to take what is right, or what it refuses says nothing. */
static int ask_forger(forger *by, const question *from)
{
    bool taken[NUM_WAYS], fooled[NUM_WAYS] = {false};
    size_t num_taken = 0, num_forged = 0;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        atomic_store(&by->now, i);
        int count = ask_all(from, taken);
        printf("%-44s taken in %2d of %zu ways\n", answers[i].text, count, NUM_WAYS);
        if (count < 0 || (i == 0 && count != (int)NUM_WAYS))
            return 2;
        num_forged += answers[i].forged ? NUM_WAYS : 0;
        num_taken += answers[i].forged ? (size_t)count : 0;
        for (size_t k = 0; answers[i].forged && k < NUM_WAYS; k++)
            fooled[k] |= taken[k];
    }
    printf("libradcli %s takes %zu of %zu forged answers\n", RADCLI_VERSION, num_taken, num_forged);
    return judge(fooled);
}

static const char *environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value ? value : otherwise;
}

int main(int argc, char **argv)
{
    forger by = {.sockets = {-1, -1, -1}};
    pthread_t thread;
    if (argc < 2) {
        fprintf(stderr, "%s FOLDER [PORT]\n", argv[0]);
        return 2;
    }
    question from = {argv[1], environment("RADCLI_SECRET", SHARED), environment("RADCLI_USER", "disk"),
                     environment("RADCLI_PASSWORD", "any.secret.of.disk"), 0};
    if (argc > 2) {
        from.port = (uint16_t)strtoul(argv[2], NULL, 10);
        return ask_server(&from);
    }
    if (!open_forger(&by) || pthread_create(&thread, NULL, serve, &by) != 0) {
        fprintf(stderr, "%s: no sockets of 127.0.0.1 and 127.0.0.2\n", argv[0]);
        return 2;
    }
    from.port = by.port;
    int status = ask_forger(&by, &from);
    close_forger(&by, thread);
    return status;
}
