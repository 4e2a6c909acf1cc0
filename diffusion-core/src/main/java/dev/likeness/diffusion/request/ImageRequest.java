package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.PromptOptions.EncoderPrompts;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A request for images: one record of options for each stage of the pipeline, and fluent methods
 * that change single options. Immutable.
 *
 * <p>Every method that takes an option returns a changed copy. If an option is empty, the
 * generation uses the base's default; {@code BaseModel.defaults(ImageRequest)} returns the
 * defaults.
 *
 * @param prompts prompt and negative prompt, and their syntax
 * @param sampling steps, scheduler, seed, number of images, initial noise
 * @param sizeOptions size of the images, and SDXL's size conditioning
 * @param guidanceOptions guidance scale, formula and interval
 * @param adapters the adapters of this request; their changes to the model are summed
 * @param initialImage the image or latents that sampling starts from; empty to start from noise
 *     only
 * @param controlImages control images, each with its ControlNet
 * @param referenceImages images that an editing model uses as inputs
 * @param caching caching and token merging
 * @param tiling windows over the sample, and decoding in strips
 * @param hires a second pass over the enlarged image
 * @param hooks hooks that run the caller's code in the sampling loop
 */
public record ImageRequest(
    PromptOptions prompts,
    SamplingOptions sampling,
    SizeOptions sizeOptions,
    GuidanceOptions guidanceOptions,
    List<Adapter> adapters,
    Optional<InitialImage> initialImage,
    List<ControlImage> controlImages,
    ReferenceImages referenceImages,
    CachingOptions caching,
    TilingOptions tiling,
    Optional<HiresFix> hires,
    GenerationHooks hooks) {
  /** Copies the lists. */
  public ImageRequest {
    adapters = List.copyOf(adapters);
    controlImages = List.copyOf(controlImages);
  }

  /**
   * {@return a request for one image with seed 0 and every other option at its default}
   *
   * @param prompt the prompt; not null
   * @throws NullPointerException if the prompt is null
   */
  public static ImageRequest of(String prompt) {
    return new ImageRequest(
        PromptOptions.of(prompt),
        SamplingOptions.DEFAULT,
        SizeOptions.DEFAULT,
        GuidanceOptions.DEFAULT,
        List.of(),
        Optional.empty(),
        List.of(),
        ReferenceImages.NONE,
        CachingOptions.NONE,
        TilingOptions.NONE,
        Optional.empty(),
        GenerationHooks.NONE);
  }

  /**
   * {@return a copy of this request with the given prompt options}
   *
   * @param options prompt, negative prompt and their syntax
   */
  public ImageRequest prompts(PromptOptions options) {
    return with(copy -> copy.prompts = options);
  }

  /** {@return the prompt} */
  public String prompt() {
    return prompts.prompt();
  }

  /**
   * {@return a copy of this request with the given prompt}
   *
   * @param text the prompt; not null
   */
  public ImageRequest prompt(String text) {
    return prompts(prompts.prompt(text));
  }

  /** {@return the negative prompt; an empty text if none is set} */
  public String negative() {
    return prompts.text(0, true);
  }

  /**
   * {@return a copy of this request with the given negative prompt}
   *
   * @param text the negative prompt; see {@link PromptOptions#negative()}
   */
  public ImageRequest negative(String text) {
    return prompts(prompts.negative(text));
  }

  /**
   * {@return a copy of this request with the given prompt for the second text encoder (diffusers:
   * {@code prompt_2})} On FLUX.1, this text encoder is T5.
   *
   * @param text the prompt; if it is empty, the prompt of the first text encoder is used
   */
  public ImageRequest prompt2(String text) {
    return second(Optional.of(text), prompts.encoderPrompts().negativeSecond());
  }

  /**
   * {@return a copy of this request with the given negative prompt for the second text encoder
   * (diffusers: {@code negative_prompt_2})}
   *
   * @param text the negative prompt; if it is empty, the negative prompt of the first text encoder
   *     is used
   */
  public ImageRequest negative2(String text) {
    return second(prompts.encoderPrompts().second(), Optional.of(text));
  }

  /**
   * {@return a copy of this request with the given prompt for the third text encoder (diffusers:
   * {@code prompt_3})} On Stable Diffusion 3, this text encoder is T5.
   *
   * @param text the prompt; if it is empty, the prompt of the first text encoder is used
   */
  public ImageRequest prompt3(String text) {
    return third(Optional.of(text), prompts.encoderPrompts().negativeThird());
  }

  /**
   * {@return a copy of this request with the given negative prompt for the third text encoder
   * (diffusers: {@code negative_prompt_3})}
   *
   * @param text the negative prompt; if it is empty, the negative prompt of the first text encoder
   *     is used
   */
  public ImageRequest negative3(String text) {
    return third(prompts.encoderPrompts().third(), Optional.of(text));
  }

  private ImageRequest second(Optional<String> text, Optional<String> negative) {
    EncoderPrompts own = prompts.encoderPrompts();
    return prompts(prompts.encoderPrompts(
        new EncoderPrompts(text, own.third(), negative, own.negativeThird())));
  }

  private ImageRequest third(Optional<String> text, Optional<String> negative) {
    EncoderPrompts own = prompts.encoderPrompts();
    return prompts(prompts.encoderPrompts(
        new EncoderPrompts(own.second(), text, own.negativeSecond(), negative)));
  }

  /**
   * {@return a copy of this request with the given number of tokens for a T5 or Qwen3 text encoder
   * (diffusers: {@code max_sequence_length})}
   *
   * @param tokens the number of tokens, at least 1
   * @throws IllegalArgumentException if the number is below 1. {@code BaseModel.generate} throws
   *     the same exception if the base does not support the number
   */
  public ImageRequest maxSequenceLength(int tokens) {
    return prompts(prompts.maxSequenceLength(tokens));
  }

  /**
   * {@return a copy of this request with the given prompt syntax} Only Stable Diffusion 1.x, 2.x
   * and XL support {@link PromptSyntax#A1111}.
   *
   * @param syntax the syntax of prompt and negative prompt
   */
  public ImageRequest syntax(PromptSyntax syntax) {
    return prompts(prompts.syntax(syntax));
  }

  /**
   * {@return a copy of this request with the given clip skip; see {@link PromptOptions#clipSkip()}}
   *
   * @param layers how many of the text encoder's last layers are left out, at least 0, as in
   *     diffusers
   * @throws IllegalArgumentException if the number is negative
   */
  public ImageRequest clipSkip(int layers) {
    return prompts(prompts.clipSkip(layers));
  }

  /**
   * {@return this request with one more textual inversion, whose token the prompts may use}
   *
   * @param inversion the textual inversion
   * @throws IllegalArgumentException if the request has a different textual inversion of the same
   *     token
   */
  public ImageRequest textualInversion(TextualInversion inversion) {
    return prompts(prompts.textualInversion(inversion));
  }

  /** {@return the embeddings that replace the prompt; empty to encode the prompt} */
  public Optional<PromptEmbedding> embedding() {
    return prompts.embedding();
  }

  /**
   * {@return this request with precomputed embeddings of the prompt} Only Stable Diffusion 1.x, 2.x
   * and XL support precomputed embeddings.
   *
   * @param positive embeddings that replace the prompt
   */
  public ImageRequest embedding(PromptEmbedding positive) {
    return prompts(prompts.embedding(positive));
  }

  /**
   * {@return the embeddings that replace the negative prompt; empty to encode the negative prompt}
   */
  public Optional<PromptEmbedding> negativeEmbedding() {
    return prompts.negativeEmbedding();
  }

  /**
   * {@return this request with precomputed embeddings of the negative prompt}
   *
   * @param negativePrompt embeddings that replace the negative prompt
   */
  public ImageRequest negativeEmbedding(PromptEmbedding negativePrompt) {
    return prompts(prompts.negativeEmbedding(negativePrompt));
  }

  /**
   * {@return a copy of this request with the given sampling options}
   *
   * @param options steps, scheduler, seed and initial noise
   */
  public ImageRequest sampling(SamplingOptions options) {
    return with(copy -> copy.sampling = options);
  }

  /** {@return the number of sampling steps; empty for the default} */
  public OptionalInt steps() {
    return sampling.steps();
  }

  /**
   * {@return a copy of this request with the given number of sampling steps; the request's
   * timesteps and sigmas are removed}
   *
   * @param n the number of steps, 1 to 10,000
   * @throws IllegalArgumentException if the number is below 1
   */
  public ImageRequest steps(int n) {
    return sampling(sampling.steps(n));
  }

  /**
   * {@return this request with a step at each of these timesteps}
   *
   * <p>Example: {@code timesteps(999, 749, 499, 249)}. Some of the timesteps are skipped if the
   * request has an initial image of a strength below 1, or a {@link #denoisingRange}. Diffusers'
   * name of this option is {@code timesteps}.
   *
   * @param descending trained timesteps in descending order, at least one, each at least 0
   * @throws IllegalArgumentException if no timestep is given, if a timestep is negative, infinite
   *     or NaN, or if the timesteps do not descend. {@code BaseModel.generate} throws this
   *     exception if the scheduler does not support timesteps
   */
  public ImageRequest timesteps(double... descending) {
    return sampling(sampling.timesteps(descending));
  }

  /**
   * {@return this request with these sigmas as its sigma schedule} Diffusers' name of this option
   * is {@code sigmas}.
   *
   * <p>With most Stable Diffusion schedulers, sampling ends at the last given sigma, which is
   * usually 0. Flow schedulers need one sigma for each step, and sampling ends at 0; see
   * {@link PlanRequest#ofSigmas}.
   *
   * @param descending sigmas in the scheduler's own unit, in descending order, at least one, each
   *     at least 0
   * @throws IllegalArgumentException if no sigma is given, if a sigma is negative, infinite or NaN,
   *     or if the sigmas do not descend. {@code BaseModel.generate} throws this exception if the
   *     scheduler does not support the sigmas
   */
  public ImageRequest sigmas(double... descending) {
    return sampling(sampling.sigmas(descending));
  }

  /** {@return the scheduler's name; empty for the base's own scheduler} */
  public Optional<String> scheduler() {
    return sampling.scheduler();
  }

  /**
   * {@return this request with the scheduler of the given name, which replaces a custom scheduler}
   *
   * @param name a name of diffusers, k-diffusion, ComfyUI or the web UI, such as
   *     {@code dpmpp_2m_karras}. {@code BaseModel.generate} throws an
   *     {@code IllegalArgumentException} if no scheduler has this name, or if the scheduler does
   *     not fit the base
   */
  public ImageRequest scheduler(String name) {
    return sampling(sampling.scheduler(name));
  }

  /**
   * {@return this request with one more option of its scheduler} The option replaces the value of
   * the scheduler's config, as diffusers' {@code from_config(config, name=value)} does.
   *
   * @param name the option's name in diffusers, such as {@code use_karras_sigmas}, {@code shift} or
   *     {@code timestep_spacing}
   * @param value a boolean, number, text or list of numbers; null turns the option off.
   *     {@code BaseModel.generate} throws an {@code IllegalArgumentException} if the scheduler does
   *     not support the option or the value
   */
  public ImageRequest schedulerOption(String name, @Nullable Object value) {
    return sampling(sampling.schedulerOption(name, value));
  }

  /**
   * {@return this request with a scheduler object, such as a config with changed options}
   *
   * <p>For example {@code customScheduler(base.scheduler().with("dpmpp_2m").with("solver_order",
   * 3))}. If the scheduler is not a {@code SchedulerConfig}, it does not get the sigmas that
   * diffusers' pipeline passes to a scheduler. Such a scheduler must compute all sigmas down to 0
   * itself, including any shift. A later call of {@link #scheduler(String)} replaces the scheduler
   * object.
   *
   * @param own the scheduler
   */
  public ImageRequest customScheduler(Scheduler own) {
    return sampling(sampling.customScheduler(own));
  }

  /** {@return the seed of the first image} */
  public long seed() {
    return sampling.seed();
  }

  /**
   * {@return a copy of this request with the given seed} Image {@code i}, from 0, has the seed
   * {@code seed + i}.
   *
   * @param value the seed of torch's random generator ({@code torch.manual_seed})
   */
  public ImageRequest seed(long value) {
    return sampling(sampling.seed(value));
  }

  /** {@return the number of images} */
  public int count() {
    return sampling.count();
  }

  /**
   * {@return a copy of this request with the given number of images}
   *
   * @param n the number of images, 1 to 100,000
   * @throws IllegalArgumentException if the number is out of this range
   */
  public ImageRequest count(int n) {
    return sampling(sampling.count(n));
  }

  /** {@return the initial noise; empty for the noise of the seed} */
  public Optional<Latents> noise() {
    return sampling.noise();
  }

  /**
   * {@return this request with the given initial noise, instead of the noise of the seed}
   *
   * @param unit Gaussian noise of unit variance, of the shape of the latents
   */
  public ImageRequest noise(Latents unit) {
    return sampling(sampling.noise(unit));
  }

  /** {@return this request without given noise, so that the noise of its seed is used} */
  public ImageRequest withoutNoise() {
    return sampling(sampling.withoutNoise());
  }

  /** {@return the share of the training timesteps after which sampling starts, 0..1} */
  public double denoisingStart() {
    return sampling.denoisingStart();
  }

  /** {@return the share of the training timesteps after which sampling ends, 0..1} */
  public double denoisingEnd() {
    return sampling.denoisingEnd();
  }

  /**
   * {@return this request limited to a range of the training timesteps} Diffusers' names of the two
   * limits are {@code denoising_start} and {@code denoising_end}.
   *
   * <p>For example, a base model stops at 0.8, and a refiner continues at 0.8 from the base's
   * latents. If {@code start} is above 0, the request needs initial latents or an initial image,
   * and must not have a change map.
   *
   * @param start the share of the training timesteps after which sampling starts, 0..1
   * @param end the share of the training timesteps after which sampling ends, {@code start}..1
   * @throws IllegalArgumentException if {@code 0 <= start <= end <= 1} does not hold
   */
  public ImageRequest denoisingRange(double start, double end) {
    return sampling(sampling.denoisingRange(start, end));
  }

  /** {@return the share of fresh noise in each step; empty for the default} */
  public OptionalDouble eta() {
    return sampling.eta();
  }

  /**
   * {@return a copy of this request with the given share of fresh noise in each step}
   *
   * @param share eta, 0..1, for schedulers that have this option
   * @throws IllegalArgumentException if the share is not in 0..1
   */
  public ImageRequest eta(double share) {
    return sampling(sampling.eta(share));
  }

  /**
   * {@return a copy of this request with the given size options}
   *
   * @param options image size and SDXL's size conditioning
   */
  public ImageRequest sizeOptions(SizeOptions options) {
    return with(copy -> copy.sizeOptions = options);
  }

  /** {@return the width in pixels; empty for the default} */
  public OptionalInt width() {
    return sizeOptions.width();
  }

  /** {@return the height in pixels; empty for the default} */
  public OptionalInt height() {
    return sizeOptions.height();
  }

  /**
   * {@return a copy of this request with the given image size}
   *
   * @param width the width in pixels, a multiple of {@code BaseModel.sizeMultiple()}
   * @param height the height in pixels, a multiple of {@code BaseModel.sizeMultiple()}
   * @throws IllegalArgumentException if a side is below 1
   */
  public ImageRequest size(int width, int height) {
    return sizeOptions(sizeOptions.size(width, height));
  }

  /** {@return SDXL's size conditioning of the prompt} */
  public SizeConditioning sizeConditioning() {
    return sizeOptions.conditioning();
  }

  /**
   * {@return SDXL's size conditioning of the negative prompt; empty for the default of
   * {@link SizeOptions#negativeConditioning()}}
   */
  public Optional<SizeConditioning> negativeSizeConditioning() {
    return sizeOptions.negativeConditioning();
  }

  /**
   * {@return this request with SDXL's size conditioning for the prompt}
   *
   * @param positive the size conditioning of the prompt
   */
  public ImageRequest sizeConditioning(SizeConditioning positive) {
    return sizeOptions(sizeOptions.conditioning(positive));
  }

  /**
   * {@return this request with SDXL's size conditioning for prompt and negative prompt}
   *
   * @param positive the size conditioning of the prompt
   * @param negativePrompt the size conditioning of the negative prompt
   */
  public ImageRequest sizeConditioning(SizeConditioning positive, SizeConditioning negativePrompt) {
    return sizeOptions(sizeOptions.conditioning(positive, negativePrompt));
  }

  /** {@return the guidance scale; empty for the default} */
  public OptionalDouble guidance() {
    return guidanceOptions.scale();
  }

  /**
   * {@return a copy of this request with the given guidance options} If the options have no scale,
   * the request keeps its own scale.
   *
   * @param options guidance scale, formula and interval
   */
  public ImageRequest guidance(GuidanceOptions options) {
    GuidanceOptions scaled = options.scale().isEmpty() && guidance().isPresent()
        ? options.scale(guidance().getAsDouble())
        : options;
    return with(copy -> copy.guidanceOptions = scaled);
  }

  /**
   * {@return a copy of this request with the given guidance scale} See
   * {@link GuidanceOptions#scale()}.
   *
   * @param scale the guidance scale
   * @throws IllegalArgumentException if the scale is NaN, infinite or beyond 3.4e38
   */
  public ImageRequest guidance(double scale) {
    return guidance(guidanceOptions.scale(scale));
  }

  /** {@return this request with its adapters, but without their gradient guidance} */
  public ImageRequest withoutGradientGuidance() {
    return adapters(adapters.stream().map(Adapter::withoutGradientGuidance).toList());
  }

  /**
   * {@return this request with these adapters in place of its own}
   *
   * @param others the adapters; their changes to the model are summed
   */
  public ImageRequest adapters(List<Adapter> others) {
    return with(copy -> copy.adapters = others);
  }

  /**
   * {@return this request with one more adapter, for example a person:
   * {@code adapter(ada.at(0.8))}} Prompts may use the adapter's tokens. The adapter's reference
   * images and control images follow those of the request.
   *
   * @param adapter the adapter; its change is added to the changes of the other adapters
   * @throws IllegalArgumentException if a token stands for two different textual inversions, or if
   *     the reference images of request and adapter have different area limits or strengths
   */
  public ImageRequest adapter(Adapter adapter) {
    PromptOptions named = prompts;
    List<ControlImage> controls = new ArrayList<>(controlImages);
    for (Adapter summand : adapter.components()) {
      controls.addAll(summand.controlImages());
      for (TextualInversion inversion : summand.textualInversions()) {
        named = named.textualInversion(inversion);
      }
    }
    return adapters(appended(adapters, adapter))
        .prompts(named)
        .controlImages(controls)
        .referenceImages(referenceImages.and(adapter));
  }

  /**
   * {@return this request with an initial image, for image-to-image, inpainting or outpainting}
   *
   * @param image the initial image or latents
   */
  public ImageRequest initialImage(InitialImage image) {
    return with(copy -> copy.initialImage = Optional.of(image));
  }

  /**
   * {@return this request with an initial image, for image-to-image}
   *
   * @param image the image; it is resized to the request's size
   * @param strength the share of the steps that is sampled, 0..1
   * @throws IllegalArgumentException if the strength is not in 0..1
   */
  public ImageRequest initialImage(RgbImage image, double strength) {
    return initialImage(InitialImage.of(image).strength(strength));
  }

  /**
   * {@return this request for outpainting, with the size of the image plus its new margins}
   *
   * @param image the image in the middle
   * @param left the left margin in pixels, at least 0
   * @param top the top margin in pixels, at least 0
   * @param right the right margin in pixels, at least 0
   * @param bottom the bottom margin in pixels, at least 0
   * @throws IllegalArgumentException if a margin is negative, or the image with its margins has
   *     more than 67 megapixels
   */
  public ImageRequest outpaint(RgbImage image, int left, int top, int right, int bottom) {
    return initialImage(InitialImage.outpaint(image, left, top, right, bottom))
        .size(image.width() + left + right, image.height() + top + bottom);
  }

  /** {@return this request without an initial image, so that sampling starts from noise only} */
  public ImageRequest withoutInitialImage() {
    return with(copy -> copy.initialImage = Optional.empty());
  }

  /**
   * {@return true if the request changes an initial image or initial latents} If the request
   * continues the sampling of another model ({@link #denoisingStart()} above 0), the result is
   * false.
   */
  public boolean isImageToImage() {
    return initialImage.isPresent() && denoisingStart() == 0;
  }

  /**
   * {@return true if the request is image-to-image from an image (not latents), without a mask or
   * change map, at a strength that is 1 or not set} An editing model uses such an image as a
   * reference and starts from noise.
   */
  public boolean isEdit() {
    return isImageToImage()
        && initialImage
            .filter(initial -> initial.image().isPresent()
                && initial.mask().isEmpty()
                && initial.strength().orElse(1) >= 1)
            .isPresent();
  }

  /**
   * {@return true if the request has an initial image, or reference images of a strength above 0}
   * Initial latents do not count.
   */
  public boolean isMadeFromImages() {
    return initialImage.flatMap(InitialImage::image).isPresent()
        || !referenceImages.images().isEmpty() && referenceImages.strength() > 0;
  }

  /**
   * {@return this request with these control images in place of its own}
   *
   * @param others the control images; an empty list removes all
   */
  public ImageRequest controlImages(List<ControlImage> others) {
    return with(copy -> copy.controlImages = others);
  }

  /**
   * {@return this request with one more control image}
   *
   * @param control the control image
   */
  public ImageRequest controlImage(ControlImage control) {
    return controlImages(appended(controlImages, control));
  }

  /**
   * {@return this request with these reference images in place of its own}
   *
   * @param others the images that an editing model uses as inputs
   */
  public ImageRequest referenceImages(ReferenceImages others) {
    return with(copy -> copy.referenceImages = others);
  }

  /**
   * {@return this request with reference images in place of its own} An editing model, such as
   * FLUX.2 klein, uses the images as inputs. The prompt may refer to the images by number, from 1.
   *
   * @param images the images, in the order of their numbers; they may have different sizes
   * @throws NullPointerException if an image is null
   */
  public ImageRequest images(RgbImage... images) {
    return referenceImages(referenceImages.images(Arrays.asList(images)));
  }

  /**
   * {@return a copy of this request with the given caching options}
   *
   * @param options caching and token merging
   */
  public ImageRequest caching(CachingOptions options) {
    return with(copy -> copy.caching = options);
  }

  /**
   * {@return a copy of this request with the given tiling options}
   *
   * @param options windows over the sample, and decoding in strips
   */
  public ImageRequest tiling(TilingOptions options) {
    return with(copy -> copy.tiling = options);
  }

  /**
   * {@return this request with decoding in strips, which needs less memory} Apart from rounding
   * errors, the image is the same as without strips.
   */
  public ImageRequest withVaeTiling() {
    return tiling(tiling.withVaeTiling());
  }

  /**
   * {@return this request with a second pass over the enlarged image}
   *
   * @param pass the second pass
   */
  public ImageRequest hires(HiresFix pass) {
    return with(copy -> copy.hires = Optional.of(pass));
  }

  /** {@return this request without a second pass} */
  public ImageRequest withoutHires() {
    return with(copy -> copy.hires = Optional.empty());
  }

  /**
   * {@return a copy of this request with the given hooks}
   *
   * @param own hooks that run the caller's code in the sampling loop
   */
  public ImageRequest hooks(GenerationHooks own) {
    return with(copy -> copy.hooks = own);
  }

  private static <T> List<T> appended(List<T> list, T one) {
    return Stream.concat(list.stream(), Stream.of(one)).toList();
  }

  private ImageRequest with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.request();
  }

  /** A request whose options can be changed. */
  private static final class Copy {
    private PromptOptions prompts;
    private SamplingOptions sampling;
    private SizeOptions sizeOptions;
    private GuidanceOptions guidanceOptions;
    private List<Adapter> adapters;
    private Optional<InitialImage> initialImage;
    private List<ControlImage> controlImages;
    private ReferenceImages referenceImages;
    private CachingOptions caching;
    private TilingOptions tiling;
    private Optional<HiresFix> hires;
    private GenerationHooks hooks;

    private Copy(ImageRequest request) {
      prompts = request.prompts;
      sampling = request.sampling;
      sizeOptions = request.sizeOptions;
      guidanceOptions = request.guidanceOptions;
      adapters = request.adapters;
      initialImage = request.initialImage;
      controlImages = request.controlImages;
      referenceImages = request.referenceImages;
      caching = request.caching;
      tiling = request.tiling;
      hires = request.hires;
      hooks = request.hooks;
    }

    private ImageRequest request() {
      return new ImageRequest(
          prompts,
          sampling,
          sizeOptions,
          guidanceOptions,
          adapters,
          initialImage,
          controlImages,
          referenceImages,
          caching,
          tiling,
          hires,
          hooks);
    }
  }
}
