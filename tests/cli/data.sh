#!/bin/sh
# Unusable data and configuration: exit code 3, a message with file and line, and no output file.
. "$(dirname "$0")/lib.sh"

# no FILE-OR-OPTIONS... like PATTERN: checks that windrow train with these options ends with 3.
unusable() {
    pattern=$1
    shift
    refuses_like 3 "$pattern" train "$@" --epochs 1 --save model --history history
    absent model history
}

refuses 3 "missing.csv: cannot be opened: No such file or directory" train --data missing.csv
: >empty.csv
unusable "empty.csv*" --data empty.csv
printf 'x\n' >head.csv
unusable "head.csv*" --data head.csv
printf 'a,b\n1,2\n3\n5,6\n' >ragged.csv
unusable "ragged.csv*3*" --data ragged.csv
printf 'a,b\n1,2\n3,4,5\n5,6\n' >ragged.csv
unusable "ragged.csv*3*" --data ragged.csv
printf 'day,x\nMon,1\nTue,two\nWed,3\n' >text.csv
unusable "text.csv*" --data text.csv
unusable "text.csv: line 3, column \"x\"*" --data text.csv --target x --window 1
unusable "text.csv*" --data text.csv --target day
for value in nan NaN inf -Infinity 1e999 ''; do
    printf 'x\n1\n2\n3\n%s,\n5\n6\n7\n8\n' "\"$value\"" | sed 's/,$//' >odd.csv
    unusable "odd.csv*5*" --data odd.csv --target x
done
printf 'x\n1\n"2\n3\n' >quote.csv
unusable "quote.csv*" --data quote.csv
unusable ".*" --data .

printf 'a,b\n1,2\n3,4\n5,6\n7,8\n9,10\n11,12\n13,14\n' >good.csv
unusable "good.csv*\"c\"*" --data good.csv --target c
unusable "good.csv*\"3\"*" --data good.csv --target 3
unusable "good.csv*\"0\"*" --data good.csv --inputs 0
refuses 3 "--target: column '1' is in the list twice" train --data good.csv --target a,1
unusable "good.csv*7*" --data good.csv --window 7
unusable "good.csv*7*" --data good.csv --window 4294967295
unusable "synthetic*5*" --length 5

# Files of parameters: the smallest valid one, then the same with one error at a time.
run train --epochs 1 --hidden 2 --quiet --save good.safetensors
exits 0
run train --epochs 1 --hidden 2 --models 3 --quiet --save stack.safetensors
exits 0
refuses 3 "--init missing: neither notebook, pytorch, glorot, orthogonal nor a file: No such file or directory" \
    train --init missing
refuses 3 "--hidden 3 contradicts good.safetensors, whose hidden size is 2; leave --hidden out" \
    train --init good.safetensors --hidden 3
refuses 3 "good.safetensors is for 1 inputs, --inputs a,b has 2" \
    train --init good.safetensors --data good.csv --inputs a,b
refuses 3 "good.safetensors is for 1 targets, --target a,b has 2" \
    train --init good.safetensors --data good.csv --target a,b --inputs a
refuses 3 "stack.safetensors holds 3 models, --models is 1; try --models 3" \
    train --init stack.safetensors
refuses 3 "stack.safetensors holds 3 models, --models is 5; try --models 3" \
    train --init stack.safetensors --models 5
unusable "empty.csv*" --init empty.csv
unusable ".*" --init .
head -c 100 good.safetensors >cut.safetensors
unusable "cut.safetensors*" --init cut.safetensors
head -c -1 good.safetensors >cut.safetensors
unusable "cut.safetensors*" --init cut.safetensors
{ cat good.safetensors && printf x; } >long.safetensors
unusable "long.safetensors*" --init long.safetensors
printf '\377\377\377\377\377\377\377\177{}' >huge.safetensors
unusable "huge.safetensors*" --init huge.safetensors
sed 's/"F32"/"F64"/' good.safetensors >type.safetensors
unusable "type.safetensors*F64*" --init type.safetensors
sed 's/head\.bias/head.bite/' good.safetensors >name.safetensors
unusable "name.safetensors*head.bi*" --init name.safetensors

# More memory than any machine has is refused by the computed need.
refuses_like 5 "*4294967295*" train --hidden 4294967295 --save model --history history
refuses_like 5 "*4000000*" train --hidden 4000000 --device cpu --save model --history history
refuses_like 5 "*4294967295*" train --models 4294967295 --device cpu --save model --history history
absent model history
finish
