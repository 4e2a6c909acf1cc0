package dev.likeness.photos.quality;

import java.util.Locale;

/** The reasons against a photo. Programs use {@link #id()}. */
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
  /** The format, such as HEIC, has no reader here. */
  NEEDS_CONVERSION,
  /** OpenCV failed on the image, so the checks did not finish. */
  NOT_JUDGED,
  /** The image was decoded, but parts of the file are damaged. */
  DAMAGED_FILE,
  /** No face was found. The value is the number of faces, 0. */
  NO_FACE,
  /** The photo was stored sideways or upside down and was rotated. */
  ROTATED,
  /** Several faces: area of the second largest face divided by the largest, 0 to 1. */
  SEVERAL_FACES,
  /** Width of the face, in pixels of the decoded image. */
  FACE_TOO_SMALL,
  /** Share of the face's box outside the image, 0 to 1. */
  FACE_CUT_OFF,
  /** Blur of the face, 0 (sharp) to 1. */
  BLURRED,
  /** Brightness of the lit parts of the face (95th percentile), 0 to 255. */
  TOO_DARK,
  /** Share of the face that is overexposed to white, 0 to 1. */
  TOO_BRIGHT,
  /** Difference in light between the halves of the face, in stops. */
  UNEVEN_LIGHT,
  /** No open, uncovered eyes were found. The value is 0. */
  EYES_NOT_VISIBLE,
  /** Share of the eye region that is not skin or is very dark, 0 to 1. */
  SUNGLASSES,
  /** Share of nose and mouth that is covered, 0 to 1. */
  MASK,
  /** Share of the hair that is covered by a hat or scarf, 0 to 1. */
  HAT,
  /** Share of the face below the brows that is covered, 0 to 1. */
  FACE_COVERED,
  /** Largest rotation of the head about any axis, in degrees. */
  EXTREME_POSE,
  /** Mean difference between the strongest and the weakest colour channel, 0 to 255. */
  BLACK_AND_WHITE,
  /** Variety of colours among pixels of equal brightness, 0 to 255. */
  STRONG_FILTER,
  /** Quality setting of the JPEG file, 1 to 100. */
  HEAVY_COMPRESSION,
  /** Height of the steps between blocks of an earlier JPEG compression, in grey levels. */
  COMPRESSED_BEFORE,
  /** Share of the image that flat bars take up, 0 to 1. */
  BORDERS,
  /**
   * BRISQUE score of head and shoulders, 0 to 100; measured only if {@link Brisque} is available.
   */
  DISTORTED,
  /** Score of the {@link FaceQuality} network, 0 to 1; measured only if it is available. */
  LOW_QUALITY,
  /** Perceptual distance to a better photo, 0 to 1, or the cosine of the two face embeddings. */
  NEAR_DUPLICATE,
  /** Largest cosine with the photos of the main person; measured only with a face embedder. */
  WRONG_PERSON;

  /** {@return the identifier in JSON, such as {@code no-face}} */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
