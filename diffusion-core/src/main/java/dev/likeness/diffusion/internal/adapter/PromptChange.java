package dev.likeness.diffusion.internal.adapter;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * What an adapter changes in the prompt of a request, before and after a text encoder encodes it:
 * trigger words and tokens that an identity replaces, as in PhotoMaker (Li et al. 2023,
 * arXiv:2312.04461, section 3.2). The negative prompt stays as it is. Changes are compared by
 * {@code equals}, and steps with equal changes share an encoding.
 */
public interface PromptChange {
  /** The change that keeps the prompt. */
  PromptChange NONE = new PromptChange() {};

  /** The vocabulary of a text encoder. */
  @FunctionalInterface
  interface Vocabulary {
    /** Returns the ids of a text, without begin and end. */
    int[] ids(String text);
  }

  /**
   * Returns the tokens to encode in place of {@code prompt}. Called for each text encoder. A token
   * that is needed after encoding gets a mark; tokens beyond the length of the encoder are
   * truncated afterwards.
   *
   * @param prompt the tokens of the prompt, without begin, end and padding
   * @throws IllegalArgumentException if the prompt does not have the words that the adapter needs
   */
  default List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
    return prompt;
  }

  /**
   * Returns the encoding to use in place of {@code encoded}, of its shape; owned by the calling
   * scope.
   *
   * @param encoded one vector for each token, [1, tokens, width]: the outputs of all text encoders
   *     side by side
   * @param tokens the token at each position, with begin, end and padding
   */
  default Tensor afterEncoding(Tensor encoded, List<PromptToken> tokens) {
    return encoded;
  }

  /**
   * Returns the change at {@code progress}, the share of the sampling steps that are done: 0 to
   * below 1. A change that differs between steps must return few different ones.
   */
  default PromptChange at(double progress) {
    return this;
  }

  /** Returns this change followed by {@code other}. */
  default PromptChange and(PromptChange other) {
    if (this == NONE || other == NONE) {
      return this == NONE ? other : this;
    }
    return new Sequence(this, other);
  }

  /** A change and the next one. */
  record Sequence(PromptChange first, PromptChange second) implements PromptChange {
    @Override
    public List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
      return second.beforeEncoding(first.beforeEncoding(prompt, vocabulary), vocabulary);
    }

    @Override
    public Tensor afterEncoding(Tensor encoded, List<PromptToken> tokens) {
      return second.afterEncoding(first.afterEncoding(encoded, tokens), tokens);
    }

    @Override
    public PromptChange at(double progress) {
      return first.at(progress).and(second.at(progress));
    }
  }
}
