"""Token ids of a T5 vocabulary in a folder of the generic class PreTrainedTokenizerFast, which keeps its own steps."""
import argparse
import copy
import gzip
import json
import tempfile
from pathlib import Path

import transformers

from t5_tokens import strip

TEXTS = ["A grey PORTRAIT  of\tPhoto", "", " lead  and trail ", "ﬁ Ⅷ ½ é É Å", "<extra_id_0> x </s> y",
         "WOMAN, 10 Men!", "漢字 🙂", "word " * 40]
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True}


def steps(own):
    """Entries of tokenizer.json that replace those of T5, by a name."""
    replace = {"type": "Replace", "pattern": {"String": "grey"}, "content": "red"}
    spaces = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    lower = {"type": "Lowercase"}
    return {
        "same": {},
        "lower": {"normalizer": {"type": "Sequence", "normalizers": [own, lower, replace]}},
        "spaces": {"normalizer": {"type": "Sequence",
                                  "normalizers": [{"type": "Strip", "strip_left": True, "strip_right": True}, spaces]},
                   "pre_tokenizer": METASPACE},
        "accents": {"normalizer": {"type": "Sequence",
                                   "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, lower]}},
        "none": {"normalizer": None, "post_processor": None}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokenizer", required=True, help="the folder `today` of t5_vocabulary.py, unpacked")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    whole = json.loads(Path(args.tokenizer, "tokenizer.json").read_text())
    config = json.loads(Path(args.tokenizer, "tokenizer_config.json").read_text())
    cases = []
    for name, changes in steps(whole["normalizer"]).items():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "tokenizer.json").write_text(json.dumps({**copy.deepcopy(whole), **changes}))
            Path(folder,
                 "tokenizer_config.json").write_text(json.dumps({**config,
                                                                 "tokenizer_class": "PreTrainedTokenizerFast"}))
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
            assert type(tokenizer) is transformers.PreTrainedTokenizerFast, type(tokenizer)
            shown = changes
            if name == "lower":
                shown = copy.deepcopy(changes)
                shown["normalizer"]["normalizers"][0] = "own"
            for text in TEXTS:
                for length in (64, 3):
                    ids = tokenizer(text, padding="max_length", max_length=length, truncation=True).input_ids
                    cases.append({"steps": shown, "text": text, "length": length, "ids": strip(ids)})
    with gzip.GzipFile(args.out, "wb", mtime=0) as out:
        versions = {"transformers": transformers.__version__}
        out.write(json.dumps({"versions": versions, "cases": cases}, ensure_ascii=False).encode("utf-8"))


if __name__ == "__main__":
    main()
