# zsh -f complete.zsh SCRIPT LINE: prints what zsh offers at the end of LINE, which is typed into
# another zsh, with a tab. The descriptions go to the file zsh/told, that of each option in a line.
zmodload zsh/zpty || exit 77
export ZDOTDIR=$PWD/zsh SCRIPT=$1
rm -rf $ZDOTDIR && mkdir $ZDOTDIR
cat >$ZDOTDIR/.zshrc <<'END'
PS1=
stty columns 1000
autoload -Uz compinit && compinit -C -d $ZDOTDIR.dump
source $SCRIPT
# Writes down what completion functions add, unless they only filter an array.
compadd() {
    builtin compadd "$@"
    local -i code=$? told=${argv[(i)-d]}
    local -a hits
    if ((!${argv[(I)-[a-zA-Z]#[OAD]]})); then
        builtin compadd -O hits "$@"
        (($#hits == 0)) || print -rl -- $hits >>$ZDOTDIR/found
    fi
    ((told >= $#)) || print -rl -- "${(@P)argv[told + 1]}" >>$ZDOTDIR/told
    return code
}
finished() { print -r -- finished >>$ZDOTDIR/found }
tab() {
    comppostfuncs=(finished)
    zle complete-word
}
zle -N tab
bindkey '^I' tab
END
zpty shell zsh -i
zpty -w -n shell "$2"$'\t'
for try in {1..600}; do
    ! grep -qx finished $ZDOTDIR/found 2>/dev/null || break
    sleep 0.05
done
zpty -d shell
grep -qx finished $ZDOTDIR/found || exit 1
grep -vx finished $ZDOTDIR/found || true
