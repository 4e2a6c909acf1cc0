package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.Arrays;

/** Checks that tensors have the shapes that their layer needs. */
final class FactorCheck {
  private FactorCheck() {}

  /** Returns true if the tensor in that role has a valid shape by itself. */
  static boolean matchesShape(LayerTensors keys, LoraRole role) {
    TargetLayer layer = keys.layer();
    long[] shape = keys.shape(role);
    return switch (role) {
      case ALPHA, ON_INPUT, OFT_SCALED -> keys.elements(role) == 1;
      case CHANNEL_SCALE, CHANNEL_FACTOR ->
        keys.elements(role) == layer.out() || keys.elements(role) == layer.in();
      case DOWN ->
        isKernel(shape)
            && (isFlatWindow(keys, shape)
                || shape[1] == layer.in()
                    && (kernelSize(shape) == layer.kernelSize() || kernelSize(shape) == 1));
      case SINGULAR_VALUES ->
        keys.elements(role) == keys.size(LoraRole.DOWN, 0)
            && keys.shape(LoraRole.DOWN).length == 2
            && !keys.has(LoraRole.MID);
      case EMBEDDING_A -> shape.length == 2 && shape[1] == layer.out();
      case EMBEDDING_B -> shape.length == 2 && shape[0] == layer.in();
      case UP -> isKernel(shape) && shape[0] == layer.out() && kernelSize(shape) == 1;
      case MID ->
        layer.isConvolution()
            && shape.length == 4
            && shape[0] == shape[1]
            && kernelSize(shape) == layer.kernelSize();
      case LOKR_W2, LOKR_W2_B ->
        isKernel(shape) && (shape.length == 2 || kernelSize(shape) == layer.kernelSize());
      case HADA_T1, HADA_T2, LOKR_T2 ->
        shape.length == 4 && shape[2] == layer.kernelSize() && shape[3] == layer.kernelSize();
      case BM -> isKernel(shape) && shape[0] == shape[1] && kernelSize(shape) == layer.kernelSize();
      case A1, A2, B1, B2 -> isKernel(shape) && isGlora(keys, role, shape);
      case MAGNITUDE ->
        isMagnitude(layer, shape)
            && !keys.has(LoraRole.SINGULAR_VALUES)
            && !keys.has(LoraRole.EMBEDDING_A);
      case DIFF_B, B_NORM, BIAS_UP, SET_B -> keys.elements(role) == layer.out();
      case DIFF, SET, W_NORM -> keys.elements(role) == elements(layer);
      // Factors of a wider weight do not fit by themselves.
      case RESHAPE -> keys.elements(role) == layer.shape().size();
      case RESCALE, OFT_LENGTHS, BOFT_LENGTHS -> keys.elements(role) == layer.out();
      case OFT_BLOCKS ->
        (shape.length == 3 || shape.length == 4 && areStages(shape))
            && shape[shape.length - 3] * shape[shape.length - 1] == layer.out()
            && shape[shape.length - 1] == shape[shape.length - 2];
      case OFT_R -> shape.length == 2 && inputBlockSize(layer, shape) > 0;
      case BOFT_MATRICES ->
        shape.length == 4
            && shape[2] == shape[3]
            && shape[1] * shape[2] == inputSize(layer)
            && isButterfly(shape);
      case OFT_MATRICES ->
        shape.length == 3
            && shape[1] == shape[2]
            && shape[1] > 0
            && isRotation(layer, shape, keys.has(LoraRole.OFT_LENGTHS));
      default -> shape.length >= 2;
    };
  }

  /** Returns true if AdaLoRA's first factor has the window of a convolution in its rows. */
  static boolean isFlatWindow(LayerTensors keys, long[] shape) {
    return keys.has(LoraRole.SINGULAR_VALUES)
        && shape.length == 2
        && shape[1] == inputSize(keys.layer());
  }

  /** Returns true if every stage of LyCORIS' butterfly has partners for its half-blocks. */
  private static boolean areStages(long[] shape) {
    return shape[0] >= 1
        && shape[0] < Integer.SIZE
        && shape[1] % (1L << (shape[0] - 1)) == 0
        && shape[2] % 2 == 0;
  }

  /** Returns true if every stage of a butterfly has partners for its blocks. */
  private static boolean isButterfly(long[] shape) {
    return shape[0] >= 1
        && shape[0] < Integer.SIZE
        && shape[1] % (1L << (shape[0] - 1)) == 0
        && (shape[0] == 1 || shape[2] % 2 == 0);
  }

  /**
   * Returns true if peft's IA3 scales the input of the layer: the factors of a linear layer form a
   * row then. Those of a convolution always do. If a convolution has as many inputs as outputs,
   * they count as outputs, which is peft's default; the settings may say otherwise.
   */
  static boolean scalesInputs(LayerTensors keys) {
    TargetLayer layer = keys.layer();
    boolean row = keys.size(LoraRole.CHANNEL_FACTOR, 0) == 1
        && keys.elements(LoraRole.CHANNEL_FACTOR) == layer.in();
    return row && (!layer.isConvolution() || layer.in() != layer.out());
  }

  private static long inputSize(TargetLayer layer) {
    return layer.in() * layer.kernelSize() * layer.kernelSize();
  }

  /** Returns the side of peft's input blocks, or 0 if the shape fits none. */
  static long inputBlockSize(TargetLayer layer, long[] shape) {
    long size = Math.round((1 + Math.sqrt(1 + 8.0 * shape[1])) / 2);
    long inputs = inputSize(layer);
    boolean whole = size * (size - 1) / 2 == shape[1] && inputs % size == 0;
    return whole && (shape[0] == 1 || shape[0] * size == inputs) ? size : 0;
  }

  /**
   * Returns true if the blocks, or one block for all, rotate the whole input or output. The last
   * output block may exceed the outputs.
   */
  private static boolean isRotation(TargetLayer layer, long[] shape, boolean input) {
    long size = shape[1];
    long inputs = inputSize(layer);
    return input
        ? inputs % size == 0 && (shape[0] == 1 || shape[0] * size == inputs)
        : shape[0] == 1 ? size <= layer.out() : size == (layer.out() + shape[0] - 1) / shape[0];
  }

  /**
   * Returns true for a valid shape of one of GLoRA's factors. In the first files their order was
   * reversed: the two of the input, then those beside the weight.
   */
  private static boolean isGlora(LayerTensors keys, LoraRole role, long[] shape) {
    TargetLayer layer = keys.layer();
    boolean old = DeltaReader.isOldGlora(keys);
    if (role == (old ? LoraRole.A2 : LoraRole.A1)) {
      return shape[0] == layer.in() && kernelSize(shape) == 1;
    }
    if (role == (old ? LoraRole.A1 : LoraRole.A2)) {
      return shape[1] == layer.in() && kernelSize(shape) == 1;
    }
    return role == (old ? LoraRole.B2 : LoraRole.B1)
        ? shape[0] == layer.out() && kernelSize(shape) == 1
        : shape[1] == layer.in()
            && kernelSize(shape) == (keys.has(LoraRole.BM) ? 1 : layer.kernelSize());
  }

  /** Returns true if LoRA's factors match each other and cover the window of a convolution. */
  static boolean lowRank(LayerTensors keys) {
    long rank = keys.size(LoraRole.DOWN, 0);
    long window = kernelSize(keys.shape(LoraRole.DOWN));
    return rank > 0
        && rank == keys.size(LoraRole.UP, 1)
        && (keys.has(LoraRole.MID)
            ? keys.size(LoraRole.MID, 0) == rank
            : window == keys.layer().kernelSize() || isFlatWindow(keys, keys.shape(LoraRole.DOWN)));
  }

  /** Returns true if GLoRA's factors match each other. */
  static boolean isGlora(LayerTensors keys) {
    boolean old = DeltaReader.isOldGlora(keys);
    LoraRole down = old ? LoraRole.B1 : LoraRole.B2;
    return keys.size(down, 0) > 0
        && keys.size(old ? LoraRole.A2 : LoraRole.A1, 1)
            == keys.size(old ? LoraRole.A1 : LoraRole.A2, 0)
        && keys.size(old ? LoraRole.B2 : LoraRole.B1, 1) == keys.size(down, 0)
        && (!keys.has(LoraRole.BM) || keys.size(LoraRole.BM, 0) == keys.size(down, 0));
  }

  static boolean isLoha(LayerTensors keys) {
    return isLohaFactor(keys, LoraRole.HADA_W1_A, LoraRole.HADA_T1, LoraRole.HADA_W1_B)
        && isLohaFactor(keys, LoraRole.HADA_W2_A, LoraRole.HADA_T2, LoraRole.HADA_W2_B);
  }

  private static boolean isLohaFactor(LayerTensors keys, LoraRole a, LoraRole core, LoraRole b) {
    TargetLayer layer = keys.layer();
    if (keys.size(b, 0) < 1) {
      return false;
    }
    if (!keys.has(core)) {
      return keys.size(a, 0) == layer.out()
          && keys.size(a, 1) == keys.size(b, 0)
          && keys.elements(b)
              == keys.size(b, 0) * layer.in() * layer.kernelSize() * layer.kernelSize();
    }
    return keys.size(a, 1) == layer.out()
        && keys.size(b, 1) == layer.in()
        && keys.size(core, 0) == keys.size(a, 0)
        && keys.size(core, 1) == keys.size(b, 0)
        && keys.size(core, 2) == layer.kernelSize();
  }

  static boolean isLokr(LayerTensors keys) {
    TargetLayer layer = keys.layer();
    boolean outer = keys.has(LoraRole.LOKR_W1)
        || keys.has(LoraRole.LOKR_W1_A, LoraRole.LOKR_W1_B)
            && keys.size(LoraRole.LOKR_W1_A, 1) == keys.size(LoraRole.LOKR_W1_B, 0);
    boolean core = keys.has(LoraRole.LOKR_T2);
    boolean inner = keys.has(LoraRole.LOKR_W2)
        || keys.has(LoraRole.LOKR_W2_A, LoraRole.LOKR_W2_B)
            && (core
                ? keys.size(LoraRole.LOKR_W2_A, 0) == keys.size(LoraRole.LOKR_T2, 0)
                    && keys.size(LoraRole.LOKR_W2_B, 0) == keys.size(LoraRole.LOKR_T2, 1)
                : keys.size(LoraRole.LOKR_W2_A, 1) == keys.size(LoraRole.LOKR_W2_B, 0));
    long out1 = keys.has(LoraRole.LOKR_W1)
        ? keys.size(LoraRole.LOKR_W1, 0)
        : keys.size(LoraRole.LOKR_W1_A, 0);
    long in1 = keys.has(LoraRole.LOKR_W1)
        ? keys.size(LoraRole.LOKR_W1, 1)
        : keys.size(LoraRole.LOKR_W1_B, 1);
    long out2 = keys.has(LoraRole.LOKR_W2)
        ? keys.size(LoraRole.LOKR_W2, 0)
        : keys.size(LoraRole.LOKR_W2_A, core ? 1 : 0);
    LoraRole last = keys.has(LoraRole.LOKR_W2) ? LoraRole.LOKR_W2 : LoraRole.LOKR_W2_B;
    // Without a core, the window of a convolution is in the second factor, flattened or not.
    long window = core ? 1 : layer.kernelSize() * layer.kernelSize();
    return outer
        && inner
        && (keys.has(LoraRole.LOKR_W1, LoraRole.LOKR_W2) || keys.rank() > 0)
        && keys.elements(last) > 0
        && out1 * out2 == layer.out()
        && in1 * keys.elements(last) == keys.size(last, 0) * layer.in() * window;
  }

  private static boolean isMagnitude(TargetLayer layer, long[] shape) {
    long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    boolean byColumn = shape.length > 1 && shape[0] == 1 && shape[1] == layer.in();
    return count == layer.out() || byColumn && count == layer.in();
  }

  private static boolean isKernel(long[] shape) {
    return shape.length == 2 || shape.length == 4 && shape[2] == shape[3];
  }

  private static long kernelSize(long[] shape) {
    return shape.length == 4 ? shape[2] : 1;
  }

  private static long elements(TargetLayer layer) {
    return layer.shape().stream().reduce(1L, (a, b) -> a * b);
  }

  /** Refuses factors of the first layer that take more input channels than the base has. */
  static void refuseWiderInput(LayerTensors keys, String file, String base) {
    TargetLayer layer = keys.layer();
    if (layer.name().equals("transformer.x_embedder") && keys.size(LoraRole.DOWN, 1) > layer.in()) {
      throw new InvalidInputException(file
          + " is a control LoRA, which needs a second input image and is not supported ("
          + Quoted.of(keys.fileKey(LoraRole.DOWN)) + " takes " + keys.size(LoraRole.DOWN, 1)
          + " channels, " + base + " has " + layer.in() + "); use a ControlNet instead");
    }
  }
}
