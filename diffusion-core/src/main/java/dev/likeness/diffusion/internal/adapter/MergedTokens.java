package dev.likeness.diffusion.internal.adapter;

/**
 * Tokens of a picture that are alike merged for a UNet's self-attention at the largest level that
 * attends (Bolya and Hoffman 2023, arXiv:2303.17604).
 *
 * @param merged the share of the tokens, 0 to 0.75: of each square of two by two one stays
 */
public record MergedTokens(double merged) implements Adaptation {
  public MergedTokens {
    if (!(merged >= 0 && merged <= 0.75)) {
      throw new IllegalArgumentException(
          "a share of tokens to merge must be in 0..0.75, got " + merged);
    }
  }
}
