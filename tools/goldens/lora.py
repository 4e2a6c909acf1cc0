"""LoRA files that peft and diffusers write for the tiny base pipeline, and what diffusers draws with them."""

import torch
from diffusers import StableDiffusionPipeline
from diffusers.training_utils import _collate_lora_metadata as adapter_metadata
from diffusers.utils import convert_state_dict_to_diffusers, convert_state_dict_to_kohya
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from sd1_reference import BANGS, WOMAN, generate, run, versions

UNET_ATTENTION = ["to_k", "to_q", "to_v", "to_out.0"]
UNET_WIDE = UNET_ATTENTION + ["proj_in", "proj_out", "ff.net.0.proj", "ff.net.2", "conv1", "conv2", "conv_shortcut",
                              "time_emb_proj", "downsamplers.0.conv", "upsamplers.0.conv"]
TEXT_ATTENTION = ["q_proj", "k_proj", "v_proj", "out_proj"]
TEXT_WIDE = TEXT_ATTENTION + ["fc1", "fc2"]
# name: rank, alpha, seed, UNet targets, text encoder targets, whether the file says what alpha was
FILES = {
    "attention": (4, 4, 2000, UNET_ATTENTION, TEXT_ATTENTION, False),
    "alpha": (4, 2, 2010, UNET_ATTENTION, TEXT_ATTENTION, True),
    "unet-only": (2, 2, 2020, UNET_ATTENTION, None, False),
    "wide": (2, 1, 2030, UNET_WIDE, TEXT_WIDE, True),
}
REQUEST = run(WOMAN, 3, negative="blurry", guidance=5.0, seeds=[31], width=32, height=24)
CASES = [
    {"attention": 1.0}, {"attention": 0.6}, {"attention": 0.0}, {"attention": -0.5}, {"alpha": 1.0}, {"unet-only": 0.8},
    {"wide": 1.0}, {"wide": 0.4}, {"attention-peft": 1.0}, {"attention-published": 1.0}, {"attention-kohya": 1.0},
    {"alpha-kohya": 0.7}, {"attention": 0.7, "alpha": 0.4},
]


def attach(module, rank, alpha, targets, seed):
    """Adds a peft adapter with seeded numbers in both factors, so that it changes the output."""
    module.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, init_lora_weights="gaussian"))
    module.peft_config["default"].base_model_name_or_path = None
    generator = torch.Generator("cpu").manual_seed(seed)
    for name, parameter in sorted(module.named_parameters()):
        if ".lora_" in name:
            fan_in = parameter[0].numel()
            parameter.data = torch.randn(parameter.shape, generator=generator) / fan_in ** 0.5


def write_file(base, out, name):
    rank, alpha, seed, unet_targets, text_targets, says_alpha = FILES[name]
    pipe = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
    parts = {"unet": (pipe.unet, unet_targets)} | ({"text_encoder": (pipe.text_encoder, text_targets)} if text_targets
                                                   else {})
    layers, raw = {}, {}
    for i, (part, (module, targets)) in enumerate(parts.items()):
        attach(module, rank, alpha, targets, seed + i)
        state = get_peft_model_state_dict(module)
        # The older spelling knows attention only; a file that mixes both spellings loses layers when diffusers reads
        # it.
        layers[part] = state if name == "wide" else convert_state_dict_to_diffusers(state)
        raw |= {f"{part}.{key}": tensor.contiguous() for key, tensor in state.items()}
    metadata = adapter_metadata({part: module for part, (module, _) in parts.items()}) if says_alpha else {}
    StableDiffusionPipeline.save_lora_weights(
        out, unet_lora_layers=layers["unet"], text_encoder_lora_layers=layers.get("text_encoder"),
        weight_name=f"{name}.safetensors", **metadata)
    return raw, alpha


def published(raw):
    """The text encoder's keys as every transformers before 5 spells them."""
    return {key.replace("text_encoder.encoder.", "text_encoder.text_model.encoder."): tensor
            for key, tensor in raw.items()}


def kohya(raw, alpha):
    state = convert_state_dict_to_kohya(published(raw))
    return {key: torch.tensor(float(alpha)) if key.endswith(".alpha") else tensor.contiguous()
            for key, tensor in state.items()}


def draw(base, out, case, inputs):
    """Opens the files anew, as a user would, and draws."""
    pipe = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    for name in case:
        pipe.load_lora_weights(out, weight_name=f"{name}.safetensors", adapter_name=name)
    pipe.set_adapters(list(case), adapter_weights=list(case.values()))
    _, tensors = generate(pipe, REQUEST)
    ids = pipe.tokenizer([WOMAN, BANGS], padding="max_length", max_length=77, return_tensors="pt").input_ids
    unet = pipe.unet(inputs["unet.sample"], 521, encoder_hidden_states=inputs["unet.encoder_hidden_states"]).sample
    return {"text": pipe.text_encoder(ids).last_hidden_state, "unet": unet, "latents": tensors["latents"],
            "images": tensors["images"]}


@torch.no_grad()
def main():
    base, out = base_and_out(__doc__, threads=2)
    for name in FILES:
        raw, alpha = write_file(base, out, name)
        if name == "attention":
            save_file(raw, out / f"{name}-peft.safetensors")
            save_file(published(raw), out / f"{name}-published.safetensors")
        if name in ("attention", "alpha"):
            save_file(kohya(raw, alpha), out / f"{name}-kohya.safetensors")
    inputs = load_file(base / "reference.safetensors")
    tensors = {f"case{i}.{key}": tensor.clone().contiguous()
               for i, case in enumerate(CASES) for key, tensor in draw(base, out, case, inputs).items()}
    save_file(tensors, out / "reference.safetensors")
    write_json(out / "reference.json", {
        "base": base.name, "unet_timestep": 521, "text_prompts": [WOMAN, BANGS], "cases": CASES,
        "request": {key: value for key, value in REQUEST.items() if key not in ("options", "scheduler")},
        "versions": versions()})


if __name__ == "__main__":
    main()
