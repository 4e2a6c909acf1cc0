package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests that share the tiny Stable Diffusion. */
abstract class OnGoldenBase {
  static BaseModel base;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.loaded(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, parent).path());
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }
}
