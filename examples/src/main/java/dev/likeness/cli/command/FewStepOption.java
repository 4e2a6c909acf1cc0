package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.request.ImageRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Drawing in few steps, with the LoRA that a base brings for it. */
final class FewStepOption {
  private static final int STEPS = 4;

  @Option(
      names = "--few-step",
      description =
          "draws in 4 steps (or --steps), without guidance, with LCM and the LoRA that the"
              + " base brings for it (lora/few-step.safetensors)")
  private boolean asked;

  /** The LoRA, where few steps are asked for. */
  Optional<WeightedFile> lora(BaseOptions base) {
    if (!asked) {
      return Optional.empty();
    }
    Path file = base.folder().resolve("lora").resolve("few-step.safetensors");
    if (!Files.exists(file)) {
      throw new InvalidInputException("the base " + base.name() + " brings no LoRA for few steps ("
          + file + "); give one with --lora FILE --scheduler lcm --steps 4 --guidance 1");
    }
    return Optional.of(new WeightedFile(file, 1));
  }

  /** The request as few steps want it. */
  ImageRequest on(ImageRequest request) {
    if (!asked) {
      return request;
    }
    if (request.scheduler() != null || !Double.isNaN(request.guidance())) {
      throw new IllegalArgumentException(
          "--few-step draws with LCM and without guidance; leave --scheduler and --guidance out");
    }
    return request
        .scheduler("lcm")
        .guidance(1)
        .steps(request.steps() == 0 ? STEPS : request.steps());
  }
}
