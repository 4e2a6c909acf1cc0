package dev.likeness.photos.quality;

import java.util.Locale;

/** Why a photo is set aside or kept with a warning; programs read {@link #id()}. */
public enum ReasonCode {
  EMPTY_FILE,
  NOT_AN_IMAGE,
  FILE_TOO_LARGE,
  TOO_MANY_PIXELS,
  BROKEN_FILE,
  NEEDS_CONVERSION,
  NOT_JUDGED,
  DAMAGED_FILE,
  NO_FACE,
  ROTATED,
  SEVERAL_FACES,
  FACE_TOO_SMALL,
  FACE_CUT_OFF,
  BLURRED,
  TOO_DARK,
  TOO_BRIGHT,
  UNEVEN_LIGHT,
  EYES_NOT_VISIBLE,
  SUNGLASSES,
  MASK,
  HAT,
  FACE_COVERED,
  EXTREME_POSE,
  BLACK_AND_WHITE,
  STRONG_FILTER,
  HEAVY_COMPRESSION,
  COMPRESSED_BEFORE,
  BORDERS,
  DISTORTED,
  LOW_QUALITY,
  NEAR_DUPLICATE,
  WRONG_PERSON;

  /** The word in JSON, such as {@code no-face}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
