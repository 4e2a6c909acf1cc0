"""Token ids of a Qwen tokenizer for hard texts, bare and in the frame of a conversation."""
import argparse
import gzip
import json

from transformers import Qwen2Tokenizer

from clip_tokens import PROMPTS, random_prompts

MORE = ["<|im_start|>user\nx<|im_end|>", "<think> a </think>b", "a<|endoftext|> b", "  <think>\n\n",
        "word\n\n\n word \r\n\r\n x",
        "IT'S we'LL 's", "x   y", "tab\t\t end ", "\n", "1234,567.89", "don’t…", "//**--==", "\u00a0\u2003 wide"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--out", required=True, help="the .json.gz to write")
    args = parser.parse_args()
    tokenizer = Qwen2Tokenizer.from_pretrained(args.tokenizer)
    cases = []
    for text in PROMPTS + MORE + random_prompts(30, seed=8):
        framed = [tokenizer.apply_chat_template([{"role": "user", "content": text}], tokenize=False,
                                                add_generation_prompt=True, enable_thinking=thinks)
                                                for thinks in (False, True)]
        cases.append({"text": text, "ids": tokenizer(text).input_ids,
                      "asked": tokenizer(framed[0]).input_ids, "thinking": tokenizer(framed[1]).input_ids})
    with gzip.GzipFile(args.out, "wb", mtime=0) as out:
        out.write(json.dumps(cases, separators=(",", ":")).encode("utf-8"))


if __name__ == "__main__":
    main()
