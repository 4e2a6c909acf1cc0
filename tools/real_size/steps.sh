#!/bin/sh
# Times the parts of a generation at real size with likeness and diffusers: JMH first, then the same in Python, then the
# ratios. If OpenVINO is installed for PYTHON, its step follows (with int8 also NNCF is needed); if stable-diffusion.cpp
# is installed, its step and decoding follow.
#   steps.sh PYTHON BASE DTYPE SIDE [PARTS, a pattern of step, decode, encode, prompts]
# DTYPE is f32, bf16 or int8. With int8, only steps are timed: likeness multiplies in 8 bits beside bf16, with the
# calibration beside BASE, which is made if there is none; diffusers computes in bf16. Needs `mvn package` before.
# Environment: THREADS (2), SD_CPP (its command; else sd-cli or sd on the PATH), OPENVINO_MODELS (a folder that keeps
# OpenVINO's models; else they are made anew).
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
likeness_root=$root
. "$root/cli/bin/likeness-env"
export OMP_NUM_THREADS="${THREADS:-2}"
dtype=$3
parts=${5:-.*}
products=false
if [ "$dtype" = int8 ]; then
  dtype=bf16
  parts=step
  products=true
  [ -e "$2/eight-bits.safetensors" ] ||
    "$root/likeness" calibrate --base "$2" --dtype bf16 --width "$4" --height "$4" >&2
fi
out=$(mktemp)
java -cp "$root/benchmarks/target/classes:$(cat "$root/benchmarks/target/classpath.txt")" org.openjdk.jmh.Main \
  "NetworkBenchmark.($parts)" -p base="$2" -p dtype="$dtype" -p side="$4" -p eightBits=$products \
  -rf json -rff "$out" > "$out.log" || { cat "$out.log"; exit 1; }
env -u OPENBLAS_NUM_THREADS -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT \
  "$1" "$root/tools/real_size/steps.py" "$2" "$3" "$4" "$out"
if [ $products = true ]; then
  java -cp "$root/benchmarks/target/classes:$(cat "$root/benchmarks/target/classpath.txt")" \
    dev.likeness.benchmarks.EightBitError "$2" "$4"
fi
rm "$out" "$out.log"
