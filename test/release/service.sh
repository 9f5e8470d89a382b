#!/bin/sh
# Stands for systemctl: starts and stops what `current` leads to. Arguments: start|stop SITE DATA PORT
set -eu
pid_file=$2/pid
case $1 in
start)
    setsid python3 "$2/current/lbzf" up --data "$3" --port "$4" >>"$2/service.log" 2>&1 </dev/null &
    echo $! >"$pid_file"
    ;;
stop)
    [ -f "$pid_file" ] || exit 0
    pid=$(cat "$pid_file")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    rm -f "$pid_file"
    ;;
esac
