"""Where the tests of `mvn verify` spend their time, by Surefire's reports: each module, and the longest classes. Two
classes run side by side, so a module takes about half of the time in its tests.

    python test_times.py [CLASSES (10)]
"""
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]


def clock(seconds):
    return f"{round(seconds) // 60}:{round(seconds) % 60:02}"


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    classes, modules = [], {}
    for file in ROOT.glob("**/target/*-reports/TEST-*.xml"):
        suite = ElementTree.parse(file).getroot()
        seconds, module = float(suite.get("time")), "/".join(file.relative_to(ROOT).parts[:-3])
        classes.append((seconds, suite.get("name").split(".")[-1], module))
        modules[module] = modules.get(module, 0) + seconds
    whole = sum(modules.values())
    print("| module | time in tests | share |\n|---|---|---|")
    for module, seconds in sorted(modules.items(), key=lambda one: -one[1]):
        print(f"| `{module}` | {clock(seconds)} | {100 * seconds / whole:.1f} % |")
    print("\n| class | module | time | share |\n|---|---|---|---|")
    for seconds, name, module in sorted(classes, reverse=True)[:count]:
        print(f"| `{name}` | `{module}` | {clock(seconds)} | {100 * seconds / whole:.1f} % |")


if __name__ == "__main__":
    main()
