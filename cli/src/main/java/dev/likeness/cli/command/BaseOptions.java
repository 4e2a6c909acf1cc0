package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
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
      description = "takes a component from elsewhere, e.g."
          + " text_encoder_2=DIR: T5 with its tokenizer for a file that has none; may be repeated")
  private Map<String, Path> parts = Map.of();

  @Mixin
  private ComputeOptions compute;

  /** The base with the parts that are taken from elsewhere. */
  private ModelFiles files() {
    ModelFiles files = ModelFiles.of(folder());
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

  private BaseModel open(MemoryBudget budget) {
    return BaseModel.open(files(), compute(), budget);
  }

  private BaseModel open(Compute on) {
    return BaseModel.open(files(), on);
  }

  /** Whether no part of it is taken from elsewhere. */
  boolean isUnmodified() {
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

  /** Where and how precisely to compute; the same two options on every subcommand that computes. */
  static final class ComputeOptions {
    @Option(
        names = "--device",
        paramLabel = "D",
        description = "cpu or cuda; the best there is by default")
    private String device;

    @Option(
        names = "--dtype",
        paramLabel = "T",
        description = "f32, bf16 or f16; the fastest good one by default, for cards before"
            + " Ampere choose f16")
    private String dtype;

    Compute compute() {
      return Compute.of(device, dtype);
    }

    /** Where and how precisely to compute what is lost in fewer bits: in f32 unless said. */
    Compute exact() {
      return Compute.of(device, dtype == null ? "f32" : dtype);
    }
  }

  /** In how much memory an image is drawn. */
  static final class MemoryOptions {
    @Option(
        names = "--memory",
        paramLabel = "SIZE",
        description =
            "plans the run within so much memory, e.g. 12GiB: "
                + "parts are brought in as they are used; prints the plan. LoRAs, adapters and ControlNets come on top")
    private String memory;

    @Option(
        names = "--eight-bits",
        description = "holds the UNet or transformer in 8 bits: less memory and nearly the same"
            + " image, in more time; beside --memory only where its plan needs it")
    private boolean eightBits;

    @Option(
        names = "--eight-bit-products",
        description =
            "holds and multiplies the layers of the UNet or transformer in 8 bits:"
                + " less time on a CPU that has VNNI, and nearly the same image; not beside --memory and --eight-bits")
    private boolean eightBitProducts;

    /**
     * Opens {@code base} for a request, in the memory that is allowed; in 8 bits where only that is
     * said.
     */
    BaseModel open(BaseOptions base, ImageRequest request, Console console) {
      if (eightBitProducts) {
        if (memory != null || eightBits) {
          throw new IllegalArgumentException(
              "--eight-bit-products goes without --memory and --eight-bits; leave them out");
        }
        return base.open(MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS));
      }
      if (memory == null) {
        return eightBits
            ? base.open(MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS))
            : base.open();
      }
      BaseModel opened = base.open(MemoryBudget.of(memory)
          .allow8Bit(eightBits ? EightBits.IF_NEEDED : EightBits.NEVER)
          .size(request.width(), request.height()));
      opened.memoryPlan().ifPresent(console.err()::println);
      return opened;
    }
  }
}
