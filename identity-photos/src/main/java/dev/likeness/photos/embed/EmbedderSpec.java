package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.face.AlignmentTemplate;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Input and output conventions of a face embedder.
 *
 * @param name for reports and messages
 * @param template positions of the landmarks, and the input size
 * @param rgb whether channels are in the order red, green, blue; otherwise blue, green, red
 * @param mean subtracted from each value 0 to 255
 * @param scale multiplied afterwards
 * @param samePersonThreshold the cosine above which two faces count as the same person
 * @param licence licence of the weights
 */
public record EmbedderSpec(
    String name,
    AlignmentTemplate template,
    boolean rgb,
    double mean,
    double scale,
    double samePersonThreshold,
    UsePolicy.Licence licence) {
  /** insightface's iresnet recognisers (w600k_r50 and kin). */
  public static final EmbedderSpec ARCFACE = new EmbedderSpec(
      "ArcFace",
      AlignmentTemplate.ARCFACE,
      true,
      127.5,
      1 / 127.5,
      0.3,
      UsePolicy.Licence.RESEARCH_ONLY);
  /** AuraFace v1: ArcFace's input and architecture, freely licensed data. */
  public static final EmbedderSpec AURAFACE = new EmbedderSpec(
      "AuraFace",
      AlignmentTemplate.ARCFACE,
      true,
      127.5,
      1 / 127.5,
      0.3,
      UsePolicy.Licence.APACHE_2);
  /** OpenCV zoo's SFace; the threshold is its authors'. */
  public static final EmbedderSpec SFACE = new EmbedderSpec(
      "SFace", AlignmentTemplate.ARCFACE, true, 0, 1, 0.363, UsePolicy.Licence.APACHE_2);
  // Names of which those of freely licensed ones are parts come first: the stricter licence is the
  // safe one.
  private static final Pattern INSIGHTFACE_NAMES = Pattern.compile(
      "arcface|cosface|w600k|glint360k|ms1m|mobilefacenet|(?:^|[^a-z])mbf(?:[^a-z]|$)");
  // A word, not a part of one: laura's file is not freely licensed.
  private static final Pattern AURAFACE_NAMES =
      Pattern.compile("auraface|(?:^|[^a-z])aura(?:[^a-z]|$)");

  /**
   * MobileFace V2 (becauseofAI): 256 numbers; the file scales 0..255 itself, its training set is
   * not stated.
   */
  public static final EmbedderSpec MOBILEFACE = new EmbedderSpec(
      "MobileFace", AlignmentTemplate.ARCFACE, true, 0, 1, 0.48, UsePolicy.Licence.MIT);

  /**
   * Returns the specification that a file name tells, such as {@code sface}, {@code mobileface},
   * {@code auraface}, {@code arcface} or {@code w600k}. {@code glintr100} is AuraFace if the file
   * or folder name says so; otherwise it is InsightFace's antelopev2, whose licence is stricter.
   *
   * @throws InvalidInputException if the name tells none
   */
  public static EmbedderSpec of(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    boolean either = name.contains("glintr100");
    if (INSIGHTFACE_NAMES.matcher(name).find()) {
      return ARCFACE;
    } else if (AURAFACE_NAMES.matcher(name).find()
        || either && AURAFACE_NAMES.matcher(folderName(file)).find()) {
      return AURAFACE;
    } else if (either) {
      return ARCFACE;
    } else if (name.contains("mobileface")) {
      return MOBILEFACE;
    } else if (name.contains("sface")) {
      return SFACE;
    }
    throw new InvalidInputException("the name of the face embedder " + file
        + " does not say which it is; put sface," + " mobileface, auraface or arcface into it");
  }

  private static String folderName(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    return folder == null || folder.getFileName() == null
        ? ""
        : folder.getFileName().toString().toLowerCase(Locale.ROOT);
  }

  public EmbedderSpec {
    if (!(samePersonThreshold > -1 && samePersonThreshold < 1) || scale == 0) {
      throw new IllegalArgumentException(
          "an embedder needs a cosine threshold in -1..1 and a scale, given " + samePersonThreshold
              + " and " + scale);
    }
  }
}
