package dev.likeness.diffusion;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.internal.pipeline.OpenedBase;
import dev.likeness.diffusion.internal.pipeline.Pipeline;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * The properties of a {@link BaseModel}: name and folder, device, sizes, scheduler, and the
 * defaults of requests. Also converts prompts to embeddings, and images to latents and back.
 */
abstract class ModelProperties {
  final OpenedBase opened;
  final Pipeline pipeline;

  ModelProperties(OpenedBase opened) {
    this.opened = opened;
    this.pipeline = opened.pipeline();
  }

  /**
   * {@return the memory plan as text: one line for each network says how the network's weights are
   * kept; empty if no budget was given}
   */
  public Optional<String> memoryPlan() {
    return Optional.ofNullable(opened.plan()).map(MemoryPlan::toString);
  }

  /** {@return the default values of a text-to-image request's options} */
  public GenerationDefaults defaults() {
    return pipeline.defaults();
  }

  /**
   * {@return the default values of the options of a request}
   *
   * @param request the request; some defaults depend on its initial image and control images
   */
  public GenerationDefaults defaults(ImageRequest request) {
    return opened.model().defaults(request);
  }

  /**
   * {@return eta for a request: the share of fresh noise in each step, at least 0; empty if the
   * request's custom scheduler chooses eta by itself}
   *
   * @param request the request; options that are not set have their default values
   */
  public OptionalDouble eta(ImageRequest request) {
    return pipeline.eta(request);
  }

  /** {@return a number of pixels; width and height of an image must be multiples of it} */
  public int sizeMultiple() {
    return opened.model().latents().textToImageMultiple();
  }

  /**
   * {@return true if the model can sample an image in overlapping
   * {@link dev.likeness.diffusion.request.TilingOptions#windows windows}}
   */
  public boolean canSampleTiled() {
    return opened.model().capability(TiledSampling.class).isPresent();
  }

  /** {@return the device and the element type that the model computes with} */
  public Compute compute() {
    return opened.model().compute();
  }

  /**
   * {@return the scheduler of the model's {@code scheduler_config.json}; the model family's default
   * scheduler if there is no such file}
   */
  public SchedulerConfig scheduler() {
    return opened.model().scheduler();
  }

  /** {@return the name of the model's folder or file} */
  public String name() {
    return opened.name();
  }

  /** {@return the folder that the model was opened from; empty for a single file} */
  public Optional<Path> folder() {
    return opened.extras().folder();
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
    pipeline.require(request);
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
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device has too little memory
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
   * @throws dev.likeness.diffusion.error.InvalidInputException if values of the decoded image are
   *     not finite
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device has too little memory
   */
  public RgbImage decode(Latents latents) {
    return opened.coded(codec -> codec.decode(latents));
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
    return LatentCodec.of(opened.model()).noise(seed, width, height);
  }

  /**
   * {@return 64 hexadecimal digits that identify the weights of the denoising network: SHA-256 of
   * at most 16 values at the start of each tensor} To tell models apart, compare digests: two model
   * folders of the same name may contain different weights. The digest also depends on the element
   * type of {@link #compute()}.
   */
  public String weightsDigest() {
    return WeightsDigest.of(opened.model());
  }

  final <T> T report(List<ImageRequest> asked, Progress caller, Function<Progress, T> work) {
    int images = asked.stream().mapToInt(ImageRequest::count).sum();
    return opened.report(Progress.Work.Kind.GENERATION, images, caller, work);
  }
}
