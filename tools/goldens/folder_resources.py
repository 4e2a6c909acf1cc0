"""Copies what tests need of the golden folders, without weights: those come from the seeds in weights.json."""
import argparse
import json
import shutil
from pathlib import Path

from kept import packed
from sd1_variants import VARIANTS

CONFIGS = ("model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "vae/config.json",
           "text_encoder/config.json", "text_encoder_2/config.json")
PUBLISHED = ("vocab.json", "merges.txt", "special_tokens_map.json", "tokenizer_config.json")
TODAY = ("tokenizer.json", "tokenizer_config.json")
TOKENIZERS = {"base": "sd1", "v-prediction": "sd2"}


def copy_variant(folder, out):
    present = [name for name in CONFIGS if folder.joinpath(name).exists()]
    references = ["reference.safetensors", "reference.json"]
    for name in present + (references if VARIANTS.get(folder.name, {}).get("alone", True) else []):
        target = out / folder.name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, target)
    weights = json.loads(folder.joinpath("weights.json").read_text("utf-8"))
    packed(out / folder.name / "weights.json.gz", weights)


def copy_tokenizers(folder, out, name):
    """Both spellings: the published files, and what transformers saves today."""
    for spelling, source, names in (("published", "tokenizer-published", PUBLISHED), ("today", "tokenizer", TODAY)):
        target = out / "tokenizers" / f"{name}-{spelling}"
        target.mkdir(parents=True, exist_ok=True)
        for file in names:
            shutil.copyfile(folder / source / file, target / file)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, help="folder that sd1.py or sdxl.py wrote")
    parser.add_argument("--out", required=True, help="folder of test resources")
    args = parser.parse_args()
    for folder in sorted(Path(args.tiny).iterdir()):
        if folder.joinpath("weights.json").exists():
            copy_variant(folder, Path(args.out))
            if folder.name in TOKENIZERS:
                copy_tokenizers(folder, Path(args.out), TOKENIZERS[folder.name])


if __name__ == "__main__":
    main()
