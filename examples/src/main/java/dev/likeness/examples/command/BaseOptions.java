package dev.likeness.examples.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which base model to draw with, and on what. */
final class BaseOptions {
  private static final String EMBEDDED = "portrait";

  @Option(names = "--base", paramLabel = "BASE", defaultValue = EMBEDDED,
      description = "a diffusers folder, or portrait, the embedded model (default: ${DEFAULT-VALUE})")
  private String base;

  @Mixin
  private ComputeOptions compute;

  BaseModel open() {
    Compute on = compute.compute();
    return BaseModel.open(folder(), on);
  }

  private Path folder() {
    return base.equals(EMBEDDED) ? PortraitModel.files() : Path.of(base);
  }
}
