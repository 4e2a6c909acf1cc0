package dev.likeness.ipadapter.layout;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The two FaceID-Plus that share one file layout: the second adds the plain face tokens to the refined ones. */
public enum FacePlusVersion {
  V1, V2;

  private static final Pattern SECOND = Pattern.compile("plus[-_ .]?v2");
  private static final Pattern FIRST = Pattern.compile("plus(?:[-_ .]?v1|[-_ ](?:sd15|sdxl)|\\.)");

  /** The version that a file's name speaks of, if it does. */
  static Optional<FacePlusVersion> of(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT);
    if (SECOND.matcher(name).find()) {
      return Optional.of(V2);
    }
    return FIRST.matcher(name).find() ? Optional.of(V1) : Optional.empty();
  }
}
