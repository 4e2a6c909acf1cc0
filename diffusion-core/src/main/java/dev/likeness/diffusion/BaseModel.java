package dev.likeness.diffusion;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.internal.pipeline.OpenedBase;
import dev.likeness.diffusion.internal.pipeline.Pipeline;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A base model in memory, shared by threads and by persons. Adapters come with requests; the
 * model's own tensors never change. Closing waits for work that uses the model; later work is
 * refused.
 */
public final class BaseModel implements AutoCloseable {
  private final OpenedBase opened;
  private final Pipeline pipeline;

  BaseModel(OpenedBase opened) {
    this.opened = opened;
    this.pipeline = opened.pipeline();
  }

  /**
   * Opens a diffusers folder, a folder of the Hugging Face cache, or a single file
   * ({@code .safetensors}, {@code .ckpt}, {@code .gguf}). The caller closes the model.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if a part of it is missing, broken
   *     or not supported
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device or libtorch's natives
   *     are missing
   */
  public static BaseModel open(Path path, Compute compute) {
    return open(ModelFiles.of(path), compute);
  }

  /** Opens a model with components from elsewhere; see {@link #open(Path, Compute)}. */
  public static BaseModel open(ModelFiles files, Compute compute) {
    compute.requireAvailable();
    return new BaseModel(OpenedBase.open(files.parts(), compute));
  }

  /**
   * Opens a model so that generating one image at a time keeps to a budget of memory;
   * {@link #memoryPlan()} says how. See {@link #open(Path, Compute)}.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the model cannot keep to the
   *     budget; the message says how much it needs
   */
  public static BaseModel open(ModelFiles files, Compute compute, MemoryBudget budget) {
    ModelParts parts = files.parts();
    return new BaseModel(OpenedBase.open(parts, MemoryPlan.of(parts, compute, budget)));
  }

  /**
   * Opens a ControlNet and checks every tensor: a diffusers folder, a file of it with its
   * {@code config.json} beside it, or a file in its authors' key format. The caller closes it.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if a part of it is missing or
   *     broken, or if its class is not supported
   */
  public static ControlNet openControlNet(Path path, Compute compute) {
    return ModelOpener.controlNet(path, compute);
  }

  /**
   * The same model, with the networks of one stage in memory at a time: text encoders are freed
   * once the prompts are encoded, the denoising network before the last images are decoded. The
   * next request opens their files again.
   *
   * <p>Each call waits until no other work uses the model, so a listener must not wait for it, and
   * no training may go on meanwhile. Closing either of the two closes both. A model that was opened
   * with a budget stays as its plan says.
   */
  public BaseModel offloading() {
    return new BaseModel(opened.freeing());
  }

  /** How the components lie in memory, one line each; empty if no budget was given. */
  public Optional<String> memoryPlan() {
    return Optional.ofNullable(opened.plan()).map(MemoryPlan::toString);
  }

  /** The values of a plain request's options that it leaves open. */
  public GenerationDefaults defaults() {
    return pipeline.defaults();
  }

  /**
   * The values of this request's options that it leaves open; they depend on its initial image,
   * mask and ControlNets.
   */
  public GenerationDefaults defaults(ImageRequest request) {
    return opened.model().defaults(request);
  }

  /**
   * The share of each step's noise that is fresh for this request, 0..1; NaN if the request brings
   * a scheduler that decides by itself.
   */
  public double eta(ImageRequest request) {
    return pipeline.eta(request);
  }

  /** The number of pixels of which both sides of an image are multiples. */
  public int sizeMultiple() {
    return opened.model().latents().textToImageMultiple();
  }

  /**
   * Whether large images can be sampled through windows
   * ({@link dev.likeness.diffusion.request.TilingOptions#windows}).
   */
  public boolean canSampleTiled() {
    return opened.model().capability(TiledSampling.class).isPresent();
  }

  /** The device and the element type that the model computes with. */
  public Compute compute() {
    return opened.model().compute();
  }

  /** The scheduler that comes with the model. */
  public SchedulerConfig scheduler() {
    return opened.model().scheduler();
  }

  /** The name of the model's folder or file. */
  public String name() {
    return opened.name();
  }

  /** The folder that the model was opened from; empty for a single file. */
  public Optional<Path> folder() {
    return opened.extras().folder();
  }

  /**
   * The door to the engine, for the library's own modules: an object of type {@code kind} behind
   * this model. These types lie in {@code internal} packages, which may change in any release. The
   * object stays this model's.
   *
   * @throws IllegalStateException if the model has no such object
   */
  public <T> T unwrap(Class<T> kind) {
    return opened.unwrap(kind);
  }

  /**
   * Refuses a request that cannot be planned, for example because its scheduler makes fewer steps,
   * before any work is done for it. A high-resolution pass is not checked.
   *
   * @throws IllegalArgumentException if the request cannot be planned
   */
  public void validate(ImageRequest request) {
    pipeline.require(request);
  }

  /**
   * Generates one image, without a listener; see {@link #generate(List, Progress, Cancellation)}.
   */
  public GeneratedImage generate(ImageRequest request) {
    return generate(request.count(1), Progress.SILENT, new Cancellation()).get(0);
  }

  /** Generates all images of a request; see {@link #generate(List, Progress, Cancellation)}. */
  public List<GeneratedImage> generate(
      ImageRequest request, Progress progress, Cancellation cancellation) {
    return generate(List.of(request), progress, cancellation);
  }

  /** Generates all images of several requests, without a listener. */
  public List<GeneratedImage> generate(List<ImageRequest> requests) {
    return generate(requests, Progress.SILENT, new Cancellation());
  }

  /**
   * Generates all images of several requests, in the order of the requests. Requests that differ
   * only in prompts, seeds and adapters share a batch: to rounding, each image is the same as
   * alone. Thread-safe.
   *
   * @param progress hears of every step, and of warnings: truncated prompts, a retry in f32
   * @param cancellation ends the work within a step
   * @throws dev.likeness.diffusion.error.CancelledException if it was cancelled
   */
  public List<GeneratedImage> generate(
      List<ImageRequest> requests, Progress progress, Cancellation cancellation) {
    return opened.during(
        requests,
        () -> progress.reportOutcome(
            () -> pipeline.generate(requests, progress, cancellation).stream()
                .map(GeneratedImage::of)
                .toList()));
  }

  /**
   * Generates all images of several requests and gives each to {@code each} as soon as it is done,
   * on the calling thread. Images that are done outlast a later failure or cancellation; those of
   * high-resolution passes come last. Thread-safe.
   *
   * @param progress hears of every step and of warnings
   * @param cancellation ends the work within a step
   * @throws dev.likeness.diffusion.error.CancelledException if it was cancelled
   */
  public void generate(
      List<ImageRequest> requests,
      Consumer<GeneratedImage> each,
      Progress progress,
      Cancellation cancellation) {
    opened.during(
        requests,
        () -> progress.reportOutcome(() -> {
          pipeline.generate(
              requests, result -> each.accept(GeneratedImage.of(result)), progress, cancellation);
          return null;
        }));
  }

  /**
   * The embeddings of a prompt, to be mixed and generated from: {@link ImageRequest#embeddings}.
   * Thread-safe.
   *
   * @throws IllegalStateException if the model's network is not a UNet
   */
  public PromptEmbedding encode(String prompt) {
    return encode(ImageRequest.of(prompt));
  }

  /**
   * The embeddings of a request's prompt, with its syntax, textual inversions and adapters.
   * Thread-safe.
   *
   * @throws IllegalArgumentException if the prompt changes between steps, as
   *     {@link PromptSyntax#A1111} allows
   * @throws IllegalStateException if the model's network is not a UNet
   */
  public PromptEmbedding encode(ImageRequest request) {
    return opened.encode(request);
  }

  /**
   * The most likely latents of an image. Thread-safe.
   *
   * @throws IllegalArgumentException if a side is not a multiple of the autoencoder's factor
   */
  public Latents encode(RgbImage image) {
    return opened.coded(codec -> codec.encode(image));
  }

  /** The image of latents. Thread-safe. */
  public RgbImage decode(Latents latents) {
    return opened.coded(codec -> codec.decode(latents));
  }

  /**
   * The unit noise that sampling begins with: {@link ImageRequest#noise}. Thread-safe.
   *
   * @param width of the image in pixels
   * @param height of the image in pixels
   */
  public Latents noise(long seed, int width, int height) {
    return LatentCodec.of(opened.model()).noise(seed, width, height);
  }

  /**
   * Frees the networks once no work uses them; a second call does nothing. No training on the model
   * may go on, and no generation may wait for this call.
   *
   * @throws IllegalStateException if a listener of a generation calls it, which would wait for
   *     itself
   */
  @Override
  public void close() {
    opened.close();
  }
}
