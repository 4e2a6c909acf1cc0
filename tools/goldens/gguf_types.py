"""A GGUF file with every type that is read and what the gguf package makes of it; a tiny FLUX in Q8_0 and its
picture."""
import argparse
from pathlib import Path

import gguf
import numpy as np
import torch
from diffusers import FluxPipeline
from gguf.quants import dequantize, quantize
from safetensors.torch import save_file

from clip_vocabulary import write_json
from flux import RUNS
from transformer_folders import generate
from sd1_reference import versions

TYPES = gguf.GGMLQuantizationType
MADE = [TYPES.F32, TYPES.F16, TYPES.BF16, TYPES.Q8_0, TYPES.Q4_0, TYPES.Q4_1, TYPES.Q5_0, TYPES.Q5_1]
DRAWN = [TYPES.Q4_K, TYPES.Q5_K, TYPES.Q6_K]


def drawn(kind, rows, columns, random):
    """Random blocks of a type that the package reads and does not make: bytes at random, scales of ordinary size."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = random.integers(0, 256, (rows * columns // elements, size), dtype=np.uint8)
    at = [size - 2] if kind == TYPES.Q6_K else [0, 2]
    for start in at:
        blocks[:, start:start + 2] = (random.normal(0, 0.02, (len(blocks), 1)).astype(np.float16)).view(np.uint8)
    return blocks.reshape(rows, -1)


def write_types(out):
    random = np.random.default_rng(11)
    writer, expected = gguf.GGUFWriter(out / "types.gguf", "test"), {}
    writer.add_string("general.name", "every type")
    writer.add_array("words", ["a", "b"] * 50)
    writer.add_array("comfy.gguf.orig_shape.Q4_0.reshaped", [8, 4, 2, 4])
    for kind in MADE + DRAWN:
        rows, columns = 5, 512
        if kind in MADE:
            packed = quantize(random.normal(0, 1, (rows, columns)).astype(np.float32), kind)
        else:
            packed = drawn(kind, rows, columns, random)
        writer.add_tensor(kind.name, packed, raw_dtype=kind)
        expected[kind.name] = torch.from_numpy(dequantize(packed,
                                                          kind).astype(np.float32).reshape(rows, columns).copy())
    packed = quantize(random.normal(0, 1, (8, 32)).astype(np.float32), TYPES.Q4_0)
    writer.add_tensor("Q4_0.reshaped", packed, raw_dtype=TYPES.Q4_0)
    expected["Q4_0.reshaped"] = torch.from_numpy(dequantize(packed, TYPES.Q4_0).reshape(8, 4, 2, 4).copy())
    write(writer)
    save_file(expected, out / "expected.safetensors")


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@torch.no_grad()
def write_flux(tiny, out):
    """The transformer's matrices in Q8_0 where their rows are whole blocks; the picture is drawn with what that
    leaves."""
    pipe = FluxPipeline.from_pretrained(tiny)
    pipe.set_progress_bar_config(disable=True)
    writer = gguf.GGUFWriter(out / "flux-dev-q8_0.gguf", "flux")
    for name, tensor in pipe.transformer.state_dict().items():
        values = tensor.numpy()
        kind = TYPES.Q8_0 if values.ndim == 2 and values.shape[1] % 32 == 0 else TYPES.F32
        packed = quantize(values, kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
        tensor.copy_(torch.from_numpy(dequantize(packed, kind).astype(np.float32).reshape(values.shape).copy()))
    write(writer)
    scheduler, outputs = generate(pipe, RUNS["dev"][0])
    save_file({"images": outputs["images"].contiguous()}, out / "flux-dev-q8_0.safetensors")
    run = {key: value for key, value in RUNS["dev"][0].items() if key != "options"} | {"scheduler": scheduler}
    write_json(out / "flux-dev-q8_0.json", {"run": run, "versions": versions() | {"gguf": "0.19.0"}})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, help="the folder that flux.py wrote as dev")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    write_types(out)
    write_flux(args.tiny, out)


if __name__ == "__main__":
    main()
