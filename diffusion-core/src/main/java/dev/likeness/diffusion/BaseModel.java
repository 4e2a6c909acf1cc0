package dev.likeness.diffusion;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Capabilities.PromptEmbeddings;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.PlannedFiles;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A base model in memory. Thread-safe: several threads can use the same model.
 *
 * <p>Adapters belong to requests and never change the model's own tensors. {@link #close} waits for
 * running generations. A closed model throws an {@link IllegalStateException} if it is asked to
 * generate, encode or decode.
 */
public final class BaseModel implements AutoCloseable {
  static {
    Engine.readableBy(base -> ((BaseModel) base).engine);
  }

  private final Engine engine;

  BaseModel(Engine engine) {
    this.engine = engine;
  }

  /**
   * {@return a base model from a folder or a single file; the caller closes it} This method throws
   * the exceptions of {@link #open(ModelFiles, Compute)}.
   *
   * @param path a diffusers folder, a Hugging Face cache folder, or a single file
   * @param compute the device and the element type of weights and activations
   */
  public static BaseModel open(Path path, Compute compute) {
    return open(ModelFiles.of(path), compute);
  }

  /**
   * {@return a base opened on the best device, {@link Compute#best()}} This method throws the
   * exceptions of {@link #open(Path, Compute)}.
   *
   * @param path a diffusers folder, a Hugging Face cache folder, or a single file
   */
  public static BaseModel open(Path path) {
    return open(path, Compute.best());
  }

  /**
   * Opens a base model with components from other files.
   *
   * @param files the folder or file of the model, and the files of replaced components
   * @param compute the device and the element type of weights and activations
   * @return the model; the caller closes it
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is missing, broken or
   *     not supported
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device or libtorch's native
   *     libraries are missing
   */
  public static BaseModel open(ModelFiles files, Compute compute) {
    compute.requireAvailable();
    return new BaseModel(Engine.open(files.opened(), compute));
  }

  /**
   * Opens a base model with a memory budget for the generation of one image at a time.
   * {@link #memoryPlan()} describes how the model stays within the budget.
   *
   * @param files the folder or file of the model, and the files of replaced components
   * @param compute the device and the element type of weights and activations
   * @param budget the memory that the generation may use, and the size of the images
   * @return the model; the caller closes it
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the model needs more than the
   *     budget, if the budget asks for 8-bit multiplication that the device does not support, or if
   *     the device or libtorch's native libraries are missing
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is missing, broken or
   *     not supported
   */
  public static BaseModel open(ModelFiles files, Compute compute, MemoryBudget budget) {
    ModelComponents components = files.opened();
    return new BaseModel(Engine.open(components, PlannedFiles.plan(components, compute, budget)));
  }

  /**
   * Opens a ControlNet and checks all of its tensors. This method throws the exceptions of
   * {@link #open(ModelFiles, Compute)}.
   *
   * @param path a diffusers folder, a weight file with {@code config.json} beside it, or a single
   *     file in the key format of the ControlNet's authors
   * @param compute the device and the element type, the same as for the base model
   * @return the ControlNet; the caller closes it
   */
  public static ControlNet openControlNet(Path path, Compute compute) {
    return ModelOpener.controlNet(path, compute.requireAvailable());
  }

  /**
   * {@return a view of this model; its generations free networks that they no longer need} Closing
   * the view or this model closes both. A generation frees the text encoders once the prompts are
   * encoded, and the denoising network before the images of the last batch are decoded. The
   * autoencoder stays. The next generation reads the freed networks from their files again.
   *
   * <p>A generation on the view waits until no other work uses the model. A listener of other work
   * must not wait for that generation. Do not start one while a training uses the model. If the
   * model has a memory budget, the view frees no network; see {@link #memoryPlan()}.
   */
  public BaseModel offloading() {
    return new BaseModel(engine.offloading());
  }

  /**
   * {@return a view of this model that reports its work to the given observer} Closing the view or
   * this model closes both. Observers that this model already has receive the view's work too.
   *
   * @param observer receives the events of each generation and training on the view
   */
  public BaseModel observed(Progress.Observer observer) {
    return new BaseModel(engine.observed(observer));
  }

  /**
   * {@return the memory plan as text: one line for each network says how the network's weights are
   * kept; empty if no budget was given}
   */
  public Optional<String> memoryPlan() {
    return engine.plan().map(MemoryPlan::toString);
  }

  /** {@return the default values of a text-to-image request's options} */
  public GenerationDefaults defaults() {
    return engine.pipeline().defaults().plain();
  }

  /**
   * {@return the default values of the options of a request}
   *
   * @param request the request; some defaults depend on its initial image and control images
   */
  public GenerationDefaults defaults(ImageRequest request) {
    return engine.pipeline().defaults().of(request);
  }

  /**
   * {@return eta for a request: the share of fresh noise in each step, at least 0; empty if the
   * request's custom scheduler chooses eta by itself}
   *
   * @param request the request; options that are not set have their default values
   */
  public OptionalDouble eta(ImageRequest request) {
    return engine.pipeline().eta(request);
  }

  /** {@return a number of pixels; width and height of an image must be multiples of it} */
  public int sizeMultiple() {
    return engine.model().latents().textToImageMultiple();
  }

  /**
   * {@return true if the model can sample an image in overlapping
   * {@link dev.likeness.diffusion.request.TilingOptions#windows windows}}
   */
  public boolean canSampleTiled() {
    return engine.model().capability(TiledSampling.class).isPresent();
  }

  /** {@return the device and the element type that the model computes with} */
  public Compute compute() {
    return engine.model().compute();
  }

  /**
   * {@return the scheduler of the model's {@code scheduler_config.json}; the model family's default
   * scheduler if there is no such file}
   */
  public SchedulerConfig scheduler() {
    return engine.model().scheduler();
  }

  /**
   * {@return the base of the catalogue whose settings suit this model, by its family, task,
   * prediction and distillation; empty if the catalogue has none} {@link #defaults()} has its steps
   * and guidance.
   */
  public Optional<CatalogueModel> recipe() {
    return engine.recipe();
  }

  /** {@return the name of the model's folder or file} */
  public String name() {
    return engine.use().name();
  }

  /** {@return the folder that the model was opened from; empty for a single file} */
  public Optional<Path> folder() {
    return engine.extras().folder();
  }

  /**
   * Checks that a request's sampling plan (the timesteps and sigmas of all steps) can be made. No
   * network is called. The second pass of a {@link dev.likeness.diffusion.request.HiresFix} is not
   * checked.
   *
   * @param request the request to check
   * @throws IllegalArgumentException if no plan can be made, for example because the request has
   *     more steps than the scheduler supports
   */
  public void validate(ImageRequest request) {
    engine.pipeline().require(request);
  }

  /**
   * Encodes a prompt in {@linkplain PromptSyntax#PLAIN plain syntax} to embeddings for
   * {@link ImageRequest#embedding}. Thread-safe.
   *
   * @param prompt the prompt; not null
   * @return a new embedding
   * @throws IllegalStateException if the model's network is not a UNet
   */
  public PromptEmbedding encode(String prompt) {
    return encode(ImageRequest.of(prompt));
  }

  /**
   * Encodes a request's prompt to embeddings, with the request's syntax, textual inversions and
   * adapters. Thread-safe.
   *
   * @param request the request; only its prompt options and adapters are used
   * @return a new embedding
   * @throws IllegalArgumentException if the prompt changes between steps, as
   *     {@link PromptSyntax#A1111} allows, or if an adapter is for another model
   * @throws dev.likeness.diffusion.error.InvalidInputException if a textual inversion is for
   *     another model
   * @throws IllegalStateException if the model's network is not a UNet
   */
  public PromptEmbedding encode(ImageRequest request) {
    PromptEmbeddings encoder = engine
        .model()
        .capability(PromptEmbeddings.class)
        .orElseThrow(() -> new IllegalStateException(
            name() + " does not support prompt embeddings; use a base with a UNet"));
    return engine
        .use()
        .callWhileOpen(List.of(request), () -> engine.pipeline().embedding(encoder, request));
  }

  /**
   * Encodes an image to latents. The result is the mode of the autoencoder's distribution, not a
   * random sample. Thread-safe.
   *
   * @param image the image; its width and height are multiples of the autoencoder's scale factor
   * @return new latents in the denoising network's scale (VAE scaling and shift applied)
   * @throws IllegalArgumentException if width or height is not a multiple of the autoencoder's
   *     scale factor
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device has too little memory
   */
  public Latents encode(RgbImage image) {
    return engine.use().callWhileOpen(() -> engine.pipeline().codec().encode(image));
  }

  /**
   * Decodes latents to an image. Thread-safe.
   *
   * @param latents clean latents in the denoising network's scale (VAE scaling and shift applied)
   * @return a new image; each side is the side of the latents times the autoencoder's scale factor
   * @throws IllegalArgumentException if the latents do not have the model's number of channels
   * @throws dev.likeness.diffusion.error.InvalidInputException if values of the decoded image are
   *     not finite
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device has too little memory
   */
  public RgbImage decode(Latents latents) {
    return engine.use().callWhileOpen(() -> engine.pipeline().codec().decode(latents));
  }

  /**
   * {@return the initial noise of a seed: Gaussian noise of variance 1} Pass it to
   * {@link ImageRequest#noise}. Thread-safe.
   *
   * @param seed the seed of torch's random generator ({@code torch.manual_seed})
   * @param width the width of the image in pixels, a multiple of {@link #sizeMultiple()}
   * @param height the height of the image in pixels, a multiple of {@link #sizeMultiple()}
   * @throws IllegalArgumentException if width or height is below 1, or is not a multiple of the
   *     autoencoder's scale factor
   */
  public Latents noise(long seed, int width, int height) {
    return engine.pipeline().codec().noise(seed, width, height);
  }

  /**
   * {@return 64 hexadecimal digits that identify the weights of the denoising network: SHA-256 of
   * at most 16 values at the start of each tensor} To tell models apart, compare digests: two model
   * folders of the same name may contain different weights. The digest also depends on the element
   * type of {@link #compute()}.
   */
  public String weightsDigest() {
    return WeightsDigest.of(engine.model());
  }

  /**
   * Generates one image, and reports no progress. This method throws the exceptions of
   * {@link #generateAll(List, Run)}.
   *
   * @param request a request with {@link ImageRequest#count(int) count} 1, which is the default
   * @return the image
   * @throws IllegalArgumentException if the request asks for several images; use
   *     {@link #generateAll(ImageRequest)}
   */
  public GeneratedImage generate(ImageRequest request) {
    return generate(request, Run.silent());
  }

  /**
   * Generates one image. This method throws the exceptions of {@link #generateAll(List, Run)}.
   *
   * @param request a request with {@link ImageRequest#count(int) count} 1, which is the default
   * @param run receives an event for each step, and warnings such as a retry in f32; its
   *     cancellation stops the work within one step
   * @return the image
   * @throws IllegalArgumentException if the request asks for several images; use
   *     {@link #generateAll(ImageRequest, Run)}
   */
  public GeneratedImage generate(ImageRequest request, Run run) {
    if (request.count() != 1) {
      throw new IllegalArgumentException("generate(request) returns one image, but the request asks"
          + " for " + request.count() + "; call generateAll(request), or set count(1)");
    }
    return generateAll(request, run).get(0);
  }

  /**
   * {@return all images of a request, in the order of their seeds} This method throws the
   * exceptions of {@link #generateAll(List, Run)}.
   *
   * @param request the request
   */
  public List<GeneratedImage> generateAll(ImageRequest request) {
    return generateAll(request, Run.silent());
  }

  /**
   * {@return all images of a request, in the order of their seeds} This method throws the
   * exceptions of {@link #generateAll(List, Run)}.
   *
   * @param request the request
   * @param run receives an event for each step, and warnings such as a retry in f32; its
   *     cancellation stops the work within one step
   */
  public List<GeneratedImage> generateAll(ImageRequest request, Run run) {
    return generateAll(List.of(request), run);
  }

  /**
   * {@return all images of several requests, in the order of the requests} This method throws the
   * exceptions of {@link #generateAll(List, Run)}.
   *
   * @param requests the requests
   */
  public List<GeneratedImage> generateAll(List<ImageRequest> requests) {
    return generateAll(requests, Run.silent());
  }

  /**
   * Generates all images of several requests. Thread-safe.
   *
   * <p>Requests that differ only in prompts, seeds, numbers of images and adapters may share a
   * batch. Apart from rounding errors, images do not depend on their batch.
   *
   * @param requests the requests
   * @param run receives an event for each step, and warnings such as a retry in f32; its
   *     cancellation stops the work within one step
   * @return the images in the order of the requests, then of the seeds
   * @throws IllegalArgumentException if an option does not fit the model
   * @throws dev.likeness.diffusion.error.InvalidInputException if a textual inversion or a preview
   *     decoder is for another model, or if a generated image has NaN or infinite values
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device has too little
   *     memory, or if an image needs more than the memory budget
   * @throws IllegalStateException if the model, an adapter or a ControlNet is closed; on an
   *     {@linkplain #offloading() offloading} view, also if a listener calls this method while
   *     other work uses the model, or on a preview thread
   */
  public List<GeneratedImage> generateAll(List<ImageRequest> requests, Run run) {
    return engine
        .use()
        .callWhileOpen(
            requests,
            () -> report(
                requests,
                run,
                observed -> engine.pipeline().generate(requests, observed).stream()
                    .map(GeneratedImage::of)
                    .toList()));
  }

  /**
   * Generates all images of several requests and passes each image to a callback. No progress is
   * reported. This method throws the exceptions of {@link #generateAll(List, Run)}.
   *
   * @param requests the requests
   * @param each the callback, which receives each image on the calling thread
   */
  public void generateEach(List<ImageRequest> requests, Consumer<GeneratedImage> each) {
    generateEach(requests, each, Run.silent());
  }

  /**
   * Generates all images of several requests and passes each image to a callback as soon as it is
   * decoded. Thread-safe.
   *
   * <p>A later failure or cancellation does not affect images that the callback has received.
   * Images of a {@link dev.likeness.diffusion.request.HiresFix} pass come last. This method throws
   * the exceptions of the callback and of {@link #generateAll(List, Run)}.
   *
   * @param requests the requests
   * @param each the callback, which receives each image on the calling thread
   * @param run receives an event for each step, and warnings such as a retry in f32; its
   *     cancellation stops the work within one step
   */
  public void generateEach(List<ImageRequest> requests, Consumer<GeneratedImage> each, Run run) {
    engine
        .use()
        .callWhileOpen(
            requests,
            () -> report(requests, run, observed -> {
              engine
                  .pipeline()
                  .generateEach(
                      requests,
                      // A finished image is worth its delivery, also if the rest is cancelled.
                      result -> CurrentWork.finish(() -> each.accept(GeneratedImage.of(result))),
                      observed);
              return null;
            }));
  }

  /**
   * Generates all images of a request on another thread. Cancelling the future stops the generation
   * within one step. Thread-safe.
   *
   * @param request the request
   * @param executor runs the generation; if it rejects the task, its exception is thrown
   * @return a future of the images, in the order of their seeds. If the generation fails, the
   *     future completes with an exception of {@link #generateAll(List, Run)}
   */
  public CompletableFuture<List<GeneratedImage>> generateAllAsync(
      ImageRequest request, Executor executor) {
    return generateAllAsync(request, Run.silent(), executor);
  }

  /**
   * Generates all images of a request on another thread. Cancelling the future or the run stops the
   * generation within one step. Thread-safe.
   *
   * @param request the request
   * @param run receives an event for each step, and warnings, on the executor's thread; stops the
   *     generation if it is cancelled
   * @param executor runs the generation; if it rejects the task, its exception is thrown
   * @return a future of the images, in the order of their seeds. If the generation fails, the
   *     future completes with an exception of {@link #generateAll(List, Run)}
   */
  public CompletableFuture<List<GeneratedImage>> generateAllAsync(
      ImageRequest request, Run run, Executor executor) {
    CompletableFuture<List<GeneratedImage>> images = new CompletableFuture<>();
    Cancellation own = run.cancellation().child();
    images.whenComplete((result, failure) -> own.cancel());
    executor.execute(() -> {
      try {
        images.complete(generateAll(request, new Run(run.progress(), own)));
      } catch (RuntimeException | Error e) {
        images.completeExceptionally(e);
      }
    });
    return images;
  }

  /**
   * Waits until no generation runs; then frees the networks. A second call has no effect. Stop
   * every training on this model first. A listener of a generation must not wait for this call.
   *
   * @throws IllegalStateException if a listener of a running generation calls this method, because
   *     the call would wait for the generation, which waits for its listener
   */
  @Override
  public void close() {
    engine.close();
  }

  private <T> T report(List<ImageRequest> requests, Run run, Function<Run, T> work) {
    int images = requests.stream().mapToInt(ImageRequest::count).sum();
    return engine.use().report(Progress.Work.Kind.GENERATION, images, run, work);
  }
}
