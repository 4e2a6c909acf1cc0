package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Convolutions on a CPU with packed weights, in oneDNN's memory layout. Unpacked weights are
 * reordered at every call. Packed weights are reordered once, at the first image that needs that
 * {@link PackedOrder}, and a step takes a tenth less time (benchmarks/cpu-kernels.md). The kernels
 * are the same, so results are equal bit by bit. Weights whose forms are not kept are not packed:
 * in training, merged with an adapter, or in eight bits.
 */
public final class PackedConvolution {
  private static final long[] ONE = {1, 1};

  /** Holder; the check runs once, at the first image in bf16. */
  private static final class Bf16 {
    static final boolean IS_PACKED = isPacked();

    /**
     * Returns true if oneDNN supports bf16 on this CPU. It needs AVX-512 or AVX-NE-CONVERT and
     * fails without.
     */
    private static boolean isPacked() {
      long[] one = {1, 1, 1, 1};
      try (TensorScope scope = TensorScope.open()) {
        packed(torch.ones(one).to(ScalarType.BFloat16), one, ONE, new long[2]);
        return true;
      } catch (RuntimeException refused) {
        return false;
      }
    }
  }

  private PackedConvolution() {}

  /** Returns true if this CPU multiplies in bf16. */
  public static boolean hasBf16() {
    return Bf16.IS_PACKED;
  }

  /**
   * Convolves in one group without dilation.
   *
   * @param x [batch, in, h, w]
   * @param weight [out, in, kernel, kernel]
   */
  public static Tensor of(
      Tensor x, LayerWeight weight, TensorOptional bias, long[] stride, long[] padding) {
    if (!weight.keepsForms() || !isFaster(x)) {
      return torch.conv2d(x, weight.tensor(), bias, stride, padding, ONE, 1);
    }
    Tensor packed = weight.form(
        PackedOrder.of(weight.shape(), x, stride, padding),
        plain -> packed(plain, x.shape(), stride, padding));
    try (TensorScope scope = TensorScope.open()) {
      TorchOperator convolve = new TorchOperator("mkldnn::_convolution_pointwise");
      return scope.promote(convolve.call(
          new IValue(x),
          new IValue(packed),
          bias.has_value() ? new IValue(bias.get()) : new IValue(),
          convolve.list(3, padding),
          convolve.list(3, stride),
          convolve.list(3, ONE),
          new IValue(1L),
          new IValue("none"),
          convolve.list(8),
          new IValue()));
    }
  }

  /**
   * Returns true outside training, for a channels-last image of a type that oneDNN supports on this
   * CPU.
   */
  static boolean isFaster(Tensor x) {
    return x.is_cpu()
        && !GradMode.is_enabled()
        && torch.hasMKLDNN()
        && x.is_contiguous(MemoryFormat.ChannelsLast)
        && (Tensors.dtype(x) == DType.F32 || Bf16.IS_PACKED);
  }

  /** Packs a weight for images of the shape {@code x}. */
  static Tensor packed(Tensor weight, long[] x, long[] stride, long[] padding) {
    TorchOperator reorder = new TorchOperator("mkldnn::_reorder_convolution_weight");
    return reorder.call(
        new IValue(weight),
        reorder.list(1, padding),
        reorder.list(1, stride),
        reorder.list(1, ONE),
        new IValue(1L),
        reorder.list(1, x));
  }

  /**
   * The memory layout that oneDNN needs for a convolution's weight, by name. It depends on the
   * number of pixels. A weight in another layout is reordered at every call, which takes longer
   * than the convolution of a small image (benchmarks/cpu-kernels.md). The shapes of a generation
   * need two to four layouts.
   */
  static final class PackedOrder {
    /** The inputs that determine the layout. */
    private record Key(DType type, String shapes, int threads) {}

    /**
     * The size of the cache. A generation needs some hundred entries; a service with images of any
     * size needs more over time.
     */
    static final int MAX_KNOWN = 4096;

    private static final Map<Key, String> KNOWN = new ConcurrentHashMap<>();

    private PackedOrder() {}

    /**
     * Returns the layout for a weight of this shape and images like {@code x}. Asks oneDNN if it is
     * not in the cache.
     */
    static String of(long[] weight, Tensor x, long[] stride, long[] padding) {
      String shapes = Arrays.toString(weight)
          + Arrays.toString(x.shape())
          + Arrays.toString(stride)
          + Arrays.toString(padding);
      Key asked = new Key(Tensors.dtype(x), shapes, torch.get_num_threads());
      String known = KNOWN.get(asked);
      if (known != null) {
        return known;
      }
      if (KNOWN.size() >= MAX_KNOWN) {
        KNOWN.clear();
      }
      return KNOWN.computeIfAbsent(asked, anew -> queryOrder(weight, x, stride, padding));
    }

    static int known() {
      return KNOWN.size();
    }

    private static String queryOrder(long[] weight, Tensor x, long[] stride, long[] padding) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor packed = PackedConvolution.packed(x.new_empty(weight), x.shape(), stride, padding);
        Tensor order =
            new TorchOperator("mkldnn::_get_mkldnn_serialized_md").call(new IValue(packed));
        byte[] bytes = new byte[(int) order.numel()];
        order.data_ptr_byte().get(bytes);
        return "packed " + UUID.nameUUIDFromBytes(bytes);
      }
    }
  }
}
