"""A CLIP tokenizer with few words: the 512 byte tokens, the first merges and the two special tokens, renumbered."""
import json
from pathlib import Path

START, END = "<|startoftext|>", "<|endoftext|>"
BYTE_TOKENS = 512


def write_tokenizer(clip, out, merges=None, pad=END):
    """Writes the four files of a published SD 1.x tokenizer folder, cut to so many merges (None keeps them all)."""
    clip, out = Path(clip), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    header, *rules = clip.joinpath("merges.txt").read_text("utf-8").rstrip("\n").split("\n")
    rules = rules[:merges]
    vocab = json.loads(clip.joinpath("vocab.json").read_text("utf-8"))
    words = sorted(vocab, key=vocab.get)[:BYTE_TOKENS + len(rules)] + [START, END]
    ids = {word: i for i, word in enumerate(words)}
    out.joinpath("vocab.json").write_text(json.dumps(ids, ensure_ascii=False), "utf-8")
    out.joinpath("merges.txt").write_text("\n".join([header, *rules]) + "\n", "utf-8")
    specials = {"bos_token": added(START), "eos_token": added(END), "pad_token": pad, "unk_token": added(END)}
    write_json(out / "special_tokens_map.json", specials)
    write_json(out / "tokenizer_config.json", {
        "add_prefix_space": False, "bos_token": added(START), "do_lower_case": True, "eos_token": added(END),
        "errors": "replace", "model_max_length": 77, "pad_token": pad, "tokenizer_class": "CLIPTokenizer",
        "unk_token": added(END)})
    return len(ids)


def added(content):
    return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
