#!/bin/sh
# A step of LoRA training at real size, likeness beside diffusers and peft, in turns; then the medians, their ratios,
# and the share of the rate of a plain product of matrices that each reached.
#   lora.sh PYTHON BASE DTYPE SIDE [recompute]
# BASE is a diffusers folder of Stable Diffusion 1.5 (folders.py), SDXL, FLUX.2 klein or Z-Image (training_folders.py).
# Environment: THREADS (2), PAIRS (1). Needs `mvn package` before.
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
likeness_root=$root
. "$root/cli/bin/likeness-env"
export OMP_NUM_THREADS="${THREADS:-2}"
python=$1; shift
i=0
while [ $i -lt "${PAIRS:-1}" ]; do
  classes=$root/benchmarks/target/classes:$(cat "$root/benchmarks/target/classpath.txt")
  echo "likeness: $(java -XX:+UseSerialGC -cp "$classes" \
    dev.likeness.benchmarks.TrainingTimes "$@" 2> /dev/null)"
  echo "diffusers: $(env -u OPENBLAS_NUM_THREADS -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT \
    "$python" "$root/tools/real_size/lora.py" "$@" 2> /dev/null)"
  i=$((i + 1))
done | "$python" "$root/tools/measuring/ratios.py"
