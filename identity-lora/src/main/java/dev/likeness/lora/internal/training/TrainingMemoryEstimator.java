package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LayerPositions;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.TrainingMemory;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;
import org.bytedeco.pytorch.global.torch;

/**
 * Estimates the memory of a training step beside weights and trained values, for one image, from
 * the shapes of the layers: activations that the forward pass keeps for the backward pass
 * (benchmarks/cpu-kernels.md, "What a step of learning keeps"), and temporary memory of a block.
 */
public final class TrainingMemoryEstimator {
  private static final Pattern SHARED_INPUT =
      Pattern.compile(".*(to_[kv]|add_[kv]_proj|conv_shortcut)");
  private static final Pattern ADAPTIVE = Pattern.compile(".*norm1?(_context)?\\.linear");
  /** The memory of a layer of a text encoder, by its inputs and outputs. */
  private static final double TEXT_FACTOR = 1.35;
  /**
   * The ratio of the heap of glibc to the memory in use, because freed tensors lie between kept
   * ones. Measured values are 1.4 to 2.0.
   */
  private static final double OVERHEAD = 1.65;

  private static final long PROCESS = 400L << 20;
  private static final int F32 = 4;
  /** LoHa's two matrices, their product, and the product with the scale. */
  private static final int FACTORS = 4;
  /** The bytes of text encoders from which a training frees them. */
  private static final long LARGE_TEXT = 64L << 20;

  private final OpenModel model;
  private final TrainingTarget target;
  private final LayerPositions positions;
  private final Predicate<TargetLayer> isTrained;
  private final int bytes;
  private final Map<String, BlockLoad> blocks = new LinkedHashMap<>();
  private final Map<String, Long> products = new LinkedHashMap<>();
  private double checkpointed;
  private double textActivations;

  /**
   * Estimates the memory for images of a size. {@code whole} is true for
   * {@link dev.likeness.lora.DreamBooth}, {@code withValidation} with
   * {@link dev.likeness.lora.training.ValidationOptions}.
   */
  public static TrainingMemory estimate(
      LoraTraining settings,
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
    boolean checkpointing = settings.optimizerOptions().gradientCheckpointing();
    double activations = checkpointing ? count.withCheckpointing() : count.withoutCheckpointing();
    double products = !whole && settings.optimizerOptions().algorithm() == AdapterAlgorithm.LOHA
        ? count.products(checkpointing)
        : 0;
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
    long each =
        whole ? whole(settings.optimizerOptions(), bytes) : each(settings.optimizerOptions(), F32);
    long trained = (whole
            ? trainedComponents.stream()
                .mapToLong(component -> numbers(model, component))
                .sum()
            : factors(settings, model))
        * (each + (withValidation ? best(settings.optimizerOptions(), whole, bytes) : 0));
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

  private static long factors(LoraTraining settings, OpenModel model) {
    return LayerTable.of(model).layers().stream()
        .filter(TrainableDelta.trainedLayers(settings, TrainingTarget.of(model)))
        .mapToLong(layer -> TrainableDelta.parameterCount(settings, layer))
        .sum();
  }

  /**
   * Returns the bytes per value of a whole network. Weights in another dtype than the trained
   * values are converted in each step.
   */
  private static long whole(OptimizerOptions options, int bytes) {
    return options.stochasticRounding()
        ? each(options, bytes)
        : each(options, F32) + (bytes == F32 ? 0 : bytes);
  }

  /**
   * Returns the bytes per value of the best validation: the value itself, and for a whole network
   * in another dtype the weights that generate.
   */
  private static int best(OptimizerOptions options, boolean whole, int bytes) {
    boolean own = !whole || bytes == F32 || options.stochasticRounding();
    return (whole && options.stochasticRounding() ? bytes : F32) + (own ? 0 : bytes);
  }

  /** Returns the bytes per trained value: value, gradient, optimiser state and average. */
  private static long each(OptimizerOptions options, int bytes) {
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
   * Adds up the layers for latents of {@code positions} positions; {@code isTrained} says which
   * layers are trained.
   */
  public TrainingMemoryEstimator(OpenModel model, int places, Predicate<TargetLayer> isTrained) {
    this.model = model;
    target = TrainingTarget.of(model);
    this.positions = target.layerPositions(places);
    this.isTrained = isTrained;
    bytes = model.compute().dtype().bits() / Byte.SIZE;
    LayerTable.of(model).layers().stream().filter(layer -> !layer.isNorm()).forEach(this::add);
  }

  /**
   * Returns the bytes without gradient checkpointing: all kept activations, and about half of the
   * temporary memory of a block.
   */
  public double withoutCheckpointing() {
    double kept =
        blocks.values().stream().mapToDouble(load -> load.keptBytes(bytes)).sum();
    double beside = blocks.values().stream()
        .mapToDouble(load -> load.peakBytes(bytes) - load.keptBytes(bytes))
        .max()
        .orElse(0);
    return OVERHEAD * (textActivations * bytes + kept + beside / 2);
  }

  /**
   * Returns the bytes with gradient checkpointing: the inputs of blocks with their gradients, and
   * the largest block during its computation.
   */
  public double withCheckpointing() {
    double largest = blocks.values().stream()
        .mapToDouble(load -> load.peakBytes(bytes))
        .max()
        .orElse(0);
    return OVERHEAD * (textActivations * bytes + 2 * checkpointed * bytes + largest);
  }

  /** Returns the bytes of the matrices that LoHa multiplies, of all blocks or of the largest. */
  private double products(boolean checkpointing) {
    DoubleStream bytes = products.values().stream().mapToDouble(values -> FACTORS * F32 * values);
    return checkpointing ? bytes.max().orElse(0) : bytes.sum();
  }

  private void add(TargetLayer layer) {
    String path = layer.path();
    if (isTrained.test(layer)) {
      String block = positions.block(path);
      products.merge(
          block == null ? layer.name() : block,
          layer.out() * layer.in() * layer.kernelSize() * layer.kernelSize(),
          Long::sum);
    }
    if (layer.component() != ModelComponent.UNET
        && layer.component() != ModelComponent.TRANSFORMER) {
      int tokens = target
          .longText()
          .filter(t5 -> t5.encoder().component() == layer.component())
          .map(TrainingTarget.LongText::tokens)
          .orElse(LayerPositions.CLIP_TOKENS);
      textActivations +=
          isTrained.test(layer) ? TEXT_FACTOR * tokens * (layer.in() + layer.out()) : 0;
      return;
    }
    String named = positions.block(path);
    String block = named == null ? "ends" : named;
    blocks.merge(
        block, inputLoad(layer).plus(attentionLoad(layer)).plus(normLoad(layer)), BlockLoad::plus);
    checkpointed += positions.endsBlock(path) ? positions.positions(path) * layer.out() : 0;
  }

  /** Returns the input of a layer, which trained layers keep, and convolutions always. */
  private BlockLoad inputLoad(TargetLayer layer) {
    double numbers = positions.positions(layer.path()) * layer.in();
    if (layer.path().equals("conv_out")) {
      return new BlockLoad(0, 3 * numbers, 0);
    }
    // With several threads, matrix products in f32 are computed as convolutions.
    boolean convolution = layer.isConvolution()
        || model.compute().dtype() == DType.F32 && torch.get_num_threads() > 1;
    boolean keeps = (convolution || isTrained.test(layer))
        && !SHARED_INPUT.matcher(layer.path()).matches();
    return keeps ? BlockLoad.inDtype(numbers) : BlockLoad.NONE;
  }

  /**
   * Returns the input of the norm, queries, keys, values and result, and the attention weights if
   * they are kept.
   */
  private BlockLoad attentionLoad(TargetLayer layer) {
    String path = layer.path();
    long queries = positions.queries(path, layer.in(), layer.out());
    if (queries == 0) {
      return BlockLoad.NONE;
    }
    double numbers = positions.positions(path) * queries;
    // Larger attention weights are computed again in the backward pass. In other dtypes libtorch
    // keeps none.
    boolean kept = model.compute().dtype() == DType.BF16
        && positions.attentionWeightsPerHead(path) <= ScaledDotProduct.MAX_SCORES_AT_ONCE;
    double weights = kept && !path.endsWith("add_q_proj")
        ? positions.heads(path) * positions.attentionWeightsPerHead(path)
        : 0;
    int tensors = positions.attentionTensors(path, weights > 0);
    return new BlockLoad(
        tensors * numbers + weights,
        positions.hasQkNorm() ? 2 * numbers : 0,
        positions.hasRotaryEmbedding() ? 2 * numbers : 0);
  }

  /**
   * Returns the inputs of norms and activations: before the convolutions of a residual block,
   * before and inside a feed-forward layer. If shifts and gates are trained, also the values that
   * they multiply.
   */
  private BlockLoad normLoad(TargetLayer layer) {
    String path = layer.path();
    double tokens = positions.positions(path);
    double gated = positions.gatedValues(path, layer.in(), layer.out());
    if (gated > 0) {
      return BlockLoad.inDtype(tokens * gated);
    }
    if (path.matches(".*resnets\\.\\d+\\.conv[12]")) {
      return BlockLoad.inDtype(2 * tokens * layer.in());
    }
    if (path.endsWith("net.0.proj")) {
      return BlockLoad.inDtype(tokens * (layer.in() + layer.out() * positions.feedForward()));
    }
    if (path.endsWith("proj_mlp")) {
      return BlockLoad.inDtype(tokens * layer.out());
    }
    boolean adaptive = ADAPTIVE.matcher(path).matches() && isTrained.test(layer);
    return adaptive
        ? BlockLoad.inDtype(positions.streamPositions(path) * layer.out() * 2 / 3)
        : BlockLoad.NONE;
  }
}
