/* check_option.c - arguments into settings: types, ranges, choices; and the options of the engine. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/suggest.h>

#include "nodes/node.h"
#include "run/rows.h"
#include "plan/checker.h"

/* --- what a value may be ------------------------------------------------------------------------ */

static const char *const type_words[] = {
    [WEIR_OPT_INT] = "a number",
    [WEIR_OPT_SIZE] = "a size such as 64KiB",
    [WEIR_OPT_DURATION] = "a time such as 5s",
    [WEIR_OPT_BOOL] = "true or false",
    [WEIR_OPT_CHOICE] = "a word",
    [WEIR_OPT_STRING] = "a text",
    [WEIR_OPT_FIELD] = "a field such as .name",
    [WEIR_OPT_LIST] = "words",
    [WEIR_OPT_RATE] = "a rate such as 10k/s or 50MiB/s",
    [WEIR_OPT_TEMPLATE] = "a text",
    [WEIR_OPT_SPAN] = "a number such as 1M or a time such as 10m",
};

static bool wrong_type(struct check *check, const struct argument *argument, const char *who)
{
    const struct span span = argument->value.span;
    wp_diag(check->diags, span, "%s: %s wants %s, not %.*s", who, argument->name, type_words[argument->opt->type],
            (int)(span.to - span.from), check->syntax->source.text + span.from);
    return false;
}

static bool is_text(const struct value *value)
{
    return value->kind == VALUE_STRING || value->kind == VALUE_WORD;
}

/* The number of a value that fits the type: a plain number is a size in bytes, too, but no time. */
static bool takes_number(weir_opt_type type, const struct value *value)
{
    switch (type) {
    case WEIR_OPT_INT:
        return value->kind == VALUE_INT;
    case WEIR_OPT_SIZE:
        return value->kind == VALUE_SIZE || value->kind == VALUE_INT;
    case WEIR_OPT_DURATION:
        return value->kind == VALUE_DURATION;
    case WEIR_OPT_SPAN:
        return value->kind == VALUE_INT || value->kind == VALUE_DURATION;
    case WEIR_OPT_RATE:
        return value->kind == VALUE_RATE;
    case WEIR_OPT_BOOL:
        return value->kind == VALUE_BOOL;
    default:
        return false;
    }
}

static bool set_number(struct check *check, const struct argument *argument, const char *who, struct setting *setting)
{
    const weir_opt *opt = argument->opt;
    if (!takes_number(opt->type, &argument->value))
        return wrong_type(check, argument, who);
    setting->number = argument->value.number;
    setting->is_time = argument->value.kind == VALUE_DURATION;
    if ((opt->min != 0 || opt->max != 0) && (setting->number < opt->min || setting->number > opt->max)) {
        char range[128];
        const struct span span = argument->value.span;
        (void)weir_opt_describe(opt, range, sizeof range);
        range[strcspn(range, ",")] = '\0';
        wp_diag(check->diags, span, "%s: %s must be %s, not %.*s", who, opt->name, range, (int)(span.to - span.from),
                check->syntax->source.text + span.from);
        return false;
    }
    return true;
}

static bool set_choice(struct check *check, const struct argument *argument, const char *who, const char *text,
                       int64_t *ret_index)
{
    const weir_opt *opt = argument->opt;
    weir_suggest suggest;
    weir_suggest_init(&suggest, text);
    for (int64_t i = 0; opt->choices[i] != NULL; i++) {
        weir_suggest_offer(&suggest, opt->choices[i]);
        if (strcmp(opt->choices[i], text) == 0) {
            *ret_index = i;
            return true;
        }
    }
    if (suggest.best != NULL)
        wp_diag(check->diags, argument->value.span, "%s: no %s '%s' (did you mean '%s'?)", who, opt->name, text,
                suggest.best);
    else
        wp_diag(check->diags, argument->value.span, "%s: no %s '%s'", who, opt->name, text);
    if (suggest.best == NULL)
        wp_diag_hint(check->diags, "'weir stages %s' lists them", who);
    return false;
}

static bool set_text(struct check *check, const struct argument *argument, const char *who, struct setting *setting)
{
    const weir_opt *opt = argument->opt;
    const struct value *value = &argument->value;
    if (opt->type == WEIR_OPT_TEMPLATE && value->kind == VALUE_WORD)
        return wp_check_template_word(check, value, &setting->pieces);
    if (opt->type == WEIR_OPT_TEMPLATE)
        return is_text(value) ? wp_check_template(check, value, &setting->pieces) : wrong_type(check, argument, who);
    /* A number in the place of a text is that text, as it is spelled: mode=0644. */
    setting->text = is_text(value) ? wp_check_text(check, value)
                                   : wp_arena_copy(check->arena, check->syntax->source.text + value->span.from,
                                                   value->span.to - value->span.from);
    if (setting->text == NULL)
        return false;
    if (opt->choices == NULL)
        return true;
    return set_choice(check, argument, who, setting->text, &setting->number);
}

static bool set_path(struct check *check, const struct argument *argument, const char *who, const struct expr *path,
                     struct setting *setting)
{
    if (path->steps == NULL) {
        wp_diag(check->diags, path->span, "%s: %s wants a field such as .name", who, argument->name);
        return false;
    }
    setting->text = wp_check_path_text(check, path);
    return setting->text != NULL;
}

static bool set_field(struct check *check, const struct argument *argument, const char *who, struct setting *setting)
{
    setting->expr = argument->expr;
    const bool good = set_path(check, argument, who, argument->expr, setting);
    if (!good || argument->value.span.to == 0)
        return good;
    /* the word behind a field of FIELDS */
    return set_choice(check, argument, who, wp_check_text(check, &argument->value), &setting->number);
}

static bool set_assignment(struct check *check, const struct argument *argument, const char *who,
                           struct setting *setting)
{
    setting->target = argument->target;
    setting->expr = argument->expr;
    const bool good = set_path(check, argument, who, argument->target, setting);
    return wp_check_expr(check, argument->expr) && good;
}

static bool set_expr(struct check *check, const struct argument *argument, const char *who, struct setting *setting)
{
    if (argument->expr == NULL) /* a choice, and the parser took no other word */
        return set_choice(check, argument, who, wp_check_text(check, &argument->value), &setting->number);
    setting->expr = argument->expr;
    return wp_check_expr(check, argument->expr);
}

/* The parser couldn't read its value, and has said why. */
static bool is_unread(const struct argument *argument)
{
    switch (argument->opt->type) {
    case WEIR_OPT_EXPR:
        return argument->expr == NULL && !is_text(&argument->value);
    case WEIR_OPT_FIELD:
    case WEIR_OPT_FIELDS:
    case WEIR_OPT_ASSIGN:
    case WEIR_OPT_CALLS:
        return argument->expr == NULL;
    case WEIR_OPT_BLOCK:
    case WEIR_OPT_CASES:
        return argument->block == NULL;
    case WEIR_OPT_REGEX:
        return argument->value.kind != VALUE_REGEX;
    default:
        return false;
    }
}

/* A block that is no branch is for one file. */
static bool set_block(struct check *check, const struct argument *argument, const struct plan_node *node,
                      struct setting *setting)
{
    const bool for_file = !node->forks && node->in == WEIR_FILES;
    check->in_block += for_file;
    const weir_port in = node->forks && node->in == WEIR_NONE ? UNKNOWN_PORT : node->in;
    setting->block = wp_check_chain(check, argument->block, in, node);
    check->in_block -= for_file;
    return setting->block != NULL && (!node->forks || wp_check_end(check, setting->block, "branch"));
}

static bool set_value(struct check *check, const struct argument *argument, const struct plan_node *node,
                      struct setting *setting)
{
    const char *who = node->stage->name;
    if (is_unread(argument))
        return false;
    switch (argument->opt->type) {
    case WEIR_OPT_INT:
    case WEIR_OPT_SIZE:
    case WEIR_OPT_DURATION:
    case WEIR_OPT_RATE:
    case WEIR_OPT_SPAN:
    case WEIR_OPT_BOOL:
        return set_number(check, argument, who, setting);
    case WEIR_OPT_CHOICE:
    case WEIR_OPT_STRING:
    case WEIR_OPT_LIST:
    case WEIR_OPT_TEMPLATE:
        return set_text(check, argument, who, setting);
    case WEIR_OPT_FIELD:
    case WEIR_OPT_FIELDS:
        return set_field(check, argument, who, setting);
    case WEIR_OPT_ASSIGN:
        return set_assignment(check, argument, who, setting);
    case WEIR_OPT_CALLS:
        setting->expr = argument->expr;
        setting->target = argument->target;
        return wp_check_measure(check, argument, who);
    case WEIR_OPT_EXPR:
        return set_expr(check, argument, who, setting);
    case WEIR_OPT_REGEX:
        return (setting->regex = wp_check_regex(check, &argument->value)) != NULL;
    case WEIR_OPT_CASES:
        setting->expr = argument->expr;
        if (argument->expr != NULL && !wp_check_expr(check, argument->expr))
            return false;
        return set_block(check, argument, node, setting);
    case WEIR_OPT_BLOCK:
        return set_block(check, argument, node, setting);
    }
    return false;
}

/* --- all of a stage's --------------------------------------------------------------------------------- */

static bool may_repeat(weir_opt_type type)
{
    return type == WEIR_OPT_LIST || type == WEIR_OPT_FIELDS || type == WEIR_OPT_BLOCK || type == WEIR_OPT_ASSIGN ||
           type == WEIR_OPT_CALLS || type == WEIR_OPT_CASES;
}

static bool check_repeated(struct check *check, const struct plan_node *node, const struct argument *argument)
{
    for (const struct setting *setting = node->settings; setting != NULL; setting = setting->next)
        if (setting->opt == argument->opt && !may_repeat(argument->opt->type)) {
            wp_diag(check->diags, argument->span, "%s: %s is given twice", node->stage->name, argument->name);
            return false;
        }
    return true;
}

/* What only the node's own table knows of its values: which paths it can't follow. */
static bool check_refused(struct check *check, const struct plan_node *node, const struct setting *setting)
{
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    const char *reason = type != NULL && type->refuses != NULL ? type->refuses(setting) : NULL;
    if (reason != NULL)
        wp_diag(check->diags, setting->span, "%s: %s", node->stage->name, reason);
    return reason == NULL;
}

/* A source in a block: what it would have to be told is the file that the block is for. */
static bool is_fed_it(const struct plan_node *node)
{
    return node->stage->source && node->in == WEIR_FILES;
}

bool wp_check_settings(struct check *check, const struct stage_use *use, struct plan_node *node)
{
    bool good = true;
    struct setting **link = &node->settings;
    for (const struct argument *argument = use->arguments; argument != NULL; argument = argument->next) {
        struct setting *setting = wp_arena_new(check->arena, struct setting);
        if (setting == NULL)
            return false;
        setting->opt = argument->opt;
        setting->span = argument->span;
        if (!check_repeated(check, node, argument) || !set_value(check, argument, node, setting) ||
            !check_refused(check, node, setting)) {
            good = false;
            continue;
        }
        *link = setting;
        link = &setting->next;
    }
    for (const weir_opt *opt = use->stage->opts; good && !use->faulty && opt != NULL && opt->name != NULL; opt++)
        if (opt->required && !is_fed_it(node) && wp_plan_setting(node, opt->name) == NULL) {
            wp_diag(check->diags, use->name_span, "%s: %s is missing: %s", use->name, opt->name, opt->help);
            good = false;
        }
    return good && wp_check_result_names(check, node);
}

/* --- @options -------------------------------------------------------------------------------------------- */

static bool engine_word(struct check *check, const struct argument *argument, const char *const *words,
                        const char *wanted, int *ret_index)
{
    const char *text = is_text(&argument->value) ? wp_check_text(check, &argument->value) : NULL;
    for (int i = 0; text != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0) {
            *ret_index = i;
            return true;
        }
    wp_diag(check->diags, argument->value.span, "@%s is %s", argument->name, wanted);
    return false;
}

static bool engine_number(struct check *check, const struct argument *argument, weir_opt_type type, int64_t min,
                          int64_t max, const char *wanted, int64_t *ret_number)
{
    if (takes_number(type, &argument->value) && argument->value.number >= min && argument->value.number <= max) {
        *ret_number = argument->value.number;
        return true;
    }
    wp_diag(check->diags, argument->value.span, "@%s is %s", argument->name, wanted);
    return false;
}

static bool set_par(struct check *check, const struct argument *argument, struct plan_node *node)
{
    static const char *const words[] = { "cores", NULL };
    int index;
    int64_t number = 1;
    if (is_text(&argument->value))
        return node->engine.par_cores = engine_word(check, argument, words, "a number, or cores", &index);
    const bool good = engine_number(check, argument, WEIR_OPT_INT, 1, PLAN_PAR_MAX, "1 to 1024, or cores", &number);
    node->engine.par_cores = false;
    node->engine.par = (unsigned)number;
    return good;
}

static bool set_order(struct check *check, const struct argument *argument, struct plan_node *node)
{
    static const char *const words[] = { "in", "any", "key", NULL };
    int index = 0;
    if (!engine_word(check, argument, words, "in, any or key(.field)", &index))
        return false;
    node->engine.order = (enum plan_order)index;
    node->engine.key = argument->expr;
    node->engine.key_text = argument->expr != NULL ? wp_check_path_text(check, argument->expr) : NULL;
    if ((node->engine.order == ORDER_KEY) == (argument->expr != NULL) &&
        (argument->expr == NULL || argument->expr->steps != NULL))
        return true;
    wp_diag(check->diags, argument->span, "@order is in, any or key(.field)");
    return false;
}

static bool set_pool(struct check *check, const struct argument *argument, struct plan_node *node)
{
    static const char *const words[] = { "auto", "inline", "cpu", "io", NULL };
    int index = 0;
    const bool good = engine_word(check, argument, words, "auto, inline, cpu or io", &index);
    node->engine.pool = (enum plan_pool)index;
    return good;
}

static bool set_onerror(struct check *check, const struct argument *argument, struct plan_node *node)
{
    static const char *const words[] = { "fail", "drop", "dead", NULL };
    int index = 0;
    if (!engine_word(check, argument, words, "fail, drop or dead(name)", &index))
        return false;
    node->engine.onerror = (enum plan_onerror)index;
    node->engine.onerror_said = true;
    node->engine.dead = argument->inner;
    if ((node->engine.onerror == ONERROR_DEAD) != (argument->inner != NULL)) {
        wp_diag(check->diags, argument->span, "@onerror is fail, drop or dead(name)");
        return false;
    }
    if (argument->inner != NULL && check->in_dead) {
        wp_diag(check->diags, argument->span,
                "a dead-letter stream can't send to one: this would go round in a circle");
        return false;
    }
    for (const struct chain *dead = check->syntax->deads; argument->inner != NULL; dead = dead->next) {
        if (dead == NULL) {
            wp_diag(check->diags, argument->span, "there is no dead-letter stream '%s'", argument->inner);
            wp_diag_hint(check->diags, "declare it:  dead %s -> write \"...\" append", argument->inner);
            return false;
        }
        if (strcmp(dead->name, argument->inner) == 0)
            break;
    }
    return true;
}

static bool set_queue(struct check *check, const struct argument *argument, struct plan_node *node)
{
    return engine_number(check, argument, WEIR_OPT_SIZE, 1, INT64_C(1) << 40, "a size such as 8MiB",
                         &node->engine.queue_bytes);
}

static bool set_timeout(struct check *check, const struct argument *argument, struct plan_node *node)
{
    return engine_number(check, argument, WEIR_OPT_DURATION, 1, INT64_MAX, "a time such as 5s",
                         &node->engine.timeout_ns);
}

static bool set_retry(struct check *check, const struct argument *argument, struct plan_node *node)
{
    int64_t number = 0;
    const bool good = engine_number(check, argument, WEIR_OPT_INT, 0, 1000, "a number of times, 0 to 1000", &number);
    node->engine.retries = (unsigned)number;
    return good;
}

static bool set_rate(struct check *check, const struct argument *argument, struct plan_node *node)
{
    node->engine.rate_is_bytes = argument->value.is_bytes;
    return engine_number(check, argument, WEIR_OPT_RATE, 1, INT64_MAX, "a rate such as 10k/s or 50MiB/s",
                         &node->engine.rate);
}

static bool set_name(struct check *check, const struct argument *argument, struct plan_node *node)
{
    node->name = is_text(&argument->value) ? wp_check_text(check, &argument->value) : NULL;
    if (node->name == NULL || node->name[0] == '\0')
        wp_diag(check->diags, argument->value.span, "@name is a word");
    return node->name != NULL && node->name[0] != '\0';
}

/* --- which of them a stage can do: NULL, or why not ---------------------------------------------------------- */

static const struct node_type *type_of(const struct plan_node *node)
{
    return wp_node_type_of(node->stage, node->in);
}

static const char *refuse_par(const struct plan_node *node)
{
    const struct node_type *type = type_of(node);
    if (type == NULL)
        return node->stage->cut != NULL ? NULL : "its input can't be cut into pieces";
    return type->parallel ? NULL : "it works on what comes to it one after the other";
}

static const char *refuse_order(const struct plan_node *node)
{
    const struct node_type *type = type_of(node);
    const bool is_key = node->engine.order == ORDER_KEY;
    if (type != NULL && type->orders)
        return is_key ? "what comes of one pipeline keeps its order in any case, also with @order=any" : NULL;
    if (refuse_par(node) != NULL)
        return refuse_par(node);
    if (is_key && type == NULL)
        return "bytes have no fields; @order=in keeps their order";
    return is_key && type->wide ? "what it gives is of all that came, whose order is all one to it" : NULL;
}

static const char *refuse_rate(const struct plan_node *node)
{
    const weir_port port = node->in != WEIR_NONE ? node->in : node->out;
    if (port == WEIR_BYTES && !node->engine.rate_is_bytes)
        return "bytes have no rows to count; a rate of bytes is such as 50MiB/s";
    return NULL;
}

static const char *refuse_pool(const struct plan_node *node)
{
    const struct node_type *type = type_of(node);
    if (type == NULL || node->engine.pool == POOL_AUTO)
        return NULL;
    if (type->rows == NULL)
        return "where its parts run can't be chosen; 'weir explain' says it";
    if (node->engine.pool == POOL_INLINE && (type->rows->offloads || type->rows->blocks != NULL))
        return "it would hold up others";
    return NULL;
}

/* Where the node is fed by what it knows them for. */
static const char *refuse_timeout(const struct plan_node *node)
{
    const struct node_type *type = type_of(node);
    if (type != NULL && (type->times & NODE_FED_BY(node->in)) != 0)
        return NULL;
    return "it waits for nothing but its input: a limit is for what does io, or each { ... } @timeout=5s";
}

static const char *refuse_retry(const struct plan_node *node)
{
    const struct node_type *type = type_of(node);
    if (type != NULL && (type->retries & NODE_FED_BY(node->in)) != 0)
        return NULL;
    return "only read, write and each do a thing again: each { ... } @retry=3 begins a file anew";
}

static const char *refuse_onerror(const struct plan_node *node)
{
    const struct node_type *type = type_of(node);
    const bool is_dead = node->engine.onerror == ONERROR_DEAD;
    const bool by_row = type != NULL && (node->in != WEIR_FILES || type->whole_files);
    if (by_row && (is_dead ? type->rejects : type->drops))
        return NULL;
    if (by_row && type->drops)
        return "it leaves out what it can't take, but doesn't send it on";
    if (node->in == WEIR_NONE)
        return "a source that fails has no more to give";
    if (node->in == WEIR_FILES)
        return "a file that fails is told of, the others are done, and the exit code says it";
    if (type == NULL || node->in == WEIR_BYTES)
        return "what is wrong with a stream of bytes is wrong with all that follows";
    return "there is nothing about a single one of what it gets that could be wrong";
}

static const struct engine_option {
    const char *name;
    bool (*set)(struct check *check, const struct argument *argument, struct plan_node *node);
    const char *(*refuse)(const struct plan_node *node); /* NULL: every stage can do it */
} engine_options[] = {
    { "par", set_par, refuse_par },
    { "order", set_order, refuse_order },
    { "queue", set_queue, NULL },
    { "pool", set_pool, refuse_pool },
    { "timeout", set_timeout, refuse_timeout },
    { "retry", set_retry, refuse_retry },
    { "onerror", set_onerror, refuse_onerror },
    { "rate", set_rate, refuse_rate },
    { "name", set_name, NULL },
};

enum { ENGINE_OPTIONS = sizeof engine_options / sizeof engine_options[0] };

static bool set_known(struct check *check, const struct argument *argument, const struct engine_option *option,
                      struct plan_node *node)
{
    if (!option->set(check, argument, node))
        return false;
    const char *reason = option->refuse != NULL ? option->refuse(node) : NULL;
    const struct span span = argument->span;
    if (reason != NULL)
        wp_diag(check->diags, span, "%s can't do %.*s: %s", node->stage->name, (int)(span.to - span.from),
                check->syntax->source.text + span.from, reason);
    return reason == NULL;
}

static bool set_engine(struct check *check, const struct argument *argument, struct plan_node *node)
{
    weir_suggest suggest;
    if (argument->name == NULL)
        return false; /* the parser has said that there is none */
    weir_suggest_init(&suggest, argument->name);
    for (size_t i = 0; i < ENGINE_OPTIONS; i++) {
        if (strcmp(engine_options[i].name, argument->name) == 0)
            return set_known(check, argument, &engine_options[i], node);
        weir_suggest_offer(&suggest, engine_options[i].name);
    }
    if (suggest.best != NULL)
        wp_diag(check->diags, argument->span, "unknown option '@%s' (did you mean '@%s'?)", argument->name,
                suggest.best);
    else
        wp_diag(check->diags, argument->span, "unknown option '@%s'", argument->name);
    wp_diag_hint(check->diags, "known are @par @order @queue @pool @timeout @retry @onerror @rate @name");
    return false;
}

/* Where both are said: what is parallel without a word is not when it is to run inline. */
static bool check_lanes(struct check *check, const struct stage_use *use, struct plan_node *node)
{
    const struct argument *par = NULL;
    for (const struct argument *argument = use->engine; argument != NULL; argument = argument->next)
        if (strcmp(argument->name, "par") == 0)
            par = argument;
    if (node->engine.pool != POOL_INLINE || (node->engine.par == 1 && !node->engine.par_cores))
        return true;
    if (par == NULL) {
        node->engine.par_cores = false;
        return true;
    }
    wp_diag(check->diags, par->span, "%s: %.*s takes several lanes, and @pool=inline has one: leave out one of them",
            use->name, (int)(par->span.to - par->span.from), check->syntax->source.text + par->span.from);
    return false;
}

bool wp_check_engine(struct check *check, const struct stage_use *use, struct plan_node *node)
{
    bool good = true;
    const struct node_type *type = wp_node_type_of(node->stage, node->in);
    node->engine = (struct plan_engine){ .par = 1, .par_cores = type != NULL && type->wide };
    for (const struct argument *argument = use->engine; argument != NULL; argument = argument->next)
        good = set_engine(check, argument, node) && good;
    return good && check_lanes(check, use, node);
}
