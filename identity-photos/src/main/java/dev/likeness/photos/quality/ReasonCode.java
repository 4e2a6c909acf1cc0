package dev.likeness.photos.quality;

import java.util.Locale;

/**
 * The reasons against a photo. If a reason has a measured value, its description says what the
 * value measures. Programs use {@link #id()}.
 */
public enum ReasonCode {
  /** The file has 0 bytes. */
  EMPTY_FILE,
  /** The file is not an image. */
  NOT_AN_IMAGE,
  /** The file has too many bytes. */
  FILE_TOO_LARGE,
  /** The image has too many pixels. */
  TOO_MANY_PIXELS,
  /** The file cannot be read or decoded. */
  BROKEN_FILE,
  /** The format, such as HEIC, needs a converter that is not available. */
  NEEDS_CONVERSION,
  /** OpenCV failed on the image, so the checks did not finish. */
  CHECK_FAILED,
  /** The image was decoded, but parts of the file are damaged. */
  DAMAGED_FILE,
  /** No face was found. Value: the number of faces, 0. */
  NO_FACE,
  /** The photo was stored sideways or upside down and was rotated. */
  ROTATED,
  /**
   * The photo shows several faces. Value: area of the second largest face divided by the area of
   * the largest face, 0 to 1.
   */
  SEVERAL_FACES,
  /** The face is too small. Value: its width, in pixels of the decoded image. */
  FACE_TOO_SMALL,
  /** The face is cut off. Value: share of its box outside the image, 0 to 1. */
  FACE_CUT_OFF,
  /** The face is blurred. Value: blur, 0 (sharp) to 1. */
  BLURRED,
  /** The face is too dark. Value: 95th percentile of its brightness, 0 to 255. */
  TOO_DARK,
  /** The face is too bright. Value: overexposed share of the face, 0 to 1. */
  TOO_BRIGHT,
  /** The light is uneven. Value: brightness difference between the halves of the face, in stops. */
  UNEVEN_LIGHT,
  /** No open, uncovered eyes were found. Value: 0. */
  EYES_NOT_VISIBLE,
  /**
   * The person wears sunglasses. Value: share of the eye region that is very dark or not skin, 0 to
   * 1.
   */
  SUNGLASSES,
  /** Nose and mouth are covered. Value: the smaller of their covered shares, 0 to 1. */
  MASK,
  /** A hat or scarf covers the hair. Value: covered share of the hair, 0 to 1. */
  HAT,
  /** The face is covered. Value: covered share of the face below the brows, 0 to 1. */
  FACE_COVERED,
  /** The head is turned too far. Value: largest rotation about any axis, in degrees. */
  EXTREME_POSE,
  /**
   * The photo is black and white. Value: mean difference between the strongest and the weakest
   * colour channel, 0 to 255.
   */
  BLACK_AND_WHITE,
  /**
   * A filter changed the colours. Value: variety of colours among pixels of equal brightness, 0 to
   * 255.
   */
  STRONG_FILTER,
  /** The JPEG file is strongly compressed. Value: quality setting, 1 to 100. */
  HEAVY_COMPRESSION,
  /**
   * The photo shows blocks of an earlier, stronger JPEG compression. Value: height of the steps
   * between these blocks, in grey levels.
   */
  COMPRESSED_BEFORE,
  /** Bars of one colour are at the edges of the image. Value: their share of the image, 0 to 1. */
  BORDERS,
  /**
   * The image is distorted. Value: BRISQUE score of head and shoulders, 0 to 100; measured only if
   * the review has a {@link Brisque} measure.
   */
  DISTORTED,
  /**
   * The face is hard to recognise. Value: score of the {@link FaceQuality} network, 0 to 1;
   * measured only if the review has this network.
   */
  LOW_QUALITY,
  /**
   * The photo repeats a better photo. Value: perceptual distance between the two photos, 0 to 1, or
   * the cosine of their face embeddings.
   */
  NEAR_DUPLICATE,
  /**
   * The photo does not show the expected person: the person in most photos of the set, or the
   * chosen person. Value: mean of the largest and the average cosine with photos of the expected
   * person; measured only with a face embedder. With the verdict {@link Verdict#WARN}, the photo
   * may show a different person, or it is unclear which person of the set to train.
   */
  WRONG_PERSON;

  /** {@return the identifier in JSON, such as {@code no-face}} */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
