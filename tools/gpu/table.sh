#!/bin/sh
# JMH's table of the hot path on a GPU (step, decode, attention, LoRA step, ten persons), on random weights.
#   table.sh PYTHON [options of JMH, such as -p family=sd15]
# PYTHON has torch and diffusers 0.42.1, to write the shapes. Environment: FOLDER (/tmp/likeness-gpu) receives them;
# DEVICE (cuda); SIZE (full, or tiny). Needs `mvn package -P cuda -DskipTests -pl benchmarks -am` before.
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
[ $# -gt 0 ] || { echo "usage: table.sh PYTHON [options of JMH]" >&2; exit 2; }
python=$1
shift
folder=${FOLDER:-/tmp/likeness-gpu}
size=${SIZE:-full}
if [ ! -d "$folder/models-$size" ]; then
  golden=$root/diffusion-core/src/test/resources/golden
  rm -rf "$folder/tokenizers"
  for pair in clip:sd1/tokenizers/sd1-today t5:t5/today qwen:qwen/today; do
    mkdir -p "$folder/tokenizers/${pair%%:*}"
    cp "$golden/${pair#*:}"/* "$folder/tokenizers/${pair%%:*}/"
  done
  find "$folder/tokenizers" -name '*.gz' -exec gunzip {} +
  "$python" "$root/tools/gpu/folders.py" "$folder/tokenizers" "$folder/models-$size" "$size"
fi
exec java -cp "$root/benchmarks/target/classes:$(cat "$root/benchmarks/target/classpath.txt")" org.openjdk.jmh.Main \
  GpuBenchmark -p folders="$folder/models-$size" -p device="${DEVICE:-cuda}" -p size="$size" "$@"
