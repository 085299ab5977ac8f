/* stages_empty.c - goes away with the first file of this folder. */
extern int weir_stages_empty;
int weir_stages_empty;
