/* document_none.c - documents where there is no libfyaml: told, not read. */
#include "document/document.h"

int wp_document_tree(const struct source *yaml, struct arena *arena, struct diags *diags, struct doc_node **ret_root)
{
    (void)yaml;
    (void)arena;
    (void)ret_root;
    wp_diag(diags, (struct span){ 0, 0 }, "this weir was built without libfyaml: it reads no YAML and no JSON");
    wp_diag_hint(diags, "'weir --version' lists what it is made of; build it with -DWEIR_YAML=ON");
    return -EINVAL;
}

const char *wp_document_backend(void)
{
    return "none";
}
