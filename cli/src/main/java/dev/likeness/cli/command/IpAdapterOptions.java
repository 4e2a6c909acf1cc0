package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.BlockWeights;
import dev.likeness.ipadapter.FaceReader;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.ipadapter.ImageEncoder;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.IpAdapter;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options for reference images and their IP-Adapter. */
@Command(optionListHeading = "Reference images")
final class IpAdapterOptions {
  @Mixin
  private AdapterFileOptions files;

  @PathUse(Use.READ)
  @Option(
      names = "--reference",
      paramLabel = "IMAGE[@WEIGHT]",
      converter = WeightedFile.ReferenceOption.Parser.class,
      description = "reference image for an IP-Adapter; may be repeated. Without a weight, the "
          + "adapter has the weight of likeness models list, or that its authors use, or 1. For an "
          + "editing model, use --image")
  private List<WeightedFile.ReferenceOption> references = List.of();

  @PathUse(Use.READ)
  @Option(
      names = ReferenceArea.OPTION,
      paramLabel = "MASK|X,Y,W,H",
      description = "area of the image in which a --reference acts, for several people in one "
          + "image: a mask that is white there, or a box of left edge, top edge, width and height "
          + "in pixels, or as shares of the image, such as 0,0,0.5,1. Given once for each "
          + "--reference, in the same order; references with the same area show one person")
  private List<Path> areas = List.of();

  @Option(
      names = "--reference-blocks",
      paramLabel = "NAME",
      defaultValue = "linear",
      description =
          "how strongly each block of the network uses the references: linear (all blocks "
              + "alike), style, composition, style-and-composition, weak-input, weak-middle, "
              + "weak-output, ease-in or ease-out (default: ${DEFAULT-VALUE})")
  private String blocks;

  @PathUse(Use.READ)
  @ModelFile(Role.DETECTOR)
  @Option(
      names = "--face-detector",
      paramLabel = "FILE",
      description = "YuNet face detector for FaceID adapters, an ONNX file (default: the built-in "
          + "cascades)")
  private Path detector;

  @PathUse(Use.READ)
  @ModelFile(Role.IP_ADAPTER)
  @Option(
      names = "--fallback-adapter",
      paramLabel = "FILE",
      description =
          "IP-Adapter with --image-encoder, used if a FaceID adapter finds no usable face "
              + "in any reference")
  private Path fallback;

  @Mixin
  private IdentityControlOptions control;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** The adapter in use: that of the user, or the base's own; null if there is none. */
  private Path adapter;

  /** The image encoder in use; null if there is none. */
  private Path encoder;

  /**
   * A reference that counts, with its image.
   *
   * @param area the area in which it acts; null for the whole image
   */
  private record Shown(WeightedFile.ReferenceOption option, RgbImage image, Path area) {}

  /** What is open before the base: the images, and what finds and embeds their faces. */
  final class Prepared implements AutoCloseable {
    private final List<Shown> shown;
    private final OpenedAdapter open = new OpenedAdapter();
    private FaceDetector finder;
    private FaceEmbedder recogniser;
    private ControlNet controlNet;

    private Prepared(List<Shown> shown) {
      this.shown = shown;
    }

    /** Returns the memory of the weights of the adapter's ControlNet; 0 if it has none. */
    long controlNetBytes() {
      return controlNet == null ? 0 : controlNet.memoryBytes();
    }

    @Override
    public void close() {
      open.close();
    }
  }

  /** The resources opened for one run. */
  final class OpenedAdapter implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Adapter prompt;

    /** Returns the references as an adapter of a request, if any has a weight above 0. */
    Optional<Adapter> adapter() {
      return Optional.ofNullable(prompt);
    }

    private <T extends AutoCloseable> T register(T part) {
      open.push(part);
      return part;
    }

    @Override
    public void close() {
      while (!open.isEmpty()) {
        try {
          open.pop().close();
        } catch (Exception e) {
          throw new IllegalStateException(
              "a component of the adapter cannot be closed: " + e.getMessage(), e);
        }
      }
    }
  }

  /** Returns the face detector's file, or null for the built-in one. */
  Path detector() {
    return detector;
  }

  /**
   * Reads what needs no base, so that a bad file is refused at once.
   *
   * @param folder the folder of the base
   * @param compute where the base will be
   * @param policy the accepted licences
   * @param guided true if face guidance uses the detector too
   */
  Prepared prepare(
      Path folder, Compute compute, UsePolicy policy, boolean guided, Console console) {
    useDefaultAdapter(folder);
    requireAdapter();
    requireAreas();
    List<Integer> counting = IntStream.range(0, references.size())
        .filter(i -> references.get(i).weight() > 0)
        .boxed()
        .toList();
    if (adapter == null || counting.isEmpty()) {
      return new Prepared(List.of());
    }
    IpAdapterFile file = IpAdapterFile.of(adapter);
    IpAdapterFile.Kind kind = file.kind();
    requireUsed(kind, guided);
    control.requireDetector(detector);
    files.requireUse(adapter, encoder, control.folder(), policy);
    if (fallback != null) {
      IpAdapterFile.of(fallback).kind();
      IdentityFiles.of(fallback).requireUse(policy);
    }
    Prepared prepared = new Prepared(counting.stream().map(this::shown).toList());
    try {
      if (kind.needsFaceEmbedder()) {
        prepared.recogniser = prepared.open.register(openEmbedder(policy));
        prepared.finder = prepared.open.register(
            detector == null ? new CascadeDetector() : YuNetDetector.open(detector));
      }
      if (control.folder().isPresent()) {
        prepared.controlNet = prepared.open.register(control.open(compute));
      } else {
        control.tellIfMissing(kind, adapter, console);
      }
      return prepared;
    } catch (RuntimeException e) {
      prepared.close();
      throw e;
    }
  }

  private Shown shown(int i) {
    WeightedFile.ReferenceOption option = references.get(i);
    return new Shown(option, option.readImage(), areas.isEmpty() ? null : areas.get(i));
  }

  /**
   * Opens the IP-Adapter for {@code base} and encodes the references. Closes the encoders.
   *
   * @param request tells the size of the images
   */
  OpenedAdapter open(Prepared prepared, BaseModel base, ImageRequest request, Console console) {
    OpenedAdapter opened = new OpenedAdapter();
    if (prepared.shown.isEmpty()) {
      return opened;
    }
    try (OpenedAdapter looking = new OpenedAdapter()) {
      IpAdapterFile file = files.withFaceParser(adapter);
      IpAdapterFile.Kind kind = file.requireFor(base);
      if (encoder == null) {
        file.requireNoEncoder();
      } else {
        file.requireEncoder(encoder);
      }
      boolean looks = kind.needsImageEncoder() || fallback != null;
      ImageEncoder eye = !looks || encoder == null
          ? null
          : looking.register(PersonAdapter.imageEncoder(file, encoder, base.compute()));
      IpAdapter ip = opened.register(open(file, base, eye));
      OptionalDouble known = prepared.shown.stream().allMatch(one -> one.option.isStated())
          ? OptionalDouble.empty()
          : CatalogueRecipe.weight(Role.IP_ADAPTER, adapter, "--reference IMAGE@", console);
      IpAdapter plain =
          fallback == null ? null : opened.register(open(IpAdapterFile.of(fallback), base, eye));
      Encoding encoding =
          new Encoding(ip, plain, kind, known, prepared, sized(request, base), console);
      opened.prompt =
          people(prepared).stream().map(encoding::adapter).reduce(Adapter::and).orElseThrow();
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private static IpAdapter open(IpAdapterFile file, BaseModel base, ImageEncoder eye) {
    return eye == null ? IpAdapter.open(file, base) : IpAdapter.open(file, base, eye);
  }

  /** Returns the request with the size of its images, which is the base's if none is given. */
  private static ImageRequest sized(ImageRequest request, BaseModel base) {
    Optional<RgbImage> initial = request.initialImage().flatMap(InitialImage::image);
    return request.size(
        request
            .width()
            .orElse(initial.map(RgbImage::width).orElse(base.defaults().width())),
        request
            .height()
            .orElse(initial.map(RgbImage::height).orElse(base.defaults().height())));
  }

  /** Returns the references of each person: all, or those of each area. */
  private static Collection<List<Shown>> people(Prepared prepared) {
    Map<Optional<Path>, List<Shown>> people = new LinkedHashMap<>();
    for (Shown one : prepared.shown) {
      people
          .computeIfAbsent(Optional.ofNullable(one.area), area -> new ArrayList<>())
          .add(one);
    }
    return people.values();
  }

  /** Encodes the references of one person after the other. */
  private final class Encoding {
    private final IpAdapter ip;
    private final IpAdapter plain;
    private final IpAdapterFile.Kind kind;
    private final OptionalDouble known;
    private final Prepared prepared;
    private final ImageRequest request;
    private final Console console;

    /**
     * @param plain the adapter for whole images; null if none is given
     * @param known the adapter's weight of the catalogue; empty if it is not known or not used
     * @param request with the size of its images
     */
    Encoding(
        IpAdapter ip,
        IpAdapter plain,
        IpAdapterFile.Kind kind,
        OptionalDouble known,
        Prepared prepared,
        ImageRequest request,
        Console console) {
      this.ip = ip;
      this.plain = plain;
      this.kind = kind;
      this.known = known;
      this.prepared = prepared;
      this.request = request;
      this.console = console;
    }

    /** Returns a person as an adapter of the request. */
    Adapter adapter(List<Shown> person) {
      double most = person.stream()
          .mapToDouble(one -> one.option.weight(known, kind))
          .max()
          .orElseThrow();
      List<Reference> shown = person.stream()
          .map(one -> Reference.of(one.image).weight(one.option.weight(known, kind) / most))
          .toList();
      Optional<ReferenceArea> area = Optional.ofNullable(person.get(0).area)
          .map(text -> ReferenceArea.read(text, width(), height(), spec));
      ImagePrompt prompt =
          kind.needsFaceEmbedder() ? facePrompt(person, shown, area) : ip.prompt(shown);
      return area.map(where -> where.of(prompt))
          .orElse(prompt)
          .blockWeights(BlockWeights.parse(blocks))
          .at(most);
    }

    private int width() {
      return request.width().getAsInt();
    }

    private int height() {
      return request.height().getAsInt();
    }

    private ImagePrompt facePrompt(
        List<Shown> person, List<Reference> shown, Optional<ReferenceArea> area) {
      FaceReader reader = FaceReader.of(prepared.finder, prepared.recogniser);
      FaceReader.PersonReading read = plain == null
          ? FaceReader.PersonReading.of(ip, reader, shown)
          : FaceReader.PersonReading.of(ip, reader, shown, plain);
      for (int i = 0; i < person.size(); i++) {
        String words = read.readings().get(i).description();
        if (!words.isEmpty()) {
          console.err().println(person.get(i).option.file().getFileName() + ": " + words);
        }
      }
      if (read.usesFallback()) {
        console
            .err()
            .println("no reference has a usable face; " + fallback.getFileName()
                + " encodes the images instead");
      }
      return prepared.controlNet == null || read.usesFallback()
          ? read.prompt()
          : read.prompt()
              .withControl(control.control(prepared.controlNet, kind, keypoints(person, area)));
    }

    private RgbImage keypoints(List<Shown> person, Optional<ReferenceArea> area) {
      BiFunction<Integer, Integer, RgbImage> sized = (width, height) -> control.keypoints(
          kind,
          IdentityControlOptions.PhotoFace.in(
              person.stream().map(Shown::image).toList(), prepared.finder),
          width,
          height);
      return area.map(where -> where.keypoints(sized, width(), height()))
          .orElseGet(() -> sized.apply(width(), height()));
    }
  }

  private FaceEmbedder openEmbedder(UsePolicy policy) {
    IpAdapterFile file = IpAdapterFile.of(adapter);
    return files.embedder() == null
        ? PersonAdapter.faceEmbedder(file)
        : files.openEmbedder(file, policy);
  }

  /** Refuses options that this kind of adapter does not use. */
  private void requireUsed(IpAdapterFile.Kind kind, boolean guided) {
    boolean faces = kind.needsFaceEmbedder();
    requireUsed(kind, "--adapter-embedder", faces ? null : files.embedder());
    requireUsed(kind, "--face-detector", faces || guided ? null : detector);
    requireUsed(kind, "--fallback-adapter", faces ? null : fallback);
    files.requireFaceParserUsed(adapter);
    requireUsed(
        kind, "--image-encoder", kind.needsImageEncoder() || fallback != null ? null : encoder);
    control.requireUsed(kind, adapter);
  }

  private void requireUsed(IpAdapterFile.Kind kind, String option, Path given) {
    AdapterFileOptions.requireUsed(adapter, kind, option, given);
  }

  /** Uses the base's own adapter and image encoder if no adapter is given. */
  private void useDefaultAdapter(Path folder) {
    adapter = files.adapter();
    encoder = files.encoder();
    if (adapter != null || references.isEmpty()) {
      return;
    }
    Extra.IMAGE_IP_ADAPTER.in(folder).or(() -> Extra.IP_ADAPTER.in(folder)).ifPresent(own -> {
      adapter = own;
      boolean looks = IpAdapterFile.of(own).kind().needsImageEncoder();
      encoder = encoder == null && looks ? Extra.IMAGE_ENCODER.at(folder) : encoder;
    });
  }

  private void requireAreas() {
    if (!areas.isEmpty() && areas.size() != references.size()) {
      throw new IllegalArgumentException(ReferenceArea.OPTION + " is given " + areas.size()
          + " times, and --reference " + references.size() + " times; give one area for each"
          + " reference, in the same order");
    }
    areas.forEach(ReferenceArea::require);
  }

  private void requireAdapter() {
    if (adapter == null && !references.isEmpty()) {
      throw new IllegalArgumentException(
          "the base has no IP-Adapter; give --ip-adapter FILE with --reference IMAGE[@WEIGHT]");
    }
    references.stream().filter(r -> r.weight() < 0).findFirst().ifPresent(r -> {
      throw new IllegalArgumentException(
          "the weight of a --reference must not be negative, got " + r.weight());
    });
  }
}
