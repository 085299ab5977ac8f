/* test_gunzip.c - stage "gunzip", fed with what "gzip" makes. */
#include "decoder_promises.h"

int main(void)
{
    return decoder_promises("gzip", "gunzip");
}
