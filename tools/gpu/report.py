"""Prints the lines of prove.jsonl as a short table, with ratios to diffusers, and ends with 1 if a line is red.

    python report.py LINES
"""
import sys
from pathlib import Path

from lines import read

# In the folder of prove.sh, it lies beside this file.
sys.path.append(str(Path(__file__).resolve().parents[1] / "measuring"))
import ratios  # noqa: E402

# The largest wanted ratio by group and figure: to the compiled pipeline in b, to diffusers and peft in d.
WANTED = {("b", "step"): 1.0, ("b", "image"): 0.95, ("d", "step"): 0.9, ("d", "peak"): 0.8}
RED = ("failed", "limit", "ended")


def by_name(values):
    """Name, other side and ratio to it, where both sides have a value."""
    sides = {}
    for (name, side), value in values.items():
        sides.setdefault(name, {})[side] = value
    for name, measured in sorted(sides.items()):
        if "likeness" in measured:
            for other, ratio in ratios.ratios(measured).items():
                yield name, other, ratio


def main():
    lines = read(sys.argv[1])
    values = {}
    for line in lines:
        if line["state"] == "found" and "value" in line:
            values[line["name"], line["side"]] = line["value"]
            print(f"{line['name']} {line['side']}: {line['value']:.4g} {line['unit']}")
        elif line["state"] in ("found", "skipped"):
            print(f"{line['name']} {line['side']}: {line['state']} {line.get('text', '')}")
    red = 0
    for name, other, ratio in by_name(values):
        wanted = WANTED.get((name[0], name.rsplit(".", 1)[1]))
        judged = wanted is not None and other == ("compiled" if name[0] == "b" else "diffusers")
        verdict = f", wanted {wanted}{'' if ratio <= wanted else ': MISSED'}" if judged else ""
        print(f"{name} ratio to {other}: {ratio:.2f}{verdict}")
    for line in lines:
        if line["state"] in RED:
            red += 1
            print(f"RED {line['name']} {line['side']}: {line['state']} {line.get('text', '')}")
    print(f"{len(lines)} lines, {red} red")
    raise SystemExit(1 if red else 0)


if __name__ == "__main__":
    main()
