package dev.likeness.diffusion.internal.text;

/** A tokenizer of prompts, which holds native memory until it is closed. */
public interface PromptTokenizer extends AutoCloseable {
  @Override
  void close();
}
