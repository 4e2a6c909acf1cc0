#!/bin/sh
# Draws with likeness, with diffusers and, where it is installed, with stable-diffusion.cpp, in turns and on as many threads.
# Prints for each run the seconds from launch to the first step, of the whole, of processor time, of a step and of decoding,
# and the peak of resident memory and of what the process itself holds in it; then ratios of the medians.
#   beside.sh PYTHON BASE DTYPE SIZE [PAIRS] [--launch] [options of draw.py, such as --xl, --channels-last, --config FOLDER]
# --launch goes no further than the first step. Environment: GUIDANCE (7.5), STEPS (1), THREADS (2), SD_CPP (its command;
# else sd-cli or sd on the PATH).
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
likeness_root=$root
. "$root/cli/bin/likeness-env"
likeness_build
likeness_share
export OMP_NUM_THREADS="${THREADS:-2}"
python=$1; shift
exec "$python" "$root/tools/real_size/beside.py" "$@"
