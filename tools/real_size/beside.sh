#!/bin/sh
# Generates with likeness, with diffusers and, if it is installed, with stable-diffusion.cpp, in turns, with as many
# threads. Prints for each run: seconds from launch to the first step, of the whole run, of processor time, of a step
# and of decoding; the peak of resident memory, and of its part that is not mapped from files. Then
# prints the ratios of the medians.
#   beside.sh PYTHON BASE DTYPE SIZE [PAIRS] [--launch] [options of generate.py]
# Options of generate.py: such as --xl, --channels-last, --config FOLDER.
# --launch ends each run after the first step. Environment: GUIDANCE (7.5), STEPS (1), THREADS (2), SD_CPP (its command;
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
