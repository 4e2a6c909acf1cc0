package dev.likeness.ipadapter.internal.attention;

/** The image tokens that the attentions of a base attend to, for one half of a guidance batch. */
@FunctionalInterface
public interface TokenMemories {
  /**
   * Returns the tokens of attention {@code t}.
   *
   * @param scale factor of the attention's result
   */
  TokenBranch.Memory at(int t, double scale);
}
