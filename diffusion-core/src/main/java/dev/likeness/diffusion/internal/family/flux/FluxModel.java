package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities.ControlImages;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
import dev.likeness.diffusion.internal.family.Capabilities.Inpainting;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.LatentSpace;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * FLUX.1: CLIP's pooled text and T5's tokens. The guidance scale is an input of guidance-distilled
 * networks.
 */
final class FluxModel implements OpenModel {
  static final int TEXT_TOKENS = 512;
  private static final Capabilities.TextInputs TEXT_INPUTS =
      new Capabilities.TextInputs(2, TEXT_TOKENS, false);
  /** The largest shift, if the scheduler has none (diffusers: {@code pipeline_flux.py}). */
  private static final double MAX_SHIFT = 1.15;

  private static final int SIDE = 128;

  private final FluxFamily family;
  private final FluxNetworks model;
  private final Capabilities capabilities;

  FluxModel(FluxFamily family, FluxNetworks model) {
    this.family = family;
    this.model = model;
    this.capabilities = Capabilities.of(
        CachePoints.BLOCKS,
        Capabilities.TrueCfg.SUPPORTED,
        TEXT_INPUTS,
        new Controls(),
        model.isKontext() ? new ReferenceTokens() : null,
        model.nonCommercial(),
        model.isFill() ? new FillInpainting() : null,
        FluxNetworks.FluxTrainingTarget.of(model));
  }

  @Override
  public FluxFamily family() {
    return family;
  }

  @Override
  public FluxNetworks networks() {
    return model;
  }

  @Override
  public NetworkLayout layout(int latentPixels) {
    return FluxTransformer2DModel.layout(model.config(), latentPixels / 4);
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  /**
   * With a guidance embedding, diffusers' defaults are twice as high for image-to-image and with a
   * ControlNet.
   */
  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    int pixels = pixels();
    if (model.isFill()) {
      return new GenerationDefaults(50, 30, pixels, pixels, 0.6, 1, 0);
    }
    // Control images of adapters leave the default: InfiniteYou's is that of FLUX.1 alone.
    boolean alone = !request.isImageToImage()
        && request.controlImages().stream().allMatch(control -> isOfAdapter(control, request));
    double strength = model.isKontext() ? 1 : 0.6;
    return new GenerationDefaults(
        28, alone || model.isKontext() ? 3.5 : 7, pixels, pixels, strength, strength, 0);
  }

  private static boolean isOfAdapter(ControlImage control, ImageRequest request) {
    return request.adapters().stream()
        .flatMap(adapter -> adapter.components().stream())
        .anyMatch(one -> one.controlImages().contains(control));
  }

  private int pixels() {
    return SIDE * model.autoencoder().vaeScaleFactor();
  }

  private int sizeMultiple() {
    return 2 * model.autoencoder().vaeScaleFactor();
  }

  @Override
  public LatentSpace latents() {
    LatentSpace own = LatentSpace.of(sizeMultiple());
    return model.isKontext() || model.isFill()
        ? own
        : own.withMaxPixels((double) pixels() * pixels());
  }

  @Override
  public double guidanceScale(ImageRequest request) {
    return request.guidanceOptions().trueCfgScale();
  }

  @Override
  public PlanRequest adjustPlan(
      PlanRequest unadjusted, ImageRequest request, SchedulerConfig scheduler) {
    double mu = FlowPlan.mu(scheduler, latents().tokens(request), MAX_SHIFT);
    return FlowPlan.withShiftedSigmas(unadjusted, scheduler, model.scheduler(), mu);
  }

  /** Kontext: one reference image. */
  private final class ReferenceTokens implements Editing {
    @Override
    public int maxImages() {
      return 1;
    }

    @Override
    public void requireUsable(RgbImage image) {
      // Every image is resized to whole tokens.
    }

    @Override
    public RgbImage prepare(RgbImage image, boolean ownSize) {
      KontextSize size =
          ownSize ? new KontextSize(image.width(), image.height()) : KontextSize.nearest(image);
      return PillowResampling.LANCZOS.resize(
          image,
          size.width() / sizeMultiple() * sizeMultiple(),
          size.height() / sizeMultiple() * sizeMultiple());
    }
  }

  /** Fill: the kept part, and the mask's pixels as channels. */
  private final class FillInpainting implements Inpainting {
    @Override
    public Tensor conditioning(Tensor mask, Tensor kept) {
      long f = model.autoencoder().vaeScaleFactor();
      Tensor pixels = mask.view(1, kept.size(2), f, kept.size(3), f)
          .permute(0, 2, 4, 1, 3)
          .reshape(1, f * f, kept.size(2), kept.size(3))
          .expand(kept.size(0), -1, -1, -1);
      return torch.cat(new TensorVector(kept, pixels), 1);
    }

    @Override
    public boolean alwaysEncodesImage() {
      return true;
    }
  }

  /** Encodes control images for the ControlNets of FLUX.1. */
  private final class Controls implements ControlImages {
    @Override
    public Tensor pixels(ControlImage control, RgbImage image) {
      return ImageTensors.toSigned(image);
    }

    @Override
    public ControlInput encode(
        List<ControlImage> controls, int rows, Function<ControlImage, Tensor> input) {
      return FluxControlNet.attach(controls, model.config()).input(controls, rows, input);
    }
  }

  @Override
  public Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    boolean guided = guidanceScale(request) > 1;
    List<String> prompts = Conditioning.promptsToEncode(request, guided, false);
    return Conditioning.constant(
        new TextEncoding(
            model
                .t5()
                .encode(
                    Conditioning.prompts(request, guided, 1),
                    Capabilities.TextInputs.length(request.prompts(), TEXT_TOKENS),
                    model.t5().encoder(adaptation.apply(ModelComponent.TEXT_ENCODER_2))),
            model
                .clip()
                .promptEncoder(adaptation.apply(ModelComponent.TEXT_ENCODER))
                .withInversions(request.prompts().textualInversions())
                .encode(prompts, 0)
                .pooled()),
        schedule.rows());
  }

  @Override
  public List<LoadedClip> clipTextEncoders() {
    return List.of(model.clip());
  }

  @Override
  public Stream<TruncatedPrompt> truncated(PromptOptions prompts, boolean negativePrompt) {
    return Stream.of(
        model.clip().truncated(prompts.text(0, negativePrompt), prompts.textualInversions()),
        model
            .t5()
            .truncated(
                prompts.text(1, negativePrompt),
                Capabilities.TextInputs.length(prompts, TEXT_TOKENS)));
  }

  @Override
  public PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents) {
    if (!latents.references().isEmpty() && !latents.controls().isEmpty()) {
      throw new IllegalArgumentException(
          "control images and a reference image cannot be combined; give one of them");
    }
    if (batch.request().caching().kind() == CachingOptions.Kind.FIRST_BLOCK
        && !latents.controls().isEmpty()) {
      throw new IllegalArgumentException(
          "the first-block cache cannot be combined with ControlNets, because it skips blocks that"
              + " ControlNets change; use extrapolation, or leave out one of the two");
    }
    List<FluxTransformer2DModel> views =
        batch.adaptedNetworks(batch.adaptation(ModelComponent.TRANSFORMER), model::transformer);
    FluxTransformer2DModel.Inputs text = text(batch);
    RotaryEmbedding rotation = rotation(batch.request(), text.text().size(1), latents.references())
        .weighLastKeys(
            0, latents.referenceTokens(2), batch.request().referenceImages().strength());
    return PromptedNetwork.ofRows(
        batch,
        text.text().size(0),
        new FluxPredictor(
            model,
            batch,
            views,
            text,
            rotation,
            latents,
            latents.controls().stream()
                .map(input -> control((FluxControlNet.Input) input, batch, text, rotation))
                .toList()));
  }

  /** A ControlNet with the prompts, or with the tokens of an adapter in their place. */
  private FluxPredictor.Control control(
      FluxControlNet.Input input,
      ConditionedBatch batch,
      FluxTransformer2DModel.Inputs text,
      RotaryEmbedding rotation) {
    int count = batch.count();
    FluxTransformer2DModel.Inputs prompt =
        FluxPredictor.rows(batch, text, text.text().size(0) - count, count);
    ControlImage image = input.controls().get(0);
    return batch
        .controlTokens(image, false)
        .map(tokens -> new FluxPredictor.Control(
            input,
            new FluxTransformer2DModel.Inputs(
                tokens,
                prompt.pooled(),
                batch.controlGuidance(image).isEmpty()
                    ? prompt.guidance()
                    : batch.expandToBatch(
                        guidance(batch.controlGuidance(image).getAsDouble()), count)),
            rotation(batch.request(), tokens.size(1), List.of()),
            batch.isForPromptAlone(image)))
        .orElseGet(() -> new FluxPredictor.Control(input, prompt, rotation, false));
  }

  private FluxTransformer2DModel.Inputs text(ConditionedBatch batch) {
    TextEncoding encoding = batch.constant(guidanceScale(batch.request()) > 1);
    return new FluxTransformer2DModel.Inputs(
        encoding.tokens(),
        encoding.pooled(),
        guidance(batch.request().guidance().getAsDouble()));
  }

  private Tensor guidance(double scale) {
    return torch.tensor(new float[] {(float) scale}).to(device(), ScalarType.Float);
  }

  private RotaryEmbedding rotation(ImageRequest request, long textTokens, List<Tensor> references) {
    int factor = model.autoencoder().vaeScaleFactor();
    Tensor all = LatentPacking.positionsAfterText(
        textTokens, request.height().getAsInt() / factor, request.width().getAsInt() / factor);
    for (Tensor reference : references) {
      all = torch.cat(
          new TensorVector(all, LatentPacking.positions(reference.size(2), reference.size(3), 1)),
          0);
    }
    return RotaryEmbedding.of(all.to(device(), ScalarType.Float), model.config().axes());
  }

  private Device device() {
    return new Device(model.compute().device());
  }

  /**
   * The sizes of images that FLUX.1 Kontext was trained to edit, about a million pixels each.
   *
   * @param width width in pixels
   * @param height height in pixels
   */
  record KontextSize(int width, int height) {
    private static final int PATCH_SIZE = 16;

    // Diffusers' PREFERRED_KONTEXT_RESOLUTIONS, in order, because of equal distances the first
    // counts.
    private static final int[][] SIZES = {
      {672, 1568},
      {688, 1504},
      {720, 1456},
      {752, 1392},
      {800, 1328},
      {832, 1248},
      {880, 1184},
      {944, 1104},
      {1024, 1024},
      {1104, 944},
      {1184, 880},
      {1248, 832},
      {1328, 800},
      {1392, 752},
      {1456, 720},
      {1504, 688},
      {1568, 672}
    };

    /** The size with the nearest aspect ratio to the image, in whole tokens, as in diffusers. */
    static KontextSize nearest(RgbImage image) {
      double ratio = (double) patches(image.width()) / patches(image.height());
      int[] best = SIZES[0];
      for (int[] size : SIZES) {
        if (Math.abs(ratio - (double) size[0] / size[1])
            < Math.abs(ratio - (double) best[0] / best[1])) {
          best = size;
        }
      }
      return new KontextSize(best[0], best[1]);
    }

    private static int patches(int side) {
      return Math.max(1, side / PATCH_SIZE);
    }
  }
}
