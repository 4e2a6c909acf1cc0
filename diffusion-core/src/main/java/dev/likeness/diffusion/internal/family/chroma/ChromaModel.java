package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities.TextInputs;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.LatentSpace;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import dev.likeness.schedulers.internal.Sigmas;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Chroma: T5's tokens with masked padding, and classifier-free guidance. Defaults are those of
 * diffusers' {@code ChromaPipeline}, {@code ChromaImg2ImgPipeline} and
 * {@code ChromaInpaintPipeline}.
 */
record ChromaModel(ChromaFamily family, ChromaNetworks networks) implements OpenModel {
  static final int TEXT_TOKENS = 512;
  /** The latents' side at the model's default size. */
  static final int SIDE = 128;
  /** Half of the tokens of the other pipelines. */
  private static final int INPAINTING_TOKENS = 256;

  /** The largest shift, if the scheduler has none (diffusers: {@code pipeline_chroma.py}). */
  private static final double MAX_SHIFT = 1.15;

  private static final float TRAINING_STEPS = 1000;

  @Override
  public NetworkLayout layout(int latentPixels) {
    return ChromaTransformer2DModel.layout(networks.config(), latentPixels / 4);
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(
        CachePoints.BLOCKS,
        new TextInputs(1, TEXT_TOKENS, false),
        new ChromaTrainingTarget(networks));
  }

  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    boolean inpaints = isInpainting(request);
    return new GenerationDefaults(
        inpaints ? 28 : 35, inpaints ? 7 : 5, pixels(), pixels(), 0.9, 0.6, 0);
  }

  private static boolean isInpainting(ImageRequest request) {
    return request.initialImage().filter(InitialImage::isMasked).isPresent();
  }

  private int pixels() {
    return SIDE * networks.autoencoder().vaeScaleFactor();
  }

  @Override
  public LatentSpace latents() {
    return LatentSpace.of(2 * networks.autoencoder().vaeScaleFactor())
        .withMaxPixels((double) pixels() * pixels());
  }

  @Override
  public double guidanceScale(ImageRequest request) {
    return request.guidance().getAsDouble();
  }

  @Override
  public PlanRequest adjustPlan(
      PlanRequest unadjusted, ImageRequest request, SchedulerConfig scheduler) {
    double mu = FlowPlan.mu(scheduler, latents().tokens(request), MAX_SHIFT);
    PlanRequest plan = FlowPlan.withShiftedSigmas(unadjusted, scheduler, networks.scheduler(), mu);
    // Chroma's pipelines pass flow sigmas to the scheduler, while FLUX's leave them to it.
    boolean given = scheduler.className().equals("UniPCMultistepScheduler")
        && scheduler.options().flag("use_flow_sigmas")
        && !scheduler.options().has("ladder")
        && plan.timesteps().length + plan.sigmas().length == 0;
    int n = plan.steps();
    return given ? FlowPlan.withSigmas(plan, Sigmas.linspace(1, 1.0 / n, n)) : plan;
  }

  @Override
  public Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    List<String> prompts = Conditioning.promptsToEncode(request, guidanceScale(request) > 1, false);
    return Conditioning.constant(
        networks
            .t5()
            .encodeMasked(
                prompts,
                TextInputs.length(
                    request.prompts(), isInpainting(request) ? INPAINTING_TOKENS : TEXT_TOKENS),
                networks.t5().encoder(adaptation.apply(ModelComponent.TEXT_ENCODER))),
        schedule.rows());
  }

  @Override
  public Stream<TruncatedPrompt> truncated(PromptOptions prompts, boolean negativePrompt) {
    return Stream.of(networks
        .t5()
        .truncated(prompts.text(0, negativePrompt), TextInputs.length(prompts, TEXT_TOKENS)));
  }

  @Override
  public PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents) {
    List<ChromaTransformer2DModel> views =
        batch.adaptedNetworks(batch.adaptation(ModelComponent.TRANSFORMER), networks::transformer);
    TextEncoding text = batch.constant(guidanceScale(batch.request()) > 1);
    RotaryEmbedding rotation = rotation(batch.request(), text.tokens().size(1));
    return PromptedNetwork.ofRows(
        batch,
        text.tokens().size(0),
        (degraded, first, count) ->
            predictor(batch, latents, views, text.narrow(first, count), rotation));
  }

  private Predictor predictor(
      ConditionedBatch batch,
      PreparedLatents latents,
      List<ChromaTransformer2DModel> views,
      TextEncoding text,
      RotaryEmbedding rotation) {
    FirstBlockCache cache = FirstBlockCache.of(batch.request().caching());
    Tensor mask = Tensors.place(
        networks.compute(),
        ChromaTransformer2DModel.mask(
            text.pooled(), text.tokens().size(1), latents().tokens(batch.request())));
    return (input, step) -> {
      Tensor time = Tensors.scalar((float) step.timestep() / TRAINING_STEPS, input);
      Tensor answer = views
          .get(step.index())
          .forward(
              LatentPacking.pack(Tensors.place(networks.compute(), input)),
              batch.expandToBatch(time, input.size(0)),
              text.tokens(),
              mask,
              rotation,
              cache,
              SegmentRunner.current());
      return LatentPacking.unpack(answer.to(ScalarType.Float), input.size(2), input.size(3));
    };
  }

  private RotaryEmbedding rotation(ImageRequest request, long textTokens) {
    int factor = networks.autoencoder().vaeScaleFactor();
    return rotation(
        networks,
        request.height().getAsInt() / factor,
        request.width().getAsInt() / factor,
        textTokens);
  }

  private static RotaryEmbedding rotation(
      ChromaNetworks networks, long height, long width, long textTokens) {
    Tensor all = LatentPacking.positionsAfterText(textTokens, height, width)
        .to(new Device(networks.compute().device()), ScalarType.Float);
    return RotaryEmbedding.of(all, networks.config().axes());
  }

  /** Trains Chroma's transformer, with T5 masked as it is for generation. */
  record ChromaTrainingTarget(ChromaNetworks model) implements TrainingTarget {
    private static final double LEARNING_RATE = 1e-4;

    @Override
    public Recipe recipe() {
      return new Recipe(model.config().width(), LEARNING_RATE, false);
    }

    @Override
    public int sizeMultiple() {
      return 2 * model.autoencoder().vaeScaleFactor();
    }

    @Override
    public Optional<LongText> longText() {
      return Optional.of(new LongText(model.t5(), TEXT_TOKENS, true));
    }

    @Override
    public TextEncoding encode(List<String> texts, Tensor byT5, Trained trained) {
      return new TextEncoding(byT5, model.t5().counts(texts, TEXT_TOKENS));
    }

    @Override
    public Tensor predict(
        Trained trained,
        Tensor noised,
        double[] levels,
        TextEncoding text,
        SegmentRunner segments) {
      long height = noised.size(2);
      long width = noised.size(3);
      long textTokens = text.tokens().size(1);
      Tensor mask =
          ChromaTransformer2DModel.mask(text.pooled(), textTokens, height / 2 * (width / 2));
      ChromaTransformer2DModel network =
          new ChromaTransformer2DModel(model.config(), trained.network(ModelComponent.TRANSFORMER));
      Tensor answer = network.forward(
          LatentPacking.pack(Tensors.place(model.compute(), noised)),
          TrainingTarget.perImageNumbers(model, 1, levels),
          text.tokens(),
          Tensors.place(model.compute(), mask),
          rotation(model, height, width, textTokens),
          null,
          segments);
      return LatentPacking.unpack(answer, height, width);
    }
  }
}
