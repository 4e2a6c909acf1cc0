package dev.likeness.cli.command;

import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.likeness.Likeness;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that choose models for checking photos. */
@Command(optionListHeading = "Face networks")
final class FaceOptions {
  @Mixin
  private DetectorOption detector;

  @PathUse(Use.READ)
  @ModelFile(Role.FACE_EMBEDDER)
  @Option(
      names = "--embedder",
      paramLabel = "FILE",
      description =
          "face embedder, an ONNX file whose name contains sface, mobileface, auraface or "
              + "arcface: finds photos of another person and repeated shots")
  private Path embedder;

  @PathUse(Use.READ)
  @ModelFile
  @Option(
      names = "--face-quality",
      paramLabel = "FILE",
      description = "face quality model, an ONNX file, for an additional check of photos")
  private Path quality;

  @PathUse(Use.READ)
  @Option(
      names = "--brisque",
      paramLabel = "MODEL,RANGE",
      split = ",",
      hideParamSyntax = true,
      description = "BRISQUE model in OpenCV's two YAML files (default: the built-in model)")
  private List<Path> brisque;

  /**
   * Returns the tools; the caller closes them.
   *
   * @param policy the accepted licences
   */
  ReviewTools open(UsePolicy policy) {
    if (brisque != null && brisque.size() != 2) {
      throw new IllegalArgumentException(
          "--brisque takes two files, MODEL,RANGE, got " + brisque.size());
    }
    ReviewTools tools = detector.open();
    tools = embedder == null ? tools : tools.withEmbedder(embedder, policy);
    tools = brisque == null ? tools : tools.withBrisque(brisque.get(0), brisque.get(1));
    return quality == null ? tools : tools.withQuality(quality);
  }

  /**
   * Adds the base's face embedder, unless {@code tools} has one or the person's file has embeddings
   * of another one.
   *
   * @param own the base's face embedder, or null
   * @param kept the record in the person's file
   */
  static ReviewTools withEmbedderOf(ReviewTools tools, FaceEmbedder own, PersonRecord kept) {
    Optional<String> name = kept.faces().map(FaceEmbeddings::embedder);
    boolean fits = own != null
        && tools.embedder().isEmpty()
        && name.filter(other -> !other.equals(own.name())).isEmpty();
    return fits ? tools.withEmbedder(own) : tools;
  }

  /**
   * Returns the likeness measure for the person of this record; empty if it has no embeddings of
   * the embedder of {@code tools}.
   */
  static Optional<Likeness> likeness(ReviewTools tools, PersonRecord kept) {
    return tools
        .embedder()
        .flatMap(eye -> kept.faces()
            .filter(faces -> faces.embedder().equals(eye.name()))
            .map(faces -> faces.likeness(tools.detector(), eye)));
  }

  /**
   * Refuses face embeddings that have another number of elements than those of their embedder.
   *
   * @param kept the record in the person's file
   * @param file the person's file
   * @param embedders the open embedders; null for none
   */
  static void requireLengths(PersonRecord kept, Path file, FaceEmbedder... embedders) {
    for (FaceEmbedder eye : embedders) {
      Stream.of(kept.faces(), kept.guidanceFaces())
          .flatMap(Optional::stream)
          .filter(faces -> eye != null && faces.embedder().equals(eye.name()))
          .forEach(faces -> faces.requireLength(eye, file.toString()));
    }
  }

  /** Returns true if a face quality model is given, which checks only photos. */
  boolean hasQualityModel() {
    return quality != null;
  }

  /** The option that chooses the face detector. */
  @Command(optionListHeading = "Face networks")
  static final class DetectorOption {
    @PathUse(Use.READ)
    @ModelFile(Role.DETECTOR)
    @Option(
        names = "--detector",
        paramLabel = "FILE",
        description =
            "face detector, a YuNet ONNX file: finds more faces than the built-in detector, and "
                + "the poses of faces")
    private Path detector;

    /** Returns the built-in tools with the given detector, if any; the caller closes them. */
    ReviewTools open() {
      return detector == null
          ? ReviewTools.builtIn()
          : ReviewTools.builtIn().withDetector(detector);
    }
  }
}
