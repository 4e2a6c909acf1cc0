#!/bin/sh
# Times the parts of a generation at real size with likeness and diffusers: JMH first, then the same in Python, then the
# ratios. If stable-diffusion.cpp is installed, its step and decoding follow.
#   steps.sh PYTHON BASE DTYPE SIDE [PARTS, a pattern of step, decode, encode, prompts]
# Environment: THREADS (2), SD_CPP (its command; else sd-cli or sd on the PATH). Needs `mvn package` before.
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
likeness_root=$root
. "$root/cli/bin/likeness-env"
export OMP_NUM_THREADS="${THREADS:-2}"
out=$(mktemp)
java -cp "$root/benchmarks/target/classes:$(cat "$root/benchmarks/target/classpath.txt")" org.openjdk.jmh.Main \
  "NetworkBenchmark.(${5:-.*})" -p base="$2" -p dtype="$3" -p side="$4" -rf json -rff "$out" > "$out.log" || { cat "$out.log"; exit 1; }
env -u OPENBLAS_NUM_THREADS -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT "$1" "$root/tools/real_size/steps.py" "$2" "$3" "$4" "$out"
rm "$out" "$out.log"
