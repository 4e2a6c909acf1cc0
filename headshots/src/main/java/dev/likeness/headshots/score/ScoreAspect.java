package dev.likeness.headshots.score;

/**
 * What a headshot is scored on. Every value but that of {@link #LIKENESS} grows with what is wrong.
 */
public enum ScoreAspect {
  /** Whether a face is seen: 0 when it is, 1 when not. */
  FACE("face", "no face was found"),
  /** How large the next face is beside the largest, in its area, 0 to 1. */
  SECOND_FACE("second face", "another face is in the image"),
  /** Mean cosine with the person's photos, -1 to 1; the more the better. */
  LIKENESS("likeness", "it does not look like the person"),
  /** How blurred the face is, 0 to 1 (the blur effect). */
  SHARPNESS("sharpness", "the face is blurred"),
  /**
   * Stops that the lit parts of the face are too dark, or tens of percent of it that are burnt out.
   */
  EXPOSURE("exposure", "the face is too dark or burnt out"),
  /** Standard deviation of the noise, in grey levels. */
  NOISE("noise", "it is noisy"),
  /** How much stronger steps between blocks of eight pixels are than others. */
  COMPRESSION("compression", "blocks of compression are seen"),
  /** How differently brow, cheeks and chin are lit from left and right, in stops. */
  LIGHT_DIRECTION("light direction", "the parts of the face are lit from different sides"),
  /** One over how much the lightness of skin differs from place to place, in natural logarithms. */
  LIGHT_FALLOFF("light falloff", "the light on the face is flat"),
  /**
   * How far the distance of the eyes is from usual against that of eyes and mouth: the logarithm of
   * the ratio.
   */
  PROPORTIONS("proportions", "the face is stretched"),
  /**
   * How much better neighbouring columns of the face match when one is moved than where they are, 0
   * to 2.
   */
  SYMMETRY("symmetry", "the halves of the face do not match"),
  /**
   * How differently the two eyes are lit place by place, in natural logarithms, shade counting
   * less; 1 when none are open.
   */
  EYES("eyes", "the eyes do not match or are not open"),
  /** How far apart the irises lie in both eyes, in halves of an eye's width. */
  GAZE("gaze", "the eyes do not look the same way"),
  /** How much of the mouth runs across it rather than along it. */
  MOUTH("mouth", "mouth or teeth are smeared"),
  /**
   * How well the side of the head is repeated next to it, and that by nothing further out, 0 to 1.
   */
  EARS("ears", "an ear or the side of the head is doubled"),
  /** How much weaker one rim of the glasses is than the other, 0 to 1. */
  GLASSES("glasses", "the sides of the glasses do not match"),
  /** How much weaker one hoop at the ears is than the other, 0 to 1. */
  JEWELLERY("jewellery", "the earrings do not match"),
  /**
   * The root of how large the largest broad piece of skin beside face and neck is, in distances
   * between the eyes.
   */
  HANDS("hands", "a hand or other bare skin is in the frame, where a headshot has none"),
  /** One over the fine detail of the plainer third of the skin, in grey levels. */
  SKIN_WAX("waxed skin", "the skin is waxed: it has no texture"),
  /** How much of the face's detail is finer than its edges. */
  SKIN_SHARP("over-sharp skin", "the skin is sharpened too much"),
  /**
   * How much lighter or darker a line around hair and head is than both its sides, in grey levels.
   */
  HAIR_EDGES("hair edges", "a rim runs around the hair"),
  /** The strongest straight step through the whole image, in grey levels. */
  BACKGROUND("background", "a seam runs through the image"),
  /** How much a line of strokes stands out from what is above and below it. */
  TEXT("text", "there are marks like writing"),
  /** How unlike a photograph it is, 0 to 100 (BRISQUE). */
  DISTORTION("distortion", "noise, smear or compression distort it");

  private final String label;
  private final String failureText;

  ScoreAspect(String word, String complaint) {
    this.label = word;
    this.failureText = complaint;
  }

  /** As reports and records call it. */
  public String label() {
    return label;
  }

  /** What is wrong with an image that fails it, in words. */
  public String failureText() {
    return failureText;
  }
}
