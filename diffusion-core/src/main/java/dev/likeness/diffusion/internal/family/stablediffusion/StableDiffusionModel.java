package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.family.AttentionLayers;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities.ControlImages;
import dev.likeness.diffusion.internal.family.Capabilities.Inpainting;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.LatentSpace;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.unet.UNetOptions;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Stable Diffusion 1.x, 2.x and XL. */
final class StableDiffusionModel implements OpenModel {
  private static final int SIDE = 64;
  /** The refiner's number of sizes, the last of which is the aesthetic score. */
  private static final int REFINER_IDS = 5;

  private final StableDiffusionFamily family;
  private final StableDiffusionNetworks model;
  private final Capabilities capabilities;

  StableDiffusionModel(StableDiffusionFamily family, StableDiffusionNetworks model) {
    this.family = family;
    this.model = model;
    this.capabilities = Capabilities.of(
        CachePoints.UNET,
        TiledSampling.SUPPORTED,
        Capabilities.FreeU.SUPPORTED,
        new Capabilities.TextInputs(
            model.clipTextEncoders().size(), 0, model.zerosForEmptyPrompt()),
        model.sizeIds() == 0 ? null : new Capabilities.SizeInputs(model.sizeIds() == REFINER_IDS),
        new Capabilities.DegradedNetwork(Set.of(DegradedGuidance.Kind.PERTURBED_ATTENTION)),
        new Controls(),
        isInpainting() ? (Inpainting) this::maskConditioning : null,
        (Capabilities.PromptEmbeddings) this::embeddings,
        (Capabilities.PromptTokens) this::encode,
        StableDiffusionTrainingTarget.of(model));
  }

  @Override
  public StableDiffusionFamily family() {
    return family;
  }

  @Override
  public StableDiffusionNetworks networks() {
    return model;
  }

  @Override
  public NetworkLayout layout(int latentPixels) {
    return UNetLayout.of(model.unetConfig(), latentPixels);
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  private boolean isInpainting() {
    return model.unetConfig().inChannels() == 2 * model.autoencoder().latentChannels() + 1;
  }

  /** Latent consistency models take the guidance scale as input. */
  private boolean isConsistencyModel() {
    return model.unetConfig().embedding().guidanceWidth() != 0 && model.sizeIds() == 0;
  }

  /**
   * SDXL's inpainting has a higher default guidance, and image-to-image with a ControlNet a higher
   * strength.
   */
  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    int side = model.unetConfig().sampleSize() == 0 ? SIDE : model.unetConfig().sampleSize();
    int pixels = side * model.autoencoder().vaeScaleFactor();
    boolean xl = model.sizeIds() != 0;
    boolean few = isConsistencyModel();
    boolean controlled = xl && !request.controlImages().isEmpty();
    int steps = model.recommendedSteps(few ? 4 : 50);
    double guidance = few ? 8.5 : xl && !(isMasked(request) && !controlled) ? 5 : 7.5;
    return new GenerationDefaults(
        steps,
        model.recommendedOption("_guidance_scale", guidance),
        pixels,
        pixels,
        xl && !controlled ? 0.3 : 0.8,
        xl ? 0.9999 : 1,
        model.recommendedOption("_eta", 0));
  }

  private boolean isMasked(ImageRequest request) {
    return isInpainting()
        || request.isImageToImage() && request.initialImage().orElseThrow().isMasked();
  }

  @Override
  public LatentSpace latents() {
    return new LatentSpace(
        model.autoencoder().vaeScaleFactor(), Double.POSITIVE_INFINITY, false, true, false);
  }

  @Override
  public double guidanceScale(ImageRequest request) {
    return model.unetConfig().embedding().guidanceWidth() == 0
        ? request.guidance().orElse(Double.NaN)
        : 1;
  }

  @Override
  public PlanRequest adjustPlan(
      PlanRequest unadjusted, ImageRequest request, SchedulerConfig scheduler) {
    boolean over = unadjusted.strength() < 1
        && !request.initialImage().orElseThrow().isMasked()
        && request.controlImages().isEmpty();
    boolean own = unadjusted.timesteps().length + unadjusted.sigmas().length > 0;
    return over && !own && isConsistencyModel() && scheduler.className().equals("LCMScheduler")
        ? withDistilledTimesteps(unadjusted, scheduler.options())
        : unadjusted;
  }

  // Latent consistency's pipeline samples all steps in image-to-image, among the lowest distilled
  // steps.
  private static PlanRequest withDistilledTimesteps(PlanRequest plain, Options options) {
    int origins = options.integer("original_inference_steps");
    int left = (int) (origins * plain.strength());
    int n = plain.steps();
    if (left < n) {
      throw new IllegalArgumentException(
          "strength " + plain.strength() + " leaves only " + left + " of the " + origins
              + " distilled steps, but the requested number of steps is " + n
              + "; use fewer steps or a larger strength");
    }
    int stride = options.integer("num_train_timesteps") / origins;
    PlanRequest distilled = PlanRequest.ofTimesteps(IntStream.range(0, n)
            .mapToDouble(i -> (left - Math.floor(i * ((double) left / n))) * stride - 1)
            .toArray())
        .denoisingRange(plain.denoisingStart(), plain.denoisingEnd());
    return plain.eta().isPresent() ? distilled.eta(plain.eta().getAsDouble()) : distilled;
  }

  private Tensor maskConditioning(Tensor mask, Tensor kept) {
    long factor = model.autoencoder().vaeScaleFactor();
    // The upper left pixel of each latent pixel.
    Tensor small = mask.view(
            new long[] {1, 1, mask.size(2) / factor, factor, mask.size(3) / factor, factor})
        .select(5, 0)
        .select(3, 0);
    return torch.cat(
        new TensorVector(small.expand(kept.size(0), 1, kept.size(2), kept.size(3)), kept), 1);
  }

  /** Encodes control images for the ControlNets of a UNet. */
  private final class Controls implements ControlImages {
    @Override
    public Tensor pixels(ControlImage control, RgbImage image) {
      return UNetControlNet.pixels(
          image, control.mask().orElse(null), control.controlNet().isUnion());
    }

    @Override
    public boolean supportsGuessMode() {
      return true;
    }

    @Override
    public ControlInput encode(
        List<ControlImage> controls, int rows, Function<ControlImage, Tensor> input) {
      return UNetControlNet.input(controls, rows, model.unetConfig(), input);
    }
  }

  private TextEncoding embeddings(
      ImageRequest request, Function<ModelComponent, Adaptation> adaptation) {
    TextEncoding encoding = new PromptConditioning(model, request, adaptation).constantEncoding();
    return model.sizeIds() == 0 ? new TextEncoding(encoding.tokens(), null) : encoding;
  }

  @Override
  public Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    return encode(request, adaptation, PromptChange.NONE, schedule);
  }

  private Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptChange change,
      PromptSchedule schedule) {
    boolean together = AttentionLayers.of(model, ModelComponent.UNET)
        .hasBranches(adaptation.apply(ModelComponent.UNET));
    return new PromptConditioning(model, request, adaptation)
        .changed(change)
        .conditioning(guidanceScale(request) > 1, together, schedule);
  }

  @Override
  public List<LoadedClip> clipTextEncoders() {
    return model.clipTextEncoders();
  }

  @Override
  public Stream<TruncatedPrompt> truncated(PromptOptions prompts, boolean negativePrompt) {
    return IntStream.range(0, model.clipTextEncoders().size())
        .mapToObj(i -> model
            .clipTextEncoders()
            .get(i)
            .truncated(prompts.text(i, negativePrompt), prompts.textualInversions()));
  }

  @Override
  public PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents) {
    ImageRequest request = batch.request();
    UNetOptions options = new UNetOptions(
        request.caching().mergeRatio(), request.guidanceOptions().freeU().orElse(null));
    Adaptation own = batch.adaptation(ModelComponent.UNET);
    List<UNet2DConditionModel> views =
        batch.adaptedNetworks(own, adaptation -> model.unet(adaptation, options));
    DegradedGuidance guidance = request.guidanceOptions().degradedGuidance().orElse(null);
    List<UNet2DConditionModel> degraded = guidance == null
        ? null
        : batch.adaptedNetworks(
            own.and(AttentionLayers.of(model, ModelComponent.UNET).perturbed(guidance)),
            adaptation -> model.unet(adaptation, options));
    return new UNetPredictor(model, batch, views, degraded, guidanceScale(request) > 1, latents);
  }
}
