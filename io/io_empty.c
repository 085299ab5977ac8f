/* io_empty.c - goes away with the first file of this folder. */
extern int weir_io_empty;
int weir_io_empty;
