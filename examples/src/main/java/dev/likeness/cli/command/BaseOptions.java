package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which base model to draw with, and on what. */
final class BaseOptions {
  private static final String EMBEDDED = "portrait";

  @Option(
      names = "--base",
      paramLabel = "BASE",
      defaultValue = EMBEDDED,
      description =
          "a diffusers folder, a checkpoint file, or portrait, the embedded model (default: ${DEFAULT-VALUE})")
  private String base;

  @Option(
      names = "--vae",
      paramLabel = "DIR|FILE",
      description = "draws with another autoencoder than the base's own")
  private Path vae;

  @Option(
      names = "--part",
      paramLabel = "COMPONENT=DIR|FILE",
      description =
          "takes a component from elsewhere, e.g."
              + " text_encoder_2=DIR: T5 with its tokenizer for a FLUX file that has none; may be repeated")
  private Map<String, Path> parts = Map.of();

  @Mixin
  private ComputeOptions compute;

  /** The base with the parts that are taken from elsewhere. */
  ModelParts files() {
    ModelParts files = ModelParts.open(folder());
    for (Map.Entry<String, Path> part : parts.entrySet()) {
      files = files.with(part.getKey(), part.getValue());
    }
    return vae == null ? files : files.with("vae", vae);
  }

  BaseModel open() {
    return open(compute());
  }

  /** The same in f32 unless said, for what is lost in fewer bits. */
  BaseModel openExact() {
    return open(compute.exact());
  }

  private BaseModel open(Compute on) {
    return BaseModel.open(files(), on);
  }

  /** Whether no part of it is taken from elsewhere. */
  boolean isWhole() {
    return vae == null && parts.isEmpty();
  }

  /** Whether it is the embedded model. */
  boolean isEmbedded() {
    return base.equals(EMBEDDED);
  }

  /** What is computed on. */
  Compute compute() {
    return compute.compute();
  }

  /** What the base is called. */
  String name() {
    return base;
  }

  /** Where the base lies. */
  Path folder() {
    return isEmbedded() ? PortraitModel.files() : Path.of(base);
  }
}
