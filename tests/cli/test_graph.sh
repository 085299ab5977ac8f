#!/bin/sh
# test_graph.sh - the picture of a pipeline: what stands in boxes and on arrows, escapes, and Graphviz when it is there.
. "$(dirname "$0")/rig.sh"
says() { checks=$((checks + 1)); grep -qF -e "$1" out || { cat out >&2; fail "there is no '$1'"; }; }
gives() { checks=$((checks + 1)); diff wanted out >&2 || fail "not the graph that was expected"; }

# --- to the letter ---------------------------------------------------------------------------------
cat >wanted <<'END'
flowchart LR
  n0["files<br/>#34;logs#34;<br/>match=#34;*.gz#34;"]
  n1["each<br/>@par=3 @order=any"]
  n4["remove<br/>source"]
  n0 -->|"files<br/>8 batches"| n1
  subgraph f0["each: for each file"]
    n2["read"]
    n3["write<br/>#34;{.stem}#34;<br/>atomic"]
    n2 -->|"bytes<br/>512 KiB"| n3
  end
  n1 -.->|"a file"| n2
  n1 -->|"files<br/>8 batches"| n4
END
want 0 "$weir" graph --mem 256MiB --format mermaid \
    'files "logs" match="*.gz" | each { read | write "{.stem}" atomic } @par=3 @order=any | remove source'
gives
want 0 "$weir" graph 'files "logs" | each { read | write "{.stem}" } | remove source'
says 'subgraph cluster_0 {'; says 'label="each: for each file";'
says 'n1 -> n2 [style=dashed, label="a file"];'; says 'n0 -> n1 [label="files\n8 batches"];'
mkdir data
want 0 "$weir" graph 'sums: files data | hash md5 | write m'; says 'label="sums";'; says 'label="one job: the hashing job";'

# --- names that mean something to the format -----------------------------------------------------------
odd='read "a\"b\\c#d<e>&amp;`$(date)" @name="x\"]; y" | write "\u{fc}"'
want 0 "$weir" graph "$odd"; says 'x\"]; y (read)'; says '\"a\\\"b\\\\c#d<e>&amp;amp;`$(date)\"'
want 0 "$weir" graph --format mermaid "$odd"; says 'x#34;]#59; y (read)'; says '#38;amp#59;#96;$(date)#34;'
# shellcheck disable=SC2016 # it is not for the shell
want 0 env CREDENTIALS_DIRECTORY="$dir" sh -c 'printf hush >key; "$1" graph "read a | write \"\${secret.key}\""' - "$weir"
says '${secret.key}'; grep -q hush out && fail "a secret is shown"

# --- Graphviz ----------------------------------------------------------------------------------------------
if command -v dot >/dev/null 2>&1; then
    want 0 "$weir" graph --format svg "$odd"; says '</svg>'; says 'a\&quot;b\\c#d&lt;e&gt;&amp;amp;'
    [ ! -s err ] || fail "Graphviz complains: $(cat err)"
else
    echo "not drawn: no dot here"
fi
mkdir none; want 1 env PATH="$dir/none" "$weir" graph --format svg "$odd"; grep -qF "install Graphviz" err || fail "$(cat err)"
printf '#!/bin/sh\nexit 3\n' >none/dot; chmod +x none/dot
want 1 env PATH="$dir/none:$PATH" "$weir" graph --format svg "$odd"; grep -qF "'dot' failed" err || fail "$(cat err)"

# --- the mistakes of a new user --------------------------------------------------------------------------------
want 2 "$weir" graph --format png "$odd"; grep -qF "must be one of dot, mermaid, svg" err || fail "$(cat err)"
want 2 "$weir" graph --fromat svg "$odd"; grep -qF "did you mean '--format'?" err || fail "$(cat err)"
want 2 "$weir" graph; want 2 "$weir" graph 'read a | zsdt'; grep -qF "did you mean 'zstd'?" err || fail "$(cat err)"
echo "$checks checks"
