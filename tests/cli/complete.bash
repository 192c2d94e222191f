# bash complete.bash SCRIPT LINE: prints what bash would offer at the end of LINE. Like bash, it cuts
# words at blanks and at each =, but not at ^, which here is a = that COMP_WORDBREAKS does not have.
. "$1"
IFS=' ' read -ra COMP_WORDS <<<"${2//=/ = }"
[[ $2 != *' ' ]] || COMP_WORDS+=('')
COMP_WORDS=("${COMP_WORDS[@]//^/=}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
$(complete -p windrow | sed 's/.*-F \([^ ]*\) .*/\1/')
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
