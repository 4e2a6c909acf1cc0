package dev.likeness.diffusion.request;

import java.util.List;

/** Something a request carries that brings words of its own. */
@FunctionalInterface
public interface WordSource {
  /** The words that prompts may name while this is carried. */
  List<TextualInversion> words();
}
