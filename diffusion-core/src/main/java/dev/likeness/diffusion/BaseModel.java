package dev.likeness.diffusion;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.internal.pipeline.OpenedBase;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * A base model in memory. Thread-safe: several threads can use the same model.
 *
 * <p>Adapters belong to requests and never change the model's own tensors. {@link #close} waits
 * until no work uses the model. After that, calls throw an {@link IllegalStateException}.
 */
public final class BaseModel extends ModelProperties implements AutoCloseable {
  BaseModel(OpenedBase opened) {
    super(opened);
  }

  /**
   * Opens a base model from a folder or a single file.
   *
   * @param path a diffusers folder, a folder of the Hugging Face cache, or a single file
   *     ({@code .safetensors}, {@code .ckpt}, {@code .gguf})
   * @param compute the device and the element type of weights and activations
   * @return the model; the caller closes it
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is missing, broken or
   *     not supported
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device or libtorch's native
   *     libraries are missing
   */
  public static BaseModel open(Path path, Compute compute) {
    return open(ModelFiles.of(path), compute);
  }

  /**
   * {@return a base opened on the best device, {@link Compute#best()}} It throws the exceptions of
   * {@link #open(Path, Compute)}.
   *
   * @param path a folder in diffusers' layout, or a single file
   */
  public static BaseModel open(Path path) {
    return open(path, Compute.best());
  }

  /**
   * Opens a base model with components from other files.
   *
   * @param files the model and the components that replace its own
   * @param compute the device and the element type of weights and activations
   * @return the model; the caller closes it
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is missing, broken or
   *     not supported
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device or libtorch's native
   *     libraries are missing
   */
  public static BaseModel open(ModelFiles files, Compute compute) {
    compute.requireAvailable();
    return new BaseModel(OpenedBase.open(files.parts(), compute));
  }

  /**
   * Opens a base model with a memory budget for the generation of one image at a time.
   * {@link #memoryPlan()} describes how the model stays within the budget.
   *
   * @param files the model and the components that replace its own
   * @param compute the device and the element type of weights and activations
   * @param budget the memory that the generation may use, and the size of the images
   * @return the model; the caller closes it
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the model needs more than the
   *     budget; the message says how much it needs
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is missing, broken or
   *     not supported
   */
  public static BaseModel open(ModelFiles files, Compute compute, MemoryBudget budget) {
    ModelParts parts = files.parts();
    return new BaseModel(OpenedBase.open(parts, MemoryPlan.of(parts, compute, budget)));
  }

  /**
   * Opens a ControlNet and checks all of its tensors.
   *
   * @param path a diffusers folder, a weight file with {@code config.json} beside it, or a single
   *     file in the original authors' key format
   * @param compute the device and the element type, the same as for the base model
   * @return the ControlNet; the caller closes it
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is missing or broken,
   *     or if the ControlNet's class is not supported
   */
  public static ControlNet openControlNet(Path path, Compute compute) {
    return ModelOpener.controlNet(path, compute);
  }

  /**
   * {@return a view of this model that keeps the networks of only one stage in memory at a time}
   * The stages are text encoding, denoising and decoding. Closing the view or this model closes
   * both. The view frees the text encoders once the prompts are encoded. It frees the denoising
   * network before it decodes the last images. The next generation reads these networks from their
   * files again.
   *
   * <p>A generation on the view waits until no other work uses the model. A listener must therefore
   * not wait for such a generation, and no training may use the model. If the model was opened with
   * a memory budget, the memory plan still applies.
   */
  public BaseModel offloading() {
    return new BaseModel(opened.freeing());
  }

  /**
   * {@return an engine object of this model, for the library's own modules} The model keeps
   * ownership of the object.
   *
   * <p>The engine is the library's implementation. Engine types are in {@code internal} packages,
   * which may change in any release.
   *
   * @param <T> the engine type
   * @param kind the engine type, for example {@code OpenModel}
   * @throws IllegalStateException if the model has no such object
   */
  public <T> T unwrap(Class<T> kind) {
    return opened.unwrap(kind);
  }

  /**
   * Checks that a sampling plan can be made for a request. No network is called. The second pass of
   * a {@link dev.likeness.diffusion.request.HiresFix} is not checked.
   *
   * @param request the request to check
   * @throws IllegalArgumentException if no plan can be made, for example because the scheduler
   *     supports fewer steps
   */
  public void validate(ImageRequest request) {
    pipeline.require(request);
  }

  /**
   * Generates the first image of a request, without a listener.
   *
   * <p>Throws the same exceptions as {@link #generate(List, Progress, Cancellation)}.
   *
   * @param request the request; its number of images is ignored
   * @return the image that is generated with the request's seed
   */
  public GeneratedImage generate(ImageRequest request) {
    return generate(request.count(1), Progress.SILENT, new Cancellation()).get(0);
  }

  /**
   * Generates all images of a request.
   *
   * <p>Throws the same exceptions as {@link #generate(List, Progress, Cancellation)}.
   *
   * @param request the request
   * @param progress receives an event for each step, and warnings such as truncated prompts or a
   *     retry in f32
   * @param cancellation a switch that stops the work within one step
   * @return the images, in the order of their seeds
   */
  public List<GeneratedImage> generate(
      ImageRequest request, Progress progress, Cancellation cancellation) {
    return generate(List.of(request), progress, cancellation);
  }

  /**
   * Generates all images of several requests, without a listener.
   *
   * <p>Throws the same exceptions as {@link #generate(List, Progress, Cancellation)}.
   *
   * @param requests the requests
   * @return the images, in the order of the requests
   */
  public List<GeneratedImage> generate(List<ImageRequest> requests) {
    return generate(requests, Progress.SILENT, new Cancellation());
  }

  /**
   * Generates all images of several requests. Thread-safe.
   *
   * <p>Requests that differ only in prompts, seeds and adapters share a batch. Apart from rounding
   * errors, images do not depend on their batch.
   *
   * @param requests the requests
   * @param progress receives an event for each step, and warnings such as truncated prompts or a
   *     retry in f32
   * @param cancellation a switch that stops the work within one step
   * @return the images, in the order of the requests
   * @throws IllegalArgumentException if an option does not fit the model
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} is cancelled
   * @throws IllegalStateException if the model is closed
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
   * Generates all images of several requests and passes each image to a callback as soon as it is
   * decoded. Thread-safe.
   *
   * <p>A later failure or cancellation does not affect images that the callback has received.
   * Images of a {@link dev.likeness.diffusion.request.HiresFix} pass come last.
   *
   * @param requests the requests
   * @param each the callback, which receives each image on the calling thread
   * @param progress receives an event for each step, and warnings such as truncated prompts or a
   *     retry in f32
   * @param cancellation a switch that stops the work within one step
   * @throws IllegalArgumentException if an option does not fit the model
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} is cancelled
   * @throws IllegalStateException if the model is closed
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
   * Encodes a prompt in plain syntax to embeddings for {@link ImageRequest#embeddings}.
   * Thread-safe.
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
   *     {@link PromptSyntax#A1111} allows
   * @throws IllegalStateException if the model's network is not a UNet
   */
  public PromptEmbedding encode(ImageRequest request) {
    return opened.encode(request);
  }

  /**
   * Encodes an image to latents. The result is the mode of the autoencoder's distribution, not a
   * random sample. Thread-safe.
   *
   * @param image the image; its width and height are multiples of the autoencoder's scale factor
   * @return new latents in the denoising network's scale (VAE scaling and shift applied)
   * @throws IllegalArgumentException if width or height is not a multiple of the autoencoder's
   *     scale factor
   */
  public Latents encode(RgbImage image) {
    return opened.coded(codec -> codec.encode(image));
  }

  /**
   * Decodes latents to an image. Thread-safe.
   *
   * @param latents clean latents in the denoising network's scale (VAE scaling and shift applied)
   * @return a new image; each side is the side of the latents times the autoencoder's scale factor
   * @throws IllegalArgumentException if the latents do not have the model's number of channels
   */
  public RgbImage decode(Latents latents) {
    return opened.coded(codec -> codec.decode(latents));
  }

  /**
   * {@return the initial noise that a seed gives: Gaussian noise of variance 1} It can be passed to
   * {@link ImageRequest#noise}. Thread-safe.
   *
   * @param seed the seed of the random generator, as {@code torch.manual_seed} takes it
   * @param width the width of the image in pixels, a multiple of {@link #sizeMultiple()}
   * @param height the height of the image in pixels, a multiple of {@link #sizeMultiple()}
   */
  public Latents noise(long seed, int width, int height) {
    return LatentCodec.of(opened.model()).noise(seed, width, height);
  }

  /**
   * Frees the networks once no work uses them. A second call has no effect. No training may use the
   * model during this call, and no generation may wait for it.
   *
   * @throws IllegalStateException if a listener of a running generation calls this method, because
   *     the generation would then wait for itself
   */
  @Override
  public void close() {
    opened.close();
  }
}
