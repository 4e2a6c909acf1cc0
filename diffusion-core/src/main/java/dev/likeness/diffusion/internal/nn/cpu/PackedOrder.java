package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The order in which oneDNN wants a convolution's weight, by name. It changes with the number of
 * pixels, and a weight in another order is brought into the wanted one at every call, which takes
 * longer than the convolution of a small picture (docs/performance.md); two to four orders are all
 * that the shapes of a run lead to.
 */
final class PackedOrder {
  /** What decides it. */
  private record Asked(DType type, String shapes, int threads) {}

  /**
   * How many are known at once: a run asks for some hundred, a service of any size for more every
   * day.
   */
  static final int MOST = 4096;

  private static final Map<Asked, String> KNOWN = new ConcurrentHashMap<>();

  private PackedOrder() {}

  /**
   * The order for a weight of such a shape under pictures like {@code x}, asked of oneDNN once
   * while few others are.
   */
  static String of(long[] weight, Tensor x, long[] stride, long[] padding) {
    String shapes = Arrays.toString(weight)
        + Arrays.toString(x.shape())
        + Arrays.toString(stride)
        + Arrays.toString(padding);
    Asked asked = new Asked(DType.of(x.scalar_type()), shapes, torch.get_num_threads());
    String known = KNOWN.get(asked);
    if (known != null) {
      return known;
    }
    if (KNOWN.size() >= MOST) {
      KNOWN.clear();
    }
    return KNOWN.computeIfAbsent(asked, anew -> wanted(weight, x, stride, padding));
  }

  static int known() {
    return KNOWN.size();
  }

  private static String wanted(long[] weight, Tensor x, long[] stride, long[] padding) {
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
