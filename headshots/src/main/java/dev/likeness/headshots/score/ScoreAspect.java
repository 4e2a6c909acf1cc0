package dev.likeness.headshots.score;

/**
 * An aspect that a headshot is scored by. The description of each constant says what its value
 * measures. Higher values are worse, except for {@link #LIKENESS}.
 */
public enum ScoreAspect {
  /** Missing face: 0 if a face was found, 1 if not. */
  FACE("face", "no face was found"),
  /** Area of the second largest face as a share of the largest, 0 to 1. */
  SECOND_FACE("second face", "another face is in the image"),
  /** Mean cosine similarity to the person's photos, -1 to 1; higher is better. */
  LIKENESS("likeness", "it does not look like the person"),
  /** Blur of the face: the blur effect of Crete et al. 2007, 0 (sharp) to 1 (blurred). */
  SHARPNESS("sharpness", "the face is blurred"),
  /**
   * The larger of two values: the underexposure of the lit parts in stops, and the clipped share of
   * the face times 10.
   */
  EXPOSURE("exposure", "the face is too dark or overexposed"),
  /** Standard deviation of the noise, in grey levels. */
  NOISE("noise", "the image is noisy"),
  /**
   * Brightness steps at the borders of 8-pixel blocks, divided by the other brightness steps, minus
   * 1.
   */
  COMPRESSION("compression", "small square blocks are visible"),
  /**
   * Largest difference between forehead, cheeks and chin in their ratio of right to left
   * brightness, in stops.
   */
  LIGHT_DIRECTION("light direction", "the parts of the face are lit from different sides"),
  /** 1 divided by the variation (in natural logarithms) of the skin's lightness over the face. */
  LIGHT_FALLOFF("light falloff", "the light on the face is flat"),
  /**
   * The absolute natural logarithm of a / b: a is the eye distance divided by the eye-mouth
   * distance, b is the usual value of a.
   */
  PROPORTIONS("proportions", "the face is stretched"),
  /**
   * How much the correlation of neighbouring columns of the face increases if one column is shifted
   * up or down, 0 to 2. The value is high if the two halves of the face do not join.
   */
  SYMMETRY("symmetry", "the halves of the face do not match"),
  /**
   * Difference in brightness between the two eyes on a grid of cells, in natural logarithms; 1 if
   * no open eye was found. Dark cells have less effect.
   */
  EYES("eyes", "the eyes do not match or are not open"),
  /** Difference between the positions of the two irises, in units of half an eye's width. */
  GAZE("gaze", "the eyes do not look the same way"),
  /** Ratio of the horizontal gradient in the mouth to its vertical gradient. */
  MOUTH("mouth", "mouth or teeth are smeared"),
  /**
   * Correlation of a strip at the side of the head with a strip next to it, 0 to 1. The value is
   * lower if the pattern repeats further outside, as in a brick wall.
   */
  EARS("ears", "an ear or the side of the head is doubled"),
  /** Difference in strength between the two rims of the glasses, 0 to 1. */
  GLASSES("glasses", "the sides of the glasses do not match"),
  /** Difference in strength between the hoops at the two ears, 0 to 1. */
  JEWELLERY("jewellery", "the earrings do not match"),
  /**
   * Square root of the area of the largest broad region of skin beside face and neck. The unit is
   * the distance between the eyes.
   */
  HANDS("hands", "a hand or other bare skin is in the image"),
  /** 1 divided by the fine detail, in grey levels, of the smoothest third of the skin. */
  SKIN_WAX("waxed skin", "the skin looks like wax: it has no texture"),
  /** Ratio of the strength of the face's fine detail to the strength of its edges. */
  SKIN_SHARP("over-sharp skin", "the skin is sharpened too much"),
  /** Contrast of a line around hair and head with the areas on its two sides, in grey levels. */
  HAIR_EDGES("hair edges", "a halo surrounds the hair"),
  /**
   * Brightness step across the strongest straight seam, in grey levels. A seam lies between two
   * columns or two rows and runs along most of the image.
   */
  BACKGROUND("background", "a seam runs through the image"),
  /** Contrast of a text-like line of strokes with the rows above and below it, in grey levels. */
  TEXT("text", "there are marks that look like writing"),
  /** Distance from natural photographs, 0 to 100 (BRISQUE, Mittal et al. 2012). */
  DISTORTION("distortion", "noise, blur or compression distort the image");

  private final String label;
  private final String failureText;

  ScoreAspect(String label, String failureText) {
    this.label = label;
    this.failureText = failureText;
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
