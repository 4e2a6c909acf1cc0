package dev.likeness.diffusion;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.internal.pipeline.ModelOffload;
import dev.likeness.diffusion.internal.pipeline.Pipeline;
import dev.likeness.diffusion.internal.pipeline.PipelineModel;
import dev.likeness.diffusion.internal.pipeline.PromptEncoding;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A base model in memory, shared by threads and by persons: requests carry who and what adapts it,
 * and its own tensors are never touched. Closing waits for what is being drawn, encoded or decoded,
 * and refuses what is asked for afterwards.
 */
public final class BaseModel implements AutoCloseable {
  private final OpenModel model;
  private final GenerationDefaults defaults;
  private final String name;
  private final ModelExtras extras;
  private final MemoryPlan plan;
  private final boolean sparing;
  private final UsageLock uses;

  private BaseModel(
      OpenModel model,
      String name,
      ModelExtras extras,
      MemoryPlan plan,
      boolean sparing,
      UsageLock uses) {
    this.model = model;
    this.extras = extras;
    this.plan = plan;
    this.sparing = sparing;
    this.uses = uses;
    this.defaults = model.defaults(ImageRequest.of(""));
    this.name = name;
  }

  /**
   * Opens a diffusers folder, a folder of the Hugging Face cache, or a single file
   * ({@code .safetensors}, {@code .ckpt}, {@code .gguf}).
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException when something in it is missing,
   *     broken or not supported
   * @throws dev.likeness.diffusion.error.ResourceLimitException when the device or libtorch's
   *     natives are not here
   */
  public static BaseModel open(Path path, Compute compute) {
    return open(ModelOpener.open(path), compute);
  }

  /**
   * Opens a model of parts, e.g. {@code ModelOpener.open(base).with("vae", better)}; see
   * {@link #open(Path, Compute)}.
   */
  public static BaseModel open(ModelParts files, Compute compute) {
    compute.answering();
    // A broken declaration is refused before the weights are opened.
    ModelExtras extras = ModelExtras.of(files.folder());
    UsageLock uses = new UsageLock("the model " + files.name());
    return new BaseModel(
        FamilyRegistry.open(files, compute), files.name(), extras, null, false, uses);
  }

  /**
   * Opens a model so that drawing keeps to a budget of memory, one picture at a time:
   * {@link #plan()} says how.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException when it cannot; says what it would
   *     take
   */
  public static BaseModel open(ModelParts files, Compute compute, MemoryBudget budget) {
    return open(files, MemoryPlan.of(files, compute, budget));
  }

  /** Opens a model to lie in memory as a plan for it says. */
  public static BaseModel open(ModelParts files, MemoryPlan plan) {
    ModelExtras extras = ModelExtras.of(files.folder());
    OpenModel model = FamilyRegistry.open(plan.of(files), plan.compute());
    return new BaseModel(
        model, files.name(), extras, plan, false, new UsageLock("the model " + files.name()));
  }

  /**
   * Opens a ControlNet: a diffusers folder, a file of it with its {@code config.json} beside it, or
   * a file in its authors' key format, and checks every tensor. The caller closes it.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException when something is missing, broken,
   *     or of a class that is not supported
   */
  public static ControlNet openControlNet(Path path, Compute compute) {
    return ModelOpener.controlNet(path, compute);
  }

  /**
   * This model, from now on with one phase's networks in memory at a time: text encoders are freed
   * once the prompts are encoded, the network before the last pictures are decoded, and their files
   * unmapped. The next request opens them again, which takes as long as the first time; where
   * nothing has to be converted, a tenth of a second. What is asked of it waits until nothing else
   * is drawn, encoded or decoded, so that a listener must not wait for it; meanwhile nothing may be
   * asked of this model, nor any of {@link #parts()} be in use, as while a person is learnt. Either
   * of the two closes both. Where it was opened with a budget it stays as its plan says.
   */
  public BaseModel sparing() {
    return new BaseModel(model, name, extras, plan, plan == null, uses);
  }

  /** How the model lies in memory, where it was opened with a budget. */
  public Optional<MemoryPlan> plan() {
    return Optional.ofNullable(plan);
  }

  /** What a request for a picture of nothing but a prompt gets where it does not say. */
  public GenerationDefaults defaults() {
    return defaults;
  }

  /**
   * What this request gets where it does not say, as it draws over a picture, inside a mask, or is
   * held by ControlNets.
   */
  public GenerationDefaults defaults(ImageRequest request) {
    return model.defaults(request);
  }

  /**
   * How much of each step's noise is fresh in a run of this request, 0..1, for schedulers that can
   * choose; NaN where the caller brings one that knows itself.
   */
  public double eta(ImageRequest request) {
    return pipeline().eta(request);
  }

  /** What the sides of a picture are a multiple of, in pixels. */
  public int unit() {
    return model.latents().smallest();
  }

  /**
   * Whether pictures can be drawn through windows
   * ({@link dev.likeness.diffusion.request.TilingOptions#windows}) where they are large.
   */
  public boolean seesWindows() {
    return model.capability(TiledSampling.class).isPresent();
  }

  /** The networks of any family. */
  public OpenModel parts() {
    return model;
  }

  /** What this model is called: the name of its folder or file. */
  public String name() {
    return name;
  }

  /**
   * The folder that the model was opened from, where other things may lie beside its networks;
   * empty for a single file.
   */
  public Optional<Path> folder() {
    return extras.folder();
  }

  /**
   * The door to the engine, for sister modules: an object of type {@code kind} behind this model,
   * such as its {@link OpenModel}, the networks of its family, or what its folder declares. It
   * stays this model's.
   *
   * @throws IllegalStateException when the model has none
   */
  public <T> T unwrap(Class<T> kind) {
    return Stream.of(extras, model, model.networks())
        .filter(kind::isInstance)
        .map(kind::cast)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(name + " has no " + kind.getSimpleName()
            + " but " + model.networks().getClass().getSimpleName()
            + "; give a base of another kind"));
  }

  /**
   * Refuses a request that cannot be planned, such as one for more steps than its scheduler makes,
   * before anything is done for it; what is enlarged afterwards is not looked at.
   *
   * @throws IllegalArgumentException saying why
   */
  public void require(ImageRequest request) {
    pipeline().require(request);
  }

  /**
   * Draws one picture. Thread-safe. What is not heard of prompts, or decoded again in f32, only a
   * {@link Progress} is told.
   */
  public GeneratedImage generate(ImageRequest request) {
    return generate(request.count(1), Progress.SILENT, new Cancellation()).get(0);
  }

  /** Draws all pictures of a request, telling {@code progress} of each step. Thread-safe. */
  public List<GeneratedImage> generate(
      ImageRequest request, Progress progress, Cancellation cancellation) {
    return generate(List.of(request), progress, cancellation);
  }

  /** Draws all pictures of several requests, in their order; see below. Thread-safe. */
  public List<GeneratedImage> generate(List<ImageRequest> requests) {
    return generate(requests, Progress.SILENT, new Cancellation());
  }

  /**
   * The same, telling {@code progress} of each step. Requests that differ only in their words,
   * seeds and persons share passes of the network: low-rank changes cost next to nothing there, and
   * each picture is, to rounding, what it is when drawn alone. Thread-safe.
   */
  public List<GeneratedImage> generate(
      List<ImageRequest> requests, Progress progress, Cancellation cancellation) {
    return during(
        requests,
        () -> progress.around(() -> pipeline().generate(requests, progress, cancellation).stream()
            .map(GeneratedImage::of)
            .toList()));
  }

  /**
   * The same, but each picture is shown to {@code each} when it is done and not kept, so that what
   * was drawn before a failure or a cancellation is not lost, nor what shares a pass with one that
   * fails; on the calling thread, in the order in which they are drawn, larger copies
   * ({@link HiresFix}) last.
   */
  public void generate(
      List<ImageRequest> requests,
      Consumer<GeneratedImage> each,
      Progress progress,
      Cancellation cancellation) {
    during(
        requests,
        () -> progress.around(() -> {
          pipeline()
              .generate(
                  requests,
                  result -> each.accept(GeneratedImage.of(result)),
                  progress,
                  cancellation);
          return null;
        }));
  }

  /** Does work that this stays open for, and what the requests carry. */
  private <T> T during(List<ImageRequest> requests, Supplier<T> work) {
    List<UsageLock> carried = requests.stream()
        .flatMap(request -> Stream.concat(
            request.controls().stream()
                .map(control -> LoadedControlNet.of(control.net()).uses()),
            request.adapters().stream()
                .flatMap(all -> all.summands().stream())
                .flatMap(one -> ModelAdapter.of(one).uses().stream())))
        .distinct()
        .toList();
    return uses.during(sparing, () -> UsageLock.during(carried, work));
  }

  private Pipeline pipeline() {
    return new Pipeline(new PipelineModel(model), defaults, new ModelOffload(model, plan, sparing));
  }

  /**
   * What the model is told for a prompt, to be mixed and drawn from:
   * {@link ImageRequest#embeddings}. Thread-safe.
   *
   * @throws IllegalStateException when the model is no Stable Diffusion 1.x, 2.x or XL
   */
  public PromptEmbedding encode(String prompt) {
    return encode(ImageRequest.of(prompt));
  }

  /**
   * What the model is told for a request's prompt, with its syntax, words and adapters.
   * Thread-safe.
   *
   * @throws IllegalArgumentException when the prompt changes on the way, as
   *     {@link PromptSyntax#A1111} can have it
   * @throws IllegalStateException when the model is no Stable Diffusion 1.x, 2.x or XL
   */
  public PromptEmbedding encode(ImageRequest request) {
    Capabilities.PromptEmbeddings encoder = parts()
        .capability(Capabilities.PromptEmbeddings.class)
        .orElseThrow(() -> new IllegalStateException(
            name + " takes no prompt embeddings; give a base with a UNet"));
    return during(
        List.of(request),
        () -> new PromptEncoding(new PipelineModel(model)).embedding(encoder, request));
  }

  /**
   * The most likely latents of a picture, whose sides are multiples of the autoencoder's factor.
   * Thread-safe.
   */
  public Latents encode(RgbImage picture) {
    return uses.during(sparing, () -> codec().encode(picture));
  }

  /** The picture of latents. Thread-safe. */
  public RgbImage decode(Latents latents) {
    return uses.during(sparing, () -> codec().decode(latents));
  }

  /**
   * The unit noise that a run of this seed and size in pixels begins with:
   * {@link ImageRequest#noise}. Thread-safe.
   */
  public Latents noise(long seed, int width, int height) {
    return codec().noise(seed, width, height);
  }

  private LatentCodec codec() {
    return LatentCodec.of(model);
  }

  /**
   * Frees the networks once nothing is drawn, encoded or decoded any more; a second call does
   * nothing. Whoever has {@link #parts()} in use, as while a person is learnt, must have ended, and
   * no drawing may wait for this.
   *
   * @throws IllegalStateException when a listener calls this while its own drawing goes on, which
   *     could wait for itself for ever
   */
  @Override
  public void close() {
    uses.close(model::close);
  }
}
