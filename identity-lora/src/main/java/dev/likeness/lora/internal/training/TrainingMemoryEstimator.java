package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.BackwardMemory;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.T5Encoder;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.OptimizationSettings;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingSettings;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.DoubleStream;

/**
 * Estimates the memory of a training: weights, trained values with their gradients and the state of
 * the optimizer, and the activations that {@link BackwardMemory} counts.
 */
public final class TrainingMemoryEstimator {
  private static final BlockNames TEXT_BLOCKS = ClipTextEncoder.BLOCKS.and(T5Encoder.BLOCKS);

  /** The memory of a layer of a text encoder, by its inputs and outputs. */
  private static final double TEXT_FACTOR = 1.35;

  /** An allowance for the Java process and libtorch beside the training. */
  private static final long PROCESS = 400L << 20;

  private static final int F32 = 4;
  /** LoHa's two matrices, their product, and the product with the scale. */
  private static final int FACTORS = 4;
  /** The bytes of text encoders from which a training frees them. */
  private static final long LARGE_TEXT = 64L << 20;

  private final TrainingTarget target;
  private final Predicate<TargetLayer> isTrained;
  private final BackwardMemory activations;
  private final Map<String, Long> products = new LinkedHashMap<>();

  /**
   * Estimates the memory for images of a size. {@code whole} is true for
   * {@link dev.likeness.lora.DreamBooth}, {@code withValidation} with
   * {@link dev.likeness.lora.training.ValidationOptions}.
   */
  public static TrainingMemory estimate(
      TrainingSettings settings,
      BaseModel base,
      int width,
      int height,
      boolean whole,
      boolean withValidation) {
    OpenModel model = EngineAccess.model(base);
    int bytes = model.compute().dtype().bits() / Byte.SIZE;
    int factor = model.autoencoder().vaeScaleFactor();
    Set<ModelComponent> trainedComponents = EnumSet.of(TrainingTarget.of(model).component());
    if (settings.trainTextEncoder()) {
      TrainingTarget.of(model)
          .clipTextEncoders()
          .forEach(textEncoder -> trainedComponents.add(textEncoder.component()));
    }
    Predicate<TargetLayer> trainedLayers =
        TrainableDelta.trainedLayers(settings, TrainingTarget.of(model));
    TrainingMemoryEstimator count = new TrainingMemoryEstimator(
        model,
        width / factor * (height / factor),
        layer -> whole ? trainedComponents.contains(layer.component()) : trainedLayers.test(layer));
    boolean checkpointing = settings.gradientCheckpointing();
    double activations = checkpointing
        ? count.activations().recomputedBytes()
        : count.activations().keptBytes();
    double products =
        !whole && settings.algorithm() == AdapterAlgorithm.LOHA ? count.products(checkpointing) : 0;
    int rows = settings.batchSize() * (settings.classImages() > 0 ? 2 : 1);
    ModelComponent network = TrainingTarget.of(model).component();
    boolean generates = withValidation || settings.classImages() > 0;
    long texts = textBytes(model);
    long own = model.weights(network).unpacked().bytes(generates);
    boolean trainsTexts = whole
        ? trainedComponents.size() > 1
        : LayerTable.of(model).layers().stream()
            .anyMatch(layer -> layer.component() != network && trainedLayers.test(layer));
    // Text encoders are freed after the captions are encoded, unless they are needed again.
    long weights =
        trainsTexts || generates || !freesTextEncoders(model) ? texts + own : Math.max(texts, own);
    long generation = generates ? model.autoencoder().decodingMemory(width, height) : 0;
    long each = whole ? whole(settings.optimization(), bytes) : each(settings.optimization(), F32);
    long trained = (whole
            ? trainedComponents.stream()
                .mapToLong(component -> numbers(model, component))
                .sum()
            : factors(settings, model))
        * (each + (withValidation ? best(settings.optimization(), whole, bytes) : 0));
    return new TrainingMemory(
        weights, trained, (long) (activations * rows + products), generation, PROCESS);
  }

  /**
   * Returns true if the text encoders are so large that a training frees them once captions are
   * encoded. Small ones stay, because the next generation would read them again.
   */
  static boolean freesTextEncoders(OpenModel model) {
    return textBytes(model) >= LARGE_TEXT;
  }

  private static long textBytes(OpenModel model) {
    ModelComponent network = TrainingTarget.of(model).component();
    return Arrays.stream(ModelComponent.values())
        .filter(component -> component != network && model.weights(component) != null)
        .mapToLong(component -> model.weights(component).unpacked().loadedBytes())
        .sum();
  }

  private static long numbers(OpenModel model, ModelComponent component) {
    return model.tensorNames(component).stream()
        .mapToLong(
            name -> Arrays.stream(model.tensorShape(component, name)).reduce(1, (a, b) -> a * b))
        .sum();
  }

  private static long factors(TrainingSettings settings, OpenModel model) {
    return LayerTable.of(model).layers().stream()
        .filter(TrainableDelta.trainedLayers(settings, TrainingTarget.of(model)))
        .mapToLong(layer -> TrainableDelta.parameterCount(settings, layer))
        .sum();
  }

  /**
   * Returns the bytes per value of a whole network. Weights in another dtype than the trained
   * values are converted in each step.
   */
  private static long whole(OptimizationSettings options, int bytes) {
    return options.stochasticRounding()
        ? each(options, bytes)
        : each(options, F32) + (bytes == F32 ? 0 : bytes);
  }

  /**
   * Returns the bytes per value of the best validation: the value itself, and for a whole network
   * in another dtype the weights that generate.
   */
  private static int best(OptimizationSettings options, boolean whole, int bytes) {
    boolean own = !whole || bytes == F32 || options.stochasticRounding();
    return (whole && options.stochasticRounding() ? bytes : F32) + (own ? 0 : bytes);
  }

  /** Returns the bytes per trained value: value, gradient, optimiser state and average. */
  private static long each(OptimizationSettings options, int bytes) {
    return 2L * bytes
        + (options.emaDecay() == 0 ? 0 : F32)
        + switch (options.optimizer()) {
          case ADAMW, ADAMW_SCHEDULE_FREE -> 2 * F32;
          case ADAMW_8BIT -> 2;
          case LION -> F32;
          case ADAFACTOR -> 1;
          case PRODIGY -> 4 * F32;
        };
  }

  /**
   * Adds up the layers for latents of {@code latentPixels} pixels; {@code isTrained} says which
   * layers are trained.
   */
  TrainingMemoryEstimator(OpenModel model, int latentPixels, Predicate<TargetLayer> isTrained) {
    target = TrainingTarget.of(model);
    this.isTrained = isTrained;
    activations = new BackwardMemory(model.layout(latentPixels), model.compute().dtype());
    LayerTable.of(model).layers().stream().filter(layer -> !layer.isNorm()).forEach(this::add);
  }

  /** Returns the account of the activations for one image. */
  BackwardMemory activations() {
    return activations;
  }

  /** Returns the bytes of the matrices that LoHa multiplies, of all blocks or of the largest. */
  private double products(boolean checkpointing) {
    DoubleStream bytes = products.values().stream().mapToDouble(values -> FACTORS * F32 * values);
    return checkpointing ? bytes.max().orElse(0) : bytes.sum();
  }

  private void add(TargetLayer layer) {
    boolean trained = isTrained.test(layer);
    if (trained) {
      products.merge(
          block(layer),
          layer.out() * layer.in() * layer.kernelSize() * layer.kernelSize(),
          Long::sum);
    }
    if (layer.component() == target.component()) {
      long[] shape = layer.shape().stream().mapToLong(side -> side).toArray();
      activations.addLayer(layer.path(), shape, trained);
    } else if (trained) {
      activations.addOther(
          TEXT_FACTOR * textTokens(layer.component()) * (layer.in() + layer.out()));
    }
  }

  private String block(TargetLayer layer) {
    Optional<String> block = layer.component() == target.component()
        ? activations.blockOf(layer.path())
        : TEXT_BLOCKS.blockOf(layer.path()).map(path -> layer.component().folder() + "." + path);
    return block.orElse(layer.name());
  }

  private int textTokens(ModelComponent textEncoder) {
    return target
        .longText()
        .filter(t5 -> t5.encoder().component() == textEncoder)
        .map(TrainingTarget.LongText::tokens)
        .orElseGet(() -> target.clipTextEncoders().stream()
            .filter(clip -> clip.component() == textEncoder)
            .mapToInt(clip -> clip.tokenizer().maxLength())
            .findFirst()
            .orElse(0));
  }
}
