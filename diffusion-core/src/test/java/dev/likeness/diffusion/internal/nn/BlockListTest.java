package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The life of streamed blocks, which a GPU may still use after the next one was asked for. */
@ExtendWith(NoTensorLeaks.class)
class BlockListTest {
  @Test
  void freesABlockAfterItsUseHasEndedAndBeforeAThirdIsLoaded() {
    Streamed all = new Streamed(-1);
    BlockList<Integer> list = BlockList.of(Weights.of(all), 5, (weights, i) -> i);
    List<Integer> seen = new ArrayList<>();
    try (BlockList.Pass<Integer> pass = list.pass()) {
      while (pass.hasNext()) {
        int block = pass.next();
        assertEquals("loaded", all.state(block));
        seen.add(block);
      }
    }
    assertEquals(List.of(0, 1, 2, 3, 4), seen);
    assertEquals(2, all.most.get(), "blocks in memory at once");
    assertEquals(0, all.live.get());
    assertEquals(
        IntStream.range(0, 5).boxed().toList(),
        all.ended,
        "each use ends before its block is freed");
  }

  @Test
  void freesAllBlocksAfterAnErrorOfTheNetwork() {
    Streamed all = new Streamed(-1);
    BlockList<Integer> list = BlockList.of(Weights.of(all), 5, (weights, i) -> i);
    assertThrows(ArithmeticException.class, () -> {
      try (BlockList.Pass<Integer> pass = list.pass()) {
        pass.next();
        pass.next();
        throw new ArithmeticException();
      }
    });
    assertEquals(0, all.live.get());
    assertEquals(List.of(0, 1), all.ended);
  }

  @Test
  void freesAllBlocksAfterAnErrorOfTheFile() {
    Streamed all = new Streamed(2);
    BlockList<Integer> list = BlockList.of(Weights.of(all), 5, (weights, i) -> i);
    assertThrows(ArithmeticException.class, () -> {
      try (BlockList.Pass<Integer> pass = list.pass()) {
        while (pass.hasNext()) {
          pass.next();
        }
      }
    });
    assertEquals(0, all.live.get());
  }

  /** Parameters whose blocks count themselves; one may fail to load. */
  private static final class Streamed implements Parameters {
    private final int broken;
    private final AtomicInteger live = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final List<Integer> ended = Collections.synchronizedList(new ArrayList<>());
    private final String[] states = new String[5];

    Streamed(int broken) {
      this.broken = broken;
    }

    String state(int block) {
      return states[block];
    }

    @Override
    public boolean isStreamed() {
      return true;
    }

    @Override
    public boolean has(String name) {
      return true;
    }

    @Override
    public Tensor get(String name, long... shape) {
      throw new AssertionError("these blocks have no tensors, got " + name);
    }

    @Override
    public Block block(String path) {
      int number = Integer.parseInt(path);
      return new Block() {
        @Override
        public void load() {
          if (number == broken) {
            throw new ArithmeticException();
          }
          most.accumulateAndGet(live.incrementAndGet(), Math::max);
          states[number] = "loaded";
        }

        @Override
        public void endUse() {
          assertEquals("loaded", states[number]);
          ended.add(number);
        }

        @Override
        public void close() {
          if ("loaded".equals(states[number])) {
            live.decrementAndGet();
          }
          assertTrue(number == broken || !"freed".equals(states[number]), "freed once");
          states[number] = "freed";
        }

        @Override
        public boolean has(String name) {
          return Streamed.this.has(name);
        }

        @Override
        public Tensor get(String name, long... shape) {
          return Streamed.this.get(name, shape);
        }
      };
    }
  }
}
