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
 * Convolutions on a CPU whose weights lie in the order that oneDNN multiplies them in. As a file
 * has them they are brought into it at every call; packed once, at the first image that asks for
 * that {@link PackedOrder}, a step takes a tenth less (benchmarks/cpu-kernels.md). The same kernels over
 * the same numbers: not a bit differs. Weights that nothing keeps (while learning, merged with an
 * adapter's, in eight bits) are taken as they are.
 */
public final class PackedConvolution {
  private static final long[] ONE = {1, 1};

  /** Asked once, of the first image in bf16. */
  private static final class Bf16 {
    static final boolean IS_PACKED = isPacked();

    /**
     * Whether oneDNN takes bf16 on this CPU: it does with AVX-512 or AVX-NE-CONVERT alone, and says
     * so by an error.
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

  /**
   * Convolves, in one group and without dilation.
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
   * Outside training, of an image whose channels lie together, as the result's will, in a type that
   * oneDNN takes here.
   */
  static boolean isFaster(Tensor x) {
    return x.is_cpu()
        && !GradMode.is_enabled()
        && torch.hasMKLDNN()
        && x.is_contiguous(MemoryFormat.ChannelsLast)
        && (Tensors.dtype(x) == DType.F32 || Bf16.IS_PACKED);
  }

  /** A weight in the order for images of the shape {@code x}. */
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
   * The order in which oneDNN wants a convolution's weight, by name. It changes with the number of
   * pixels, and a weight in another order is brought into the wanted one at every call, which takes
   * longer than the convolution of a small image (benchmarks/cpu-kernels.md); two to four orders are all
   * that the shapes of a run lead to.
   */
  static final class PackedOrder {
    /** What decides it. */
    private record Key(DType type, String shapes, int threads) {}

    /**
     * How many are known at once: a run asks for some hundred, a service of any size for more every
     * day.
     */
    static final int MAX_KNOWN = 4096;

    private static final Map<Key, String> KNOWN = new ConcurrentHashMap<>();

    private PackedOrder() {}

    /**
     * The order for a weight of such a shape under images like {@code x}, asked of oneDNN once
     * while few others are.
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
