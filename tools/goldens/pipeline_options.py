"""What diffusers draws with options that its pipelines have by name: eta, scheduler options, SDXL's sizes, prompts of
single text encoders, the number of tokens, and the split between base and refiner. On the folders of the other scripts,
CPU."""
import argparse
from pathlib import Path

import diffusers
import torch
from diffusers import DiffusionPipeline, StableDiffusionXLImg2ImgPipeline
from safetensors.torch import save_file

from kept import packed, pixels
from sd1_reference import ACCENTS, BANGS, EMOJI, LONG, WOMAN, versions

SIZES = dict(original_size=(48, 96), crops_coords_top_left=(3, 5), target_size=(40, 24))
NEGATIVE_SIZES = dict(negative_original_size=(20, 30), negative_crops_coords_top_left=(1, 2),
                      negative_target_size=(64, 56))


def ask(folder, *, prompt=WOMAN, guidance=4.0, steps=3, seed=3, scheduler=None, options=None, refiner=None, **call):
    """`scheduler` is a class, or None for the folder's; `refiner` holds the refiner's own arguments beside the
    split."""
    return dict(folder=folder, prompt=prompt, guidance=guidance, steps=steps, seed=seed, width=24, height=16,
                scheduler=scheduler, options=options or {}, refiner=refiner, call=call)


ASKS = [
    ask("sd1/base", scheduler="DDIMScheduler", eta=0.4),
    ask("sd1/base", scheduler="DDIMScheduler", eta=1.0, steps=4, negative_prompt="blurry"),
    ask("sd1/base", scheduler="EulerDiscreteScheduler", options={"use_karras_sigmas": True}),
    ask("sd1/base", scheduler="EulerDiscreteScheduler", options={"timestep_spacing": "trailing", "steps_offset": 0}),
    ask("sd1/base", scheduler="DPMSolverMultistepScheduler", steps=5,
        options={"solver_order": 3, "use_karras_sigmas": True, "lower_order_final": False}),
    ask("sd1/base", scheduler="DDIMScheduler", eta=0.3,
        options={"rescale_betas_zero_snr": True, "timestep_spacing": "trailing", "prediction_type": "v_prediction"}),
    ask("sdxl/xl-base", negative_prompt=""),
    ask("sdxl/xl-base", prompt_2=BANGS),
    ask("sdxl/xl-base", prompt_2=LONG, negative_prompt="blurry", negative_prompt_2="low quality, grey"),
    ask("sdxl/xl-base", negative_prompt_2="low quality"),
    ask("sdxl/xl-base", prompt_2="", negative_prompt="", negative_prompt_2="low quality"),
    ask("sdxl/xl-words-for-nothing", prompt=ACCENTS, prompt_2=WOMAN, negative_prompt_2="blurry"),
    ask("sdxl/xl-base", negative_prompt="blurry", **SIZES),
    ask("sdxl/xl-base", negative_prompt="blurry", **SIZES, **NEGATIVE_SIZES),
    ask("sdxl/xl-base", **SIZES, negative_original_size=(20, 30), negative_target_size=(64, 56)),
    ask("sdxl/xl-base", original_size=(48, 96)),
    ask("sdxl/xl-base", steps=5, denoising_end=0.6, refiner={}),
    ask("sdxl/xl-base", steps=6, denoising_end=0.5, prompt_2=BANGS, negative_prompt="blurry",
        refiner=dict(aesthetic_score=7.5, negative_aesthetic_score=1.5)),
    ask("sdxl/xl-base", steps=4, denoising_end=0.6, scheduler="DDIMScheduler", options={"timestep_spacing": "trailing"},
        **SIZES, **NEGATIVE_SIZES, refiner=dict(aesthetic_score=3.0)),
    ask("sdxl/xl-base", steps=5, denoising_end=0.7),
    ask("flux/dev", prompt_2=BANGS),
    ask("flux/dev", prompt_2=EMOJI, max_sequence_length=40, true_cfg_scale=3.0, negative_prompt="blurry",
        negative_prompt_2="low quality, grey"),
    ask("flux/dev", prompt=LONG, max_sequence_length=16, options={"use_dynamic_shifting": False, "shift": 5.0}),
    ask("flux/dev", options={"base_shift": 0.3, "max_shift": 2.0}),
    ask("sd3/three", prompt_2=BANGS, prompt_3=LONG, max_sequence_length=300),
    ask("sd3/three", prompt_3=ACCENTS, negative_prompt="blurry", negative_prompt_2="grey",
        negative_prompt_3="low quality", max_sequence_length=64, options={"shift": 5.0}),
    ask("sd3/three", negative_prompt_3="low quality"),
    ask("sd3/medium", prompt_2=BANGS, max_sequence_length=33),
    ask("chroma/base", prompt=LONG, max_sequence_length=24, negative_prompt="blurry"),
    ask("zimage/turbo", prompt=LONG, max_sequence_length=40),
    ask("zimage/turbo", prompt=LONG + WOMAN * 3, max_sequence_length=600),
    ask("klein/base", prompt=LONG, max_sequence_length=24),
    ask("klein/base", max_sequence_length=640),
]


def opened(tiny, request, folder):
    pipe = DiffusionPipeline.from_pretrained(tiny / folder,
                                             **({"safety_checker": None} if folder.startswith("sd1") else {}),
                                             **({"text_encoder_3": None, "tokenizer_3": None} if folder == "sd3/medium"
                                                else {}))
    pipe.set_progress_bar_config(disable=True)
    changed = getattr(diffusers, request["scheduler"]) if request["scheduler"] else type(pipe.scheduler)
    pipe.scheduler = changed.from_config(pipe.scheduler.config, **request["options"])
    return pipe


def generator(request):
    return [torch.Generator("cpu").manual_seed(request["seed"])]


@torch.no_grad()
def draw(tiny, request):
    pipe, call = opened(tiny, request, request["folder"]), dict(request["call"])
    common = dict(guidance_scale=request["guidance"], num_inference_steps=request["steps"])
    images = pipe(prompt=request["prompt"], width=request["width"], height=request["height"],
                  generator=generator(request), output_type="pt" if request["refiner"] is None else "latent", **common,
                  **call).images
    if request["refiner"] is None:
        return images
    # The refiner has one text encoder: diffusers gives it the first prompts.
    refiner = opened(tiny, request, "sdxl/xl-refiner")
    assert isinstance(refiner, StableDiffusionXLImg2ImgPipeline)
    call["denoising_start"] = call.pop("denoising_end")
    return refiner(prompt=request["prompt"], image=images, generator=generator(request), output_type="pt", **common,
                   **call, **request["refiner"]).images


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", type=Path, required=True, help="folder with what sd1.py, sdxl.py, flux.py, sd3.py, "
                                                                 "chroma.py and zimage_klein.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    tensors = {}
    for i, request in enumerate(ASKS):
        tensors[f"run{i}.images"] = pixels(draw(args.tiny, request))
        print(i, request["folder"], request["call"], request["options"], flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"runs": ASKS, "versions": versions()})


if __name__ == "__main__":
    main()
