#!/bin/sh
# The table of this machine's class of processor: likeness beside diffusers, OpenVINO and stable-diffusion.cpp, by
# steps.sh, beside.sh and lora.sh in one run. Prints what is measured as it comes, then a Markdown table and what could
# not be measured, with the reason. Takes about half an hour; other programs should rest.
#   table.sh PYTHON SD15 [SIDE (512)] [PARTS, a list of steps, launch, whole, training; all]
# SD15 is a folder of Stable Diffusion 1.5's shapes (folders.py). Environment: as those scripts.
set -eu
root=$(CDPATH= cd -P "$(dirname "$0")/../.." && pwd)
python=$1; shift
exec "$python" "$root/tools/real_size/table.py" "$@"
