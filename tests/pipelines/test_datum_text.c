/* test_datum_text.c - numbers are spelled as printf(3) spells them with the fewest digits that are read back the same.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "expr/datum.h"
#include "random_text.h"

static void check_double(double real)
{
    char wanted[64] = "";
    weir_text text = { 0 };
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(wanted, sizeof wanted, "%.*g", digits, real);
        if (strtod(wanted, NULL) == real)
            break;
    }
    CHECK_EQ(wp_datum_append(&text, datum_double(real)), 0);
    if (text.size != strlen(wanted) || memcmp(text.data, wanted, text.size) != 0)
        fprintf(stderr, "%.*s is not %s\n", (int)text.size, text.data, wanted);
    CHECK(text.size == strlen(wanted) && memcmp(text.data, wanted, text.size) == 0);
    weir_text_fini(&text);
}

static void test_doubles(void)
{
    static const double some[] = { 0,       -0.0,      1,           -1,     0.1,         0.039,     1e-4,
                                   0.00011, 9.9999e-5, 999999999.5, 1e9,    1e15,        123456,    1e21,
                                   -2.5e-7, 1e22,      4.35,        0.3,    0.1 + 0.2,   1e-5,      1.005,
                                   100,     5e8,       1e300,       5e-324, 0.000123456, 12.000001, 12.0000001 };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        check_double(some[i]);
    for (int i = 0; i < 20000; i++) {
        static const double powers[] = { 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7 };
        const double digits = (double)random_below(random_below(2) == 0 ? 1000 : 1u << 30);
        check_double(digits / powers[random_below(8)]);
        check_double(-digits * 1e-3);
        check_double(nextafter(digits / 1000, 2));
    }
}

int main(void)
{
    RUN(test_doubles);
    return check_done();
}
