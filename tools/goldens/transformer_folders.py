"""Tiny FLUX and Stable Diffusion 3 pipelines: seeding, saving, and what diffusers draws with them on CPU in f32."""
import argparse
import json
import shutil
from pathlib import Path

import diffusers
import torch
from safetensors.torch import save_file

import t5_vocabulary
from clip_vocabulary import write_json, write_tokenizer
from kept import packed, pixels
from sd1_reference import public, versions
from seeded import scaled

TIED = "encoder.embed_tokens.weight"


def fill(module, seed):
    """Loads seeded weights into a module; returns the shapes by the names its file has."""
    state = module.state_dict()
    published = "text_model." if "final_layer_norm.weight" in state else ""
    generator = torch.Generator("cpu").manual_seed(seed)
    left_out = {TIED} | ({"lm_head.weight"} if getattr(module.config, "tie_word_embeddings", False) else set())
    shapes = {published + name: list(tensor.shape) for name, tensor in state.items() if name not in left_out}
    tensors = {name: scaled(name, torch.randn(shapes[name], generator=generator)) for name in sorted(shapes)}
    module.load_state_dict({name[len(published):]: tensor for name, tensor in tensors.items()}, strict=False)
    module.eval()
    return shapes


def write_variant(out, pipe, seed, asks, probe):
    """Fills, saves and reopens a pipeline, runs every request and writes the reference beside the folder's configs."""
    shutil.rmtree(out, ignore_errors=True)
    parts = {}
    for i, (part, module) in enumerate(sorted(pipe.components.items())):
        if isinstance(module, torch.nn.Module):
            file = "model" if part.startswith("text_encoder") else "diffusion_pytorch_model"
            parts[part] = {"seed": seed + i, "file": f"{part}/{file}.safetensors", "tensors": fill(module, seed + i)}
    pipe.save_pretrained(out)
    absent = {part: None for part, module in pipe.components.items() if module is None}
    opened = type(pipe).from_pretrained(out, **absent)
    opened.set_progress_bar_config(disable=True)
    tensors, runs = probe(opened), []
    for i, ask in enumerate(asks):
        scheduler, outputs = generate(opened, ask)
        runs.append({key: value for key, value in ask.items() if key != "options"} | {"scheduler": scheduler})
        tensors |= {f"run{i}.{key}": value for key, value in outputs.items()}
    save_file({key: value.detach().clone().contiguous() for key, value in tensors.items()},
              out / "reference.safetensors")
    write_json(out / "reference.json", {"runs": runs, "versions": versions()})
    out.joinpath("weights.json").write_text(json.dumps(parts, indent=1), "utf-8")
    print(f"{out.name}: {sum(len(part['tensors']) for part in parts.values())} weights, {len(runs)} runs")


@torch.no_grad()
def generate(pipe, ask):
    """One call of the pipeline: the scheduler's class and config, the latents and the pictures."""
    original = pipe.scheduler
    if ask["scheduler"]:
        pipe.scheduler = getattr(diffusers, ask["scheduler"]).from_config(original.config, **ask["options"])
    scheduler = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
    latents = []
    decode = pipe.vae.decode

    def decoded(z, *args, **kwargs):
        own = pipe.vae.config
        latents.append((z - own.get("shift_factor", 0)) * own.get("scaling_factor", 1))
        return decode(z, *args, **kwargs)

    pipe.vae.decode = decoded
    try:
        count = len(ask["seeds"])
        images = pipe(prompt=[ask["prompt"]] * count, num_inference_steps=ask["steps"], width=ask["width"],
                      height=ask["height"], output_type="pt", guidance_scale=ask["guidance"],
                      generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]],
                      **{key: [value] * count if key.startswith("negative") else value
                         for key, value in ask["call"].items()}).images
    finally:
        pipe.scheduler, pipe.vae.decode = original, decode
    return scheduler, {"latents": torch.cat(latents), "images": pixels(images)}


def run(prompt, steps, guidance, width, height, seeds, scheduler=None, call=None, **options):
    return dict(prompt=prompt, steps=steps, guidance=guidance, width=width, height=height, seeds=list(seeds),
                scheduler=scheduler, call=call or {}, options=options)


def fixtures(out, into, files):
    """Copies what tests read of a variant: everything but weights and tokenizers."""
    into = Path(into, out.name)
    shutil.rmtree(into, ignore_errors=True)
    for file in files:
        if out.joinpath(file).exists():
            into.joinpath(file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(out / file, into / file)
    weights = json.loads(out.joinpath("weights.json").read_text("utf-8"))
    packed(into / "weights.json.gz", weights)


def write_variants(description, variants, pipeline, seed, asks, probe, files):
    """Writes the variants that the command line asks for, with CLIP's and T5's tokenizers of few words."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, required=True, help="folder that receives one folder per variant")
    parser.add_argument("--clip", required=True, help="folder with CLIP's published vocab.json and merges.txt")
    parser.add_argument("--fixtures", help="folder that receives what the tests read")
    parser.add_argument("--name", nargs="*", default=list(variants), choices=list(variants))
    args = parser.parse_args()
    torch.set_num_threads(1)
    words = args.out / "tokenizers"
    write_tokenizer(args.clip, words / "clip", 500)
    t5_vocabulary.write_tokenizer(words / "t5")
    for name in args.name:
        pipe = pipeline(variants[name], words / "clip", words / "t5/today")
        write_variant(args.out / name, pipe, seed, asks[name], probe)
        if args.fixtures:
            fixtures(args.out / name, args.fixtures, files)
