package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.CancelledHalfway;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class CpuPartsTest {
  /** Sums of the fused kernel over up to 2000 values in another order. */
  private static final double ROUNDING = 1e-5;

  @ParameterizedTest
  @CsvSource({
    "1, 1, 2000, 77, 8, none",
    "2, 3, 1600, 64, 16, none",
    "1, 2, 769, 769, 8, rows",
    "1, 2, 3072, 40, 8, rows",
    "2, 2, 1000, 40, 8, one"
  })
  void slicesOfQueriesEqualTheWhole(long batch, long heads, long n, long m, long d, String masked) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource random = NoiseSource.seeded(3)) {
      Tensor q = random.next(batch, heads, n, d).squeeze(0);
      Tensor k = random.next(batch, heads, m, d).squeeze(0);
      Tensor v = random.next(batch, heads, m, d).squeeze(0);
      Tensor mask =
          switch (masked) {
            case "rows" -> random.next(1, 1, n, m).squeeze(0);
            case "one" -> random.next(1, 1, 1, m).squeeze(0);
            default -> null;
          };
      List<Long> slices = new ArrayList<>();
      Tensor whole = ScaledDotProduct.attend(q, k, v, mask);
      Tensor sliced = CpuParts.attend(
          q,
          m,
          mask,
          (queries, ofThem) -> {
            slices.add(queries.size(2));
            return ScaledDotProduct.attend(queries, k, v, ofThem);
          },
          1);
      assertEquals((n + 767) / 768, slices.size());
      assertEquals(n, slices.stream().mapToLong(Long::longValue).sum());
      assertEquals(
          List.of(768L),
          slices.subList(0, slices.size() - 1).stream().distinct().toList());
      assertTrue(sliced.sub(whole).abs().max().item_double() < ROUNDING);
      assertTrue(
          sliced.transpose(1, 2).is_contiguous(), "the heads of a token are neighbours in memory");
    }
  }

  @Test
  void cancelledAttentionStopsBetweenSlices() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        NoiseSource random = NoiseSource.seeded(3)) {
      Tensor q = random.next(1, 1, 768 * 10, 8).squeeze(0);
      CancelledHalfway.stops(
          10,
          () -> CpuParts.attend(
              q, 768 * 10, null, (part, none) -> ScaledDotProduct.attend(part, q, q), 1));
    }
  }

  @Test
  void smallAttentionAndAttentionInTrainingAreWhole() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor q = torch.zeros(1, 1, 1000, 8);
      CpuParts.attend(
          q,
          1000,
          null,
          (given, none) -> {
            assertSame(q, given);
            return given;
          },
          1);
      try (NoGradGuard guard = new NoGradGuard()) {
        CpuParts.attend(q, 1000, null, (given, none) -> {
          assertSame(q, given);
          return given;
        });
      }
    }
  }

  @Test
  void stripsHaveAnEvenNumberOfRowsWithinTheLimit() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor x = torch.zeros(1, 1, 4, 4);
      assertEquals(new RowTiling(6), CpuParts.strips(x, 10, 64, 75));
      assertEquals(new RowTiling(2), CpuParts.strips(x, 1000, 64, 75));
      assertEquals(RowTiling.NONE, CpuParts.strips(x, 1, 64, 64));
    }
    try (TensorScope scope = TensorScope.open()) {
      assertEquals(RowTiling.NONE, CpuParts.strips(torch.zeros(1, 1, 4, 4), 1000, 64, 75));
    }
  }
}
