package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import java.util.ArrayList;
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
    implements RequestValues {

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

  // The fluent face: one option each.

  public ImageRequest prompt(String text) {
    return prompts(prompts.prompt(text));
  }

  public ImageRequest negative(String text) {
    return prompts(prompts.negative(text));
  }

  public ImageRequest steps(int n) {
    return sampling(sampling.steps(n));
  }

  /**
   * A step at each of these timesteps, in place of a number of steps: {@code timesteps(999, 749,
   * 499, 249)}. A strength below 1, and {@link #between}, leave out some of them.
   *
   * @param falling trained timesteps, from noise to the image, at least one
   * @throws IllegalArgumentException if they do not fall; generation refuses those that the
   *     scheduler does not take
   */
  public ImageRequest timesteps(double... falling) {
    return sampling(sampling.timesteps(falling));
  }

  /**
   * Sampling over these sigmas, in place of a number of steps. Most solvers of Stable Diffusion
   * 1.x, 2.x and XL that take any end at the last one, which is usually 0; flow classes take one
   * for each step and go on to 0: see {@link PlanRequest#ofSigmas}.
   *
   * @param falling in the scheduler's own unit, from noise to the image, at least one
   * @throws IllegalArgumentException if they do not fall; generation refuses those that the
   *     scheduler does not take
   */
  public ImageRequest sigmas(double... falling) {
    return sampling(sampling.sigmas(falling));
  }

  public ImageRequest guidance(double scale) {
    return guidance(guidanceOptions.scale(scale));
  }

  public ImageRequest seed(long value) {
    return sampling(sampling.seed(value));
  }

  public ImageRequest count(int n) {
    return sampling(sampling.count(n));
  }

  public ImageRequest size(int width, int height) {
    return sizing(sizing.size(width, height));
  }

  /** Sampled by this scheduler, under any name that its users type. */
  public ImageRequest scheduler(String name) {
    return sampling(sampling.scheduler(name));
  }

  /**
   * Sampled by this scheduler, with its own options:
   * {@code sampledBy(own.with("dpmpp_2m").with("solver_order", 3))}, where {@code own} is the
   * model's, {@code base.parts().scheduler()}. A scheduler that is no {@code SchedulerConfig} is
   * asked for the request's steps alone, and makes its own sigmas down to 0, shift included. A name
   * that is given later counts instead.
   */
  public ImageRequest sampledBy(Scheduler own) {
    return sampling(sampling.sampledBy(own));
  }

  /**
   * With this adapter too, e.g. a person: {@code as(ada.at(0.8))}; the prompts may name its
   * placeholder tokens.
   *
   * @throws IllegalArgumentException if it brings another embedding of a token that the request has
   *     one of
   */
  public ImageRequest as(Adapter adapter) {
    PromptOptions named = prompts;
    for (Adapter summand : adapter.summands()) {
      for (TextualInversion word : summand.textualInversions()) {
        named = named.word(word);
      }
    }
    return adapters(appended(adapters, adapter)).prompts(named);
  }

  /** With the same adapters, but without their gradient guidance. */
  public ImageRequest unled() {
    return adapters(adapters.stream().map(Adapter::unled).toList());
  }

  /** Conditioned on these sizes (SDXL). */
  public ImageRequest sizes(SizeConditioning wanted) {
    return sizes(wanted, negativeSizes());
  }

  /** Conditioned on these sizes (SDXL), the negative prompt on others. */
  public ImageRequest sizes(SizeConditioning wanted, SizeConditioning unwanted) {
    return sizing(sizing.conditioning(wanted, unwanted));
  }

  /** Begun from an image of which {@code strength}, in 0..1, is changed. */
  public ImageRequest from(RgbImage picture, double strength) {
    return from(InitialImage.of(picture).strength(strength));
  }

  /**
   * Outpainting: the image with new margins, generated, of the size of both; all sizes in pixels.
   */
  public ImageRequest outpaint(RgbImage picture, int left, int top, int right, int bottom) {
    return from(InitialImage.extended(picture, left, top, right, bottom))
        .size(picture.width() + left + right, picture.height() + top + bottom);
  }

  /** Begun with this unit noise rather than with noise of the seed. */
  public ImageRequest noise(Latents unit) {
    return sampling(sampling.noise(unit));
  }

  /**
   * Samples between two shares of the training timesteps only: a base model stops at 0.8, and a
   * refiner goes on from the base's latents at 0.8, or inside a mask. A request that goes on needs
   * an initial image, and takes no map of changes.
   */
  public ImageRequest between(double start, double end) {
    return sampling(sampling.between(start, end));
  }

  /** With another share of fresh noise in each step. */
  public ImageRequest eta(double share) {
    return sampling(sampling.eta(share));
  }

  /**
   * With prompts read in this syntax; only Stable Diffusion 1.x, 2.x and XL take another than
   * plain.
   */
  public ImageRequest syntax(PromptSyntax syntax) {
    return prompts(prompts.syntax(syntax));
  }

  /**
   * With so many of the text encoders' last layers left out, counted as diffusers counts; see
   * {@link PromptOptions}.
   */
  public ImageRequest clipSkip(int layers) {
    return prompts(prompts.clipSkip(layers));
  }

  /**
   * With a textual inversion that the prompts may name.
   *
   * @throws IllegalArgumentException if the request has another embedding of its token
   */
  public ImageRequest word(TextualInversion word) {
    return prompts(prompts.word(word));
  }

  /**
   * With embeddings in place of the prompts; either may be null for the prompt's own. Only Stable
   * Diffusion 1.x, 2.x and XL take them.
   */
  public ImageRequest embeddings(PromptEmbedding wanted, PromptEmbedding unwanted) {
    return prompts(prompts.embeddings(wanted, unwanted));
  }

  /** With this control image too. */
  public ImageRequest control(ControlImage control) {
    return controls(appended(controls, control));
  }

  /**
   * The same image to rounding with less memory for the autoencoder, which works a few rows at a
   * time.
   */
  public ImageRequest inTiles() {
    return tiling(tiling.stripwise());
  }

  private static <T> List<T> appended(List<T> list, T one) {
    List<T> all = new ArrayList<>(list);
    all.add(one);
    return all;
  }
}
