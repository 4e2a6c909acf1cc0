"""Turns open_clip_torch's table of CLIP's merges (MIT) into the compressed resource that the built-in tokenizer reads.

    pip download open_clip_torch==3.3.0 --no-deps
    python clip_merges.py open_clip_torch-3.3.0-py3-none-any.whl \\
      ../diffusion-core/src/main/resources/dev/likeness/diffusion/text

CLIP uses the first 48894 lines after the table's header. The resource's bytes depend on nothing else: no time stamp.
"""
import argparse
import gzip
import hashlib
import zipfile
from pathlib import Path

TABLE = "open_clip/bpe_simple_vocab_16e6.txt.gz"
BYTES_TWICE, SPECIAL, VOCABULARY = 512, 2, 49408


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    with zipfile.ZipFile(args.wheel) as wheel:
        packed = wheel.read(TABLE)
    count = VOCABULARY - BYTES_TWICE - SPECIAL
    merges = gzip.decompress(packed).decode("utf-8").split("\n")[1:1 + count]
    assert len(merges) == count and all(len(merge.split()) == 2 for merge in merges)
    text = ("\n".join(merges) + "\n").encode("utf-8")
    args.out.joinpath("clip-merges.txt.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    args.out.joinpath("clip-merges.properties").write_text(
        "# CLIP's merges, MIT licence (OpenAI CLIP); made by tools/clip_merges.py\n"
        f"source={args.wheel.name}\ntable={TABLE}\ntable.sha256={hashlib.sha256(packed).hexdigest()}\n"
        f"merges={count}\nmerges.sha256={hashlib.sha256(text).hexdigest()}\n", "utf-8")


if __name__ == "__main__":
    main()
