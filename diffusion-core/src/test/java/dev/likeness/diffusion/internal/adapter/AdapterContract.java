package dev.likeness.diffusion.internal.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

/**
 * What every adapter keeps to: it travels with its request and leaves the shared base as it was.
 */
public interface AdapterContract {
  /** A base, shared by all tests of the class. */
  BaseModel base();

  /** One of two adapters for {@link #base}, at a weight; both change its images. */
  Adapter adapter(int which, double weight);

  /** A small request; tests set its seed. */
  default ImageRequest request() {
    return ImageRequest.of("a photo of an old woman").steps(2).guidance(3).size(24, 16);
  }

  private float[] generate(long seed, Adapter... adapters) {
    ImageRequest request = request().seed(seed);
    for (Adapter adapter : adapters) {
      request = request.adapter(adapter);
    }
    return base().generate(request).pixels();
  }

  @Test
  default void changesTheImageOfItsOwnRequestOnly() {
    float[] before = generate(1);
    float[] adapted = generate(1, adapter(0, 1));
    assertFalse(Arrays.equals(before, adapted), "an adapter at weight 1 draws what the base draws");
    assertArrayEquals(before, generate(1), "the base draws differently after an adapter was used");
  }

  @Test
  default void isTheBaseBitForBitAtWeightZero() {
    assertArrayEquals(generate(2), generate(2, adapter(0, 0)));
  }

  @Test
  default void addsUpInAnyRequest() {
    float[] one = generate(3, adapter(0, 0.7));
    float[] both = generate(3, adapter(0, 0.7), adapter(1, 0.4));
    assertFalse(Arrays.equals(one, both), "a second adapter changes nothing");
    assertArrayEquals(one, generate(3, adapter(0, 0.7)));
  }

  @Test
  default void generatesTheSameOnFourThreadsAsAlone()
      throws InterruptedException, ExecutionException {
    List<float[]> alone = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      alone.add(generate(i, adapter(i % 2, 0.8)));
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<float[]>> together = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        int turn = i % 4;
        together.add(threads.submit(() -> generate(turn, adapter(turn % 2, 0.8))));
      }
      for (int i = 0; i < 8; i++) {
        assertArrayEquals(alone.get(i % 4), together.get(i).get(), "request " + i);
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  default void leavesNothingBehindHoweverOftenItIsUsed() {
    generate(4, adapter(0, 0.5));
    long before = Pointer.totalCount();
    for (int i = 0; i < 3; i++) {
      generate(4, adapter(0, 0.1 * i), adapter(1, 0.5));
    }
    generate(4, adapter(1, 0.5));
    long after = Pointer.totalCount();
    for (int i = 0; i < 5; i++) {
      generate(4, adapter(i % 2, 0.1 * i));
    }
    assertEquals(after, Pointer.totalCount(), "native objects, " + before + " at the start");
  }
}
