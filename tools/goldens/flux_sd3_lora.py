"""LoRA on the tiny FLUX.1 and Stable Diffusion 3 pipelines: files of diffusers and peft, what diffusers draws with
them, and three steps of its train_dreambooth_lora_flux and train_dreambooth_lora_sd3 with given noise and shares of it,
once of transformer and CLIP and once of T5 alone."""
import argparse
from pathlib import Path

import torch
from diffusers import FluxPipeline, StableDiffusion3Pipeline
from diffusers.training_utils import _collate_lora_metadata as adapter_metadata
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file

from clip_vocabulary import write_json
from transformer_folders import generate, run
from sd1_reference import BANGS, WOMAN, versions

STEPS, BATCH, RATE, CLIP_NORM, GUIDANCE = 3, 2, 1e-3, 1.0, 3.5
BOTH = ["attn.to_k", "attn.to_q", "attn.to_v", "attn.to_out.0", "attn.add_k_proj", "attn.add_q_proj", "attn.add_v_proj",
        "attn.to_add_out"]
TEXT = ["q_proj", "k_proj", "v_proj", "out_proj"]
WIDE = {"flux": ["ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "ff_context.net.2", "proj_mlp", "norm.linear",
                 "norm1.linear", "x_embedder", "single_transformer_blocks.1.proj_out"],
        "sd3": ["ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "norm1.linear", "context_embedder",
                "pos_embed.proj"]}
# name: rank, alpha, whether it has the wide layers, whether the text encoders
FILES = {"attention": (2, 2, False, True), "wide": (1, 3, True, False)}
FAMILIES = {"flux": (FluxPipeline, ["text_encoder"]),
            "sd3": (StableDiffusion3Pipeline, ["text_encoder", "text_encoder_2"])}
T5 = {"flux": "text_encoder_2", "sd3": "text_encoder_3"}
T5_LAYERS = ["q", "k", "v", "o", "wi_0", "wi_1", "wo"]
CASES = [{"attention": 1.0}, {"attention": -0.6}, {"wide": 0.8}, {"attention": 0.7, "wide": 0.4}]
REQUEST = run(WOMAN, 3, 3.5, 16, 24, [31])


def opened(family, base):
    has_t5 = base.joinpath("text_encoder_3").exists() or family == "flux"
    absent = {} if has_t5 else {"text_encoder_3": None, "tokenizer_3": None}
    pipe = FAMILIES[family][0].from_pretrained(base, **absent)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def attach(module, rank, alpha, targets, generator):
    module.requires_grad_(False)
    module.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, init_lora_weights="gaussian"))
    module.peft_config["default"].base_model_name_or_path = None
    for name, parameter in sorted(module.named_parameters()):
        if ".lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) / parameter[0].numel() ** 0.5


def write_file(family, base, out, name):
    rank, alpha, wide, towers = FILES[name]
    pipe = opened(family, base)
    generator = torch.Generator("cpu").manual_seed(2100 + len(name))
    parts = {"transformer": (WIDE[family] if wide else BOTH)} | {tower: TEXT for tower in FAMILIES[family][1] if towers}
    for part, targets in parts.items():
        attach(getattr(pipe, part), rank, alpha, targets, generator)
    states = {f"{part}_lora_layers": get_peft_model_state_dict(getattr(pipe, part)) for part in parts}
    pipe.save_lora_weights(out, weight_name=f"{family}-{name}.safetensors", **states,
                                 **adapter_metadata({part: getattr(pipe, part) for part in parts}))


def draw(family, base, out):
    tensors = {}
    for i, case in enumerate(CASES):
        pipe = opened(family, base)
        for name in case:
            pipe.load_lora_weights(out, weight_name=f"{family}-{name}.safetensors", adapter_name=name)
        pipe.set_adapters(list(case), list(case.values()))
        tensors[f"case{i}.images"] = generate(pipe, REQUEST)[1]["images"]
    return tensors


def leaves(pipe, parts):
    """What learns, by the names that files have, sorted."""
    raw = {}
    for part in parts:
        for name, parameter in getattr(pipe, part).named_parameters():
            if ".lora_" in name:
                parameter.requires_grad_(True)
                raw[f"{part}.{name}".replace(".default.", ".")] = parameter
    return dict(sorted(raw.items()))


def flat(tensors, leaves):
    """All in one, in the leaves' order; what has none is no number."""
    return torch.cat([(torch.full_like(leaf, float("nan")) if tensor is None else tensor).detach().flatten()
                      for tensor, leaf in zip(tensors, leaves)])


def texts(family, pipe):
    """What pipelines tell the network, with gradients."""
    prompts = [WOMAN, BANGS]
    if family == "flux":
        return pipe.encode_prompt(prompts, None)
    tokens, _, pooled, _ = pipe.encode_prompt(prompts, None, None, do_classifier_free_guidance=False)
    return tokens, pooled


def answer(family, pipe, noisy, sigma):
    told = texts(family, pipe)
    if family == "sd3":
        return pipe.transformer(noisy, encoder_hidden_states=told[0], pooled_projections=told[1], timestep=sigma * 1000,
                                return_dict=False)[0]
    count, channels, height, width = noisy.shape
    ids = FluxPipeline._prepare_latent_image_ids(count, height // 2, width // 2, "cpu", torch.float32)
    packed = FluxPipeline._pack_latents(noisy, count, channels, height, width)
    out = pipe.transformer(packed, encoder_hidden_states=told[0], pooled_projections=told[1], timestep=sigma,
                           img_ids=ids, txt_ids=told[2], guidance=torch.full((count,), GUIDANCE), return_dict=False)[0]
    return FluxPipeline._unpack_latents(out, height * pipe.vae_scale_factor, width * pipe.vae_scale_factor,
                                        pipe.vae_scale_factor)


def train(family, base, out):
    pipe = opened(family, base)
    pipe.load_lora_weights(out, weight_name=f"{family}-attention.safetensors", adapter_name="default")
    return steps(family, pipe, list(leaves(pipe, ["transformer"] + FAMILIES[family][1]).values()))


def train_t5(family, base, out):
    """The same of T5 alone, from a file of its own."""
    pipe = opened(family, base)
    pipe.transformer.requires_grad_(False)
    attach(getattr(pipe, T5[family]), 2, 2, T5_LAYERS, torch.Generator("cpu").manual_seed(2150))
    learned = leaves(pipe, [T5[family]])
    save_file({name: leaf.detach().contiguous() for name, leaf in learned.items()}, out / f"{family}-t5.safetensors",
              {"format": "pt"})
    return steps(family, pipe, list(learned.values()))


def steps(family, pipe, parameters):
    generator = torch.Generator("cpu").manual_seed(96)
    shape = (STEPS, BATCH, 4, 8, 6)
    latents, noise = torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)
    sigmas = torch.sigmoid(torch.randn((STEPS, BATCH), generator=generator))
    optimizer = torch.optim.AdamW(parameters, lr=RATE)
    tensors, losses = {}, []
    for step in range(STEPS):
        sigma = sigmas[step].view(-1, 1, 1, 1)
        noisy = (1 - sigma) * latents[step] + sigma * noise[step]
        out = answer(family, pipe, noisy, sigmas[step])
        loss = ((out.float() - (noise[step] - latents[step])) ** 2).reshape(BATCH, -1).mean(1).mean()
        loss.backward()
        if step == 0:
            tensors["gradient"] = flat([leaf.grad for leaf in parameters], parameters)
        torch.nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    tensors["after"] = flat(parameters, parameters)
    return tensors | {"latents": latents, "noise": noise, "sigmas": sigmas, "loss": torch.stack(losses)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flux", required=True, type=Path, help="the dev folder that flux.py wrote")
    parser.add_argument("--sd3", required=True, type=Path, help="the three folder that sd3.py wrote")
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    for family in FAMILIES:
        base = getattr(args, family)
        for name in FILES:
            write_file(family, base, args.out, name)
        with torch.no_grad():
            drawn = draw(family, base, args.out)
        tensors = drawn | {f"train.{name}": tensor for name, tensor in train(family, base, args.out).items()}
        tensors |= {f"t5.{name}": tensor for name, tensor in train_t5(family, base, args.out).items()}
        save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()},
                  args.out / f"{family}.safetensors")
    write_json(args.out / "reference.json", {"cases": CASES, "request": REQUEST, "prompts": [WOMAN, BANGS], "rank": 2,
                                             "rate": RATE, "guidance": GUIDANCE, "versions": versions()})


if __name__ == "__main__":
    main()
