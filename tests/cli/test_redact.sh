#!/bin/sh
# test_redact.sh - redact in lines, in records of JSON and in fields that other stages made.
. "$(dirname "$0")/pipeline_rig.sh"

# Lines: as sed has it, also where they are long or no UTF-8.
{ seq 1 3000 | sed 's/$/ mail a.b@c.de and 10.1.2.3/'; printf '\377 x@y.org\377\n\n'; head -c 900000 /dev/zero | tr '\0' z; printf ' x@y.org'; } >text
want 0 run 'read text | lines | redact email,ipv4 with="<gone>" | to raw | write new'
{ cat text; echo; } | sed 's/[a-z.]*@[a-z.]*[a-z]/<gone>/g; s/10\.1\.2\.3/<gone>/g' >wanted
same wanted new "lines"
: >empty
want 0 run 'read empty | lines | redact card | to raw | write new'
same empty new "nothing"

# JSON: strings by what they mean, numbers of cards as numbers; all else stays as it is spelled.
printf '%s\n' '{ "m":"\u0061@b.org \n1.2.3.4", "n":4111111111111111, "l":[1.50,{"k@k.org":"::1"}] }' '{ "a" : 1 }' >data.json
want 0 run 'read data.json | lines | json | redact email,ipv4,ipv6,card | to json | write new'
printf '%s\n' '{ "m":"*** \n***", "n":"***", "l":[1.50,{"k@k.org":"***"}] }' '{ "a" : 1 }' >wanted
same wanted new "JSON"
want 0 run 'read data.json | lines | json | redact email,ipv4,ipv6,card | to raw | write new'
same wanted new "the line of JSON"
want 0 run 'read data.json | lines | json | set .copy = .m, .l2 = .l, .line = "ip 1.2.3.4" | redact ipv4,ipv6 | keep .copy,.l2 | to json | write new'
printf '%s\n' '{"copy":"a@b.org \n***","l2":[1.50,{"k@k.org":"***"}]}' '{"copy":null,"l2":null}' >wanted
same wanted new "fields that were set"
want 0 run 'read data.json | lines | json | set .line = "ip 1.2.3.4" | redact ipv4 | to raw | write new'
printf 'ip ***\nip ***\n' >wanted
same wanted new "a line that was set"
want 0 run 'read data.json | lines | json | redact email,ipv4 | where contains(.m, "@") | to json | write new'
same empty new "what expressions see"
printf 'who=x@y.org ip=1.2.3.4 n=5 q="a \\"x@y.org\\""\n' >pairs
want 0 run 'read pairs | lines | logfmt | redact email,ipv4 | to json | write new'
printf '%s\n' '{"who":"***","ip":"***","n":"5","q":"a \"***\""}' >wanted
same wanted new "logfmt"

# Several batches at once give what one after the other gives.
want 0 run 'generate kind=json size=2MiB | lines | json | redact ipv4,email | to json | write one'
want 0 run 'generate kind=json size=2MiB | lines | json | redact ipv4,email @par=3 | to json | write many'
[ -s one ] || fail "nothing came"
same one many "@par"

# Hashes: the same for the same, another with a key.
printf '1.2.3.4\n' >address
want 0 run 'read address | lines | redact ipv4 hash | to raw | write new'
printf '%s\n' "$(printf '1.2.3.4' | sha256sum | cut -c1-16)" >wanted
same wanted new "a hash"
want 0 run 'read address | lines | redact ipv4 hash key="secret" | to raw | write new'
printf '%s\n' "$(printf 'secret1.2.3.4' | sha256sum | cut -c1-16)" >wanted
same wanted new "a hash with a key"

want 2 run 'read text | lines | redact emial | to raw | null'
says "redact: no kinds 'emial' (did you mean 'email'?)"
want 2 run 'read text | lines | redact | to raw | null'
says "redact: kinds is missing"
want 2 run 'read text | redact email | null'
says "redact takes records, but read gives bytes"
echo "$checks checks"
