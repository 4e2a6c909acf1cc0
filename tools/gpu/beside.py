"""The Python side of prove.sh: diffusers eager, diffusers with torch.compile, and peft, on the shapes of the Java side.

    python beside.py LINES FOLDERS DEVICE SIZE FACTOR GROUP

Group b times the pipelines, with channels last, which is diffusers' fastest setting; torch.compile has its mode
`default` for the UNet and for the decoder. Group d times a training step of a LoRA of rank 4 on every attention.
"""
import functools
import math
import sys
import time
from pathlib import Path

import torch

from lines import Log

# In the folder of prove.sh, they lie beside this file.
sys.path.append(str(Path(__file__).resolve().parents[1] / "measuring"))
import model_shapes  # noqa: E402
import ratios  # noqa: E402

FILE, FOLDERS, DEVICE, SIZE, FACTOR, GROUP = sys.argv[1], Path(sys.argv[2]), *sys.argv[3:7]
TINY = SIZE == "tiny"
DTYPES = {"bf16": torch.bfloat16} if DEVICE == "cpu" else {"bf16": torch.bfloat16, "f16": torch.float16}
ATTENTION = ["to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out",
             "to_qkv_mlp_proj"]


def wait():
    if DEVICE != "cpu":
        torch.cuda.synchronize()


def milliseconds(runs, work):
    return ratios.best(work, 1 if TINY else runs, wait)


@torch.no_grad()
def fill(module):
    """Random values under which activations keep about unit size."""
    for name, tensor in list(module.named_parameters()) + list(module.named_buffers()):
        if tensor.is_floating_point():
            deviation, mean = model_shapes.spread(name, tensor)
            tensor.normal_().mul_(deviation).add_(mean)
    return module


def memory(log, name):
    if DEVICE == "cpu":
        peak = next(int(line.split()[1]) / 2 ** 20 for line in open("/proc/self/status") if line.startswith("VmHWM"))
    else:
        peak = torch.cuda.max_memory_allocated() / 2 ** 30
    log.found(name + ".peak", round(peak, 3), "GiB")


def opened(family, dtype):
    import diffusers
    kind = {"sd15": diffusers.StableDiffusionPipeline, "sdxl": diffusers.StableDiffusionXLPipeline}[family]
    options = {}
    if family == "sd15":
        options = dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    folder = FOLDERS / "shapes" / family
    pipe = kind.from_pretrained(folder, torch_dtype=dtype, local_files_only=True, **options).to(DEVICE)
    pipe.set_progress_bar_config(disable=True)
    for part in (pipe.unet, pipe.vae, pipe.text_encoder, getattr(pipe, "text_encoder_2", None)):
        if part is not None:
            fill(part)
    pipe.unet.to(memory_format=torch.channels_last)
    pipe.vae.to(memory_format=torch.channels_last)
    return pipe


def image(log, name, family, dtype, compiled):
    side = 64 if TINY else 512 if family == "sd15" else 1024
    few, many = (2, 4) if TINY else (10, 30)
    pipe = opened(family, dtype)
    # SDXL's own decoder would go to f32 for every image, which Java does only after an overflow.
    pipe.vae.register_to_config(force_upcast=False)
    if compiled:
        # A rehearsal shows that the call works; the real compiler takes minutes on a CPU.
        backend = "eager" if DEVICE == "cpu" else "inductor"
        pipe.unet = torch.compile(pipe.unet, backend=backend)
        pipe.vae.decoder = torch.compile(pipe.vae.decoder, backend=backend)

    def generate(steps):
        pipe("a photo of a person", negative_prompt="blurry", num_inference_steps=steps, guidance_scale=7, width=side,
             height=side, generator=torch.Generator().manual_seed(1), output_type="np")

    begun = time.perf_counter()
    generate(2)
    log.found(name + ".first", round(time.perf_counter() - begun, 2), "s")
    small = milliseconds(2, lambda: generate(few))
    whole = milliseconds(2, lambda: generate(many))
    log.found(name + ".step", (whole - small) / (many - few), "ms")
    log.found(name + ".image", whole, "ms")
    factor = 2 ** (len(pipe.vae.config.block_out_channels) - 1)
    rows = side // factor
    latents = torch.randn(1, pipe.vae.config.latent_channels, rows, rows, device=DEVICE, dtype=dtype)

    @torch.no_grad()
    def decode():
        return pipe.vae.decode(latents).sample.add(1).mul(127.5).clamp(0, 255).to(torch.uint8).cpu()

    decode()
    log.found(name + ".decode", milliseconds(3, decode), "ms")
    memory(log, name)


def network(family):
    import diffusers
    folder = FOLDERS / "shapes" / family
    kind, part = (diffusers.Flux2Transformer2DModel, "transformer") if family == "klein" else (
        diffusers.UNet2DConditionModel, "unet")
    net = kind.from_config(kind.load_config(folder / part)).to(torch.bfloat16).to(DEVICE)
    fill(net).requires_grad_(False)
    return net if family == "klein" else net.to(memory_format=torch.channels_last)


def inputs(net, family, side):
    def noise(*shape):
        return torch.randn(*shape, device=DEVICE, dtype=torch.bfloat16)

    if family != "klein":
        factor = 2 if TINY else 8
        added = {"text_embeds": noise(1, net.config.projection_class_embeddings_input_dim
                                      - 6 * net.config.addition_time_embed_dim),
                 "time_ids": torch.ones(1, 6, device=DEVICE)} if family == "sdxl" else None
        latents = noise(1, 4, side // factor, side // factor).to(memory_format=torch.channels_last)
        text = noise(1, 77, net.config.cross_attention_dim)
        return latents, lambda: net(latents, torch.tensor([500], device=DEVICE), encoder_hidden_states=text,
                                    added_cond_kwargs=added).sample
    tokens = side // (4 if TINY else 16)
    latents, text = noise(1, tokens * tokens, net.config.in_channels), noise(1, 512, net.config.joint_attention_dim)
    rows = torch.arange(tokens * tokens, device=DEVICE)
    places = torch.stack([0 * rows, rows // tokens, rows % tokens, 0 * rows], 1)
    words = torch.arange(512, device=DEVICE)
    return latents, lambda: net(latents, encoder_hidden_states=text, timestep=torch.tensor([0.5], device=DEVICE),
                                img_ids=places, txt_ids=torch.stack([0 * words, 0 * words, 0 * words, words], 1),
                                guidance=None).sample


def training(log, name, family):
    from diffusers.training_utils import cast_training_params
    from peft import LoraConfig
    net = network(family)
    net.add_adapter(LoraConfig(r=4, lora_alpha=4, init_lora_weights="gaussian", target_modules=ATTENTION))
    cast_training_params(net, dtype=torch.float32)
    net.train()
    learned = [p for p in net.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=1e-4)
    latents, forward = inputs(net, family, 64 if TINY else 512 if family == "sd15" else 1024)

    def step():
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            answer = forward()
        torch.nn.functional.mse_loss(answer.float(), torch.randn_like(latents, dtype=torch.float32)).backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        optimizer.zero_grad()

    step()
    log.found(name + ".step", milliseconds(2 if TINY else 10, step), "ms")
    memory(log, name)


def items():
    """Side, name, limit in seconds, and body."""
    if GROUP == "b":
        for compiled in (False, True):
            for family in ("sd15", "sdxl"):
                for dtype in DTYPES:
                    name = f"b.{family}.{dtype}"
                    yield "compiled" if compiled else "diffusers", name, 240 if compiled else 90, functools.partial(
                        image, name=name, family=family, dtype=DTYPES[dtype], compiled=compiled)
    if GROUP == "d":
        for family in ("sd15", "sdxl", "klein"):
            name = f"d.{family}.bf16"
            yield "diffusers", name, 90, functools.partial(training, name=name, family=family)


def main():
    for side in ("diffusers", "compiled"):
        Log(FILE, side).close_interrupted()
    for side, name, limit, body in items():
        log = Log(FILE, side)
        if DEVICE != "cpu":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        log.run(name, math.ceil(limit * float(FACTOR)), functools.partial(body, log))


if __name__ == "__main__":
    main()
