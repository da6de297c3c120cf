# shellcheck shell=sh disable=SC2154 # eval assigns pid
# Owns the servers of one cluster: keeper.sh FOLDER JAVA
#
# Every line on stdin is a command, which is answered with one line. stdin closes when the owner ends, in whatever way. Then
# all servers are killed (stopped ones too) and the folder is removed. All signals are sent from here: a parent that has not
# waited for its child yet cannot hit another process with the same pid.

trap '' INT TERM HUP PIPE
cd "$1" || exit 1
nodes=

while read -r command node signal; do
    eval "pid=\${pid_$node:-}"
    case $command in
    start)
        "$2" "@$node.args" </dev/null >>"$node.log" 2>&1 &
        eval "pid_$node=$!"
        nodes="$nodes $node"
        echo "$!"
        ;;
    signal)
        kill -s "$signal" "$pid" 2>/dev/null
        echo "$?"
        ;;
    kill)
        kill -s KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        echo 0
        ;;
    esac
done

for node in $nodes; do
    eval "kill -s KILL \$pid_$node" 2>/dev/null
done
wait
rm -rf "$1"
