package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.flux.FluxModel;
import dev.likeness.diffusion.internal.family.flux.FluxNetworks;
import dev.likeness.diffusion.internal.family.flux2.Flux2Model;
import dev.likeness.diffusion.internal.family.sd3.Sd3Model;
import dev.likeness.diffusion.internal.family.sd3.Sd3Networks;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.zimage.ZImageModel;
import dev.likeness.diffusion.internal.family.zimage.ZImageNetworks;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TruncatedPrompt;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.Sigmas;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * What differs between the families of base models when a picture is drawn; everything else is the
 * pipeline's.
 */
public interface OpenModel {
  OpenNetworks model();

  GenerationDefaults defaults();

  /** The same as the pipeline has them that diffusers draws such a request by. */
  default GenerationDefaults defaults(ImageRequest request) {
    return defaults();
  }

  /** What the sides of a picture are a multiple of, in pixels. */
  int unit();

  /**
   * The same of a picture that is drawn from nothing: no model was taught sides of odd numbers of
   * pixels.
   */
  default int least() {
    return Math.max(8, unit());
  }

  /**
   * Whether the network answers for windows of a picture, too: not where it was told the whole
   * one's size beforehand.
   */
  default boolean seesWindows() {
    return true;
  }

  /** How many tokens a transformer has of a request's picture. */
  default long tokens(ImageRequest request) {
    return (long) request.width() / unit() * (request.height() / unit());
  }

  /**
   * Whether the network is given each batch twice: first for the negative prompt, then for the
   * prompt.
   */
  boolean guided(ImageRequest request);

  /**
   * What the scheduler is asked for, of what it would be asked for without regard to the family.
   */
  PlanRequest planned(PlanRequest plain, ImageRequest request, SchedulerConfig scheduler);

  /**
   * What the prompts of a request say, for all of its pictures; it belongs to the calling scope.
   *
   * @param adaptation what the request adds to each part
   * @param schedule of its plan
   */
  Conditioning texts(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule);

  /** What each text encoder leaves out of a plain prompt that may name these words, if anything. */
  Stream<TruncatedPrompt> cuts(String prompt, List<TextualInversion> words);

  /** The network for the images of a batch, guidance included; it belongs to the calling scope. */
  Predictor network(ConditionedBatch sitting, PreparedLatents canvas);

  /**
   * Whether the network has shallow layers that can be asked without its deep ones, as UNets have.
   */
  default boolean hasShallowWay() {
    return false;
  }

  /**
   * Whether the network is a chain of blocks of which the first can be asked without the others, as
   * transformers are.
   */
  default boolean isOfBlocks() {
    return false;
  }

  /**
   * Whether the network is made for inpainting: it is shown the mask and the kept part beside the
   * sample.
   */
  default boolean showsMask() {
    return false;
  }

  /**
   * Whether an initial picture is shown to the network whole, beside noise alone, unless a strength
   * below 1 has it drawn over; with a mask it is shown whatever the strength. It stands for its
   * likeliest latents, without random numbers.
   */
  default boolean edits() {
    return false;
  }

  /**
   * A picture to edit as the network is shown it, its sides whole tokens.
   *
   * @param ownSize whether it is shown at its own size, rather than at one that the network was
   *     trained on
   */
  default RgbImage seen(RgbImage picture, boolean ownSize) {
    throw new IllegalStateException("the network is not shown any picture");
  }

  /**
   * What the sides of a picture that is drawn over are scaled by where no size is said; below 1
   * where it is too large.
   */
  default double scaled(RgbImage picture) {
    return 1;
  }

  /**
   * The picture whose size a request has that says none, down to whole units; null where it is the
   * model's own.
   */
  default RgbImage sizedBy(ImageRequest request) {
    InitialImage initial = request.initial();
    if (initial != null && edits() && (request.isEdit() || initial.masked())) {
      return seen(initial.picture(), initial.ownSize());
    }
    return initial == null || initial.masked() && scaled(initial.picture()) == 1
        ? null
        : initial.picture();
  }

  /**
   * Whether a mask's edges are shaded at the latents' size, rather than each latent being what its
   * corner is.
   */
  default boolean shadesMasks() {
    return false;
  }

  /**
   * Whether a picture is encoded, and random numbers are drawn for it, even where all of it is
   * drawn anew.
   */
  default boolean alwaysEncodes() {
    return false;
  }

  /**
   * What an inpainting network is shown beside the sample.
   *
   * @param mask 1 where to draw, [1, 1, height, width] in pixels
   * @param kept latents of the kept part [batch, channels, h, w]
   * @return [batch, any, h, w]
   */
  default Tensor shown(Tensor mask, Tensor kept) {
    throw new IllegalStateException("the network is not shown any mask");
  }

  /**
   * Controls of a request that one network looks at together, once it has seen the pictures.
   *
   * @param seen a picture as the network looks at it
   * @throws IllegalArgumentException when the network is for another base, or not told what it has
   *     to be
   */
  default ControlInput hint(
      List<ControlImage> controls, int rows, Function<ControlImage, Tensor> seen) {
    throw new IllegalArgumentException(
        "ControlNets hold Stable Diffusion 1.x, 2.x, XL and FLUX; this base is of another family");
  }

  /** Opens a model of any family, once its device answers. */
  static OpenModel open(ModelParts files, Compute compute) {
    compute.answering();
    String transformer = files.componentClass(ModelComponent.TRANSFORMER.folder());
    if (transformer == null) {
      return new StableDiffusionModel(StableDiffusionNetworks.open(files, compute));
    }
    return switch (transformer) {
      case "FluxTransformer2DModel" -> new FluxModel(FluxNetworks.open(files, compute));
      case "SD3Transformer2DModel" -> new Sd3Model(Sd3Networks.open(files, compute));
      case "Flux2Transformer2DModel" -> new Flux2Model(ZImageNetworks.klein(files, compute));
      case "ZImageTransformer2DModel" -> new ZImageModel(ZImageNetworks.zImage(files, compute));
      default ->
        throw new InvalidInputException(files.describe() + ": its transformer is a " + transformer
            + "; supported: FluxTransformer2DModel, SD3Transformer2DModel, Flux2Transformer2DModel,"
            + " ZImageTransformer2DModel");
    };
  }

  /**
   * The same plan begun as the pipelines of transformers begin it: a step that a strength would cut
   * in two is done, where those of UNets leave it out.
   */
  static PlanRequest begun(PlanRequest plain) {
    int n = plain.steps();
    int done = n - (int) Math.max(n - Math.min(n * plain.strength(), n), 0);
    return done == n ? plain.strength(1) : plain.strength((done + 0.5) / n);
  }

  /**
   * The same with levels that move by {@code mu} where the model's own scheduler, by which it was
   * trained, moves them at all.
   */
  default PlanRequest moved(PlanRequest plain, double mu) {
    return model().scheduler().options().flag("use_dynamic_shifting") ? plain.mu(mu) : plain;
  }

  /**
   * The same of noise levels an even step apart, unless the caller lays the steps; a scheduler that
   * has its own, or takes one for where the run ends, lays them itself.
   */
  static PlanRequest evenly(PlanRequest plain, SchedulerConfig scheduler) {
    int n = plain.steps();
    if (plain.timesteps().length + plain.sigmas().length > 0) {
      return begun(plain);
    }
    boolean own = scheduler.options().has("ladder")
        || scheduler.options().has("use_flow_sigmas") && scheduler.options().flag("use_flow_sigmas")
        || scheduler.className().equals("LTXEulerAncestralRFScheduler");
    return at(begun(plain), own ? new double[0] : Sigmas.linspace(1, 1.0 / n, n));
  }

  /** The same plan at these noise levels; at the scheduler's own where there are none. */
  static PlanRequest at(PlanRequest plan, double... sigmas) {
    return new PlanRequest(
        plan.steps(),
        plan.strength(),
        plan.from(),
        plan.until(),
        plan.eta(),
        plan.mu(),
        plan.timesteps(),
        sigmas);
  }

  /** A network as it is adapted at each row of a plan; rows that are adapted alike share one. */
  static <N> List<N> views(Adaptation adaptation, int rows, Function<Adaptation, N> build) {
    Map<Adaptation, N> built = new HashMap<>();
    return IntStream.range(0, rows)
        .mapToObj(i -> built.computeIfAbsent(adaptation.at((double) i / rows), build))
        .toList();
  }

  /** Whether image prompts are attended to by this adaptation of a part. */
  static boolean showsPictures(OpenNetworks model, ModelComponent part, Adaptation adaptation) {
    return attentions(model, part)
        .flatMap(module -> Stream.of(module, module.substring(0, module.lastIndexOf('.'))))
        .anyMatch(module -> !adaptation.branches(module).isEmpty());
  }

  /**
   * The perturbed attention of a part that a weakening asks for.
   *
   * @throws IllegalArgumentException when one of its layers is in no name of a self-attention
   */
  static Adaptation perturbed(OpenNetworks model, ModelComponent part, DegradedGuidance weakening) {
    for (String layer : weakening.layers()) {
      Adaptation.PerturbedAttention one = new Adaptation.PerturbedAttention(List.of(layer));
      if (attentions(model, part)
          .noneMatch(module ->
              one.perturbs(module) && !(part == ModelComponent.UNET && module.endsWith("attn2")))) {
        throw new IllegalArgumentException("perturbed attention in \"" + layer
            + "\": no self-attention of this model is called" + " so; its attentions are such as "
            + attentions(model, part).sorted().findFirst().orElse("none"));
      }
    }
    return new Adaptation.PerturbedAttention(weakening.layers());
  }

  private static Stream<String> attentions(OpenNetworks model, ModelComponent part) {
    String keys = ".to_k.weight";
    return model.tensorNames(part).stream()
        .filter(name -> name.endsWith(keys))
        .map(name -> name.substring(0, name.length() - keys.length()));
  }

  /** Refuses what only networks whose blocks can be left out know. */
  static void refuseWeakening(ImageRequest request, String family) {
    if (request.guidanceOptions().weakening() != null) {
      throw new IllegalArgumentException(
          family + " knows no guidance away from a weakened network; ask without");
    }
  }

  /** Refuses the second scale that only networks with guidance of their own know. */
  static void refuseTrueCfg(ImageRequest request) {
    if (request.guidanceOptions().trueCfg() != 1) {
      throw new IllegalArgumentException(
          "a second guidance scale is for FLUX, whose network has guidance of its own; give "
              + "this model the first");
    }
  }
}
