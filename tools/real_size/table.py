"""Runs the other scripts of this folder for every type that this processor multiplies, and prints their medians as one
table. table.sh lists the arguments."""
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = ("steps", "launch", "whole", "training")
PROGRAMS = ("likeness", "diffusers", "OpenVINO", "stable-diffusion.cpp")

# Instructions by which a type is multiplied in hardware; any of them is enough.
NEEDED = {"bf16": {"avx512_bf16", "amx_bf16"}, "int8": {"avx512_vnni", "avx_vnni", "amx_int8"}}
FIGURE = re.compile(r"(?P<program>[\w.-]+) (?P<value>[\d.]+)(?P<unit> \w+)?(, ratio [\d.]+)?$")


def instructions():
    found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return set(found[1].split()) if found else set()


def processor(flags):
    """The class: the types that are multiplied in hardware, by their instructions."""
    wanted = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8")
    return " ".join(one for one in wanted if one in flags)


def figures(text):
    """(work, {program: number with unit}) of a line such as `step: likeness 90 ms; diffusers 100 ms, ratio 0.90`."""
    work, _, rest = text.partition(": ")
    found = [FIGURE.match(part) for part in rest.split("; ")]
    if not all(found) or found[0]["program"] != "likeness":
        return None
    return work, {one["program"]: (float(one["value"]), (one["unit"] or "").strip()) for one in found}


class Table:
    def __init__(self, python, base, side):
        self.python, self.base, self.side = python, base, side
        self.rows, self.missing = {}, []

    def run(self, name, script, *arguments, env=()):
        """Runs a script; its lines of figures become rows that begin with the name."""
        command = [str(HERE / script), self.python, self.base, *map(str, arguments)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | dict(env))
        for text in child.stdout:
            print(text, end="", file=sys.stderr, flush=True)
            if found := figures(text.strip()):
                self.rows.setdefault(f"{name}{found[0]}", {}).update(found[1])
            elif "dB" in text or "%" in text:
                self.missing.append(text.strip())
        if child.wait():
            self.missing.append(f"{script} {' '.join(map(str, arguments))} ended with {child.returncode}")

    def print(self):
        print("| work | " + " | ".join(PROGRAMS) + " | ratio to the best other |")
        print("|---|" + "---|" * (len(PROGRAMS) + 1))
        for work, values in self.rows.items():
            others = [value for name, (value, _) in values.items() if name != "likeness"]
            cells = [f"{values[name][0]:g} {values[name][1]}".strip() if name in values else "" for name in PROGRAMS]
            ratio = f"{values['likeness'][0] / min(others):.2f}" if others else ""
            print(f"| {work} | " + " | ".join(cells) + f" | {ratio} |")
        for line in self.missing:
            print(line)


def main():
    base, side = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 512
    parts = sys.argv[3:] or PARTS
    if unknown := set(parts) - set(PARTS):
        raise SystemExit(f"unknown parts {sorted(unknown)}; known: {', '.join(PARTS)}")
    flags = instructions()
    table = Table(sys.executable, base, side)
    types = ["f32"] + [one for one in ("bf16", "int8") if NEEDED[one] & flags]
    for one in NEEDED.keys() - set(types):
        table.missing.append(f"not measured in {one}: the processor has none of {', '.join(sorted(NEEDED[one]))}")
    for package, what in (("openvino", "OpenVINO"), ("nncf", "OpenVINO in 8 bits")):
        if not importlib.util.find_spec(package):
            table.missing.append(f"{what} not measured: {package} is not installed for {sys.executable}")
    if not (os.environ.get("SD_CPP") or shutil.which("sd-cli") or shutil.which("sd")):
        table.missing.append("stable-diffusion.cpp not measured: SD_CPP names none, and neither sd-cli nor sd is found")
    plain = [one for one in types if one != "int8"]
    if "steps" in parts:
        for one in types:
            table.run("", "steps.sh", one, side, "(step|decode)")
    if "launch" in parts:
        table.run(f"{plain[-1]} ", "beside.sh", plain[-1], side, 4, "--launch")
    if "whole" in parts:
        table.run(f"{plain[-1]} one image in a step: ", "beside.sh", plain[-1], side, 1, "--channels-last")
    if "training" in parts:
        for one in plain:
            for way in ([], ["recompute"]):
                table.run(" ".join([one, "training step", *way]) + ", ", "lora.sh", one, side, *way,
                          env={"PAIRS": os.environ.get("PAIRS", "3")})
    print(f"processor: {processor(flags)}; {os.cpu_count()} cores", flush=True)
    table.print()


if __name__ == "__main__":
    main()
