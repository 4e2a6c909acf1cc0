"""IP-Adapters for FLUX.1 and Stable Diffusion 3.5 with seeded weights, and what is drawn with them on tiny pipelines.

XLabs' layout and InstantX's for Stable Diffusion 3.5 by diffusers; InstantX's for FLUX.1, which diffusers lacks, by the
attention processor that its authors published with the weights (attention_processor.py, not kept here)."""
import argparse
import importlib.util
from pathlib import Path

import torch
from diffusers import FluxPipeline, SD3Transformer2DModel, StableDiffusion3Pipeline
from safetensors.torch import save_file
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from ipadapter import A, B, C, nested, use
from ipadapter_kinds import base, linear, norm, plus
from kept import packed, pixels
from sd1_reference import WOMAN, versions
from seeded import fill, seeded_tensors
from vision import TOWERS, picture

SEEDS = {"xlabs": 4200, "instantx": 4201, "timed": 4202, "lora": 4203}
TOWER = {"xlabs": "clip-quick", "instantx": "siglip", "timed": "siglip"}
REQUEST = dict(prompt=WOMAN, negative="", guidance=3.5, true=1.0, steps=3, width=24, height=16, seeds=[31])
CASES = {
    "flux/dev": [
        {"use": [use("xlabs", A)]}, {"use": [use("xlabs", A, scale=0.35)]}, {"use": [use("xlabs", A, B, scale=0.7)]},
        {"use": [use("xlabs", A, B, scale=0.7, average=True)]},
        {"use": [use("xlabs", A, scale=[0.25, 1.1])]}, {"use": [use("xlabs", A, scale=0.6)], "seeds": [5, 6]},
        {"use": [use("xlabs", A, scale=0.8)], "negative": "blurry", "true": 3.0},
        {"use": [use("xlabs", A, scale=0.8, negative=[C])], "negative": "blurry", "true": 3.0},
        {"use": [use("xlabs", A, scale=0.5), use("xlabs", B, C, scale=0.6)]},
        {"use": [use("xlabs", A, scale=0.9, steps=[0.25, 0.75])], "steps": 4},
        {"use": [use("xlabs", A, scale=0.6)], "lora": 0.7},
        {"use": [use("instantx", A)]}, {"use": [use("instantx", A, C, scale=0.45)]},
        {"use": [use("instantx", B, scale=0.6)], "seeds": [5, 6], "lora": 0.7},
    ],
    "sd3/large": [
        {"use": [use("timed", A)], "guidance": 5.0}, {"use": [use("timed", A, scale=0.4)], "guidance": 1.0},
        {"use": [use("timed", A, B, scale=0.7)], "guidance": 5.0},
        {"use": [use("timed", A, B, scale=0.7, average=True)], "guidance": 1.0},
        {"use": [use("timed", A, scale=0.8, negative=[C])], "negative": "blurry", "guidance": 4.0},
        {"use": [use("timed", B, scale=0.9, steps=[0.25, 0.75])], "guidance": 3.0, "steps": 4},
        {"use": [use("timed", A, scale=0.6)], "guidance": 4.0, "seeds": [5, 6], "lora": 0.7},
    ],
    "sd3/medium": [
        {"use": [use("timed", A, scale=0.8)], "guidance": 5.0},
    ],
}


def prefixed(projection, attentions):
    return {f"image_proj.{name}": shape for name, shape in projection.items()} | {
        f"ip_adapter.{n}.{name}": shape for n, shapes in enumerate(attentions) for name, shape in shapes.items()}


def layouts(transformer, pooled, seen):
    """The adapters that fit a transformer: names to shapes, by kind."""
    count, width = len(transformer.attn_processors), transformer.inner_dim
    if isinstance(transformer, SD3Transformer2DModel):
        head = transformer.config.attention_head_dim
        resampler = plus(width, seen, 5, 96, 2)
        for i in range(4):
            resampler |= linear(f"layers.{i}.2.1", 96, 4 * 96)
        resampler |= linear("time_embedding.linear_1", 32, 96) | linear("time_embedding.linear_2", 96, 96)
        one = linear("norm_ip.linear", 96, 2 * width) | linear("to_k_ip", width, width, False) | linear(
            "to_v_ip", width, width, False) | {f"norm_{name}.weight": [head] for name in ("q", "k", "ip_k")}
        return {"timed": prefixed(resampler, [one] * count)}
    context = transformer.config.joint_attention_dim
    two = linear("proj.0", seen, 2 * seen) | linear("proj.2", 2 * seen, 6 * context) | norm("norm", context)
    both = [linear("to_k_ip", context, width) | linear("to_v_ip", context, width)] * transformer.config.num_layers
    bare = [linear("to_k_ip", context, width, False) | linear("to_v_ip", context, width, False)] * count
    return {"xlabs": prefixed(base(context, pooled), both), "instantx": prefixed(two, bare)}


def lora(transformer):
    """A LoRA of rank 2 on the queries of all blocks."""
    names = [name for name, module in transformer.named_modules() if name.endswith("attn.to_q")]
    width = transformer.inner_dim
    return {f"transformer.{name}.lora_{side}.weight": shape for name in names
            for side, shape in (("A", [2, width]), ("B", [width, 2]))}


class Drawing:
    def __init__(self, folder, pictures, published):
        self.folder, self.pictures, self.published = folder, pictures, published
        self.towers = {}
        for name in set(TOWER.values()):
            kind, seed, config = TOWERS[name]
            tower = kind(config)
            fill(tower, seed)
            side = config.image_size
            self.towers[name] = (tower, CLIPImageProcessorPil(size=side, crop_size=side) if name != "siglip" else
                                 SiglipImageProcessorPil(size={"height": side, "width": side}))
        transformer = self.opened().transformer
        self.shapes = layouts(transformer, TOWERS["clip-quick"][2].projection_dim, TOWERS["siglip"][2].hidden_size)
        self.lora = lora(transformer)

    def opened(self):
        flux = self.folder.parent.name == "flux"
        has_t5 = flux or self.folder.joinpath("text_encoder_3").exists()
        absent = {} if has_t5 else {"text_encoder_3": None, "tokenizer_3": None}
        pipe = (FluxPipeline if flux else StableDiffusion3Pipeline).from_pretrained(self.folder, **absent)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def encode(self, kind, names):
        tower, processor = self.towers[TOWER[kind]]
        seen = tower(processor([self.pictures[name] for name in names], return_tensors="pt").pixel_values,
                     output_hidden_states=True)
        if kind == "timed":
            return seen.hidden_states[-2]
        return seen.pooler_output if kind == "instantx" else seen.image_embeds

    def references(self, one):
        seen = self.encode(one["kind"], one["references"])
        return seen.mean(0, keepdim=True) if one.get("average") else seen

    def adapter(self, kind):
        return nested(seeded_tensors(self.shapes[kind], SEEDS[kind]))

    def draw(self, case):
        ask = REQUEST | {key: value for key, value in case.items() if key not in ("use", "lora")}
        pipe, uses = self.opened(), case["use"]
        if "lora" in case:
            pipe.load_lora_weights(seeded_tensors(self.lora, SEEDS["lora"]), adapter_name="lora")
            pipe.set_adapters(["lora"], adapter_weights=[case["lora"]])
        attach = {"xlabs": self.xlabs, "instantx": self.instantx, "timed": self.timed}[uses[0]["kind"]]
        call, set_scales = attach(pipe, uses, ask)
        scales, window = [one["scale"] for one in uses], uses[0].get("steps")
        set_scales(scales if not window or window[0] == 0 else [0.0])

        def after(pipe, i, t, kwargs):
            if window:
                progress = (i + 1) / len(pipe.scheduler.timesteps)
                set_scales(scales if window[0] <= progress < window[1] else [0.0])
            return {}

        count = len(ask["seeds"])
        if ask["true"] > 1:
            call |= {"true_cfg_scale": ask["true"]}
        if ask["true"] > 1 or isinstance(pipe, StableDiffusion3Pipeline):
            call |= {"negative_prompt": [ask["negative"]] * count}
        return pipe([ask["prompt"]] * count, guidance_scale=ask["guidance"], num_inference_steps=ask["steps"],
                    width=ask["width"], height=ask["height"], output_type="pt", callback_on_step_end=after,
                    generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]], **call).images

    def xlabs(self, pipe, uses, ask):
        """Pictures go through the pipeline's own encoder, but for means, which it does not make."""
        tower, processor = self.towers[TOWER["xlabs"]]
        pipe.register_modules(image_encoder=tower, feature_extractor=processor)
        pipe.load_ip_adapter([self.adapter("xlabs") for _ in uses], weight_name=[""] * len(uses),
                             subfolder=[""] * len(uses))
        shown = lambda key: [[self.pictures[name] for name in one[key]] for one in uses]
        call = ({"ip_adapter_image_embeds": [self.references(one)[None] for one in uses]} if "average" in uses[0]
                else {"ip_adapter_image": shown("references")})
        if "negative" in uses[0]:
            call["negative_ip_adapter_image"] = shown("negative")
        return call, lambda scales: pipe.set_ip_adapter_scale(scales if len(scales) > 1 else scales[0])

    def instantx(self, pipe, uses, ask):
        transformer, tensors = pipe.transformer, self.adapter("instantx")
        context = transformer.config.joint_attention_dim
        processors = {name: self.published(transformer.inner_dim, context) for name in transformer.attn_processors}
        torch.nn.ModuleList(processors.values()).load_state_dict(tensors["ip_adapter"])
        transformer.set_attn_processor(processors)
        proj = tensors["image_proj"]
        hidden = torch.nn.functional.gelu(torch.nn.functional.linear(self.references(uses[0]), proj["proj.0.weight"],
                                                                     proj["proj.0.bias"]))
        tokens = torch.nn.functional.linear(hidden, proj["proj.2.weight"], proj["proj.2.bias"]).reshape(1, -1, context)
        tokens = torch.nn.functional.layer_norm(tokens, [context], proj["norm.weight"], proj["norm.bias"])

        def set_scales(scales):
            for processor in transformer.attn_processors.values():
                processor.scale = scales[0]

        return {"joint_attention_kwargs": {"image_emb": tokens.expand(len(ask["seeds"]), -1, -1)}}, set_scales

    def timed(self, pipe, uses, ask):
        tower, processor = self.towers[TOWER["timed"]]
        pipe.register_modules(image_encoder=tower, feature_extractor=processor)
        pipe.load_ip_adapter(self.adapter("timed"))
        shown, count = self.references(uses[0]), len(ask["seeds"])
        if len(shown) == 1 and count == 1 and not {"average", "negative", "steps"} & set(uses[0]):
            call = {"ip_adapter_image": self.pictures[uses[0]["references"][0]]}
        else:
            pipe.transformer.image_proj = EachReference(pipe.transformer.image_proj)
            # Embeddings are attached also where the weight is 0 at first, which pictures are not.
            unlike = self.encode("timed", uses[0]["negative"]) if "negative" in uses[0] else torch.zeros_like(shown)
            halves = [unlike, shown] if ask["guidance"] > 1 else [shown]
            call = {"ip_adapter_image_embeds": torch.stack(halves)}
        return call, lambda scales: pipe.set_ip_adapter_scale(scales[0])


class EachReference(torch.nn.Module):
    """Tokens of several references side by side: diffusers' projection knows one."""

    def __init__(self, one):
        super().__init__()
        self.one = one

    def forward(self, references, timestep):
        tokens = [self.one(references[:, i], timestep) for i in range(references.shape[1])]
        return torch.cat([shown for shown, _ in tokens], 1), tokens[0][1]


def processor_of(file):
    spec = importlib.util.spec_from_file_location("published", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Called(module.IPAFluxAttnProcessor2_0):
        """The same, for a diffusers that gives a processor its arguments in another order."""

        def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, image_rotary_emb=None,
                     image_emb=None):
            return super().__call__(attn, hidden_states, image_emb, encoder_hidden_states=encoder_hidden_states,
                                    attention_mask=attention_mask, image_rotary_emb=image_rotary_emb)

    return Called


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, type=Path, help="where flux.py and sd3.py wrote their folders")
    parser.add_argument("--instantx", required=True, help="attention_processor.py of InstantX's FLUX.1-dev-IP-Adapter")
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    pictures = {f"{w}x{h}.png": picture(w, h, seed) for seed, (w, h) in ((0, (37, 53)), (1, (64, 64)), (6, (97, 31)))}
    tensors, bases = {}, {}
    for name, cases in CASES.items():
        drawing = Drawing(args.tiny / name, pictures, processor_of(args.instantx))
        for i, case in enumerate(cases):
            images = drawing.draw(case)
            print(name, i, case, "spread", round(images.std().item(), 4), flush=True)
            tensors[f"{name}.{i}"] = pixels(images)
        bases[name] = {"cases": [REQUEST | case for case in cases],
                       "lora": {"seed": SEEDS["lora"], "tensors": drawing.lora},
                       "adapters": {kind: {"seed": SEEDS[kind], "encoder": TOWER[kind], "tensors": shapes}
                                    for kind, shapes in drawing.shapes.items()}}
    save_file(tensors, args.out / "joint.safetensors")
    packed(args.out / "joint.json.gz", {"bases": bases, "versions": versions()})


if __name__ == "__main__":
    main()
