/* habits.c - shells, SQL, jq, Vector and Python, as far as their words have another name here. */
#include "lang/habits.h"

#include <stddef.h>
#include <string.h>

struct habit {
    const char *name, *hint;
};

static const struct habit stages[] = {
    { "awk", "'where' chooses records, 'set' and 'keep' change them, 'stats' sums them up" },
    { "cat", "'read' gives the bytes of files" },
    { "cut", "'csv', 'kv' or 'regex' makes fields of lines, 'keep' chooses among them" },
    { "distinct", "'dedupe' lets the first of each pass" },
    { "egrep", "where .line =~ /regex/" },
    { "echo", "'print' writes a line for each record" },
    { "filter", "'where' chooses records: where .status >= 500" },
    { "find", "'files' walks directories" },
    { "grep", "where .line =~ /regex/" },
    { "group_by", "'stats' and 'count' group: stats count, sum(.n) by .host" },
    { "gzcat", "read \"FILE\" | gunzip" },
    { "jq", "'json' parses; 'where', 'set', 'keep' and 'drop' do the rest; 'to json' writes" },
    { "limit", "'head' lets so many pass" },
    { "map", "'set' gives fields values: set .ms = .s * 1000" },
    { "md5sum", "hash md5" },
    { "mutate", "'set', 'rename', 'keep' and 'drop' change records" },
    { "parse_json", "'json' parses lines" },
    { "remap", "'set', 'rename', 'keep' and 'drop' change records" },
    { "sed", "set .line = replace(.line, /regex/, \"text\")" },
    { "select", "'where' chooses records, 'keep' chooses fields" },
    { "sha256sum", "hash sha256" },
    { "sum", "stats sum(.f)" },
    { "uniq", "dedupe consecutive; or, to count, count by .line" },
    { "wc", "'count' counts records" },
    { "xxhsum", "hash xxh128" },
    { "zcat", "read \"FILE\" | decompress" },
};

static const struct habit operators[] = {
    { "=", "'==' compares" },
    { "and", "it is written '&&'" },
    { "contains", "it is a function: contains(.f, \"text\")" },
    { "ends_with", "it is a function: ends_with(.f, \"text\")" },
    { "is", "'==' compares" },
    { "like", "'=~' matches: .f =~ /regex/" },
    { "matches", "'=~' matches: .f =~ /regex/" },
    { "not", "it is written '!'" },
    { "or", "it is written '||'" },
    { "starts_with", "it is a function: starts_with(.f, \"text\")" },
    { "~", "'=~' matches: .f =~ /regex/" },
};

static const char *find(const struct habit *habits, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(habits[i].name, name) == 0)
            return habits[i].hint;
    return NULL;
}

const char *wp_habit_stage(const char *name)
{
    return find(stages, sizeof stages / sizeof stages[0], name);
}

const char *wp_habit_operator(const char *text)
{
    return find(operators, sizeof operators / sizeof operators[0], text);
}
