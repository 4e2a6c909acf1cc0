package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The networks that photos are judged with, beside the built-in cascades. */
final class FaceOptions {
  @Mixin
  private DetectorOption detector;

  @Option(
      names = "--embedder",
      paramLabel = "FILE",
      description = "an ONNX file named after SFace, MobileFace, AuraFace "
          + "or ArcFace: finds photos of another person and the same shot twice")
  private Path embedder;

  @Option(
      names = "--quality",
      paramLabel = "FILE",
      description = "a face-quality ONNX file: a second opinion")
  private Path quality;

  @Option(
      names = "--brisque",
      paramLabel = "MODEL,RANGE",
      split = ",",
      description = "OpenCV's two YAML files of a BRISQUE " + "model, instead of the built-in one")
  private List<Path> brisque;

  @Option(
      names = "--commercial",
      description = "refuses networks whose licence forbids commercial use")
  private boolean commercial;

  /** The tools, to be closed by the caller. */
  ReviewTools open() {
    if (brisque != null && brisque.size() != 2) {
      throw new IllegalArgumentException(
          "--brisque takes two files, MODEL,RANGE, given " + brisque.size());
    }
    ReviewTools tools = detector.open();
    tools = embedder == null ? tools : tools.withEmbedder(embedder, policy());
    tools = brisque == null ? tools : tools.withBrisque(brisque.get(0), brisque.get(1));
    return quality == null ? tools : tools.withQuality(quality);
  }

  /**
   * What drawings are seen by: the base's own embedder, unless one is given or a person's file
   * keeps faces as another sees them.
   *
   * @param own the base's, or null
   * @param kept what the person's file keeps
   */
  static ReviewTools withEmbedderOf(
      ReviewTools tools, FaceEmbedder own, PersonRecord kept) {
    Optional<String> name = kept.faces().map(FaceEmbeddings::embedder);
    boolean fits = own != null
        && tools.embedder().isEmpty()
        && name.filter(other -> !other.equals(own.name())).isEmpty();
    return fits ? tools.withEmbedder(own) : tools;
  }

  /**
   * Likeness to the person of this record; empty if it has no embeddings of the
   * embedder of {@code tools}.
   */
  static Optional<Likeness> likeness(ReviewTools tools, PersonRecord kept) {
    return tools
        .embedder()
        .flatMap(eye -> kept.faces()
            .filter(faces -> faces.embedder().equals(eye.name()))
            .map(faces -> faces.likeness(tools.detector(), eye)));
  }

  /** Whether a file is given that judges nothing but photos. */
  boolean hasQualityModel() {
    return quality != null;
  }

  /** Which networks' licences will do. */
  UsePolicy policy() {
    return commercial ? UsePolicy.COMMERCIAL : UsePolicy.NON_COMMERCIAL;
  }

  /** What finds faces. */
  static final class DetectorOption {
    @Option(
        names = "--detector",
        paramLabel = "FILE",
        description = "a YuNet ONNX file: finds more faces, and their pose")
    private Path detector;

    /** The built-in tools with that detector where one is given, to be closed by the caller. */
    ReviewTools open() {
      return detector == null
          ? ReviewTools.builtIn()
          : ReviewTools.builtIn().withDetector(detector);
    }
  }

  /** Whether drawn faces are held to the person's. */
  static final class FaceGuidanceOption {
    @Option(
        names = "--no-face-guidance",
        description = "leaves faces as the base draws them, four to five times "
            + "as fast; otherwise a base that brings preview and a face_embedder, in ip_adapter or guidance, holds them to "
            + "the person's, its ip_adapter acting a little, too")
    private boolean isOff;

    /**
     * What holds faces on the base in {@code folder}, to be closed by the caller; null where it is
     * not wanted or not to be had.
     */
    FaceGuidance open(Path folder, BaseModel base, FaceDetector detector) {
      return isOff ? null : FaceGuidance.findIn(folder, base, detector).orElse(null);
    }
  }
}
