package dev.likeness.ipadapter;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The two FaceID-Plus that share one file layout: the second adds the plain face tokens to the
 * refined ones.
 */
public enum FacePlusVersion {
  V1,
  V2;

  private static final Pattern SECOND = Pattern.compile("plus[-_ .]?v2");
  private static final Pattern FIRST = Pattern.compile("plus(?:[-_ .]?v1|[-_ ](?:sd15|sdxl)|\\.)");

  private static final Pattern ANY_SECOND = Pattern.compile("v2(?![0-9])");

  /** The version that a file's name speaks of, if it does. */
  static Optional<FacePlusVersion> of(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT);
    if (SECOND.matcher(name).find()) {
      return Optional.of(V2);
    }
    // A second version of something else, or of this: better asked than guessed.
    return FIRST.matcher(name).find() && !ANY_SECOND.matcher(name).find()
        ? Optional.of(V1)
        : Optional.empty();
  }
}
