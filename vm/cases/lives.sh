# limit: 150
# The library without the command line: lives of devices in one process, see tests/integrity/lives.
for life in pair storm taken user slow opener; do
    say "$life"
    start lives lives $life
    finish lives 60 || { cat lives.out; fail "$life: $(tail -n 1 lives.out)"; }
    cat lives.out
done
