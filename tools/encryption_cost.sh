#!/bin/sh
# What a store costs a whole headshot run: pairs of runs without and with one, in turns,
# first the one and then the other;
# prints the processor and wall seconds of each. tools/encryption_cost.sh FOLDER PAIRS [OPTION...], the options for
# likeness headshot.
set -eu
folder=$1 pairs=$2
shift 2
root=$(CDPATH= cd -P "$(dirname "$0")/.." && pwd)
mkdir -p "$folder"

run() {
  kind=$1
  shift
  rm -rf "$folder/out" "$folder/store" "$folder/key.txt"
  /usr/bin/time -o "$folder/time" -f "$kind %U %S %e" "$root/likeness" headshot --out "$folder/out" \
    --photos "$root/examples/photos/person-5000000002" "$@" > "$folder/log" 2>&1
  cat "$folder/time"
}

for pair in $(seq "$pairs"); do
  if [ $((pair % 2)) = 1 ]; then
    run plain "$@"
    run store "$@" --store "$folder/store" --key "$folder/key.txt"
  else
    run store "$@" --store "$folder/store" --key "$folder/key.txt"
    run plain "$@"
  fi
done | awk '{ print; fflush(); cpu[$1] += $2 + $3; wall[$1] += $4; d = $2 + $3
  if ($1 == "plain") p = d; else s = d
  if (NR % 2 == 0) { x = s / p - 1; sum += x; square += x * x; n++ } }
  END { printf "processor time: plain %.1f s, store %.1f s a run; wall: %.1f and %.1f s\n",
    cpu["plain"] / n, cpu["store"] / n,
    wall["plain"] / n, wall["store"] / n
    deviation = n > 1 ? sqrt((square - sum * sum / n) / (n - 1) / n) : 0
    printf "the store costs %.2f %% of the processor time (standard error %.2f)\n", 100 * sum / n, 100 * deviation }'
