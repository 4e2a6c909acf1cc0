"""Modules of published repositories, loaded from a checkout without what their packages import at the start."""
import ast
import importlib
import sys
import types
from pathlib import Path

# The commits that made the files of the tree.
COMMITS = {
    "facexlib": "260620ae93990a300f4b16448df9bb459f1caba9",
    "infiniteyou": "aaa6ea5f75ba2ff58b9025fa7df45e4a139ed717",
    "instantid": "2145b67f9607da6234702063692330185f374486",
    "photomaker": "060b4fcb10b76a4554edf565d6106b7e36c968f0",
    "pulid": "1aa2fc7df4bf51080df39f355f9abdc1cbfefbaa",
    "pulid-chroma": "52dc5068e0fc304e51273cfa5fbdd031e1ddb824",
}


def module(checkout, name):
    """The module `name` with dots, below the folder `checkout`; its packages stay empty."""
    parts = name.split(".")
    for count in range(1, len(parts)):
        package = ".".join(parts[:count])
        folder = str(Path(checkout, *parts[:count]))
        if package not in sys.modules or folder not in getattr(sys.modules[package], "__path__", []):
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [folder]
    return importlib.import_module(name)


def function(checkout, file, name, **names):
    """One function of a script that imports more than the function needs."""
    tree = ast.parse(Path(checkout, file).read_text("utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1, f"{file} has {len(found)} functions {name}"
    exec(compile(ast.Module(found, []), file, "exec"), names)
    return names[name]
