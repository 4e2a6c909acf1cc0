package dev.likeness.portrait.training;

/**
 * How much each place of an image's latents counts in training. Eyes and mouth are a hundredth of
 * the image and most of what a viewer looks at, so they count several times as much as the wall
 * behind. Cloth counts more where it has a pattern, which is the finest thing that words ask for.
 */
final class FaceFocus {
  private static final float FACE = 1.5f;
  private static final float EYES = 6;
  private static final float NOSE = 2;
  private static final float MOUTH = 4;
  private static final float PATTERN = 3;

  private FaceFocus() {}

  /**
   * Weights of mean 1 for each of {@code side} x {@code side} places, rows from the top.
   *
   * @param landmarks eyes, nose, corners of the mouth: x and y in pixels
   * @param pixels the side of the image
   * @param patterned whether there is a pattern on what is worn, which begins about as far below
   *     the mouth as that is below the eyes
   */
  static float[] of(float[] landmarks, int pixels, int side, boolean patterned) {
    float[] at = new float[landmarks.length];
    for (int i = 0; i < at.length; i++) {
      at[i] = landmarks[i] * side / pixels - .5f;
    }
    float mouthX = (at[6] + at[8]) / 2;
    float mouthY = (at[7] + at[9]) / 2;
    float eyesX = (at[0] + at[2]) / 2;
    float eyesY = (at[1] + at[3]) / 2;
    // The height of a face does not shrink when it turns, the distance of its eyes does.
    float unit = (float) Math.hypot(mouthX - eyesX, mouthY - eyesY);
    float[] weights = new float[side * side];
    double sum = 0;
    for (int i = 0; i < weights.length; i++) {
      int x = i % side;
      int y = i / side;
      float weight = 1
          + FACE * bump(x, y, (eyesX + mouthX) / 2, (eyesY + mouthY) / 2, unit)
          + EYES * bump(x, y, at[0], at[1], .25f * unit)
          + EYES * bump(x, y, at[2], at[3], .25f * unit)
          + NOSE * bump(x, y, at[4], at[5], .25f * unit)
          + MOUTH * bump(x, y, mouthX, mouthY, .3f * unit)
          + (patterned
              ? PATTERN * Math.min(1, Math.max(0, 2.5f * ((y - mouthY) / unit - .8f)))
              : 0);
      weights[i] = weight;
      sum += weight;
    }
    for (int i = 0; i < weights.length; i++) {
      weights[i] *= (float) (weights.length / sum);
    }
    return weights;
  }

  private static float bump(float x, float y, float centreX, float centreY, float spread) {
    float dx = (x - centreX) / spread;
    float dy = (y - centreY) / spread;
    return (float) Math.exp(-.5 * (dx * dx + dy * dy));
  }
}
