"""Processes that generate: when they report which phase, and how much time and memory they take; how
stable-diffusion.cpp is run."""
import os
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

LIKENESS = str(Path(__file__).resolve().parents[2] / "likeness")

# What the programs say when they begin to sample, a step ends, they begin to decode, and when they have.
OURS = dict(sample=r"sample: \d+", step=r"sample \d+/\d+", decode=r"decode: 1", decoded=r"decode 1/1|.*\.png")
CPP = dict(sample=r".*sampling using", step=r".*\d+/\d+ - [\d.]+(s/it|it/s)", decode=r".*decoding \d+",
           decoded=r".*decode_first_stage completed")


@dataclass
class Run:
    """Seconds since the launch at which something was said, processor seconds, and peaks of resident memory in kB."""
    said: dict = field(default_factory=dict)
    seconds: float = 0
    processor: float = 0
    peak: int = 0
    anonymous: int = 0

    @property
    def launch(self):
        return self.said["sample"][0]

    @property
    def step(self):
        """The fastest step; the first one also pays for whatever is loaded at its first use."""
        ends = [self.launch] + self.said["step"]
        return min(b - a for a, b in zip(ends, ends[1:]))

    @property
    def decode(self):
        return self.said.get("decoded", [self.seconds])[-1] - self.said["decode"][0]


def lines(stream):
    """Lines as they come, with the moment of each; so are a bar's states, whose rest of the line is cleared."""
    rest = b""
    while chunk := os.read(stream.fileno(), 4096):
        *whole, rest = re.split(rb"[\r\n]|\x1b\[K", rest + chunk)
        for line in whole:
            yield time.monotonic(), line.decode(errors="replace")


def watch(pid, run):
    while True:
        try:
            with open(f"/proc/{pid}/status") as status:
                found = re.search(r"RssAnon:\s+(\d+)", status.read())
        except OSError:
            return
        if found:
            run.anonymous = max(run.anonymous, int(found[1]))
        time.sleep(0.2)


def run(command, marks, env=None, until=None):
    """Runs a command to its end, or until it prints a phrase. If it fails, the error contains its output."""
    made, said = Run(), []
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, bufsize=0)
    threading.Thread(target=watch, args=(child.pid, made), daemon=True).start()
    for moment, line in lines(child.stdout):
        said.append(line)
        for name, pattern in marks.items():
            if re.match(pattern, line):
                made.said.setdefault(name, []).append(moment - begun)
        if until in made.said:
            child.kill()
            break
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if until not in made.said and (child.returncode or until):
        raise SystemExit(f"{command[0]} ended with {child.returncode}:\n" + "\n".join(said[-30:]))
    made.seconds = time.monotonic() - begun
    made.processor, made.peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
    return made


def plain():
    """The environment without what only libtorch from JavaCPP needs."""
    return {k: v for k,
            v in os.environ.items() if k not in ("OPENBLAS_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}


def cpp():
    """stable-diffusion.cpp's command: $SD_CPP, or sd-cli or sd on the PATH; None, and a word, where there is none."""
    found = os.environ.get("SD_CPP") or shutil.which("sd-cli") or shutil.which("sd")
    if not found:
        print("stable-diffusion.cpp: not installed (no sd-cli or sd on the PATH, and SD_CPP names none)", flush=True)
    return found


def single(base, folder):
    """The base as one file, made in a folder where it is a folder itself: of such, stable-diffusion.cpp reads only
    SDXL's."""
    if not os.path.isdir(base):
        return base
    made = os.path.join(folder, "base.safetensors")
    subprocess.run([LIKENESS, "convert", base, made], check=True, stdout=subprocess.DEVNULL)
    return made


def cpp_command(command, base, side, steps, guidance, out):
    return [command, "--model", str(base), "--prompt", "a photo", "--steps", str(steps), "--cfg-scale", str(guidance),
            "--sampling-method", "euler", "--width", str(side), "--height", str(side),
            "--threads", os.environ["OMP_NUM_THREADS"], "--output", str(out)]
