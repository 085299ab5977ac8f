/*
 * simdjson_lines.cpp - simdjson doing what bench_json.c does with a file: simdjson_lines FILE [runs].
 *
 *     dom              each line is parsed whole: checked, and made a tree
 *     dom + four       and then ts, path, status and request_time are asked for
 *     on demand + four those fields only: behind the last of them nothing is checked but where strings end, and UTF-8
 *
 * CMake builds it where simdjson and a compiler for C++ are found.
 */
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <simdjson.h>

namespace
{

struct found {
    uint64_t objects, status, path_bytes, ts_bytes;
    double request_time;
};

using take_line = std::function<void(const char *line, size_t size, size_t room, found &found)>;

simdjson::dom::parser dom_parser;
simdjson::ondemand::parser ondemand_parser;

void dom(const char *line, size_t size, size_t, found &found)
{
    found.objects += dom_parser.parse(line, size, false).is_object() ? 1 : 0;
}

void dom_four(const char *line, size_t size, size_t, found &found)
{
    simdjson::dom::object object;
    std::string_view text;
    uint64_t status;
    double took;
    if (dom_parser.parse(line, size, false).get(object) != simdjson::SUCCESS)
        return;
    found.objects++;
    found.ts_bytes += object["ts"].get(text) == simdjson::SUCCESS ? text.size() : 0;
    found.path_bytes += object["path"].get(text) == simdjson::SUCCESS ? text.size() : 0;
    found.status += object["status"].get(status) == simdjson::SUCCESS ? status : 0;
    found.request_time += object["request_time"].get(took) == simdjson::SUCCESS ? took : 0;
}

void ondemand_four(const char *line, size_t size, size_t room, found &found)
{
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    std::string_view text;
    uint64_t status;
    double took;
    if (ondemand_parser.iterate(line, size, room).get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS)
        return;
    found.objects++;
    found.ts_bytes += object["ts"].get(text) == simdjson::SUCCESS ? text.size() : 0;
    found.path_bytes += object["path"].get(text) == simdjson::SUCCESS ? text.size() : 0;
    found.status += object["status"].get(status) == simdjson::SUCCESS ? status : 0;
    found.request_time += object["request_time"].get(took) == simdjson::SUCCESS ? took : 0;
}

double run(const simdjson::padded_string &text, const take_line &take, found &found)
{
    const auto began = std::chrono::steady_clock::now();
    const char *at = text.data(), *end = at + text.size(), *newline;
    const char *readable = end + simdjson::SIMDJSON_PADDING;
    found = {};
    while (at < end && (newline = static_cast<const char *>(memchr(at, '\n', end - at))) != nullptr) {
        take(at, newline - at, readable - at, found);
        at = newline + 1;
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void measure(const char *name, const simdjson::padded_string &text, const take_line &take, unsigned runs, bool fields)
{
    found found;
    double best = run(text, take, found);
    for (unsigned i = 0; i < runs; i++)
        best = std::min(best, run(text, take, found));
    printf("%-18s %6.0f MB/s  %lu objects", name, static_cast<double>(text.size()) / best / 1e6, found.objects);
    if (fields)
        printf(", status %lu, path %lu, ts %lu, request_time %.3f", found.status, found.path_bytes, found.ts_bytes,
               found.request_time);
    printf("\n");
}

} // namespace

int main(int argc, char **argv)
{
    simdjson::padded_string text;
    const unsigned runs = argc > 2 ? static_cast<unsigned>(strtoul(argv[2], nullptr, 10)) : 7;
    if (argc < 2 || simdjson::padded_string::load(argv[1]).get(text) != simdjson::SUCCESS) {
        fprintf(stderr, "usage: simdjson_lines FILE [runs]: a file of lines of JSON\n");
        return 2;
    }
    printf("%s\n", simdjson::get_active_implementation()->name().c_str());
    measure("dom", text, dom, runs, false);
    measure("dom + four", text, dom_four, runs, true);
    measure("on demand + four", text, ondemand_four, runs, true);
    return 0;
}
