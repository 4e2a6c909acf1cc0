"""Three steps of LoRA training on the tiny FLUX.2 klein and Z-Image with prior preservation, as peft takes them.

    python zimage_klein.py --out TINY
    python zimage_klein_training.py --tiny TINY --out ../../identity-lora/src/test/resources/golden/language
    python pack.py

The loss is mean((v - (noise - x))^2) over the person's images plus a weight times the same over class images. Factors,
latents and noise come from seeded.py, so the files have only results. `opened` says what diffusers draws with a file
that `likeness train` wrote; it is run by hand:

    python zimage_klein_training.py --tiny TINY --opened klein/base person.safetensors images.safetensors
"""
import argparse
from pathlib import Path

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, ZImagePipeline
from peft import LoraConfig
from safetensors.torch import save_file

from clip_vocabulary import write_json
from transformer_folders import generate, run
from sd1_reference import BANGS, WOMAN, versions
from seeded import seeded_tensors

STEPS, PERSON, CLASS, WEIGHT, RATE, CLIP_NORM, RANK, ALPHA = 3, 2, 1, 0.7, 1e-4, 1.0, 1, 2
PROMPTS = [WOMAN, BANGS, "photo of a woman"]
ATTENTION = ["to_k", "to_q", "to_v", "to_out.0"]
# What train_dreambooth_lora_flux2_klein.py and train_dreambooth_lora_z_image.py train, and the latents of a 16 x 12 or
# 12 x 16 image.
FAMILIES = {
    "klein": dict(pipe=Flux2KleinPipeline, folder="klein/base", latents=(16, 4, 3),
                  targets=ATTENTION + ["to_qkv_mlp_proj"]
                  + [f"single_transformer_blocks.{i}.attn.to_out" for i in range(2)]),
    "zimage": dict(pipe=ZImagePipeline, folder="zimage/turbo", latents=(4, 6, 4), targets=ATTENTION),
}
SEED, INPUTS, ADAPTER, START = 2300, 2301, 2302, 0.3


def opened(family, tiny):
    pipe = FAMILIES[family]["pipe"].from_pretrained(tiny / FAMILIES[family]["folder"])
    pipe.set_progress_bar_config(disable=True)
    return pipe


def attach(pipe, family, seed, scale=1.0):
    """LoRA factors of seeded numbers; returns them by the names that files have, sorted."""
    pipe.transformer.requires_grad_(False)
    pipe.transformer.add_adapter(LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=FAMILIES[family]["targets"]))
    leaves = {f"transformer.{name}".replace(".default.", "."): parameter
              for name, parameter in pipe.transformer.named_parameters() if ".lora_" in name}
    start = seeded_tensors({name: list(leaf.shape) for name, leaf in leaves.items()}, seed)
    for name, leaf in leaves.items():
        leaf.data = start[name] * scale
        leaf.requires_grad_(True)
    return dict(sorted(leaves.items()))


def merge(pipe, family):
    """A training adapter of the same layers, merged into the weights."""
    attach(pipe, family, ADAPTER, START)
    pipe.transformer.fuse_lora()
    pipe.transformer.unload_lora()


def inputs(family):
    shape = [STEPS, PERSON + CLASS, *FAMILIES[family]["latents"]]
    drawn = seeded_tensors({"latents": shape, "noise": shape}, INPUTS)
    return {name: tensor * tensor[0].numel() ** 0.5 for name, tensor in drawn.items()}


def sigmas_of(pipe, uniform):
    """Logit-normal shares of noise, shifted as the base's scheduler shifts where that does not depend on the size."""
    shares = torch.sigmoid(torch.special.ndtri(uniform))
    config = pipe.scheduler.config
    shift = 1.0 if config.use_dynamic_shifting else config.shift
    return (shift * shares / (1 + (shift - 1) * shares)).float()


def velocity(family, pipe, noisy, sigma, text):
    if family == "zimage":
        images = list(noisy.unsqueeze(2).unbind(0))
        answer = pipe.transformer(images, 1 - sigma, text, return_dict=False)[0]
        return -torch.stack([one.float() for one in answer], 0).squeeze(2)
    ids = Flux2KleinPipeline._prepare_latent_ids(noisy)
    packed = Flux2KleinPipeline._pack_latents(noisy)
    answer = pipe.transformer(hidden_states=packed, timestep=sigma, guidance=None, encoder_hidden_states=text[0],
                              txt_ids=text[1], img_ids=ids, return_dict=False)[0]
    return Flux2KleinPipeline._unpack_latents_with_ids(answer[:, :packed.size(1)], ids)


def texts(family, pipe):
    with torch.no_grad():
        # Z-Image's pipeline writes its template into the list it is given.
        return pipe.encode_prompt(list(PROMPTS))[:2] if family == "klein" else pipe.encode_prompt(
            list(PROMPTS), do_classifier_free_guidance=False)[0]


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def train(family, pipe, uniform):
    leaves = attach(pipe, family, SEED, START)
    given, text, sigmas = inputs(family), texts(family, pipe), sigmas_of(pipe, uniform)
    optimizer = torch.optim.AdamW(leaves.values(), lr=RATE)
    tensors, losses = {}, []
    for step in range(STEPS):
        latents, noise, sigma = given["latents"][step], given["noise"][step], sigmas[step].view(-1, 1, 1, 1)
        out = velocity(family, pipe, (1 - sigma) * latents + sigma * noise, sigmas[step], text)
        wrong = (out.float() - (noise - latents)) ** 2
        loss = wrong[:PERSON].mean() + WEIGHT * wrong[PERSON:].mean()
        loss.backward()
        if step == 0:
            tensors["gradient"] = flat(leaf.grad for leaf in leaves.values())
        torch.nn.utils.clip_grad_norm_(leaves.values(), CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    return tensors | {"after": flat(leaves.values()), "loss": torch.stack(losses), "sigmas": sigmas}


@torch.no_grad()
def draw(tiny, folder, file, out):
    family = folder.split("/")[0]
    pipe = FAMILIES[family]["pipe"].from_pretrained(tiny / folder)
    pipe.set_progress_bar_config(disable=True)
    pipe.load_lora_weights(file)
    save_file({"images": generate(pipe, run(BANGS, 2, 3.0, 16, 24, [31]))[1]["images"].contiguous()}, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="folder that zimage_klein.py wrote")
    parser.add_argument("--out", type=Path, help="folder of test resources")
    parser.add_argument("--opened", nargs=3, metavar=("FOLDER", "LORA", "IMAGES"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.opened:
        return draw(args.tiny, *args.opened)
    args.out.mkdir(parents=True, exist_ok=True)
    uniform = torch.rand((STEPS, PERSON + CLASS), generator=torch.Generator("cpu").manual_seed(97), dtype=torch.float64)
    for family in FAMILIES:
        tensors = train(family, opened(family, args.tiny), uniform)
        pipe = opened(family, args.tiny)
        merge(pipe, family)
        with_adapter = train(family, pipe, uniform)
        tensors["adapter.loss"] = with_adapter["loss"]
        tensors["adapter.gradient"] = with_adapter["gradient"]
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, args.out / f"{family}.safetensors")
    write_json(args.out / "reference.json", {
        "prompts": PROMPTS, "uniform": uniform.tolist(), "rank": RANK, "alpha": ALPHA, "rate": RATE, "person": PERSON,
        "class": CLASS, "weight": WEIGHT, "seed": SEED, "start": START, "inputs": INPUTS, "adapter": ADAPTER,
        "latents": {name: [STEPS, PERSON + CLASS, *one["latents"]] for name, one in FAMILIES.items()},
        "targets": {name: one["targets"] for name, one in FAMILIES.items()}, "versions": versions()})


if __name__ == "__main__":
    main()
