"""Token ids of T5's tokenizer for texts that try every rule of it."""
import argparse
import gzip
import json

from transformers import T5Tokenizer

from sd1_reference import PROMPTS

TEXTS = PROMPTS + ["a  b   c", " lead and trail ", "<extra_id_0> x </s> y <pad>z", "tab\tnew\nline",
                   "\u2581under \u2581 x",
                   "\ufb01 \u2167 \u00bd \u00a0 \u3000wide", "word " * 90, "\u0000nul\u200bzero",
                   "e\u0301 \u00e9 \uff21\uff22"]
LENGTHS = (512, 256, 20, 3, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", required=True, help="a T5 tokenizer's folder")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    tokenizer = T5Tokenizer.from_pretrained(args.tokenizer)
    cases = [{"text": text, "length": length, "ids": strip(tokenizer(
        text, padding="max_length", max_length=length, truncation=True).input_ids)} for text in TEXTS
        for length in LENGTHS]
    with gzip.GzipFile(args.out, "wb", mtime=0) as out:
        out.write(json.dumps(cases, ensure_ascii=False).encode("utf-8"))


def strip(ids):
    """Without the padding at the end, which the length gives back."""
    end = len(ids) - next((i for i, token in enumerate(reversed(ids)) if token != 0), len(ids))
    return ids[:end]


if __name__ == "__main__":
    main()
