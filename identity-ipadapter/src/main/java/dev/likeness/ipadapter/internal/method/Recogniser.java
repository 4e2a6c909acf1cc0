package dev.likeness.ipadapter.internal.method;

import dev.likeness.photos.embed.EmbedderSpec;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * A face embedder that published adapters were trained with. Other embedders of the same length
 * describe another person to the adapter.
 *
 * @param file the name of its file
 * @param source where it is published
 * @param spec its kind
 * @param width length of its embeddings
 * @param others names of files of the same kind that have other weights
 * @param place the catalogue's name of it, or the address of its release
 */
public record Recogniser(
    String file, String source, EmbedderSpec spec, int width, Pattern others, String place) {
  /** The face embedder of IP-Adapter's FaceID. */
  public static final Recogniser BUFFALO_L = new Recogniser(
      "w600k_r50.onnx",
      "InsightFace's buffalo_l",
      EmbedderSpec.ARCFACE,
      512,
      Pattern.compile("(?i)glint|mbf|mobilefacenet|ms1m|cosface"),
      "https://github.com/deepinsight/insightface/releases/download/v0.7/buffalo_l.zip");

  /** The face embedder of InstantID and PuLID. */
  public static final Recogniser ANTELOPE = new Recogniser(
      "glintr100.onnx",
      "InsightFace's antelopev2",
      EmbedderSpec.ARCFACE,
      512,
      Pattern.compile("(?i)w600k|mbf|mobilefacenet|ms1m|cosface"),
      "antelopev2");

  /** The face embedder of InfiniteYou, which returns embeddings of length 1. */
  public static final Recogniser IR_SE_50 = new Recogniser(
      "recognition_arcface_ir_se50.pth",
      "facexlib",
      EmbedderSpec.of(Path.of("recognition_arcface_ir_se50.pth")),
      512,
      Pattern.compile("(?!)"),
      "https://github.com/xinntao/facexlib/releases/download/v0.1.0/recognition_arcface_ir_se50.pth");

  /** Returns the file that its publishers give out. */
  public PublishedFile published() {
    return new PublishedFile(PublishedFile.Part.FACE_EMBEDDER, file, place);
  }

  /** Returns true if an embedder is another one, by its kind and file name. */
  boolean isOther(EmbedderSpec other, Path onnx) {
    return other != spec || others.matcher(onnx.getFileName().toString()).find();
  }
}
