"""Where scripts without an option for it write: below the folder that make.py names, else into this repository."""
import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ROOT = Path(os.environ.get("LIKENESS_GOLDENS", REPOSITORY))
RESOURCES = "src/test/resources/golden"


def resources(module):
    """The folder of a module's golden files, which exists from now on."""
    folder = ROOT / module / RESOURCES
    folder.mkdir(parents=True, exist_ok=True)
    return folder
