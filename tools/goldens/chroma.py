"""Tiny Chroma pipelines with seeded random weights, and what diffusers computes with them on CPU in f32: images from
prompts, from images and under masks, one forward of the network, T5 under its mask, and images with a LoRA, whose file
is written in three key formats. Lists the tensors of the published size in diffusers' and in its author's names,
too."""
import argparse
import re
from pathlib import Path

import diffusers
import PIL.Image
import torch
from diffusers import AutoencoderKL, ChromaPipeline, ChromaTransformer2DModel, FlowMatchEulerDiscreteScheduler
from diffusers.loaders.single_file_utils import convert_chroma_transformer_checkpoint_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import T5Config, T5EncoderModel, T5Tokenizer

import t5_vocabulary
from clip_vocabulary import write_json
from flux import DYNAMIC, T5, VAE
from transformer_folders import fixtures, generate, run, write_variant
from kept import packed, pixels
from sd1_reference import ACCENTS, BANGS, EMOJI, EMPTY, LONG, WOMAN, versions
from transformer_keys import flux_names, layer
from transformer_pictures import hole, picture

# Options of FLUX's network that its names are built with and Chroma's has none of.
FLUX_ALONE = dict(pooled_projection_dim=768, guidance_embeds=False)
SEED, LORA_SEED = 9000, 2300
NET = dict(in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2,
           joint_attention_dim=24, axes_dims_rope=(4, 6, 6), approximator_num_channels=16, approximator_hidden_dim=20,
           approximator_layers=2)
VARIANTS = {
    "base": dict(t5=T5, vae=VAE, net=NET, schedule=DYNAMIC),
    "wide": dict(
        t5=T5 | dict(d_model=32, d_kv=6, num_heads=4, num_layers=1, relative_attention_num_buckets=16,
                     relative_attention_max_distance=40),
        vae=VAE | dict(block_out_channels=(8, 8, 12), down_block_types=("DownEncoderBlock2D",) * 3,
                       up_block_types=("UpDecoderBlock2D",) * 3, latent_channels=16, layers_per_block=2),
        net=NET | dict(in_channels=64, num_layers=1, num_single_layers=3, attention_head_dim=24, num_attention_heads=3,
                       joint_attention_dim=32, axes_dims_rope=(8, 8, 8), approximator_num_channels=64,
                       approximator_hidden_dim=48, approximator_layers=3),
        schedule=dict(shift=1.0, use_dynamic_shifting=False)),
}
RUNS = {
    "base": [run(WOMAN, 4, 5.0, 40, 24, [0], call={"negative_prompt": "blurry, low quality"}),
             run(ACCENTS, 2, 1.0, 24, 32, [7, 2 ** 40 + 5]),
             run(EMOJI, 3, 2.5, 16, 48, [9]),
             run(LONG, 5, 3.0, 32, 16, [11], call={"negative_prompt": "a hat"}),
             run(BANGS, 3, 4.0, 64, 64, [6], "UniPCMultistepScheduler", prediction_type="flow_prediction",
                 use_flow_sigmas=True, flow_shift=2.0)],
    "wide": [run(EMPTY, 1, 5.0, 40, 24, [4]),
             run(WOMAN, 4, 3.0, 32, 32, [1, 2], call={"negative_prompt": "blurry"}),
             run(BANGS, 2, 1.5, 48, 64, [8], "FlowMatchEulerDiscreteScheduler", use_beta_sigmas=True)],
}


def ask(pipeline, folder, *, prompt=WOMAN, steps=5, guidance=4.0, strength, width=40, height=24, seed, mask=False,
        negative=None):
    return dict(shown=(width, height), pipeline=pipeline, folder=f"chroma/{folder}", prompt=prompt, steps=steps,
                guidance=guidance, strength=strength, width=width, height=height, seed=seed, mask=mask,
                call={} if negative is None else {"negative_prompt": negative})


PICTURES = [
    ask("ChromaImg2ImgPipeline", "base", strength=0.7, seed=0, negative="blurry"),
    ask("ChromaImg2ImgPipeline", "wide", steps=4, strength=0.5, guidance=1.0, seed=3),
    ask("ChromaImg2ImgPipeline", "base", prompt=BANGS, strength=1.0, seed=4, width=24),
    ask("ChromaInpaintPipeline", "base", strength=0.8, seed=5, mask=True, negative="blurry"),
    ask("ChromaInpaintPipeline", "wide", prompt=BANGS, steps=4, strength=0.6, guidance=3.0, seed=6, mask=True),
]

LORA = r"transformer_blocks\.1\.(attn\.(to_q|to_k|to_v|to_out\.0|add_q_proj|add_k_proj|add_v_proj|to_add_out)|" \
       r"ff\.net\.0\.proj|ff_context\.net\.2)|single_transformer_blocks\.0\.(attn\.(to_q|to_k|to_v)|proj_mlp|proj_out)"
RANK, ALPHA, WEIGHT = 1, 1.5, 0.8
FUSED = {"attn.to_q": ("img_attn.qkv", 0), "attn.to_k": ("img_attn.qkv", 1), "attn.to_v": ("img_attn.qkv", 2),
         "attn.add_q_proj": ("txt_attn.qkv", 0), "attn.add_k_proj": ("txt_attn.qkv", 1),
         "attn.add_v_proj": ("txt_attn.qkv", 2)}
LINEAR1 = {"attn.to_q": ("linear1", 0), "attn.to_k": ("linear1", 1), "attn.to_v": ("linear1", 2),
           "proj_mlp": ("linear1", 3)}
ALONE = {"attn.to_out.0": "img_attn.proj", "attn.to_add_out": "txt_attn.proj", "ff.net.0.proj": "img_mlp.0",
         "ff_context.net.2": "txt_mlp.2", "proj_out": "linear2"}


def pipeline(variant, t5):
    return ChromaPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**variant["schedule"]), vae=AutoencoderKL(**variant["vae"]),
        text_encoder=T5EncoderModel(T5Config(**variant["t5"])),
        tokenizer=T5Tokenizer.from_pretrained(t5, model_max_length=512),
        transformer=ChromaTransformer2DModel(**variant["net"]))


@torch.no_grad()
def probe(pipe):
    """T5 on short rows of ids with padding, and one forward of the transformer at a size of its own."""
    generator = torch.Generator("cpu").manual_seed(4)
    net = pipe.transformer.config
    ids, counts = torch.arange(24).view(2, 12) % 17, torch.tensor([[5], [12]])
    read = (torch.arange(12)[None] < counts).long()
    hidden = torch.randn((2, 15, net.in_channels), generator=generator)
    text = torch.randn((2, 7, net.joint_attention_dim), generator=generator)
    time = torch.tensor([0.731, 0.02])
    own = torch.tensor([[3], [7]])
    mask = torch.cat([(torch.arange(7)[None] <= own).float(), torch.ones(2, 15)], 1)
    positions = torch.stack([torch.zeros(15), torch.arange(15) // 5, torch.arange(15) % 5], 1)
    output = pipe.transformer(hidden, text, time, positions, torch.zeros(7, 3), attention_mask=mask).sample
    return {"t5.ids": ids, "t5.counts": counts, "t5.output": pipe.text_encoder(ids, attention_mask=read)[0],
            "net.hidden": hidden, "net.text": text, "net.counts": own.float(), "net.time": time,
            "net.positions": positions, "net.output": output}


@torch.no_grad()
def draw(tiny, one):
    pipe = getattr(diffusers, one["pipeline"]).from_pretrained(Path(tiny, one["folder"].removeprefix("chroma/")))
    pipe.set_progress_bar_config(disable=True)
    if one["mask"]:
        # The pipeline for inpainting reads an option that Chroma's network does not have, and ends with an error
        # without it.
        pipe.transformer.register_to_config(guidance_embeds=False)
    size = one["width"], one["height"]
    call = {"mask_image": PIL.Image.fromarray(hole(*size))} if one["mask"] else {}
    images = pipe(prompt=one["prompt"], image=PIL.Image.fromarray(picture(*size)), width=size[0], height=size[1],
                  num_inference_steps=one["steps"], guidance_scale=one["guidance"], strength=one["strength"],
                  output_type="pt",
                  generator=[torch.Generator("cpu").manual_seed(one["seed"])], **call, **one["call"]).images
    return images


def write_pictures(tiny, out):
    tensors = {}
    for i, one in enumerate(PICTURES):
        tensors[f"run{i}.images"] = pixels(draw(tiny, one))
        tensors[f"run{i}.picture"] = torch.from_numpy(picture(*one["shown"]))
        if one["mask"]:
            tensors[f"run{i}.mask"] = torch.from_numpy(hole(one["width"], one["height"]))
    out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out / "reference.safetensors")
    write_json(out / "reference.json", {"runs": PICTURES, "versions": versions()})


def published(out):
    """The tensors of Chroma1-HD: FLUX's names without modulation, of which diffusers' conversion has to make exactly
    its own."""
    with torch.device("meta"):
        net = ChromaTransformer2DModel()
    options = {name: value for name, value in net.config.items() if not name.startswith("_")}
    canonical = {name: list(tensor.shape) for name, tensor in net.state_dict().items()}
    left_out = re.compile(r"_mod\.|modulation|(time|vector|guidance)_in\.")
    foreign = {name: shape for name, shape in flux_names(options | FLUX_ALONE).items() if not left_out.search(name)}
    inner, width = options["approximator_hidden_dim"], foreign["img_in.bias"][0]
    layer(foreign, "distilled_guidance_layer.in_proj", inner, options["approximator_num_channels"])
    layer(foreign, "distilled_guidance_layer.out_proj", width, inner)
    for i in range(options["approximator_layers"]):
        layer(foreign, f"distilled_guidance_layer.layers.{i}.in_layer", inner, inner)
        layer(foreign, f"distilled_guidance_layer.layers.{i}.out_layer", inner, inner)
        foreign[f"distilled_guidance_layer.norms.{i}.scale"] = [inner]
    converted = convert_chroma_transformer_checkpoint_to_diffusers(
        {name: torch.empty(shape, device="meta") for name, shape in foreign.items()})
    if {name: list(tensor.shape) for name, tensor in converted.items()} != canonical:
        raise SystemExit("diffusers makes other names or shapes of these")
    packed(out / "keys.json.gz", {"chroma1-hd": {"config": options, "canonical": canonical, "foreign": foreign}})


def makers(state):
    """The same under the makers' names: layers that are one there are made by a factor as many times as wide."""
    groups = {}
    for name, tensor in state.items():
        path, _, factor = name.partition(".lora_")
        single = path.startswith("single_")
        block, number, layer = path.split(".", 2)
        block = f"{'single' if single else 'double'}_blocks.{number}."
        there, part = (LINEAR1 if single else FUSED).get(layer) or (ALONE[layer], 0)
        groups.setdefault(block + there, {})[part, factor] = tensor
    out = {}
    for name, parts in groups.items():
        count = len(parts) // 2
        out[name] = (torch.cat([parts[i, "A.weight"] for i in range(count)]),
                     torch.block_diag(*(parts[i, "B.weight"] for i in range(count))),
                     torch.tensor(ALPHA / RANK * count))
    return out


@torch.no_grad()
def write_lora(tiny, out):
    """The same factors in a file as diffusers writes it, in kohya's names and in ComfyUI's; diffusers draws with the
    first."""
    pipe = ChromaPipeline.from_pretrained(tiny / "base")
    pipe.transformer.requires_grad_(False)
    pipe.transformer.add_adapter(LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=LORA))
    pipe.transformer.peft_config["default"].base_model_name_or_path = None
    generator = torch.Generator("cpu").manual_seed(LORA_SEED)
    for name, parameter in sorted(pipe.transformer.named_parameters()):
        if ".lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) / parameter[0].numel() ** 0.5
    state = {name: tensor.contiguous() for name, tensor in get_peft_model_state_dict(pipe.transformer).items()}
    out.mkdir(parents=True, exist_ok=True)
    metadata = pipe.transformer.peft_config["default"].to_dict()
    ChromaPipeline.save_lora_weights(out, transformer_lora_layers=state, weight_name="diffusers.safetensors",
                                     transformer_lora_adapter_metadata=metadata)
    kohya, comfy = {}, {}
    for name, (down, up, alpha) in makers(state).items():
        stem = "lora_unet_" + name.replace(".", "_")
        kohya |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up, f"{stem}.alpha": alpha}
        comfy |= {f"diffusion_model.{name}.lora_A.weight": down, f"diffusion_model.{name}.lora_B.weight": up,
                  f"diffusion_model.{name}.alpha": alpha}
    save_file({name: tensor.contiguous() for name, tensor in kohya.items()}, out / "kohya.safetensors")
    save_file({name: tensor.contiguous() for name, tensor in comfy.items()}, out / "comfyui.safetensors")
    pipe = ChromaPipeline.from_pretrained(tiny / "base")
    pipe.set_progress_bar_config(disable=True)
    request = run(BANGS, 2, 3.0, 16, 24, [31])
    plain = generate(pipe, request)[1]["images"]
    pipe.load_lora_weights(out, weight_name="diffusers.safetensors", adapter_name="one")
    pipe.set_adapters(["one"], [WEIGHT])
    images = generate(pipe, request)[1]["images"]
    if torch.allclose(plain, images, atol=1e-2):
        raise SystemExit("the LoRA changes nothing")
    save_file({"images": images}, out / "images.safetensors")
    write_json(out / "reference.json", {"request": request, "weight": WEIGHT, "versions": versions()})


FILES = ["model_index.json", "scheduler/scheduler_config.json", "transformer/config.json", "vae/config.json",
         "text_encoder/config.json", "reference.json", "reference.safetensors"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder that receives one folder per variant")
    parser.add_argument("--fixtures", type=Path, help="folder that receives what the tests of diffusion-core read")
    parser.add_argument("--lora", type=Path, help="folder that receives what the tests of identity-lora read")
    args = parser.parse_args()
    torch.set_num_threads(1)
    words = args.out / "tokenizers/t5"
    t5_vocabulary.write_tokenizer(words)
    for name, variant in VARIANTS.items():
        write_variant(args.out / name, pipeline(variant, words / "today"), SEED, RUNS[name], probe)
        if args.fixtures:
            fixtures(args.out / name, args.fixtures, FILES)
    if args.fixtures:
        write_pictures(args.out, args.fixtures / "pictures")
        published(args.fixtures)
    if args.lora:
        write_lora(args.out, args.lora)


if __name__ == "__main__":
    main()
