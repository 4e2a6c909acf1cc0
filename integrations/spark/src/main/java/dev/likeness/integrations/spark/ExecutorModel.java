package dev.likeness.integrations.spark;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.likeness.Likeness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkFiles;

/**
 * The base model of an executor process with its networks for faces. It is opened once for each
 * device, and all tasks of the process share it. It stays open until the process ends. Thread-safe.
 */
final class ExecutorModel {
  private static final Map<List<String>, ExecutorModel> OPEN = new ConcurrentHashMap<>();

  private final BaseModel base;
  private final ReviewTools tools;
  private final Optional<FaceEmbedder> embedder;
  private final Path folder;
  private final String digest;
  private final Optional<Encoder> encoder;
  private final String encoderDigest;
  private Optional<FaceGuidance> guidance;

  private ExecutorModel(JobSettings settings, Path folder, Compute compute) {
    this.folder = folder;
    UsePolicy policy = UsePolicy.of(settings.isCommercial());
    base = open(folder, compute, policy);
    ReviewTools builtIn = ReviewTools.builtIn();
    ReviewTools detecting = settings.detector() == null
        ? builtIn
        : builtIn.withDetector(existing(Path.of(settings.detector())));
    tools = settings.embedder() == null
        ? detecting.withEmbedderIn(folder)
        : detecting.withEmbedder(existing(Path.of(settings.embedder())), policy);
    embedder = tools.embedder().or(() -> ReviewTools.embedderIn(folder));
    digest = base.weightsDigest();
    Optional<Path> identity =
        Optional.ofNullable(settings.identity()).map(name -> existing(Path.of(name)));
    encoder = identity
        .map(IdentityFiles::findIn)
        .map(files -> new Encoder(
            PersonAdapter.open(files, base, policy),
            IdentityStrength.forAdapter(files.adapter().path())));
    encoderDigest = identity.map(PersonKey::ofFolder).orElse("none");
  }

  private static BaseModel open(Path folder, Compute compute, UsePolicy policy) {
    BaseModel opened = BaseModel.open(folder, compute);
    try {
      policy.require(opened);
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Returns the model for the running task, and opens it if no task of this process has opened it.
   *
   * @param opened runs if this call opens the model
   * @throws ResourceLimitException if the device is missing on this machine, or if the base model
   *     is missing or cannot be used; another machine may have it
   */
  static ExecutorModel get(JobSettings settings, Runnable opened) {
    try {
      return find(settings, opened);
    } catch (InvalidInputException e) {
      throw new ResourceLimitException(e.getMessage(), e);
    }
  }

  private static ExecutorModel find(JobSettings settings, Runnable opened) {
    Path folder = existing(settings.base().path());
    String device = settings.device() == null ? TaskDevice.current() : settings.device();
    List<String> key = List.of(
        folder.toUri().toString(),
        device,
        Objects.toString(settings.dtype()),
        Objects.toString(settings.detector()),
        Objects.toString(settings.embedder()),
        Objects.toString(settings.identity()),
        Boolean.toString(settings.isCommercial()));
    return OPEN.computeIfAbsent(key, missing -> {
      Compute compute =
          settings.dtype() == null ? Compute.of(device) : Compute.of(device, settings.dtype());
      ExecutorModel model = new ExecutorModel(settings, folder, compute);
      opened.run();
      return model;
    });
  }

  /** Returns the file, or the file of this relative path that Spark has sent to the executor. */
  private static Path existing(Path file) {
    if (Files.exists(file) || file.isAbsolute()) {
      return requireExisting(file);
    }
    return requireExisting(Path.of(SparkFiles.get(file.toString())));
  }

  private static Path requireExisting(Path file) {
    if (!Files.exists(file)) {
      throw new InvalidInputException("this executor has no file " + file
          + "; give a path that all machines have, or send the file with --archives or --files");
    }
    return file;
  }

  BaseModel base() {
    return base;
  }

  ReviewTools tools() {
    return tools;
  }

  Optional<FaceEmbedder> embedder() {
    return embedder;
  }

  /** What encodes photos, with the mapping of the identity strength to its weights. */
  record Encoder(PersonAdapter adapter, IdentityStrength strength) {}

  /** Returns what encodes photos; empty if persons are trained. */
  Optional<Encoder> encoder() {
    return encoder;
  }

  /** Reviews photos on one thread and in memory: other programs would read them from the disk. */
  PhotoReview review(List<PersonKey.PhotoFile> files) {
    List<Photo> photos =
        files.stream().map(file -> Photo.of(file.name(), file.content())).toList();
    ReviewOptions options = ReviewOptions.defaults()
        .withDecodeLimits(DecodeLimits.DEFAULT.withoutPrograms())
        .withThreads(1);
    return PhotoReview.of(PhotoSet.of(photos), tools, options);
  }

  /** Returns the likeness to the accepted photos; empty without a face embedder. */
  Optional<Likeness> likeness(PhotoReview review) {
    return embedder.map(
        eye -> FaceEmbeddings.of(review.accepted(), eye).likeness(tools.detector(), eye));
  }

  /** Returns a studio that keeps face embeddings, with the base's face guidance if it is asked. */
  HeadshotStudio studio(boolean withGuidance) {
    HeadshotStudio plain = HeadshotStudio.on(base);
    HeadshotStudio studio = embedder.map(plain::embedder).orElse(plain);
    return withGuidance ? guidance().map(studio::faceGuidance).orElse(studio) : studio;
  }

  private synchronized Optional<FaceGuidance> guidance() {
    if (guidance == null) {
      guidance = FaceGuidance.findIn(folder, base, tools.detector());
    }
    return guidance;
  }

  /** Returns everything of this model that decides the bytes of results. */
  String description() {
    String kind = base.compute().isCpu() ? "cpu" : "cuda";
    return String.join(
        "\n",
        base.name(),
        digest,
        kind,
        base.compute().dtype().toString(),
        base.scheduler().toString(),
        tools.detector().getClass().getName(),
        embedder.map(FaceEmbedder::name).orElse("none"),
        encoderDigest);
  }
}
