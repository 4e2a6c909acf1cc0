package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.AttentionLayers;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.TextInputs;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.family.FlowPlan;
import dev.likeness.diffusion.internal.family.LatentSpace;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.family.PromptedNetwork;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.CachedTensor;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.schedulers.PlanRequest;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Z-Image: a language model's tokens, and a guidance scale that is off at 0. */
record ZImageModel(ZImageFamily family, ZImageNetworks networks) implements OpenModel {
  private static final int PIXELS = 1024;
  /** The largest shift, if the scheduler has none (diffusers: {@code pipeline_z_image.py}). */
  private static final double MAX_SHIFT = 1.15;

  private static final double TRAINING_STEPS = 1000;

  @Override
  public NetworkLayout layout(int latentPixels) {
    return ZImageTransformer2DModel.layout(
        networks.config(), (double) latentPixels / (ZImageConfig.PATCH * ZImageConfig.PATCH));
  }

  @Override
  public Capabilities capabilities() {
    return Capabilities.of(
        new TextInputs(1, LoadedQwen3.MAX_TOKENS, false), new ZImageTrainingTarget(networks));
  }

  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    return new GenerationDefaults(50, 5, PIXELS, PIXELS, 0.6, 1, 0);
  }

  private int sizeMultiple() {
    return ZImageConfig.PATCH * networks.autoencoder().vaeScaleFactor();
  }

  @Override
  public LatentSpace latents() {
    return new LatentSpace(sizeMultiple(), Double.POSITIVE_INFINITY, true, false, false);
  }

  /** The reference's scale is lower by 1 than in the usual formula. */
  @Override
  public double guidanceScale(ImageRequest request) {
    return request.guidance().getAsDouble() + 1;
  }

  @Override
  public PlanRequest adjustPlan(
      PlanRequest unadjusted, ImageRequest request, SchedulerConfig scheduler) {
    double mu = FlowPlan.mu(scheduler, latents().tokens(request), MAX_SHIFT);
    return FlowPlan.withShiftedSigmas(unadjusted, scheduler, networks.scheduler(), mu);
  }

  @Override
  public Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    return networks
        .textEncoder()
        .encode(
            request,
            guidanceScale(request) > 1,
            adaptation.apply(ModelComponent.TEXT_ENCODER),
            schedule);
  }

  @Override
  public Stream<TruncatedPrompt> truncated(PromptOptions prompts, boolean negativePrompt) {
    return Stream.of(networks.textEncoder().truncated(prompts, negativePrompt));
  }

  @Override
  public PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents) {
    Adaptation own = batch.adaptation(ModelComponent.TRANSFORMER);
    if (AttentionLayers.of(networks, ModelComponent.TRANSFORMER).hasBranches(own)) {
      throw new IllegalArgumentException(
          "Z-Image does not support image prompts; leave them out, or use another base");
    }
    List<ZImageTransformer2DModel> views = batch.adaptedNetworks(own, networks::transformer);
    TextEncoding text = batch.constant(guidanceScale(batch.request()) > 1);
    return PromptedNetwork.ofRows(
        batch,
        text.tokens().size(0),
        (degraded, first, count) -> predictor(batch, latents, views, text.narrow(first, count)));
  }

  private Predictor predictor(
      ConditionedBatch batch,
      PreparedLatents latents,
      List<ZImageTransformer2DModel> views,
      TextEncoding text) {
    ImageRequest request = batch.request();
    ZImageSequence sequence = sequence(
        networks,
        request.height().getAsInt() / sizeMultiple(),
        request.width().getAsInt() / sizeMultiple(),
        text);
    Map<ZImageTransformer2DModel, CachedTensor> texts = new HashMap<>();
    views.forEach(view -> texts.computeIfAbsent(view, each -> new CachedTensor()));
    return (input, step) -> {
      ZImageTransformer2DModel view = views.get(step.index());
      CachedTensor refined = texts.get(view);
      if (refined.tensor() == null) {
        refined.replace(view.embedText(text.tokens(), sequence, SegmentRunner.PLAIN));
      }
      Tensor time = Tensors.scalar((TRAINING_STEPS - step.timestep()) / TRAINING_STEPS, input);
      return view.forward(
              Tensors.place(networks.compute(), input),
              batch.expandToBatch(time, input.size(0)),
              refined.tensor(),
              sequence,
              SegmentRunner.current())
          .to(ScalarType.Float)
          .neg();
    };
  }

  /** The sequence of images of {@code rows} times {@code columns} tokens with these texts. */
  private static ZImageSequence sequence(
      ZImageNetworks networks, long rows, long columns, TextEncoding text) {
    float[] counts = ImageTensors.floats(text.pooled().to(ScalarType.Float));
    long[] whole = new long[counts.length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (long) counts[i];
    }
    return ZImageSequence.of(
        networks.config(), rows, columns, whole, new Device(networks.compute().device()));
  }

  /** Trains Z-Image's transformer as diffusers' {@code train_dreambooth_lora_z_image.py}. */
  record ZImageTrainingTarget(ZImageNetworks model) implements TrainingTarget {
    private static final double LEARNING_RATE = 1e-4;
    private static final int RANK = 16;
    /** The shift of Turbo's scheduler. The weights of base and Turbo have the same shapes. */
    private static final double TURBO_SHIFT = 3;

    @Override
    public Recipe recipe() {
      return new Recipe(model.config().width(), LEARNING_RATE, false, RANK, true);
    }

    @Override
    public boolean usesMode() {
      return true;
    }

    @Override
    public Distillation distillation() {
      SchedulerConfig scheduler = model.scheduler();
      boolean turbo = scheduler.options().has("shift")
          && isTurbo(
              scheduler.options().number("shift"),
              scheduler.options().has("use_dynamic_shifting")
                  && scheduler.options().flag("use_dynamic_shifting"));
      return turbo ? Distillation.LIKELY : Distillation.NONE;
    }

    /** Returns true if a scheduler's configuration is that of Turbo. */
    static boolean isTurbo(double shift, boolean isDynamic) {
      return shift == TURBO_SHIFT && !isDynamic;
    }

    @Override
    public int sizeMultiple() {
      return ZImageConfig.PATCH * model.autoencoder().vaeScaleFactor();
    }

    @Override
    public TextEncoding encode(List<String> texts, Tensor byT5, Trained trained) {
      return model.textEncoder().encode(texts, LoadedQwen3.TOKENS, Adaptation.NONE);
    }

    @Override
    public Tensor predict(
        Trained trained,
        Tensor noised,
        double[] levels,
        TextEncoding text,
        SegmentRunner segments) {
      ZImageTransformer2DModel network =
          new ZImageTransformer2DModel(model.config(), trained.network(ModelComponent.TRANSFORMER));
      ZImageSequence sequence = sequence(
          model, noised.size(2) / ZImageConfig.PATCH, noised.size(3) / ZImageConfig.PATCH, text);
      return network
          .forward(
              Tensors.place(model.compute(), noised),
              TrainingTarget.perImageNumbers(
                  model,
                  1,
                  DoubleStream.of(levels).map(level -> 1 - (float) level).toArray()),
              network.embedText(text.tokens(), sequence, segments),
              sequence,
              segments)
          .neg();
    }
  }
}
