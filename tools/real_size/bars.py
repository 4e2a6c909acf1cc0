"""Plots ratios to diffusers as bars, each with a mark at the wanted ratio.

    python bars.py RESULTS.json OUT.svg

RESULTS holds `rows` of `work`, `likeness`, `diffusers` (in `unit`, or numbers without one) and `wanted`, the largest
ratio. """
import json
import sys
from html import escape

LEFT, WIDE, HIGH, TOP = 330, 360, 24, 30


def bar(number, row):
    ratio = row["likeness"] / row["diffusers"]
    y = TOP + number * HIGH
    holds = ratio <= row["wanted"] + 0.005
    mark = LEFT + WIDE * row["wanted"]
    return (
        f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{escape(row["work"])}</text>'
        f'<rect x="{LEFT}" y="{y + 4}" width="{WIDE * ratio:.0f}" height="{HIGH - 8}"'
        f' fill="{"#4a7" if holds else "#c84"}"/>'
        f'<line x1="{mark:.0f}" x2="{mark:.0f}" y1="{y + 1}" y2="{y + HIGH - 1}" stroke="#222" stroke-width="2"/>'
        f'<text x="{LEFT + WIDE * max(ratio, row["wanted"]) + 8:.0f}" y="{y + 15}">{ratio:.2f}</text>'
    )


def main():
    with open(sys.argv[1]) as file:
        rows = json.load(file)["rows"]
    high = TOP + len(rows) * HIGH + 12
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDE + 90}" height="{high}"'
        ' font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<line x1="{LEFT + WIDE}" x2="{LEFT + WIDE}" y1="{TOP}" y2="{high - 12}" stroke="#bbb"/>',
        f'<text x="{LEFT + WIDE}" y="{TOP - 8}" text-anchor="middle">diffusers</text>',
        *(bar(i, row) for i, row in enumerate(rows)),
        "</svg>",
    ]
    with open(sys.argv[2], "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
