package dev.likeness.diffusion.request;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import java.util.ArrayList;
import java.util.List;

/**
 * The fluent face of {@link ImageRequest}: each method gives another request with one option
 * changed, by way of the option's record.
 */
public interface RequestOptions extends RequestValues {
  List<Adapter> adapters();

  List<ControlImage> controlImages();

  TilingOptions tiling();

  ImageRequest prompts(PromptOptions options);

  ImageRequest sampling(SamplingOptions options);

  ImageRequest sizeOptions(SizeOptions options);

  ImageRequest guidance(GuidanceOptions options);

  ImageRequest adapters(List<Adapter> others);

  ImageRequest initialImage(InitialImage image);

  ImageRequest controlImages(List<ControlImage> others);

  ImageRequest tiling(TilingOptions options);

  default ImageRequest prompt(String text) {
    return prompts(prompts().prompt(text));
  }

  default ImageRequest negative(String text) {
    return prompts(prompts().negative(text));
  }

  default ImageRequest steps(int n) {
    return sampling(sampling().steps(n));
  }

  /**
   * A step at each of these timesteps, in place of a number of steps: {@code timesteps(999, 749,
   * 499, 249)}. A strength below 1, and {@link #denoisingRange}, leave out some of them.
   *
   * @param descending trained timesteps, from noise to the image, at least one
   * @throws IllegalArgumentException if they do not fall; generation refuses those that the
   *     scheduler does not take
   */
  default ImageRequest timesteps(double... descending) {
    return sampling(sampling().timesteps(descending));
  }

  /**
   * Sampling over these sigmas, in place of a number of steps. Most solvers of Stable Diffusion
   * 1.x, 2.x and XL that take any end at the last one, which is usually 0; flow classes take one
   * for each step and go on to 0: see {@link PlanRequest#ofSigmas}.
   *
   * @param descending in the scheduler's own unit, from noise to the image, at least one
   * @throws IllegalArgumentException if they do not fall; generation refuses those that the
   *     scheduler does not take
   */
  default ImageRequest sigmas(double... descending) {
    return sampling(sampling().sigmas(descending));
  }

  default ImageRequest guidance(double scale) {
    return guidance(guidanceOptions().scale(scale));
  }

  default ImageRequest seed(long value) {
    return sampling(sampling().seed(value));
  }

  default ImageRequest count(int n) {
    return sampling(sampling().count(n));
  }

  default ImageRequest size(int width, int height) {
    return sizeOptions(sizeOptions().size(width, height));
  }

  /** Sampled by this scheduler, under any name that its users type. */
  default ImageRequest scheduler(String name) {
    return sampling(sampling().scheduler(name));
  }

  /**
   * Sampled by this scheduler, with its own options:
   * {@code customScheduler(own.with("dpmpp_2m").with("solver_order", 3))}, where {@code own} is the
   * model's, {@code base.scheduler()}. A scheduler that is no {@code SchedulerConfig} is asked for
   * the request's steps alone, and makes its own sigmas down to 0, shift included. A name that is
   * given later counts instead.
   */
  default ImageRequest customScheduler(Scheduler own) {
    return sampling(sampling().customScheduler(own));
  }

  /**
   * With this adapter too, e.g. a person: {@code adapter(ada.at(0.8))}; the prompts may name its
   * placeholder tokens.
   *
   * @throws IllegalArgumentException if it brings another embedding of a token that the request has
   *     one of
   */
  default ImageRequest adapter(Adapter adapter) {
    PromptOptions named = prompts();
    for (Adapter summand : adapter.components()) {
      for (TextualInversion word : summand.textualInversions()) {
        named = named.textualInversion(word);
      }
    }
    return adapters(appended(adapters(), adapter)).prompts(named);
  }

  /** With the same adapters, but without their gradient guidance. */
  default ImageRequest withoutGradientGuidance() {
    return adapters(adapters().stream().map(Adapter::withoutGradientGuidance).toList());
  }

  /** Conditioned on these sizes (SDXL). */
  default ImageRequest sizeConditioning(SizeConditioning wanted) {
    return sizeConditioning(wanted, negativeSizeConditioning());
  }

  /** Conditioned on these sizes (SDXL), the negative prompt on others. */
  default ImageRequest sizeConditioning(SizeConditioning wanted, SizeConditioning negativePrompt) {
    return sizeOptions(sizeOptions().conditioning(wanted, negativePrompt));
  }

  /** Begun from an image of which {@code strength}, in 0..1, is changed. */
  default ImageRequest initialImage(RgbImage image, double strength) {
    return initialImage(InitialImage.of(image).strength(strength));
  }

  /**
   * Outpainting: the image with new margins, generated, of the size of both; all sizes in pixels.
   */
  default ImageRequest outpaint(RgbImage image, int left, int top, int right, int bottom) {
    return initialImage(InitialImage.outpaint(image, left, top, right, bottom))
        .size(image.width() + left + right, image.height() + top + bottom);
  }

  /** Begun with this unit noise rather than with noise of the seed. */
  default ImageRequest noise(Latents unit) {
    return sampling(sampling().noise(unit));
  }

  /**
   * Samples between two shares of the training timesteps only: a base model stops at 0.8, and a
   * refiner goes on from the base's latents at 0.8, or inside a mask. A request that goes on needs
   * an initial image, and takes no map of changes.
   */
  default ImageRequest denoisingRange(double start, double end) {
    return sampling(sampling().denoisingRange(start, end));
  }

  /** With another share of fresh noise in each step. */
  default ImageRequest eta(double share) {
    return sampling(sampling().eta(share));
  }

  /**
   * With prompts read in this syntax; only Stable Diffusion 1.x, 2.x and XL take another than
   * plain.
   */
  default ImageRequest syntax(PromptSyntax syntax) {
    return prompts(prompts().syntax(syntax));
  }

  /**
   * With so many of the text encoders' last layers left out, counted as diffusers counts; see
   * {@link PromptOptions}.
   */
  default ImageRequest clipSkip(int layers) {
    return prompts(prompts().clipSkip(layers));
  }

  /**
   * With a textual inversion that the prompts may name.
   *
   * @throws IllegalArgumentException if the request has another embedding of its token
   */
  default ImageRequest textualInversion(TextualInversion word) {
    return prompts(prompts().textualInversion(word));
  }

  /**
   * With embeddings in place of the prompts; either may be null for the prompt's own. Only Stable
   * Diffusion 1.x, 2.x and XL take them.
   */
  default ImageRequest embeddings(PromptEmbedding wanted, PromptEmbedding negativePrompt) {
    return prompts(prompts().embeddings(wanted, negativePrompt));
  }

  /** With this control image too. */
  default ImageRequest controlImage(ControlImage control) {
    return controlImages(appended(controlImages(), control));
  }

  /**
   * The same image to rounding with less memory for the autoencoder, which works a few rows at a
   * time.
   */
  default ImageRequest withVaeTiling() {
    return tiling(tiling().withVaeTiling());
  }

  private static <T> List<T> appended(List<T> list, T one) {
    List<T> all = new ArrayList<>(list);
    all.add(one);
    return all;
  }
}
