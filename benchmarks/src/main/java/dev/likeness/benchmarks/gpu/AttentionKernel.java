package dev.likeness.benchmarks.gpu;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Tensor;

/** Asks libtorch which kernel it uses for an attention, before it computes it. */
final class AttentionKernel {
  /** The kernel that stores all scores. */
  static final int MATH = 0;

  private AttentionKernel() {}

  /** Returns libtorch's number of the kernel for self-attention over [batch, heads, n, d]. */
  static int chosen(Tensor q) {
    IValueVector stack = new IValueVector(
        new IValue(q),
        new IValue(q),
        new IValue(q),
        new IValue(),
        new IValue(0.0),
        new IValue(false),
        new IValue(),
        new IValue(false));
    Dispatcher.singleton().findSchemaOrThrow("aten::_fused_sdp_choice", "").callBoxed(stack);
    return (int) stack.get(0).toInt();
  }

  /** Returns the name of a number, as in {@code torch.nn.attention.SDPBackend}. */
  static String name(int kernel) {
    return switch (kernel) {
      case MATH -> "math";
      case 1 -> "flash";
      case 2 -> "efficient";
      case 3 -> "cudnn";
      default -> "kernel " + kernel;
    };
  }
}
