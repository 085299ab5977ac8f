/* test_unlz4.c - stage "unlz4", fed with what "lz4" makes. */
#include "decoder_promises.h"

int main(void)
{
    return decoder_promises("lz4", "unlz4");
}
