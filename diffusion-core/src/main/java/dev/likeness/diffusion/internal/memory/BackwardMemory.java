package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.tensor.DType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.global.torch;

/**
 * The memory of a backward pass through a denoising network for one image: the activations that the
 * forward pass keeps, and the temporary memory of a block. Training and gradient guidance count it
 * from the shapes of the layers. What each kind of layer keeps was measured
 * (benchmarks/cpu-kernels.md, "What a step of learning keeps").
 */
public final class BackwardMemory {
  /**
   * The ratio of the heap of glibc to the memory in use, because freed tensors lie between kept
   * ones. Measured values are 1.4 to 2.0 (benchmarks/cpu-kernels.md, "Memory of training").
   */
  private static final double OVERHEAD = 1.65;

  /** Of shift, scale and gate, shift needs no value in the backward pass. */
  private static final double MODULATED_SHARE = 2.0 / 3;

  private final NetworkLayout layout;
  private final DType dtype;
  private final boolean keepsInputs;
  private final Map<String, BlockActivations> blocks = new LinkedHashMap<>();
  private double blockOutputs;
  private double otherValues;

  /** Starts the account of a network that computes in {@code dtype}. */
  public BackwardMemory(NetworkLayout layout, DType dtype) {
    this.layout = layout;
    this.dtype = dtype;
    // With several threads, matrix products in f32 are computed as convolutions.
    keepsInputs = dtype == DType.F32 && torch.get_num_threads() > 1;
  }

  /**
   * Adds a layer of the network.
   *
   * @param path the layer's path
   * @param shape the shape of its weight: [out, in] or [out, in, height, width]
   * @param isTrained true if the weight gets a gradient, so that the layer's input is kept
   */
  public void addLayer(String path, long[] shape, boolean isTrained) {
    NetworkLayout.Place place = layout.place(path);
    LayerUse use = place.use();
    long out = shape[0];
    long in = shape[1];
    boolean keepsInput = shape.length == 4 || keepsInputs || isTrained;
    BlockActivations input = use.keptInputsInF32() > 0
        ? new BlockActivations(0, use.positions() * use.keptInputsInF32() * in, 0)
        : keepsInput && !use.sharesInput()
            ? BlockActivations.inDtype(use.positions() * in)
            : BlockActivations.NONE;
    BlockActivations around =
        BlockActivations.inDtype(use.positions() * (use.keptInputs() * in + use.keptOutputs() * out)
            + (isTrained ? use.modulated() * out * MODULATED_SHARE : 0));
    blocks.merge(
        place.block(), input.plus(around).plus(attention(use, in, out)), BlockActivations::plus);
    blockOutputs += use.endsBlock() ? use.positions() * out : 0;
  }

  private BlockActivations attention(LayerUse use, long in, long out) {
    LayerUse.AttentionUse attention = use.attention();
    if (attention == null) {
      return BlockActivations.NONE;
    }
    // A layer with more outputs than inputs computes keys, values and a feed-forward too.
    double queries = use.positions() * Math.min(in, out);
    // Larger attention maps are computed again in the backward pass. In other dtypes libtorch keeps
    // none.
    boolean keepsMap = dtype == DType.BF16
        && attention.map() > 0
        && attention.map() <= ScaledDotProduct.MAX_SCORES_AT_ONCE;
    return new BlockActivations(
        keepsMap
            ? attention.tensorsBesideMap() * queries + attention.heads() * attention.map()
            : attention.tensors() * queries,
        attention.isNormed() ? 2 * queries : 0,
        attention.isRotated() ? 2 * queries : 0);
  }

  /** Adds values in the network's type that are kept beside its layers, such as text encoders'. */
  public void addOther(double values) {
    otherValues += values;
  }

  /**
   * Returns the bytes if all activations are kept, with about half of the temporary memory of a
   * block.
   */
  public double keptBytes() {
    double kept =
        blocks.values().stream().mapToDouble(block -> block.keptBytes(bytes())).sum();
    double beside = blocks.values().stream()
        .mapToDouble(block -> block.peakBytes(bytes()) - block.keptBytes(bytes()))
        .max()
        .orElse(0);
    return OVERHEAD * (otherValues * bytes() + kept + beside / 2);
  }

  /**
   * Returns the bytes if each block is computed again (gradient checkpointing): the inputs of
   * blocks with their gradients, and the largest block during its computation.
   */
  public double recomputedBytes() {
    double largest = blocks.values().stream()
        .mapToDouble(block -> block.peakBytes(bytes()))
        .max()
        .orElse(0);
    return OVERHEAD * (otherValues * bytes() + 2 * blockOutputs * bytes() + largest);
  }

  /** Returns the name of a layer's block; empty outside of blocks. */
  public Optional<String> blockOf(String path) {
    return Optional.of(layout.place(path).block()).filter(name -> !name.equals(NetworkLayout.ENDS));
  }

  private int bytes() {
    return dtype.bits() / Byte.SIZE;
  }
}
