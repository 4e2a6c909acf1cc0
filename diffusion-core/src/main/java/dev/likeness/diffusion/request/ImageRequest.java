package dev.likeness.diffusion.request;

import java.util.List;

/**
 * What to generate: option records, each for one stage of the pipeline, behind a short fluent face.
 * Immutable; every method that takes an option returns another request.
 *
 * <p>An option that is not given has the base's own default: see
 * {@code BaseModel.defaults(ImageRequest)}.
 *
 * @param prompts prompt and negative prompt, and how they are read
 * @param sampling steps, scheduler, seed, number of images, initial noise
 * @param sizeOptions size of the images, and the sizes that SDXL is conditioned on
 * @param guidanceOptions guidance scale, formula and interval
 * @param adapters adapters of this request, summed
 * @param initialImage the image or latents that sampling begins from, or null for noise alone
 * @param controlImages control images of ControlNets
 * @param caching reduced work, for nearly the same image
 * @param tiling windows over the sample, and the autoencoder in strips
 * @param hires a second pass over the enlarged image, or null
 * @param hooks code of the caller that the sampling loop calls
 */
public record ImageRequest(
    PromptOptions prompts,
    SamplingOptions sampling,
    SizeOptions sizeOptions,
    GuidanceOptions guidanceOptions,
    List<Adapter> adapters,
    InitialImage initialImage,
    List<ControlImage> controlImages,
    CachingOptions caching,
    TilingOptions tiling,
    HiresFix hires,
    GenerationHooks hooks)
    implements RequestValues, RequestOptions {

  public ImageRequest {
    adapters = List.copyOf(adapters);
    controlImages = List.copyOf(controlImages);
  }

  /** One image of {@code prompt}, everything else by default, seed 0. */
  public static ImageRequest of(String prompt) {
    return new ImageRequest(
        PromptOptions.of(prompt),
        SamplingOptions.DEFAULT,
        SizeOptions.DEFAULT,
        GuidanceOptions.DEFAULT,
        List.of(),
        null,
        List.of(),
        CachingOptions.NONE,
        TilingOptions.NONE,
        null,
        GenerationHooks.NONE);
  }

  // Whole records: each of these, and nothing else, knows the order of the components.

  public ImageRequest prompts(PromptOptions options) {
    return new ImageRequest(
        options,
        sampling,
        sizeOptions,
        guidanceOptions,
        adapters,
        initialImage,
        controlImages,
        caching,
        tiling,
        hires,
        hooks);
  }

  public ImageRequest sampling(SamplingOptions options) {
    return new ImageRequest(
        prompts,
        options,
        sizeOptions,
        guidanceOptions,
        adapters,
        initialImage,
        controlImages,
        caching,
        tiling,
        hires,
        hooks);
  }

  public ImageRequest sizeOptions(SizeOptions options) {
    return new ImageRequest(
        prompts,
        sampling,
        options,
        guidanceOptions,
        adapters,
        initialImage,
        controlImages,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** Guided in this way; options without a scale of their own keep the request's. */
  public ImageRequest guidance(GuidanceOptions options) {
    GuidanceOptions scaled = Double.isNaN(options.scale()) ? options.scale(guidance()) : options;
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        scaled,
        adapters,
        initialImage,
        controlImages,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** With these adapters in place of the request's. */
  public ImageRequest adapters(List<Adapter> others) {
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        guidanceOptions,
        others,
        initialImage,
        controlImages,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** Begun from an image or latents: image-to-image, inpainting, outpainting. */
  public ImageRequest initialImage(InitialImage image) {
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        guidanceOptions,
        adapters,
        image,
        controlImages,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** With these control images in place of the request's. */
  public ImageRequest controlImages(List<ControlImage> others) {
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        guidanceOptions,
        adapters,
        initialImage,
        others,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** Nearly the same image with less work. */
  public ImageRequest caching(CachingOptions options) {
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        guidanceOptions,
        adapters,
        initialImage,
        controlImages,
        options,
        tiling,
        hires,
        hooks);
  }

  public ImageRequest tiling(TilingOptions options) {
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        guidanceOptions,
        adapters,
        initialImage,
        controlImages,
        caching,
        options,
        hires,
        hooks);
  }

  /** With a second pass over the enlarged image, or none for null. */
  public ImageRequest hires(HiresFix pass) {
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        guidanceOptions,
        adapters,
        initialImage,
        controlImages,
        caching,
        tiling,
        pass,
        hooks);
  }

  /** With code of the caller's own in the sampling loop. */
  public ImageRequest hooks(GenerationHooks own) {
    return new ImageRequest(
        prompts,
        sampling,
        sizeOptions,
        guidanceOptions,
        adapters,
        initialImage,
        controlImages,
        caching,
        tiling,
        hires,
        own);
  }
}
