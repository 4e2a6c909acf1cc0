"""Ids that transformers' CLIPTokenizer gives for hard prompts, one row of 77 per prompt and tokenizer folder."""
import argparse
import gzip
import json
import random
from pathlib import Path

import tokenizers
import transformers
from transformers import CLIPTokenizer

PROMPTS = [
    "", " ", "a photo of a cat", "  Leading and   trailing \t\n spaces ", "\r\n\r\n", "\tTab",
    "Crème brûlée à la carte", "Cre\u0300me e\u0301", "e\u0301\u0323 reorder", "a\u0301" * 100,
    "Q̷͖̭u̶͇͝i̴̗͑t̷̢͝e̶̙͘ zalgo",
    "İstanbul IŞIK ß ﬃ Ǆ ǅ", "\u1e9e STRASSE ſ K Å", "ΑΣ ΣΑΣ ὈΔΥΣΣΕΎΣ", "日本語のテキスト 東京タワー", "ﾊﾝｶｸ カナ",
    "한국어 텍스트", "עברית العربية हिन्दी ไทย ﷺ", "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪 emoji", "\U0001d518\U0001d52b\U0001d526 𝕬",
    "<b>bold</b> &amp; &lt;tag&gt;", "(word:1.2) [brackets] {curly} BREAK", "snake_case __dunder__ a/b\\c",
    "https://example.com/?q=1&x=%20#frag", "it's don't we'RE I'LL you'd they've I'M", "'s 's's ''s",
    "’s “quotes” —dash– …", "1234567890 3.14 ١٢٣ ½ ² Ⅻ", "hi!!! wow ! ?!?!", "!" * 100, "x!" * 40,
    "<|endoftext|> a <|STARTOFTEXT|> b <|startoftext|>c<|endoftext|>", "\u0000a\u0007b\u001b[0m",
    "\u200bzero\u200dwidth\ufeffbom\u00adsoft", "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u0085g\u180eh",
    "\ud7ff\ue000 \U0010ffff \ufffd", "a" * 500, "ab " * 200, "word " * 75, "word " * 76, "word " * 77, "🎉" * 60,
]
RANGES = [(1, 0x250), (0x300, 0x530), (0x5d0, 0x700), (0x900, 0xe7f), (0x1e00, 0x2200), (0x3000, 0x3100),
          (0x4e00, 0x4f00), (0x1f300, 0x1f650), (0x1d400, 0x1d500), (0xfb00, 0xfb10), (0xff00, 0xff80)]


def random_prompts(count, seed):
    source = random.Random(seed)
    return ["".join(chr(source.randrange(*source.choice(RANGES))) for _ in range(source.randrange(1, 60)))
            for _ in range(count)]


def reference(folder, prompts):
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    whole = [tokenizer(prompt).input_ids for prompt in prompts]
    return {
        "pad": tokenizer.pad_token_id,
        "ids": tokenizer(prompts, padding="max_length", max_length=77, truncation=True).input_ids,
        "cut": [tokenizer.decode(ids[76:-1]) if len(ids) > 77 else "" for ids in whole]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", required=True, help="folder that the tokenizer folders are named from")
    parser.add_argument("--out", required=True, help="the .json.gz file to write")
    parser.add_argument("folders", nargs="+")
    args = parser.parse_args()
    prompts = PROMPTS + random_prompts(300, seed=7)
    result = {
        "versions": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__},
        "prompts": prompts,
        "folders": {name: reference(Path(args.root, name), prompts) for name in args.folders}}
    with gzip.GzipFile(args.out, "wb", mtime=0) as out:
        out.write(json.dumps(result, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()
