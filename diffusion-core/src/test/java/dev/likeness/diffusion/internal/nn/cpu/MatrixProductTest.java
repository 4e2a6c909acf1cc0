package dev.likeness.diffusion.internal.nn.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class MatrixProductTest {
  /** Sums of at most 700 f32 products of size 1 in another order. */
  private static final double TOLERANCE = 2e-4;

  /**
   * Sizes below and above those at which other threads help, not multiples of a block, and one
   * whose rows oneDNN reads slowly.
   */
  @Test
  void equalsLibtorchsProductInAnyOrderOfItsMatrices() {
    for (long[] size :
        new long[][] {{1, 1, 1}, {3, 40, 5}, {517, 130, 99}, {61, 700, 333}, {70, 140, 512}}) {
      for (boolean transposed : new boolean[] {false, true}) {
        try (TensorScope scope = TensorScope.open()) {
          Tensor x = transposed ? torch.randn(size[1], size[0]).t() : torch.randn(size[0], size[1]);
          Tensor matrix =
              transposed ? torch.randn(size[2], size[1]).t() : torch.randn(size[1], size[2]);
          Closeness.assertWithin(
              TOLERANCE,
              x.mm(matrix),
              MatrixProduct.of(x, matrix),
              List.of(size).toString());
        }
      }
    }
  }

  @Test
  void addsProductsOfLowRank() {
    for (long[] size : new long[][] {{517, 130, 99}, {61, 700, 333}}) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor x = torch.randn(size[0], size[1]);
        Tensor matrix = torch.randn(size[1], size[2]);
        Tensor left = torch.randn(size[0], 4);
        Tensor right = torch.randn(size[2], 4).t();
        Tensor y = MatrixProduct.of(x, matrix, List.of(new MatrixProduct.LowRank(left, right)));
        Closeness.assertWithin(TOLERANCE, x.mm(matrix).add(left.mm(right)), y, "sum");
      }
    }
  }

  @Test
  void everyPartRunsOnceAlsoForSeveralUsers() throws InterruptedException {
    AtomicIntegerArray runs = new AtomicIntegerArray(64);
    Thread[] users = new Thread[8];
    for (int i = 0; i < users.length; i++) {
      users[i] = new Thread(() -> CpuThreads.run(64, runs::incrementAndGet));
      users[i].start();
    }
    for (Thread user : users) {
      user.join();
    }
    for (int i = 0; i < 64; i++) {
      assertEquals(users.length, runs.get(i));
    }
  }

  @Test
  void aFailureIsThrownAfterTheOtherPartsHaveEnded() {
    AtomicInteger ended = new AtomicInteger();
    RuntimeException failure = new IllegalStateException("part");
    assertSame(
        failure,
        assertThrows(
            IllegalStateException.class,
            () -> CpuThreads.run(9, part -> {
              if (part == 4) {
                throw failure;
              }
              ended.incrementAndGet();
            })));
    assertEquals(8, ended.get());
  }

  @Test
  void anInterruptStaysForTheCaller() {
    Thread.currentThread().interrupt();
    CpuThreads.run(4, part -> {});
    assertTrue(Thread.interrupted());
  }
}
