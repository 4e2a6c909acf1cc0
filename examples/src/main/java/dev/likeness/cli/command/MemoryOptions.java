package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.MemoryBudget;
import picocli.CommandLine.Option;

/** In how much memory a picture is drawn. */
final class MemoryOptions {
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
          + " picture, in more time; beside --memory only where its plan needs it")
  private boolean eightBits;

  @Option(
      names = "--eight-bit-products",
      description =
          "holds and multiplies the layers of the UNet or transformer in 8 bits:"
              + " less time on a CPU that has VNNI, and nearly the same picture; not beside --memory and --eight-bits")
  private boolean products;

  /**
   * Opens {@code base} for a request, in the memory that is allowed; in 8 bits where only that is
   * said.
   */
  BaseModel open(BaseOptions base, ImageRequest request, Console console) {
    if (products) {
      if (memory != null || eightBits) {
        throw new IllegalArgumentException(
            "--eight-bit-products goes without --memory and --eight-bits; leave them out");
      }
      return BaseModel.open(
          base.files(), MemoryPlan.multipliedInEightBits(base.files(), base.compute()));
    }
    if (memory == null) {
      return eightBits
          ? BaseModel.open(base.files(), MemoryPlan.inEightBits(base.files(), base.compute()))
          : base.open();
    }
    MemoryBudget size = MemoryBudget.of(memory);
    MemoryBudget budget =
        (eightBits ? size.inEightBits() : size).size(request.width(), request.height());
    MemoryPlan plan = MemoryPlan.of(base.files(), base.compute(), budget);
    console.err().println(plan);
    return BaseModel.open(base.files(), plan);
  }
}
