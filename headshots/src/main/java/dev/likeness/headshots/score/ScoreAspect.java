package dev.likeness.headshots.score;

/**
 * An aspect that a headshot is scored by. Higher values are worse, except for {@link #LIKENESS}.
 */
public enum ScoreAspect {
  /** 0 if a face was found, 1 if not. */
  FACE("face", "no face was found"),
  /** Area of the second largest face as a share of the largest, 0 to 1. */
  SECOND_FACE("second face", "another face is in the image"),
  /** Mean cosine similarity to the person's photos, -1 to 1; higher is better. */
  LIKENESS("likeness", "it does not look like the person"),
  /** Blur of the face, 0 to 1 (the blur effect, Crete et al. 2007). */
  SHARPNESS("sharpness", "the face is blurred"),
  /**
   * The larger of two values: stops of underexposure of the lit parts, and tens of percent of the
   * face that are clipped.
   */
  EXPOSURE("exposure", "the face is too dark or overexposed"),
  /** Standard deviation of the noise, in grey levels. */
  NOISE("noise", "the image is noisy"),
  /** Ratio of the steps between blocks of 8 pixels to other steps, minus 1. */
  COMPRESSION("compression", "small square blocks are visible"),
  /**
   * Difference between forehead, cheeks and chin in the brightness ratio of right to left, in
   * stops.
   */
  LIGHT_DIRECTION("light direction", "the parts of the face are lit from different sides"),
  /** Inverse of the variation of the skin's lightness over the face, in natural logarithms. */
  LIGHT_FALLOFF("light falloff", "the light on the face is flat"),
  /**
   * Deviation of the ratio of eye distance to eye-mouth distance from its usual value, as a
   * logarithm.
   */
  PROPORTIONS("proportions", "the face is stretched"),
  /** Gain in correlation, 0 to 2, if one of two neighbouring columns of the face is shifted. */
  SYMMETRY("symmetry", "the halves of the face do not match"),
  /**
   * Difference in brightness between the two eyes, cell by cell, in natural logarithms; 1 if no
   * open eye was found. Shade counts less.
   */
  EYES("eyes", "the eyes do not match or are not open"),
  /** Difference between the positions of the two irises, in halves of an eye's width. */
  GAZE("gaze", "the eyes do not look the same way"),
  /** Ratio of the horizontal gradient in the mouth to its vertical gradient. */
  MOUTH("mouth", "mouth or teeth are smeared"),
  /**
   * Correlation of a strip at the side of the head with a strip next to it, 0 to 1, reduced if the
   * pattern repeats further out.
   */
  EARS("ears", "an ear or the side of the head is doubled"),
  /** How much weaker one rim of the glasses is than the other, 0 to 1. */
  GLASSES("glasses", "the sides of the glasses do not match"),
  /** How much weaker one hoop at the ears is than the other, 0 to 1. */
  JEWELLERY("jewellery", "the earrings do not match"),
  /**
   * Square root of the area of the largest broad piece of skin beside face and neck, in eye
   * distances.
   */
  HANDS("hands", "a hand or other bare skin is in the image"),
  /** Inverse of the fine detail in the smoothest third of the skin, in grey levels. */
  SKIN_WAX("waxed skin", "the skin looks like wax: it has no texture"),
  /** Ratio of the face's fine detail to its edges. */
  SKIN_SHARP("over-sharp skin", "the skin is sharpened too much"),
  /** Contrast of a line around hair and head with both its sides, in grey levels. */
  HAIR_EDGES("hair edges", "a halo surrounds the hair"),
  /** The strongest straight step through the whole image, in grey levels. */
  BACKGROUND("background", "a seam runs through the image"),
  /** Contrast of a line of strokes with the rows above and below it. */
  TEXT("text", "there are marks that look like writing"),
  /** Distance from natural photographs, 0 to 100 (BRISQUE, Mittal et al. 2012). */
  DISTORTION("distortion", "noise, blur or compression distort the image");

  private final String label;
  private final String failureText;

  ScoreAspect(String word, String complaint) {
    this.label = word;
    this.failureText = complaint;
  }

  /** {@return the name in reports and in {@code record.json}} */
  public String label() {
    return label;
  }

  /** {@return the flaw of an image that fails this aspect, as a clause for users} */
  public String failureText() {
    return failureText;
  }
}
