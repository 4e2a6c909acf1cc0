package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opens a person's file in a JVM of its own and draws them. */
public final class GenerateProgram {
  public static final ShootRequest REQUEST =
      ShootRequest.of(Style.named("studio"), 1).steps(3).seed(11);

  private GenerateProgram() {}

  /** Arguments: the base's folder, the person's file, the file for the pixels. */
  public static void main(String[] args) throws IOException {
    try (BaseModel base = GoldenFolder.load(Path.of(args[0]));
        LoraPerson person = LoraPerson.open(Path.of(args[1]), base)) {
      Files.write(
          Path.of(args[2]),
          HeadshotStudio.on(base)
              .shoot(person, REQUEST)
              .headshots()
              .get(0)
              .image()
              .rgb());
    }
  }
}
