/* suggest.c - edit distance with swaps (optimal string alignment), bounded to what anyone would suggest. */
#include <weir/suggest.h>

#include <string.h>

enum { DISTANCE_MAX = 2, LENGTH_MAX = 64 };

static unsigned char lower(char letter)
{
    const unsigned char byte = (unsigned char)letter;
    return byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte | 0x20) : byte;
}

static unsigned smaller(unsigned left, unsigned right)
{
    return left < right ? left : right;
}

/* Three rows of the usual matrix are enough: a swap looks back two. */
static unsigned edit_distance(const char *left, size_t left_size, const char *right, size_t right_size)
{
    unsigned rows[3][LENGTH_MAX + 1];
    for (unsigned j = 0; j <= right_size; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= left_size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= right_size; j++) {
            const unsigned char l = lower(left[i - 1]), r = lower(right[j - 1]);
            unsigned best = smaller(above[j], row[j - 1]) + 1;
            best = smaller(best, above[j - 1] + (l != r));
            if (i > 1 && j > 1 && l == lower(right[j - 2]) && lower(left[i - 2]) == r)
                best = smaller(best, above2[j - 2] + 1);
            row[j] = best;
        }
    }
    return rows[left_size % 3][right_size];
}

void weir_suggest_init(weir_suggest *self, const char *word)
{
    *self = (weir_suggest){ .word = word, .best = NULL, .best_distance = DISTANCE_MAX + 1 };
}

void weir_suggest_offer(weir_suggest *self, const char *candidate)
{
    const size_t word_size = strlen(self->word), size = strlen(candidate);
    const size_t gap = word_size > size ? word_size - size : size - word_size;
    if (word_size > LENGTH_MAX || size > LENGTH_MAX || gap > DISTANCE_MAX)
        return;
    const unsigned distance = edit_distance(self->word, word_size, candidate, size);
    if (distance < self->best_distance && 2 * distance < word_size) {
        self->best = candidate;
        self->best_distance = distance;
    }
}
