package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.face.AlignmentTemplate;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Input and output conventions of a face embedder. An input value is {@code (v - mean) * scale} for
 * a pixel value v of 0 to 255.
 *
 * @param name name for reports and messages
 * @param template positions of the landmarks in the input, and the size of the input
 * @param rgb true if the channel order is red, green, blue; false for blue, green, red
 * @param mean number that is subtracted from each pixel value
 * @param scale factor applied after subtracting, not 0
 * @param samePersonThreshold cosine from which two faces count as the same person, above -1 and
 *     below 1
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
  /** InsightFace's IResNet networks for face recognition, such as {@code w600k_r50}. */
  public static final EmbedderSpec ARCFACE = new EmbedderSpec(
      "ArcFace",
      AlignmentTemplate.ARCFACE,
      true,
      127.5,
      1 / 127.5,
      0.3,
      UsePolicy.Licence.RESEARCH_ONLY);
  /**
   * AuraFace v1. It has the input and architecture of ArcFace. Its training data is freely
   * licensed.
   */
  public static final EmbedderSpec AURAFACE = new EmbedderSpec(
      "AuraFace",
      AlignmentTemplate.ARCFACE,
      true,
      127.5,
      1 / 127.5,
      0.3,
      UsePolicy.Licence.APACHE_2);
  /** SFace of the OpenCV zoo, with the threshold of SFace's authors. */
  public static final EmbedderSpec SFACE = new EmbedderSpec(
      "SFace", AlignmentTemplate.ARCFACE, true, 0, 1, 0.363, UsePolicy.Licence.APACHE_2);
  // These names are tested first, because some contain the name of a freely licensed embedder. If a
  // name is ambiguous, the stricter licence is the safe choice.
  private static final Pattern INSIGHTFACE_NAMES = Pattern.compile(
      "arcface|cosface|w600k|glint360k|ms1m|mobilefacenet|(?:^|[^a-z])mbf(?:[^a-z]|$)");
  // "aura" must be a separate word: a file named "laura" need not be AuraFace.
  private static final Pattern AURAFACE_NAMES =
      Pattern.compile("auraface|(?:^|[^a-z])aura(?:[^a-z]|$)");

  /**
   * MobileFace V2 of the GitHub user becauseofAI, with embeddings of 256 numbers. The network
   * scales pixel values itself; its training set is not published.
   */
  public static final EmbedderSpec MOBILEFACE = new EmbedderSpec(
      "MobileFace", AlignmentTemplate.ARCFACE, true, 0, 1, 0.35, UsePolicy.Licence.MIT);

  // facexlib's recognition_arcface_ir_se50.pth, InfiniteYou's embedder. Its authors give it images
  // in OpenCV's channel order. It was trained on MS1M, as InsightFace's networks.
  private static final EmbedderSpec IR_SE = new EmbedderSpec(
      "ArcFace IR-SE",
      AlignmentTemplate.ARCFACE,
      false,
      127.5,
      1 / 127.5,
      0.3,
      UsePolicy.Licence.RESEARCH_ONLY);

  /**
   * Detects the kind of an embedder from a word in its file name: {@code sface},
   * {@code mobileface}, {@code auraface}, {@code ir_se}, {@code arcface}, {@code w600k} and similar
   * words. A file named {@code ir_se} takes the channel order blue, green, red, as facexlib's. Two
   * embedders are published as {@code glintr100}. If the name of such a file, of its folder, or of
   * its repository in a Hugging Face cache contains {@code auraface}, the result is
   * {@link #AURAFACE}. Otherwise, the result is {@link #ARCFACE}, which has the stricter licence.
   *
   * @param file path of the file; the file is not read
   * @return the specification
   * @throws InvalidInputException if the name contains none of these words
   */
  public static EmbedderSpec of(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    boolean either = name.contains("glintr100");
    if (name.contains("ir_se")) {
      return IR_SE;
    } else if (INSIGHTFACE_NAMES.matcher(name).find()) {
      return ARCFACE;
    } else if (AURAFACE_NAMES.matcher(name).find()
        || either
            && folderNames(file).anyMatch(each -> AURAFACE_NAMES.matcher(each).find())) {
      return AURAFACE;
    } else if (either) {
      return ARCFACE;
    } else if (name.contains("mobileface")) {
      return MOBILEFACE;
    } else if (name.contains("sface")) {
      return SFACE;
    }
    throw new InvalidInputException("the name of the face embedder " + file
        + " does not tell its kind; put sface, mobileface, auraface or arcface into the name");
  }

  /** The name of the file's folder; in a Hugging Face cache, also that of the repository's. */
  private static Stream<String> folderNames(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    boolean cached = folder != null
        && folder.getNameCount() > 2
        && folder.getName(folder.getNameCount() - 2).toString().equals("snapshots");
    return Stream.of(folder, cached ? folder.getParent().getParent() : null)
        .filter(each -> each != null && each.getFileName() != null)
        .map(each -> each.getFileName().toString().toLowerCase(Locale.ROOT));
  }

  /**
   * Checks threshold and scale.
   *
   * @throws IllegalArgumentException if the threshold is out of its range or the scale is 0
   */
  public EmbedderSpec {
    if (!(samePersonThreshold > -1 && samePersonThreshold < 1) || scale == 0) {
      throw new IllegalArgumentException(
          "an embedder needs a cosine threshold above -1 and below 1, and a scale that is not 0,"
              + " got threshold " + samePersonThreshold + " and scale " + scale);
    }
  }
}
