"""A T5 tokenizer with few words: a unigram model over the prompts of the goldens, with T5's special ids and
extra_ids."""
from pathlib import Path

import sentencepiece
from transformers import T5Tokenizer

from sd1_reference import PROMPTS

WORDS = "a photo of an old young woman man with red grey short long hair and glasses smiling studio light portrait " \
        "in the of to headshot navy suit window soft background 0 1 2 3 4 5 6 7 8 9 . , ! ? ' ( ) < > 10 2024"


def write_tokenizer(out, pieces=300):
    """Writes spiece.model as T5's published folders have it, and beside it in `today` what transformers saves now."""
    out = Path(out)
    published = out / "published"
    published.mkdir(parents=True, exist_ok=True)
    text = [line for prompt in PROMPTS for line in [prompt, prompt.lower()] if prompt.isprintable() and prompt]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text + [WORDS] * 3 + WORDS.split() * 2), model_prefix=str(published / "spiece"),
        vocab_size=pieces, model_type="unigram", pad_id=0, eos_id=1, unk_id=2, bos_id=-1, pad_piece="<pad>",
        hard_vocab_limit=False, minloglevel=2, num_threads=1, normalization_rule_name="nmt_nfkc")
    published.joinpath("spiece.vocab").unlink()
    tokenizer = T5Tokenizer.from_pretrained(published, model_max_length=512)
    tokenizer.save_pretrained(out / "today")
    return tokenizer
