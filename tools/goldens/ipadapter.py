"""IP-Adapters of every kind with seeded weights, and what diffusers draws with them on tiny pipelines."""
import argparse
import shutil
import sys
from pathlib import Path

import torch
from diffusers import DiffusionPipeline
from diffusers.image_processor import IPAdapterMaskProcessor
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from transformers import CLIPVisionModelWithProjection
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from ipadapter_kinds import adapters
from kept import packed, pixels
from sd1_reference import WOMAN, versions
from seeded import fill, seeded_tensors
from vision import TOWERS, picture

FACE = 24
SEEDS = {kind: 4000 + i for i, kind in enumerate(
    ["base", "plus", "full-face", "faceid", "faceid-plus", "portrait", "portrait-unnorm"])}
A, B, C = "37x53.png", "64x64.png", "97x31.png"
REQUEST = dict(prompt=WOMAN, negative="blurry", guidance=4.0, steps=3, width=32, height=24, seeds=[31])


def use(kind, *references, scale=1.0, **more):
    """One adapter in a case; references are pictures, or numbers of seeded faces, or both for FaceID-Plus."""
    return {"kind": kind, "references": list(references), "scale": scale} | more


CASES = {
    "base": [
        {"use": [use("base", A)]}, {"use": [use("base", A, scale=0.35)]}, {"use": [use("base", A, B, scale=0.7)]},
        {"use": [use("base", C, scale=0.8)], "guidance": 1.0}, {"use": [use("base", A, scale=0.6)], "seeds": [5, 6]},
        {"use": [use("base", A, B, scale=0.9, average=True)]}, {"use": [use("base", A, scale=0.8, negative=[C])]},
        {"use": [use("base", A, scale=0.9, steps=[0.25, 0.75])], "steps": 4},
        {"use": [use("base", A, scale={"down": {"block_0": [0.5]}, "up": {"block_1": [0.0, 1.2]}})]},
        {"use": [use("base", A, B, scale=[0.9, 0.4], masks=["left", "right"])]},
        {"use": [use("base", A, scale=0.9, masks=["left"]), use("plus", B, scale=0.7, masks=["right"])]},
        {"use": [use("base", A, scale=0.6)], "lora": ["attention", 0.7]},
        {"use": [use("plus", A, scale=0.8)]}, {"use": [use("plus", A, C, scale=0.5)]},
        {"use": [use("plus", B)], "guidance": 1.0}, {"use": [use("plus", A, scale=0.8, negative=[B])]},
        {"use": [use("full-face", A, scale=0.6)]}, {"use": [use("base", A, scale=0.5), use("plus", B, scale=0.7)]},
        {"use": [use("faceid", 0, scale=0.8)]}, {"use": [use("faceid", 0, 1, scale=0.6)]},
        {"use": [use("faceid", 2, scale=0.8)], "guidance": 1.0},
        {"use": [use("faceid-plus", [0, A], scale=0.8)]},
        {"use": [use("faceid-plus", [0, A], scale=0.8, shortcut=1.0)]},
        {"use": [use("faceid-plus", [0, A], [1, B], scale=0.7, shortcut=0.5)]},
        {"use": [use("portrait", 0, 1, 2, scale=0.9)]}, {"use": [use("portrait-unnorm", 3, scale=0.8)]},
        {"use": [use("portrait-unnorm", 3, 4, scale=0.8)]},
        {"use": [use("faceid", 1, scale=0.7), use("plus", B, scale=0.4)]},
        {"use": [use("base", A, scale=0.9, masks=["odd"])]},
    ],
    "four-levels": [
        {"use": [use("base", A, scale=0.8)]}, {"use": [use("plus", B, C, scale=0.6)]},
        {"use": [use("base", A, scale={"down": {"block_2": [0.25, 1.0]}})]},
        {"use": [use("faceid", 0, scale=0.8)]},
        {"use": [use("base", A, B, scale=0.9, masks=["left", "right"])], "width": 72, "height": 56},
    ],
    "xl-base": [
        {"use": [use("base", A, scale=0.8)]}, {"use": [use("plus", A, B, scale=0.6)]},
        {"use": [use("faceid", 0, scale=0.8)]}, {"use": [use("faceid-plus", [0, A], scale=0.8, shortcut=1.0)]},
        {"use": [use("portrait", 0, 1, scale=0.9)]},
        {"use": [use("base", A, scale={"up": {"block_0": [0.0, 1.0, 0.0]}})]},
        {"use": [use("base", A, B, scale=0.9, masks=["left", "right"])]},
    ],
}


def mask(name):
    """White where the reference counts; "odd" has another size and shape than the picture it is for."""
    size = (50, 37) if name == "odd" else (32, 24)
    image = Image.new("L", size)
    box = {"left": (0, 0, 13, 23), "right": (16, 4, 31, 20), "odd": (8, 5, 33, 30)}[name]
    draw = ImageDraw.Draw(image)
    (draw.ellipse if name == "odd" else draw.rectangle)(box, fill=255)
    return image


def faces():
    """Numbers as a face recogniser gives them; the first three of unit length, the others not."""
    generator = torch.Generator("cpu").manual_seed(4100)
    numbers = torch.randn(5, FACE, generator=generator)
    numbers[:3] /= numbers[:3].norm(dim=1, keepdim=True)
    return numbers


class Drawing:
    def __init__(self, folder, pictures, face_numbers, loras):
        self.folder, self.pictures, self.faces, self.loras = folder, pictures, face_numbers, loras
        kind, seed, config = TOWERS["clip-quick"]
        self.encoder = kind(config)
        fill(self.encoder, seed)
        self.processor = CLIPImageProcessorPil(size=config.image_size, crop_size=config.image_size)
        unet = DiffusionPipeline.from_pretrained(folder, safety_checker=None).unet if "xl" not in folder.name else \
            DiffusionPipeline.from_pretrained(folder).unet
        self.shapes = adapters(unet, config.projection_dim, config.hidden_size, FACE)

    def encode(self, names, hidden):
        seen = self.processor([self.pictures[name] for name in names], return_tensors="pt").pixel_values
        if hidden:
            return self.encoder(seen, output_hidden_states=True).hidden_states[-2]
        return self.encoder(seen).image_embeds

    def nothing(self, count):
        side = self.encoder.config.image_size
        return self.encoder(torch.zeros(count, 3, side, side), output_hidden_states=True).hidden_states[-2]

    def embeds(self, use, guided):
        """What diffusers calls ip_adapter_image_embeds, and what it wants in clip_embeds."""
        kind, references, clip = use["kind"], use["references"], None
        if kind in ("base", "plus", "full-face"):
            hidden = kind != "base"
            positive = self.encode(references, hidden)
            if use.get("negative"):
                negative = self.encode(use["negative"], hidden)
            else:
                negative = self.nothing(len(references)) if hidden else torch.zeros_like(positive)
        else:
            numbers = [reference[0] if isinstance(reference, list) else reference for reference in references]
            positive = self.faces[numbers].unsqueeze(1) if kind == "portrait-unnorm" else self.faces[numbers]
            negative = torch.zeros_like(positive)
            if kind == "faceid-plus":
                names = [reference[1] for reference in references]
                clip = [self.nothing(len(names))] * guided + [self.encode(names, True)]
                clip = torch.stack(clip)
        if use.get("average"):
            positive, negative = positive.mean(0, keepdim=True), negative.mean(0, keepdim=True)
        return torch.stack(([negative] if guided else []) + [positive]), clip

    def draw(self, case):
        ask = REQUEST | {key: value for key, value in case.items() if key not in ("use", "lora")}
        pipe = DiffusionPipeline.from_pretrained(self.folder)
        pipe.set_progress_bar_config(disable=True)
        pipe.register_modules(image_encoder=self.encoder, feature_extractor=self.processor)
        if "lora" in case:
            name, weight = case["lora"]
            pipe.load_lora_weights(self.loras, weight_name=f"{name}.safetensors", adapter_name=name)
            pipe.set_adapters([name], adapter_weights=[weight])
        uses = case["use"]
        pipe.load_ip_adapter([nested(seeded_tensors(self.shapes[u["kind"]], SEEDS[u["kind"]])) for u in uses],
                             subfolder=[""] * len(uses), weight_name=[""] * len(uses))
        guided = ask["guidance"] > 1
        embeds = []
        for use, layer in zip(uses, pipe.unet.encoder_hid_proj.image_projection_layers):
            numbers, clip = self.embeds(use, guided)
            embeds.append(numbers)
            if clip is not None:
                layer.clip_embeds, layer.shortcut = clip, "shortcut" in use
                layer.shortcut_scale = use.get("shortcut", 1.0)
        scales = [u["scale"] for u in uses]
        window = uses[0].get("steps")
        set_scales(pipe, scales if not window or window[0] == 0 else [0.0])
        masks = {"ip_adapter_masks": [self.masks(u["masks"], ask) for u in uses]} if "masks" in uses[0] else {}

        def after(pipe, i, t, kwargs):
            if window:
                progress = (i + 1) / len(pipe.scheduler.timesteps)
                set_scales(pipe, scales if window[0] <= progress < window[1] else [0.0])
            return {}

        count = len(ask["seeds"])
        return pipe([ask["prompt"]] * count, negative_prompt=[ask["negative"]] * count, guidance_scale=ask["guidance"],
                    num_inference_steps=ask["steps"], width=ask["width"], height=ask["height"], output_type="pt",
                    generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]],
                    ip_adapter_image_embeds=embeds, cross_attention_kwargs=masks or None,
                    callback_on_step_end=after).images

    @staticmethod
    def masks(names, ask):
        masks = IPAdapterMaskProcessor().preprocess([mask(name) for name in names], height=ask["height"],
                                                    width=ask["width"])
        return masks.reshape(1, len(names), ask["height"], ask["width"])


def set_scales(pipe, scales):
    if any(isinstance(scale, list) for scale in scales):
        for processor in pipe.unet.attn_processors.values():
            if hasattr(processor, "scale"):
                processor.scale = list(scales)
    else:
        pipe.set_ip_adapter_scale(scales if len(scales) > 1 else scales[0])


def nested(tensors):
    groups = {"image_proj": {}, "ip_adapter": {}}
    for name, tensor in tensors.items():
        group, rest = name.split(".", 1)
        groups[group][rest] = tensor
    return groups


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, type=Path, help="where sd1.py and sdxl.py wrote their folders")
    parser.add_argument("--loras", required=True, type=Path, help="where lora.py wrote its files")
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    parser.add_argument("folders", nargs="*", default=list(CASES))
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    pictures = {f"{w}x{h}.png": picture(w, h, seed) for seed, (w, h) in ((0, (37, 53)), (1, (64, 64)), (6, (97, 31)))}
    for name in ("left", "right", "odd"):
        mask(name).convert("RGB").save(args.out / f"mask-{name}.png", optimize=True)
    for name in args.folders:
        drawing = Drawing(args.tiny / name, pictures, faces(), args.loras)
        tensors, cases = {"faces": faces()}, []
        for i, case in enumerate(CASES[name]):
            images = drawing.draw(case)
            print(name, i, case, "spread", round(images.std().item(), 4), flush=True)
            tensors[f"case{i}.images"] = pixels(images)
            cases.append(REQUEST | case)
        save_file({key: value.clone().contiguous() for key, value in tensors.items()}, args.out / f"{name}.safetensors")
        packed(args.out / f"{name}.json.gz", {
            "base": name, "encoder": "clip-quick", "cases": cases, "versions": versions(),
            "adapters": {kind: {"seed": SEEDS[kind], "tensors": shapes} for kind, shapes in drawing.shapes.items()}})
    if "base" in args.folders:
        drawing = Drawing(args.tiny / "base", pictures, faces(), args.loras)
        shutil.copy(args.loras / "attention.safetensors", args.out / "lora-attention.safetensors")
        torch.save(nested(seeded_tensors(drawing.shapes["base"], SEEDS["base"])), args.out / "base.bin")


if __name__ == "__main__":
    sys.exit(main())
