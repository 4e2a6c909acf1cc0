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

  List<ControlImage> controls();

  TilingOptions tiling();

  ImageRequest prompts(PromptOptions options);

  ImageRequest sampling(SamplingOptions options);

  ImageRequest sizing(SizeOptions options);

  ImageRequest guidance(GuidanceOptions options);

  ImageRequest adapters(List<Adapter> others);

  ImageRequest from(InitialImage image);

  ImageRequest controls(List<ControlImage> others);

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
   * 499, 249)}. A strength below 1, and {@link #between}, leave out some of them.
   *
   * @param falling trained timesteps, from noise to the image, at least one
   * @throws IllegalArgumentException if they do not fall; generation refuses those that the
   *     scheduler does not take
   */
  default ImageRequest timesteps(double... falling) {
    return sampling(sampling().timesteps(falling));
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
  default ImageRequest sigmas(double... falling) {
    return sampling(sampling().sigmas(falling));
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
    return sizing(sizing().size(width, height));
  }

  /** Sampled by this scheduler, under any name that its users type. */
  default ImageRequest scheduler(String name) {
    return sampling(sampling().scheduler(name));
  }

  /**
   * Sampled by this scheduler, with its own options:
   * {@code sampledBy(own.with("dpmpp_2m").with("solver_order", 3))}, where {@code own} is the
   * model's, {@code base.scheduler()}. A scheduler that is no {@code SchedulerConfig} is asked for
   * the request's steps alone, and makes its own sigmas down to 0, shift included. A name that is
   * given later counts instead.
   */
  default ImageRequest sampledBy(Scheduler own) {
    return sampling(sampling().sampledBy(own));
  }

  /**
   * With this adapter too, e.g. a person: {@code as(ada.at(0.8))}; the prompts may name its
   * placeholder tokens.
   *
   * @throws IllegalArgumentException if it brings another embedding of a token that the request has
   *     one of
   */
  default ImageRequest as(Adapter adapter) {
    PromptOptions named = prompts();
    for (Adapter summand : adapter.summands()) {
      for (TextualInversion word : summand.textualInversions()) {
        named = named.word(word);
      }
    }
    return adapters(appended(adapters(), adapter)).prompts(named);
  }

  /** With the same adapters, but without their gradient guidance. */
  default ImageRequest unled() {
    return adapters(adapters().stream().map(Adapter::unled).toList());
  }

  /** Conditioned on these sizes (SDXL). */
  default ImageRequest sizes(SizeConditioning wanted) {
    return sizes(wanted, negativeSizes());
  }

  /** Conditioned on these sizes (SDXL), the negative prompt on others. */
  default ImageRequest sizes(SizeConditioning wanted, SizeConditioning unwanted) {
    return sizing(sizing().conditioning(wanted, unwanted));
  }

  /** Begun from an image of which {@code strength}, in 0..1, is changed. */
  default ImageRequest from(RgbImage picture, double strength) {
    return from(InitialImage.of(picture).strength(strength));
  }

  /**
   * Outpainting: the image with new margins, generated, of the size of both; all sizes in pixels.
   */
  default ImageRequest outpaint(RgbImage picture, int left, int top, int right, int bottom) {
    return from(InitialImage.extended(picture, left, top, right, bottom))
        .size(picture.width() + left + right, picture.height() + top + bottom);
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
  default ImageRequest between(double start, double end) {
    return sampling(sampling().between(start, end));
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
  default ImageRequest word(TextualInversion word) {
    return prompts(prompts().word(word));
  }

  /**
   * With embeddings in place of the prompts; either may be null for the prompt's own. Only Stable
   * Diffusion 1.x, 2.x and XL take them.
   */
  default ImageRequest embeddings(PromptEmbedding wanted, PromptEmbedding unwanted) {
    return prompts(prompts().embeddings(wanted, unwanted));
  }

  /** With this control image too. */
  default ImageRequest control(ControlImage control) {
    return controls(appended(controls(), control));
  }

  /**
   * The same image to rounding with less memory for the autoencoder, which works a few rows at a
   * time.
   */
  default ImageRequest inTiles() {
    return tiling(tiling().stripwise());
  }

  private static <T> List<T> appended(List<T> list, T one) {
    List<T> all = new ArrayList<>(list);
    all.add(one);
    return all;
  }
}
