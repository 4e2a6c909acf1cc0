package dev.likeness.diffusion.internal.text;

/**
 * What a text tower reads at once.
 *
 * @param ids begin, the prompt's own, end, padding; from the vocabulary's size on they count the
 *     vectors of textual inversions
 * @param weights how much each token's state counts; 1 everywhere for plain prompts
 */
public record PromptChunk(int[] ids, double[] weights) {
  boolean weighted() {
    for (double weight : weights) {
      if (weight != 1) {
        return true;
      }
    }
    return false;
  }
}
