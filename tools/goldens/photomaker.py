"""PhotoMaker v1 and v2 with small seeded networks, and what the published pipeline draws with them on a tiny SDXL.

    pip install einops==0.8.2
    python photomaker.py --tiny FLAT --photomaker CHECKOUT --out FOLDER

The published classes fix the sizes of their networks; their forward passes run on narrow ones. The pipeline gets
photos, as pixels that `CLIPImageProcessorPil` prepared, and for v2 face embeddings. The published pipeline repeats the
class token twice for each photo, which fits v2 only; v1 is run with once, as its first version did.
`reference.json.gz` has the seeds and shapes of both files and the requests; `reference.safetensors` the face embeddings
and the images, of which every second row and column is kept.
"""
import argparse
import contextlib
import io
import sys
from pathlib import Path

import torch
from diffusers import EulerDiscreteScheduler
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from kept import packed, pixels
from published import COMMITS, module
from sd1_reference import public, versions
from seeded import seeded_tensors
from vision import picture

FACE, RANK = 24, 3
TOWER = dict(hidden_size=128, intermediate_size=96, num_attention_heads=2, num_hidden_layers=3, patch_size=56,
             image_size=224, projection_dim=20)
SEEDS = {"v1": 6600, "v2": 6610}
PHOTOS = {"37x53.png": (37, 53, 0), "64x64.png": (64, 64, 1), "301x200.png": (301, 200, 2)}
A, B, C = PHOTOS
PROMPT = "a photo of a woman img, in a park"
REQUEST = dict(prompt=PROMPT, negative="blurry", guidance=5.0, steps=6, width=32, height=24, seed=31, start=1, faces=[])
RUNS = [
    dict(version="v1", photos=[A]), dict(version="v1", photos=[A, B, C], start=3),
    dict(version="v1", photos=[B], guidance=1.0, start=0), dict(version="v1", photos=[C], lora=0.4),
    dict(version="v1", photos=[A], prompt="woman img"),
    dict(version="v2", photos=[A], faces=[0]), dict(version="v2", photos=[A, B, C], faces=[0, 1, 2], start=2),
    dict(version="v2", photos=[B, A], faces=[1, 0], negative=None, seed=5),
]


def networks(checkout, width):
    """The encoders with narrow layers; their forward passes are the published ones."""
    v1, v2 = module(checkout, "photomaker.model"), module(checkout, "photomaker.model_v2")
    resampler = module(checkout, "photomaker.resampler")

    class First(v1.PhotoMakerIDEncoder):
        def __init__(self):
            CLIPVisionModelWithProjection.__init__(self, CLIPVisionConfig(**TOWER))
            self.visual_projection_2 = nn.Linear(TOWER["hidden_size"], width - TOWER["projection_dim"], bias=False)
            self.fuse_module = v1.FuseModule(width)

    class Second(v2.PhotoMakerIDEncoder_CLIPInsightfaceExtendtoken):
        def __init__(self):
            CLIPVisionModelWithProjection.__init__(self, CLIPVisionConfig(**TOWER))
            self.fuse_module = v2.FuseModule(width)
            self.visual_projection_2 = nn.Linear(TOWER["hidden_size"], width - TOWER["projection_dim"], bias=False)
            self.num_tokens = 2
            self.qformer_perceiver = v2.QFormerPerceiver(FACE, width, 2, embedding_dim=TOWER["hidden_size"])
            self.qformer_perceiver.perceiver_resampler = resampler.FacePerceiverResampler(
                dim=width, depth=2, dim_head=128, heads=1, embedding_dim=TOWER["hidden_size"], output_dim=width)

    return {"v1": First, "v2": Second}


def lora_shapes(unet):
    """Factors of the four layers of every attention, by the names of diffusers' old attention processors."""
    shapes = {}
    for path, attention in unet.named_modules():
        if path.endswith((".attn1", ".attn2")):
            for layer in ("q", "k", "v", "out"):
                linear = attention.to_out[0] if layer == "out" else getattr(attention, f"to_{layer}")
                stem = f"lora_weights.unet.{path}.processor.to_{layer}_lora"
                shapes[f"{stem}.down.weight"] = [RANK, linear.in_features]
                shapes[f"{stem}.up.weight"] = [linear.out_features, RANK]
    return shapes


def pipeline_class(checkout, kinds):
    package = Path(checkout, "photomaker")
    module(checkout, "photomaker.model")
    sys.modules["photomaker"].PhotoMakerIDEncoder = kinds["v1"]
    sys.modules["photomaker"].PhotoMakerIDEncoder_CLIPInsightfaceExtendtoken = kinds["v2"]
    assert package.is_dir()
    return module(checkout, "photomaker.pipeline").PhotoMakerStableDiffusionXLPipeline


def encoder_shapes(kind):
    return {f"id_encoder.{name}": list(value.shape) for name, value in kind().state_dict().items()
            if not name.endswith("position_ids")}


@torch.no_grad()
def draw(Pipeline, folder, file, run, faces):
    ask = REQUEST | run
    pipe = Pipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    parts = {part: {name[len(part) + 1:]: value.clone() for name, value in file.items() if name.startswith(f"{part}.")}
             for part in ("id_encoder", "lora_weights")}
    with contextlib.redirect_stdout(io.StringIO()):
        pipe.load_photomaker_adapter(parts, weight_name="", pm_version=ask["version"])
    pipe.num_tokens = {"v1": 1, "v2": 2}[ask["version"]]
    pipe.id_image_processor = CLIPImageProcessorPil()
    pipe.id_encoder.eval()
    if "lora" in ask:
        pipe.set_adapters(["photomaker"], adapter_weights=[ask["lora"]])
    more = {"id_embeds": faces[ask["faces"]]} if ask["version"] == "v2" else {}
    images = pipe(
        ask["prompt"], negative_prompt=ask["negative"],
        input_id_images=[picture(*PHOTOS[name]) for name in ask["photos"]],
        guidance_scale=ask["guidance"], num_inference_steps=ask["steps"], width=ask["width"], height=ask["height"],
        start_merge_step=ask["start"], generator=torch.Generator("cpu").manual_seed(ask["seed"]), output_type="pt",
        **more).images
    return ask | {"scheduler": {"_class_name": "EulerDiscreteScheduler"} | public(pipe.scheduler.config)}, images


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="the folders of sdxl.py")
    parser.add_argument("--photomaker", required=True, help="a checkout of TencentARC/PhotoMaker")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder = args.tiny / "xl-base"
    unet = module_of(folder)
    kinds = networks(args.photomaker, unet.config.cross_attention_dim)
    Pipeline = pipeline_class(args.photomaker, kinds)
    files, record = {}, {}
    with contextlib.redirect_stdout(io.StringIO()):
        for version, seed in SEEDS.items():
            shapes = encoder_shapes(kinds[version]) | lora_shapes(unet)
            files[version] = seeded_tensors(shapes, seed)
            record[version] = {"seed": seed, "tensors": shapes}
    faces = 3 * torch.randn(3, FACE, generator=torch.Generator().manual_seed(6620))
    asks, tensors = [], {"faces": faces}
    for i, run in enumerate(RUNS):
        ask, images = draw(Pipeline, folder, files[run["version"]], run, faces)
        asks.append(ask)
        tensors[f"run{i}.images"] = pixels(images)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in tensors.items()}, args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"commit": COMMITS["photomaker"], "files": record, "runs": asks,
                                            "versions": versions()})


def module_of(folder):
    from diffusers import UNet2DConditionModel
    return UNet2DConditionModel.from_pretrained(folder, subfolder="unet")


if __name__ == "__main__":
    main()
