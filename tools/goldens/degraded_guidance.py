"""What diffusers draws away from a weakened network (perturbed attention, left-out blocks) and what Stable Diffusion 3
draws by its guiders. CPU, f32."""
import argparse
from pathlib import Path

import diffusers
import torch
from diffusers.guiders import AdaptiveProjectedGuidance, ClassifierFreeZeroStarGuidance
from safetensors.torch import save_file

from kept import packed, pixels
from sd1_reference import BANGS, WOMAN, public, versions

GUIDERS = {"projected": AdaptiveProjectedGuidance, "zero-star": ClassifierFreeZeroStarGuidance}


def ask(pipeline, folder, kind, *, prompt=WOMAN, negative="blurry", steps=3, guidance=5.0, seeds=(0,), width=32,
        height=24, layers=(), call=None, **options):
    return dict(pipeline=pipeline, folder=folder, kind=kind, prompt=prompt, negative=negative, steps=steps,
                guidance=guidance,
                seeds=list(seeds), width=width, height=height, layers=list(layers), call=call or {}, options=options)


ASKS = [
    ask("StableDiffusionPAGPipeline", "sd1/base", "perturbed", layers=["mid"], call={"pag_scale": 3.0}),
    ask("StableDiffusionPAGPipeline", "sd1/base", "perturbed", layers=["down_blocks.0", "mid"], guidance=1.0,
        seeds=[4, 5], call={"pag_scale": 2.0, "pag_adaptive_scale": 0.002}),
    ask("StableDiffusionPAGPipeline", "sd1/v-prediction", "perturbed", prompt=BANGS, layers=["up_blocks"], seeds=[6],
        call={"pag_scale": 1.5, "guidance_rescale": 0.4}),
    ask("StableDiffusionXLPAGPipeline", "sdxl/xl-base", "perturbed", layers=["mid"], seeds=[7],
        call={"pag_scale": 2.5}),
    ask("StableDiffusion3PAGPipeline", "sd3/three", "perturbed", layers=["blocks.1"], seeds=[8],
        call={"pag_scale": 0.7}),
    ask("StableDiffusion3PAGPipeline", "sd3/three", "perturbed", layers=["blocks.(0|2)"], guidance=1.0, seeds=[9],
        call={"pag_scale": 3.0}),
    ask("StableDiffusion3Pipeline", "sd3/medium", "skipping", seeds=[10], steps=6, call={
        "skip_guidance_layers": [1, 3], "skip_layer_guidance_scale": 1.5, "skip_layer_guidance_start": 0.0,
        "skip_layer_guidance_stop": 0.5}),
    ask("StableDiffusion3Pipeline", "sd3/medium", "zero-star", seeds=[11, 12], zero_init_steps=1),
    ask("StableDiffusion3Pipeline", "sd3/three", "projected", seeds=[13], eta=0.5,
        adaptive_projected_guidance_momentum=-0.5, adaptive_projected_guidance_rescale=5.0),
]


def guided(pipe, guider, steps):
    """Answers both halves with what the guider makes of them, which the pipeline's own guidance then leaves as it
    is."""
    forward, count = pipe.transformer.forward, []

    def answer(**kwargs):
        guider.set_state(step=len(count), num_inference_steps=steps, timestep=kwargs["timestep"][0])
        if not count and getattr(guider, "adaptive_projected_guidance_momentum", None) is not None:
            from diffusers.guiders.adaptive_projected_guidance import MomentumBuffer
            guider.momentum_buffer = MomentumBuffer(guider.adaptive_projected_guidance_momentum)
        count.append(1)
        negative, positive = forward(**kwargs)[0].chunk(2)
        return (torch.cat([guider.forward(positive, negative).pred] * 2),)

    return answer


@torch.no_grad()
def draw(tiny, ask):
    layers = {"pag_applied_layers": ask["layers"]} if ask["layers"] else {}
    absent = dict.fromkeys({"sd1/": ["safety_checker"], "sd3/medium": ["text_encoder_3", "tokenizer_3"]}.get(
        "sd1/" if ask["folder"].startswith("sd1/") else ask["folder"], []))
    pipe = getattr(diffusers, ask["pipeline"]).from_pretrained(Path(tiny, ask["folder"]), **layers, **absent)
    pipe.set_progress_bar_config(disable=True)
    ask["scheduler"] = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
    if ask["kind"] in GUIDERS:
        guider = GUIDERS[ask["kind"]](guidance_scale=ask["guidance"], **ask["options"])
        pipe.transformer.forward = guided(pipe, guider, ask["steps"])
    count = len(ask["seeds"])
    return pipe([ask["prompt"]] * count, negative_prompt=[ask["negative"]] * count, num_inference_steps=ask["steps"],
                guidance_scale=ask["guidance"], width=ask["width"], height=ask["height"], output_type="pt",
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]], **ask["call"]).images


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, help="folder with sd1, sdxl and sd3, as their scripts wrote them")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    images = {f"run{i}.images": pixels(draw(args.tiny, one)) for i, one in enumerate(ASKS)}
    save_file(images, args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"runs": ASKS, "versions": versions()})


if __name__ == "__main__":
    main()
