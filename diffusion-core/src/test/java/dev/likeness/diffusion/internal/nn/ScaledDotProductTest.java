package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class ScaledDotProductTest {
  // The last two have more scores than are computed at once, one of them with a rest of rows.
  @ParameterizedTest
  @CsvSource({"1, 1, 5, 5, 8", "2, 3, 64, 77, 16", "1, 2, 1024, 1024, 8", "1, 1, 900, 1100, 40"})
  void agreesInBf16WithTheFusedKernelInF32(long batch, long heads, long n, long m, long d) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(3)) {
      Tensor q = random.next(batch, heads, n, d).squeeze(0);
      Tensor k = random.next(batch, heads, m, d).squeeze(0);
      Tensor v = random.next(batch, heads, m, d).squeeze(0);
      Tensor exact = ScaledDotProduct.attend(q, k, v);
      Tensor half = ScaledDotProduct.attend(bf16(q), bf16(k), bf16(v)).to(ScalarType.Float);
      double error = half.sub(exact).norm().item_double() / exact.norm().item_double();
      assertTrue(
          error < 0.01, "bf16 has 8 bits, so the answer is right to about 0.5 %, not " + error);
    }
  }

  // libtorch's fused kernel would round elsewhere, and take 12 to 34 times as long.
  @Test
  void equalsTheExplicitProductInBf16() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(4)) {
      Tensor q = bf16(random.next(1, 2, 64, 16).squeeze(0));
      Tensor k = bf16(random.next(1, 2, 64, 16).squeeze(0));
      Tensor v = bf16(random.next(1, 2, 64, 16).squeeze(0));
      Tensor weights =
          torch.softmax(torch.matmul(q.mul(new Scalar(0.25)), k.transpose(-2, -1)), -1);
      assertTrue(ScaledDotProduct.products(q, k, v, null).equal(torch.matmul(weights, v)));
      assertFalse(ScaledDotProduct.products(q, k, v, null)
          .equal(torch.scaled_dot_product_attention(q, k, v)));
    }
  }

  // The last has more scores than are computed at once.
  @ParameterizedTest
  @CsvSource({"5, 5", "64, 77", "900, 1100"})
  void givesTheSameNumbersWhenATrainingStepRunsASegmentAgain(long n, long m) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(5);
        CustomGradients custom = CustomGradients.open()) {
      Tensor q = bf16(random.next(1, 2, n, 40).squeeze(0));
      Tensor k = bf16(random.next(1, 2, m, 40).squeeze(0));
      Tensor v = bf16(random.next(1, 2, m, 40).squeeze(0));
      Tensor first = ScaledDotProduct.attend(q, k, v);
      assertTrue(first.equal(ScaledDotProduct.attend(q.detach().set_requires_grad(true), k, v)));
    }
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "2"})
  void letsGradientsReachEveryTrainedInput(int which) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(3)) {
      Tensor[] inputs = new Tensor[3];
      for (int i = 0; i < 3; i++) {
        inputs[i] = bf16(random.next(1, 1, 1024, 8).squeeze(0));
      }
      inputs[which].set_requires_grad(true);
      ScaledDotProduct.attend(inputs[0], inputs[1], inputs[2]).square().sum().backward();
      assertTrue(inputs[which].grad().abs().sum().item_double() > 0);
    }
  }

  private static Tensor bf16(Tensor x) {
    return x.to(ScalarType.BFloat16);
  }

  /** Large ones head by head. */
  @ParameterizedTest
  @CsvSource({"2, 64", "3, 1024"})
  void trainsInBf16AsInF32(long heads, long n) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(5)) {
      Tensor[] values = {
        random.next(2, heads, n, 8).squeeze(0),
        random.next(2, heads, n, 8).squeeze(0),
        random.next(2, heads, n, 8).squeeze(0)
      };
      Tensor[] exact = gradients(values, ScalarType.Float);
      Tensor[] half = gradients(values, ScalarType.BFloat16);
      for (int i = 0; i < exact.length; i++) {
        double error = half[i].to(ScalarType.Float).sub(exact[i]).norm().item_double()
            / exact[i].norm().item_double();
        assertTrue(error < 0.02, "gradient " + i + " is off by " + error);
      }
    }
  }

  // The second has a rest of rows, keys of another number than queries, and two images. bf16 rounds
  // where it likes: the
  // gradients are about as far from those in f32 as the ones that libtorch computes from kept
  // weights.
  @ParameterizedTest
  @CsvSource({"2, 1024, 1024, 1, 1", "2, 900, 1100, 2, 1", "1, 1024, 1024, 1, 3"})
  void trainsWithoutKeptWeightsAsInF32(long heads, long n, long m, int images, double strength) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(6)) {
      // Strong queries have scores too large for powers.
      Tensor[] values = {
        torch
            .cat(copies(random.next(1, heads, n, 40).squeeze(0), images))
            .mul(new Scalar(strength)),
        torch
            .cat(copies(random.next(1, heads, m, 40).squeeze(0), images))
            .mul(new Scalar(strength)),
        torch.cat(copies(random.next(1, heads, m, 40).squeeze(0), images))
      };
      Tensor[] rounded = {bf16(values[0]), bf16(values[1]), bf16(values[2])};
      Tensor[] exact = gradients(rounded, ScalarType.Float);
      Tensor[] kept = gradients(rounded, ScalarType.BFloat16);
      Tensor[] again;
      try (CustomGradients custom = CustomGradients.open()) {
        again = gradients(rounded, ScalarType.BFloat16);
      }
      for (int i = 0; i < exact.length; i++) {
        assertTrue(
            apart(again[i], exact[i]) < Math.max(0.01, 1.5 * apart(kept[i], exact[i])),
            "gradient " + i + " is off by " + apart(again[i], exact[i]) + ", by keeping "
                + apart(kept[i], exact[i]));
      }
    }
  }

  @Test
  void keepsNoWeightsWhereGradientsAreCustom() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(7)) {
      Tensor x = bf16(random.next(1, 1, 1024, 8).squeeze(0));
      x.set_requires_grad(true);
      assertEquals(
          "StackBackward0",
          ScaledDotProduct.products(x, x, x, null).grad_fn().name().getString());
      try (CustomGradients custom = CustomGradients.open()) {
        Tensor y = ScaledDotProduct.products(x, x, x, null);
        assertEquals("CatBackward0", y.grad_fn().name().getString());
        y.square().sum().backward();
      }
      assertTrue(x.grad().abs().sum().item_double() > 0);
    }
  }

  private static TensorVector copies(Tensor x, int count) {
    TensorVector copies = new TensorVector();
    for (int i = 0; i < count; i++) {
      copies.push_back(x.mul(new Scalar(1 + i)));
    }
    return copies;
  }

  private static double apart(Tensor half, Tensor exact) {
    return half.to(ScalarType.Float).sub(exact).norm().item_double()
        / exact.norm().item_double();
  }

  private static Tensor[] gradients(Tensor[] values, ScalarType type) {
    Tensor[] leaves = new Tensor[values.length];
    for (int i = 0; i < leaves.length; i++) {
      leaves[i] = values[i].to(type).clone();
      leaves[i].set_requires_grad(true);
    }
    Tensor attended = type == ScalarType.BFloat16
        ? ScaledDotProduct.products(leaves[0], leaves[1], leaves[2], null)
        : ScaledDotProduct.attend(leaves[0], leaves[1], leaves[2]);
    attended.to(ScalarType.Float).square().sum().backward();
    return new Tensor[] {leaves[0].grad(), leaves[1].grad(), leaves[2].grad()};
  }

  /** As CPUs without products of bf16 attend: only the result is rounded. */
  @ParameterizedTest
  @CsvSource({"64, false", "64, true", "1024, false"})
  void widensBf16WithoutRoundingInBetween(long n, boolean masked) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource random = NoiseSource.seeded(8)) {
      Tensor q = bf16(random.next(1, 2, n, 16).squeeze(0));
      Tensor k = bf16(random.next(1, 2, n, 16).squeeze(0));
      Tensor v = bf16(random.next(1, 2, n, 16).squeeze(0));
      Tensor mask = masked ? bf16(random.next(1, 1, n, n).squeeze(0)) : null;
      Tensor exact = ScaledDotProduct.attend(
          q.to(ScalarType.Float),
          k.to(ScalarType.Float),
          v.to(ScalarType.Float),
          masked ? mask.to(ScalarType.Float) : null);
      assertTrue(ScaledDotProduct.widened(q, k, v, mask).equal(bf16(exact)));
      assertTrue(apart(ScaledDotProduct.products(q, k, v, mask), exact) > 1e-3);
    }
  }
}
