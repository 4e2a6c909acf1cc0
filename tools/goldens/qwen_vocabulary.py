"""A tokenizer like Qwen's with few words: byte-level byte pairs over the prompts of the goldens, with Qwen3's special
tokens."""
import json
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AddedToken, Qwen2Tokenizer
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

from sd1_reference import PROMPTS

END, START, STOP, THINK, THOUGHT = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"
SPECIAL = [(END, True), (START, True), (STOP, True), (THINK, False), (THOUGHT, False)]
# What Qwen3's own template makes of a single thing that a user says.
TEMPLATE = ("{%- for message in messages %}"
            "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
            "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
            "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}"
            "{%- endif %}{%- endif %}")


def trained(words):
    code = Tokenizer(models.BPE())
    code.normalizer = normalizers.NFC()
    code.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    code.train_from_iterator(PROMPTS * 2 + ["user assistant a portrait of the"] * 4, trainers.BpeTrainer(
        vocab_size=words, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    model = json.loads(code.to_str())["model"]
    return model["vocab"], model["merges"]


def write_tokenizer(out, words=400):
    """In `today` what transformers saves now, in `published` the files as Qwen3's folders have them."""
    out = Path(out)
    vocab, merges = trained(words)
    tokenizer = Qwen2Tokenizer(vocab=vocab, merges=[tuple(pair) for pair in merges], eos_token=STOP, pad_token=END)
    tokenizer.add_tokens([AddedToken(text, special=special, normalized=False) for text, special in SPECIAL])
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(out / "today")
    published = out / "published"
    published.mkdir(parents=True, exist_ok=True)
    published.joinpath("vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), "utf-8")
    published.joinpath("merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), "utf-8")
    added = {str(tokenizer.convert_tokens_to_ids(text)): dict(
        content=text, lstrip=False, normalized=False, rstrip=False, single_word=False, special=special)
        for text, special in SPECIAL}
    published.joinpath("tokenizer_config.json").write_text(json.dumps(dict(
        add_bos_token=False, add_prefix_space=False, added_tokens_decoder=added, bos_token=None, chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False, eos_token=STOP, errors="replace", model_max_length=131072, pad_token=END,
        split_special_tokens=False, tokenizer_class="Qwen2Tokenizer", unk_token=None), indent=1), "utf-8")
    return Qwen2Tokenizer.from_pretrained(out / "today")
