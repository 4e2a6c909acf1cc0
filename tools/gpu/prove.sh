#!/bin/sh
# Proves or refutes groups of claims about a GPU, one JSON line after every finding.
#   prove.sh GROUP...    on the machine with the GPU, after unpack.sh
#   prove.sh rehearse    everything here, on the CPU with small shapes: packing, unpacking, all groups, a cut-off run,
#                        a limit
# Groups: a opening, doctor, memory, f32 against the CPU, kernels, waits; b SD 1.5 and SDXL shapes against diffusers,
# eager and compiled; c klein, Z-Image and FLUX.1 shapes, streaming from the host; d LoRA steps against diffusers and
# peft; e ten persons in a batch; f IP-Adapter, ControlNet, face guidance; g out of memory; h four threads;
# i compute-sanitizer.
# Environment: FOLDER (/tmp/likeness-gpu) of unpack.sh; OUT (FOLDER/out) for prove.jsonl; DEVICE (cuda); SIZE (full, or
# tiny); LIMITS (1), a factor of every item's time limit; PYTHON (python3), which has torch for CUDA 13.
# A run that was cut off goes on with the next item when it is started again with the same OUT.
set -eu
here=$(CDPATH= cd -P "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
FOLDER=${FOLDER:-/tmp/likeness-gpu}
python=${PYTHON:-python3}
export PYTORCH_ALLOC_CONF=expandable_segments:True
export MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=150000000 MALLOC_TRIM_THRESHOLD_=400000000
say() { echo "prove: $*" >&2; }

prepare() {
  proof=$FOLDER/proof
  [ -x "$proof/java/bin/java" ] || { say "$proof is missing; run unpack.sh $FOLDER first"; exit 4; }
  mkdir -p "$OUT"
  lines=$OUT/prove.jsonl
  # An ordinary pip target, so that nothing of that machine's Python changes.
  if [ ! -d "$FOLDER/site" ]; then
    "$python" -m pip install -q --no-index --no-deps --no-compile --disable-pip-version-check --target "$FOLDER/site" \
      "$proof"/wheels/*.whl >&2 || say "no wheels; comparisons with diffusers use what is installed"
    mkdir -p "$FOLDER/site"
  fi
  PYTHONPATH=$FOLDER/site${PYTHONPATH:+:$PYTHONPATH}
  export PYTHONPATH PYTHONUNBUFFERED=1
  if [ ! -d "$FOLDER/models-$SIZE" ]; then
    "$python" "$proof/folders.py" "$proof/tokenizers" "$FOLDER/models-$SIZE" "$SIZE" >&2
  fi
  if [ "$DEVICE" != cpu ]; then
    # CUDA, cuDNN and NCCL of the Python packages.
    cuda=$("$python" -c 'import glob, site; print(":".join(sorted(
      d for s in site.getsitepackages() for d in glob.glob(s + "/nvidia/*/lib") + glob.glob(s + "/nvidia/*/*/lib"))))')
    [ -n "$cuda" ] || say "Python has no nvidia packages; CUDA must be on LD_LIBRARY_PATH"
  fi
}

# The Java side of groups; SANITIZER may name a program that runs it.
java_side() {
  # shellcheck disable=SC2086
  LD_LIBRARY_PATH=${cuda:-}${cuda:+:}${LD_LIBRARY_PATH:-} ${SANITIZER:-} "$proof/java/bin/java" -Xmx4g \
    -Djava.awt.headless=true -Dorg.bytedeco.javacpp.cachedir="$FOLDER/javacpp" -cp "$proof/lib/*" \
    dev.likeness.benchmarks.gpu.GpuProof "$lines" "$FOLDER/models-$SIZE" "$DEVICE" "$SIZE" "$LIMITS" "$@" \
    2>> "$OUT/java.log"
}

# Runs a side again and again until no item is left: after a limit (75) or a crash it goes on with the next one.
through() {
  tries=0
  until "$@"; do
    status=$?
    tries=$((tries + 1))
    say "$1 ended with $status"
    [ "$tries" -lt 12 ] || return 0
  done
}

# Writes a line: STATE TEXT.
sanitizer_line() {
  printf '{"name": "i.sanitizer", "side": "likeness", "state": "%s", "text": "%s"}\n' "$1" "$2" >> "$lines"
}

sanitized() {
  if ! command -v compute-sanitizer > /dev/null; then
    sanitizer_line skipped "no compute-sanitizer here"
    through java_side i
    return
  fi
  SANITIZER="timeout 420 compute-sanitizer --tool memcheck --log-file $OUT/sanitizer.log"
  java_side i || true
  SANITIZER=
  verdict=$(grep -h 'ERROR SUMMARY' "$OUT/sanitizer.log" | tail -n 1 | sed 's/.*ERROR/ERROR/')
  sanitizer_line found "$verdict"
}

groups() {
  prepare
  for group in "$@"; do
    say "group $group"
    if [ "$group" = i ]; then sanitized; else through java_side "$group"; fi
    case $group in
      b | d)
        through "$python" "$proof/beside.py" "$lines" "$FOLDER/models-$SIZE" "$DEVICE" "$SIZE" "$LIMITS" "$group" ;;
    esac
  done
  "$python" "$proof/report.py" "$lines"
}

expect() {
  grep -q "$1" "$lines" || { say "the rehearsal lacks a line with $1; see $OUT"; exit 1; }
}

rehearse() {
  begun=$(date +%s)
  root=$(CDPATH= cd -P "$here/../.." && pwd)
  FOLDER=$(mktemp -d)
  OUT=$FOLDER/out
  DEVICE=cpu
  # Helps small shapes beside other programs.
  export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE
  SIZE=tiny
  LIMITS=${LIMITS:-4}
  parts=$root/out/gpu-rehearsal
  LEVEL=${LEVEL:-0} "$here/pack.sh" cpu "$parts"
  last=$(ls "$parts" | grep part- | tail -n 1)

  say "a broken part and a missing part must be refused"
  mkdir "$FOLDER/broken"
  cp "$parts/SHA256SUMS" "$FOLDER/broken/"
  head -c 1000 "$parts/$last" > "$FOLDER/broken/$last"
  "$here/unpack.sh" "$FOLDER" "$FOLDER/broken" && exit 1 || [ $? -eq 3 ]
  rm "$FOLDER/broken/$last"
  "$here/unpack.sh" "$FOLDER" "$FOLDER/broken" && exit 1 || [ $? -eq 1 ]
  "$here/unpack.sh" "$FOLDER" "$parts"

  say "an item over its limit, and a run that is cut off"
  prepare
  through java_side limit
  expect '"limit.sleeps","side":"likeness","state":"limit"'
  java_side cut &
  until grep -q '"cut.sleeps"' "$lines"; do sleep 0.2; done
  kill -9 "$(pgrep -P $! -f GpuProof || echo $!)"
  wait $! || true
  through java_side cut
  expect '"cut.sleeps","side":"likeness","state":"ended"'

  groups a b c d e f g h i || true
  say "$(($(date +%s) - begun)) s; all lines are in $OUT"
  if grep '"state": *"\(failed\|limit\|ended\)"' "$lines" | grep -v '"\(limit\|cut\).sleeps"'; then
    say "the lines above are red"
    exit 1
  fi
}

if [ "$1" = rehearse ]; then
  rehearse
else
  OUT=${OUT:-$FOLDER/out}
  DEVICE=${DEVICE:-cuda}
  SIZE=${SIZE:-full}
  LIMITS=${LIMITS:-1}
  groups "$@"
fi
