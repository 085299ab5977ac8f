/* reach.c - what a plan reaches, from the tables of its nodes and what their options are set to. */
#include <weir/reach.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <weir/digest.h>
#include <weir/tls.h>

#include "explain/plan_words.h"
#include "journal/journal.h"
#include "listen/address.h"
#include "nodes/node.h"
#include "pipeline_inside.h"
#include "send/target.h"

struct reaching {
    const struct plan *plan;
    int (*hook)(void *arg, const weir_reach *reach);
    void *arg;
    const struct plan_node *node;
    const struct setting *setting; /* that says so, or NULL */
    bool is_kept;                  /* there is a journal */
    int error;
};

/* The option as in the text, if what it stands for isn't for everybody. The caller's. */
static char *shown_value(struct reaching *self)
{
    if (self->setting == NULL)
        return NULL;
    char *value = wp_explain_value(self->plan, self->setting);
    if (value == NULL)
        self->error = self->error == 0 ? -ENOMEM : self->error;
    if (value != NULL && strstr(value, "${") != NULL)
        return value;
    free(value);
    return NULL;
}

static void tell_reach(struct reaching *self, weir_reach reach)
{
    char *shown = shown_value(self);
    reach.shown = shown;
    reach.stage = self->node->name;
    if (self->error == 0)
        self->error = self->hook(self->arg, &reach);
    free(shown);
}

static void tell(struct reaching *self, weir_reach_kind kind, const char *path, const char *why)
{
    tell_reach(self, (weir_reach){ .kind = kind, .path = path, .why = why });
}

/* The first `size` bytes of a path; of none of them the directory that we are in. */
static void tell_part(struct reaching *self, weir_reach_kind kind, const char *path, size_t size, const char *why)
{
    char *part = size == 0 ? strdup(".") : strndup(path, size);
    if (part == NULL)
        self->error = self->error == 0 ? -ENOMEM : self->error;
    else
        tell(self, kind, part, why);
    free(part);
}

/* "/a/" of "/a/b", "" of "b". */
static size_t dir_size(const char *path, size_t size)
{
    while (size > 0 && path[size - 1] != '/')
        size--;
    return size;
}

/* --- every node of the plan ----------------------------------------------------------------------------- */

typedef void (*visit_fn)(struct reaching *self, const struct plan_node *node);

static void visit_chain(struct reaching *self, const struct plan_chain *chain, visit_fn visit)
{
    for (const struct plan_node *node = chain != NULL ? chain->nodes : NULL; node != NULL; node = node->next) {
        const struct plan_chain *block;
        self->node = node;
        visit(self, node);
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            visit_chain(self, block, visit);
    }
}

static void visit_all(struct reaching *self, visit_fn visit)
{
    for (const struct plan_chain *chain = self->plan->pipelines; chain != NULL; chain = chain->next)
        visit_chain(self, chain, visit);
    for (const struct plan_chain *dead = self->plan->deads; dead != NULL; dead = dead->next)
        visit_chain(self, dead, visit);
}

static unsigned touches(const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    return type != NULL ? type->touches : 0;
}

/* --- what is read ------------------------------------------------------------------------------------------ */

/* Of a pattern the directory in which it begins. */
static size_t root_size(const char *path)
{
    struct stat stat;
    const size_t size = strcspn(path, "*?[");
    return path[size] == '\0' || lstat(path, &stat) == 0 ? strlen(path) : dir_size(path, size);
}

static bool flag(const struct plan_node *node, const char *name)
{
    return wp_plan_setting(node, name) != NULL && wp_plan_number(node, name) != 0;
}

/* Paths that no text says: what a list or a link names. */
static const char *names_any(const struct plan_node *node)
{
    if ((touches(node) & TOUCHES_LISTED) != 0)
        return "the files that its list names";
    if ((touches(node) & TOUCHES_PATHS) == 0)
        return NULL;
    if (wp_plan_setting(node, "from") != NULL)
        return "the files that its list names";
    return flag(node, "follow") ? "what symbolic links point to" : NULL;
}

/* That an option names. */
static void tell_file(struct reaching *self, const struct plan_node *node, const char *option)
{
    self->setting = wp_plan_setting(node, option);
    if (self->setting != NULL && self->setting->text != NULL && strcmp(self->setting->text, "-") != 0)
        tell(self, WEIR_REACH_READ, self->setting->text, NULL);
    self->setting = NULL;
}

/* The .gitignore files of the directories above a tree. */
static void tell_outer_ignores(struct reaching *self, const char *root)
{
    char *dir = realpath(root, NULL);
    char probe[4096 + sizeof "/.gitignore"];
    for (size_t size = dir != NULL ? strlen(dir) : 0; size > 1 && size < 4096;) {
        struct stat stat;
        size = dir_size(dir, size - 1);
        memcpy(probe, dir, size);
        memcpy(probe + size, ".gitignore", sizeof ".gitignore");
        if (lstat(probe, &stat) == 0)
            tell(self, WEIR_REACH_READ, probe, "ignore files above a tree");
    }
    free(dir);
}

static void tell_paths(struct reaching *self, const struct plan_node *node)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        const char *path = setting->text;
        if (strcmp(setting->opt->name, "path") != 0 || path == NULL)
            continue;
        self->setting = setting;
        const size_t size = root_size(path);
        if ((touches(node) & TOUCHES_BESIDE) != 0)
            tell_part(self, WEIR_REACH_READ, path, dir_size(path, size),
                      "beside a file lie those that were rotated away");
        else
            tell_part(self, WEIR_REACH_READ, path, size, NULL);
        if (flag(node, "gitignore"))
            tell_outer_ignores(self, path);
    }
    self->setting = NULL;
}

/* --- what is written ------------------------------------------------------------------------------------------ */

/* Where the files that flow lie, whoever gives them. */
static void tell_sources(struct reaching *self, weir_reach_kind kind, const struct plan_chain *chain)
{
    for (const struct plan_node *node = chain != NULL ? chain->nodes : NULL; node != NULL; node = node->next) {
        const struct plan_chain *block;
        const char *any = names_any(node);
        if (any != NULL)
            tell(self, kind, "/", any);
        for (const struct setting *setting = node->settings;
             any == NULL && (touches(node) & TOUCHES_PATHS) != 0 && setting != NULL; setting = setting->next) {
            struct stat stat;
            const char *path = setting->text;
            if (strcmp(setting->opt->name, "path") != 0 || path == NULL)
                continue;
            const size_t size = root_size(path);
            const bool is_file = path[size] == '\0' && lstat(path, &stat) == 0 && !S_ISDIR(stat.st_mode);
            self->setting = setting;
            tell_part(self, kind, path, is_file ? dir_size(path, size) : size, "where the files lie");
            self->setting = NULL;
        }
        for (unsigned i = 0; (block = wp_plan_block(node, i)) != NULL; i++)
            tell_sources(self, kind, block);
    }
}

static void tell_where_files_lie(struct reaching *self, weir_reach_kind kind)
{
    for (const struct plan_chain *chain = self->plan->pipelines; chain != NULL; chain = chain->next)
        tell_sources(self, kind, chain);
}

/* "{.stem}.zst": what has no '/' stays in the directory that we are in. */
static bool is_name(const struct expr *path)
{
    static const char *const names[] = { "name", "stem", "ext" };
    for (size_t i = 0; wp_is_own_field(path) && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(path->steps->name, names[i]) == 0)
            return true;
    return false;
}

/* A template that begins with a place to fill in. */
static void tell_filled_in(struct reaching *self, const struct piece *piece)
{
    static const char *const places[] = { "dir", "path" };
    if (piece->kind != PIECE_FIELD || is_name(piece->path)) {
        tell(self, WEIR_REACH_WRITE, ".", NULL);
        return;
    }
    for (size_t i = 0; wp_is_own_field(piece->path) && i < sizeof places / sizeof places[0]; i++)
        if (strcmp(piece->path->steps->name, places[i]) == 0) {
            tell_where_files_lie(self, WEIR_REACH_WRITE);
            return;
        }
    tell(self, WEIR_REACH_WRITE, "/", "its path begins with a field");
}

/* A path without a place to fill in. */
static void tell_fixed(struct reaching *self, const char *path)
{
    struct stat stat;
    if (strcmp(path, "-") == 0) /* standard output */
        return;
    const bool is_there = lstat(path, &stat) == 0;
    if (is_there && !S_ISREG(stat.st_mode)) /* a device, a FIFO; or what a link points to */
        tell(self, WEIR_REACH_WRITE, path, NULL);
    if (!is_there || S_ISREG(stat.st_mode) || S_ISLNK(stat.st_mode))
        tell_part(self, WEIR_REACH_WRITE, path, dir_size(path, strlen(path)), NULL);
}

static void tell_output(struct reaching *self, const struct plan_node *node)
{
    const struct piece *piece = wp_plan_setting(node, "path")->pieces;
    weir_text text = { 0 };
    if (piece == NULL)
        return;
    self->setting = wp_plan_setting(node, "path");
    if (piece->kind != PIECE_TEXT) {
        self->setting = NULL;
        tell_filled_in(self, piece);
        return;
    }
    for (; self->error == 0 && piece != NULL && piece->kind == PIECE_TEXT; piece = piece->next)
        self->error = weir_text_append(&text, piece->text, piece->size);
    if (self->error == 0)
        self->error = weir_text_append(&text, "", 1);
    if (self->error == 0 && piece == NULL)
        tell_fixed(self, text.data);
    else if (self->error == 0)
        tell_part(self, WEIR_REACH_WRITE, text.data, dir_size(text.data, text.size - 1), NULL);
    self->setting = NULL;
    weir_text_fini(&text);
}

/* Open windows go to the journal's directory, where there is one. */
static void tell_temporary(struct reaching *self, const struct plan_node *node)
{
    const bool has_windows = wp_plan_setting(node, "every") != NULL;
    const char *dir = getenv("TMPDIR");
    if (!has_windows || !self->is_kept)
        tell(self, WEIR_REACH_TEMPORARY, dir != NULL && dir[0] != '\0' ? dir : "/tmp",
             has_windows ? "what doesn't fit the memory, without --state" : "what doesn't fit the memory");
}

/* --- sockets ---------------------------------------------------------------------------------------------- */

/* What TLS is told of; whom the system trusts, if nobody else is said to be trusted, is for `trusts`. */
static void tell_certificates(struct reaching *self, const struct plan_node *node)
{
    tell_file(self, node, "cert");
    tell_file(self, node, "key");
    tell_file(self, node, "ca");
}

static void tell_list(struct reaching *self, const char *const *paths, const char *why)
{
    for (size_t i = 0; paths[i] != NULL; i++)
        if (access(paths[i], F_OK) == 0)
            tell(self, WEIR_REACH_READ, paths[i], why);
}

static void tell_trust(struct reaching *self)
{
    const char *const paths[] = { "/etc/ssl/certs",
                                  "/usr/lib/ssl/certs",
                                  "/usr/lib/ssl/cert.pem",
                                  "/usr/share/ca-certificates",
                                  "/usr/local/share/ca-certificates",
                                  "/etc/pki/tls/certs",
                                  "/etc/pki/tls/cert.pem",
                                  "/etc/pki/ca-trust/extracted",
                                  NULL };
    const char *const said[] = { getenv("SSL_CERT_FILE"), NULL }, *const dirs[] = { getenv("SSL_CERT_DIR"), NULL };
    tell_list(self, paths, "whom the system trusts");
    tell_list(self, said, "whom the system trusts");
    tell_list(self, dirs, "whom the system trusts");
}

/* What getaddrinfo(3) reads for a name; a file that is a link to elsewhere is made anew there, and so its directory. */
static void tell_names(struct reaching *self)
{
    static const char *const files[] = {
        "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", NULL
    };
    char *real = realpath("/etc/resolv.conf", NULL);
    tell_list(self, files, "names of hosts");
    if (real != NULL && strncmp(real, "/etc/", 5) != 0)
        tell_part(self, WEIR_REACH_READ, real, dir_size(real, strlen(real)), "names of hosts");
    free(real);
}

static int port_of(const char *service)
{
    char *end;
    const unsigned long number = strtoul(service, &end, 10);
    const struct servent *known = *end != '\0' ? getservbyname(service, "tcp") : NULL;
    return known != NULL ? ntohs((uint16_t)known->s_port) : *end == '\0' && number <= 65535 ? (int)number : -1;
}

/* A directory that is made if it isn't there. */
static void tell_dir(struct reaching *self, const char *path)
{
    struct stat stat;
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    if (lstat(path, &stat) == 0)
        tell(self, WEIR_REACH_WRITE, path, NULL);
    else
        tell_part(self, WEIR_REACH_WRITE, path, dir_size(path, size), NULL);
}

static void tell_peer(struct reaching *self, const struct plan_node *node)
{
    struct target target;
    weir_addr addr;
    weir_reach reach = { .kind = WEIR_REACH_CONNECT, .port = -1 };
    const char *text = wp_plan_text(node, "address");
    if (text == NULL || wp_target_parse(text, &target) != NULL)
        return;
    const bool is_unix = target.scheme == ADDRESS_UNIX;
    if (!is_unix) {
        reach.port = port_of(target.service);
        reach.datagrams = inet_pton(AF_INET, target.host, &addr) != 1 && inet_pton(AF_INET6, target.host, &addr) != 1;
    }
    self->setting = wp_plan_setting(node, "address");
    tell_reach(self, reach);
    self->setting = NULL;
    if (reach.datagrams) {
        tell_names(self);
        tell_reach(self,
                   (weir_reach){ .kind = WEIR_REACH_CONNECT, .port = 53, .datagrams = true, .why = "names of hosts" });
    }
    if (target.scheme == ADDRESS_TLS) {
        tell_certificates(self, node);
        if (wp_plan_setting(node, "ca") == NULL && wp_plan_number(node, "verify") != 0)
            tell_trust(self);
    }
    self->setting = wp_plan_setting(node, "spool");
    if (self->setting != NULL)
        tell_dir(self, self->setting->text);
    self->setting = NULL;
}

static void tell_address(struct reaching *self, const struct plan_node *node)
{
    struct address address;
    weir_reach reach = { .kind = WEIR_REACH_LISTEN, .port = -1 };
    const char *text = wp_plan_text(node, "address");
    if (text == NULL || wp_address_parse(text, &address) != NULL)
        return;
    if (address.scheme == ADDRESS_TCP || address.scheme == ADDRESS_TLS)
        reach.port = weir_addr_port(&address.addr);
    reach.datagrams = address.scheme == ADDRESS_UDP;
    if (address.scheme == ADDRESS_TLS)
        tell_certificates(self, node);
    self->setting = wp_plan_setting(node, "address");
    tell_reach(self, reach);
    if (address.scheme == ADDRESS_UNIX || address.scheme == ADDRESS_UNIXGRAM) {
        const char *path = strchr(text, ':') + 1;
        tell_part(self, WEIR_REACH_WRITE, path, dir_size(path, strlen(path)), NULL);
    }
    self->setting = NULL;
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

static void tell_node(struct reaching *self, const struct plan_node *node)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    const unsigned what = touches(node);
    const char *any = names_any(node);
    const bool is_end = node->in == WEIR_NONE || node->out == WEIR_NONE || (type != NULL && type->stage.sink);
    if (is_end && what == 0 && node->merges == NULL)
        tell(self, WEIR_REACH_UNKNOWN, NULL, NULL);
    if ((what & (TOUCHES_PATHS | TOUCHES_LISTED)) != 0)
        tell_paths(self, node);
    if (any != NULL)
        tell(self, WEIR_REACH_READ, "/", any);
    if ((what & TOUCHES_PATHS) != 0)
        tell_file(self, node, "from");
    if ((what & TOUCHES_FILE) != 0)
        tell_file(self, node, "file");
    if ((what & TOUCHES_OUTPUT) != 0)
        tell_output(self, node);
    if ((what & TOUCHES_NAMES) != 0)
        tell_where_files_lie(self, WEIR_REACH_WRITE);
    if ((what & TOUCHES_LINKS) != 0 && wp_plan_number(node, "action") != 0)
        tell_where_files_lie(self, WEIR_REACH_MOVE);
    if ((what & TOUCHES_TEMPORARY) != 0)
        tell_temporary(self, node);
    if ((what & TOUCHES_ADDRESS) != 0)
        tell_address(self, node);
    if ((what & TOUCHES_PEER) != 0)
        tell_peer(self, node);
}

int weir_pipeline_reach(const weir_pipeline *pipeline, int (*hook)(void *arg, const weir_reach *reach), void *arg)
{
    struct reaching self = { .plan = &pipeline->plan, .hook = hook, .arg = arg, .is_kept = pipeline->journal != NULL };
    visit_all(&self, tell_node);
    if (self.error == 0 && self.is_kept) {
        const weir_reach reach = { .kind = WEIR_REACH_WRITE, .path = pipeline->journal->dir, .stage = "--state" };
        self.error = hook(arg, &reach);
    }
    return self.error;
}

/* --- what is loaded at its first use ------------------------------------------------------------------------- */

static void load_algo(const char *name)
{
    uint8_t digest[WEIR_DIGEST_SIZE_MAX];
    const weir_digest_algo *algo = weir_digest_find(name);
    if (algo != NULL && strcmp(algo->backend, "libcrypto") == 0)
        (void)algo->oneshot("", 0, digest);
}

static void load_all_algos(void)
{
    for (size_t i = 0; weir_digest_at(i) != NULL; i++)
        load_algo(weir_digest_at(i)->name);
}

/* OpenSSL, which a context loads. */
static void load_tls(void)
{
    weir_tls_options options = weir_tls_client();
    weir_tls_context *context = NULL;
    char fault[WEIR_TLS_FAULT_MAX];
    options.verify = false;
    if (weir_tls_context_create(&options, &context, fault) == 0)
        weir_tls_context_put(context);
}

/* Those whom nsswitch.conf(5) has asked for names of hosts; they stay. A static program has none. */
static void load_names(void)
{
#ifndef WEIR_STATIC
    char *line = NULL, *save = NULL;
    size_t room = 0;
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    while (file != NULL && getline(&line, &room, file) > 0) {
        const char *word = strtok_r(line, " \t\n", &save);
        while (word != NULL && strcmp(line, "hosts:") == 0 && (word = strtok_r(NULL, " \t\n", &save)) != NULL) {
            char library[64];
            const int size = snprintf(library, sizeof library, "libnss_%s.so.2", word);
            if (word[0] != '[' && strchr(word, '/') == NULL && size < (int)sizeof library)
                (void)dlopen(library, RTLD_LAZY | RTLD_NODELETE);
        }
    }
    if (file != NULL)
        (void)fclose(file);
    free(line);
#endif
}

static void warm_sockets(const struct plan_node *node)
{
    const char *address = wp_plan_text(node, "address");
    if (address != NULL && strncmp(address, "tls://", 6) == 0)
        load_tls();
    if ((touches(node) & TOUCHES_PEER) != 0)
        load_names();
}

static void warm_node(struct reaching *self, const struct plan_node *node)
{
    (void)self;
    if ((touches(node) & (TOUCHES_ADDRESS | TOUCHES_PEER)) != 0)
        warm_sockets(node);
    if ((touches(node) & TOUCHES_LISTED) != 0) /* whose lines say which they are */
        load_all_algos();
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next) {
        if (setting->opt->type == WEIR_OPT_LIST && strcmp(setting->opt->name, "algo") == 0)
            load_algo(setting->text);
    }
    if (strcmp(node->stage->name, "redact") == 0)
        load_algo("sha256");
}

void weir_pipeline_warm_up(const weir_pipeline *pipeline)
{
    struct reaching self = { .plan = &pipeline->plan };
    static const char call[] = "hash";
    tzset();
    visit_all(&self, warm_node);
    /* Of calls in expressions only the text is looked at: hash(.x, "sha256"), hash!(.x). */
    const char *text = pipeline->source.text, *end = text + pipeline->source.size;
    while ((text = memmem(text, (size_t)(end - text), call, sizeof call - 1)) != NULL) {
        text += sizeof call - 1;
        if (text < end && (*text == '(' || *text == '!'))
            load_all_algos();
    }
}
