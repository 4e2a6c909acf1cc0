package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
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
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.PromptSchedule;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
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

/** FLUX.2 klein: a language model's tokens, and reference images to edit. */
final class Flux2Model implements OpenModel {
  private static final int SIDE = 64;
  private static final float TRAINING_STEPS = 1000;
  private static final double MAX_PIXELS = 1024 * 1024;
  private static final int MIN_REFERENCE_SIDE = 64;
  private static final int MAX_REFERENCE_RATIO = 8;

  /**
   * Linear fits of the shift for 10 and for 200 steps, and the limit of the first one (diffusers:
   * {@code compute_empirical_mu}).
   */
  private static final double SLOPE_10 = 8.73809524e-05;

  private static final double OFFSET_10 = 1.89833333;
  private static final double SLOPE_200 = 0.00016927;
  private static final double OFFSET_200 = 0.45666666;
  private static final long LARGE = 4300;

  private final Flux2Family family;
  private final Flux2Networks model;
  private final Capabilities capabilities;

  Flux2Model(Flux2Family family, Flux2Networks model) {
    this.family = family;
    this.model = model;
    this.capabilities = Capabilities.of(
        CachePoints.BLOCKS,
        new TextInputs(1, LoadedQwen3.MAX_TOKENS, false),
        new ReferenceTokens(),
        model.config().nonCommercial(),
        Flux2Networks.Flux2TrainingTarget.of(model));
  }

  @Override
  public Flux2Family family() {
    return family;
  }

  @Override
  public Flux2Networks networks() {
    return model;
  }

  @Override
  public NetworkLayout layout(int latentPixels) {
    return Flux2Transformer2DModel.layout(model.config(), latentPixels);
  }

  @Override
  public Capabilities capabilities() {
    return capabilities;
  }

  @Override
  public GenerationDefaults defaults(ImageRequest request) {
    int pixels = SIDE * sizeMultiple();
    boolean masked =
        request.isImageToImage() && request.initialImage().orElseThrow().isMasked();
    return new GenerationDefaults(
        model.keepsReferences() ? 4 : 50, masked ? 8 : 4, pixels, pixels, 1, 0.8, 0);
  }

  private int sizeMultiple() {
    return model.autoencoder().vaeScaleFactor();
  }

  @Override
  public LatentSpace latents() {
    return new LatentSpace(sizeMultiple(), Double.POSITIVE_INFINITY, false, false, true);
  }

  @Override
  public double guidanceScale(ImageRequest request) {
    return model.isDistilled() ? 1 : request.guidance().getAsDouble();
  }

  /** Reference images as tokens; sizes as in diffusers' {@code Flux2ImageProcessor}. */
  private final class ReferenceTokens implements Editing {
    @Override
    public int maxImages() {
      return Integer.MAX_VALUE;
    }

    @Override
    public RgbImage prepare(RgbImage image, boolean ownSize) {
      double scale = Math.sqrt(MAX_PIXELS / ((double) image.width() * image.height()));
      RgbImage small = scale >= 1 || ownSize
          ? image
          : PillowResampling.LANCZOS.resize(
              image, (int) (image.width() * scale), (int) (image.height() * scale));
      int width = small.width() / sizeMultiple() * sizeMultiple();
      int height = small.height() / sizeMultiple() * sizeMultiple();
      return small.crop((small.width() - width) / 2, (small.height() - height) / 2, width, height);
    }

    @Override
    public String imageName(int number) {
      return "image " + number;
    }

    @Override
    public void requireUsable(RgbImage image) {
      int least = Math.min(image.width(), image.height());
      if (least < MIN_REFERENCE_SIDE) {
        throw new IllegalArgumentException("a reference image of " + image.width() + "x"
            + image.height() + " is too small; give an image of at least " + MIN_REFERENCE_SIDE
            + " pixels a side");
      }
      if (Math.max(image.width(), image.height()) > MAX_REFERENCE_RATIO * (long) least) {
        throw new IllegalArgumentException("a reference image of " + image.width() + "x"
            + image.height() + " is too narrow; give an image with an aspect ratio of at most "
            + MAX_REFERENCE_RATIO + ":1");
      }
    }
  }

  @Override
  public PlanRequest adjustPlan(
      PlanRequest unadjusted, ImageRequest request, SchedulerConfig scheduler) {
    double mu = mu(latents().tokens(request), unadjusted.steps());
    return FlowPlan.withShiftedSigmas(unadjusted, scheduler, model.scheduler(), mu);
  }

  /** The exponent of the shift, by tokens and steps (diffusers' {@code compute_empirical_mu}). */
  static double mu(long tokens, int steps) {
    double at200 = SLOPE_200 * tokens + OFFSET_200;
    double at10 = SLOPE_10 * tokens + OFFSET_10;
    double perStep = (at200 - at10) / 190;
    return tokens > LARGE ? at200 : perStep * steps + at200 - 200 * perStep;
  }

  @Override
  public Conditioning encode(
      ImageRequest request,
      Function<ModelComponent, Adaptation> adaptation,
      PromptSchedule schedule) {
    return model
        .textEncoder()
        .encode(
            request,
            guidanceScale(request) > 1,
            adaptation.apply(ModelComponent.TEXT_ENCODER),
            schedule);
  }

  @Override
  public Stream<TruncatedPrompt> truncated(PromptOptions prompts, boolean negativePrompt) {
    return Stream.of(model.textEncoder().truncated(prompts, negativePrompt));
  }

  @Override
  public PromptedNetwork network(ConditionedBatch batch, PreparedLatents latents) {
    ImageRequest request = batch.request();
    List<Flux2Transformer2DModel> views =
        batch.adaptedNetworks(batch.adaptation(ModelComponent.TRANSFORMER), model::transformer);
    TextEncoding text = batch.constant(guidanceScale(request) > 1);
    RotaryEmbedding rotation = Flux2Config.Flux2Positions.rotation(
            model.config(),
            text.tokens().size(1),
            request.height().getAsInt() / sizeMultiple(),
            request.width().getAsInt() / sizeMultiple(),
            model.keepsReferences() ? List.of() : latents.references(),
            new Device(model.compute().device()))
        .weighLastKeys(
            model.keepsReferences() ? latents.referenceTokens(1) : 0,
            latents.referenceTokens(1),
            request.referenceImages().strength());
    return PromptedNetwork.ofRows(
        batch,
        text.tokens().size(0),
        (degraded, first, count) ->
            predictor(batch, latents, views, text.narrow(first, count).tokens(), rotation));
  }

  private Predictor predictor(
      ConditionedBatch batch,
      PreparedLatents latents,
      List<Flux2Transformer2DModel> views,
      Tensor text,
      RotaryEmbedding rotation) {
    FirstBlockCache cache = FirstBlockCache.of(batch.request().caching());
    List<Tensor> references = latents.references().stream().map(this::pack).toList();
    boolean kept = model.keepsReferences() && !references.isEmpty();
    Flux2Transformer2DModel.ReferenceKeys keys = kept
        ? views
            .get(0)
            .referenceKeys(
                torch.cat(new TensorVector(references.toArray(Tensor[]::new)), 1),
                Flux2Config.Flux2Positions.ofReferences(
                    model.config(),
                    latents.references(),
                    new Device(model.compute().device())))
        : null;
    return (input, step) -> {
      Tensor own = pack(input);
      Tensor tokens = kept ? own : withReferences(own, references);
      Tensor time = Tensors.scalar((float) step.timestep() / TRAINING_STEPS, input);
      Tensor answer = views
          .get(step.index())
          .forward(tokens, batch.expandToBatch(time, input.size(0)), text, rotation, cache, keys);
      return answer
          .narrow(1, 0, own.size(1))
          .to(ScalarType.Float)
          .transpose(1, 2)
          .reshape(input.size(0), -1, input.size(2), input.size(3));
    };
  }

  private static Tensor withReferences(Tensor own, List<Tensor> references) {
    if (references.isEmpty()) {
      return own;
    }
    TensorVector all = new TensorVector(own);
    references.forEach(reference -> all.push_back(reference.expand(own.size(0), -1, -1)));
    return torch.cat(all, 1);
  }

  private Tensor pack(Tensor latents) {
    return Tensors.place(model.compute(), latents).flatten(2, 3).transpose(1, 2);
  }
}
