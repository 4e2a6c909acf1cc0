package dev.likeness.cli.command;

import dev.likeness.diffusion.tensor.Compute;
import picocli.CommandLine.Option;

/** Where and how precisely to compute; the same two options on every subcommand that computes. */
final class ComputeOptions {
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
