"""Times beside those of other programs: the best and the median of several runs, and the ratios to print.

    … | python ratios.py        # lines such as `likeness: seconds 1.20 peak 4096`

prints the lines, and then for each figure the medians and the ratio to each other program. If a program tells the
operations of its work (`gflop`) and the rate of a plain product of matrices (`rate`), it also prints which share of
that rate each program reached.
"""
import math
import statistics
import sys
import time


def best(call, runs, wait=lambda: None):
    """The least milliseconds of so many calls; `wait` ends when the device has computed them."""
    least = math.inf
    for _ in range(runs):
        wait()
        begun = time.perf_counter()
        call()
        wait()
        least = min(least, 1000 * (time.perf_counter() - begun))
    return least


def medians(runs, figure):
    """By program: the median of a figure of its runs."""
    return {name: statistics.median(map(figure, made)) for name, made in runs.items()}


def ratios(values, ours="likeness"):
    """By program beside ours: how many times as large our value is."""
    return {name: values[ours] / theirs for name, theirs in values.items() if name != ours and theirs}


def line(what, values, unit="", digits=2, ours="likeness"):
    """A line such as `step: likeness 90 ms; diffusers 100 ms, ratio 0.90`."""
    unit = f" {unit}" if unit else ""
    others = [f"{name} {values[name]:.{digits}f}{unit}, ratio {ratio:.2f}"
              for name, ratio in ratios(values, ours).items()]
    return "; ".join([f"{what}: {ours} {values[ours]:.{digits}f}{unit}", *others])


def main():
    figures = {}
    for text in sys.stdin:
        print(text, end="", flush=True)
        name, _, words = text.partition(": ")
        parts = words.split()
        for figure, value in zip(parts[::2], parts[1::2]):
            figures.setdefault(figure, {}).setdefault(name, []).append(float(value))
    for figure, runs in figures.items():
        if "likeness" in runs:
            print(line(figure, medians(runs, float)))
    if {"seconds", "gflop", "rate"} <= figures.keys():
        work, rate = (max(medians(figures[name], float).values()) for name in ("gflop", "rate"))
        for name, spent in medians(figures["seconds"], float).items():
            print(f"{name}: {100 * work / spent / rate:.0f} % of the matrix rate, {rate:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
