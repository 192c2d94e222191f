#!/bin/sh
# abi.sh LIBRARY: the shared library exports the functions of tests/abi.txt. A program that was linked
# with one that is missing does not start any more: that takes a new minor version. After a change that
# is meant, from a build folder:
#   ACCEPT=1 ctest -R '^abi$'
set -eu
list=$(dirname "$0")/abi.txt
nm -D --defined-only "$1" | awk '{ print $3 }' | LC_ALL=C sort >"$1.abi"
[ -s "$1.abi" ] || { echo "$1 exports nothing"; exit 1; }
if [ "${ACCEPT-}" = 1 ]; then
    cp "$1.abi" "$list"
fi
diff -u "$list" "$1.abi"
