#!/bin/sh
# Peak memory, mapped files included, and seconds of identity at real size, with random weights of identity_folders.py:
# a training step of a LoRA of rank 16 at 512 pixels, with gradient checkpointing; an image of one step at 512 pixels
# with two reference images of 512. More steps need no more memory.
#   identity.sh FOLDER DTYPE train-klein|train-zimage|image-klein... [eight-bits]
# Environment: THREADS (2); LEAST (1536), the MiB of available memory below which a measurement is stopped.
# Needs `mvn package` before.
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
likeness_root=$root
. "$root/cli/bin/likeness-env"
export OMP_NUM_THREADS="${THREADS:-2}"
folder=$1 dtype=$2
shift 2
words=
for word; do [ "$word" != eight-bits ] || words=eight-bits; done

# Runs a program of the benchmarks, and stops it before the machine runs out of memory.
measure() {
  "$LIKENESS_JAVA" -XX:+UseSerialGC -Xmx1g -cp \
    "$root/benchmarks/target/classes:$(cat "$root/benchmarks/target/classpath.txt")" "$@" 2>&1 &
  program=$!
  while kill -0 $program 2>/dev/null; do
    available=$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
    if [ "$available" -lt "${LEAST:-1536}" ]; then
      echo "stopped: only $available MiB are available" >&2
      kill $program
    fi
    sleep 1
  done
  wait $program
}

for work; do
  case $work in
    train-*) echo "$work $dtype $words: $(measure dev.likeness.benchmarks.TrainingTimes \
      "$folder/${work#train-}" "$dtype" 512 recompute rank16 steps1 $words | grep '^seconds\|xception')" ;;
    image-*) echo "$work $dtype $words: $(measure dev.likeness.benchmarks.ReferenceTimes \
      "$folder/${work#image-}" "$dtype" 512 steps1 $words | grep '^step\|xception')" ;;
  esac
done
