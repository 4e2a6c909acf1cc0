package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionLayers;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities.TextInputs;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.LatentSpace;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.ClipPromptEncoder;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Stable Diffusion 3 and 3.5: two CLIP encoders and T5, or zeros without T5. */
final class Sd3Model implements OpenModel {
  /**
   * The largest shift, if the scheduler has none (diffusers:
   * {@code pipeline_stable_diffusion_3.py}).
   */
  private static final double MAX_SHIFT = 1.16;

  private static final int MAX_LENGTH = 512;
  /** The index of T5 among the text encoders. */
  private static final int T5 = 2;

  private final Sd3Family family;
  private final Sd3Networks model;
  private final Capabilities capabilities;

  Sd3Model(Sd3Family family, Sd3Networks model) {
    this.family = family;
    this.model = model;
    this.capabilities = Capabilities.of(
        CachePoints.BLOCKS,
        TiledSampling.SUPPORTED,
        new TextInputs(T5 + 1, MAX_LENGTH, false),
        new Capabilities.DegradedNetwork(Set.of(DegradedGuidance.Kind.values())),
        new Sd3TrainingTarget(model));
  }

  @Override
  public Sd3Family family() {
    return family;
  }

  @Override
  public Sd3Networks networks() {
    return model;
  }

  @Override
  public NetworkLayout layout(int latentPixels) {
    return Sd3Transformer2DModel.layout(model.config(), latentPixels / 4);
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    return new GenerationDefaults(
        request.isImageToImage() ? 50 : 28, 7, pixels(), pixels(), 0.6, 0.6, 0);
  }

  private int pixels() {
    return model.config().sampleSize() * model.autoencoder().vaeScaleFactor();
  }

  @Override
  public LatentSpace latents() {
    return LatentSpace.of(model.config().patch() * model.autoencoder().vaeScaleFactor())
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
    return FlowPlan.withWholeFirstStep(
        FlowPlan.withShift(unadjusted, scheduler, model.scheduler(), mu));
  }

  @Override
  public Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    boolean guided = guidanceScale(request) > 1;
    List<String> prompts = Conditioning.promptsToEncode(request, guided, true);
    int length = length(request.prompts());
    return Conditioning.constant(
        model.encode(
            prompts.size(),
            length,
            textEncoder -> encode(
                textEncoder
                    .promptEncoder(adaptation.apply(textEncoder.component()))
                    .withInversions(request.prompts().textualInversions()),
                Conditioning.prompts(
                    request, guided, model.clipTextEncoders().indexOf(textEncoder)),
                textEncoder.skippedLayers(),
                request.prompts().clipSkip()),
            t5 -> t5.encode(
                Conditioning.prompts(request, guided, T5),
                length,
                t5.encoder(adaptation.apply(ModelComponent.TEXT_ENCODER_3)))),
        schedule.rows());
  }

  /**
   * Encodes prompts with one CLIP encoder. Clip skip applies to the prompt, not to the negative
   * prompt.
   */
  private static TextEncoding encode(
      ClipPromptEncoder encoder, List<String> prompts, int leftOut, int skip) {
    TextEncoding all = encoder.encode(prompts, leftOut + skip);
    if (skip == 0 || prompts.size() == 1) {
      return all;
    }
    Tensor negative = encoder.encode(prompts.subList(0, 1), leftOut).tokens();
    return new TextEncoding(
        torch.cat(new TensorVector(negative, all.tokens().narrow(0, 1, 1)), 0), all.pooled());
  }

  @Override
  public List<LoadedClip> clipTextEncoders() {
    return model.clipTextEncoders();
  }

  @Override
  public Stream<TruncatedPrompt> truncated(PromptOptions prompts, boolean negativePrompt) {
    List<LoadedClip> clip = model.clipTextEncoders();
    return Stream.concat(
        IntStream.range(0, clip.size())
            .mapToObj(i -> clip.get(i)
                .truncated(prompts.text(i, negativePrompt), prompts.textualInversions())),
        Stream.ofNullable(model.t5())
            .map(t5 -> t5.truncated(prompts.text(T5, negativePrompt), length(prompts))));
  }

  private static int length(PromptOptions prompts) {
    return TextInputs.length(prompts, Sd3Networks.T5_TOKENS);
  }

  @Override
  public PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents) {
    DegradedGuidance guidance =
        batch.request().guidanceOptions().degradedGuidance().orElse(null);
    Adaptation own = batch.adaptation(ModelComponent.TRANSFORMER);
    List<Sd3Transformer2DModel> views = batch.adaptedNetworks(own, model::transformer);
    boolean perturbed =
        guidance != null && guidance.kind() == DegradedGuidance.Kind.PERTURBED_ATTENTION;
    List<Sd3Transformer2DModel> degraded = perturbed
        ? batch.adaptedNetworks(
            own.and(AttentionLayers.of(model, ModelComponent.TRANSFORMER).perturbed(guidance)),
            model::transformer)
        : views;
    Set<Integer> skipped = guidance == null || perturbed ? Set.of() : skippedLayers(guidance);
    TextEncoding text = batch.constant(guidanceScale(batch.request()) > 1);
    return PromptedNetwork.ofRows(
        batch,
        text.tokens().size(0),
        new Rows(model, batch, views, degraded, skipped, text, latents));
  }

  private Set<Integer> skippedLayers(DegradedGuidance guidance) {
    Set<Integer> blocks =
        guidance.layers().stream().map(Integer::valueOf).collect(Collectors.toSet());
    if (blocks.stream().anyMatch(block -> block < 0 || block >= model.config().layers())) {
      throw new IllegalArgumentException("skip-layer guidance can skip blocks 0.."
          + (model.config().layers() - 1) + " of this model, got " + guidance.layers());
    }
    return blocks;
  }

  /**
   * The transformer as the sampling loop calls it.
   *
   * @param networks the adapted transformer at each row of the plan
   * @param degradedNetworks the degraded transformer at each row
   * @param skippedLayers blocks that the degraded transformer skips
   * @param text encodings; those of negative prompts come first
   */
  private record Rows(
      Sd3Networks model,
      ConditionedBatch batch,
      List<Sd3Transformer2DModel> networks,
      List<Sd3Transformer2DModel> degradedNetworks,
      Set<Integer> skippedLayers,
      TextEncoding text,
      PreparedLatents latents)
      implements PromptedNetwork.Rows {
    @Override
    public Predictor predictor(boolean degraded, long first, long count) {
      TextEncoding own = text.narrow(first, count);
      FirstBlockCache cache = FirstBlockCache.of(batch.request().caching());
      List<Sd3Transformer2DModel> nets = degraded ? degradedNetworks : networks;
      Set<Integer> left = degraded ? skippedLayers : Set.of();
      return (input, step) -> nets.get(step.index())
          .forward(
              Tensors.place(model.compute(), input),
              batch.expandToBatch(Tensors.scalar(step.timestep(), input), count),
              own.tokens(),
              own.pooled(),
              left,
              cache)
          .to(ScalarType.Float);
    }
  }

  /** Stable Diffusion 3 and 3.5: two concatenated CLIP encoders, then T5, or zeros without T5. */
  record Sd3TrainingTarget(Sd3Networks model) implements TrainingTarget {
    private static final double TRAINING_STEPS = 1000;
    private static final double LEARNING_RATE = 1e-4;

    @Override
    public Recipe recipe() {
      return new Recipe(model.config().width(), LEARNING_RATE, false);
    }

    @Override
    public int sizeMultiple() {
      return model.config().patch() * model.autoencoder().vaeScaleFactor();
    }

    @Override
    public List<LoadedClip> clipTextEncoders() {
      return model.clipTextEncoders();
    }

    @Override
    public Optional<TrainingTarget.LongText> longText() {
      return Optional.ofNullable(model.t5())
          .map(t5 -> new TrainingTarget.LongText(t5, Sd3Networks.T5_TOKENS));
    }

    @Override
    public TextEncoding encode(List<String> texts, Tensor byT5, Trained trained) {
      return model.encode(
          texts.size(),
          Sd3Networks.T5_TOKENS,
          textEncoder -> TrainingTarget.encode(textEncoder, texts, trained, model),
          t5 -> byT5);
    }

    @Override
    public Tensor predict(
        Trained trained,
        Tensor noised,
        double[] levels,
        TextEncoding text,
        SegmentRunner segments) {
      Sd3Transformer2DModel network =
          new Sd3Transformer2DModel(model.config(), trained.network(ModelComponent.TRANSFORMER));
      return network.forward(
          Tensors.place(model.compute(), noised),
          TrainingTarget.perImageNumbers(model, TRAINING_STEPS, levels),
          text.tokens(),
          text.pooled(),
          segments);
    }
  }
}
