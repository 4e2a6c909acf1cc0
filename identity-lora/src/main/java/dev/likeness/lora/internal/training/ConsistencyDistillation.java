package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Prediction;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A step of few-step distillation (Luo et al. 2023, arXiv:2310.04378, algorithm 1 with skipped
 * steps, as a LoRA: arXiv:2311.05556). At any timestep the network must predict the same image as
 * at a later point of the trajectory, to which the base solves with guidance. The base takes DDIM
 * steps. The boundary condition is that of {@code LCMScheduler}, which samples with such a LoRA.
 */
final class ConsistencyDistillation extends TrainingStep {
  /**
   * The number of DDIM steps of the base's whole trajectory, as
   * {@code LCMScheduler.original_inference_steps}.
   */
  private static final int DDIM_STEPS = 50;
  /**
   * The distance that the base solves ahead: this many solver steps, each over several DDIM steps.
   * A single DDIM step, as in the paper, changes the prediction by little more than bf16 rounding.
   * A small network with small batches would be trained on that noise.
   */
  private static final int SOLVER_STEPS = 2;

  /** The DDIM steps of a solver step. */
  private static final int STEP_STRIDE = 5;
  /** Of the boundary condition: {@code LCMScheduler.timestep_scaling}. */
  private static final double TIMESTEP_SCALING = 10;
  /** The square of {@code sigma_data} = 0.5 in {@code LCMScheduler}. */
  private static final double SIGMA_DATA_SQUARED = 0.25;
  /**
   * The default {@code huber_c} of diffusers' {@code train_lcm_distill_lora_sdxl.py}: the error at
   * which the pseudo-Huber loss changes from squared to absolute.
   */
  private static final double HUBER_C = 1e-3;

  private final OpenModel model;
  private final TrainingTarget target;
  private final TrainableNetworks networks;
  private final TrainableNetworks base;
  private final TrainingObjective objective;
  private final CaptionEncodings texts;
  private final CaptionEncodings emptyPrompt;
  private final double guidance;

  ConsistencyDistillation(
      OpenModel model,
      TrainingTarget target,
      TrainableNetworks networks,
      Optimizer optimizer,
      TrainingObjective objective,
      CaptionEncodings texts,
      double guidance,
      TensorRegion region) {
    super(target, networks, optimizer, objective, texts);
    if (!(objective instanceof TrainingObjective.DenoisingObjective)) {
      throw new IllegalArgumentException(
          "few-step distillation does not support a rectified-flow base; use a base with a UNet");
    }
    this.model = model;
    this.target = target;
    this.networks = networks;
    this.base = new FrozenBase(model);
    this.objective = objective;
    this.texts = texts;
    this.emptyPrompt = CaptionEncodings.encode(target, List.of(""), base, region);
    this.guidance = guidance;
  }

  /**
   * The base without trained weights.
   *
   * @param added the training adapter's changes of each component
   */
  record FrozenBase(OpenModel model, Function<ModelComponent, Adaptation> added)
      implements TrainableNetworks {
    /** The unchanged base. */
    FrozenBase(OpenModel model) {
      this(model, component -> Adaptation.NONE);
    }

    @Override
    public TrainableNetworks untrained() {
      return this;
    }

    @Override
    public TrainableWeights weights() {
      throw new IllegalStateException(
          "few-step distillation uses the base unchanged; ask its adapter for"
              + " trainable weights");
    }

    @Override
    public Weights network(ModelComponent component) {
      return Weights.of(
          new TrainableNetworks.BaseTensors(model, component), added.apply(component));
    }

    @Override
    public boolean isTrained(ModelComponent component) {
      return false;
    }

    @Override
    public ModelAdapter adapterFor(Function<String, Tensor> values, TensorRegion region) {
      return () -> Contribution.NONE;
    }
  }

  @Override
  Tensor loss(Batch batch, double priorWeight, SegmentRunner segments) {
    int length = model.scheduler().noiseSchedule().length();
    int stride = length / DDIM_STEPS;
    double[] now = map(
        batch.levels(),
        level -> Math.min(DDIM_STEPS - 1, (int) (level / stride)) * stride + stride - 1.0);
    TextEncoding text = texts.encode(batch.captions());
    Tensor noised = objective.addNoise(batch.latents(), batch.inputNoise(), now);
    Tensor target;
    try (NoGradGuard guard = new NoGradGuard()) {
      Tensor further = noised;
      double[] at = now;
      for (int jump = 0; jump < SOLVER_STEPS; jump++) {
        double[] next = map(at, t -> Math.max(0, t - STEP_STRIDE * stride));
        further = solverStep(further, at, next, text);
        at = next;
      }
      target = consistencyOutput(networks, further, at, text, SegmentRunner.PLAIN);
    }
    Tensor difference = consistencyOutput(networks, noised, now, text, segments).sub(target);
    return difference
        .square()
        .add(new Scalar(HUBER_C * HUBER_C))
        .sqrt()
        .sub(new Scalar(HUBER_C))
        .mean();
  }

  /**
   * Returns the latents after one DDIM step of the base with guidance (arXiv:2010.02502, equation
   * 12, without noise).
   */
  private Tensor solverStep(Tensor noised, double[] now, double[] next, TextEncoding text) {
    Tensor wanted = predict(base, noised, now, text, SegmentRunner.PLAIN);
    Tensor negativePrompt =
        predict(base, noised, now, unconditional(now.length), SegmentRunner.PLAIN);
    Tensor guided = negativePrompt.add(wanted.sub(negativePrompt), new Scalar(guidance));
    Tensor clean = predictedX0(noised, guided, now);
    Tensor noise = noised
        .sub(clean.mul(perImage(now, NoiseLevel::alpha)))
        .div(perImage(now, NoiseLevel::sigma));
    return clean
        .mul(perImage(next, NoiseLevel::alpha))
        .add(noise.mul(perImage(next, NoiseLevel::sigma)));
  }

  /** Returns the conditioning of an empty negative prompt, repeated for each row. */
  private TextEncoding unconditional(int rows) {
    TextEncoding empty = emptyPrompt.encode(new int[rows]);
    return target.emptyNegative(empty);
  }

  /** Returns the predicted x0 for latents at these timesteps (arXiv:2310.04378, equation 9). */
  private Tensor consistencyOutput(
      TrainableNetworks who,
      Tensor noised,
      double[] timesteps,
      TextEncoding text,
      SegmentRunner segments) {
    Tensor clean = predictedX0(noised, predict(who, noised, timesteps, text, segments), timesteps);
    double[] spreads =
        map(timesteps, t -> t * t * TIMESTEP_SCALING * TIMESTEP_SCALING + SIGMA_DATA_SQUARED);
    double[] found = new double[spreads.length];
    for (int i = 0; i < found.length; i++) {
      found[i] = timesteps[i] * TIMESTEP_SCALING / Math.sqrt(spreads[i]);
    }
    return clean
        .mul(Tensors.perImage(found))
        .add(noised.mul(Tensors.perImage(map(spreads, s -> SIGMA_DATA_SQUARED / s))));
  }

  private Tensor predictedX0(Tensor noised, Tensor answer, double[] timesteps) {
    Prediction prediction = model.scheduler().prediction();
    return noised
        .mul(perImage(timesteps, level -> prediction.scaling(level).skip()))
        .add(answer.mul(perImage(timesteps, level -> prediction.scaling(level).output())));
  }

  private Tensor predict(
      TrainableNetworks who,
      Tensor noised,
      double[] timesteps,
      TextEncoding text,
      SegmentRunner segments) {
    return target.predict(who, noised, timesteps, text, segments).cpu().to(ScalarType.Float);
  }

  private Tensor perImage(double[] timesteps, ToDoubleFunction<NoiseLevel> number) {
    return Tensors.perImage(map(
        timesteps, t -> number.applyAsDouble(model.scheduler().noiseSchedule().level((int) t))));
  }

  private static double[] map(double[] numbers, DoubleUnaryOperator change) {
    return DoubleStream.of(numbers).map(change).toArray();
  }
}
