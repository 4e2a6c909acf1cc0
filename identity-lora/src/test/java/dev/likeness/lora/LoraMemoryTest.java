package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.TensorScope;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A LoRA opened, attached, and let go a thousand times. */
class LoraMemoryTest {
  private static final int CYCLES = 1000;
  private static final int FIRST = 100;
  // Every cycle places about 60 kB, so a thousand that were kept would be 60 MB.
  private static final long MOST = 16L << 20;

  private static BaseModel base;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.loaded(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, parent).path());
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  @Test
  void leavesMemoryFlat() {
    cycles(FIRST);
    long objects = Pointer.totalCount();
    long bytes = Pointer.physicalBytes();
    cycles(CYCLES - FIRST);
    assertEquals(objects, Pointer.totalCount(), "native objects");
    long grown = Pointer.physicalBytes() - bytes;
    assertTrue(grown < MOST, "the process grew by " + grown + " bytes");
  }

  private static void cycles(int count) {
    for (int i = 0; i < count; i++) {
      try (TensorScope scope = TensorScope.open(); Lora lora = Lora.open(GoldenLora.file("../kinds/loha"), base)) {
        base.networks().unet(lora.at(0.5).adapt(Part.UNET, Compute.EXACT));
        assertTrue(lora.bytes() > 0);
      }
    }
  }
}
