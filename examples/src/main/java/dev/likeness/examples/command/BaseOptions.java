package dev.likeness.examples.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.model.MemoryBudget;
import dev.likeness.diffusion.model.MemoryPlan;
import dev.likeness.diffusion.model.ModelFiles;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.examples.console.Console;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which base model to draw with, and on what. */
final class BaseOptions {
  private static final String EMBEDDED = "portrait";

  @Option(names = "--base", paramLabel = "BASE", defaultValue = EMBEDDED,
      description = "a diffusers folder, a checkpoint file, or portrait, the embedded model (default: ${DEFAULT-VALUE})")
  private String base;

  @Option(names = "--vae", paramLabel = "DIR|FILE", description = "draws with another autoencoder than the base's own")
  private Path vae;

  @Option(names = "--part", paramLabel = "COMPONENT=DIR|FILE", description = "takes a component from elsewhere, e.g."
      + " text_encoder_2=DIR: T5 with its tokenizer for a FLUX file that has none; may be repeated")
  private Map<String, Path> parts = Map.of();

  @Mixin
  private ComputeOptions compute;

  @Option(names = "--memory", paramLabel = "SIZE", description = "plans the run within so much memory, e.g. 12GiB: "
      + "parts are brought in as they are used; prints the plan")
  private String memory;

  @Option(names = "--eight-bits", description = "holds the UNet or transformer in 8 bits: less memory and nearly the same"
      + " picture, in more time; beside --memory only where its plan needs it")
  private boolean eightBits;

  @Option(names = "--eight-bit-products", description = "holds and multiplies the layers of the UNet or transformer in 8 bits:"
      + " less time on a CPU that has VNNI, and nearly the same picture; not beside --memory and --eight-bits")
  private boolean products;

  /** Opens the base for a request, in the memory that is allowed; in 8 bits where only that is said. */
  BaseModel open(ImageRequest request, Console console) {
    if (products) {
      if (memory != null || eightBits) {
        throw new IllegalArgumentException("--eight-bit-products goes without --memory and --eight-bits; leave them out");
      }
      return BaseModel.open(files(), MemoryPlan.multipliedInEightBits(files(), compute.compute()));
    }
    if (memory == null) {
      return eightBits ? BaseModel.open(files(), MemoryPlan.inEightBits(files(), compute.compute())) : open();
    }
    MemoryBudget size = MemoryBudget.of(memory);
    MemoryBudget budget = (eightBits ? size.inEightBits() : size)
        .size(request.width() == 0 ? size.width() : request.width(), request.height() == 0 ? size.height() : request.height());
    MemoryPlan plan = MemoryPlan.of(files(), compute.compute(), budget);
    console.err().println(plan);
    return BaseModel.open(files(), plan);
  }

  private ModelFiles files() {
    ModelFiles files = ModelFiles.open(folder());
    for (Map.Entry<String, Path> part : parts.entrySet()) {
      files = files.with(part.getKey(), part.getValue());
    }
    return vae == null ? files : files.with("vae", vae);
  }

  BaseModel open() {
    Compute on = compute.compute();
    if (vae == null && parts.isEmpty()) {
      return BaseModel.open(folder(), on);
    }
    return BaseModel.open(files(), on);
  }

  /** What the base is called. */
  String name() {
    return base;
  }

  /** Where the base lies. */
  Path folder() {
    return base.equals(EMBEDDED) ? PortraitModel.files() : Path.of(base);
  }
}
