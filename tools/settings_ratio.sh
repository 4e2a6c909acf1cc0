#!/bin/sh
# Processor time of a generation with and without the variables of docs/guides/go-faster.md, by turns.
#   ./likeness doctor; tools/settings_ratio.sh [SIZE]
set -eu

likeness_root=$(CDPATH= cd -P "$(dirname "$0")/.." && pwd)
. "$likeness_root/cli/bin/likeness-env"
likeness_build
size=${1:-512}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT INT TERM

# A pipe would print the times of its own shell.
used() {
  times > "$out/times"
  tail -n 1 "$out/times"
}

generate() {
  env "$@" "$LIKENESS_JAVA" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -cp "$likeness_classpath" \
    dev.likeness.cli.LikenessCommand generate --prompt "a photo" --steps 8 --count 2 --seed 1 --width "$size" \
    --height "$size" --out "$out" >/dev/null 2>&1
}

without="-u MALLOC_ARENA_MAX -u MALLOC_MMAP_THRESHOLD_ -u MALLOC_TRIM_THRESHOLD_ -u OPENBLAS_NUM_THREADS
  -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT"
for run in 1 2 3; do
  echo "run $run with the variables, user and system time of this shell's programs so far:"
  generate LIKENESS_RUN=$run
  used
  echo "run $run without them:"
  # shellcheck disable=SC2086
  generate $without
  used
done
