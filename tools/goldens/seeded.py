"""Weights that need no file: libtorch's CPU generator draws the same numbers in Python and in Java.

The tensors of a part are taken in the order of their names (code points), all from one generator. The names are the
published ones, so the text encoder's begin with "text_model." whatever the installed transformers calls them.
"""
import gzip
import json
from pathlib import Path

import diffusers
import torch


def scaled(name, r):
    """Standard normal numbers scaled so that activations keep about unit size through the networks."""
    if r.dim() < 2:
        return 1 + 0.1 * r if name.endswith(("weight", "running_var")) else 0.1 * r
    if name.endswith(("token_embedding.weight", "position_embedding.weight")):
        return 0.5 * r
    return r / r[0].numel() ** 0.5


def seeded_tensors(shapes, seed):
    """Name to tensor, for a dictionary of name to shape."""
    generator = torch.Generator("cpu").manual_seed(seed)
    return {name: scaled(name, torch.randn(shapes[name], generator=generator)) for name in sorted(shapes)}


def shapes_of(module, prefix=""):
    return {prefix + name: list(tensor.shape) for name, tensor in module.state_dict().items()}


def fill(module, seed, prefix=""):
    """Loads seeded weights into the module and returns the shapes by (published) name."""
    shapes = shapes_of(module, prefix)
    tensors = seeded_tensors(shapes, seed)
    module.load_state_dict({name[len(prefix):]: tensor for name, tensor in tensors.items()}, strict=True)
    module.eval()
    return shapes


def network(golden, folder, part):
    """A network of a folder of golden files, its weights filled by their recipe."""
    recipe = json.loads(gzip.open(Path(golden, folder, "weights.json.gz")).read())[part]
    config = json.loads(Path(golden, folder, part, "config.json").read_text("utf-8"))
    module = getattr(diffusers, config["_class_name"]).from_config(config)
    fill(module, recipe["seed"])
    return module


def noise(seed, *shape):
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))


def token_positions():
    """The positions of an image's tokens in three rows of two."""
    return torch.tensor([[0.0, row, column] for row in range(3) for column in range(2)])
