"""Makes golden files with the reference implementations, and compares them with those in the tree.

    python tools/goldens/make.py --list                 # the names, and what they make
    python tools/goldens/make.py sd1 lora               # makes them in a work folder, and compares
    python tools/goldens/make.py --all
    python tools/goldens/make.py sd1 --write            # also replaces files of the tree whose values differ

`manifest.json` has a recipe for each name: what it needs, the versions of its packages, its seeds, the scripts with
their arguments, and every file that it makes. Recipes that a name needs are made first, once for each work folder. A
file whose bytes differ is compared by value: rounding differs between processors. The exit status is 1 if a recipe
failed, or was skipped for want of a package or of material, or made other files or values.
"""
import argparse
import functools
import glob
import gzip
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import torch
from safetensors import safe_open

import pack
from places import REPOSITORY, RESOURCES

HERE = Path(__file__).parent
MANIFEST = json.loads(HERE.joinpath("manifest.json").read_text("utf-8"))
RECIPES = MANIFEST["recipes"]
MODULES = {"core": "diffusion-core", "lora": "identity-lora", "ipadapter": "identity-ipadapter",
           "photos": "identity-photos", "provenance": "provenance", "schedulers": "schedulers"}
# The folders of these recipes, side by side.
FLAT = ("sd1", "sdxl")
# As a share of the spread of a tensor: above the noise of any processor, below any change of a formula.
CLOSE = 1e-3
SAME, NEAR, OTHER = "same", "close", "OTHER"


class Skipped(Exception):
    """A recipe that cannot be made here, with the reason."""


class Workshop:
    """Where recipes are made, and what they are given."""

    def __init__(self, work, material, given):
        self.work, self.material, self.given = work, material, given
        self.out = work / "out"

    def places(self):
        places = {name: str(self.out / module / RESOURCES) for name, module in MODULES.items()}
        places |= {"work": str(self.work), "material": str(self.material), "flat": str(self.work / "flat")}
        return places | self.given

    def make(self, name):
        """Makes a recipe and, before it, those that it needs and that this folder does not have."""
        recipe = RECIPES[name]
        check_versions(name, recipe)
        for path in recipe.get("material", ()):
            if not (self.material / path).exists():
                raise Skipped(f"{self.material / path} does not exist; give the folder with --material")
        for key, what in recipe.get("given", {}).items():
            if key not in self.given:
                raise Skipped(f"give {what} with --given {key}=FILE")
        for needed in recipe.get("needs", ()):
            if not self.marker(needed).exists():
                print(f"{name} needs {needed}", flush=True)
                self.make(needed)
        self.link_flat()
        for command in recipe["run"]:
            self.run(command)
        self.compress(recipe)
        self.marker(name).touch()

    def marker(self, name):
        return self.work / "made" / name

    def link_flat(self):
        """Links the folders of FLAT side by side, as scripts for UNets want them."""
        flat = self.work / "flat"
        flat.mkdir(parents=True, exist_ok=True)
        for folder in FLAT:
            for variant in (self.work / folder).glob("*"):
                if not (flat / variant.name).exists():
                    (flat / variant.name).symlink_to(variant, target_is_directory=True)

    def run(self, command):
        places = self.places()
        words = [word.format(**places) for word in command]
        if words[0] == "copy":
            Path(words[2]).mkdir(parents=True, exist_ok=True)
            for file in words[3:]:
                shutil.copyfile(Path(words[1], file), Path(words[2], file))
            return
        target = words[-1] if words[-2:-1] == [">"] else None
        words = words[:-2] if target else words
        for place in words[1:] + ([target] if target else []):
            if place.startswith(str(self.work)):
                Path(place if Path(place).suffix == "" else Path(place).parent).mkdir(parents=True, exist_ok=True)
        arguments = [path for word in words[1:] for path in (sorted(glob.glob(word)) if "*" in word else [word])]
        environment = os.environ | {"LIKENESS_GOLDENS": str(self.out)}
        with open(target, "wb") if target else open(os.devnull, "wb") as out:
            subprocess.run([sys.executable, str(HERE / words[0]), *arguments], check=True, env=environment,
                           stdout=out if target else sys.stderr)

    def compress(self, recipe):
        """Compresses what the tree has compressed and a script writes plain."""
        for file in paths(recipe):
            plain = (self.out / file).with_suffix("")
            if file.suffix == ".gz" and plain.exists():
                (self.out / file).write_bytes(gzip.compress(plain.read_bytes(), 9, mtime=0))


def paths(recipe):
    """The files of a recipe, from the root of the repository."""
    return [Path(module, RESOURCES, file) for module, files in recipe["files"].items() for file in files]


def check_versions(name, recipe):
    """Refuses other versions than those that made the files of the tree."""
    if platform.python_version_tuple()[:2] != tuple(MANIFEST["python"].split(".")):
        raise Skipped(f"Python {platform.python_version()} runs this, {name} needs {MANIFEST['python']}")
    for package, wanted in (MANIFEST["pins"] | recipe.get("pins", {})).items():
        allowed = wanted if isinstance(wanted, list) else [wanted]
        try:
            found = importlib.metadata.version(package).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            found = None
        if found is None or wanted is not None and found not in allowed:
            spelled = package if wanted is None else f"{package}=={allowed[0]}"
            raise Skipped(f"{package} {found or 'is not'} installed; pip install {spelled}")


def whole(path):
    """The tensors of a safetensors file by name, and its metadata."""
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


@functools.cache
def read_packed(root):
    return pack.read(root)


def unpacked(packed_file, folder):
    """The committed file whole: tensors that another file of its module has are put back."""
    root = next(parent for parent in packed_file.parents if parent.name == "golden")
    headers, tensors = read_packed(root)
    file = packed_file.relative_to(root).as_posix().removesuffix(".packed")
    target = Path(folder, "committed.safetensors")
    target.write_bytes(pack.framed(headers[file])
                       + b"".join(tensors[file][name] for name in pack.lengths(headers[file])))
    return target


def distance_of_tensors(made, committed, file):
    """How far the tensors of two files are apart, as a share of their spread, and the one that is farthest."""
    (own, notes), (theirs, others) = whole(made), whole(committed)
    if own.keys() != theirs.keys():
        return float("inf"), "names of tensors"
    if (notes or {}) != (others or {}) and "versions" not in str(notes):
        return float("inf"), "metadata"
    farthest, where = 0.0, ""
    for name, tensor in own.items():
        other = theirs[name]
        if tensor.shape != other.shape or tensor.dtype != other.dtype:
            return float("inf"), name
        if any(fnmatch(f"{file}#{name}", pattern) for pattern in pack.ROUNDED):
            tensor = torch.frombuffer(bytearray(pack.rounded(tensor.contiguous().numpy().tobytes())),
                                      dtype=torch.float32).view(tensor.shape) if tensor.numel() else tensor
        if not torch.equal(tensor, other):
            spread = other.double().std().item() if other.numel() > 1 else 0.0
            scale = spread or max(1e-12, other.abs().max().item())
            apart = (tensor.double() - other.double()).abs().max().item() / scale
            farthest, where = max((farthest, where), (apart, name))
    return farthest, where


def without_versions(document):
    """The document without what only tells versions."""
    if isinstance(document, dict):
        return {key: without_versions(value) for key, value in document.items() if key != "versions"}
    return [without_versions(value) for value in document] if isinstance(document, list) else document


def distance_of_json(own, other):
    """How far the numbers of two documents are apart, as a share of the larger; infinite if something else differs."""
    if isinstance(own, dict) and isinstance(other, dict) and own.keys() == other.keys():
        return max((distance_of_json(own[key], other[key]) for key in own), default=0.0)
    if isinstance(own, list) and isinstance(other, list) and len(own) == len(other):
        return max((distance_of_json(*pair) for pair in zip(own, other)), default=0.0)
    numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (own, other))
    if numbers and own != other:
        return abs(own - other) / max(abs(own), abs(other))
    return 0.0 if own == other else float("inf")


def compare(out, file):
    """One of SAME, NEAR and OTHER for a made file and the one in the tree, and a remark."""
    committed = REPOSITORY / file
    packed = file.suffix == ".packed"
    made = out / (file.with_suffix("") if packed else file)
    if not made.exists():
        return OTHER, "was not made"
    if not committed.exists():
        return OTHER, "is not in the tree"
    if packed or file.suffix == ".safetensors":
        golden = file.as_posix().split("/golden/")[1].removesuffix(".packed")
        with tempfile.TemporaryDirectory() as folder:
            reference = unpacked(committed, folder) if packed else committed
            apart, where = distance_of_tensors(made, reference, golden)
        remark = f"{where}: {apart:.1e} of its spread" if apart else ""
    else:
        contents = [path.read_bytes() for path in (made, committed)]
        if file.suffix == ".gz":
            contents = [gzip.decompress(content) for content in contents]
        apart, remark = (0.0, "") if contents[0] == contents[1] else (float("inf"), "bytes")
        if apart and ".json" in file.name:
            documents = [without_versions(json.loads(content)) for content in contents]
            apart = distance_of_json(*documents)
            remark = f"numbers: {apart:.1e}" if apart else "versions or layout"
    return (SAME if apart == 0 else NEAR if apart <= CLOSE else OTHER), remark


def write(out, files):
    """Copies files into the tree, and packs those that the tree has packed."""
    for file in files:
        plain = file.with_suffix("") if file.suffix == ".packed" else file
        (REPOSITORY / plain).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(out / plain, REPOSITORY / plain)
    roots = {REPOSITORY / file.as_posix().split("/golden/")[0] / "golden" for file in files if file.suffix == ".packed"}
    for root in sorted(roots):
        pack.pack(root)


def make(workshop, name, writes):
    """Makes one recipe, prints how each of its files compares, and returns true if all are the same or close."""
    try:
        workshop.make(name)
    except Skipped as reason:
        print(f"{name}: skipped: {reason}", flush=True)
        return False
    except subprocess.CalledProcessError as failure:
        print(f"{name}: failed: {Path(failure.cmd[1]).name} ended with {failure.returncode}", flush=True)
        return False
    results = {file: compare(workshop.out, file) for file in paths(RECIPES[name])}
    count = {kind: sum(found == kind for found, _ in results.values()) for kind in (SAME, NEAR, OTHER)}
    print(f"{name}: " + ", ".join(f"{number} {kind}" for kind, number in count.items() if number), flush=True)
    for file, (kind, remark) in results.items():
        if kind != SAME or remark:
            print(f"  {kind}: {file} ({remark})")
    if writes:
        made = {file: kind for file, (kind, remark) in results.items() if remark != "was not made"}
        write(workshop.out, [file for file, kind in made.items() if kind != SAME])
    return not count[OTHER]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *RECIPES], metavar="NAME", help="a name of the manifest")
    parser.add_argument("--all", action="store_true", help="every name")
    parser.add_argument("--list", action="store_true", help="prints the names and what they make")
    parser.add_argument("--work", type=Path, help="the work folder, which is kept (default: a new one)")
    parser.add_argument("--material", type=Path, default=REPOSITORY / MANIFEST["material"],
                        help="published tokenizers and files")
    parser.add_argument("--given", action="append", default=[], metavar="NAME=FILE",
                        help="a file that a recipe asks for")
    parser.add_argument("--write", action="store_true", help="replaces files of the tree that differ")
    args = parser.parse_args()
    if args.list:
        for name, recipe in RECIPES.items():
            print(f"{name:26} {recipe['makes']}")
        return 0
    names = list(RECIPES) if args.all else args.names
    if not names:
        parser.error("give a NAME, --all or --list")
    work = (args.work or Path(tempfile.mkdtemp(prefix="goldens-"))).absolute()
    work.joinpath("made").mkdir(parents=True, exist_ok=True)
    print(f"work folder: {work}")
    workshop = Workshop(work, args.material.absolute(), dict(pair.split("=", 1) for pair in args.given))
    # A list, so that every recipe is made.
    return 0 if all([make(workshop, name, args.write) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
