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
 * @param sizing size of the images, and the sizes that SDXL is conditioned on
 * @param guidanceOptions guidance scale, formula and interval
 * @param adapters adapters of this request, summed
 * @param initial the image or latents that sampling begins from, or null for noise alone
 * @param controls control images of ControlNets
 * @param caching reduced work, for nearly the same image
 * @param tiling windows over the sample, and the autoencoder in strips
 * @param hires a second pass over the enlarged image, or null
 * @param hooks code of the caller that the sampling loop calls
 */
public record ImageRequest(
    PromptOptions prompts,
    SamplingOptions sampling,
    SizeOptions sizing,
    GuidanceOptions guidanceOptions,
    List<Adapter> adapters,
    InitialImage initial,
    List<ControlImage> controls,
    CachingOptions caching,
    TilingOptions tiling,
    HiresFix hires,
    GenerationHooks hooks)
    implements RequestValues, RequestOptions {

  public ImageRequest {
    adapters = List.copyOf(adapters);
    controls = List.copyOf(controls);
  }

  /** One image of {@code prompt}, everything else by default, seed 0. */
  public static ImageRequest of(String prompt) {
    return new ImageRequest(
        PromptOptions.of(prompt),
        SamplingOptions.DEFAULT,
        SizeOptions.DEFAULT,
        GuidanceOptions.STANDARD,
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
        sizing,
        guidanceOptions,
        adapters,
        initial,
        controls,
        caching,
        tiling,
        hires,
        hooks);
  }

  public ImageRequest sampling(SamplingOptions options) {
    return new ImageRequest(
        prompts,
        options,
        sizing,
        guidanceOptions,
        adapters,
        initial,
        controls,
        caching,
        tiling,
        hires,
        hooks);
  }

  public ImageRequest sizing(SizeOptions options) {
    return new ImageRequest(
        prompts,
        sampling,
        options,
        guidanceOptions,
        adapters,
        initial,
        controls,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** Guided in this way; options without a scale of their own keep the request's. */
  public ImageRequest guidance(GuidanceOptions options) {
    GuidanceOptions scaled = Double.isNaN(options.scale()) ? options.scale(guidance()) : options;
    return new ImageRequest(
        prompts, sampling, sizing, scaled, adapters, initial, controls, caching, tiling, hires,
        hooks);
  }

  /** With these adapters in place of the request's. */
  public ImageRequest adapters(List<Adapter> others) {
    return new ImageRequest(
        prompts,
        sampling,
        sizing,
        guidanceOptions,
        others,
        initial,
        controls,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** Begun from an image or latents: image-to-image, inpainting, outpainting. */
  public ImageRequest from(InitialImage image) {
    return new ImageRequest(
        prompts,
        sampling,
        sizing,
        guidanceOptions,
        adapters,
        image,
        controls,
        caching,
        tiling,
        hires,
        hooks);
  }

  /** With these control images in place of the request's. */
  public ImageRequest controls(List<ControlImage> others) {
    return new ImageRequest(
        prompts,
        sampling,
        sizing,
        guidanceOptions,
        adapters,
        initial,
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
        sizing,
        guidanceOptions,
        adapters,
        initial,
        controls,
        options,
        tiling,
        hires,
        hooks);
  }

  public ImageRequest tiling(TilingOptions options) {
    return new ImageRequest(
        prompts,
        sampling,
        sizing,
        guidanceOptions,
        adapters,
        initial,
        controls,
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
        sizing,
        guidanceOptions,
        adapters,
        initial,
        controls,
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
        sizing,
        guidanceOptions,
        adapters,
        initial,
        controls,
        caching,
        tiling,
        hires,
        own);
  }
}
