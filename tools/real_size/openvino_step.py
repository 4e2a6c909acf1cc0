"""A guided step of a UNet in OpenVINO: in f32, in bf16, or in 8 bits quantised by NNCF with SmoothQuant.

The models are converted with torch's tracing, which takes minutes. OPENVINO_MODELS names a folder that keeps them.
"""
import importlib.util
import os
import tempfile
import time
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel

# As many timesteps as the calibration of NNCF sees, spread over the trained ones.
TIMESTEPS = (900, 700, 500, 300, 100)


def is_installed(dtype):
    needed = ["openvino"] + (["nncf"] if dtype == "int8" else [])
    return all(importlib.util.find_spec(name) for name in needed)


class Step(torch.nn.Module):
    """A UNet without SDXL's size conditioning."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, latents, timestep, text):
        return self.unet(latents, timestep, text, return_dict=False)[0]


def inputs(config, side, timestep):
    return (torch.randn(2, config["in_channels"], side // 8, side // 8), torch.tensor([float(timestep)]),
            torch.randn(2, 77, config["cross_attention_dim"]))


def models(base, side, wanted, folder):
    """Writes those of the models "f32" and "int8" that are not in the folder; returns their paths."""
    import openvino

    config = UNet2DConditionModel.load_config(base, subfolder="unet")
    paths = {kind: Path(folder) / f"{Path(base).name}-{side}-{kind}.xml" for kind in ("f32", "int8")}
    if not paths["f32"].exists():
        unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet", torch_dtype=torch.float32).eval()
        example = inputs(config, side, 500)
        with torch.no_grad():
            whole = openvino.convert_model(Step(unet), example_input=example,
                                           input=[openvino.PartialShape(list(one.shape)) for one in example])
        openvino.save_model(whole, paths["f32"])
        del unet, whole
    if "int8" in wanted and not paths["int8"].exists():
        import nncf

        samples = [[one.numpy() for one in inputs(config, side, step)] for step in TIMESTEPS]
        whole = nncf.quantize(openvino.Core().read_model(paths["f32"]), nncf.Dataset(samples),
                              subset_size=len(samples), model_type=nncf.ModelType.TRANSFORMER)
        openvino.save_model(whole, paths["int8"])
    return config, paths


def compiled(path, precision):
    import openvino

    return openvino.Core().compile_model(path, "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": int(os.environ.get("OMP_NUM_THREADS", 2)),
        "PERFORMANCE_HINT": "LATENCY"})


def measure(base, dtype, side):
    """Returns the milliseconds of the fastest of four steps, and in 8 bits how close it is to f32 in dB, else None."""
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.environ.get("OPENVINO_MODELS", scratch)
        Path(folder).mkdir(parents=True, exist_ok=True)
        config, paths = models(base, side, [dtype], folder)
        numbers = [one.numpy() for one in inputs(config, side, 500)]
        # Beside 8 bits, what is not quantised is in bf16, as with likeness.
        network = compiled(paths["int8" if dtype == "int8" else "f32"], "f32" if dtype == "f32" else "bf16")
        best = float("inf")
        for _ in range(5):
            begun = time.perf_counter()
            result = torch.from_numpy(network(numbers)[0].copy())
            best = min(best, time.perf_counter() - begun)
        if dtype != "int8":
            return 1000 * best, None
        del network
        exact = torch.from_numpy(compiled(paths["f32"], "f32")(numbers)[0].copy())
        return 1000 * best, 20 * torch.log10(exact.norm() / (result - exact).norm()).item()
