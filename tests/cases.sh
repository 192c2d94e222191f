#!/bin/sh
# cases.sh TEST_JSON: WINDROW_TEST picks cases of a test; a name that no case has is a failure.
set -u

wrong() {
    echo "$1: $said"
    exit 1
}
said=$(WINDROW_TEST='*texts*' "$1" 2>&1) || wrong "the cases picked fail"
case $said in
*"2 test(s) run"*) ;;
*) wrong "not the two cases whose names hold texts" ;;
esac
said=$(WINDROW_TEST=texts "$1" 2>&1) && wrong "no case is a success"
case $said in
*"no case of this name"*changed_texts_are_read_as_by_jansson*) ;;
*) wrong "does not list the cases" ;;
esac
