package dev.likeness.diffusion.request;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

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
    GenerationHooks hooks)
    implements RequestValues, RequestOptions {

  /**
   * Copies the lists.
   *
   * @param prompts prompt and negative prompt, and their syntax
   * @param sampling steps, scheduler, seed, number of images, initial noise
   * @param sizeOptions size of the images, and SDXL's size conditioning
   * @param guidanceOptions guidance scale, formula and interval
   * @param adapters the adapters of this request; their changes to the model are summed
   * @param initialImage the initial image or latents
   * @param controlImages control images, each with its ControlNet
   * @param referenceImages images that an editing model uses as inputs
   * @param caching caching and token merging
   * @param tiling windows over the sample, and decoding in strips
   * @param hires a second pass over the enlarged image
   * @param hooks hooks that run the caller's code in the sampling loop
   */
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

  /**
   * {@return a copy of this request with the given sampling options}
   *
   * @param options steps, scheduler, seed and initial noise
   */
  public ImageRequest sampling(SamplingOptions options) {
    return with(copy -> copy.sampling = options);
  }

  /**
   * {@return a copy of this request with the given size options}
   *
   * @param options image size and SDXL's size conditioning
   */
  public ImageRequest sizeOptions(SizeOptions options) {
    return with(copy -> copy.sizeOptions = options);
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
   * {@return this request with these adapters in place of its own}
   *
   * @param others the adapters; their changes to the model are summed
   */
  public ImageRequest adapters(List<Adapter> others) {
    return with(copy -> copy.adapters = others);
  }

  /**
   * {@return this request with an initial image, for image-to-image, inpainting or outpainting}
   *
   * @param image the initial image or latents
   */
  public ImageRequest initialImage(InitialImage image) {
    return with(copy -> copy.initialImage = Optional.of(image));
  }

  /** {@return this request without an initial image, so that sampling starts from noise only} */
  public ImageRequest withoutInitialImage() {
    return with(copy -> copy.initialImage = Optional.empty());
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
   * {@return this request with these reference images in place of its own}
   *
   * @param others the images that an editing model uses as inputs
   */
  public ImageRequest referenceImages(ReferenceImages others) {
    return with(copy -> copy.referenceImages = others);
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
