package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
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
    static final boolean IS_PACKED = CurrentWork.finish(Bf16::isPacked);

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

  /**
   * Returns true if oneDNN multiplies bf16 on this CPU. Otherwise libtorch does it element by
   * element, which takes up to 150 times as long as a product in f32; layers then widen to f32.
   */
  public static boolean multipliesBf16() {
    return torch.hasMKLDNN() && Bf16.IS_PACKED;
  }

  /**
   * Convolves in one group without dilation.
   *
   * @param x [batch, in, h, w]
   * @param weight [out, in, kernel, kernel]
   */
  public static Tensor of(
      Tensor x, LayerWeight weight, TensorOptional bias, long[] stride, long[] padding) {
    if (x.is_cpu() && Tensors.dtype(x) == DType.BF16 && !multipliesBf16()) {
      return widened(x, weight.tensor(), bias, stride, padding);
    }
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

  /** Convolves bf16 in f32; only this layer is in f32 for that time. */
  static Tensor widened(
      Tensor x, Tensor weight, TensorOptional bias, long[] stride, long[] padding) {
    try (TensorScope scope = TensorScope.open()) {
      TensorOptional offset = bias.has_value()
          ? new TensorOptional(bias.get().to(ScalarType.Float))
          : new TensorOptional();
      Tensor wide = x.to(ScalarType.Float);
      return scope.promote(torch
          .conv2d(wide, weight.to(ScalarType.Float), offset, stride, padding, ONE, 1)
          .to(x.scalar_type()));
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
        && (Tensors.dtype(x) == DType.F32 || multipliesBf16());
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
    private record Key(String kind, String shapes, int threads) {}

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
      return of(
          "",
          weight,
          x,
          stride,
          padding,
          () -> PackedConvolution.packed(x.new_empty(weight), x.shape(), stride, padding));
    }

    /**
     * Returns the layout for weights of one kind of product.
     *
     * @param kind the start of the layout's name
     * @param packed packs a weight of the shape {@code weight}
     */
    static String of(
        String kind,
        long[] weight,
        Tensor x,
        long[] stride,
        long[] padding,
        Supplier<Tensor> packed) {
      String shapes = Arrays.toString(weight)
          + Arrays.toString(x.shape())
          + Arrays.toString(stride)
          + Arrays.toString(padding);
      Key asked = new Key(kind + Tensors.dtype(x), shapes, torch.get_num_threads());
      String known = KNOWN.get(asked);
      if (known != null) {
        return known;
      }
      if (KNOWN.size() >= MAX_KNOWN) {
        KNOWN.clear();
      }
      return KNOWN.computeIfAbsent(asked, anew -> kind + queryOrder(packed));
    }

    static int known() {
      return KNOWN.size();
    }

    private static String queryOrder(Supplier<Tensor> packed) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor order =
            new TorchOperator("mkldnn::_get_mkldnn_serialized_md").call(new IValue(packed.get()));
        byte[] bytes = new byte[(int) order.numel()];
        order.data_ptr_byte().get(bytes);
        return "packed " + UUID.nameUUIDFromBytes(bytes);
      }
    }
  }

  /**
   * Nearest-neighbour upsampling by two and a 3x3 convolution in one operation. Only four of the
   * nine pixels under the kernel differ. Each of the four kinds of output pixels is therefore a 2x2
   * convolution over the small image, which is four ninths of the work. The result is the same sum;
   * weights of equal pixels are added once in advance.
   */
  public static final class UpsampleConvolution {
    private static final long[] ONE = {1, 1};

    private UpsampleConvolution() {}

    /**
     * Returns true outside training on a CPU. On a GPU, one large convolution is faster than four
     * small ones.
     */
    public static boolean isFaster(Tensor x) {
      return x.is_cpu() && !GradMode.is_enabled();
    }

    /**
     * Convolves.
     *
     * @param x the small image, [batch, in, h, w]
     * @param weight [out, in, 3, 3], whose sums are packed like other weights
     * @return [batch, out, 2 h, 2 w]
     */
    public static Tensor of(Tensor x, LayerWeight weight, TensorOptional bias) {
      try (TensorScope scope = TensorScope.open()) {
        boolean inEightBits = Int8Convolution.isRequested(x, weight);
        Tensor bytes = inEightBits
            ? weight.inputRange().orElseThrow().bytes(x.contiguous(MemoryFormat.ChannelsLast))
            : null;
        return scope.promote(of(
            x,
            weight,
            kind -> inEightBits
                ? Int8Convolution.ofBytes(bytes, kind, bias, ONE, ONE, x.scalar_type())
                : PackedConvolution.of(x, kind, bias, ONE, ONE)));
      }
    }

    private static Tensor of(Tensor x, LayerWeight weight, Function<LayerWeight, Tensor> product) {
      long h = x.size(2);
      long w = x.size(3);
      long[] kernel = {weight.shape()[0], weight.shape()[1], 2, 2};
      Tensor out = null;
      for (int kind = 0; kind < 4; kind++) {
        int row = kind / 2;
        int column = kind % 2;
        Tensor y = product.apply(
            weight.withForm("kind" + kind, wide -> merged(wide, row, column), kernel));
        if (out == null) {
          out = torch.empty(
              new long[] {x.size(0), y.size(1), 2 * h, 2 * w},
              x.options(),
              new MemoryFormatOptional(x.suggest_memory_format()));
        }
        out.view(x.size(0), y.size(1), h, 2, w, 2)
            .select(5, column)
            .select(3, row)
            .copy_(y.narrow(2, row, h).narrow(3, column, w));
      }
      return out;
    }

    private static Tensor merged(Tensor weight, int row, int column) {
      return along(along(weight.to(ScalarType.Float), 2, row), 3, column).to(weight.scalar_type());
    }

    /** Adds the three weights along a dimension to the two weights of one kind of output pixel. */
    private static Tensor along(Tensor weight, int dimension, int kind) {
      Tensor first = weight.narrow(dimension, 0, 1);
      Tensor middle = weight.narrow(dimension, 1, 1);
      Tensor last = weight.narrow(dimension, 2, 1);
      return torch.cat(
          kind == 0
              ? new TensorVector(first, middle.add(last))
              : new TensorVector(first.add(middle), last),
          dimension);
    }
  }
}
