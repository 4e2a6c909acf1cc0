"""Names and shapes of the weights of the published Stable Diffusion 1.5, made without allocating them."""
import argparse
import gzip
import json

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from seeded import shapes_of

CHANNELS = (128, 256, 512, 512)


def sd15():
    with torch.device("meta"):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768)
        vae = AutoencoderKL(block_out_channels=CHANNELS, layers_per_block=2, sample_size=512,
                            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)
        text = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_attention_heads=12))
    return {"unet": shapes_of(unet), "vae": shapes_of(vae), "text_encoder": shapes_of(text, "text_model.")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="the .json.gz file to write")
    with gzip.GzipFile(parser.parse_args().out, "wb", mtime=0) as out:
        out.write(json.dumps(sd15(), separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
