# For the scripts beside this one: `. "$(dirname "$0")/lib.sh"`. Leaves them in the top folder of the tree.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -t 2 && -z ${NO_COLOR:-} ]]; then arrow=$'\033[1m==>\033[0m'; else arrow='==>'; fi
say() { printf '%s %s\n' "$arrow" "$*" >&2; }

stop() {
  printf '%s\n' "$*" >&2
  exit 2
}

# binary NAME: where this program is. Debian has some servers where only root looks, or nobody.
binary() {
  local found
  command -v "$1" && return
  for found in "/usr/sbin/$1" $(printf '%s\n' /usr/lib/postgresql/*/bin/"$1" | sort -rV); do
    [[ ! -x $found ]] || { echo "$found" && return; }
  done
  return 1
}

# slow WORDS COMMAND...: runs it with its output kept back, tells every ten seconds that it still runs, and
# shows the output only if it fails.
slow() {
  local words=$1 log started=$SECONDS pid code=0
  shift
  log=$(mktemp)
  say "$words ..."
  "$@" </dev/null >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    (((SECONDS - started) % 10 != 0 || SECONDS == started)) || say "$words ... $((SECONDS - started)) s"
  done
  wait "$pid" || code=$?
  if ((code == 0)); then
    say "$words: done in $((SECONDS - started)) s"
  else
    cat "$log" >&2
    say "$words: failed with code $code after $((SECONDS - started)) s"
  fi
  rm -f "$log"
  return "$code"
}

# part NAME COMMAND...: runs it and remembers its seconds for parts_report.
parts=()
part() {
  local name=$1 started=$SECONDS code=0
  shift
  say "$name"
  "$@" || code=$?
  parts+=("$(printf '%5d s  %s%s' $((SECONDS - started)) "$name" "$( ((code == 0)) || printf ' (failed)')")")
  return "$code"
}

parts_report() {
  say "seconds of each part, $SECONDS in all"
  printf '%s\n' "${parts[@]}" >&2
}

# in_memory: from here on what tests write is in memory, where there is room. Each acknowledged write is waited for,
# and a disk that others use as well can take seconds for one. What a killed process has written is there
# afterwards in memory too.
in_memory() {
  local memory=/dev/shm
  if [[ -z ${TMPDIR-} && -d $memory && -w $memory ]] && (($(df --output=avail -k "$memory" | tail -n 1) > 4 * 1024 * 1024)); then
    export TMPDIR=$memory
  fi
}

# tests TARGET NAME...: those with one of these in their names. One that no test has (by now) is an error, since
# nothing would run in its place. Of the whole workspace, as in .ci/test: what that has built is what runs.
tests() {
  local target=$1 name listed
  shift
  listed=$(cargo test --workspace --locked "$target" -- --list | sed -n 's/: test$//p')
  for name in "$@"; do
    [[ $listed == *"$name"* ]] || stop "No test of $target is called $name: see $0."
  done
  cargo test --workspace --locked "$target" -- "$@"
}
