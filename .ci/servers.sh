# Private servers, for .ci/private and .ci/cluster: `. .ci/servers.sh` after lib.sh.
# Each start_* takes FOLDER PORT and further options of the server, and returns once the server takes
# connections, with its `pid` set; or fails, and FOLDER/log says why.
# No $(..) and no <(..) in functions that are called after a trap was set: a signal that arrives while bash is
# inside of one can get lost, or is answered by a syntax error instead of the trap.
# shellcheck shell=bash

# A session of its own: Ctrl-C reaches whoever ends the servers in order, not the servers. And whatever becomes
# of the shell that started it, a server does not outlive it.
apart=(env -C / setsid setpriv --pdeathsig)

# postgres refuses to run as root.
owner=()
if ((EUID == 0)); then
  user=postgres
  id -u "$user" &>/dev/null || user=nobody
  owner=(--reuid "$user" --regid "$(id -g "$user")" --clear-groups)
fi

# needed NAME...: looked for here, where `stop` still ends the script.
declare -A at=()
needed() {
  local name
  for name in "$@"; do
    at[$name]=$(binary "$name") || stop "$name is not here: run .ci/need $name"
    # What else is asked for lies beside the real file, not beside a link to it.
    [[ $name != postgres ]] || at[initdb]=$(dirname "$(readlink -f "${at[postgres]}")")/initdb
  done
}

# fresh_folder NAME: sets `folder`. Others may pass through it, since postgres and the worker of nginx are
# somebody else if we are root.
fresh_folder() {
  folder="${TMPDIR:-/tmp}/switchboard-$1.$$.$SRANDOM"
  mkdir -m 711 "$folder"
}

# An acknowledged write is on the disk, as the relay's promises ask for.
start_redis() {
  local folder=$1 port=$2
  shift 2
  mkdir -p "$folder/data"
  : >"$folder/log"
  "${apart[@]}" KILL "${at[redis-server]}" --bind 127.0.0.1 --port "$port" --dir "$folder/data" \
    --appendonly yes --appendfsync always --save '' "$@" </dev/null >"$folder/log" 2>&1 &
  pid=$!
  logged "$folder/log" 'Ready to accept connections'
}

# Its one option is the port of the primary that it watches. It writes into its settings what it finds out.
start_sentinel() {
  local folder=$1 port=$2 primary=$3
  mkdir -p "$folder/data"
  [[ -f $folder/sentinel.conf ]] || printf '%s\n' "dir $folder/data" "bind 127.0.0.1" \
    "sentinel monitor main 127.0.0.1 $primary 2" "sentinel down-after-milliseconds main 1000" \
    "sentinel failover-timeout main 5000" >"$folder/sentinel.conf"
  : >"$folder/log"
  "${apart[@]}" KILL "${at[redis-server]}" "$folder/sentinel.conf" --sentinel --port "$port" \
    </dev/null >"$folder/log" 2>&1 &
  pid=$!
  logged "$folder/log" '+monitor master'
}

start_postgres() {
  local folder=$1 port=$2
  shift 2
  if [[ ! -d $folder/data ]]; then
    mkdir "$folder/data"
    ((${#owner[@]} == 0)) || chown "$user" "$folder/data"
    "${apart[@]}" KILL "${owner[@]}" "${at[initdb]}" --pgdata "$folder/data" --username postgres --auth trust \
      --encoding UTF8 --no-locale --no-sync </dev/null >"$folder/log" 2>&1 || return
  fi
  : >"$folder/log"
  # QUIT, since after KILL a piece of shared memory would stay.
  "${apart[@]}" QUIT "${owner[@]}" "${at[postgres]}" -D "$folder/data" -p "$port" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories="$folder/data" -c max_connections=200 "$@" </dev/null >"$folder/log" 2>&1 &
  pid=$!
  logged "$folder/log" 'database system is ready to accept connections'
}

# Needs FOLDER/nginx.conf, which is given its port here.
start_nginx() {
  local folder=$1 port=$2
  sed "s/@port@/$port/" "$folder/nginx.conf" >"$folder/nginx.now.conf"
  : >"$folder/log"
  "${apart[@]}" TERM "${at[nginx]}" -p "$folder" -e stderr -c "$folder/nginx.now.conf" </dev/null >"$folder/log" 2>&1 &
  pid=$!
  logged "$folder/log" 'start worker process'
}

# on_free_port START FOLDER OPTION...: sets `port` as well. The port is below those that the system hands out
# by itself, and a lock on it lasts for as long as this shell: while a server is down between its kill and its
# restart, nobody else gets its port.
on_free_port() {
  local start=$1 folder=$2 locks=${TMPDIR:-/tmp}/switchboard-ports lock
  shift 2
  [[ -d $locks ]] || mkdir -m 1777 "$locks" 2>/dev/null || [[ -d $locks ]]
  for _ in {1..20}; do
    port=$((20000 + SRANDOM % 12000))
    exec {lock}>>"$locks/$port"
    if ! flock --nonblock "$lock"; then
      exec {lock}>&-
      continue
    fi
    if "$start" "$folder" "$port" "$@"; then return; fi
    exec {lock}>&-
    grep -q 'Address already in use' "$folder/log" || break
  done
  tail -n 20 "$folder/log" >&2
  return 1
}

# logged LOG WORDS: once the server has logged them, in a log that was emptied before it was started: it does so
# itself as well, but maybe after the first look, which would find the words of the start before.
# Its log is asked, and not its port: on a port that was taken, somebody else's server would answer.
logged() {
  local begun=$SECONDS
  # Else the shell has a line of its own about each that is killed.
  disown "$pid"
  until grep -qs "$2" "$1"; do
    kill -0 "$pid" 2>/dev/null || return 1
    if ((SECONDS - begun > 60)); then
      end_server KILL "$pid" 10
      return 1
    fi
    sleep 0.02
  done
}

# end_server SIGNAL PID SECONDS: KILL for one that takes longer than that.
end_server() {
  kill -s "$1" "$2" 2>/dev/null || return 0
  # One that was stopped does not hear anything else.
  kill -s CONT "$2" 2>/dev/null || return 0
  await_end "$2" "$3"
}

await_end() {
  local deadline=$((SECONDS + $2))
  while kill -0 "$1" 2>/dev/null; do
    ((SECONDS < deadline)) || kill -s KILL "$1" 2>/dev/null || true
    sleep 0.02
  done
}
