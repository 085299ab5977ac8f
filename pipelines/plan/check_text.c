/* check_text.c - strings put together: variables, and the places of templates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/suggest.h>

#include "plan/checker.h"
#include "lang/secrets.h"

static const char *find_variable(const struct check *check, const char *name)
{
    for (size_t i = 0; i < check->variable_count; i++)
        if (strcmp(check->variables[i].name, name) == 0)
            return check->variables[i].value;
    return NULL;
}

static const struct let *find_let(const struct check *check, const char *name)
{
    for (const struct let *let = check->syntax->lets; let != NULL; let = let->next)
        if (strcmp(let->name, name) == 0)
            return let;
    return NULL;
}

static void unknown_variable(struct check *check, const struct part *part)
{
    weir_suggest suggest;
    weir_suggest_init(&suggest, part->data);
    for (size_t i = 0; i < check->variable_count; i++)
        weir_suggest_offer(&suggest, check->variables[i].name);
    for (const struct let *let = check->syntax->lets; let != NULL; let = let->next)
        weir_suggest_offer(&suggest, let->name);
    if (suggest.best != NULL)
        wp_diag(check->diags, part->span, "unknown variable '%s' (did you mean '%s'?)", part->data, suggest.best);
    else
        wp_diag(check->diags, part->span, "unknown variable '%s'", part->data);
    wp_diag_hint(check->diags, "set it with  let %s = \"...\"  or  --set %s=...", part->data, part->data);
}

/* Words for people say its name. */
static const char *keep_secret(struct check *check, const char *name, const char *text, size_t size)
{
    struct secret *secret = wp_arena_alloc(check->arena, sizeof *secret);
    const char *value = wp_arena_copy(check->arena, text, size);
    if (secret == NULL || value == NULL)
        return NULL;
    *secret = (struct secret){ .next = check->syntax->secrets, .name = name, .value = value, .size = size };
    check->syntax->secrets = secret;
    return value;
}

/* The first KiB of a file named by the environment, without the newline at its end: how services are given secrets. */
static const char *find_secret(struct check *check, const struct part *part)
{
    const char *name = part->data + strlen("secret.");
    const char *folder = getenv("CREDENTIALS_DIRECTORY"); /* systemd.exec(5) */
    char path[4096], text[1025];
    if (folder == NULL || strchr(name, '/') != NULL ||
        (size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path) {
        wp_diag(check->diags, part->span, "there is no folder of secrets");
        wp_diag_hint(check->diags, "${secret.NAME} is the file NAME in $CREDENTIALS_DIRECTORY, see systemd.exec(5)");
        return NULL;
    }
    FILE *file = fopen(path, "re");
    const size_t size = file != NULL ? fread(text, 1, sizeof text, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    if (file == NULL || size == sizeof text || memchr(text, '\0', size) != NULL) {
        wp_diag(check->diags, part->span, "secret '%s' can't be read, or is more than 1 KiB of text", name);
        return NULL;
    }
    return keep_secret(check, name, text, size > 0 && text[size - 1] == '\n' ? size - 1 : size);
}

/* What a variable stands for. A `let` may use others that stand above it. */
static const char *fill_in(struct check *check, const struct part *part, unsigned depth)
{
    const char *name = part->data;
    if (strncmp(name, "env.", 4) == 0) {
        const char *value = getenv(name + 4);
        if (value == NULL)
            wp_diag(check->diags, part->span, "%s is not set in the environment", name + 4);
        return value;
    }
    if (strncmp(name, "secret.", 7) == 0)
        return find_secret(check, part);
    const char *value = find_variable(check, name);
    if (value != NULL)
        return value;
    const struct let *let = find_let(check, name);
    if (let == NULL) {
        unknown_variable(check, part);
        return NULL;
    }
    if (let->value.kind != VALUE_STRING && let->value.kind != VALUE_WORD) /* a number as it is spelled */
        return wp_arena_copy(check->arena, check->syntax->source.text + let->value.span.from,
                             let->value.span.to - let->value.span.from);
    weir_text text = { 0 };
    const char *result = NULL;
    bool good = true;
    for (const struct part *inner = let->value.parts; good && inner != NULL; inner = inner->next) {
        const char *data = inner->data;
        if (inner->kind == PART_VARIABLE && (depth > 16 || inner->span.from > part->span.from)) {
            wp_diag(check->diags, inner->span, "'%s' is used before it is set", inner->data);
            good = false;
        } else if (inner->kind == PART_VARIABLE) {
            data = fill_in(check, inner, depth + 1);
            good = data != NULL;
        }
        const size_t size = good ? (inner->kind == PART_VARIABLE ? strlen(data) : inner->size) : 0;
        if (good && weir_text_append(&text, data, size) < 0)
            good = !(check->arena->failed = true);
    }
    if (good)
        result = wp_arena_copy(check->arena, text.data, text.size);
    weir_text_fini(&text);
    return result;
}

/* --- plain strings ------------------------------------------------------------------------------ */

static bool append(struct check *check, weir_text *text, const char *data, size_t size)
{
    if (weir_text_append(text, data, size) == 0)
        return true;
    check->arena->failed = true;
    return false;
}

const char *wp_check_text(struct check *check, const struct value *value)
{
    weir_text text = { 0 };
    const char *result = NULL;
    bool good = true;
    for (const struct part *part = value->parts; good && part != NULL; part = part->next) {
        const char *data = part->kind == PART_VARIABLE ? fill_in(check, part, 0) : part->data;
        good = data != NULL && append(check, &text, data, part->kind == PART_VARIABLE ? strlen(data) : part->size);
    }
    if (good && value->kind == VALUE_WORD && text.size > 1 && text.data[0] == '~' && getenv("HOME") != NULL) {
        weir_text home = { 0 };
        const char *folder = getenv("HOME");
        good = append(check, &home, folder, strlen(folder)) && append(check, &home, text.data + 1, text.size - 1);
        result = good ? wp_arena_copy(check->arena, home.data, home.size) : NULL;
        weir_text_fini(&home);
    } else if (good) {
        result = wp_arena_copy(check->arena, text.data, text.size);
    }
    weir_text_fini(&text);
    return result;
}

/* --- templates ------------------------------------------------------------------------------------- */

static struct piece *add_piece(struct check *check, struct piece ***link, enum piece_kind kind, const char *text,
                               size_t size)
{
    struct piece *piece = wp_arena_new(check->arena, struct piece);
    if (piece == NULL)
        return NULL;
    piece->kind = kind;
    piece->size = size;
    piece->text = wp_arena_copy(check->arena, text, size);
    **link = piece;
    *link = &piece->next;
    return piece->text != NULL ? piece : NULL;
}

/* What stands between '{' and '}': a path or a format of the time. */
static bool add_place(struct check *check, struct piece ***link, const struct part *part, const char *text, size_t size)
{
    if (size > 0 && text[0] == '%')
        return add_piece(check, link, PIECE_TIME, text, size) != NULL;
    struct piece *piece = size > 0 && text[0] == '.' ? add_piece(check, link, PIECE_FIELD, text, size) : NULL;
    if (piece != NULL) {
        const struct source source = { .name = check->syntax->source.name, .text = piece->text, .size = size };
        struct diags unheard = { .source = &source };
        struct scan scan = { .source = &source, .diags = &unheard, .arena = check->arena };
        piece->path = wp_parse_path(&scan);
        wp_diag_fini(&unheard);
        if (piece->path != NULL && scan.at == size)
            return true;
    }
    wp_diag(check->diags, part->span, "'{%.*s}' is no place of a template", (int)size, text);
    wp_diag_hint(check->diags, "{.field} and {%%Y%%m%%d} are; for a brace write \\{");
    return false;
}

static bool add_text(struct check *check, struct piece ***link, const struct part *part)
{
    const char *at = part->data, *end = part->data + part->size;
    while (at < end) {
        const char *open = memchr(at, '{', (size_t)(end - at));
        const char *until = open != NULL ? open : end;
        if (until > at && add_piece(check, link, PIECE_TEXT, at, (size_t)(until - at)) == NULL)
            return false;
        if (open == NULL)
            return true;
        const char *close = memchr(open, '}', (size_t)(end - open));
        if (close == NULL) {
            wp_diag(check->diags, part->span, "a '{' of this template has no '}'");
            wp_diag_hint(check->diags, "for a brace write \\{");
            return false;
        }
        if (!add_place(check, link, part, open + 1, (size_t)(close - open) - 1))
            return false;
        at = close + 1;
    }
    return true;
}

bool wp_check_template_word(struct check *check, const struct value *value, struct piece **ret_pieces)
{
    const char *text = wp_check_text(check, value);
    return text != NULL && add_piece(check, &ret_pieces, PIECE_TEXT, text, strlen(text)) != NULL;
}

bool wp_check_template(struct check *check, const struct value *value, struct piece **ret_pieces)
{
    struct piece **link = ret_pieces;
    for (const struct part *part = value->parts; part != NULL; part = part->next) {
        if (part->kind == PART_TEXT) {
            if (!add_text(check, &link, part))
                return false;
            continue;
        }
        const char *data = part->kind == PART_VARIABLE ? fill_in(check, part, 0) : part->data;
        if (data == NULL)
            return false;
        const size_t size = part->kind == PART_VARIABLE ? strlen(data) : part->size;
        if (add_piece(check, &link, PIECE_TEXT, data, size) == NULL)
            return false;
    }
    return true;
}
