package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.lora.internal.algorithm.DoraDelta;
import dev.likeness.lora.internal.algorithm.LohaDelta;
import dev.likeness.lora.internal.algorithm.LokrDelta;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.TrainingSettings;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The delta of one layer during training.
 *
 * @param weights the leaves, under peft's names
 */
record TrainableDelta(
    AdapterAlgorithm algorithm, TargetLayer layer, double scale, TrainableWeights weights) {
  private static final String DOWN = ".lora_A.weight";
  private static final String UP = ".lora_B.weight";
  private static final String MAGNITUDE = ".lora_magnitude_vector";
  private static final String OUTER = ".lokr_w1";
  private static final String INNER = ".lokr_w2";
  private static final String FIRST_OUT = ".hada_w1_a";
  private static final String FIRST_IN = ".hada_w1_b";
  private static final String SECOND_OUT = ".hada_w2_a";
  private static final String SECOND_IN = ".hada_w2_b";
  /** The standard deviation of LyCORIS for one factor of LoHa; that of others is 1. */
  private static final double SMALL = 0.1;

  /** Creates the leaves of the layer. */
  static TrainableDelta of(TrainingSettings settings, TargetLayer layer, TrainableWeights weights) {
    AdapterAlgorithm form = settings.algorithm();
    if (form == AdapterAlgorithm.LOKR) {
      long outer = largestFactor(layer.out());
      long inner = largestFactor(layer.in());
      weights.get(layer.name() + OUTER, outer, inner);
      weights.get(
          layer.name() + INNER,
          shape(layer, layer.out() / outer, layer.in() / inner, layer.kernelSize()));
      return new TrainableDelta(form, layer, 1, weights);
    }
    if (form == AdapterAlgorithm.LOHA) {
      long inputs = layer.in() * layer.kernelSize() * layer.kernelSize();
      weights.get(layer.name() + FIRST_OUT, layer.out(), settings.rank());
      weights.get(layer.name() + FIRST_IN, settings.rank(), inputs);
      weights.get(layer.name() + SECOND_OUT, layer.out(), settings.rank());
      weights.get(layer.name() + SECOND_IN, settings.rank(), inputs);
      return new TrainableDelta(form, layer, settings.scale(), weights);
    }
    weights.get(layer.name() + DOWN, shape(layer, settings.rank(), layer.in(), layer.kernelSize()));
    weights.get(layer.name() + UP, shape(layer, layer.out(), settings.rank(), 1));
    if (form == AdapterAlgorithm.DORA) {
      weights.get(layer.name() + MAGNITUDE, layer.out());
    }
    return new TrainableDelta(form, layer, settings.scale(), weights);
  }

  /**
   * Returns a test for the layers of a model of which the settings train a delta. Norms and
   * language models are never trained.
   */
  static Predicate<TargetLayer> trainedLayers(TrainingSettings settings, TrainingTarget target) {
    Set<ModelComponent> components = EnumSet.of(target.component());
    target.clipTextEncoders().forEach(encoder -> components.add(encoder.component()));
    target.longText().ifPresent(t5 -> components.add(t5.encoder().component()));
    return layer -> !layer.isNorm()
        && components.contains(layer.component())
        && settings.includes(layer.name());
  }

  /** Returns true if a generation adds it as a difference that is as large as the weight. */
  boolean isFull() {
    return algorithm == AdapterAlgorithm.DORA || algorithm == AdapterAlgorithm.LOHA;
  }

  /** Returns the number of trained values for a layer. */
  static long parameterCount(TrainingSettings settings, TargetLayer layer) {
    long window = layer.kernelSize() * layer.kernelSize();
    if (settings.algorithm() == AdapterAlgorithm.LOKR) {
      long outer = largestFactor(layer.out());
      long inner = largestFactor(layer.in());
      return outer * inner + layer.out() / outer * (layer.in() / inner) * window;
    }
    long pair = settings.rank() * (layer.out() + layer.in() * window);
    return switch (settings.algorithm()) {
      case LOHA -> 2 * pair;
      case DORA -> pair + layer.out();
      default -> pair;
    };
  }

  private static long[] shape(TargetLayer layer, long out, long in, long kernel) {
    return layer.isConvolution() ? new long[] {out, in, kernel, kernel} : new long[] {out, in};
  }

  /** Returns the largest divisor up to the square root, as LyCORIS chooses it. */
  private static long largestFactor(long size) {
    for (long i = (long) Math.sqrt(size); i > 1; i--) {
      if (size % i == 0) {
        return i;
      }
    }
    return 1;
  }

  /**
   * Returns the initial value of a leaf. Second factors are zero, magnitudes are those of the base.
   * First factors are normal with variance 1 / fan-in, so that the size of the delta does not
   * depend on the width of the layer; or of a LoRA with standard deviation 1 / rank, as peft's.
   * Those of LoHa begin as in LyCORIS.
   */
  static Tensor initialValue(
      String name,
      long[] shape,
      NoiseSource random,
      boolean byRank,
      Function<String, Tensor> base) {
    if (name.endsWith(UP) || name.endsWith(INNER) || name.endsWith(SECOND_OUT)) {
      return torch.zeros(shape);
    }
    if (name.endsWith(FIRST_OUT) || name.endsWith(FIRST_IN) || name.endsWith(SECOND_IN)) {
      double spread = name.endsWith(FIRST_OUT) ? SMALL : 1;
      return random.next(shape).squeeze(0).mul(new Scalar(spread));
    }
    if (name.endsWith(MAGNITUDE)) {
      return DoraDelta.DoraLayer.rowNorms(
          base.apply(name.substring(0, name.length() - MAGNITUDE.length())).cpu());
    }
    long fanIn = 1;
    for (int i = 1; i < shape.length; i++) {
      fanIn *= shape[i];
    }
    double spread = byRank && name.endsWith(DOWN) ? 1.0 / shape[0] : 1 / Math.sqrt(fanIn);
    return random.next(shape).squeeze(0).mul(new Scalar(spread));
  }

  /** Returns the adapter layer for a layer with weight {@code own}; gradients reach the leaves. */
  AdapterLayer adapterLayer(Supplier<LayerWeight> own) {
    Function<String, Tensor> leaves = weights.leaves()::get;
    return switch (algorithm) {
      case LORA -> lowRank(leaves).at(1);
      case DORA ->
        new DoraDelta.DoraLayer(lowRank(leaves), leaves.apply(layer.name() + MAGNITUDE), own.get());
      case LOKR ->
        new LokrDelta(leaves.apply(layer.name() + OUTER), leaves.apply(layer.name() + INNER), 0, 1)
            .at(1);
      case LOHA ->
        new LohaDelta.LohaLayer(
            hadamard(leaves), shape(layer, layer.out(), layer.in(), layer.kernelSize()));
    };
  }

  private LohaDelta hadamard(Function<String, Tensor> values) {
    String name = layer.name();
    return new LohaDelta(
        new LohaDelta.Factor(values.apply(name + FIRST_OUT), null, values.apply(name + FIRST_IN)),
        new LohaDelta.Factor(values.apply(name + SECOND_OUT), null, values.apply(name + SECOND_IN)),
        scale);
  }

  private LoraDelta lowRank(Function<String, Tensor> values) {
    return new LoraDelta(
        values.apply(layer.name() + DOWN), null, values.apply(layer.name() + UP), scale);
  }

  /**
   * Returns the delta for values of the leaves, in f16, kept by {@code region}. The root of the
   * scale is multiplied into each factor, so that neither becomes too small for f16.
   *
   * @throws InvalidInputException if a value is too large for f16
   */
  WeightDelta toDelta(Function<String, Tensor> values, TensorRegion region) {
    if (algorithm == AdapterAlgorithm.LOKR) {
      return new LokrDelta(
          toHalf(values.apply(layer.name() + OUTER), region),
          toHalf(values.apply(layer.name() + INNER), region),
          0,
          1);
    }
    if (algorithm == AdapterAlgorithm.LOHA) {
      LohaDelta now = hadamard(values);
      Tensor scaled = now.second().a().mul(new Scalar(scale));
      return new LohaDelta(
          toHalf(now.first(), region),
          toHalf(new LohaDelta.Factor(scaled, null, now.second().b()), region),
          1);
    }
    LoraDelta now = lowRank(values);
    Scalar root = new Scalar(Math.sqrt(scale));
    LoraDelta pair = new LoraDelta(
        toHalf(now.down().mul(root), region), null, toHalf(now.up().mul(root), region), 1);
    return algorithm == AdapterAlgorithm.LORA
        ? pair
        : new DoraDelta(
            pair,
            region.keep(values.apply(layer.name() + MAGNITUDE).detach().cpu().clone()));
  }

  private LohaDelta.Factor toHalf(LohaDelta.Factor factor, TensorRegion region) {
    return new LohaDelta.Factor(toHalf(factor.a(), region), null, toHalf(factor.b(), region));
  }

  private Tensor toHalf(Tensor value, TensorRegion region) {
    Tensor half = value.detach().cpu().to(ScalarType.Half);
    if (!Tensors.isFinite(half)) {
      throw new InvalidInputException("the trained delta of " + layer.name()
          + " is too large for a file in f16; train again with a lower"
          + " learning rate");
    }
    return region.keep(half);
  }
}
