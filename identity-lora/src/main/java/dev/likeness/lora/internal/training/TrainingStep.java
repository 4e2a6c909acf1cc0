package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.Adafactor;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.internal.training.AdamW8bit;
import dev.likeness.diffusion.internal.training.GradientCheckpointing;
import dev.likeness.diffusion.internal.training.GradientClipping;
import dev.likeness.diffusion.internal.training.LearningRateSchedule;
import dev.likeness.diffusion.internal.training.Lion;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.Prodigy;
import dev.likeness.lora.training.LearningRate;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingSettings;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One step of the optimiser, of one or several batches: adds noise to batches, computes the loss of
 * the predictions, and updates the weights. Its state can be saved between two batches.
 */
public class TrainingStep implements TrainingCheckpoint.Stateful {
  // The defaults of torch.optim.AdamW; Prodigy's authors have the same.
  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;
  private static final double EPS = 1e-8;
  /** The default of Lion's authors (Chen et al. 2023, arXiv:2302.06675, algorithm 2). */
  private static final double LIONS_BETA2 = 0.99;

  private static final String BATCHES_KEY = "likeness.batches_of_step";
  private static final String LOSS_KEY = "likeness.loss_of_step";
  private static final String GRADIENT_PREFIX = "gradient.";
  private static final String ADVICE =
      "delete the state file, if there is one, and train again with a lower learning"
          + " rate, or in f32 instead of bf16";
  /** Advice for a loss that is not finite before the training has changed a weight. */
  private static final String ADVICE_AT_START =
      "the training has changed no weight yet, so the base or an image gives values that are not"
          + " finite: generate an image with the base, and train in f32 instead of bf16";

  private final TrainingTarget target;
  private final TrainableNetworks networks;
  private final Optimizer optimizer;
  private final TrainingObjective objective;
  private final CaptionEncodings texts;
  private final TrainableNetworks base;
  private final CaptionEncodings baseTexts;
  private int accumulated;
  private double lossSum;

  public TrainingStep(
      TrainingTarget model,
      TrainableNetworks networks,
      Optimizer optimizer,
      TrainingObjective objective,
      CaptionEncodings texts) {
    this(model, networks, optimizer, objective, texts, null, null);
  }

  /** Creates a step with the unadapted base and its conditioning, which masked images need. */
  TrainingStep(
      TrainingTarget target,
      TrainableNetworks networks,
      Optimizer optimizer,
      TrainingObjective objective,
      CaptionEncodings texts,
      TrainableNetworks base,
      CaptionEncodings baseTexts) {
    this.base = base;
    this.baseTexts = baseTexts;
    this.target = target;
    this.networks = networks;
    this.optimizer = optimizer;
    this.objective = objective;
    this.texts = texts;
  }

  /**
   * A batch and its random values.
   *
   * @param latents latents [batch, channels, h, w], f32, CPU
   * @param noise the noise to predict, of the same shape
   * @param inputNoise the noise of the network input, usually the same
   * @param levels the noise level of each image
   * @param captions the index of the caption of each image
   * @param instanceCount number of images of the person at the start of the batch; the others are
   *     class images
   * @param focus loss weights of each position, [batch, 1, h, w] with mean 1, or null
   * @param mask share of each position's loss, [batch, 1, h, w] from 0 to 1, or null for everything
   */
  public record Batch(
      Tensor latents,
      Tensor noise,
      Tensor inputNoise,
      double[] levels,
      int[] captions,
      int instanceCount,
      Tensor focus,
      Tensor mask) {
    /** Creates a batch without a mask. */
    Batch(
        Tensor clean,
        Tensor noise,
        Tensor seen,
        double[] levels,
        int[] captions,
        int own,
        Tensor focus) {
      this(clean, noise, seen, levels, captions, own, focus, null);
    }
  }

  /** Returns the learning rate at each step. */
  static LearningRateSchedule schedule(TrainingSettings settings) {
    LearningRate rate = settings.optimization().learningRate();
    int warmup = rate.warmupSteps();
    if (settings.optimizer() == TrainingOptimizer.ADAMW_SCHEDULE_FREE) {
      return LearningRateSchedule.constant(rate.peak()).warmup(warmup);
    }
    int rest = settings.steps() - warmup;
    return switch (rate.scheduler()) {
      case COSINE_FROM_START ->
        LearningRateSchedule.cosine(rate.peak(), settings.steps()).warmup(warmup);
      case CONSTANT -> LearningRateSchedule.constant(rate.peak()).after(warmup, rate.peak());
      case LINEAR -> LearningRateSchedule.linear(rate.peak(), rest).after(warmup, rate.peak());
      case COSINE -> LearningRateSchedule.restarts(rate.peak(), rest, 1).after(warmup, rate.peak());
      case COSINE_WITH_RESTARTS ->
        LearningRateSchedule.restarts(rate.peak(), rest, rate.cycles()).after(warmup, rate.peak());
    };
  }

  /**
   * Returns the optimiser with the settings' weight decay, and otherwise the defaults of its
   * authors.
   *
   * @param whole true if it trains whole weights, false for deltas of which a part starts at zero
   */
  static Optimizer optimizer(TrainingSettings settings, boolean whole) {
    double weightDecay = settings.weightDecay();
    return switch (settings.optimizer()) {
      case ADAMW -> new AdamW(BETA1, BETA2, EPS, weightDecay);
      case ADAMW_8BIT -> new AdamW8bit(BETA1, BETA2, EPS, weightDecay);
      case ADAFACTOR -> new Adafactor(weightDecay, whole);
      case PRODIGY -> new Prodigy(BETA1, BETA2, EPS, weightDecay);
      case LION -> new Lion(BETA1, LIONS_BETA2, weightDecay);
      case ADAMW_SCHEDULE_FREE -> new AdamW.ScheduleFree(BETA1, BETA2, EPS, weightDecay);
    };
  }

  /** Returns the number of finished batches of this step. */
  int accumulated() {
    return accumulated;
  }

  /**
   * Updates the weights by the gradients of the step's batches.
   *
   * @return the mean loss of the batches
   * @throws InvalidInputException if the gradient norm is no longer a number; the weights are then
   *     unchanged
   */
  public double optimize(TrainingSettings settings, double rate) {
    Map<String, Tensor> moving =
        networks.activeWeights((double) optimizer.steps() / settings.steps());
    requireNumber(
        "the gradients' length", GradientClipping.clip(moving.values(), settings.maxGradNorm()));
    optimizer.step(moving, rate);
    double loss = lossSum / accumulated;
    accumulated = 0;
    lossSum = 0;
    return loss;
  }

  /**
   * Computes the gradients of one batch of the step.
   *
   * @throws InvalidInputException if the loss is no longer a number; the weights are then unchanged
   */
  public void backward(Batch batch, TrainingSettings settings) {
    try (TensorScope scope = TensorScope.open();
        CustomGradients custom = CustomGradients.open();
        GradientCheckpointing recomputing = new GradientCheckpointing()) {
      boolean checkpointing = settings.gradientCheckpointing();
      Tensor loss = loss(
          batch, settings.priorLossWeight(), checkpointing ? recomputing : SegmentRunner.PLAIN);
      double value = loss.item_double();
      GradientClipping.FiniteNumbers.require(
          "the loss", value, optimizer.steps(), optimizer.steps() == 0 ? ADVICE_AT_START : ADVICE);
      int all = settings.gradientAccumulationSteps();
      Tensor part = all == 1 ? loss : loss.div(new Scalar((double) all));
      try {
        if (checkpointing) {
          recomputing.backward(part);
        } else {
          part.backward();
        }
      } catch (CancelledException e) {
        discardBatches();
        throw e;
      }
      accumulated++;
      lossSum += value;
    }
  }

  /** Begins the step again, because gradients of a part of a network were added. */
  private void discardBatches() {
    networks.weights().leaves().values().forEach(leaf -> {
      if (leaf.grad().defined()) {
        leaf.grad().zero_();
      }
    });
    accumulated = 0;
    lossSum = 0;
  }

  /**
   * Checks that weights are still numbers. Otherwise only the next loss would show it.
   *
   * @throws InvalidInputException if a value is not a number
   */
  void requireNumbers(Collection<Tensor> weights) {
    GradientClipping.FiniteNumbers.require(weights, optimizer.steps(), ADVICE);
  }

  private void requireNumber(String what, double value) {
    GradientClipping.FiniteNumbers.require(what, value, optimizer.steps(), ADVICE);
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of(BATCHES_KEY, Integer.toString(accumulated), LOSS_KEY, Double.toString(lossSum));
  }

  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> gradients = new LinkedHashMap<>();
    if (accumulated > 0) {
      networks.weights().leaves().forEach((name, leaf) -> {
        if (leaf.grad().defined()) {
          gradients.put(GRADIENT_PREFIX + name, leaf.grad());
        }
      });
    }
    return gradients;
  }

  @Override
  public void resume(Map<String, String> metadata) {
    accumulated = Integer.parseInt(metadata.getOrDefault(BATCHES_KEY, "0"));
    lossSum = Double.parseDouble(metadata.getOrDefault(LOSS_KEY, "0"));
  }

  @Override
  public void resume(String name, Tensor value) {
    if (name.startsWith(GRADIENT_PREFIX)) {
      Tensor leaf = networks.weights().leaves().get(name.substring(GRADIENT_PREFIX.length()));
      // The gradient of a product with a constant is exactly that constant.
      leaf.mul(value.to(leaf.device(), value.scalar_type())).sum().backward();
    }
  }

  /**
   * Returns the target for masked images. Outside the mask it is the prediction of the base, so
   * nothing changes there.
   */
  private Tensor maskTarget(Batch batch, Tensor noised, Tensor target) {
    if (batch.mask == null) {
      return target;
    }
    try (NoGradGuard guard = new NoGradGuard()) {
      Tensor usual = this.target
          .predict(
              base, noised, batch.levels, baseTexts.encode(batch.captions), SegmentRunner.PLAIN)
          .cpu();
      return usual.to(ScalarType.Float).lerp(target, batch.mask);
    }
  }

  /**
   * Returns the loss of the batch: that of the person plus the weighted loss of the class images.
   */
  Tensor loss(Batch batch, double priorWeight, SegmentRunner segments) {
    double[] levels = batch.levels;
    Tensor noised = objective.addNoise(batch.latents, batch.inputNoise, levels);
    // The base computes first, before activations of the trained network need memory.
    Tensor target = maskTarget(batch, noised, objective.target(batch.latents, batch.noise, levels));
    Tensor answer = this.target
        .predict(networks, noised, levels, texts.encode(batch.captions), segments)
        .cpu();
    int own = batch.instanceCount;
    int others = levels.length - own;
    if (others == 0) {
      return objective.loss(answer, target, batch.focus, levels);
    }
    Tensor person = objective.loss(
        answer.narrow(0, 0, own),
        target.narrow(0, 0, own),
        batch.focus == null ? null : batch.focus.narrow(0, 0, own),
        Arrays.copyOf(levels, own));
    Tensor prior = objective.loss(
        answer.narrow(0, own, others),
        target.narrow(0, own, others),
        null,
        Arrays.copyOfRange(levels, own, levels.length));
    return person.add(prior.mul(new Scalar(priorWeight)));
  }
}
