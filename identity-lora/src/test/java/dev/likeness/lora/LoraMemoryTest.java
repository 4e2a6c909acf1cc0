package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A LoRA opened, attached, and let go a thousand times. */
class LoraMemoryTest extends OnGoldenBase {
  private static final int FIRST = 100;
  private static final int WINDOWS = 3;
  private static final int WINDOW = 300;
  // Every cycle places about 60 kB, so a stretch whose cycles were kept would grow by 18 MB.
  private static final long MAX_GROWTH = 6L << 20;

  /** What leaks grows in every stretch; the heap and the compiler's code grow once in a while. */
  @Test
  @Tag("slow")
  void leavesMemoryFlat() {
    cycles(FIRST);
    long objects = Pointer.totalCount();
    long[] bytes = new long[WINDOWS + 1];
    bytes[0] = resident();
    for (int i = 1; i <= WINDOWS; i++) {
      cycles(WINDOW);
      bytes[i] = resident();
    }
    assertEquals(objects, Pointer.totalCount(), "native objects");
    long grown = IntStream.range(0, WINDOWS)
        .mapToLong(i -> bytes[i + 1] - bytes[i])
        .min()
        .orElseThrow();
    assertTrue(
        grown < MAX_GROWTH,
        "every stretch grew, the process holding " + Arrays.toString(bytes) + " bytes");
  }

  /**
   * What the process holds once Java's own heap, which breathes, has given back what it does not
   * need: it does so later.
   */
  private static long resident() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      pause();
      least = Math.min(least, Pointer.physicalBytes());
    }
    return least;
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void cycles(int count) {
    for (int i = 0; i < count; i++) {
      try (TensorScope scope = TensorScope.open();
          Lora lora = Lora.open(GoldenLora.file("../kinds/loha"), base)) {
        EngineAccess.model(base)
            .networks(StableDiffusionNetworks.class)
            .unet(ModelAdapter.of(lora.at(0.5)).adapt(ModelComponent.UNET, Compute.EXACT));
        assertTrue(lora.bytes() > 0);
      }
    }
  }
}
