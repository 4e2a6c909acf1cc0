"""Writes what diffusers' PNDMScheduler computes if sampling starts inside its schedule, as image-to-image starts it.

Usage: python tools/goldens/schedulers_inside.py
Made with diffusers 0.42.1, torch 2.10.0. The first rows of the schedule repeat a timestep; a run that starts behind
them repeats a step nevertheless. Every spacing, prediction and end, and strengths from one step to all but one. The
format is that of schedulers.py. Output: schedulers/src/test/resources/golden/diffusers/inside.json.gz
"""

import gzip
import itertools
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from schedulers import OUT, attempt, gap, in_double, published, rounded  # noqa: E402

import torch  # noqa: E402

NAME = "PNDMScheduler"
SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "skip_prk_steps": True}
STRENGTHS = {2: [0.5], 4: [0.25, 0.5, 0.75], 10: [0.1, 0.3, 0.6, 0.9], 25: [0.08, 0.5, 0.96], 50: [0.75]}


def cases():
    for spacing, prediction, ends_clean, offset in itertools.product(
            ["leading", "linspace", "trailing"], ["epsilon", "v_prediction"], [False, True], [0, 1]):
        if offset and spacing != "leading":
            continue
        config = {**SD, "timestep_spacing": spacing, "prediction_type": prediction, "set_alpha_to_one": ends_clean,
                  "steps_offset": offset}
        for steps, strengths in STRENGTHS.items():
            for strength in strengths:
                yield {"class": NAME, "config": config, "steps": steps, "strength": strength}


def main():
    single = getattr(published, NAME)
    double = in_double(single)
    entries = []
    for case in cases():
        f32 = attempt(single, case, case["steps"], torch.float32)
        f64 = attempt(double, case, case["steps"], torch.float64)
        assert not isinstance(f32, str) and not isinstance(f64, str), (case, f32, f64)
        entry = {**case, "f64": rounded(f64, 12)}
        if gap(f32, f64) > 1e-4:
            entry["gap"] = gap(f32, f64)
        entries.append(entry)
    text = json.dumps({"cases": entries}, separators=(",", ":"))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "inside.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    print(len(entries), "cases,", sum("gap" in entry for entry in entries), "coarse")


if __name__ == "__main__":
    main()
