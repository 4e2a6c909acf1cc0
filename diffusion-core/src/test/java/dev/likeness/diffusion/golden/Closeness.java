package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Compares tensors with a golden one. */
public final class Closeness {
  private Closeness() {}

  /**
   * The largest difference is at most {@code tolerance} times the standard deviation of
   * {@code expected}.
   */
  public static void assertWithinSpread(
      double tolerance, Tensor expected, Tensor actual, String what) {
    try (TensorScope scope = TensorScope.open()) {
      assertWithin(
          tolerance * expected.to(ScalarType.Double).std().item_double(), expected, actual, what);
    }
  }

  /** The largest difference is at most {@code tolerance}. */
  public static void assertWithin(double tolerance, Tensor expected, Tensor actual, String what) {
    try (TensorScope scope = TensorScope.open()) {
      assertArrayEquals(sizes(expected), sizes(actual), what + ": shape");
      double worst = expected
          .to(ScalarType.Double)
          .sub(actual.to(ScalarType.Double))
          .abs()
          .max()
          .item_double();
      assertTrue(worst <= tolerance, what + ": differs by " + worst + ", allowed " + tolerance);
    }
  }

  /**
   * A drawn image differs from what the reference kept of its own, {@code [3, H, W]}, by at most
   * {@code tolerance}.
   */
  public static void assertImage(double tolerance, Tensor kept, GeneratedImage drawn, String what) {
    try (TensorScope scope = TensorScope.open()) {
      assertWithin(tolerance, kept, sampledPixels(drawn), what);
    }
  }

  private static Tensor sampledPixels(GeneratedImage drawn) {
    return sampledPixels(torch
        .tensor(drawn.pixels())
        .view(3, drawn.image().height(), drawn.image().width()));
  }

  /** Of what was drawn what {@code tools/goldens/kept.py} keeps: every second row and column. */
  static Tensor sampledPixels(Tensor drawn) {
    return everySecond(everySecond(drawn, -2), -1);
  }

  /** Every second row or column of {@code pixels}. */
  public static Tensor everySecond(Tensor pixels, int dimension) {
    return pixels.slice(dimension, new LongOptional(), new LongOptional(), 2);
  }

  private static long[] sizes(Tensor tensor) {
    return LongStream.range(0, tensor.dim()).map(tensor::size).toArray();
  }
}
