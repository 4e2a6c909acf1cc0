package dev.likeness.diffusion.request;

import dev.likeness.diffusion.RequestDraft;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Unled;
import dev.likeness.diffusion.tensor.Latents;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.Scheduler;
import java.util.List;
import java.util.function.Consumer;

/**
 * What to draw. Immutable; every {@code with}-like method returns another request.
 *
 * <p>What is not said is the model's own default: see
 * {@link dev.likeness.diffusion.BaseModel#defaults(ImageRequest)}.
 *
 * @param prompt what the picture shows
 * @param negative what it must not show; empty for nothing
 * @param steps sampling steps, or 0 for the default
 * @param ownSteps timesteps or noise levels that were given in place of a number of steps
 * @param guidance classifier-free guidance scale, or NaN for the default; 1 and below turn guidance
 *     off, on Z-Image 0 and below; what FLUX.1's network is told, or a latent consistency model's,
 *     which has no off
 * @param seed image {@code i} of the request draws its noise from {@code seed + i}
 * @param count how many pictures
 * @param width in pixels, a multiple of {@link dev.likeness.diffusion.BaseModel#unit()}, or 0 for
 *     the default: the initial picture's, else, on a UNet, the first ControlNet's, else the
 *     model's, which masked pictures are drawn at too, but on UNets with a ControlNet, Z-Image, and
 *     bases that edit; on Stable Diffusion 3 and FLUX.1 (not Kontext and Fill) larger pictures are
 *     scaled down to about the model's pixels, masked or not
 * @param height in pixels, a multiple of the same, or 0 for the default
 * @param scheduler a scheduler's name, or null for the model's own
 * @param adapters who and what adapts the model for this request, summed
 * @param sizes what SDXL is told about sizes
 * @param negativeSizes what it is told about what the picture must not be; null for the same
 * @param initial what the run begins from, or null for noise alone
 * @param noise the unit noise that the run begins with instead of drawn noise, or null
 * @param from the share of the training timesteps that another model has walked already, in 0..1
 * @param until the share at which the run stops, in 0..1; the latents are then still noisy
 * @param eta how much of each step's noise is fresh, for schedulers that can choose, or NaN for
 *     their default
 * @param prompting how the prompts are read
 * @param embedding what the network is told in place of the prompt, or null
 * @param negativeEmbedding the same for the negative prompt
 * @param guidanceOptions how guidance works beyond its scale
 * @param controls pictures that ControlNets hold the run to
 * @param hires a second pass over the enlarged picture, or null
 * @param tiled whether the autoencoder works a few rows at a time at any size; it always does above
 *     1024 x 1024
 * @param approximation work that is left out, for a picture that is nearly the same
 * @param joints what the caller brings, for research
 */
public record ImageRequest(
    String prompt,
    String negative,
    int steps,
    SamplingOptions ownSteps,
    double guidance,
    long seed,
    int count,
    int width,
    int height,
    String scheduler,
    List<Adapter> adapters,
    SizeConditioning sizes,
    SizeConditioning negativeSizes,
    InitialImage initial,
    Latents noise,
    double from,
    double until,
    double eta,
    PromptOptions prompting,
    PromptEmbedding embedding,
    PromptEmbedding negativeEmbedding,
    GuidanceOptions guidanceOptions,
    List<ControlImage> controls,
    HiresFix hires,
    boolean tiled,
    CachingOptions approximation,
    GenerationHooks joints) {

  public ImageRequest {
    if (prompt == null || negative == null) {
      throw new IllegalArgumentException(
          "prompt and negative prompt must not be null; give an empty text");
    }
    if (steps < 0 || count < 1 || width < 0 || height < 0) {
      throw new IllegalArgumentException("steps " + steps + ", count " + count + ", size " + width
          + "x" + height + ": none may be negative, count not 0");
    }
    adapters = List.copyOf(adapters);
    controls = List.copyOf(controls);
  }

  /** One picture of {@code prompt}, everything else by default, seed 0. */
  public static ImageRequest of(String prompt) {
    return new RequestDraft(prompt).request();
  }

  public ImageRequest prompt(String text) {
    return with(d -> d.prompt = text);
  }

  public ImageRequest negative(String text) {
    return with(d -> d.negative = text);
  }

  public ImageRequest steps(int n) {
    return with(d -> d.lay(n, SamplingOptions.NONE));
  }

  /**
   * In a step at each of these timesteps, in place of a number of steps: {@code timesteps(999, 749,
   * 499, 249)}. A strength below 1, and {@link #between}, leave out some of them.
   *
   * @param falling of the trained ones, from noise to the picture, at least one
   * @throws IllegalArgumentException when they do not fall; drawing refuses what the scheduler does
   *     not take
   */
  public ImageRequest timesteps(double... falling) {
    return with(d -> d.lay(falling.length, SamplingOptions.ofTimesteps(falling)));
  }

  /**
   * Over these noise levels, in place of a number of steps. Most samplers of Stable Diffusion 1.x,
   * 2.x and XL that take any end at the last one, which is usually 0; flow classes take one for
   * each step and go on to 0: see {@link PlanRequest#ofSigmas}.
   *
   * @param falling in the scheduler's own unit, from noise to the picture, at least one
   * @throws IllegalArgumentException when they do not fall; drawing refuses what the scheduler does
   *     not take
   */
  public ImageRequest sigmas(double... falling) {
    return with(d -> d.lay(falling.length, SamplingOptions.ofSigmas(falling)));
  }

  public ImageRequest guidance(double scale) {
    return with(d -> d.guidance = scale);
  }

  public ImageRequest seed(long value) {
    return with(d -> d.seed = value);
  }

  public ImageRequest count(int n) {
    return with(d -> d.count = n);
  }

  public ImageRequest size(int w, int h) {
    return with(d -> {
      d.width = w;
      d.height = h;
    });
  }

  /** Sampled as this scheduler does, by any name its users type. */
  public ImageRequest scheduler(String name) {
    return sampledBy(null).with(d -> d.scheduler = name);
  }

  /**
   * Sampled by this scheduler, with its own options:
   * {@code sampledBy(own.with("dpmpp_2m").with("solver_order", 3))}, where {@code own} is the
   * model's, {@code base.parts().scheduler()}. One that is no {@code SchedulerConfig} is asked for
   * the request's steps alone, and lays its own levels down to 0, shift included. A name that is
   * given later counts instead.
   */
  public ImageRequest sampledBy(Scheduler own) {
    return with(d -> d.joints =
        new GenerationHooks(own, d.joints.network(), d.joints.listener(), d.joints.runner()));
  }

  /**
   * Adapted by this one too, e.g. a person: {@code as(ada.at(0.8))}; the prompts may name its
   * words.
   *
   * @throws IllegalArgumentException when it brings another word of a token that the request has
   *     one of
   */
  public ImageRequest as(Adapter adapter) {
    return with(d -> {
      d.adapters.add(adapter);
      adapter.summands().stream()
          .filter(Adapter.WordSource.class::isInstance)
          .map(Adapter.WordSource.class::cast)
          .flatMap(source -> source.words().stream())
          .forEach(word -> d.prompting = d.prompting.word(word));
    });
  }

  /**
   * Adapted as before, but with nothing that leads pictures on their way: see
   * {@link Adapter#steering}.
   */
  public ImageRequest unled() {
    return with(d -> d.adapters.replaceAll(Unled::new));
  }

  /** Told of these sizes, where the model asks (SDXL). */
  public ImageRequest sizes(SizeConditioning wanted) {
    return sizes(wanted, negativeSizes);
  }

  /**
   * Told of these sizes, where the model asks (SDXL), and of others for what the picture must not
   * be.
   */
  public ImageRequest sizes(SizeConditioning wanted, SizeConditioning unwanted) {
    return with(d -> {
      d.sizes = wanted;
      d.negativeSizes = unwanted;
    });
  }

  /** Begun from a picture or latents: image-to-image, inpainting, outpainting. */
  public ImageRequest from(InitialImage image) {
    return with(d -> d.initial = image);
  }

  /** Begun from a picture of which {@code strength}, in 0..1, is redrawn. */
  public ImageRequest from(RgbImage picture, double strength) {
    return from(InitialImage.of(picture).strength(strength));
  }

  /**
   * The picture on a larger canvas, its new margins drawn, of the size of both; all sizes in
   * pixels.
   */
  public ImageRequest outpaint(RgbImage picture, int left, int top, int right, int bottom) {
    return from(InitialImage.extended(picture, left, top, right, bottom))
        .size(picture.width() + left + right, picture.height() + top + bottom);
  }

  /** With a second pass over the enlarged picture. */
  public ImageRequest hires(HiresFix pass) {
    return with(d -> d.hires = pass);
  }

  /** Begun with this unit noise rather than with drawn noise. */
  public ImageRequest noise(Latents unit) {
    return with(d -> d.noise = unit);
  }

  /**
   * The part of the run between two shares of the training timesteps: a base model stops at 0.8,
   * and a refiner goes on from the base's latents at 0.8, or inside a mask; a run that goes on
   * needs an initial image, and takes no map of changes.
   */
  public ImageRequest between(double start, double end) {
    return with(d -> {
      d.from = start;
      d.until = end;
    });
  }

  /** With another share of fresh noise in each step. */
  public ImageRequest eta(double share) {
    return with(d -> d.eta = share);
  }

  /**
   * With prompts read in this syntax; other than plain for Stable Diffusion 1.x, 2.x and XL alone,
   * other bases refuse it.
   */
  public ImageRequest syntax(PromptSyntax syntax) {
    return with(d -> d.prompting = d.prompting.syntax(syntax));
  }

  /**
   * With so many of the text encoders' last layers left out, counted as diffusers counts, not the
   * web UI; see {@link PromptOptions}.
   */
  public ImageRequest clipSkip(int layers) {
    return with(d -> d.prompting = d.prompting.clipSkip(layers));
  }

  /**
   * With a textual inversion that the prompts may name.
   *
   * @throws IllegalArgumentException when the request has another word of its token
   */
  public ImageRequest word(TextualInversion word) {
    return with(d -> d.prompting = d.prompting.word(word));
  }

  /**
   * With embeddings in place of the prompts; either may be null for the prompt's own. For Stable
   * Diffusion 1.x, 2.x and XL alone, other bases refuse them.
   */
  public ImageRequest embeddings(PromptEmbedding wanted, PromptEmbedding unwanted) {
    return with(d -> {
      d.embedding = wanted;
      d.negativeEmbedding = unwanted;
    });
  }

  /** Guided in this way. */
  public ImageRequest guidance(GuidanceOptions options) {
    return with(d -> d.guidanceOptions = options);
  }

  /** Held to this picture too. */
  public ImageRequest control(ControlImage control) {
    return with(d -> d.controls.add(control));
  }

  /**
   * The same picture to rounding with less memory for the autoencoder, which works a few rows at a
   * time.
   */
  public ImageRequest inTiles() {
    return with(d -> d.tiled = true);
  }

  /** Nearly the same picture with less work. */
  public ImageRequest approximation(CachingOptions less) {
    return with(d -> d.approximation = less);
  }

  /** With parts of the caller's own: a scheduler, something around the network, a listener. */
  public ImageRequest joints(GenerationHooks own) {
    return with(d -> d.joints = own);
  }

  /**
   * What a run of the network has to be told once for all of its pictures: requests whose runs are
   * equal may be drawn in the same passes. A run that begins from a picture, or whose prompts may
   * differ in length, is like no other's.
   */
  public Object run() {
    boolean own = initial != null
        || prompting.syntax() != PromptSyntax.PLAIN
        || embedding != null
        || negativeEmbedding != null;
    return own
        ? new Object()
        : with(d -> {
          d.prompt = "";
          d.negative = "";
          d.seed = 0;
          d.count = 1;
          d.adapters.clear();
          d.prompting = d.prompting.words(List.of());
        });
  }

  /**
   * Whether something there is drawn over, rather than gone on with where another model stopped.
   */
  public boolean drawsOver() {
    return initial != null && from == 0;
  }

  /**
   * Whether a network that edits pictures is shown the initial one beside noise alone, rather than
   * begun from it.
   */
  public boolean isEdit() {
    return drawsOver()
        && initial.picture() != null
        && initial.mask() == null
        && !(initial.strength() < 1);
  }

  private ImageRequest with(Consumer<RequestDraft> change) {
    RequestDraft draft = new RequestDraft(this);
    change.accept(draft);
    return draft.request();
  }
}
