#!/bin/sh
# Draws with likeness and with diffusers, in turns and on as many threads, and prints for each run the seconds by the
# clock, the seconds of processor time, and the peak of resident memory and of what the process itself holds in it.
#   beside.sh PYTHON BASE DTYPE SIZE [PAIRS] [options of draw.py, such as --xl, --steps N, --config FOLDER]
# Environment: GUIDANCE, STEPS (1), THREADS (2).
set -eu
here=$(CDPATH= cd -P "$(dirname "$0")" && pwd)
python=$1 base=$2 dtype=$3 size=$4 pairs=${5:-2}
shift 4; [ $# -eq 0 ] || shift
out=$(mktemp -d)
export OMP_NUM_THREADS="${THREADS:-2}"

# Runs a command and prints its figures behind a name.
figures() {
  name=$1; shift
  /usr/bin/time -f "%e s by the clock, %U + %S s of processor time, peak %M kB" -o "$out/time" "$@" > "$out/log" 2>&1 &
  held=0
  while kill -0 $! 2>/dev/null; do
    for p in $(pgrep -P $!); do
      now=$(awk '/RssAnon/ { print $2 }' "/proc/$p/status" 2>/dev/null || true)
      if [ "${now:-0}" -gt "$held" ]; then held=$now; fi
    done
    sleep 0.2
  done
  wait $! || { cat "$out/log"; exit 1; }
  echo "$name: $(tail -n 1 "$out/time"), of it anonymous $held kB"
}

i=0
while [ $i -lt "$pairs" ]; do
  figures likeness "$here/../../examples/bin/likeness" generate --base "$base" --prompt "a photo" --steps "${STEPS:-1}" \
    --guidance "${GUIDANCE:-7.5}" --width "$size" --height "$size" --dtype "$dtype" --out "$out"
  figures diffusers "$python" "$here/draw.py" --base "$base" --steps "${STEPS:-1}" --guidance "${GUIDANCE:-7.5}" \
    --size "$size" --dtype "$(echo "$dtype" | sed "s,f\([0-9]*\)\$,float\1,")" --threads "$OMP_NUM_THREADS" --out "$out/theirs.png" "$@"
  i=$((i + 1))
done
rm -r "$out"
