"""Whether ComfyUI and LyCORIS change weights as LoRA files of Likeness say; run by hand.

    likeness train --photos PHOTOS --base BASE --dtype f32 --algorithm loha --out person.safetensors
    likeness lora person.safetensors --base BASE --key-format KOHYA --out kohya.safetensors
    python compare_comfyui.py --comfy CHECKOUT --base BASE --person person.safetensors \\
      person.safetensors kohya.safetensors

BASE is a diffusers folder of klein, Z-Image, FLUX.1 or a UNet; for a UNet, `--single FILE` is what
`likeness convert BASE FILE` wrote. The expected weights follow from the formulas of peft and LyCORIS, and from the
person's file. A layer's place in ComfyUI's network is found by the values of its rows, not by its name. For each file:
the keys that ComfyUI left out, and the largest error beside the largest weight; the same for LyCORIS, if it is
installed and the file has the prefixes of its kohya module. The exit status is 1 if keys are left out, or if an
error is above 1e-5. ComfyUI divides DoRA by the norms of the base's weights instead of those of the changed ones, so
DoRA is compared with that too.
"""
import argparse
import json
import logging
import subprocess
import sys
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file

TOLERANCE = 1e-5
TEXTS = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}


class Missed(logging.Handler):
    """Keeps ComfyUI's warnings."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def tensors(folder):
    """The weights of a part; newer versions of transformers leave out a prefix of text encoders."""
    text = folder.name in TEXTS
    return {"text_model." + name if text and name.startswith(("encoder.", "embeddings.", "final_")) else name:
            value.float() for file in sorted(folder.glob("*.safetensors")) for name, value in load_file(file).items()}


def config(folder):
    return json.loads((folder / "config.json").read_text())


def sizes(given):
    """Sizes that ComfyUI does not read from the weights, since all published networks of a family have the same."""
    kind = given["_class_name"]
    if kind == "ZImageTransformer2DModel":
        return "ZImage", dict(
            n_heads=given["n_heads"], n_kv_heads=given["n_kv_heads"], axes_dims=given["axes_dims"],
            axes_lens=given["axes_lens"], ffn_dim_multiplier=8 / 3, multiple_of=1, z_image_modulation=True,
            time_scale=given["t_scale"], in_channels=given["in_channels"], pad_tokens_multiple=32)
    if kind == "UNet2DConditionModel":
        return "SDXL" if given.get("addition_embed_type") else "SD15", dict(num_heads=1, num_head_channels=-1)
    double = kind == "Flux2Transformer2DModel"
    patch = 1 if double else 2
    channels = given["in_channels"] // patch ** 2
    return "Flux2" if double else "Flux", dict(
        num_heads=given["num_attention_heads"], axes_dim=given["axes_dims_rope"], in_channels=channels,
        out_channels=channels, guidance_embed=given["guidance_embeds"])


def fill(network, weights):
    """The weights whose shapes fit; the width of Z-Image's time embedding depends on the size in ComfyUI."""
    own = network.state_dict()
    fits = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    network.load_state_dict(fits, strict=False)


def in_original_names(given, weights):
    """The weights as ComfyUI's own table of names joins them, which it has for files of adapters too."""
    import comfy.utils
    if "dim" in given:
        table = comfy.utils.z_image_to_diffusers(given)
    else:
        table = comfy.utils.flux_to_diffusers(dict(
            depth=given["num_layers"], depth_single_blocks=given["num_single_layers"],
            hidden_size=given["num_attention_heads"] * given["attention_head_dim"]))
    joined = {}
    for name, value in weights.items():
        # The table has no layers that klein's blocks share.
        place = table.get(name, name.replace(".linear.", ".lin.") if "modulation" in name else None)
        if isinstance(place, str):
            joined[place] = {0: value}
        elif place and len(place) == 2:
            joined.setdefault(place[0], {})[place[1][1]] = value
    return {name: torch.cat([rows[start] for start in sorted(rows)]) for name, rows in joined.items()}


def network(base, single):
    import comfy.model_detection
    import comfy.supported_models
    part = base / ("transformer" if (base / "transformer").exists() else "unet")
    if part.name == "unet":
        prefix = "model.diffusion_model."
        # ComfyUI has 32 groups everywhere.
        norm, groups = torch.nn.GroupNorm.__init__, config(part)["norm_num_groups"]
        torch.nn.GroupNorm.__init__ = lambda self, num_groups, num_channels, **more: norm(
            self, groups, num_channels, **more)
        weights = {name[len(prefix):]: value.float() for name, value in load_file(single).items()
                   if name.startswith(prefix)}
    else:
        weights = in_original_names(config(part), tensors(part))
    name, more = sizes(config(part))
    kind = getattr(comfy.supported_models, name)(comfy.model_detection.detect_unet_config(weights, "") | more)
    kind.unet_config.update(more)
    kind.set_inference_dtype(torch.float32, None)
    model = kind.get_model(weights, "")
    fill(model.diffusion_model, weights)
    return model


def texts(base):
    """CLIP text encoders under the names that ComfyUI gives them; none for a transformer."""
    import comfy.clip_model
    import comfy.ops
    model = torch.nn.Module()
    for part, name in TEXTS.items():
        if (base / "unet").exists() and (base / part).exists():
            encoder = torch.nn.Module()
            encoder.transformer = comfy.clip_model.CLIPTextModel(
                config(base / part), torch.float32, "cpu", comfy.ops.manual_cast)
            fill(encoder.transformer, tensors(base / part))
            model.add_module(name, encoder)
    return model


def changed(weight, parts):
    """The weight with the factors of a person's file, and the same as ComfyUI computes it."""
    flat = weight.reshape(weight.shape[0], -1)
    if "lokr_w1" in parts:
        outer, inner = parts["lokr_w1"], parts["lokr_w2"]
        shape = outer.shape + (1,) * (inner.dim() - 2)
        return 2 * (weight + torch.kron(outer.reshape(shape), inner).reshape(weight.shape),)
    if "hada_w1_a" in parts:
        first, second = (parts[f"hada_w{i}_a"] @ parts[f"hada_w{i}_b"] for i in (1, 2))
        return 2 * (weight + (first * second).reshape(weight.shape),)
    sum_ = flat + parts["lora_B.weight"].flatten(1) @ parts["lora_A.weight"].flatten(1)
    lengths = next((value.flatten()[:, None] for name, value in parts.items() if "magnitude" in name), None)
    both = (sum_, sum_) if lengths is None else (
        sum_ * lengths / sum_.norm(dim=1, keepdim=True), sum_ * lengths / flat.norm(dim=1, keepdim=True))
    return tuple(one.reshape(weight.shape) for one in both)


def expected(base, person, own):
    """All weights with the factors of the person's file, by ComfyUI's names: {name: (right, as ComfyUI computes)}; and
    the right weights of the changed layers, by diffusers' names."""
    layers = {}
    for key, value in load_file(person).items():
        for ending in (".lora_", ".lokr_", ".hada_"):
            if ending in key:
                stem, role = key.split(ending)
                layers.setdefault(stem, {})[ending[1:] + role] = value.float()
    rows = {value.reshape(value.shape[0], -1)[i].numpy().tobytes(): (name, i)
            for name, value in own.items() if value.dim() > 1 for i in range(value.shape[0])}
    found = {name: (value.clone(), value.clone()) for name, value in own.items()}
    parts, by_layer = {}, {}
    for stem, factors in layers.items():
        part, layer = stem.split(".", 1)
        weight = parts.setdefault(part, tensors(base / part))[layer + ".weight"]
        name, row = rows[weight.reshape(weight.shape[0], -1)[0].numpy().tobytes()]
        place = slice(row, row + weight.shape[0])
        assert torch.equal(own[name][place].flatten(), weight.flatten()), stem
        both = changed(weight, factors)
        by_layer[stem] = both[0]
        for whole, rows_of in zip(found[name], both):
            whole[place] = rows_of.reshape(whole[place].shape)
    return by_layer, found


def error(got, *wanted):
    """The largest error of a weight to the nearest of the wanted ones, beside the largest value of the weight."""
    return max(min(float((value - one[name]).abs().max() / one[name].abs().max().clamp(min=1e-30)) for one in wanted)
               for name, value in got.items())


def by_comfy(file, model, text):
    import comfy.lora
    import comfy.lora_convert
    import comfy.model_patcher
    missed = Missed()
    logging.getLogger().addHandler(missed)
    keys = comfy.lora.model_lora_keys_clip(text, comfy.lora.model_lora_keys_unet(model, {}))
    patches = comfy.lora.load_lora(comfy.lora_convert.convert_lora(load_file(file)), keys)
    got, placed = {}, set()
    for one in (model, text):
        patcher = comfy.model_patcher.ModelPatcher(one, torch.device("cpu"), torch.device("cpu"))
        placed.update(patcher.add_patches(patches))
        own = one.state_dict()
        for name, patch in patcher.patches.items():
            got[name] = comfy.lora.calculate_weight(patch, own[name].clone(), name)
    logging.getLogger().removeHandler(missed)
    return got, missed.lines + [f"not placed: {key}" for key in patches if key not in placed]


def by_lycoris(file, base, model, text):
    """None for a file that has not the prefixes of its kohya module. That module knows the UNet of Stable Diffusion 1
    by diffusers' names; its weights have these names here too."""
    from lycoris import kohya
    from lycoris.logging import logger
    logger.setLevel(logging.WARNING)
    given = load_file(file)
    stems = {key.split(".")[0] for key in given}
    if not all(stem.startswith("lora_") for stem in stems):
        return None
    diffusers = any("_down_blocks_" in stem for stem in stems)
    unet = UNet2DConditionModel.from_pretrained(base / "unet") if diffusers else model.diffusion_model
    before = [(one, {name: value.clone() for name, value in one.state_dict().items()}) for one in (model, text)]
    encoders = [encoder.transformer for encoder in text.children()]
    # No layers besides those of the file.
    kohya.LycorisNetworkKohya.apply_preset({
        f"{part}_target_{kind}": [] for part in ("unet", "text_encoder") for kind in ("module", "name")})
    net, _ = kohya.create_network_from_weights(
        1.0, str(file), None, encoders if len(encoders) > 1 else encoders[0] if encoders else None, unet,
        weights_sd=given)
    modules = net.unet_loras + net.text_encoder_loras
    for module in modules:
        module.merge_to(1.0)
    got = {name: value.clone() for one in (model, text) for name, value in one.state_dict().items()}
    if diffusers:
        got = {name: value for name, value in got.items() if not name.startswith("diffusion_model.")}
        got |= {"unet." + name: value for name, value in unet.state_dict().items()}
    for one, own in before:
        one.load_state_dict(own)
    return got, sorted(stems - {module.lora_name for module in modules})


def report(program, file, left, wrong, more=""):
    print(f"{file.name}: {program} left out {len(left)} keys{', such as ' + left[0] if left else ''}; "
          f"error {wrong:.2g}{more}")
    return bool(left) or wrong > TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comfy", required=True, type=Path, help="checkout of ComfyUI")
    parser.add_argument("--base", required=True, type=Path, help="diffusers folder")
    parser.add_argument("--single", type=Path, help="the base of a UNet as a single file")
    parser.add_argument("--person", required=True, type=Path, help="what likeness train wrote")
    parser.add_argument("files", nargs="+", type=Path, help="files of the same person to open")
    args = parser.parse_args()
    torch.set_num_threads(1)
    sys.path.insert(0, str(args.comfy))
    sys.argv = [sys.argv[0], "--cpu"]
    import comfy.options
    comfy.options.enable_args_parsing()
    import comfy.sd  # noqa: F401
    logging.getLogger().handlers = [logging.NullHandler()]
    from comfyui_version import __version__
    commit = subprocess.run(
        ["git", "-C", args.comfy, "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    print(f"ComfyUI {__version__} {commit}, torch {torch.__version__}")
    with torch.no_grad():
        model, text = network(args.base, args.single), texts(args.base)
        own = {name: value.clone() for one in (model, text) for name, value in one.state_dict().items()}
        layers, wanted = expected(args.base, args.person, own)
        right, comfys = ({name: both[i] for name, both in wanted.items()} for i in (0, 1))
        print(f"{len(layers)} layers, changed by {error(own, right):.2g}")
        failed = False
        for file in args.files:
            got, left = by_comfy(file, model, text)
            full = own | got
            exact = error(full, right)
            failed |= report("ComfyUI", file, left, error(full, right, comfys),
                             f" ({exact:.2g} to the norms of the changed weights)" if exact > TOLERANCE else "")
            try:
                answer = by_lycoris(file, args.base, model, text)
            except ImportError:
                continue
            if answer:
                unet = {name + ".weight": value for name, value in layers.items() if name.startswith("unet.")}
                wrong = error({name: answer[0][name] for name in answer[0] if name in right | unet}, right | unet)
                failed |= report("LyCORIS", file, answer[1], wrong)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
