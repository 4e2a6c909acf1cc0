package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.BlockWeights;
import dev.likeness.ipadapter.FaceReader;
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
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Reference images and the adapter that shows them to a base model. */
final class IpAdapterOptions {
  @Option(
      names = "--ip-adapter",
      paramLabel = "FILE",
      description = "shows --reference images to the base (default: its own, "
          + "ip_adapter/ip-adapter-image.safetensors or ip_adapter/ip-adapter.safetensors)")
  private Path adapter;

  @Option(
      names = "--image-encoder",
      paramLabel = "PATH",
      description =
          "the image encoder that the adapter was trained with, a folder or a file (default: image_encoder of the base, where"
              + " the adapter is its own; FaceID and FaceID Portrait need none)")
  private Path encoder;

  @Option(
      names = "--reference",
      paramLabel = "IMAGE[@WEIGHT]",
      converter = WeightedFile.ReferenceOption.Parser.class,
      description = "what the images are to look like; may be given several times")
  private List<WeightedFile.ReferenceOption> references = List.of();

  @Option(
      names = "--reference-blocks",
      paramLabel = "NAME",
      defaultValue = "linear",
      description = "where in the base references count: linear, style, composition and so on "
          + "(default: ${DEFAULT-VALUE})")
  private String blocks;

  @Option(
      names = "--face-detector",
      paramLabel = "FILE",
      description = "YuNet for FaceID adapters (default: cascades)")
  private Path detector;

  @Option(
      names = "--face-embedder",
      paramLabel = "FILE",
      description =
          "the face recogniser that a FaceID adapter was trained with (default: face_embedder beside the adapter)")
  private Path embedder;

  @Option(
      names = "--fallback-adapter",
      paramLabel = "FILE",
      description =
          "an adapter that looks at images through "
              + "--image-encoder: shown the references where a FaceID adapter finds no face that it can use in any")
  private Path fallback;

  @Option(
      names = "--commercial",
      description = "refuses face recognisers whose licence forbids commercial use")
  private boolean commercial;

  /** What was opened for one run. */
  final class OpenedAdapter implements AutoCloseable {
    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private Adapter prompt;

    /** The references as an adapter of a request, when there are any that count. */
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
          throw new IllegalStateException("a part of the adapter did not close", e);
        }
      }
    }
  }

  /**
   * Shows references, where any are given, to the adapter for {@code base}, which lies in
   * {@code folder}; what it looks through is closed again.
   */
  OpenedAdapter open(BaseModel base, Path folder, Console console) {
    OpenedAdapter opened = new OpenedAdapter();
    List<WeightedFile.ReferenceOption> counting = activeReferences();
    useDefaultAdapter(folder);
    requireAdapter();
    if (adapter == null || counting.isEmpty()) {
      return opened;
    }
    try (OpenedAdapter looking = new OpenedAdapter()) {
      IpAdapterFile file = IpAdapterFile.of(adapter);
      IpAdapterFile.Kind kind = file.requireFor(base);
      requireUsed(kind);
      file.requireEncoder(encoder);
      boolean looks = kind.looksAtImages() || fallback != null;
      ImageEncoder eye = !looks || encoder == null
          ? null
          : looking.register(ImageEncoder.open(encoder, base.compute()));
      IpAdapter ip = opened.register(IpAdapter.open(file, base, eye));
      double most = counting.stream()
          .mapToDouble(WeightedFile.ReferenceOption::weight)
          .max()
          .orElseThrow();
      List<Reference> shown = counting.stream()
          .map(r -> Reference.of(r.readImage()).weight(r.weight() / most))
          .toList();
      IpAdapter plain =
          fallback == null ? null : opened.register(IpAdapter.open(fallback, base, eye));
      ImagePrompt prompt =
          kind.looksAtFaces() ? facePrompt(ip, plain, shown, looking, console) : ip.prompt(shown);
      opened.prompt = prompt.blockWeights(BlockWeights.parse(blocks)).at(most);
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private ImagePrompt facePrompt(
      IpAdapter ip,
      IpAdapter plain,
      List<Reference> shown,
      OpenedAdapter looking,
      Console console) {
    FaceEmbedder recogniser = looking.register(openEmbedder());
    FaceDetector finder =
        looking.register(detector == null ? new CascadeDetector() : YuNetDetector.open(detector));
    FaceReader reader = FaceReader.of(finder, recogniser);
    FaceReader.PersonReading person = FaceReader.PersonReading.of(ip, reader, shown, plain);
    List<WeightedFile.ReferenceOption> counting = activeReferences();
    for (int i = 0; i < counting.size(); i++) {
      String words = person.readings().get(i).description();
      if (!words.isEmpty()) {
        console.err().println(counting.get(i).file().getFileName() + ": " + words);
      }
    }
    if (person.usesFallback()) {
      console
          .err()
          .println("no reference has a face that can be used; " + fallback.getFileName()
              + " looks at the images instead");
    }
    return person.prompt();
  }

  private List<WeightedFile.ReferenceOption> activeReferences() {
    return references.stream().filter(r -> r.weight() > 0).toList();
  }

  private FaceEmbedder openEmbedder() {
    IpAdapterFile file = IpAdapterFile.of(adapter);
    return embedder == null
        ? PersonAdapter.faceEmbedder(file)
        : PersonAdapter.faceEmbedder(
            file, embedder, commercial ? UsePolicy.COMMERCIAL : UsePolicy.NON_COMMERCIAL);
  }

  /**
   * {@code --commercial} holds of any adapter: where no recogniser is used, none is that may not be
   * sold with.
   */
  private void requireUsed(IpAdapterFile.Kind kind) {
    boolean faces = kind.looksAtFaces();
    requireUsed(kind, "--face-embedder", faces ? null : embedder);
    requireUsed(kind, "--face-detector", faces ? null : detector);
    requireUsed(kind, "--fallback-adapter", faces ? null : fallback);
    requireUsed(kind, "--image-encoder", kind.looksAtImages() || fallback != null ? null : encoder);
  }

  private void requireUsed(IpAdapterFile.Kind kind, String option, Path given) {
    if (given != null) {
      throw new IllegalArgumentException(
          option + " does nothing with " + adapter + ", an " + kind.title() + "; leave it out");
    }
  }

  /** Where no adapter is given, the base's own, with its own eyes. */
  private void useDefaultAdapter(Path folder) {
    if (adapter != null || references.isEmpty()) {
      return;
    }
    Extra.IMAGE_IP_ADAPTER.in(folder).or(() -> Extra.IP_ADAPTER.in(folder)).ifPresent(own -> {
      adapter = own;
      boolean looks = IpAdapterFile.of(own).kind().looksAtImages();
      encoder = encoder == null && looks ? Extra.IMAGE_ENCODER.at(folder) : encoder;
    });
  }

  private void requireAdapter() {
    if (adapter == null && !references.isEmpty()) {
      throw new IllegalArgumentException(
          "the base has no IP-Adapter of its own; give --ip-adapter FILE with --reference IMAGE[@WEIGHT]");
    }
    if (references.stream().anyMatch(r -> r.weight() < 0)) {
      throw new IllegalArgumentException("a reference's weight must not be negative");
    }
  }
}
