package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.FaceGuidanceOptions;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of face guidance for commands that have a person. */
@Command(optionListHeading = "Face guidance")
final class FaceGuidanceOption {
  @Option(
      names = "--no-face-guidance",
      description =
          "turns off face guidance: a step then takes a fifth to a third of the time, but the "
              + "likeness is lower. Face guidance needs a tiny autoencoder and a face embedder: "
              + "those of the base, or files; it also uses the base's ip_adapter at a low scale")
  private boolean isOff;

  @Mixin
  private Networks networks;

  @Mixin
  private Steps steps;

  private String embedderName;

  /** Returns the studio with face guidance; the same studio if {@code guidance} is null. */
  static HeadshotStudio on(HeadshotStudio studio, FaceGuidance guidance) {
    return guidance == null ? studio : studio.faceGuidance(guidance);
  }

  /**
   * Opens the networks that options choose, before the base is opened: a bad file is then refused
   * at once.
   *
   * @param folder the folder of the base
   */
  GivenNetworks openNetworks(Path folder, FaceDetector detector, UsePolicy policy) {
    if (isOff && (networks.isGiven() || steps.isGiven())) {
      throw new IllegalArgumentException(
          "--no-face-guidance cannot be combined with other --face-guidance options; leave out"
              + " --no-face-guidance, or leave out the others");
    }
    return networks.open(folder, detector, policy);
  }

  /**
   * Opens face guidance for the base in {@code folder}, to be closed by the caller. Returns null if
   * it is turned off, or neither the base nor an option has its networks.
   */
  FaceGuidance open(GivenNetworks given, Path folder, BaseModel base, FaceDetector detector) {
    FaceGuidance opened = isOff ? null : given.orOf(folder, base, detector);
    if (opened == null && steps.isGiven()) {
      throw noNetworks();
    }
    embedderName = opened == null ? null : opened.embedder().name();
    return opened == null ? null : opened.options(steps.options());
  }

  private static InvalidInputException noNetworks() {
    return new InvalidInputException(
        "the base has no networks for face guidance; give --face-guidance-embedder FILE and"
            + " --face-guidance-decoder DIR|FILE");
  }

  /**
   * Refuses a person without embeddings of the given embedder, because images would not follow it.
   *
   * @param used true if face guidance applies to the person
   */
  void requireUsed(boolean used) {
    if (networks.isGiven() && !used) {
      throw new InvalidInputException("the person has no face embeddings of " + embedderName
          + "; train the person again with this --face-guidance-embedder, or leave the option out");
    }
  }

  /** The networks that options choose; closed with this object until they are passed on. */
  static final class GivenNetworks implements AutoCloseable {
    private FaceGuidance guidance;

    private GivenNetworks(FaceGuidance guidance) {
      this.guidance = guidance;
    }

    /** Passes on these networks, or opens those of the base; null if there are none. */
    FaceGuidance orOf(Path folder, BaseModel base, FaceDetector detector) {
      FaceGuidance taken =
          guidance == null ? FaceGuidance.findIn(folder, base, detector).orElse(null) : guidance;
      guidance = null;
      return taken;
    }

    @Override
    public void close() {
      if (guidance != null) {
        guidance.close();
      }
    }
  }

  /** The options that choose the networks of face guidance. */
  @Command(optionListHeading = "Face guidance")
  static final class Networks {
    @PathUse(Use.READ)
    @ModelFile(Role.FACE_EMBEDDER)
    @Option(
        names = "--face-guidance-embedder",
        paramLabel = "FILE",
        description = "face embedder that guides: an IResNet in ONNX or safetensors, such as "
            + "AuraFace's glintr100.onnx (default: the base's own)")
    private Path embedder;

    @PathUse(Use.READ)
    @ModelFile(Role.TINY_AUTOENCODER)
    @Option(
        names = "--face-guidance-decoder",
        paramLabel = "DIR|FILE",
        description = "tiny autoencoder of the base's family (TAESD), with which face guidance "
            + "decodes images (default: the base's own)")
    private Path decoder;

    boolean isGiven() {
      return embedder != null || decoder != null;
    }

    /** Opens the networks that are given; the decoder may be that of the base in a folder. */
    GivenNetworks open(Path folder, FaceDetector detector, UsePolicy policy) {
      if (embedder == null && decoder != null) {
        throw new IllegalArgumentException(
            "--face-guidance-decoder does nothing without --face-guidance-embedder; give both");
      }
      if (embedder == null) {
        return new GivenNetworks(null);
      }
      Path own = decoder == null ? Extra.PREVIEW_DECODER.in(folder).orElse(null) : decoder;
      if (own == null) {
        throw new InvalidInputException("the base has no preview decoder ("
            + Extra.PREVIEW_DECODER.at(folder) + " does not exist); give --face-guidance-decoder"
            + " DIR|FILE");
      }
      return new GivenNetworks(FaceGuidance.with(own, embedder, detector, policy));
    }
  }

  /** The options that choose the steps and the gradient. */
  @Command(optionListHeading = "Face guidance")
  static final class Steps {
    @NumberRange(min = 1, max = NumberRange.MAX_STEPS)
    @Option(
        names = "--face-guidance-every",
        paramLabel = "N",
        description = "applies face guidance at every N-th step (default: 1)")
    private Integer every;

    @Option(
        names = "--face-guidance-gradient",
        paramLabel = "GRADIENT",
        converter = Parser.class,
        description = "whether and how the gradient goes through the denoising network: kept, "
            + "recomputed (less memory, slower), left-out (fastest, lower likeness) or by-memory, "
            + "which takes the first of these that fits in memory (default)")
    private FaceGuidanceOptions.Gradient gradient;

    boolean isGiven() {
      return every != null || gradient != null;
    }

    FaceGuidanceOptions options() {
      FaceGuidanceOptions options =
          every == null ? FaceGuidanceOptions.DEFAULT : FaceGuidanceOptions.DEFAULT.every(every);
      return gradient == null ? options : options.gradient(gradient);
    }

    /** Reads a gradient: its name in lower case, with hyphens. */
    static final class Parser implements ITypeConverter<FaceGuidanceOptions.Gradient> {
      @Override
      public FaceGuidanceOptions.Gradient convert(String text) {
        return Arrays.stream(FaceGuidanceOptions.Gradient.values())
            .filter(gradient -> name(gradient).equals(text))
            .findFirst()
            .orElseThrow(() -> new TypeConversionException("unknown gradient \"" + text
                + "\"; known: "
                + Arrays.stream(FaceGuidanceOptions.Gradient.values())
                    .map(Parser::name)
                    .collect(Collectors.joining(", "))));
      }

      private static String name(FaceGuidanceOptions.Gradient gradient) {
        return gradient.name().toLowerCase(Locale.ROOT).replace('_', '-');
      }
    }
  }

  /** The options of face guidance towards a person in photos. */
  @Command(optionListHeading = "Face guidance")
  static final class TowardsPhotos {
    @PathUse(Use.READ)
    @Option(
        names = "--face-guidance",
        paramLabel = "PHOTO[@WEIGHT]",
        converter = WeightedFile.ReferenceOption.Parser.class,
        description = "photo of the person; generated faces become similar to this face; may be "
            + "repeated. The largest WEIGHT, 0 to 1, is the weight of face guidance")
    private List<WeightedFile.ReferenceOption> photos = List.of();

    @Mixin
    private Networks networks;

    @Mixin
    private Steps steps;

    private record Shown(WeightedFile.ReferenceOption photo, RgbImage image) {}

    /** What is open before the base: the photos, the detector, and the networks that are given. */
    final class Prepared implements AutoCloseable {
      private final FaceDetector detector;
      private final GivenNetworks given;
      private final List<Shown> shown;

      private Prepared(FaceDetector detector, GivenNetworks given, List<Shown> shown) {
        this.detector = detector;
        this.given = given;
        this.shown = shown;
      }

      /**
       * Opens face guidance for a base and measures the faces, if there are photos.
       *
       * @param folder the folder of the base
       */
      Opened open(Path folder, BaseModel base) {
        if (shown.isEmpty()) {
          return new Opened(null, List.of(), 0);
        }
        FaceGuidance guidance = given.orOf(folder, base, detector);
        if (guidance == null) {
          throw noNetworks();
        }
        try {
          List<float[]> faces =
              shown.stream().map(one -> face(one, detector, guidance)).toList();
          double weight =
              shown.stream().mapToDouble(one -> one.photo.weight()).max().orElseThrow();
          return new Opened(guidance.options(steps.options()), faces, weight);
        } catch (RuntimeException e) {
          guidance.close();
          throw e;
        }
      }

      @Override
      public void close() {
        if (detector != null) {
          given.close();
          detector.close();
        }
      }
    }

    /** What is open during one run. */
    record Opened(FaceGuidance guidance, List<float[]> faces, double weight)
        implements AutoCloseable {
      ImageRequest apply(ImageRequest request) {
        return guidance == null
            ? request
            : request.adapter(guidance.forPerson(faces).at(weight));
      }

      @Override
      public void close() {
        if (guidance != null) {
          guidance.close();
        }
      }
    }

    /**
     * Opens what needs no base, if there are photos: a bad file is then refused at once.
     *
     * @param folder the folder of the base
     * @param yunet a YuNet file, or null for the built-in detector
     */
    Prepared prepare(Path folder, Path yunet, UsePolicy policy) {
      if (photos.isEmpty()) {
        return new Prepared(null, new GivenNetworks(null), List.of());
      }
      List<Shown> shown =
          photos.stream().map(photo -> new Shown(photo, photo.readImage())).toList();
      FaceDetector detector = yunet == null ? new CascadeDetector() : YuNetDetector.open(yunet);
      try {
        return new Prepared(detector, networks.open(folder, detector, policy), shown);
      } catch (RuntimeException e) {
        detector.close();
        throw e;
      }
    }

    private static float[] face(Shown shown, FaceDetector detector, FaceGuidance guidance) {
      Face face = detector.detect(shown.image).stream()
          .findFirst()
          .orElseThrow(() -> new InvalidInputException("no face was found in " + shown.photo.file()
              + "; give a photo with a clear frontal face"));
      return guidance.embedder().embed(shown.image, face);
    }
  }
}
